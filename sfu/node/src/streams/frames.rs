//! What becomes of the pictures on a stream: a frame goes whole, or not at all.
//!
//! A packet shares the fate of the first one of its frame that was asked about, which its SSRC and
//! timestamp name (RFC 3550 §5.1); they are readable in SRTP too. Bounded: the streams of one
//! receiver, of which the one first seen makes room.

/// More than a receiver has SSRCs for pictures and their repairs.
const STREAMS_MAX: usize = 128;

/// The fates of the frames that are under way.
#[derive(Debug)]
pub(crate) struct FrameFates {
    frames: [Frame; STREAMS_MAX],
    count: usize,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    ssrc: u32,
    timestamp: u32,
    goes: bool,
}

impl FrameFates {
    pub(crate) fn new() -> Self {
        let none = Frame { ssrc: 0, timestamp: 0, goes: false };
        FrameFates { frames: [none; STREAMS_MAX], count: 0, next: 0 }
    }

    /// Whether a packet goes: as its frame does, and `may_begin` if it is the first of one. What is
    /// no RTP packet goes.
    pub(crate) fn decide(&mut self, packet: &[u8], may_begin: bool) -> bool {
        let Some(&[_, _, _, _, t0, t1, t2, t3, s0, s1, s2, s3]) = packet.first_chunk::<12>() else {
            return true;
        };
        let timestamp = u32::from_be_bytes([t0, t1, t2, t3]);
        let ssrc = u32::from_be_bytes([s0, s1, s2, s3]);
        let known = self.frames[..self.count].iter_mut().find(|frame| frame.ssrc == ssrc);
        match known {
            Some(frame) if frame.timestamp == timestamp => frame.goes,
            Some(frame) => {
                *frame = Frame { ssrc, timestamp, goes: may_begin };
                may_begin
            }
            None => {
                self.frames[self.next] = Frame { ssrc, timestamp, goes: may_begin };
                self.count = STREAMS_MAX.min(self.count.max(self.next + 1));
                self.next = (self.next + 1) % STREAMS_MAX;
                may_begin
            }
        }
    }

    /// The rest of the frame that a packet is of will not go.
    pub(crate) fn give_up(&mut self, packet: &[u8]) {
        let Some(ssrc) = packet.get(8..12) else { return };
        let mut frames = self.frames[..self.count].iter_mut();
        if let Some(frame) = frames.find(|frame| frame.ssrc.to_be_bytes() == ssrc) {
            frame.goes = false;
        }
    }
}

#[cfg(test)]
mod tests;
