use protocol::{Duration, Instant};

use super::{Sight, Standing, Verdict};

/// What each 50 ms from the first to the last brings, until something is decided.
fn judge(
    standing: &mut Standing,
    from_ms: u64,
    to_ms: u64,
    sight_at: impl Fn(u64) -> Sight,
) -> Option<(u64, Verdict)> {
    (from_ms..to_ms).step_by(50).find_map(|ms| {
        let verdict = standing.judge(Instant::from_micros(ms * 1_000), &sight_at(ms));
        (verdict != Verdict::Open).then_some((ms, verdict))
    })
}

fn waits(ms: i64) -> Sight {
    let rtt = Duration::from_millis(100);
    Sight { delay_us: ms * 1_000, jitter_us: 1_000, rtt, is_lowered: false, is_losing: false }
}

#[test]
fn waiting_that_comes_at_once_and_stays_though_less_is_sent_is_of_the_way() {
    let mut standing = Standing::default();
    assert_eq!(judge(&mut standing, 0, 1_000, |_| waits(1)), None);
    assert!(!standing.is_on_trial());
    assert_eq!(judge(&mut standing, 1_000, 1_050, |_| waits(30)), None);
    assert!(standing.is_on_trial());
    let verdict = judge(&mut standing, 1_050, 5_000, |ms| waits(30 + ms as i64 / 50 % 3));
    assert_eq!(verdict, Some((1_450, Verdict::Own)));
    assert!(!standing.is_on_trial());
}

#[test]
fn a_keyframe_in_front_of_it_does_not_hide_that() {
    let mut standing = Standing::default();
    judge(&mut standing, 0, 1_000, |_| waits(1));
    let verdict = judge(&mut standing, 1_000, 5_000, |ms| match ms {
        ..1_100 => waits(73),
        1_100..1_200 => waits(45),
        _ => waits(25),
    });
    assert_eq!(verdict, Some((1_650, Verdict::Own)));
}

#[test]
fn a_queue_that_drains_when_less_is_sent_is_neither() {
    let mut standing = Standing::default();
    judge(&mut standing, 0, 1_000, |_| waits(1));
    let drains = |ms: u64| waits(60 - (ms as i64 - 1_000) / 5);
    assert_eq!(judge(&mut standing, 1_000, 1_350, drains), None);
}

#[test]
fn a_queue_that_goes_on_rising_stands() {
    let mut standing = Standing::default();
    judge(&mut standing, 0, 1_000, |_| waits(1));
    let rises = |ms: u64| waits((ms as i64 - 1_000) / 4);
    let (ms, verdict) = judge(&mut standing, 1_000, 5_000, rises).expect("it is seen");
    assert_eq!(verdict, Verdict::Stands);
    assert!(ms <= 1_600, "only after {ms} ms");
}

#[test]
fn what_rose_slowly_stands_until_the_estimate_was_lowered_in_vain() {
    let mut standing = Standing::default();
    judge(&mut standing, 0, 1_000, |_| waits(1));
    assert_eq!(judge(&mut standing, 1_000, 1_400, |_| waits(8)), None);
    let verdict = judge(&mut standing, 1_400, 5_000, |_| waits(30));
    assert_eq!(verdict, Some((1_850, Verdict::Stands)));
    let lowered = |_| Sight { is_lowered: true, ..waits(30) };
    let verdict = judge(&mut standing, 1_900, 5_000, lowered);
    assert_eq!(verdict, Some((1_900, Verdict::Own)));
}

#[test]
fn a_full_queue_that_loses_is_nobodys_own() {
    let mut standing = Standing::default();
    judge(&mut standing, 0, 1_000, |_| waits(1));
    let loses = |_| Sight { is_losing: true, ..waits(300) };
    let mut last = Verdict::Open;
    for ms in (1_000..4_000).step_by(50) {
        let verdict = standing.judge(Instant::from_micros(ms * 1_000), &loses(ms));
        assert_ne!(verdict, Verdict::Own);
        last = verdict;
    }
    assert_eq!(last, Verdict::Stands);
}
