//! Who makes a publisher change, and for how long.

use super::*;

const AV1: Option<Codec> = Some(Codec::Av1);
const VP8: Option<Codec> = Some(Codec::Vp8);

#[test]
fn a_source_changes_while_somebody_lacks_its_codec_and_no_longer() {
    let mut fallback = Fallback::default();
    let nobody = |_: Codec| false;
    let lacks_av1 = |codec: Codec| codec == Codec::Av1;
    assert!(!fallback.review(None, true, lacks_av1), "nothing has come");
    assert!(!fallback.review(AV1, true, nobody));
    assert!(fallback.review(AV1, true, lacks_av1));
    assert_eq!(fallback.wanted(), VP8);
    // The publisher has changed: nobody lacks what it sends, but who made it change is there.
    assert!(!fallback.review(VP8, true, lacks_av1));
    assert_eq!(fallback.wanted(), VP8);
    assert!(fallback.review(VP8, true, nobody), "they have gone");
    assert_eq!(fallback.wanted(), None);
    assert!(!fallback.review(VP8, true, lacks_av1), "it has not gone back yet");
    assert!(fallback.review(AV1, true, lacks_av1));
}

#[test]
fn who_has_no_other_codec_is_not_asked() {
    let mut fallback = Fallback::default();
    assert!(!fallback.review(AV1, false, |_| true));
    assert!(!fallback.review(VP8, true, |_| true), "VP8 itself is not avoided");
    assert_eq!(fallback.wanted(), None);
}
