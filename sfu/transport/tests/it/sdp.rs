//! Offers of real clients, answered; then bent, repeated, grown and broken.

use std::net::SocketAddr;

use proptest::prelude::*;
use protocol::{
    client::{MediaSection, SectionRole},
    media::{Codec, MediaKind, Mid, Rid, SlotKind, Source, Ssrc},
};
use sfu_transport::{
    dtls::Fingerprint,
    ice::IceCredentials,
    sdp::{
        AnswerParams, AnsweredRole, Candidates, Negotiated, NegotiationParams, Offer, SdpError,
        answer_text, negotiate,
    },
    srtp::Profile,
};

use crate::vectors::corpus;

const CHROMIUM: &str = include_str!("../fixtures/offers/chromium.sdp");
const CHROMIUM_PREFERENCES: &str = include_str!("../fixtures/offers/chromium-preferences.sdp");
const FIREFOX: &str = include_str!("../fixtures/offers/firefox.sdp");
const FIREFOX_PREFERENCES: &str = include_str!("../fixtures/offers/firefox-preferences.sdp");
const AIORTC: &str = include_str!("../fixtures/offers/aiortc.sdp");
const WEBRTCBIN: &str = include_str!("../fixtures/offers/webrtcbin.sdp");

const OURS: [(&str, &str); 4] = [
    ("chromium", CHROMIUM),
    ("chromium-preferences", CHROMIUM_PREFERENCES),
    ("firefox", FIREFOX),
    ("firefox-preferences", FIREFOX_PREFERENCES),
];

#[test]
fn answers_to_browsers_are_as_reviewed() {
    for (name, offer) in OURS {
        let negotiated = Node::default().negotiate(offer, &our_roles(9), None);
        let answer = answer(&negotiated.expect("a good offer"));
        insta::assert_snapshot!(format!("answer-to-{name}"), answer.replace("\r\n", "\n"));
    }
}

#[test]
fn answers_to_other_stacks_are_as_reviewed() {
    for (name, offer, roles) in [
        ("aiortc", AIORTC, publishing(&[("0", Source::Microphone), ("1", Source::Camera)])),
        (
            "webrtcbin",
            WEBRTCBIN,
            publishing(&[("video0", Source::Camera), ("audio1", Source::Microphone)]),
        ),
    ] {
        let negotiated = Node::default().negotiate(offer, &roles, None);
        let answer = answer(&negotiated.expect("a good offer"));
        insta::assert_snapshot!(format!("answer-to-{name}"), answer.replace("\r\n", "\n"));
    }
}

#[test]
fn a_browsers_plan_has_every_source_and_every_slot() {
    for (name, offer) in OURS {
        let negotiated = Node::default().negotiate(offer, &our_roles(9), None);
        let plan = negotiated.expect("a good offer").plan;
        let sources: Vec<_> = plan.publishes.iter().map(|publish| publish.source).collect();
        let offered = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];
        assert_eq!(sources, offered, "{name}");
        let rids: Vec<_> = ["q", "h", "f"].map(rid).into();
        for publish in &plan.publishes {
            let is_camera = publish.source == Source::Camera;
            assert_eq!(publish.rids, if is_camera { rids.clone() } else { vec![] }, "{name}");
            assert_eq!(publish.ssrcs.is_empty(), is_camera, "{name}");
            assert!(publish.extensions.mid.is_some(), "{name}");
            let is_heard = publish.source.kind() == MediaKind::Audio;
            assert_eq!(publish.extensions.audio_level.is_some(), is_heard, "{name}");
            assert!(publish.extensions.transport_cc.is_some(), "{name}");
        }
        let kinds: Vec<_> = plan.slots.iter().map(|slot| slot.kind).collect();
        assert_eq!(kinds[..4], [[SlotKind::Voice; 3].as_slice(), &[SlotKind::Programme]].concat());
        assert_eq!(kinds[4..], [SlotKind::Video; 9], "{name}");
        for slot in &plan.slots {
            let is_seen = slot.kind == SlotKind::Video;
            assert_eq!(slot.rtx_ssrc.is_some(), is_seen, "{name}");
            let codecs: Vec<_> = slot.payloads.iter().map(|payload| payload.codec).collect();
            match is_seen {
                true => assert_eq!(codecs, [Codec::Vp8], "{name}"),
                // Firefox has no RED.
                false => assert!(codecs.ends_with(&[Codec::Opus]), "{name}"),
            }
            assert!(slot.payloads.iter().all(|payload| payload.rtx.is_some() == is_seen));
            assert!(slot.extensions.transport_cc.is_some(), "{name}");
        }
        let mut ssrcs: Vec<_> =
            plan.slots.iter().flat_map(|slot| [Some(slot.ssrc), slot.rtx_ssrc]).flatten().collect();
        ssrcs.sort_unstable();
        ssrcs.dedup();
        assert_eq!(ssrcs.len(), 13 + 9, "{name}: an SSRC twice");
    }
}

#[test]
fn an_independent_reader_understands_offers_and_answers_alike() {
    for (name, offer) in OURS {
        let theirs = rtc_sdp(offer);
        let ours = Offer::parse(offer).expect("a good offer");
        let mids = |sdp: &rtc_sdp::SessionDescription| -> Vec<String> {
            let sections = sdp.media_descriptions.iter();
            sections.filter_map(|m| m.attribute("mid").flatten().map(str::to_owned)).collect()
        };
        let our_mids: Vec<_> =
            ours.sections.iter().filter_map(|s| s.mid.map(String::from)).collect();
        assert_eq!(our_mids, mids(&theirs), "{name}");
        let negotiated = Node::default().negotiate(offer, &our_roles(9), None);
        let answer = answer(&negotiated.expect("a good offer"));
        assert_eq!(mids(&rtc_sdp(&answer)), mids(&theirs), "{name}");
    }
}

#[test]
fn more_slots_are_appended_and_nothing_else_changes() {
    let mut node = Node::default();
    let first = node.negotiate(CHROMIUM, &our_roles(9), None).expect("a good offer");
    let grown = with_more_slots(CHROMIUM_PREFERENCES, 40);
    let grown = grown.replace(&fingerprint_of(&grown), &fingerprint_of(CHROMIUM));
    let second = node.negotiate(&grown, &our_roles(49), Some(&first)).expect("a good offer");
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(first.session_id, second.session_id);
    assert_eq!(second.plan.slots.len(), first.plan.slots.len() + 40);
    for (before, after) in first.plan.slots.iter().zip(&second.plan.slots) {
        assert_eq!(
            (before.mid, before.ssrc, before.rtx_ssrc),
            (after.mid, after.ssrc, after.rtx_ssrc)
        );
    }
    let text = answer(&second);
    assert_eq!(text.lines().filter(|line| line.starts_with("m=")).count(), 57);
    assert!(text.len() < 40 * 1024, "an answer of {} bytes", text.len());
}

#[test]
fn an_ice_restart_changes_the_clients_credentials_alone() {
    let mut node = Node::default();
    let first = node.negotiate(FIREFOX, &our_roles(9), None).expect("a good offer");
    let restarted: String = FIREFOX
        .split_inclusive("\r\n")
        .map(|line| match line.starts_with("a=ice-ufrag:") {
            true => "a=ice-ufrag:another1\r\n",
            false => line,
        })
        .collect();
    let second = node.negotiate(&restarted, &our_roles(9), Some(&first)).expect("a good offer");
    assert_eq!(second.remote_ice.ufrag(), "another1");
    assert_eq!((second.plan, second.remote_fingerprint), (first.plan, first.remote_fingerprint));
}

#[test]
fn no_ssrc_is_given_out_twice_whatever_is_drawn() {
    let offer = Offer::parse(CHROMIUM).expect("a good offer");
    let declared = offer.sections[0].ssrcs[0];
    let mut params = NegotiationParams {
        codecs: &[Codec::Opus, Codec::Vp8],
        session_id: 1,
        draw_ssrc: &mut || declared,
    };
    let negotiated = negotiate(&offer, &our_roles(9), None, &mut params).expect("a good offer");
    let slots = negotiated.plan.slots.iter();
    let given: Vec<_> =
        slots.flat_map(|slot| std::iter::once(slot.ssrc).chain(slot.rtx_ssrc)).collect();
    let expected: Vec<_> = (1..=22).map(|step| Ssrc(declared.0.wrapping_add(step))).collect();
    assert_eq!(given, expected);
}

#[test]
fn a_header_extension_against_the_way_of_the_media_is_left_out() {
    let roles = publishing(&[("0", Source::Microphone), ("1", Source::Camera)]);
    let accepted = |direction: &str| {
        let offer = AIORTC.replace("a=extmap:1 ", &format!("a=extmap:1{direction} "));
        let negotiated = Node::default().negotiate(&offer, &roles, None).expect("a good offer");
        let text = answer(&negotiated);
        let line = text.lines().find(|line| line.starts_with("a=extmap:1")).map(str::to_owned);
        assert_eq!(negotiated.plan.publishes[0].extensions.mid.is_some(), line.is_some());
        line
    };
    let uri = "urn:ietf:params:rtp-hdrext:sdes:mid";
    assert_eq!(accepted(""), Some(format!("a=extmap:1 {uri}")));
    assert_eq!(accepted("/sendonly"), Some(format!("a=extmap:1/recvonly {uri}")));
    assert_eq!(accepted("/recvonly"), None);
    assert_eq!(accepted("/inactive"), None);
}

#[test]
fn a_receiver_without_rtx_prefers_the_profile_that_can_send_twice() {
    let preferred = |offer: &str| {
        let negotiated = Node::default().negotiate(offer, &our_roles(9), None);
        negotiated.expect("a good offer").srtp_profiles()[0]
    };
    assert_eq!(preferred(CHROMIUM_PREFERENCES), Profile::AeadAes128Gcm);
    let without_rtx = CHROMIUM_PREFERENCES.replace("a=fmtp:97 apt=96\r\n", "");
    assert_eq!(preferred(&without_rtx), Profile::AesCm128HmacSha1_80);
}

/// A room that has everything, and prefers AV1.
const ALL_CODECS: [Codec; 6] =
    [Codec::Av1, Codec::Vp9, Codec::H264, Codec::Vp8, Codec::Opus, Codec::Red];

#[test]
fn every_picture_has_each_codec_of_the_room_once_with_its_rtx() {
    for (name, offer, expected) in [
        ("chromium", CHROMIUM, &ALL_CODECS[..4]),
        // Without its download Firefox has no H.264.
        ("firefox", FIREFOX, &[Codec::Av1, Codec::Vp9, Codec::Vp8]),
    ] {
        let negotiated = Node::with_codecs(&ALL_CODECS).negotiate(offer, &our_roles(9), None);
        let plan = negotiated.expect("a good offer").plan;
        let cameras = plan.publishes.iter().filter(|it| it.source.kind() == MediaKind::Video);
        let pictures = plan.slots.iter().filter(|slot| slot.kind == SlotKind::Video);
        let lists = cameras.map(|it| &it.payloads).chain(pictures.map(|it| &it.payloads));
        assert_eq!(lists.clone().count(), 11);
        for payloads in lists {
            let codecs: Vec<_> = payloads.iter().map(|payload| payload.codec).collect();
            assert_eq!(codecs, expected, "{name}");
            assert!(payloads.iter().all(|payload| payload.rtx.is_some()), "{name}");
        }
    }
}

#[test]
fn the_room_decides_what_a_publisher_prefers() {
    let negotiated = Node::with_codecs(&ALL_CODECS).negotiate(CHROMIUM, &our_roles(9), None);
    let text = answer(&negotiated.expect("a good offer"));
    let lines: Vec<_> = section_of(&text, "0").chain(section_of(&text, "1")).collect();
    insta::assert_snapshot!("answer-of-a-room-with-every-codec", lines.join("\n"));
}

#[test]
fn dtx_is_asked_of_voices_alone() {
    let negotiated = Node::default().negotiate(CHROMIUM, &our_roles(9), None);
    let text = answer(&negotiated.expect("a good offer"));
    let opus = |mid: &str| section_of(&text, mid).find(|line| line.starts_with("a=fmtp:111"));
    assert_eq!(opus("0"), Some("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1"));
    // The sound of a screen, and a slot.
    for mid in ["3", "4"] {
        assert_eq!(opus(mid), Some("a=fmtp:111 minptime=10;useinbandfec=1"), "{mid}");
    }
}

#[test]
fn layers_are_told_by_publishers_and_never_to_receivers() {
    let negotiated = Node::default().negotiate(CHROMIUM, &our_roles(9), None);
    let plan = negotiated.expect("a good offer").plan;
    let camera = plan.publishes.iter().find(|it| it.source == Source::Camera).expect("a camera");
    assert!(camera.extensions.dependency_descriptor.is_some());
    assert!(camera.extensions.layers_allocation.is_some());
    for slot in plan.slots.iter().filter(|slot| slot.kind == SlotKind::Video) {
        assert!(slot.extensions.dependency_descriptor.is_some());
        assert_eq!(slot.extensions.layers_allocation, None);
    }
}

#[test]
fn transport_wide_feedback_needs_its_numbers() {
    let roles = publishing(&[("video0", Source::Camera), ("audio1", Source::Microphone)]);
    let negotiated = Node::default().negotiate(WEBRTCBIN, &roles, None).expect("a good offer");
    assert!(WEBRTCBIN.contains(" transport-cc") && !answer(&negotiated).contains("transport-cc"));
    let without_feedback = CHROMIUM.replace(" transport-cc\r\n", " x\r\n");
    let negotiated = Node::default().negotiate(&without_feedback, &our_roles(9), None);
    let negotiated = negotiated.expect("a good offer");
    assert!(!answer(&negotiated).contains("transport-wide-cc"));
    assert!(negotiated.plan.slots.iter().all(|slot| slot.extensions.transport_cc.is_none()));
}

#[test]
fn red_that_is_not_of_opus_leaves_opus() {
    for (from, to) in [
        ("a=fmtp:63 111/111\r\n", ""),
        ("a=fmtp:63 111/111", "a=fmtp:63 0/0"),
        ("a=fmtp:63 111/111", "a=fmtp:63 63/63"),
        ("a=rtpmap:63 red/48000/2", "a=rtpmap:63 red/90000"),
    ] {
        let offer = CHROMIUM.replace(from, to);
        assert_ne!(offer, CHROMIUM, "{from}");
        let negotiated = Node::default().negotiate(&offer, &our_roles(9), None);
        let plan = negotiated.expect("a good offer").plan;
        let codecs: Vec<_> = plan.publishes[0].payloads.iter().map(|it| it.codec).collect();
        assert_eq!(codecs, [Codec::Opus], "{from} -> {to}");
    }
    let without_opus = CHROMIUM.replace("opus/48000", "speex/48000");
    let refused = Node::default().negotiate(&without_opus, &our_roles(9), None);
    assert!(matches!(refused, Err(SdpError::NoCodec { .. })), "RED alone holds nothing");
}

#[test]
fn a_room_without_a_codec_of_the_offer_refuses_it() {
    let roles = publishing(&[("0", Source::Microphone), ("1", Source::Camera)]);
    let codecs = [Codec::Opus, Codec::Av1];
    let refused = Node::with_codecs(&codecs).negotiate(AIORTC, &roles, None);
    let expected = SdpError::NoCodec { mid: mid("1"), codecs: vec![Codec::Av1] };
    assert_eq!(refused, Err(expected));
}

#[test]
fn a_restored_negotiation_writes_the_same_answer() {
    let mut node = Node::default();
    let negotiated = node.negotiate(FIREFOX, &our_roles(9), None).expect("a good offer");
    let json = serde_json::to_string(&negotiated).expect("a value");
    let restored: Negotiated = serde_json::from_str(&json).expect("what we wrote");
    assert_eq!(restored, negotiated);
    assert_eq!(answer(&restored), answer(&negotiated));
}

#[test]
fn m_lines_without_a_role_are_rejected_and_leave_the_bundle() {
    let roles = publishing(&[("1", Source::Camera)]);
    let negotiated = Node::default().negotiate(CHROMIUM, &roles, None).expect("a good offer");
    assert_eq!(negotiated.accepted().count(), 1);
    assert_eq!(negotiated.sections[0].role, AnsweredRole::Rejected);
    let text = answer(&negotiated);
    assert!(text.contains("a=group:BUNDLE 1\r\n"));
    assert!(text.contains("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
    assert_eq!(text.lines().filter(|line| line.contains(" typ host")).count(), 4);
}

#[test]
fn data_channels_are_rejected_and_the_rest_goes_on() {
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
                a=mid:data\r\na=sctp-port:5000\r\n";
    let offer = AIORTC.replace("BUNDLE 0 1", "BUNDLE 0 1 data") + data;
    let roles = publishing(&[("0", Source::Microphone), ("1", Source::Camera)]);
    let negotiated = Node::default().negotiate(&offer, &roles, None).expect("a good offer");
    let text = answer(&negotiated);
    assert!(text.contains("a=group:BUNDLE 0 1\r\n"));
    assert!(text.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    let asked = [roles, publishing(&[("data", Source::Screen)])].concat();
    let refused = Node::default().negotiate(&offer, &asked, None);
    assert_eq!(refused, Err(SdpError::WrongKind { mid: mid("data"), wanted: MediaKind::Video }));
}

#[test]
fn what_cannot_work_is_refused_with_its_cause() {
    let both = [("0", Source::Microphone), ("1", Source::Camera)];
    let edits: [(&str, &str, SdpError); 12] = [
        ("a=group:BUNDLE 0 1\r\n", "", SdpError::NoBundle),
        ("BUNDLE 0 1", "BUNDLE 0", SdpError::NotBundled(mid("1"))),
        ("a=rtcp-mux\r\n", "", SdpError::NoRtcpMux(mid("0"))),
        ("a=fingerprint:sha-", "a=x:", SdpError::NoFingerprint),
        ("sha-256", "sha-1", SdpError::NoSha256Fingerprint),
        ("actpass", "passive", SdpError::CannotBePassive),
        ("a=ice-pwd:", "a=ice-pwd:=", SdpError::NoIceCredentials),
        ("a=ice-ufrag:", "a=x:", SdpError::NoIceCredentials),
        ("a=mid:1", "a=mid:0", SdpError::DuplicateMid(mid("0"))),
        ("a=mid:1", "a=mid:2", SdpError::UnknownMid("1".to_owned())),
        (
            "opus/48000",
            "speex/8000",
            SdpError::NoCodec { mid: mid("0"), codecs: vec![Codec::Opus, Codec::Red] },
        ),
        (
            "a=sendrecv",
            "a=recvonly",
            SdpError::WrongDirection { mid: mid("0"), wanted: "sendonly" },
        ),
    ];
    for (from, to, error) in edits {
        let offer = AIORTC.replace(from, to);
        assert_ne!(offer, AIORTC, "{from} is not in the offer");
        let refused = Node::default().negotiate(&offer, &publishing(&both), None);
        assert_eq!(refused, Err(error.clone()), "{from} -> {to}");
        let text = error.to_string();
        assert!(text.contains(": ") || text.contains("must"), "no cure in {text:?}");
    }
}

#[test]
fn roles_that_cannot_be_are_refused() {
    let refusal = |roles: &[MediaSection]| {
        Node::default().negotiate(AIORTC, roles, None).expect_err("a bad role")
    };
    assert_eq!(refusal(&[]), SdpError::NothingNamed);
    let twice = publishing(&[("0", Source::Microphone), ("0", Source::Microphone)]);
    assert_eq!(refusal(&twice), SdpError::RoleTwice(mid("0")));
    let source_twice = publishing(&[("0", Source::Microphone), ("1", Source::Microphone)]);
    assert_eq!(refusal(&source_twice), SdpError::SourceTwice(Source::Microphone));
    let silent_picture = publishing(&[("0", Source::Camera)]);
    let wanted = MediaKind::Video;
    assert_eq!(refusal(&silent_picture), SdpError::WrongKind { mid: mid("0"), wanted });
    let long = "m".repeat(100_000);
    let unknown = refusal(&publishing(&[(&long, Source::Camera)]));
    assert!(unknown.to_string().len() < 200, "the text repeats all that it was given");
}

#[test]
fn a_later_offer_may_only_append() {
    let roles = publishing(&[("0", Source::Microphone), ("1", Source::Camera)]);
    let first = Node::default().negotiate(AIORTC, &roles, None).expect("a good offer");
    let again = |offer: &str, roles: &[MediaSection]| {
        Node::default().negotiate(offer, roles, Some(&first)).map(|negotiated| negotiated.version)
    };
    assert_eq!(again(AIORTC, &roles), Ok(2));
    let (head, video) = AIORTC.split_at(AIORTC.find("m=video").expect("a video m-line"));
    assert_eq!(again(head, &roles[..1]), Err(SdpError::SectionMoved(1)));
    let (session, audio) = head.split_at(head.find("m=audio").expect("an audio m-line"));
    let swapped = [session, video, audio].concat();
    assert_eq!(again(&swapped, &roles), Err(SdpError::SectionMoved(0)));
    let other_role = publishing(&[("0", Source::ScreenAudio), ("1", Source::Camera)]);
    assert_eq!(again(AIORTC, &other_role), Err(SdpError::RoleChanged(mid("0"))));
    let other_certificate = AIORTC.replace("a=fingerprint:sha-256 D7", "a=fingerprint:sha-256 00");
    assert_eq!(again(&other_certificate, &roles), Err(SdpError::FingerprintChanged));
}

#[test]
fn bombs_end_at_a_limit() {
    let sections = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n".repeat(7_000);
    assert_eq!(parse_error(&format!("v=0\r\n{sections}")), SdpError::TooManySections);
    let long_line = "a".repeat(200_000);
    assert_eq!(parse_error(&format!("v=0\r\na={long_line}\r\n")), SdpError::BadLine(2));
    assert_eq!(parse_error(&format!("v=0\r\na={long_line}{long_line}")), SdpError::TooLong);
    let attributes = "a=x\r\n".repeat(2_000);
    assert_eq!(parse_error(&format!("v=0\r\n{attributes}")), SdpError::TooManyAttributes(1_026));
    let section = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
    let in_section = parse_error(&format!("v=0\r\n{section}{attributes}"));
    assert_eq!(in_section, SdpError::TooManyAttributes(1_027));
    assert_eq!(parse_error(""), SdpError::NotSdp);
    assert_eq!(parse_error("{\"sdp\":1}"), SdpError::NotSdp);
    assert_eq!(parse_error("v=0\r\n\u{e9}=1"), SdpError::BadLine(2));

    // Formats that repair one another in a ring, and more SSRCs and rids than anybody sends.
    let ring = "a=rtpmap:96 rtx/90000\r\na=fmtp:96 apt=97\r\na=rtpmap:97 rtx/90000\r\n\
                a=fmtp:97 apt=96\r\n";
    let streams: String = (0..900).map(|n| format!("a=ssrc:{n} x\r\na=rid:{n} send\r\n")).collect();
    let streams = &streams[..streams.len().min(12_000)];
    let text = format!("v=0\r\nm=video 9 RTP/SAVPF 96 97\r\n{ring}{streams}");
    let section = Offer::parse(&text).expect("an odd offer").sections.remove(0);
    assert_eq!(section.payloads, []);
    assert_eq!((section.ssrcs.len(), section.rids.len()), (20, 3));
}

#[test]
fn public_corpora_are_read_or_refused() {
    for bytes in corpus("sdp") {
        let text = String::from_utf8_lossy(&bytes);
        answer_all(&text);
    }
}

/// What looks like a line of SDP at a glance.
const LINE_LIKE: &str = "[masoc]=[ -~]{0,40}\
    |a=(mid|rid|simulcast|extmap|fmtp|rtpmap|ssrc|group|setup|fingerprint):[ -~]{0,30}";

proptest! {
    #[test]
    fn bent_offers_are_answered_or_refused(
        which in 0..6_usize,
        edits in prop::collection::vec((any::<u32>(), any::<u32>(), 0..6_u8), 1..12),
    ) {
        let all = [CHROMIUM, CHROMIUM_PREFERENCES, FIREFOX, FIREFOX_PREFERENCES, AIORTC, WEBRTCBIN];
        answer_all(&bend(all[which], &edits));
    }

    #[test]
    fn lines_of_garbage_are_answered_or_refused(
        lines in prop::collection::vec(LINE_LIKE, 0..60),
    ) {
        answer_all(&format!("v=0\r\n{}\r\n", lines.join("\r\n")));
    }
}

/// Parses and, if that goes, gives every m-line a role and answers.
fn answer_all(text: &str) {
    let Ok(offer) = Offer::parse(text) else { return };
    let mut sources = Source::ALL.to_vec();
    let roles = offer.sections.iter().filter_map(|section| {
        let (mid, kind) = (section.mid?, section.kind?);
        let role = match sources.iter().position(|source| source.kind() == kind) {
            Some(place) if section.direction.sends() => {
                SectionRole::Publish(sources.swap_remove(place))
            }
            _ if kind == MediaKind::Audio => SectionRole::Slot(SlotKind::Voice),
            _ => SectionRole::Slot(SlotKind::Video),
        };
        Some(MediaSection { mid: mid.into(), role })
    });
    let roles: Vec<_> = roles.collect();
    let mut node = Node::default();
    if let Ok(negotiated) = node.negotiate(text, &roles, None) {
        let answer = answer(&negotiated);
        assert!(answer.lines().all(|line| line.as_bytes().get(1) == Some(&b'=')), "{answer}");
        node.negotiate(text, &roles, Some(&negotiated)).expect("the same offer again");
    }
}

/// Deletes, doubles and swaps lines, and overwrites, cuts and doubles pieces of them.
fn bend(offer: &str, edits: &[(u32, u32, u8)]) -> String {
    let mut lines: Vec<String> = offer.lines().map(str::to_owned).collect();
    for &(at, with, how) in edits {
        let at = at as usize % lines.len();
        let other = with as usize % lines.len();
        match how {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => {
                let end = with as usize % (lines[at].len() + 1);
                lines[at].truncate(end);
            }
            4 => {
                let piece = lines[other].clone();
                lines[at].push_str(&piece);
            }
            _ => {
                let place = with as usize % (lines[at].len() + 1);
                let byte = char::from(with.to_le_bytes()[3] & 0x7F);
                lines[at].insert(place, byte);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\r\n")
}

/// Draws SSRCs in a row, and collides with everything it has drawn before.
struct Node {
    next_ssrc: u32,
    codecs: Vec<Codec>,
}

impl Default for Node {
    fn default() -> Self {
        Node::with_codecs(&[Codec::Opus, Codec::Red, Codec::Vp8])
    }
}

impl Node {
    fn with_codecs(codecs: &[Codec]) -> Self {
        Node { next_ssrc: 1_000, codecs: codecs.to_vec() }
    }

    fn negotiate(
        &mut self,
        offer: &str,
        roles: &[MediaSection],
        previous: Option<&Negotiated>,
    ) -> Result<Negotiated, SdpError> {
        let offer = Offer::parse(offer)?;
        let mut params = NegotiationParams {
            codecs: &self.codecs,
            session_id: 4_711,
            draw_ssrc: &mut || {
                self.next_ssrc += 1;
                Ssrc(self.next_ssrc)
            },
        };
        negotiate(&offer, roles, previous, &mut params)
    }
}

fn answer(negotiated: &Negotiated) -> String {
    let ice = IceCredentials::try_new("NodeUfrag", "passwordOfTheNodeInTests");
    let candidates: [SocketAddr; 2] = [
        "192.0.2.1:8080".parse().expect("an address"),
        "[2001:db8::1]:8080".parse().expect("an address"),
    ];
    let params = AnswerParams {
        ice: &ice.expect("good credentials"),
        fingerprint: Fingerprint::of_certificate(b"certificate"),
        candidates: Candidates { udp: &candidates, tcp: &candidates },
    };
    answer_text(negotiated, &params)
}

/// The roles of our web client's m-lines with `video_slots` pictures.
fn our_roles(video_slots: usize) -> Vec<MediaSection> {
    let publishes = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];
    let publishes = publishes.into_iter().map(SectionRole::Publish);
    let voices = [SlotKind::Voice, SlotKind::Voice, SlotKind::Voice, SlotKind::Programme];
    let slots = voices.into_iter().chain(std::iter::repeat_n(SlotKind::Video, video_slots));
    let roles = publishes.chain(slots.map(SectionRole::Slot));
    roles.zip(0..).map(|(role, mid)| MediaSection { mid: i32::to_string(&mid), role }).collect()
}

/// The lines of the m-line `mid`.
fn section_of<'t>(text: &'t str, mid: &str) -> impl Iterator<Item = &'t str> {
    let is_wanted = format!("a=mid:{mid}\r\n");
    let section = text
        .split("\r\nm=")
        .find(|section| section.contains(&is_wanted) || section.ends_with(is_wanted.trim_end()));
    section.expect("the m-line").lines()
}

fn publishing(sources: &[(&str, Source)]) -> Vec<MediaSection> {
    let section = |&(mid, source): &(&str, Source)| MediaSection {
        mid: mid.to_owned(),
        role: SectionRole::Publish(source),
    };
    sources.iter().map(section).collect()
}

/// The offer with its last m-line repeated under new mids.
fn with_more_slots(offer: &str, more: usize) -> String {
    let last = offer.rfind("m=video").expect("a video m-line");
    let section = &offer[last..];
    let mids: Vec<String> = (17..17 + more).map(|mid| mid.to_string()).collect();
    let added = mids.iter().map(|mid| section.replace("a=mid:16", &format!("a=mid:{mid}")));
    let group = format!("15 16 {}", mids.join(" "));
    offer.replacen("15 16", &group, 1) + &added.collect::<String>()
}

fn fingerprint_of(offer: &str) -> String {
    let line = offer.lines().find_map(|line| line.strip_prefix("a=fingerprint:sha-256 "));
    line.expect("a fingerprint").to_owned()
}

fn parse_error(text: &str) -> SdpError {
    Offer::parse(text).expect_err("no offer")
}

fn rtc_sdp(text: &str) -> rtc_sdp::SessionDescription {
    rtc_sdp::SessionDescription::try_from(text.to_owned()).expect("an SDP")
}

fn mid(name: &str) -> Mid {
    Mid::try_new(name.as_bytes()).expect("a mid")
}

fn rid(name: &str) -> Rid {
    mid(name)
}
