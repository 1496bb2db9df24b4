//! The least that can forward a call on this machine, as a yard-stick: it receives by `recvmmsg`,
//! opens what a publisher sealed, copies, rewrites and seals it once for each receiver, sends
//! trains by `sendmmsg` with `UDP_SEGMENT`, and takes in the transport-wide feedback. Nothing else:
//! no congestion control, no retransmission, no layers, no keyframe requests, no padding.
//!
//! [`crate::call`] loads it with the same participants as a server, so that one run compares both.
//! Its signaling is the ICE username ([`Party::ufrag`]); the keys come from [`crate::handshake`],
//! whose double anybody can read along: it is no server. Everybody in a room gets the first
//! [`VOICES`] voices of others and as many of their pictures as they have slots.

mod counts;
mod trains;

use std::{collections::HashMap, io, net::SocketAddr};

use protocol::{
    Duration, Instant,
    media::{SeqNo, Ssrc},
    rtp::RtpHeader,
};
use sfu_node::{
    clock::NodeClock,
    net::{Poller, ReceiveBatch, UdpSocket},
};
use sfu_transport::{
    demux::{DatagramKind, classify},
    dtls::{Fingerprint, Handshake, HandshakeOutput},
    rtcp::{Rtcp, RtcpPackets},
    srtp::{Profile, RTP_OVERHEAD_MAX, Side, SrtpReceiver, SrtpSender},
    stun,
};
use sfu_worker::{HandshakeMaker as _, Path, Tuple};

use crate::{
    client::{AUDIO_PT, TRANSPORT_ID, check},
    handshake::DoubleMaker,
};
pub use counts::Shown;
use trains::Outgoing;

/// Voices for each receiver, as on a server.
pub const VOICES: usize = 3;

/// Slots of one receiver: enough for 49 pictures.
const SLOTS: u32 = 64;

/// How it is to forward, and where it shows what it did.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// Packets for each message in the mean; `None` for as many as are there. Packets wait for
    /// others for [`HOLD`] at most, so it may remain below.
    pub train: Option<f64>,
    /// What it has sent.
    pub shown: Shown,
}

/// How long a packet may wait for others that make a train with it.
const HOLD: Duration = Duration::from_millis(5);

/// Messages that are received before anything is sent, 64 in a call.
const BATCHES_MAX: usize = 4;

/// Who somebody is, which is all the signaling there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Whether they send.
    pub publishes: bool,
    /// Their room.
    pub room: u32,
    /// Their place in it, unlike any other's.
    pub place: u32,
    /// Pictures that they show.
    pub videos: u32,
    /// Their number, unlike anybody's.
    pub number: u32,
}

impl Party {
    /// The forwarder's half of the ICE username.
    #[must_use]
    pub fn ufrag(&self) -> String {
        let Party { publishes, room, place, videos, number } = self;
        format!("{}x{room}x{place}x{videos}x{number}", u8::from(*publishes))
    }

    fn parse(ufrag: &[u8]) -> Option<Party> {
        let text = std::str::from_utf8(ufrag).ok()?;
        let numbers: Vec<u32> = text.split('x').map_while(|part| part.parse().ok()).collect();
        let [publishes, room, place, videos, number] = numbers[..] else { return None };
        Some(Party { publishes: publishes == 1, room, place, videos, number })
    }

    /// The stream of one of their slots: first voices, then pictures.
    #[must_use]
    pub const fn ssrc(&self, slot: u32) -> Ssrc {
        Ssrc(self.number * SLOTS + slot + 1)
    }
}

/// Forwards on `socket` until `is_over`, which is asked four times a second and more.
///
/// # Errors
/// What the kernel says.
pub fn serve(
    socket: &UdpSocket,
    habits: &Habits,
    mut is_over: impl FnMut() -> bool,
) -> io::Result<()> {
    let clock = NodeClock::start();
    let mut poller = Poller::try_new(socket)?;
    let mut batch = ReceiveBatch::new();
    let mut forwarder = Forwarder::new(habits.train);
    while !is_over() {
        poller.wait(Some(forwarder.patience(clock.now())))?;
        let now = clock.now();
        for _ in 0..BATCHES_MAX {
            let may_have_more = batch.receive(socket)?;
            while let Some((local, remote, datagram)) = batch.next_datagram() {
                let tuple = Tuple { local, remote, path: Path::Udp };
                forwarder.handle_datagram(now, tuple, datagram);
            }
            if !may_have_more {
                break;
            }
        }
        if forwarder.is_ready(now) {
            forwarder.flush(socket);
            habits.shown.show(forwarder.out.counts());
        }
    }
    Ok(())
}

/// Somebody who is there.
struct Member {
    party: Party,
    tuple: Tuple,
    handshake: Box<dyn Handshake>,
    srtp: Option<(SrtpReceiver, SrtpSender)>,
    /// The last number of each slot, and of the whole transport.
    seqs: Vec<u16>,
    transport_seq: u16,
    /// Who gets their voice and their pictures, and in which slot.
    voice_to: Vec<(usize, u32)>,
    picture_to: Vec<(usize, u32)>,
    /// What they get in this turn: packet and slot.
    queue: Vec<(usize, u32)>,
}

/// A packet in clear.
struct Packet {
    start: usize,
    end: usize,
    header_length: usize,
    /// Where its transport-wide number stands, in the packet.
    number_at: Option<usize>,
}

struct Forwarder {
    members: Vec<Member>,
    by_address: HashMap<SocketAddr, usize>,
    /// Bytes of this turn's packets, and where each lies.
    plain: Vec<u8>,
    packets: Vec<Packet>,
    /// Who gets something in this turn.
    touched: Vec<usize>,
    out: Outgoing,
    /// When the first of this turn's packets came.
    oldest: Option<Instant>,
    /// Arrivals that receivers have told of.
    told: u64,
}

impl Forwarder {
    fn new(train: Option<f64>) -> Self {
        Forwarder {
            members: Vec::new(),
            by_address: HashMap::new(),
            plain: Vec::new(),
            packets: Vec::new(),
            touched: Vec::new(),
            out: Outgoing::new(train),
            oldest: None,
            told: 0,
        }
    }

    /// How long to sleep at most.
    fn patience(&self, now: Instant) -> Duration {
        let due = self.oldest.map(|oldest| (oldest + HOLD).saturating_duration_since(now));
        due.unwrap_or(Duration::from_millis(250))
    }

    /// Whether packets that make trains with those which are here need not be waited for.
    fn is_ready(&self, now: Instant) -> bool {
        let is_late = |oldest| now.saturating_duration_since(oldest) >= HOLD;
        !self.out.is_short() || self.oldest.is_none_or(is_late)
    }

    fn handle_datagram(&mut self, now: Instant, tuple: Tuple, datagram: &mut [u8]) {
        let member = self.by_address.get(&tuple.remote).copied();
        match (classify(datagram), member) {
            (DatagramKind::Rtp, Some(member)) => self.take_media(now, member, datagram),
            (DatagramKind::Rtcp, Some(member)) => self.take_feedback(member, datagram),
            (DatagramKind::Stun, _) => self.answer_check(tuple, datagram),
            (DatagramKind::Dtls, Some(member)) => self.shake(now, member, datagram),
            (DatagramKind::Rtp | DatagramKind::Rtcp | DatagramKind::Dtls, None)
            | (DatagramKind::Unknown, _) => {}
        }
    }

    /// Opens a packet and gives it to those who get it.
    fn take_media(&mut self, now: Instant, index: usize, datagram: &mut [u8]) {
        let member = &mut self.members[index];
        let Some((receiver, _)) = &mut member.srtp else { return };
        let Some(header) = RtpHeader::parse(datagram) else { return };
        let Ok(length) = receiver.open_rtp(datagram, &header) else { return };
        let packet = &datagram[..length];
        let number = header.extensions(packet).find(|(id, _)| *id == TRANSPORT_ID);
        // Where the value lies within the packet that it was found in.
        let number_at = number.map(|(_, value)| value.as_ptr() as usize - packet.as_ptr() as usize);
        self.oldest.get_or_insert(now);
        let start = self.plain.len();
        self.plain.extend_from_slice(packet);
        let header_length = usize::from(header.payload_offset);
        self.packets.push(Packet { start, end: self.plain.len(), header_length, number_at });
        let place = self.packets.len() - 1;
        let is_sound = header.pt.0 == AUDIO_PT;
        let mut to =
            std::mem::take(if is_sound { &mut member.voice_to } else { &mut member.picture_to });
        for &(receiver, slot) in &to {
            let queue = &mut self.members[receiver].queue;
            if queue.is_empty() {
                self.touched.push(receiver);
            }
            queue.push((place, slot));
        }
        let member = &mut self.members[index];
        let home = if is_sound { &mut member.voice_to } else { &mut member.picture_to };
        std::mem::swap(home, &mut to);
    }

    fn take_feedback(&mut self, index: usize, datagram: &mut [u8]) {
        let Some((receiver, _)) = &mut self.members[index].srtp else { return };
        let Ok(length) = receiver.open_rtcp(datagram) else { return };
        let Ok(packets) = RtcpPackets::try_new(&datagram[..length]) else { return };
        for packet in packets {
            if let Rtcp::TransportFeedback(feedback) = packet {
                let arrived = feedback.packets().filter(|it| it.arrival_micros.is_some());
                self.told += arrived.count() as u64;
            }
        }
    }

    /// Answers a check; its username makes a member of whoever is new.
    fn answer_check(&mut self, tuple: Tuple, datagram: &[u8]) {
        let check::Kind::Request(id) = check::kind(datagram) else { return };
        let Ok(stun::Message::Request(request)) = stun::parse(datagram) else { return };
        if !self.by_address.contains_key(&tuple.remote) {
            let Some(party) = Party::parse(request.local_ufrag()) else { return };
            self.by_address.insert(tuple.remote, self.members.len());
            self.members.push(Member::new(party, tuple));
        }
        self.out.push_plain(tuple, &check::success(id, PWD));
    }

    fn shake(&mut self, now: Instant, index: usize, datagram: &[u8]) {
        let member = &mut self.members[index];
        member.handshake.handle_datagram(now, datagram);
        let mut has_keys = false;
        while let Some(output) = member.handshake.poll() {
            match output {
                HandshakeOutput::Transmit(datagram) => {
                    self.out.push_plain(member.tuple, &datagram);
                }
                HandshakeOutput::Keys(keys) => {
                    let receiver = SrtpReceiver::new(&keys, Side::Server);
                    let mut sender = SrtpSender::new(&keys, Side::Server);
                    for slot in 0..VOICES as u32 + member.party.videos {
                        // A table for 128 streams takes 52.
                        let _ = sender.add_stream(member.party.ssrc(slot), SeqNo(1));
                    }
                    member.srtp = Some((receiver, sender));
                    has_keys = true;
                }
                HandshakeOutput::Failed(_) => {}
            }
        }
        if has_keys {
            self.connect_room(self.members[index].party.room);
        }
    }

    /// Decides who gets what of whom, anew for a whole room.
    fn connect_room(&mut self, room: u32) {
        let is_in = |member: &Member| member.party.room == room && member.srtp.is_some();
        let mut here: Vec<usize> =
            (0..self.members.len()).filter(|index| is_in(&self.members[*index])).collect();
        here.sort_by_key(|index| self.members[*index].party.place);
        for index in &here {
            self.members[*index].voice_to.clear();
            self.members[*index].picture_to.clear();
        }
        for &receiver in &here {
            let Party { place, videos, .. } = self.members[receiver].party;
            let others = here
                .iter()
                .copied()
                .filter(|index| *index != receiver && self.members[*index].party.publishes);
            let mut others: Vec<usize> = others.collect();
            for (slot, &other) in others.iter().take(VOICES).enumerate() {
                self.members[other].voice_to.push((receiver, slot as u32));
            }
            let count = others.len().max(1);
            others.rotate_left(place as usize % count);
            for (slot, &other) in others.iter().take(videos as usize).enumerate() {
                self.members[other].picture_to.push((receiver, (VOICES + slot) as u32));
            }
        }
    }

    /// Seals what was taken, once for each receiver, and sends it.
    fn flush(&mut self, socket: &UdpSocket) {
        for index in self.touched.drain(..) {
            let member = &mut self.members[index];
            let mut queue = std::mem::take(&mut member.queue);
            for &(packet, slot) in &queue {
                let packet = &self.packets[packet];
                let plain = &self.plain[packet.start..packet.end];
                let length = plain.len() + RTP_OVERHEAD_MAX;
                let space = self.out.reserve(socket, index, member.tuple, length);
                member.seal(plain, packet, slot, space);
            }
            queue.clear();
            member.queue = queue;
        }
        self.plain.clear();
        self.packets.clear();
        self.oldest = None;
        self.out.flush(socket);
    }
}

/// Nobody looks at it.
const PWD: &str = "the-forwarder-trusts-all";

impl Member {
    fn new(party: Party, tuple: Tuple) -> Self {
        let nobody = Fingerprint::of_certificate(b"");
        Member {
            party,
            tuple,
            handshake: DoubleMaker.server(nobody, &[Profile::AeadAes128Gcm]),
            srtp: None,
            seqs: vec![0; SLOTS as usize],
            transport_seq: 0,
            voice_to: Vec::new(),
            picture_to: Vec::new(),
            queue: Vec::new(),
        }
    }

    /// Writes a packet into `space` with the numbers of their slot, sealed.
    fn seal(&mut self, plain: &[u8], packet: &Packet, slot: u32, space: &mut [u8]) {
        let Some((_, sender)) = &mut self.srtp else { return };
        space[..plain.len()].copy_from_slice(plain);
        let seq = &mut self.seqs[slot as usize];
        *seq = seq.wrapping_add(1);
        space[2..4].copy_from_slice(&seq.to_be_bytes());
        space[8..12].copy_from_slice(&self.party.ssrc(slot).0.to_be_bytes());
        if let Some(at) = packet.number_at {
            self.transport_seq = self.transport_seq.wrapping_add(1);
            space[at..at + 2].copy_from_slice(&self.transport_seq.to_be_bytes());
        }
        let sealed = sender.seal_rtp(space, plain.len(), packet.header_length);
        debug_assert!(sealed.is_ok(), "a number after the last one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_reads_what_it_writes() {
        let party = Party { publishes: true, room: 3, place: 0, videos: 9, number: 4_000_000 };
        assert_eq!(Party::parse(party.ufrag().as_bytes()), Some(party));
        for bad in ["", "1x2x3x4", "1x2x3x4x5x6", "1x2x3x4xa", "abcd"] {
            assert_eq!(Party::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_streams_of_two_parties_are_apart() {
        let party = |number| Party { publishes: false, room: 0, place: 0, videos: 49, number };
        assert!(party(7).ssrc(VOICES as u32 + 48) < party(8).ssrc(0));
    }
}
