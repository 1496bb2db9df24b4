//! Op `parse`: what the parsers read in a packet.

mod codecs;

use protocol::{
    Instant,
    media::{Codec, Ssrc},
    rtp::RtpHeader,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sfu_core::codec::dependency::Dependencies;
use sfu_transport::rtcp::{ReferenceClock, ReportBlock, Rtcp, RtcpPackets, TransportFeedback};

use self::codecs::{Payload, read_allocation, read_dependencies, read_payload};
use super::{
    Event, Machine, Op, Outcome,
    hex::{self, Hex},
};

pub(super) const OP: Op = Op {
    name: "parse",
    what: "reads bytes: `rtp`, `rtcp`, `vp8`, `vp9`, `h264`, `av1`, `dependency`, `allocation`",
    example: r#"{"t":0,"op":"parse","rtcp":"81ce0002 00000001 00000002"}"#,
};

/// What is to be read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// An RTP packet in clear.
    Rtp(Hex),
    /// A compound RTCP packet in clear.
    Rtcp(Hex),
    /// A packet's payload.
    Vp8(Payload),
    /// See `Vp8`.
    Vp9(Payload),
    /// See `Vp8`.
    H264(Payload),
    /// See `Vp8`.
    Av1(Payload),
    /// The value of a dependency descriptor; its structure holds for the ones behind it.
    Dependency(Hex),
    /// The value of a video-layers-allocation.
    Allocation(Hex),
}

/// The state that is carried from packet to packet.
#[derive(Debug, Default)]
pub(super) struct Parse {
    dependencies: Dependencies,
}

impl Machine for Parse {
    type Line = Line;

    fn take(&mut self, _now: Instant, line: Line) -> Outcome {
        match line {
            Line::Rtp(Hex(packet)) => Ok(vec![read_rtp(&packet)]),
            Line::Rtcp(Hex(compound)) => Ok(read_rtcp(&compound)),
            Line::Vp8(payload) => Ok(vec![read_payload(Codec::Vp8, "vp8", payload)]),
            Line::Vp9(payload) => Ok(vec![read_payload(Codec::Vp9, "vp9", payload)]),
            Line::H264(payload) => Ok(vec![read_payload(Codec::H264, "h264", payload)]),
            Line::Av1(payload) => Ok(vec![read_payload(Codec::Av1, "av1", payload)]),
            Line::Dependency(Hex(value)) => {
                Ok(vec![read_dependencies(&mut self.dependencies, &value)])
            }
            Line::Allocation(Hex(value)) => Ok(vec![read_allocation(&value)]),
        }
    }
}

fn malformed(kind: &str) -> Event {
    Event("malformed", json!({ "kind": kind }))
}

fn read_rtp(packet: &[u8]) -> Event {
    let Some(header) = RtpHeader::parse(packet) else { return malformed("rtp") };
    let Some(payload) = header.payload(packet) else { return malformed("rtp") };
    let csrc_count = usize::from(packet[0] & 0x0F);
    let csrcs = packet.get(12..12 + 4 * csrc_count).unwrap_or(&[]).as_chunks::<4>().0;
    let csrcs: Vec<u32> = csrcs.iter().map(|csrc| u32::from_be_bytes(*csrc)).collect();
    let extensions = header.extensions(packet);
    let extensions: Vec<Value> =
        extensions.map(|(id, value)| json!({ "id": id, "hex": hex::write(value) })).collect();
    let padding = packet.len() - usize::from(header.payload_offset) - payload.len();
    Event(
        "rtp",
        json!({
            "pt": header.pt.0, "marker": header.marker, "seq": header.seq.0,
            "timestamp": header.timestamp.0, "ssrc": header.ssrc.0, "csrcs": csrcs,
            "extensions": extensions, "payload_at": header.payload_offset,
            "payload_bytes": payload.len(), "padding": padding,
        }),
    )
}

/// One event for each packet of the compound; a compound with one wrong part is refused as a whole.
fn read_rtcp(compound: &[u8]) -> Vec<Event> {
    match RtcpPackets::try_new(compound) {
        Ok(packets) => packets.map(|packet| Event("rtcp", describe(packet))).collect(),
        Err(_) => vec![malformed("rtcp")],
    }
}

fn describe(packet: Rtcp<'_>) -> Value {
    let numbers =
        |ssrcs: &mut dyn Iterator<Item = Ssrc>| -> Vec<u32> { ssrcs.map(|ssrc| ssrc.0).collect() };
    match packet {
        Rtcp::SenderReport(info, blocks) => json!({
            "type": "sender_report", "ssrc": info.ssrc.0, "ntp": format!("{:016x}", info.ntp.0),
            "timestamp": info.rtp_time.0, "packets": info.packet_count,
            "octets": info.octet_count, "blocks": blocks.map(block).collect::<Vec<_>>(),
        }),
        Rtcp::ReceiverReport(sender, blocks) => json!({
            "type": "receiver_report", "sender": sender.0,
            "blocks": blocks.map(block).collect::<Vec<_>>(),
        }),
        Rtcp::Bye(mut ssrcs) => json!({ "type": "bye", "ssrcs": numbers(&mut ssrcs) }),
        Rtcp::Pli { sender, media } => {
            json!({ "type": "pli", "sender": sender.0, "media": media.0 })
        }
        Rtcp::Fir { sender, entries } => {
            let one = |ssrc: u32, command: u8| json!({ "ssrc": ssrc, "command": command });
            let entries: Vec<_> = entries.map(|it| one(it.ssrc.0, it.command)).collect();
            json!({ "type": "fir", "sender": sender.0, "entries": entries })
        }
        Rtcp::Nack { sender, media, lost } => json!({
            "type": "nack", "sender": sender.0, "media": media.0,
            "lost": lost.map(|seq| seq.0).collect::<Vec<_>>(),
        }),
        Rtcp::Remb(mut remb) => json!({
            "type": "remb", "sender": remb.sender.0, "bits_per_second": remb.bitrate_bps,
            "ssrcs": numbers(&mut remb.streams),
        }),
        Rtcp::TransportFeedback(feedback) => describe_feedback(&feedback),
        Rtcp::Other { packet_type, count } => {
            json!({ "type": "other", "packet_type": packet_type, "count": count })
        }
    }
}

/// Arrivals are in milliseconds on the receiver's clock.
fn describe_feedback(feedback: &TransportFeedback<'_>) -> Value {
    let reference = ReferenceClock::default().micros(feedback.reference);
    let packets: Vec<Value> = feedback
        .packets()
        .map(|packet| {
            let arrival = packet.arrival_micros.map(|it| (reference + it) as f64 / 1_000.0);
            json!({ "seq": packet.seq.0, "arrival": arrival })
        })
        .collect();
    json!({
        "type": "transport_feedback", "sender": feedback.sender.0, "media": feedback.media.0,
        "count": feedback.feedback_count, "packets": packets,
    })
}

fn block(block: ReportBlock) -> Value {
    json!({
        "ssrc": block.ssrc.0, "fraction_lost": block.fraction_lost,
        "cumulative_lost": block.cumulative_lost, "highest_seq": block.highest_seq,
        "jitter": block.jitter, "last_sender_report": block.last_sender_report,
        "delay_since_sender_report": block.delay_since_sender_report,
    })
}
