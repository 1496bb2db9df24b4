//! RTP of real browsers, from the folder that `PREAU_VECTORS` names.

use std::path::PathBuf;

use protocol::{
    EndpointIndex, Instant,
    media::{Codec, Source},
    rtp::RtpHeader,
};
use sfu_core::codec::{self, dependency::Dependencies, layers_allocation::LayersAllocation};

use crate::scene::{Scene, plan};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads captures, and says so where it cannot"
)]
/// Packets of a capture of Ethernet, IPv4 and UDP, with their times.
pub(crate) fn captured(name: &str) -> Option<Vec<(Instant, Vec<u8>)>> {
    let Some(folder) = std::env::var_os("PREAU_VECTORS") else {
        eprintln!("skipped: PREAU_VECTORS names no folder of captures");
        return None;
    };
    let path = PathBuf::from(folder).join("captures").join(name);
    let bytes = std::fs::read(&path).expect("the capture is there");
    assert_eq!(bytes[..4], [0xD4, 0xC3, 0xB2, 0xA1], "a little-endian pcap");
    let mut rest = &bytes[24..];
    let mut packets = Vec::new();
    while let Some((head, after)) = rest.split_at_checked(16) {
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (frame, after) = after.split_at(word(8) as usize);
        rest = after;
        let micros = u64::from(word(0)) * 1_000_000 + u64::from(word(4));
        // Ethernet 14, IPv4 20, UDP 8.
        packets.push((Instant::from_micros(micros), frame[42..].to_vec()));
    }
    Some(packets)
}

#[test]
fn a_browsers_vp8_goes_through_whole_and_in_order() {
    let Some(packets) = captured("vp8.pcap") else { return };
    let first = RtpHeader::parse(&packets[0].1).expect("RTP");
    let mut publisher = plan(0, 1);
    for section in &mut publisher.publishes {
        if section.source == Source::Screen {
            section.ssrcs = vec![first.ssrc];
            section.payloads[0].pt = first.pt;
        }
        section.extensions = protocol::media::ExtensionIds::default();
    }
    let mut scene = Scene::empty(sfu_core::Limits::default());
    scene.now = packets[0].0;
    scene.join(0, &publisher);
    scene.join(1, &plan(1, 1));
    scene.turn_on(0, Source::Screen);
    let mut keyframe_at = None;
    let mut sent = 0;
    for (place, (at, packet)) in packets.iter().enumerate() {
        let header = RtpHeader::parse(packet).expect("RTP");
        if header.ssrc != first.ssrc || header.pt != first.pt {
            continue;
        }
        let step = at.saturating_duration_since(scene.now).as_millis() as u64;
        scene.wait(step);
        assert_eq!(scene.send_raw(0, packet), Ok(()), "packet {place}");
        if keyframe_at.is_none() && !scene.carried(1).is_empty() {
            keyframe_at = Some(place);
        }
        sent += usize::from(keyframe_at.is_some());
    }
    let arrived = scene.take();
    assert!(keyframe_at.is_some(), "the capture has a keyframe");
    assert!(sent > 20 && arrived.len() == sent, "{} of {sent} arrived", arrived.len());
    for pair in arrived.windows(2) {
        assert!(pair[1].seq().distance_from(pair[0].seq()) >= 1);
        let step = pair[1].time().distance_from(pair[0].time());
        let pictures = pair[1].picture().wrapping_sub(pair[0].picture()) & 0x7FFF;
        assert_eq!(step == 0, pictures == 0, "a picture id per frame");
        assert!(pictures <= 2 && step >= 0);
    }
    let streams = scene.forwarder.reception_reports(EndpointIndex(0)).count();
    assert_eq!(streams, 1);
}

#[test]
fn captures_of_other_codecs_are_no_vp8_keyframes_and_break_nothing() {
    for name in ["h264.pcap", "vp9.pcap", "av1.pcap"] {
        let Some(packets) = captured(name) else { return };
        let mut scene = Scene::empty(sfu_core::Limits::default());
        let mut publisher = plan(0, 1);
        for section in &mut publisher.publishes {
            section.ssrcs.clear();
            section.extensions = protocol::media::ExtensionIds::default();
            let payload = section.payloads[0];
            section.payloads.clear();
            if section.source == Source::Screen {
                let pts = (0..64).chain(96..128);
                section.payloads.extend(pts.map(|pt| protocol::media::Payload {
                    pt: protocol::media::Pt(pt),
                    rtx: None,
                    ..payload
                }));
            }
        }
        scene.join(0, &publisher);
        scene.join(1, &plan(1, 1));
        scene.turn_on(0, Source::Screen);
        for (_, packet) in &packets {
            if RtpHeader::parse(packet).is_some() {
                let _ = scene.send_raw(0, packet);
            }
            scene.wait(1);
        }
        assert_eq!(scene.take_counts(), [0, 0], "{name}");
    }
}

/// Corpora of other projects that were made for RTP and what it carries.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads corpora, and says so where it cannot"
)]
fn corpora() -> Vec<Vec<u8>> {
    let Some(folder) = std::env::var_os("PREAU_VECTORS") else {
        eprintln!("skipped: PREAU_VECTORS names no folder of corpora");
        return Vec::new();
    };
    let files = ["rtp", "rtcp", "srtp"].into_iter().flat_map(|name| {
        let entries = std::fs::read_dir(PathBuf::from(&folder).join(name));
        entries.expect("the corpus is there").map(|entry| entry.expect("a readable folder").path())
    });
    files.map(|path| std::fs::read(path).expect("a readable file")).collect()
}

#[test]
fn no_corpus_makes_a_reader_of_payloads_or_descriptors_fail() {
    let mut dependencies = Dependencies::default();
    let files = corpora();
    let mut read = 0;
    for bytes in &files {
        // As it is, and as what stands behind a fixed header.
        for bytes in [&bytes[..], bytes.get(12..).unwrap_or_default()] {
            for codec in Codec::ALL {
                for marker in [false, true] {
                    read += usize::from(codec::read_payload(codec, bytes, marker).is_some());
                }
            }
            let extension = &bytes[..bytes.len().min(255)];
            let _ = dependencies.read(extension);
            let _ = LayersAllocation::parse(extension);
        }
    }
    println!("{read} payloads were well-formed");
}
