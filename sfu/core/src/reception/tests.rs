//! Loss and jitter as RFC 3550 counts them.

use protocol::Duration;

use super::*;

fn received(numbers: impl IntoIterator<Item = u16>) -> Reception {
    let mut reception = Reception::default();
    for (n, seq) in numbers.into_iter().enumerate() {
        let now = Instant::ZERO + Duration::from_millis(n as u64 * 20);
        reception.count(now, SeqNo(seq), RtpTime(n as u32 * 960), 48);
    }
    reception
}

#[test]
fn losses_are_counted_over_the_wrap() {
    let numbers = (65_500..=u16::MAX).chain(0..64).filter(|seq| seq % 10 != 0);
    let mut reception = received(numbers);
    let figures = reception.report().expect("news");
    assert_eq!(figures.highest_seq, 1 << 16 | 63);
    // 65 510, 65 520, 65 530, 0, 10, …, 60; what came before the first is unknown.
    assert_eq!(figures.cumulative_lost, 3 + 7);
    assert_eq!(figures.fraction_lost, (10 * 256 / 99) as u8);
    assert_eq!(figures.jitter, 0);
}

#[test]
fn each_report_tells_of_its_own_interval_if_anything_came() {
    let mut reception = received([1, 2, 4]);
    assert_eq!(reception.report().expect("news").fraction_lost, 64);
    assert_eq!(reception.report(), None);
    reception.count(Instant::ZERO, SeqNo(5), RtpTime(0), 48);
    let figures = reception.report().expect("news");
    assert_eq!((figures.fraction_lost, figures.cumulative_lost), (0, 1));
}

#[test]
fn reordering_is_no_loss_and_duplicates_are_not_negative() {
    let mut reception = received([1, 3, 2, 4, 4, 4]);
    let figures = reception.report().expect("news");
    assert_eq!((figures.fraction_lost, figures.cumulative_lost), (0, 0));
}

#[test]
fn a_stream_that_begins_anew_is_not_a_loss() {
    let mut reception = received([100, 102, 40_000, 40_001]);
    let figures = reception.report().expect("news");
    assert_eq!(figures.cumulative_lost, 1);
    assert_eq!(figures.highest_seq & 0xFFFF, 40_001);
}

#[test]
fn jitter_follows_the_arrivals() {
    let mut reception = Reception::default();
    for n in 0..500_u64 {
        // Every other packet comes 10 ms late: 480 ticks of difference each time.
        let now = Instant::ZERO + Duration::from_millis(n * 20 + n % 2 * 10);
        reception.count(now, SeqNo(n as u16), RtpTime(n as u32 * 960), 48);
    }
    let jitter = reception.report().expect("news").jitter;
    assert!((470..=480).contains(&jitter), "{jitter}");
}
