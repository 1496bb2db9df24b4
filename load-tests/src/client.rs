//! A model of a browser in a call, without sockets or clocks: offer, checks, keys, media both ways.
//!
//! It is driven like every other machine: datagrams and time in, datagrams out. What it cannot make
//! sense of it counts, and a test asks.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use protocol::{
    Duration, Instant,
    client::{MediaSection, SectionRole, SendConstraint},
    media::{MediaKind, SeqNo, Ssrc},
    rtp::RtpHeader,
};
use sfu_transport::{
    demux::{DatagramKind, classify},
    dtls::Identity,
    rtcp::{Rtcp, RtcpPackets, RtcpWriter},
    srtp::{RTCP_OVERHEAD_MAX, RTP_OVERHEAD_MAX, Side, SrtpReceiver, SrtpSender},
};

use crate::random::Random;

mod answer;
mod carried;
pub mod check;
pub mod encoder;
mod feedback;
mod keying;
mod marks;
pub mod media;
mod offer;
pub mod pictures;
pub mod playout;
pub mod reception;
mod reports;
mod sound;
mod timeline;

pub use feedback::Lie;
pub use marks::Cargo;
pub use offer::{BadAnswer, DEPENDENCY_ID, Kit, Shape};
pub use sound::Gaps;

use check::TransactionId;
use feedback::TransportArrivals;
use keying::{Keying, Turn};
use media::{Publisher, Stamp};
use offer::Answer;
pub(crate) use offer::{OPUS_PT as AUDIO_PT, TRANSPORT_ID, VP8_PT};
use reception::{DecodedFrame, Reception};
use reports::Reports;

/// Until it is connected a client checks this often, afterwards ten times more rarely.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
const KEEPALIVE_INTERVAL: Duration = Duration::from_millis(2_500);

/// A model client.
#[derive(Debug)]
pub struct Client {
    /// Its number, which is its participant id and what its media says of its author.
    pub number: u32,
    shape: Shape,
    random: Random,
    ufrag: String,
    pwd: String,
    remote: Option<Answer>,
    /// Checks sent and not answered, and when.
    asked: BTreeMap<TransactionId, Instant>,
    /// The round trip of the last check.
    pub rtt: Duration,
    /// The path to the node is open.
    pub is_path_open: bool,
    next_check: Instant,
    keying: Keying,
    /// The DTLS handshake failed.
    pub has_failed: bool,
    srtp: Option<Srtp>,
    /// What it sends.
    pub publisher: Option<Publisher>,
    /// What arrives, by the slot's SSRC.
    pub slots: BTreeMap<Ssrc, Reception>,
    /// On which SSRC lost packets of a slot come again.
    repairs: BTreeMap<Ssrc, Ssrc>,
    /// By which header extension packets come numbered.
    transport_id: u8,
    arrivals: TransportArrivals,
    reports: Reports,
    /// Of so many packets of media one is opened, and of the others only the headers are looked at;
    /// then nothing is decoded and no keyframe asked for. 1 opens all.
    pub sample: u64,
    delay: Option<(Cargo, Duration)>,
    /// What it says of arrivals in place of the truth.
    pub lie: Option<Lie>,
    /// Bytes of RTP received that were nothing but padding.
    pub padding_bytes: u64,
    /// Packets asked for again.
    pub nacked: u64,
    /// SRTP packets that did not open, replays among them.
    pub srtp_failures: u64,
    /// RTCP packets received.
    pub rtcp_received: u64,
    out: VecDeque<Vec<u8>>,
}

#[derive(Debug)]
struct Srtp {
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl Client {
    /// Somebody who is about to join.
    #[must_use]
    pub fn new(number: u32, shape: Shape, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let keying = Keying::double(random.bytes());
        Client::keyed(number, shape, random, keying)
    }

    /// Somebody who is about to join and brings a certificate; `clock_origin` is when time was 0.
    #[must_use]
    pub fn with_dtls(
        number: u32,
        shape: Shape,
        seed: u64,
        identity: Arc<Identity>,
        clock_origin: std::time::Instant,
    ) -> Self {
        Client::keyed(number, shape, Random::new(seed), Keying::dtls(identity, clock_origin))
    }

    fn keyed(number: u32, shape: Shape, random: Random, keying: Keying) -> Self {
        let mut client = Client {
            number,
            shape,
            random,
            ufrag: String::new(),
            pwd: String::new(),
            remote: None,
            asked: BTreeMap::new(),
            rtt: Duration::from_millis(100),
            is_path_open: false,
            next_check: Instant::ZERO,
            keying,
            has_failed: false,
            srtp: None,
            publisher: None,
            slots: BTreeMap::new(),
            repairs: BTreeMap::new(),
            transport_id: TRANSPORT_ID,
            arrivals: TransportArrivals::default(),
            reports: Reports::default(),
            sample: 1,
            delay: None,
            lie: None,
            padding_bytes: 0,
            nacked: 0,
            srtp_failures: 0,
            rtcp_received: 0,
            out: VecDeque::new(),
        };
        client.renew_credentials();
        client
    }

    /// The offer, and the use of each m-line.
    #[must_use]
    pub fn offer(&self) -> (String, Vec<MediaSection>) {
        let fingerprint = self.keying.fingerprint();
        (self.shape.offer(&self.ufrag, &self.pwd, &fingerprint), self.shape.sections())
    }

    /// Whether lost packets come again to it as they were.
    #[must_use]
    pub const fn takes_copies(&self) -> bool {
        self.shape.kit.takes_copies()
    }

    /// Begins an ICE restart: the next offer has new credentials. Keys and streams stay.
    pub fn restart_ice(&mut self) {
        self.renew_credentials();
    }

    /// Takes the answer to the last offer.
    ///
    /// # Panics
    /// If the answer lacks what every answer has.
    #[expect(clippy::expect_used, reason = "a test ends where the node answers nonsense")]
    pub fn handle_answer(&mut self, now: Instant, sdp: &str) {
        self.try_handle_answer(now, sdp).expect("an answer with credentials and slots");
    }

    /// Takes the answer to the last offer.
    ///
    /// # Errors
    /// If it lacks what every answer has.
    pub fn try_handle_answer(&mut self, now: Instant, sdp: &str) -> Result<(), BadAnswer> {
        let answer = Answer::read(sdp)?;
        let sections = self.shape.sections();
        for (mid, ssrc) in &answer.slots {
            let role = sections.iter().find(|section| section.mid == *mid).map(|it| it.role);
            let Some(SectionRole::Slot(kind)) = role else { continue };
            self.slots.entry(*ssrc).or_insert_with(|| Reception::new(kind.kind(), self.shape.kit));
        }
        self.begin_with(now, answer);
        Ok(())
    }

    fn begin_with(&mut self, now: Instant, answer: Answer) {
        self.repairs.extend(answer.repairs.iter().copied());
        self.remote = Some(answer);
        self.asked.clear();
        self.is_path_open = false;
        self.next_check = now;
    }

    /// The slot on the m-line `mid`.
    #[must_use]
    pub fn slot(&self, mid: &str) -> Option<&Reception> {
        let slots = &self.remote.as_ref()?.slots;
        let (_, ssrc) = slots.iter().find(|(slot_mid, _)| slot_mid == mid)?;
        self.slots.get(ssrc)
    }

    /// When the newest frame or packet of sound in a slot was captured, on the node's clock and in
    /// µs, as a player takes it from the sender reports; with the frame.
    #[must_use]
    pub fn newest_capture(&self, mid: &str) -> Option<(i64, DecodedFrame)> {
        let slots = &self.remote.as_ref()?.slots;
        let (_, ssrc) = slots.iter().find(|(slot_mid, _)| slot_mid == mid)?;
        let slot = self.slots.get(ssrc)?;
        let frame = slot.frames.last()?;
        let rate = match slot.kind() {
            MediaKind::Audio => 48_000,
            MediaKind::Video => 90_000,
        };
        Some((self.reports.captured_us(*ssrc, frame.timestamp, rate)?, *frame))
    }

    /// Whether keys are there.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.srtp.is_some()
    }

    /// Does what is wanted of its own pictures: encodings that nobody watches stop.
    pub fn constrain(&mut self, sources: &[SendConstraint]) {
        let Some(publisher) = self.publisher.as_mut().filter(|_| self.shape.kit != Kit::Plain)
        else {
            return;
        };
        for constraint in sources {
            for layer in publisher.layers_of(constraint.source) {
                let place = layer.checked_sub(publisher.layers_of(constraint.source).start);
                let is_wanted = place.is_some_and(|it| it < usize::from(constraint.encodings));
                publisher.set_active(layer, is_wanted);
            }
        }
    }

    /// Authors whose pictures were decoded from `since` on.
    #[must_use]
    pub fn seen_since(&self, since: Instant) -> BTreeSet<u32> {
        self.authors_since(MediaKind::Video, since)
    }

    /// Authors whose voices arrived from `since` on.
    #[must_use]
    pub fn heard_since(&self, since: Instant) -> BTreeSet<u32> {
        self.authors_since(MediaKind::Audio, since)
    }

    /// Takes a datagram of the node. If it was media, whose.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &mut [u8]) -> Option<u32> {
        match classify(datagram) {
            DatagramKind::Stun => self.handle_stun(now, datagram),
            DatagramKind::Dtls => self.handle_handshake(now, datagram),
            DatagramKind::Rtp => return self.handle_rtp(now, datagram),
            DatagramKind::Rtcp => self.handle_rtcp(now, datagram),
            DatagramKind::Unknown => self.srtp_failures += 1,
        }
        None
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.remote.is_some() && self.next_check <= now {
            self.send_check(now);
        }
        let turn = self.keying.handle_timeout(now);
        self.take_turn(now, turn);
        let packets = match (&mut self.publisher, &self.srtp) {
            (Some(publisher), Some(_)) => publisher.due(now),
            _ => Vec::new(),
        };
        for packet in packets {
            self.send_rtp(packet);
        }
        let is_stuck = |slot: &Reception| slot.keyframe_due().is_some_and(|due| due <= now);
        let stuck = self.slots.iter_mut().filter(|(_, slot)| is_stuck(slot));
        let stuck: Vec<Ssrc> =
            stuck.map(|(ssrc, slot)| slot.note_keyframe_asked(now, *ssrc)).collect();
        for ssrc in stuck {
            self.request_keyframe(ssrc);
        }
        if self.shape.kit != Kit::Plain && self.srtp.is_some() {
            self.tell(now);
        }
    }

    /// Tells the node what arrived and what did not.
    fn tell(&mut self, now: Instant) {
        let own = Ssrc(self.number);
        let (mut messages, mut media) = (Vec::new(), own);
        for (ssrc, slot) in &mut self.slots {
            slot.advance(now);
            media = if slot.packets > 0 { *ssrc } else { media };
            if slot.nack_due().is_some_and(|due| due <= now) {
                let lost = slot.take_nacks(now, self.rtt);
                self.nacked += lost.len() as u64;
                if !lost.is_empty() {
                    messages.push(feedback::nack(own, *ssrc, &lost));
                }
            }
        }
        if self.arrivals.due().is_some_and(|due| due <= now) {
            messages.extend(self.arrivals.take(now, own, media));
        }
        if self.reports.due() <= now {
            let sent = self.publisher.as_ref().map(|it| it.infos(now)).unwrap_or_default();
            let is_remb = self.shape.kit == Kit::Remb;
            messages.push(self.reports.take(now, own, is_remb, &sent, &mut self.slots));
        }
        for message in messages {
            self.send_rtcp(&message);
        }
    }

    /// Asks again for the newest packet of a slot, which has come.
    pub fn claim_lost(&mut self, ssrc: Ssrc) {
        let newest = self.slots.get(&ssrc).and_then(Reception::newest);
        if let Some(seq) = newest {
            let message = feedback::nack(Ssrc(self.number), ssrc, &[seq]);
            self.send_rtcp(&message);
        }
    }

    /// Seals and sends a compound packet of RTCP, whatever is in it.
    pub fn send_rtcp(&mut self, compound: &[u8]) {
        let Some(srtp) = &mut self.srtp else { return };
        let mut buffer = compound.to_vec();
        buffer.resize(compound.len() + RTCP_OVERHEAD_MAX, 0);
        if let Ok(sealed) = srtp.sender.seal_rtcp(&mut buffer, compound.len()) {
            buffer.truncate(sealed);
            self.out.push_back(buffer);
        }
    }

    /// Sends this many packets of its smallest picture at once, all of them in order.
    pub fn flood(&mut self, packets: usize) {
        let frames = self.publisher.as_mut().map(|publisher| publisher.flood(packets));
        for packet in frames.into_iter().flatten() {
            self.send_rtp(packet);
        }
    }

    /// A check as it would send it at once, but for another of its addresses.
    pub fn extra_check(&mut self) -> Option<Vec<u8>> {
        let id = self.random.bytes();
        let remote = self.remote.as_ref()?;
        let username = format!("{}:{}", remote.ufrag, self.ufrag);
        Some(check::nomination(id, &username, &remote.pwd))
    }

    /// When [`Client::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let check = self.remote.as_ref().map(|_| self.next_check);
        let has_keys = self.srtp.is_some();
        let media = self.publisher.as_ref().filter(|_| has_keys).map(Publisher::next_due);
        let stuck = self.slots.values().filter_map(Reception::keyframe_due).min();
        let lost = self.slots.values().filter_map(Reception::nack_due).min();
        let reports = (has_keys && self.shape.kit != Kit::Plain).then(|| self.reports.due());
        let hello = self.keying.poll_timeout();
        let due = [check, hello, media, stuck, lost, reports, self.arrivals.due()];
        due.into_iter().flatten().min()
    }

    /// How long the packet was under way that came last, if it was media and was opened: from when
    /// its publisher took it from the encoder, on the clock that both were told.
    pub fn take_delay(&mut self) -> Option<(Cargo, Duration)> {
        self.delay.take()
    }

    /// The next datagram to the node.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// Asks for a keyframe in the slot with `ssrc`.
    pub fn request_keyframe(&mut self, ssrc: Ssrc) {
        let mut buffer = [0; 200];
        let mut writer = RtcpWriter::new(&mut buffer);
        let own = Ssrc(self.number);
        if writer.receiver_report(own, &[]).and_then(|()| writer.pli(own, ssrc)).is_ok() {
            let length = writer.length();
            self.send_rtcp(&buffer[..length]);
        }
    }

    fn renew_credentials(&mut self) {
        let letters = |random: &mut Random, count: usize| -> String {
            let letter = |_| char::from(b'a' + random.below(26) as u8);
            (0..count).map(letter).collect()
        };
        self.ufrag = letters(&mut self.random, 4);
        self.pwd = letters(&mut self.random, 24);
    }

    fn authors_since(&self, kind: MediaKind, since: Instant) -> BTreeSet<u32> {
        let slots = self.slots.values().filter(|slot| slot.kind() == kind);
        let frames = slots.flat_map(|slot| slot.frames.iter().filter(|frame| frame.at >= since));
        frames.map(|frame| frame.author).collect()
    }

    fn send_check(&mut self, now: Instant) {
        let interval = if self.is_path_open { KEEPALIVE_INTERVAL } else { CHECK_INTERVAL };
        self.next_check = now + interval;
        let id = self.random.bytes();
        self.asked.insert(id, now);
        let Some(remote) = &self.remote else { return };
        let username = format!("{}:{}", remote.ufrag, self.ufrag);
        self.out.push_back(check::nomination(id, &username, &remote.pwd));
    }

    fn handle_stun(&mut self, now: Instant, datagram: &[u8]) {
        match check::kind(datagram) {
            check::Kind::Request(id) => self.out.push_back(check::success(id, &self.pwd)),
            check::Kind::Success(id) if self.asked.contains_key(&id) => {
                if let Some(sent) = self.asked.remove(&id) {
                    self.rtt = now.saturating_duration_since(sent);
                }
                if !self.is_path_open && self.srtp.is_none() {
                    let remote = self.remote.as_ref().and_then(|answer| answer.fingerprint);
                    self.keying.begin(now, remote);
                }
                self.is_path_open = true;
            }
            check::Kind::Success(_) | check::Kind::Other => {}
        }
    }

    fn handle_handshake(&mut self, now: Instant, datagram: &[u8]) {
        let turn = self.keying.handle_datagram(now, datagram);
        self.take_turn(now, turn);
    }

    fn take_turn(&mut self, now: Instant, turn: Turn) {
        self.out.extend(turn.datagrams);
        self.has_failed |= turn.has_failed;
        let Some(keys) = turn.keys else { return };
        if self.srtp.is_none() {
            self.srtp = Some(Srtp {
                sender: SrtpSender::new(&keys, Side::Client),
                receiver: SrtpReceiver::new(&keys, Side::Client),
            });
            if self.shape.publishes {
                let (kit, mids) = (self.shape.kit, self.shape.video_mids());
                let random = &mut self.random;
                let mut publisher = Publisher::new(self.number, kit, mids, now, random);
                if self.remote.as_ref().is_some_and(|answer| answer.has_transport_feedback) {
                    publisher.number_transport();
                }
                self.publisher = Some(publisher);
            }
        }
    }

    /// Seals and sends a packet of RTP, whatever stands behind its header.
    pub fn send_rtp(&mut self, mut packet: Vec<u8>) {
        let (Some(srtp), Some(header)) = (&mut self.srtp, RtpHeader::parse(&packet)) else {
            return;
        };
        let plain_length = packet.len();
        packet.resize(plain_length + RTP_OVERHEAD_MAX, 0);
        // Of no effect for a stream that is known.
        let _ = srtp.sender.add_stream(header.ssrc, SeqNo(header.seq.0));
        let header_length = usize::from(header.payload_offset);
        if let Ok(length) = srtp.sender.seal_rtp(&mut packet, plain_length, header_length) {
            packet.truncate(length);
            self.out.push_back(packet);
        }
    }

    fn handle_rtp(&mut self, now: Instant, datagram: &mut [u8]) -> Option<u32> {
        let srtp = self.srtp.as_mut()?;
        let header = RtpHeader::parse(datagram)?;
        if self.sample > 1
            && let Some(slot) = self.slots.get_mut(&header.ssrc)
            && !slot.packets.is_multiple_of(self.sample)
        {
            slot.skim(now, datagram, &header);
            self.note_transport(now, datagram, &header);
            return None;
        }
        let Ok(length) = srtp.receiver.open_rtp(datagram, &header) else {
            self.srtp_failures += 1;
            return None;
        };
        let packet = &datagram[..length];
        self.note_transport(now, packet, &header);
        if let Some(media) = self.repairs.get(&header.ssrc).copied() {
            return self.handle_repair(now, media, packet, &header);
        }
        let Some(slot) = self.slots.get_mut(&header.ssrc) else {
            self.srtp_failures += 1;
            return None;
        };
        self.delay = Stamp::age(now, slot.kind(), packet, &header);
        slot.take(now, packet, &header)
    }

    fn note_transport(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) {
        let number = header.extensions(packet).find(|(id, _)| *id == self.transport_id);
        if let Some((_, &[high, low])) = number
            && self.shape.kit == Kit::Browser
        {
            let seq = u16::from_be_bytes([high, low]);
            let told = self.lie.map_or(Some(now), |lie| lie.arrival(now, seq));
            if let Some(at) = told {
                self.arrivals.note(now, at, seq);
            }
        }
    }

    /// A packet that comes again carries its own number in front of its payload (RFC 4588 §4);
    /// without a payload it only fills.
    fn handle_repair(
        &mut self,
        now: Instant,
        media: Ssrc,
        packet: &[u8],
        header: &RtpHeader,
    ) -> Option<u32> {
        let slot = self.slots.get_mut(&media)?;
        let payload = header.payload(packet).unwrap_or(&[]);
        let Some((&[high, low], payload)) = payload.split_first_chunk::<2>() else {
            self.padding_bytes += packet.len() as u64;
            return None;
        };
        slot.repairs += 1;
        slot.repair_bytes += packet.len() as u64;
        let mut original = [&packet[..usize::from(header.payload_offset)], payload].concat();
        original[0] &= !0x20;
        original[1] = original[1] & 0x80 | VP8_PT;
        original[2..4].copy_from_slice(&[high, low]);
        original[8..12].copy_from_slice(&media.0.to_be_bytes());
        let header = RtpHeader::parse(&original)?;
        let author = slot.take_repair(now, &original, &header)?;
        // What had come before was sent again only to probe the line, and was late for nobody.
        self.delay = Stamp::age(now, slot.kind(), &original, &header);
        Some(author)
    }

    fn handle_rtcp(&mut self, now: Instant, datagram: &mut [u8]) {
        let Some(srtp) = &mut self.srtp else { return };
        let Ok(length) = srtp.receiver.open_rtcp(datagram) else {
            self.srtp_failures += 1;
            return;
        };
        self.rtcp_received += 1;
        let Ok(packets) = RtcpPackets::try_new(&datagram[..length]) else {
            self.srtp_failures += 1;
            return;
        };
        let mut lost = Vec::new();
        for packet in packets {
            match (packet, &mut self.publisher) {
                (Rtcp::Pli { media, .. }, Some(publisher)) => {
                    publisher.handle_keyframe_request(now, media.0);
                }
                (Rtcp::Nack { media, lost: seqs, .. }, _) if self.shape.kit == Kit::Browser => {
                    lost.extend(seqs.map(|seq| (media, seq)));
                }
                (Rtcp::SenderReport(info, _), _) => self.reports.note(now, &info),
                _ => {}
            }
        }
        for (media, seq) in lost {
            let packet = self.publisher.as_mut().and_then(|it| it.retransmit(media, seq));
            if let Some(packet) = packet {
                self.send_rtp(packet);
            }
        }
    }
}
