//! Rules of offers, one by one.

use protocol::media::{Codec, Mid, Pt, Ssrc};

use super::{Direction, Extension, FeedbackSet, Offer, OfferedSection, Setup};

#[test]
fn what_stands_before_the_first_m_line_holds_for_all_that_say_nothing() {
    let offer = offer(
        "a=inactive\r\na=setup:active\r\nm=audio 9 X/RTP/S 0\r\nm=audio 9 X/RTP/S 0\r\na=sendonly",
    );
    assert_eq!(offer.sections[0].direction, Direction::Inactive);
    assert_eq!(offer.sections[1].direction, Direction::SendOnly);
    assert_eq!(offer.transport.setup, Some(Setup::Active));
    assert_eq!(section("m=audio 9 X/RTP/S 0", "").direction, Direction::SendRecv);
}

#[test]
fn an_rtx_payload_type_belongs_to_the_one_its_fmtp_names() {
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 97 98 96 99";
    for (fmtp, expected) in [
        ("a=fmtp:97 apt=96", Some(Pt(97))),
        ("a=fmtp:97 rtx-time=3000; apt = 96 ;x", Some(Pt(97))),
        ("a=fmtp:97 apt=96\r\na=fmtp:99 apt=96", Some(Pt(97))),
        ("a=fmtp:97 apt=200", None),
        ("a=fmtp:97 apt", None),
        ("a=fmtp:50 apt=96", None),
        ("a=fmtp:98 apt=96", None),
    ] {
        let rtpmaps = "a=rtpmap:96 vp8/90000\r\na=rtpmap:97 RTX/90000\r\na=rtpmap:99 rtx/90000\r\n\
                       a=rtpmap:98 H264/90000\r\na=rtpmap:50 rtx/90000\r\n";
        let section = section(video, &format!("{rtpmaps}{fmtp}"));
        assert_eq!(section.payloads.len(), 1, "{fmtp}");
        let payload = section.payloads[0];
        assert_eq!((payload.codec, payload.pt), (Codec::Vp8, Pt(96)), "{fmtp}");
        assert_eq!(payload.rtx, expected, "{fmtp}");
    }
}

#[test]
fn codecs_are_told_by_name_and_clock() {
    let offered = |rtpmap: &str| {
        let section = section("m=audio 9 UDP/TLS/RTP/SAVPF 111", &format!("a=rtpmap:{rtpmap}"));
        section.payloads.iter().map(|payload| payload.codec).collect::<Vec<_>>()
    };
    assert_eq!(offered("111 OPUS/48000/2"), [Codec::Opus]);
    for other in ["111 opus/16000/2", "111 multiopus/48000/6", "112 opus/48000/2", "111 VP8/90000"]
    {
        assert_eq!(offered(other), [], "{other}");
    }
}

#[test]
fn the_clients_first_payload_type_of_a_codec_is_taken() {
    let rtpmaps = "a=rtpmap:96 VP8/90000\r\na=rtpmap:120 VP8/90000";
    let section = section("m=video 9 UDP/TLS/RTP/SAVPF 120 96", rtpmaps);
    assert_eq!(section.payloads.len(), 1);
    assert_eq!(section.payloads[0].pt, Pt(120));
}

#[test]
fn feedback_counts_for_its_payload_type_or_for_all() {
    let feedback = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:97 ccm fir\r\n\
                    a=rtcp-fb:* nack pli\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96";
    let section = section("m=video 9 UDP/TLS/RTP/SAVPF 96 97", feedback);
    let expected =
        FeedbackSet { nack: true, nack_pli: true, transport_cc: true, ..FeedbackSet::default() };
    assert_eq!(section.payloads[0].feedback, expected);
}

#[test]
fn header_extensions_keep_their_direction_and_need_a_one_byte_id() {
    let mid = Extension::Mid.uri();
    for (extmap, expected) in [
        ("3", Some((3, Direction::SendRecv))),
        ("14/recvonly", Some((14, Direction::RecvOnly))),
        ("15", None),
        ("0", None),
        ("3/sideways", None),
    ] {
        let section = section("m=audio 9 X/RTP/S 0", &format!("a=extmap:{extmap} {mid} x=y"));
        let found = section.extensions.first().map(|found| (found.id, found.direction));
        assert_eq!(found, expected, "{extmap}");
    }
    let encrypted = format!("a=extmap:3 urn:ietf:params:rtp-hdrext:encrypt {mid}");
    assert_eq!(section("m=audio 9 X/RTP/S 0", &encrypted).extensions, []);
}

#[test]
fn simulcast_decides_the_order_of_encodings() {
    let rids = "a=rid:f send\r\na=rid:h send pt=96\r\na=rid:q send\r\na=rid:r recv\r\n";
    for (simulcast, expected) in [
        ("a=simulcast:send q;h;f", "qhf"),
        ("a=simulcast:recv r send ~q;h,f", "qh"),
        ("a=simulcast:send f;f;r;h", "fh"),
        ("a=simulcast:recv r", "fhq"),
        ("", "fhq"),
    ] {
        let section = section("m=video 9 X/RTP/S 96", &format!("{rids}{simulcast}"));
        let found: String = section.rids.iter().map(Mid::as_str).collect();
        assert_eq!(found, expected, "{simulcast}");
    }
}

#[test]
fn streams_are_read_from_ssrcs_and_their_groups() {
    let ssrcs = "a=ssrc:5 cname:x\r\na=ssrc:5 msid:y\r\na=ssrc:4294967295 cname:x\r\n\
                 a=ssrc:4294967296 cname:x\r\na=ssrc-group:FID 5 6\r\na=ssrc-group:SIM 7 8";
    let section = section("m=video 9 X/RTP/S 96", ssrcs);
    assert_eq!(section.ssrcs, [Ssrc(5), Ssrc(u32::MAX)]);
    assert_eq!(section.fid_groups, [(Ssrc(5), Ssrc(6))]);
}

#[test]
fn port_0_means_stopped_unless_the_m_line_lives_in_the_bundle() {
    assert!(section("m=audio 0 X/RTP/S 0", "").is_stopped);
    assert!(!section("m=audio 0 X/RTP/S 0", "a=bundle-only").is_stopped);
    assert!(!section("m=audio 9 X/RTP/S 0", "").is_stopped);
}

#[test]
fn what_is_no_rtp_has_no_kind() {
    assert_eq!(section("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "").kind, None);
    assert_eq!(section("m=audio 9 udp 0", "").kind, None);
    assert_eq!(section("m=image 9 UDP/TLS/RTP/SAVPF 96", "").kind, None);
}

#[test]
fn candidates_of_every_sort_are_passed_over() {
    let candidates = "\
        a=candidate:1 1 udp 1 0b4f3c7e-9d2c-4a7e-8f43-3f5c8f6f2a11.local 9 typ host\r\n\
                      a=candidate:garbage\r\na=end-of-candidates";
    assert_eq!(section("m=audio 9 X/RTP/S 0", candidates), section("m=audio 9 X/RTP/S 0", ""));
}

fn offer(lines: &str) -> Offer {
    Offer::parse(&format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{lines}\r\n"))
        .expect("an offer")
}

fn section(m_line: &str, attributes: &str) -> OfferedSection {
    offer(&format!("{m_line}\r\n{attributes}")).sections.remove(0)
}
