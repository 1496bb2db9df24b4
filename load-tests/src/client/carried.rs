//! A client whose packets somebody else carries: it fills and reads them, and has no ICE, DTLS,
//! SRTP or RTCP of its own.

use protocol::{
    Duration, Instant,
    media::{MediaKind, Ssrc},
    rtp::RtpHeader,
};

use super::{
    Client,
    encoder::Pace,
    marks::Stamp,
    media::{Publisher, SCREEN},
    reception::Reception,
};

/// What such a client sends of its camera: one encoding.
const CAMERA: Pace = Pace::camera_at(500_000);

/// How often its slots look for what has been missing too long, if nothing else is due.
const LOOK: Duration = Duration::from_millis(20);

impl Client {
    /// Begins to send and to receive in `slots`. [`Client::take_due`] gives what is to be sent;
    /// [`Client::handle_timeout`] is not to be called.
    pub fn begin_carried(
        &mut self,
        now: Instant,
        slots: impl IntoIterator<Item = (Ssrc, MediaKind)>,
    ) {
        let kit = self.shape.kit;
        let slots = slots.into_iter().map(|(ssrc, kind)| (ssrc, Reception::new(kind, kit)));
        self.slots.extend(slots);
        if self.shape.publishes {
            let mids = self.shape.video_mids();
            let mut publisher = Publisher::new(self.number, kit, mids, now, &mut self.random);
            publisher.set_pace(0, CAMERA);
            (1..SCREEN).for_each(|layer| publisher.set_active(layer, false));
            self.publisher = Some(publisher);
        }
    }

    /// The packets that are due, in clear, and when to ask again.
    pub fn take_due(&mut self, now: Instant) -> (Vec<Vec<u8>>, Instant) {
        for slot in self.slots.values_mut() {
            slot.advance(now);
        }
        let Some(publisher) = &mut self.publisher else { return (Vec::new(), now + LOOK) };
        let packets = publisher.due(now);
        (packets, publisher.next_due().min(now + LOOK))
    }

    /// Takes a packet of media in clear. If its slot is known, whose it is.
    pub fn take_carried(&mut self, now: Instant, packet: &[u8]) -> Option<u32> {
        let header = RtpHeader::parse(packet)?;
        let slot = self.slots.get_mut(&header.ssrc)?;
        self.delay = Stamp::age(now, slot.kind(), packet, &header);
        slot.take(now, packet, &header)
    }

    /// The server wants a keyframe of its camera.
    pub fn heed_keyframe_request(&mut self, now: Instant) {
        if let Some(publisher) = &mut self.publisher {
            let ssrc = publisher.video_ssrc(0);
            publisher.handle_keyframe_request(now, ssrc.0);
        }
    }
}
