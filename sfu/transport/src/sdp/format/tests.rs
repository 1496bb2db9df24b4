use super::*;

/// The form of `codec` that these parameters name, where payload type 111 carries Opus.
fn format(codec: Codec, parameters: &str) -> Option<Format> {
    Parameters::parse(parameters).format(codec, |pt| pt == Pt(111))
}

#[test]
fn h264_is_constrained_baseline_in_packetization_mode_1() {
    for (parameters, expected) in [
        ("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", Some("42e01f")),
        ("profile-level-id=42C015; packetization-mode = 1", Some("42c015")),
        // RFC 6184 §8.1, table 5: the other two ways to say it.
        ("profile-level-id=4d801f;packetization-mode=1", Some("4d801f")),
        ("profile-level-id=58c01f;packetization-mode=1", Some("58c01f")),
        // Baseline, main, high, and constrained high.
        ("profile-level-id=42001f;packetization-mode=1", None),
        ("profile-level-id=4d001f;packetization-mode=1", None),
        ("profile-level-id=64001f;packetization-mode=1", None),
        ("profile-level-id=640c1f;packetization-mode=1", None),
        // Mode 0, which is also the default, and 2.
        ("profile-level-id=42e01f;packetization-mode=0", None),
        ("profile-level-id=42e01f", None),
        ("profile-level-id=42e01f;packetization-mode=2", None),
        ("packetization-mode=1", None),
        // No number of three bytes.
        ("profile-level-id=42e01;packetization-mode=1", None),
        ("profile-level-id=+42e01;packetization-mode=1", None),
        ("profile-level-id=42e01f0;packetization-mode=1", None),
        ("profile-level-id=42e01\u{e9};packetization-mode=1", None),
        ("", None),
    ] {
        let found = match format(Codec::H264, parameters) {
            Some(Format::H264 { profile, .. }) => Some(profile.to_string()),
            _ => None,
        };
        assert_eq!(found.as_deref(), expected, "{parameters}");
    }
}

#[test]
fn vp9_and_av1_are_profile_0_which_is_the_default() {
    let any_av1 = Some(Format::Av1 { level: None, tier: None });
    for (codec, parameters, expected) in [
        (Codec::Vp9, "", Some(Format::Vp9)),
        (Codec::Vp9, "max-fs=12288;max-fr=60", Some(Format::Vp9)),
        (Codec::Vp9, "x-google-start-bitrate=800; profile-id=0", Some(Format::Vp9)),
        (Codec::Vp9, "profile-id=2", None),
        (Codec::Vp9, "profile-id=-0", None),
        (Codec::Vp9, "profile-id=", None),
        (Codec::Av1, "", any_av1),
        (Codec::Av1, "PROFILE=0", any_av1),
        (
            Codec::Av1,
            "level-idx=5;profile=0;tier=0",
            Some(Format::Av1 { level: Some(5), tier: Some(0) }),
        ),
        (Codec::Av1, "level-idx=5;profile=1;tier=0", None),
        (Codec::Av1, "profile=300", None),
    ] {
        assert_eq!(format(codec, parameters), expected, "{codec:?} {parameters}");
    }
}

#[test]
fn red_holds_nothing_but_the_opus_of_its_m_line() {
    for (parameters, expected) in [
        ("111/111", Some(Format::Red(Pt(111)))),
        (" 111/111/111 ", Some(Format::Red(Pt(111)))),
        ("111", None),
        ("111/0", None),
        ("0/0", None),
        ("111/", None),
        ("111/111;x=y", None),
        ("111/111/111/111/111/111/111/111/111", None),
        ("", None),
    ] {
        assert_eq!(format(Codec::Red, parameters), expected, "{parameters}");
    }
}
