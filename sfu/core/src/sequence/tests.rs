//! Numbers over losses, reordering, omissions and changes of stream.

use proptest::prelude::*;

use super::*;

fn newest(sequence: &mut Sequence, seq: u16) -> u16 {
    match sequence.place(SeqNo(seq)) {
        Ok(Placed::Newest(out)) => out.0,
        other => panic!("{seq} is {other:?}"),
    }
}

fn begun(first: u16, last_out: u16) -> Sequence {
    let mut sequence = Sequence::new(SeqNo(last_out));
    sequence.restart(SeqNo(first));
    sequence
}

#[test]
fn a_new_stream_goes_on_at_the_next_number() {
    let mut sequence = begun(65_535, 99);
    assert_eq!(newest(&mut sequence, 65_535), 100);
    assert_eq!(newest(&mut sequence, 0), 101);
    sequence.restart(SeqNo(7));
    assert_eq!(newest(&mut sequence, 7), 102);
    assert_eq!(sequence.last(), SeqNo(102));
}

#[test]
fn a_loss_leaves_a_hole_and_the_late_packet_fills_it() {
    let mut sequence = begun(10, 0);
    assert_eq!(newest(&mut sequence, 10), 1);
    assert_eq!(newest(&mut sequence, 14), 5);
    assert_eq!(sequence.place(SeqNo(12)), Ok(Placed::Late(SeqNo(3))));
    assert_eq!(sequence.place(SeqNo(12)), Err(ForwardDrop::Duplicate));
    assert_eq!(sequence.place(SeqNo(14)), Err(ForwardDrop::Duplicate));
    assert_eq!(sequence.place(SeqNo(11)), Ok(Placed::Late(SeqNo(2))));
}

#[test]
fn an_omission_closes_the_gap_for_later_and_for_late_packets() {
    let mut sequence = begun(10, 0);
    newest(&mut sequence, 10);
    sequence.skip(SeqNo(12)); // 11 is on its way still.
    assert_eq!(newest(&mut sequence, 13), 3);
    assert_eq!(sequence.place(SeqNo(11)), Ok(Placed::Late(SeqNo(2))));
    assert_eq!(sequence.place(SeqNo(12)), Err(ForwardDrop::Duplicate));
}

#[test]
fn packets_from_before_a_takeover_stay_out() {
    let mut sequence = begun(100, 0);
    newest(&mut sequence, 100);
    assert_eq!(sequence.place(SeqNo(99)), Err(ForwardDrop::Duplicate));
    assert_eq!(sequence.place(SeqNo(65_500)), Err(ForwardDrop::TooLate));
}

#[test]
fn a_stream_that_began_anew_goes_on_at_the_next_number() {
    for restart in [20_000, 60_000] {
        let mut sequence = begun(100, 0);
        newest(&mut sequence, 100);
        assert_eq!(newest(&mut sequence, restart), 2, "at {restart}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Forwarded,
    Omitted,
    Lost,
}

fn fates() -> impl Strategy<Value = Vec<(Fate, usize)>> {
    let fate = prop_oneof![
        6 => Just(Fate::Forwarded),
        1 => Just(Fate::Omitted),
        1 => Just(Fate::Lost),
    ];
    let delay = prop_oneof![4 => Just(0_usize), 1 => 0..20_usize];
    prop::collection::vec((fate, delay), 2..300)
}

proptest! {
    #[test]
    fn order_is_kept_and_only_true_losses_leave_holes(
        fates in fates(),
        first: u16,
        last_out: u16,
    ) {
        let mut arrivals: Vec<usize> = (0..fates.len()).collect();
        arrivals.sort_by_key(|&n| n + fates[n].1);
        let mut sequence = begun(first.wrapping_add(arrivals[0] as u16), last_out);
        let mut given: Vec<(usize, u16)> = Vec::new();
        let mut seen_up_to = arrivals[0];
        let mut holes_by_late_omission = 0;
        for &n in arrivals.iter().filter(|&&n| fates[n].0 != Fate::Lost) {
            let seq = SeqNo(first.wrapping_add(n as u16));
            if fates[n].0 == Fate::Omitted {
                holes_by_late_omission += usize::from(n < seen_up_to && n > arrivals[0]);
                sequence.skip(seq);
            } else if let Ok(Placed::Newest(out) | Placed::Late(out)) = sequence.place(seq) {
                given.push((n, out.0.wrapping_sub(last_out)));
                prop_assert_eq!(sequence.place(seq), Err(ForwardDrop::Duplicate));
            }
            seen_up_to = seen_up_to.max(n);
        }
        given.sort_unstable();
        for pair in given.windows(2) {
            let ((before, out_before), (after, out_after)) = (pair[0], pair[1]);
            prop_assert!(out_before < out_after, "{before}→{out_before} {after}→{out_after}");
        }
        if let (Some(&(begin, low)), Some(&(end, high))) = (given.first(), given.last()) {
            let lost = (begin..end).filter(|&n| fates[n].0 == Fate::Lost).count();
            let holes = usize::from(high - low) + 1 - given.len();
            prop_assert!(holes <= lost + holes_by_late_omission, "{holes} holes, {lost} lost");
            prop_assert!(holes + given.len() >= lost, "no loss is hidden");
        }
    }
}
