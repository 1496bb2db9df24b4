//! Streams that say goodbye, and those of them that go on.
//!
//! Browsers say BYE (RFC 3550 §6.6) whenever an encoding pauses or its codec changes. They go on
//! under the same SSRC, and where a report has told them that the stream is known they do not name
//! it again (libwebrtc, `RTPSender::OnReceivedAckOnSsrc`). So a stream that ends gives up its place
//! at once, and its name only when the place in the table is needed.

use protocol::{
    Instant,
    media::{SeqNo, Source, Ssrc},
};

use super::{BYE_RATE, Publications};

impl Publications {
    /// Ends the stream `ssrc`; returns what it was. Its name is kept until its place is needed. A
    /// flood, whose every end would map a whole room anew, ends nothing.
    pub(crate) fn end_stream(&mut self, now: Instant, ssrc: Ssrc) -> Option<(Source, u8)> {
        let place = self.place_of(ssrc)?;
        let stream = self.streams[place].as_mut().filter(|stream| !stream.has_ended)?;
        if !self.byes.take(now, BYE_RATE) {
            return None;
        }
        stream.has_ended = true;
        let (source, layer) = (stream.source, stream.layer);
        self.capture.forget(ssrc);
        let ended = &mut self.by_source[source.index()].layers[usize::from(layer)];
        if ended.stream != Some(place as u8) {
            return None; // Another one has taken its place already.
        }
        ended.stream = None;
        ended.last_packet_at = None;
        Some((source, layer))
    }

    /// Lets a stream that has ended go on, if `seq` is of a packet newer than all before it and no
    /// other stream has taken its place.
    pub(super) fn resume_stream(&mut self, place: usize, seq: SeqNo) {
        let Some(stream) = &mut self.streams[place] else {
            return;
        };
        if !stream.has_ended || stream.is_newer_than(seq) {
            return;
        }
        stream.has_ended = false;
        let (source, layer) = (stream.source, stream.layer);
        let is_free = self.by_source[source.index()].layers[usize::from(layer)].stream.is_none();
        if is_free && !stream.is_repair {
            self.take_layer(place, (source, layer));
        }
    }
}
