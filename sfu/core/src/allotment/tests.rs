//! Budgets, and what is made of them.

use super::*;

fn at(ms: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(1_000_000 + ms)
}

const LINE: Bitrate = Bitrate::from_kbps(1_000);

#[test]
fn pictures_get_what_sound_and_the_reserve_leave() {
    let mut allotment = Allotment::default();
    let budget = allotment.budget(at(0), LINE, 0);
    assert_eq!(budget.present, 902_500, "one voice and a twentieth are kept back");
    assert_eq!(budget.conservative, 902_500 / 10 * 9);
    // Three voices: 15 000 bytes in a second.
    let budget = allotment.budget(at(1_000), LINE, 15_000);
    assert_eq!(budget.present, 836_000);
    // They pause, which may be between two sentences.
    let budget = allotment.budget(at(2_000), LINE, 15_000);
    assert_eq!(budget.present, 850_250);
    let thin = allotment.budget(at(3_000), Bitrate::from_kbps(40), 15_000);
    assert_eq!(thin.present, 0);
}

#[test]
fn a_line_is_divided_anew_when_it_changes_and_each_second() {
    let mut allotment = Allotment::default();
    assert!(allotment.is_due(at(0), LINE), "the first time");
    allotment.budget(at(0), LINE, 0);
    let kbps = Bitrate::from_kbps;
    for (ms, target, is_due) in [
        (10, kbps(951), false),
        (10, kbps(950), true),
        (10, kbps(1_149), false),
        (10, kbps(1_150), true),
        (999, LINE, false),
        (1_000, LINE, true),
    ] {
        assert_eq!(allotment.is_due(at(ms), target), is_due, "{target:?} after {ms} ms");
    }
    allotment.make_due();
    assert!(allotment.is_due(at(10), LINE), "a layer came or went");
    allotment.budget(at(10), LINE, 0);
    assert!(!allotment.is_due(at(10), LINE));
}

#[test]
fn a_line_that_carries_what_the_next_step_wants_gets_it() {
    let mut allotment = Allotment::default();
    allotment.budget(at(0), LINE, 0);
    allotment.conclude(Summary {
        target_bits_per_second: 500_000,
        ideal_bits_per_second: 2_500_000,
        next_step_bits_per_second: Some(350_000),
        wanted: 3,
        shown: 3,
        reduced: 2,
    });
    let demand = allotment.demand();
    assert_eq!(demand.allocated, Bitrate::from_kbps(550));
    let next = demand.wanted_next.expect("a step that did not fit");
    // Rounding takes a few bits.
    let budget = Allotment::default().budget(at(0), next.scaled(1.000_1), 0);
    assert!(budget.conservative >= 850_000, "{budget:?} of {next:?}");
    let budget = Allotment::default().budget(at(0), demand.ideal.scaled(1.000_1), 0);
    assert!(budget.conservative >= 2_500_000, "{budget:?}");
}

#[test]
fn pictures_are_paused_when_some_are_wanted_and_none_fits() {
    let pictures = |wanted, shown, reduced| {
        let mut allotment = Allotment::default();
        allotment.conclude(Summary { wanted, shown, reduced, ..Summary::default() });
        allotment.pictures()
    };
    assert_eq!(pictures(0, 0, 0), PictureState::Full, "nothing is on");
    assert_eq!(pictures(2, 2, 0), PictureState::Full);
    assert_eq!(pictures(2, 2, 1), PictureState::Reduced);
    assert_eq!(pictures(2, 1, 1), PictureState::Reduced);
    assert_eq!(pictures(2, 0, 2), PictureState::Paused);
}

#[test]
fn sound_repeats_itself_where_packets_are_lost_and_the_line_carries_it() {
    let kbps = Bitrate::from_kbps;
    let mut rule = RedundancyRule::default();
    let mut decide = |ms, loss, sound, line| rule.decide(at(ms), loss, kbps(sound), kbps(line));
    assert!(!decide(0, 0.0, 50, 600), "a clean thin line keeps it for pictures");
    assert!(decide(1_000, 0.02, 50, 600), "it stumbles");
    assert!(decide(10_900, 0.0, 150, 600), "and may again");
    assert!(!decide(11_100, 0.0, 150, 600), "nothing was lost for 10 s");
    assert!(!decide(12_000, 0.05, 150, 300), "three voices three times are more than there is");
}

#[test]
fn a_wide_line_carries_redundancy_and_does_not_go_to_and_fro() {
    let kbps = Bitrate::from_kbps;
    let mut rule = RedundancyRule::default();
    let mut decide = |sound, line| rule.decide(at(0), 0.0, kbps(sound), kbps(line));
    assert!(!decide(50, 1_499));
    assert!(decide(50, 1_500));
    assert!(decide(150, 1_000), "what is on stays on for a while");
    assert!(!decide(151, 1_000));
    assert!(!decide(50, 1_000));
}
