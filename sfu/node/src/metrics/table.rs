//! Every metric of the node.

/// How a value behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// In what a worker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things or bytes.
    Whole,
    /// Microseconds, exported as seconds.
    Micros,
}

impl Unit {
    /// `value` in Prometheus' base unit.
    #[must_use]
    pub fn base(self, value: u64) -> f64 {
        match self {
            Unit::Whole => value as f64,
            Unit::Micros => value as f64 / 1e6,
        }
    }
}

/// A declared metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// In what it is counted.
    pub unit: Unit,
    /// The name of its label, if it has one.
    pub label: Option<&'static str>,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Counter, unit: Unit::Whole, label: None }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: Kind::Gauge, unit: Unit::Whole, label: None }
}

impl Metric {
    const fn by(self, label: &'static str) -> Metric {
        Metric { label: Some(label), ..self }
    }

    const fn in_micros(self) -> Metric {
        Metric { unit: Unit::Micros, ..self }
    }
}

/// All of them, in the order of a packet's way.
pub const METRICS: &[Metric] = &[
    counter("sfu_received_datagrams_total", "Datagrams received on the media port."),
    counter("sfu_received_bytes_total", "UDP payload bytes received on the media port."),
    counter(
        "sfu_received_merged_datagrams_total",
        "Datagrams that the kernel delivered merged with others (UDP_GRO).",
    ),
    counter("sfu_received_empty_total", "Datagrams without content."),
    counter(
        "sfu_receive_overflow_total",
        "Datagrams that the kernel dropped because the receive buffer was full.",
    ),
    counter("sfu_receive_errors_total", "Failed calls to receive."),
    counter("sfu_dropped_datagrams_total", "Received datagrams that were dropped, by reason.")
        .by("reason"),
    gauge("sfu_sessions", "Sessions of participants."),
    gauge("sfu_proven_tuples", "Addresses that sessions have proven to be theirs."),
    counter("sfu_received_packets_total", "Media packets from publishers."),
    counter("sfu_received_packet_bytes_total", "Bytes of them, RTP headers included."),
    counter("sfu_forwarded_packets_total", "Media packets to receivers."),
    counter("sfu_forwarded_packet_bytes_total", "Bytes of them, RTP headers included."),
    counter(
        "sfu_not_forwarded_packets_total",
        "Media packets that were not forwarded, or not to one receiver, by reason.",
    )
    .by("reason"),
    counter(
        "sfu_keyframe_requests_total",
        "Keyframe requests to publishers, by what became of them.",
    )
    .by("outcome"),
    counter("sfu_delayed_packets_total", "Forwarded packets that waited for a receiver's line."),
    counter("sfu_nacked_packets_total", "Packets that receivers asked for again."),
    counter("sfu_retransmitted_packets_total", "Packets that receivers were sent again."),
    counter("sfu_retransmitted_packet_bytes_total", "Bytes of them, RTP headers included."),
    counter(
        "sfu_padding_packets_total",
        "Packets to receivers that tried or filled a line: old ones again, or padding alone.",
    ),
    counter("sfu_padding_packet_bytes_total", "Bytes of them, RTP headers included."),
    counter("sfu_missing_packets_total", "Packets that publishers' lines lost, by what was done.")
        .by("outcome"),
    counter(
        "sfu_foreign_feedback_total",
        "Feedback of receivers about streams that they do not receive.",
    ),
    counter("sfu_slot_remaps_total", "Sources that took over a slot."),
    counter("sfu_ended_streams_total", "Streams that their publishers ended with a BYE."),
    counter(
        "sfu_recovered_frames_total",
        "Frames of sound that were lost and came from redundancy.",
    ),
    gauge("sfu_streams", "Open TCP connections that carry media, by kind.").by("kind"),
    counter("sfu_streams_opened_total", "TCP connections taken to carry media, by kind.")
        .by("kind"),
    counter("sfu_streams_refused_total", "TCP connections not taken, by reason.").by("reason"),
    counter("sfu_streams_ended_total", "TCP connections that carried media, by how they ended.")
        .by("cause"),
    counter("sfu_stream_received_datagrams_total", "Datagrams that came over TCP."),
    counter("sfu_stream_sent_datagrams_total", "Datagrams handed on to go over TCP."),
    counter("sfu_stream_sent_bytes_total", "Bytes of them."),
    counter(
        "sfu_stream_dropped_total",
        "Messages and datagrams of TCP connections that were dropped on either way, by reason.",
    )
    .by("reason"),
    counter("sfu_sent_datagrams_total", "Datagrams handed to the kernel."),
    counter("sfu_sent_bytes_total", "UDP payload bytes handed to the kernel."),
    counter("sfu_sent_trains_total", "Trains handed to the kernel as one message."),
    counter("sfu_sent_train_datagrams_total", "Datagrams handed to the kernel in trains."),
    counter("sfu_refused_trains_total", "Trains that were refused and went as single datagrams."),
    counter("sfu_send_dropped_datagrams_total", "Datagrams that were not sent, by reason.")
        .by("reason"),
    counter("sfu_send_early_flushes_total", "Flushes before the end of a turn: arena full."),
    counter("sfu_send_waits_total", "Waits for a full send buffer."),
    counter("sfu_send_wait_seconds_total", "Time waited for a full send buffer.").in_micros(),
    gauge("sfu_gso_active", "Workers whose trains the kernel or the network card cuts."),
    gauge("sfu_gro_active", "Workers whose socket merges datagrams on receipt."),
    gauge("sfu_socket_buffer_bytes", "Socket buffers as granted by the kernel.").by("direction"),
    counter("sfu_turns_total", "Turns of the media loops."),
    counter("sfu_worker_cpu_seconds_total", "Processor time of the media threads.").in_micros(),
    counter(
        "sfu_worker_allocations_total",
        "Calls of the allocator by the media threads, in builds that count them.",
    ),
    counter("sfu_commands_total", "Commands of the control side that workers have applied."),
    counter(
        "sfu_output_stalls_total",
        "Turns that ended with outputs the control side had no room for.",
    ),
    counter("sfu_invariant_violations_total", "Faults that were contained: each is a bug.")
        .by("site"),
    counter("sfu_discarded_datagrams_total", "Datagrams that were not sent because of a fault."),
    counter("sfu_requests_total", "Requests of signaling that the control side has taken."),
];
