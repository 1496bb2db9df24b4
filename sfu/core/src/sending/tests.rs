//! What may be sent again.

use super::*;

fn taken_in(seconds: u64, target: Bitrate) -> u64 {
    let mut budget = RepairBudget::default();
    let mut bytes = 0;
    for millis in 0..1_000 * seconds {
        let now = Instant::ZERO + Duration::from_millis(millis);
        while budget.take(now, 1_200, target) {
            bytes += 1_200;
        }
    }
    bytes
}

#[test]
fn a_fifth_of_the_estimate_is_sent_again_and_no_less_than_the_floor() {
    // Of 10 s, and 1.5 s of credit at the beginning.
    for (target, rate) in [(2_000, 400), (10_000, 2_000), (300, 100), (0, 100)] {
        let taken = taken_in(10, Bitrate::from_kbps(target)) * 8 / 1_000;
        let (least, most) = (rate * 115 / 10, rate * 115 / 10 + 2 * 1_200 * 8 / 1_000);
        assert!((least..=most).contains(&taken), "{taken} kb of {target} kb/s");
    }
}
