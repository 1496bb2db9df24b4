use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{ATTEMPTS_PER_HOUR_MAX, HOUR, History, Life, next_attempt};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn noon() -> SystemTime {
    UNIX_EPOCH + DAY * 20_000
}

fn ninety_days() -> Life {
    Life { begins: noon(), length: DAY * 90, is_wanted: true }
}

/// The times at which an authority that always fails is asked, in `span` from `start` on, and the
/// history after them.
fn failures(life: Option<Life>, start: SystemTime, span: Duration) -> (Vec<SystemTime>, History) {
    let mut history = History::default();
    let mut asked = Vec::new();
    let mut now = start;
    loop {
        now = next_attempt(now, life, &history, 0.5).max(now);
        if now > start + span {
            return (asked, history);
        }
        history.begin(now);
        history.fail(now, None);
        asked.push(now);
    }
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_or_a_little_before() {
    let history = History::default();
    let due = |spread| next_attempt(noon(), Some(ninety_days()), &history, spread);
    assert_eq!(due(0.0), noon() + DAY * 60);
    assert_eq!(due(1.0), noon() + DAY * 57);
    assert!(due(0.3) > due(0.6), "sites differ");
    let six_days = Life { length: DAY * 6, ..ninety_days() };
    assert_eq!(next_attempt(noon(), Some(six_days), &history, 0.0), noon() + DAY * 4);
}

#[test]
fn without_a_certificate_or_with_another_than_is_wanted_it_is_due_at_once() {
    let unwanted = Life { is_wanted: false, ..ninety_days() };
    let mut history = History::default();
    history.succeed(noon() - MINUTE);
    for life in [None, Some(unwanted)] {
        assert_eq!(next_attempt(noon(), life, &history, 0.5), noon());
    }
}

#[test]
fn each_failure_doubles_the_wait_up_to_four_hours() {
    let start = noon() + DAY * 60;
    let (asked, _) = failures(Some(ninety_days()), start, DAY * 2);
    let waits: Vec<u64> = asked.windows(2).map(|w| minutes(w[0], w[1])).collect();
    // The fourth and later ones of the first hour meet the bound instead.
    assert_eq!(waits[..9], [2, 4, 8, 46, 32, 64, 128, 240, 240]);
    assert!(waits[9..].iter().all(|wait| *wait == 240), "{waits:?}");
    assert_eq!(asked[0], start);
}

#[test]
fn no_hour_sees_more_attempts_than_allowed() {
    let quick = Life { length: HOUR / 2, ..ninety_days() };
    for life in [None, Some(ninety_days()), Some(quick)] {
        let (asked, _) = failures(life, noon() + DAY * 60, DAY);
        for window in asked.windows(ATTEMPTS_PER_HOUR_MAX + 1) {
            let span = window[ATTEMPTS_PER_HOUR_MAX].duration_since(window[0]).unwrap();
            assert!(span >= HOUR, "{span:?}");
        }
        assert!(asked.len() > 8, "it goes on trying");
    }
}

#[test]
fn a_restart_forgets_the_wait_and_not_the_bound() {
    let start = noon();
    let (asked, before) = failures(None, start, MINUTE * 7);
    assert_eq!(asked.len(), 3);
    let now = start + MINUTE * 8;
    let restarted = |history: &History| {
        History::restored(history.attempts().to_vec(), history.asked_to_wait_until(), None)
    };
    let mut after = restarted(&before);
    assert_eq!(next_attempt(now, None, &after, 0.5), now, "a person may have mended it");
    after.begin(now);
    after.fail(now, None);
    let again = next_attempt(now, None, &restarted(&after), 0.5);
    assert_eq!(again, start + HOUR, "however often they restart it");
}

#[test]
fn what_the_authority_asks_for_is_waited_for_but_not_for_ever() {
    let mut history = History::default();
    history.begin(noon());
    history.fail(noon(), Some(DAY));
    let now = noon() + HOUR;
    assert_eq!(next_attempt(now, None, &history, 0.5), noon() + DAY);
    history.fail(noon(), Some(DAY * 10_000));
    assert_eq!(next_attempt(now, None, &history, 0.5), noon() + DAY * 7);
    history.succeed(noon());
    assert_eq!(next_attempt(now, None, &history, 0.5), now);
}

#[test]
fn a_success_begins_the_waits_anew() {
    let (_, mut history) = failures(Some(ninety_days()), noon() + DAY * 60, DAY);
    let renewed = noon() + DAY * 61;
    history.begin(renewed);
    history.succeed(renewed);
    let life = Life { begins: renewed, ..ninety_days() };
    assert_eq!(next_attempt(renewed, Some(life), &history, 0.0), renewed + DAY * 60);
    assert_eq!(history.failures(), 0);
}

#[test]
fn a_clock_that_is_a_year_fast_does_not_ask_over_and_over() {
    let mut history = History::default();
    let fast = noon() + DAY * 365;
    history.begin(fast);
    history.succeed(fast);
    let looks_expired = ninety_days();
    assert_eq!(next_attempt(fast, Some(looks_expired), &history, 0.5), fast + DAY * 45);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_up() {
    let future = noon() + DAY * 365;
    let attempts = vec![future; ATTEMPTS_PER_HOUR_MAX];
    let mut history = History::restored(attempts, Some(future), Some(future));
    assert_eq!(next_attempt(noon(), None, &history, 0.5), noon());
    history.begin(noon());
    assert_eq!(history.attempts(), [noon()]);
    let due = next_attempt(noon(), Some(ninety_days()), &history, 0.0);
    assert_eq!(due, noon() + DAY * 60);
}

fn minutes(from: SystemTime, to: SystemTime) -> u64 {
    to.duration_since(from).unwrap().as_secs() / 60
}
