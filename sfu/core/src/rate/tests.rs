//! What a bucket lets through in a burst and in the long run.

use protocol::Duration;

use super::*;

const RATE: Rate = Rate::new(1_700, 1_000);

fn passed(bucket: &mut Bucket, offers: u64, apart_us: u64, start: Instant) -> u64 {
    let time = |n| start + Duration::from_micros(n * apart_us);
    (0..offers).filter(|&n| bucket.take(time(n), RATE)).count() as u64
}

#[test]
fn a_burst_passes_up_to_its_size_and_no_further() {
    let mut bucket = Bucket::default();
    assert_eq!(passed(&mut bucket, 5_000, 0, Instant::ZERO), 1_000);
    let later = Instant::ZERO + Duration::from_secs(1);
    assert_eq!(passed(&mut bucket, 5_000, 0, later), 1_000, "full again, and no fuller");
}

#[test]
fn eleven_seconds_of_flood_stay_below_the_jump_of_a_restored_session() {
    let mut bucket = Bucket::default();
    let sent = passed(&mut bucket, 11 * 20_000, 50, Instant::ZERO);
    assert!(sent < 20_000, "{sent} packets");
    assert!(sent > 19_000, "{sent} packets");
}

#[test]
fn a_sender_within_the_rate_is_never_held() {
    let mut bucket = Bucket::default();
    assert_eq!(passed(&mut bucket, 10_000, 1_000, Instant::ZERO), 10_000);
}
