//! What the engine counts, and the reasons for which it drops.

use crate::congestion::SentKind;

/// Why a packet was not forwarded, or not to one receiver. Its [`ForwardDrop::name`] is the metric
/// label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ForwardDrop {
    /// No such endpoint, or its room is gone.
    #[error("unknown endpoint")]
    UnknownEndpoint,
    /// The publisher is over its packet budget.
    #[error("over the publisher's budget")]
    OverBudget,
    /// Neither MID, declared SSRC nor payload type says what the stream is.
    #[error("stream maps to nothing")]
    Unmapped,
    /// The publisher has as many SSRCs as it may.
    #[error("table of streams is full")]
    TooManyStreams,
    /// The payload type is not of the stream's m-line.
    #[error("unknown payload type")]
    UnknownPayloadType,
    /// A retransmission of a stream that is not known.
    #[error("repair of an unknown stream")]
    Repair,
    /// A packet of nothing but padding on a retransmission stream: a probe.
    #[error("padding of a repair stream")]
    RepairPadding,
    /// A retransmission of what is not missing: a probe, or one that came too late.
    #[error("repair of what is not missing")]
    NotMissing,
    /// The encoding takes more than the operator lets cameras take.
    #[error("over the limit of cameras")]
    OverCameraLimit,
    /// Another SSRC has taken over this layer.
    #[error("superseded stream")]
    Superseded,
    /// The source is off.
    #[error("source is off")]
    SourceOff,
    /// A payload descriptor or padding count that contradicts its packet.
    #[error("malformed payload")]
    Malformed,
    /// Nothing but padding.
    #[error("empty payload")]
    Empty,
    /// Silence, of which the first three packets were forwarded.
    #[error("silence")]
    Silence,
    /// Not among the loudest voices of the room.
    #[error("quiet voice")]
    QuietVoice,
    /// One receiver: its slot waits for a keyframe.
    #[error("awaiting a keyframe")]
    AwaitingKeyframe,
    /// One receiver: its slot has had this packet.
    #[error("duplicate")]
    Duplicate,
    /// One receiver: the packet is older than the reordering window, or than the last switch.
    #[error("too late")]
    TooLate,
    /// One receiver: the slot's clock is ahead of a new voice, so its first packet waits.
    #[error("held for the slot's clock")]
    HeldForClock,
    /// One receiver: the slot has sent as many packets as an SSRC may.
    #[error("over the slot's rate")]
    OverSlotRate,
    /// One receiver: the packet is of a layer above the slot's limit.
    #[error("layer left out")]
    LayerLeftOut,
    /// One receiver: it has not negotiated the codec.
    #[error("codec not negotiated")]
    NoCodec,
    /// One receiver: so much waits for its line that no frame is begun.
    #[error("line full")]
    LineFull,
    /// One receiver: a queue of its packets is full.
    #[error("queue full")]
    QueueFull,
    /// One receiver: the payload was overwritten, or its publisher left, while the packet waited.
    #[error("overwritten while it waited")]
    Overwritten,
    /// A NACK: the packet was never sent, or is no longer kept.
    #[error("no longer kept")]
    Forgotten,
    /// A NACK: the packet was sent again a moment ago, or as often as one may be.
    #[error("sent again already")]
    SentAgain,
    /// A NACK: the receiver's share for retransmissions is used up.
    #[error("over the budget of retransmissions")]
    OverRepairBudget,
    /// A NACK: the receiver has negotiated no retransmissions and its cipher allows no copies.
    #[error("no retransmissions negotiated")]
    NoRepair,
    /// A NACK: its sender has named more packets than it may, so the rest was not looked at.
    #[error("flood of NACKs")]
    NackFlood,
}

impl ForwardDrop {
    /// Every reason, in the order of their counters.
    pub const ALL: [ForwardDrop; 30] = [
        ForwardDrop::UnknownEndpoint,
        ForwardDrop::OverBudget,
        ForwardDrop::Unmapped,
        ForwardDrop::TooManyStreams,
        ForwardDrop::UnknownPayloadType,
        ForwardDrop::Repair,
        ForwardDrop::RepairPadding,
        ForwardDrop::NotMissing,
        ForwardDrop::OverCameraLimit,
        ForwardDrop::Superseded,
        ForwardDrop::SourceOff,
        ForwardDrop::Malformed,
        ForwardDrop::Empty,
        ForwardDrop::Silence,
        ForwardDrop::QuietVoice,
        ForwardDrop::AwaitingKeyframe,
        ForwardDrop::Duplicate,
        ForwardDrop::TooLate,
        ForwardDrop::HeldForClock,
        ForwardDrop::OverSlotRate,
        ForwardDrop::LayerLeftOut,
        ForwardDrop::NoCodec,
        ForwardDrop::LineFull,
        ForwardDrop::QueueFull,
        ForwardDrop::Overwritten,
        ForwardDrop::Forgotten,
        ForwardDrop::SentAgain,
        ForwardDrop::OverRepairBudget,
        ForwardDrop::NoRepair,
        ForwardDrop::NackFlood,
    ];

    /// The label of the metric.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ForwardDrop::UnknownEndpoint => "unknown_endpoint",
            ForwardDrop::OverBudget => "over_budget",
            ForwardDrop::Unmapped => "unmapped",
            ForwardDrop::TooManyStreams => "too_many_streams",
            ForwardDrop::UnknownPayloadType => "unknown_payload_type",
            ForwardDrop::Repair => "repair",
            ForwardDrop::RepairPadding => "repair_padding",
            ForwardDrop::NotMissing => "not_missing",
            ForwardDrop::OverCameraLimit => "over_camera_limit",
            ForwardDrop::Superseded => "superseded",
            ForwardDrop::SourceOff => "source_off",
            ForwardDrop::Malformed => "malformed",
            ForwardDrop::Empty => "empty",
            ForwardDrop::Silence => "silence",
            ForwardDrop::QuietVoice => "quiet_voice",
            ForwardDrop::AwaitingKeyframe => "awaiting_keyframe",
            ForwardDrop::Duplicate => "duplicate",
            ForwardDrop::TooLate => "too_late",
            ForwardDrop::HeldForClock => "held_for_clock",
            ForwardDrop::OverSlotRate => "over_slot_rate",
            ForwardDrop::LayerLeftOut => "layer_left_out",
            ForwardDrop::NoCodec => "no_codec",
            ForwardDrop::LineFull => "line_full",
            ForwardDrop::QueueFull => "queue_full",
            ForwardDrop::Overwritten => "overwritten",
            ForwardDrop::Forgotten => "forgotten",
            ForwardDrop::SentAgain => "sent_again",
            ForwardDrop::OverRepairBudget => "over_repair_budget",
            ForwardDrop::NoRepair => "no_repair",
            ForwardDrop::NackFlood => "nack_flood",
        }
    }
}

/// Totals since the start of the worker. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that came from publishers.
    pub received_packets: u64,
    /// Their bytes, RTP headers included.
    pub received_bytes: u64,
    /// Packets handed to the egress.
    pub forwarded_packets: u64,
    /// Their bytes, RTP headers included.
    pub forwarded_bytes: u64,
    /// Sounds that were lost on the way here and forwarded from a later packet's redundancy.
    pub recovered_frames: u64,
    /// Streams that their publishers ended with a BYE.
    pub ended_streams: u64,
    /// Keyframes asked of publishers.
    pub keyframe_requests: u64,
    /// Keyframes that receivers asked for and that were not passed on, being too many.
    pub keyframe_requests_refused: u64,
    /// Sources that took over a slot.
    pub remaps: u64,
    /// Forwarded packets that waited for a receiver's line.
    pub delayed_packets: u64,
    /// Packets that receivers asked for again.
    pub nacked_packets: u64,
    /// Packets that were sent again.
    pub retransmitted_packets: u64,
    /// Their bytes, RTP headers included.
    pub retransmitted_bytes: u64,
    /// Packets sent to try a line or to fill it: old ones again, or padding alone.
    pub padding_packets: u64,
    /// Their bytes, RTP headers included.
    pub padding_bytes: u64,
    /// Packets that publishers were asked for again; each counts as often as it was asked for.
    pub missing_packets_asked: u64,
    /// Packets that were missing and came.
    pub missing_packets_found: u64,
    /// Feedback about SSRCs that its sender does not receive.
    pub foreign_feedback: u64,
    drops: [u64; ForwardDrop::ALL.len()],
}

impl Counters {
    /// How often `reason` was the case.
    #[must_use]
    pub const fn drops(&self, reason: ForwardDrop) -> u64 {
        self.drops[reason as usize]
    }

    /// Counts a packet of `bytes` that was sent again.
    pub(crate) const fn count_again(&mut self, kind: SentKind, bytes: usize) {
        let (packets, total) = match kind {
            SentKind::Audio | SentKind::Video => return,
            SentKind::Rtx => (&mut self.retransmitted_packets, &mut self.retransmitted_bytes),
            SentKind::Padding => (&mut self.padding_packets, &mut self.padding_bytes),
        };
        *packets += 1;
        *total += bytes as u64;
    }

    pub(crate) const fn count(&mut self, reason: ForwardDrop) {
        self.drops[reason as usize] += 1;
    }
}
