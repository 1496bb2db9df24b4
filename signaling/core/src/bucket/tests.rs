use protocol::Duration;

use super::*;

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let rate = Rate { burst: 3, per_minute: 120 };
    let mut bucket = Bucket::new(at(0), rate);
    let taken = |bucket: &mut Bucket, now| (0..10).filter(|_| bucket.take(now)).count();
    assert_eq!(taken(&mut bucket, at(0)), 3);
    assert_eq!(taken(&mut bucket, at(499)), 0);
    assert_eq!(taken(&mut bucket, at(500)), 1);
    assert_eq!(taken(&mut bucket, at(60_000)), 3);
}

#[test]
fn a_clock_that_stands_or_goes_back_gives_nothing() {
    let rate = Rate { burst: 1, per_minute: 60 };
    let mut bucket = Bucket::new(at(1000), rate);
    assert!(bucket.take(at(1000)));
    assert!(!bucket.take(at(0)));
    assert!(!bucket.take(at(1000)));
    assert!(bucket.take(at(2000)));
}

#[test]
fn a_meter_hears_then_refuses_then_closes() {
    let limits = crate::Limits {
        command_burst: 60,
        commands_per_second: 20,
        too_fast_burst: 5,
        ..crate::Limits::default()
    };
    let mut meter = CommandMeter::new(at(0), &limits);
    let verdicts: Vec<_> = (0..66).map(|_| meter.handle_message(at(0))).collect();
    assert!(verdicts[..60].iter().all(|v| *v == Verdict::Hear));
    assert!(verdicts[60..65].iter().all(|v| *v == Verdict::Refuse));
    assert_eq!(verdicts[65], Verdict::Close);
}

#[test]
fn a_meter_hears_twenty_a_second_for_ever() {
    let mut meter = CommandMeter::new(at(0), &crate::Limits::default());
    for step in 0..2000 {
        assert_eq!(meter.handle_message(at(step * 50)), Verdict::Hear);
    }
}

#[test]
fn a_sweep_is_due_at_once_and_then_once_a_second() {
    let mut sweeps = Sweeps::default();
    assert!(sweeps.is_due(at(5)));
    assert!(!sweeps.is_due(at(5)));
    assert!(!sweeps.is_due(at(1004)));
    assert!(sweeps.is_due(at(1005)));
    assert!(!sweeps.is_due(at(1500)), "counted from the last one");
}
