use super::*;

fn packet(ssrc: u32, timestamp: u32) -> Vec<u8> {
    [&[0x80, 96, 0, 1][..], &timestamp.to_be_bytes(), &ssrc.to_be_bytes(), &[7; 40]].concat()
}

#[test]
fn a_frame_goes_whole_or_not_at_all() {
    let mut fates = FrameFates::new();
    assert!(fates.decide(&packet(1, 100), true));
    assert!(fates.decide(&packet(1, 100), false), "the rest of a frame that has begun");
    assert!(!fates.decide(&packet(1, 200), false));
    assert!(!fates.decide(&packet(1, 200), true), "the rest of a frame that was dropped");
    assert!(fates.decide(&packet(1, 300), true));
    assert!(fates.decide(&packet(2, 200), true), "another stream is none of its business");
    fates.give_up(&packet(1, 300));
    assert!(!fates.decide(&packet(1, 300), true));
    assert!(fates.decide(&packet(2, 200), false));
}

#[test]
fn more_streams_than_a_receiver_has_take_the_places_of_the_oldest() {
    let mut fates = FrameFates::new();
    for ssrc in 0..STREAMS_MAX as u32 + 1 {
        assert!(!fates.decide(&packet(ssrc, 1), false));
    }
    assert!(!fates.decide(&packet(1, 1), true), "still known");
    assert!(fates.decide(&packet(0, 1), true), "forgotten");
    assert!(fates.decide(b"short", false));
}
