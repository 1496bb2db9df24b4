//! The worker and its control side as the loops drive them.

use protocol::{
    Instant,
    node::{NodeReport, NodeRequest},
};
use sfu_worker::{
    Control, Counters, ForwardDrop, Path, Sink, Tuple, Worker, WorkerCommand, WorkerDrop,
    WorkerOutput,
};

use crate::{control_loop::Director, media_loop::Machine, metrics::Snapshot};

impl Machine for Worker {
    type Command = WorkerCommand;
    type Output = WorkerOutput;

    fn handle_datagram(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) {
        Worker::handle_datagram(self, now, tuple, datagram, sink);
    }

    fn handle_command(&mut self, now: Instant, command: WorkerCommand, sink: &mut impl Sink) {
        Worker::handle_command(self, now, command, sink);
    }

    fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink) {
        Worker::handle_timeout(self, now, sink);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Worker::poll_timeout(self)
    }

    fn poll_output(&mut self) -> Option<WorkerOutput> {
        Worker::poll_output(self)
    }

    fn handle_path_closed(&mut self, now: Instant, path: Path) {
        Worker::handle_path_closed(self, now, path);
    }

    fn count_into(&self, snapshot: &mut Snapshot) {
        count_worker(&self.counters(), snapshot);
    }
}

impl Director for Control {
    type Command = WorkerCommand;
    type Output = WorkerOutput;

    fn handle_request(&mut self, now: Instant, request: NodeRequest) {
        Control::handle_request(self, now, request);
    }

    fn handle_output(&mut self, now: Instant, output: WorkerOutput) {
        Control::handle_output(self, now, output);
    }

    fn handle_timeout(&mut self, now: Instant) {
        Control::handle_timeout(self, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Control::poll_timeout(self)
    }

    fn poll_command(&mut self) -> Option<(usize, WorkerCommand)> {
        Control::poll_command(self)
    }

    fn poll_report(&mut self) -> Option<NodeReport> {
        Control::poll_report(self)
    }
}

/// What a worker counts, under the names of the metrics. Datagrams in are the loop's to count.
fn count_worker(counters: &Counters, snapshot: &mut Snapshot) {
    snapshot.push("sfu_sessions", "", counters.sessions);
    snapshot.push("sfu_proven_tuples", "", counters.proven_tuples);
    snapshot.push("sfu_invariant_violations_total", "worker", counters.invariant_violations);
    for (reason, label) in WorkerDrop::all() {
        snapshot.push("sfu_dropped_datagrams_total", label, counters.drops(reason));
    }
    let forward = &counters.forward;
    snapshot.push("sfu_received_packets_total", "", forward.received_packets);
    snapshot.push("sfu_received_packet_bytes_total", "", forward.received_bytes);
    snapshot.push("sfu_forwarded_packets_total", "", forward.forwarded_packets);
    snapshot.push("sfu_forwarded_packet_bytes_total", "", forward.forwarded_bytes);
    snapshot.push("sfu_keyframe_requests_total", "sent", forward.keyframe_requests);
    snapshot.push("sfu_keyframe_requests_total", "refused", forward.keyframe_requests_refused);
    snapshot.push("sfu_delayed_packets_total", "", forward.delayed_packets);
    snapshot.push("sfu_nacked_packets_total", "", forward.nacked_packets);
    snapshot.push("sfu_retransmitted_packets_total", "", forward.retransmitted_packets);
    snapshot.push("sfu_retransmitted_packet_bytes_total", "", forward.retransmitted_bytes);
    snapshot.push("sfu_padding_packets_total", "", forward.padding_packets);
    snapshot.push("sfu_padding_packet_bytes_total", "", forward.padding_bytes);
    snapshot.push("sfu_missing_packets_total", "asked", forward.missing_packets_asked);
    snapshot.push("sfu_missing_packets_total", "found", forward.missing_packets_found);
    snapshot.push("sfu_foreign_feedback_total", "", forward.foreign_feedback);
    snapshot.push("sfu_slot_remaps_total", "", forward.remaps);
    snapshot.push("sfu_ended_streams_total", "", forward.ended_streams);
    snapshot.push("sfu_recovered_frames_total", "", forward.recovered_frames);
    for reason in ForwardDrop::ALL {
        snapshot.push("sfu_not_forwarded_packets_total", reason.name(), forward.drops(reason));
    }
}

#[cfg(test)]
mod tests;
