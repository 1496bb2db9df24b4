//! RTCP: keyframe requests and sender reports in; reports, REMB and keyframe requests out.
//!
//! A compound packet of a session fits one datagram: the report blocks of 20 streams and the sender
//! reports of 20 slots that send.

use protocol::{
    Bitrate, Duration, EndpointIndex, Instant,
    media::{SeqNo, Ssrc},
};
use sfu_core::{ForwardEvent, Forwarder, ReceiverBlock, congestion::PacketReport};
use sfu_transport::{
    rtcp::{
        NoRoom, NtpTime, ReportBlock, ReportBlocks, Rtcp, RtcpPackets, RtcpWriter, SenderInfo,
        TransportFeedback,
    },
    srtp::RTCP_OVERHEAD_MAX,
};

use super::{Worker, session_mut};
use crate::{
    command::WorkerOutput,
    counters::WorkerDrop,
    session::Session,
    sink::{PacketClass, Sink, Tuple},
    uplink::MESSAGES_MAX,
};

/// How often each session reports: often enough that lips and voice are together soon after a slot
/// begins.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How soon after a report the next may go, where a slot has come to carry something else: its
/// sound and picture have waited differently on their way, so lips wait for the report.
const REPORT_INTERVAL_MIN: Duration = Duration::from_millis(200);

/// The most that a participant may send: a camera's three layers (2.4 Mb/s), a screen (2.5 Mb/s)
/// and sound.
const PUBLISH_BITRATE_BPS: u64 = 5_000_000;

/// The longest compound packet in clear; it must fit UDP payloads of 1 232 bytes sealed.
const COMPOUND_BYTES_MAX: usize = 1_200;

/// Report blocks in one packet (RFC 3550 §6.4.2 has room for 31).
const BLOCKS_MAX: usize = 20;

/// Numbers in one NACK: each takes four bytes at most.
const LOST_MAX: usize = 256;

/// Sender reports in one packet: 20 × 28 bytes beside 20 blocks of 24 and a REMB.
const SENDER_REPORTS_MAX: usize = 20;

impl Worker {
    pub(super) fn handle_rtcp(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) -> Result<(), WorkerDrop> {
        let index = self.tuples.session(tuple).ok_or(WorkerDrop::UnprovenTuple)?;
        let session = session_mut(&mut self.sessions, index).ok_or(WorkerDrop::UnprovenTuple)?;
        let keys = session.keys.as_mut().ok_or(WorkerDrop::NoKeys)?;
        let length = keys.receiver.open_rtcp(datagram).map_err(WorkerDrop::Srtp)?;
        let packets = RtcpPackets::try_new(&datagram[..length]);
        for packet in packets.map_err(|_| WorkerDrop::BadRtcp)? {
            match packet {
                Rtcp::SenderReport(info, blocks) => {
                    if let Some(session) = session_mut(&mut self.sessions, index) {
                        session.sender_reports.note(now, info.ssrc, info.ntp);
                    }
                    let SenderInfo { ssrc, ntp, rtp_time, .. } = info;
                    self.forwarder.handle_sender_report(now, index, ssrc, ntp.0, rtp_time);
                    self.handle_blocks(now, index, blocks);
                }
                Rtcp::ReceiverReport(_, blocks) => self.handle_blocks(now, index, blocks),
                Rtcp::TransportFeedback(feedback) => {
                    self.handle_transport_feedback(now, index, &feedback);
                }
                Rtcp::Remb(remb) => {
                    let estimate = Bitrate::from_bps(remb.bitrate_bps);
                    self.forwarder.handle_receiver_estimate(now, index, estimate);
                }
                Rtcp::Pli { media, .. } => {
                    self.forwarder.handle_keyframe_request(now, index, media);
                }
                Rtcp::Fir { entries, .. } => {
                    for entry in entries {
                        self.forwarder.handle_keyframe_request(now, index, entry.ssrc);
                    }
                }
                Rtcp::Nack { media, lost, .. } => {
                    let (forwarder, mut egress) = self.forwarder_and_egress(now, sink);
                    forwarder.handle_nack(now, index, media, lost, &mut egress);
                }
                // Who leaves the room says so to signaling; here a stream ends.
                Rtcp::Bye(ended) => {
                    for ssrc in ended {
                        self.forwarder.handle_bye(now, index, ssrc);
                    }
                }
                Rtcp::Other { .. } => {}
            }
        }
        Ok(())
    }

    /// Hands what a client says of the slots' streams to the engine.
    fn handle_blocks(&mut self, now: Instant, index: EndpointIndex, blocks: ReportBlocks<'_>) {
        let ntp = self.ntp_at(now);
        for block in blocks {
            let block = ReceiverBlock {
                ssrc: block.ssrc,
                fraction_lost: block.fraction_lost,
                highest_seq: SeqNo(block.highest_seq as u16),
                rtt: round_trip(ntp, &block),
            };
            self.forwarder.handle_receiver_block(now, index, &block);
        }
    }

    /// Hands what a client says of single packets to the engine, on one clock over all messages.
    fn handle_transport_feedback(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        feedback: &TransportFeedback<'_>,
    ) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        let reference_us = session.feedback_clock.micros(feedback.reference);
        let reports = feedback.packets().map(|packet| PacketReport {
            seq: packet.seq.0,
            arrived_us: packet.arrival_micros.map(|micros| reference_us.saturating_add(micros)),
        });
        self.forwarder.handle_packet_reports(now, index, reports);
    }

    /// Carries out what the engine asks for: keyframes of publishers, and word of slots
    /// and lines.
    pub(super) fn serve_forwarder(&mut self, now: Instant, sink: &mut impl Sink) {
        while self.outputs.has_room_for_slots()
            && let Some(event) = self.forwarder.poll_event()
        {
            match event {
                ForwardEvent::KeyframeWanted { endpoint, ssrc } => {
                    self.send_keyframe_request(now, endpoint, ssrc, sink);
                }
                ForwardEvent::PacketsMissing { endpoint, ssrc } => {
                    self.send_nack(now, endpoint, ssrc, sink);
                }
                ForwardEvent::SlotsChanged { endpoint } => {
                    if let Some(session) = session_mut(&mut self.sessions, endpoint) {
                        session.reports_early = true;
                    }
                    for (mid, carries) in self.forwarder.take_changed_slots(endpoint) {
                        self.outputs.push(WorkerOutput::Slot(endpoint, mid, carries));
                    }
                }
                ForwardEvent::SpeakerChanged { room, participant } => {
                    self.outputs.push(WorkerOutput::Speaker(room, participant));
                }
                ForwardEvent::SendConstraintsChanged { endpoint } => {
                    for constraint in self.forwarder.take_send_constraints(endpoint) {
                        self.outputs.push(WorkerOutput::SendConstraint(endpoint, constraint));
                    }
                }
                ForwardEvent::ConnectionChanged { endpoint } => {
                    let state = self.forwarder.take_connection_state(now, endpoint);
                    if let Some(state) = state {
                        self.outputs.push(WorkerOutput::Connection(endpoint, state));
                    }
                }
            }
        }
    }

    fn send_keyframe_request(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        ssrc: Ssrc,
        sink: &mut impl Sink,
    ) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        let own = session.rtcp_ssrc;
        let sent = send_compound(now, session, sink, |writer| {
            // RFC 4585 §3.1: feedback stands behind a report.
            writer.receiver_report(own, &[])?;
            writer.pli(own, ssrc)
        });
        self.counters.invariant_violations += u64::from(sent.is_err());
    }

    /// Asks for what a stream lacks.
    fn send_nack(&mut self, now: Instant, index: EndpointIndex, ssrc: Ssrc, sink: &mut impl Sink) {
        let mut lost = [SeqNo(0); LOST_MAX];
        let count = self.forwarder.take_missing(now, index, ssrc, &mut lost);
        let Some(session) = session_mut(&mut self.sessions, index).filter(|_| count > 0) else {
            return;
        };
        let own = session.rtcp_ssrc;
        let sent = send_compound(now, session, sink, |writer| {
            // RFC 4585 §3.1: feedback stands behind a report.
            writer.receiver_report(own, &[])?;
            writer.nack(own, ssrc, &lost[..count])
        });
        self.counters.invariant_violations += u64::from(sent.is_err());
    }

    /// Sends what is due once a second: how a participant's streams arrive, how much they may send,
    /// and the clocks of what they receive.
    pub(super) fn send_reports(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        sink: &mut impl Sink,
    ) {
        let ntp = self.ntp_at(now);
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        let remaining = session.next_report.saturating_duration_since(now);
        let wait = if session.reports_early {
            REPORT_INTERVAL - REPORT_INTERVAL_MIN
        } else {
            Duration::ZERO
        };
        if remaining > wait || !session.is_ready(now) {
            return;
        }
        session.reports_early = false;
        session.next_report = now + REPORT_INTERVAL;
        let own = session.rtcp_ssrc;
        let reception = Reception::take(now, session, &mut self.forwarder);
        let forwarder = &self.forwarder;
        let sent = send_compound(now, session, sink, |writer| {
            writer.receiver_report(own, reception.blocks())?;
            writer.cname(own, b"preau")?;
            if reception.count > 0 {
                writer.remb(own, PUBLISH_BITRATE_BPS, &reception.ssrcs()[..reception.count])?;
            }
            let streams = forwarder.outgoing_streams(now, index);
            let flowing = streams.filter_map(|stream| Some((stream, stream.rtp_time?)));
            for (stream, rtp_time) in flowing.take(SENDER_REPORTS_MAX) {
                let info = SenderInfo {
                    ssrc: stream.ssrc,
                    ntp,
                    rtp_time,
                    packet_count: stream.packets as u32,
                    octet_count: stream.octets as u32,
                };
                writer.sender_report(&info, &[])?;
            }
            Ok(())
        });
        self.counters.invariant_violations += u64::from(sent.is_err());
    }

    /// Says when packets arrived, if enough did since the last time.
    pub(super) fn send_transport_feedback(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        sink: &mut impl Sink,
    ) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        if !session.is_ready(now) || !session.uplink.take_due(now) {
            return;
        }
        let own = session.rtcp_ssrc;
        // The log is its own while the session's keys seal what is read from it.
        let mut log = std::mem::take(&mut session.uplink.log);
        for _ in 0..MESSAGES_MAX {
            if !log.is_pending() {
                break;
            }
            let sent = send_compound(now, session, sink, |writer| {
                writer.receiver_report(own, &[])?;
                writer.transport_feedback(own, &mut log)
            });
            self.counters.invariant_violations += u64::from(sent.is_err());
        }
        session.uplink.log = log;
    }

    fn ntp_at(&self, now: Instant) -> NtpTime {
        let micros = u128::from(now.as_micros());
        NtpTime(self.ntp_at_zero.wrapping_add(((micros << 32) / 1_000_000) as u64))
    }
}

/// What RFC 3550 §6.4.1 makes of a block: now − LSR − DLSR, in units of 2^-16 s; nothing if no
/// report of ours is named, or more than a minute would be.
fn round_trip(now: NtpTime, block: &ReportBlock) -> Option<Duration> {
    /// In units of 2^-16 s.
    const MINUTE: u32 = 60 << 16;
    if block.last_sender_report == 0 {
        return None;
    }
    let since = now.middle().wrapping_sub(block.last_sender_report);
    let units = since.checked_sub(block.delay_since_sender_report).filter(|it| *it < MINUTE)?;
    Some(Duration::from_micros((u64::from(units) * 1_000_000) >> 16))
}

/// Report blocks about one participant's streams.
struct Reception {
    blocks: [ReportBlock; BLOCKS_MAX],
    count: usize,
}

impl Reception {
    fn take(now: Instant, session: &Session, forwarder: &mut Forwarder) -> Self {
        let empty = ReportBlock {
            ssrc: Ssrc(0),
            fraction_lost: 0,
            cumulative_lost: 0,
            highest_seq: 0,
            jitter: 0,
            last_sender_report: 0,
            delay_since_sender_report: 0,
        };
        let mut reception = Reception { blocks: [empty; BLOCKS_MAX], count: 0 };
        for report in forwarder.reception_reports(session.index).take(BLOCKS_MAX) {
            reception.blocks[reception.count] = session.sender_reports.block(now, &report);
            reception.count += 1;
        }
        reception
    }

    fn blocks(&self) -> &[ReportBlock] {
        &self.blocks[..self.count]
    }

    fn ssrcs(&self) -> [Ssrc; BLOCKS_MAX] {
        self.blocks.map(|block| block.ssrc)
    }
}

/// Composes an RTCP packet in the clear, seals it and sends it to the session's client.
fn send_compound(
    now: Instant,
    session: &mut Session,
    sink: &mut impl Sink,
    compose: impl FnOnce(&mut RtcpWriter<'_>) -> Result<(), NoRoom>,
) -> Result<(), NoRoom> {
    let (Some(tuple), Some(keys)) = (session.media_tuple(now).copied(), session.keys.as_mut())
    else {
        return Ok(());
    };
    let mut buffer = [0; COMPOUND_BYTES_MAX + RTCP_OVERHEAD_MAX];
    let mut writer = RtcpWriter::new(&mut buffer[..COMPOUND_BYTES_MAX]);
    compose(&mut writer)?;
    let plain_length = writer.length();
    let sealed_length = keys.sender.seal_rtcp(&mut buffer, plain_length).map_err(|_| NoRoom)?;
    let sealed = &buffer[..sealed_length];
    if let Some(space) = sink.reserve(session.index, &tuple, sealed_length, PacketClass::Control) {
        space.copy_from_slice(sealed);
    }
    Ok(())
}
