use super::*;

fn set(names: &str) -> Result<CodecSet, BadCodecSet> {
    CodecSet::try_new(names.split(',').map(|name| name.parse().expect("a codec")).collect())
}

#[test]
fn a_set_keeps_the_order_in_which_it_is_written() {
    let codecs = set("av1,opus,red,vp8").expect("a set");
    assert_eq!(codecs.as_slice(), [Codec::Av1, Codec::Opus, Codec::Red, Codec::Vp8]);
}

#[test]
fn a_room_without_what_every_browser_has_is_refused() {
    assert_eq!(set("opus,vp9"), Err(BadCodecSet::Missing(Codec::Vp8)));
    assert_eq!(set("red,vp8"), Err(BadCodecSet::Missing(Codec::Opus)));
    assert_eq!(set("opus,vp8,opus"), Err(BadCodecSet::Twice(Codec::Opus)));
    assert_eq!(CodecSet::try_new(Vec::new()), Err(BadCodecSet::Missing(Codec::Opus)));
    let default = CodecSet::default();
    assert_eq!(CodecSet::try_new(default.as_slice().to_vec()), Ok(default));
}

#[test]
fn every_codec_has_a_name_that_is_read_again() {
    for codec in Codec::ALL {
        assert_eq!(codec.name().parse(), Ok(codec));
        assert_eq!(codec.to_string().to_uppercase().parse(), Ok(codec));
    }
    for unknown in ["", "h265", "vp8 ", "opus,vp8"] {
        assert_eq!(unknown.parse::<Codec>(), Err(UnknownCodec), "{unknown:?}");
    }
}
