//! Which numbers are asked for, when, and how often.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const ROUND_TRIP: Duration = Duration::from_millis(60);

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

fn ask(list: &mut MissingList, millis: u64) -> Vec<u16> {
    let mut asked = [SeqNo(0); 64];
    let count = list.ask(at(millis), ROUND_TRIP, &mut asked);
    asked[..count].iter().map(|seq| seq.0).collect()
}

#[test]
fn a_hole_is_asked_for_after_20_ms_and_once_a_round_trip_ten_times() {
    let mut list = MissingList::new();
    assert_eq!(list.note(at(0), SeqNo(65_534)), Arrival::Anew);
    assert_eq!(list.note(at(5), SeqNo(65_535)), Arrival::Next);
    assert_eq!(list.poll_timeout(), None);
    assert_eq!(list.note(at(10), SeqNo(2)), Arrival::AfterHole);
    let mut times = Vec::new();
    while let Some(due) = list.poll_timeout() {
        let millis = due.as_micros() / 1_000;
        assert_eq!(ask(&mut list, millis), [0, 1]);
        times.push(millis);
    }
    assert_eq!(times, [30, 90, 150, 210, 270, 330, 390, 450, 510, 570]);
    assert!(list.is_empty());
}

#[test]
fn what_comes_late_is_not_asked_for() {
    let mut list = MissingList::new();
    list.note(at(0), SeqNo(10));
    list.note(at(0), SeqNo(14));
    assert_eq!(list.note(at(5), SeqNo(12)), Arrival::Found);
    assert_eq!(list.note(at(5), SeqNo(12)), Arrival::Old);
    assert_eq!(list.note(at(5), SeqNo(9)), Arrival::Old);
    assert_eq!(ask(&mut list, 20), [11, 13]);
    assert_eq!(list.note(at(30), SeqNo(13)), Arrival::Found);
    assert_eq!(ask(&mut list, 80), [11]);
}

#[test]
fn before_a_keyframe_nothing_is_of_use() {
    let mut list = MissingList::new();
    list.note(at(0), SeqNo(65_530));
    list.note(at(0), SeqNo(4));
    list.forget_before(SeqNo(1));
    assert_eq!(ask(&mut list, 20), [1, 2, 3]);
}

#[test]
fn a_thousand_holes_are_asked_for_and_more_want_a_keyframe() {
    let mut list = MissingList::new();
    list.note(at(0), SeqNo(0));
    assert_eq!(list.note(at(0), SeqNo(1_001)), Arrival::AfterHole);
    assert_eq!(list.len(), MISSING_MAX);
    assert_eq!(list.note(at(0), SeqNo(1_003)), Arrival::Overflow);
    assert_eq!(list.len(), 0);
    assert_eq!(list.note(at(0), SeqNo(1_004)), Arrival::Next);
    assert_eq!(list.note(at(0), SeqNo(9_000)), Arrival::Anew);
    assert!(list.is_empty(), "a stream that began anew has lost nothing");
}

proptest! {
    #[test]
    fn exactly_the_holes_are_asked_for(
        first in any::<u16>(),
        steps in prop::collection::vec((-40_i16..40, 0_u64..30), 1..300),
    ) {
        let mut list = MissingList::new();
        list.note(at(0), SeqNo(first));
        let (mut newest, mut millis) = (i64::from(first), 0);
        // Missing numbers, counted without wrapping, and since when.
        let mut model: BTreeMap<i64, u64> = BTreeMap::new();
        for (step, pause) in steps {
            millis += pause;
            let number = newest + i64::from(step);
            if number > newest {
                model.extend((newest + 1..number).map(|hole| (hole, millis)));
                newest = number;
            }
            let was_missing = model.remove(&number).is_some();
            let arrival = list.note(at(millis), SeqNo(number as u16));
            prop_assert_eq!(was_missing, arrival == Arrival::Found);
            if arrival == Arrival::Overflow {
                model.clear();
            }
        }
        prop_assert_eq!(list.len(), model.len());
        let due: Vec<u16> = model.into_keys().map(|hole| hole as u16).take(64).collect();
        prop_assert_eq!(ask(&mut list, millis + 20), due);
    }
}
