use std::time::Duration;

use super::Bitrate;

#[test]
fn a_rate_tells_what_fits_into_a_time() {
    assert_eq!(Bitrate::from_kbps(1_000).bytes_in(Duration::from_millis(20)), 2_500);
    assert_eq!(Bitrate::from_bps(7).bytes_in(Duration::from_secs(1)), 0);
}

#[test]
fn a_rate_is_never_negative() {
    let rate = Bitrate::from_kbps(100);
    assert_eq!(rate.saturating_sub(Bitrate::from_kbps(101)), Bitrate::ZERO);
    assert_eq!(rate.scaled(-1.0), Bitrate::ZERO);
    assert_eq!(rate.scaled(f64::NAN), Bitrate::ZERO);
    assert_eq!(rate.scaled(1.5), Bitrate::from_kbps(150));
}
