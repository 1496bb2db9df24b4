//! What publishers say of their own streams: their clocks, and their end.

use protocol::{
    EndpointIndex, Instant,
    media::{MediaKind, RtpTime, Source, Ssrc},
};

use super::Forwarder;

impl Forwarder {
    /// Takes a sender report (RFC 3550 §6.4.1) of a publisher: at `ntp`, in units of 2⁻³² s on its
    /// own clock, the stream `ssrc` stood at `rtp_time`. It keeps lips and voice together; see
    /// [`OutgoingStream::rtp_time`].
    ///
    /// [`OutgoingStream::rtp_time`]: super::OutgoingStream::rtp_time
    pub fn handle_sender_report(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        ssrc: Ssrc,
        ntp: u64,
        rtp_time: RtpTime,
    ) {
        let Some(publisher) = self.endpoint_mut(from) else {
            return;
        };
        let publications = &mut publisher.publications;
        // Repair streams report too, and say nothing new.
        if publications.streams().any(|stream| stream.ssrc == ssrc) {
            publications.capture.note(now, ssrc, ntp, rtp_time);
        }
    }

    /// Takes a BYE (RFC 3550 §6.6) of a publisher: the stream `ssrc` is over. Its source stays on,
    /// and goes on where another stream takes its place. A voice gives its place among the loudest
    /// to another one; of a picture the other layers are chosen.
    pub fn handle_bye(&mut self, now: Instant, from: EndpointIndex, ssrc: Ssrc) {
        let Some(publisher) = self.endpoint_mut(from) else {
            return;
        };
        let room = publisher.room;
        let Some((source, _)) = publisher.publications.end_stream(now, ssrc) else {
            self.counters.foreign_feedback += 1;
            return;
        };
        self.counters.ended_streams += 1;
        match source.kind() {
            MediaKind::Video => {
                self.choose_layers(now, from, source);
                self.ask_awaited(now, from, source);
            }
            MediaKind::Audio => {
                self.silence(from, room, source);
                if source == Source::Microphone {
                    self.assign_voices_of_room(now, room);
                }
            }
        }
    }
}
