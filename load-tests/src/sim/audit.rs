//! What must hold whatever happens; checked at every datagram that leaves the node or arrives.
//!
//! It judges by what model clients have sent and does not ask the node, so that a mistake there is
//! not repeated here. Where the two could differ for a good reason it is the more lenient one.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    net::SocketAddr,
};

use protocol::{
    Duration, Instant, RoomId,
    media::{SeqNo, Ssrc},
    rtp::RtpHeader,
};
use sfu_worker::{Counters, Tuple};

use super::{
    events::{Inbound, Origin},
    trace::Trace,
};

/// Without a check for this long no media may go to an address (design: consent).
const CONSENT: Duration = Duration::from_secs(10);

/// The longest datagram that any path takes: 1 500 bytes less headers of IPv6 and UDP.
const DATAGRAM_BYTES_MAX: usize = 1_452;

/// Bytes of the index word, the last of an SRTCP packet (RFC 7714 §9.2).
const INDEX_WORD: usize = 4;

/// The nth session of a participant: one set of keys.
pub(super) type SessionKey = (u32, u32);

/// The record against which everything is checked.
#[derive(Debug)]
pub(super) struct Audit {
    node: SocketAddr,
    /// Addresses from which the node has had an authentic check, and what of them.
    proven: BTreeMap<SocketAddr, Proof>,
    /// Transaction ids of checks, and the address that each came from first.
    checks: BTreeMap<[u8; 12], SocketAddr>,
    /// Checks that came from other addresses than their first.
    late_checks: BTreeSet<([u8; 12], SocketAddr)>,
    /// Whose each address is or was.
    sessions: BTreeMap<SocketAddr, SessionKey>,
    rooms: BTreeMap<u32, RoomId>,
    /// Those under whose cipher a packet may go once more as it was.
    copyable: BTreeSet<SessionKey>,
    streams: BTreeMap<(SessionKey, Ssrc), SealedStream>,
    rtcp_indices: HashSet<(SessionKey, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Proof {
    /// The last sign of life.
    at: Instant,
    /// Bytes of its longest check: no answer may be longer.
    longest_check: usize,
}

/// The packets that one stream of one session has sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct SealedStream {
    /// By index, a fingerprint of the sealed packet.
    indices: BTreeMap<u64, Trace>,
}

/// Whether a packet's index was sealed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sealed {
    Fresh,
    /// It was, and the packet is the same in every bit.
    Copy,
    /// Another packet was.
    Twice,
}

impl SealedStream {
    /// Notes a packet.
    fn note(&mut self, seq: SeqNo, datagram: &[u8]) -> Sealed {
        let highest = self.indices.last_key_value().map(|(highest, _)| *highest);
        // Begins at a rollover, so that a late first packet has an index below it.
        let highest = highest.unwrap_or((1 << 16) | u64::from(seq.0));
        let step = seq.distance_from(SeqNo(highest as u16));
        let mut fingerprint = Trace::NOTHING;
        fingerprint.note(Instant::ZERO, 0, datagram);
        match self.indices.insert(highest.wrapping_add_signed(i64::from(step)), fingerprint) {
            None => Sealed::Fresh,
            Some(before) if before == fingerprint => Sealed::Copy,
            Some(_) => Sealed::Twice,
        }
    }

    /// How many were sealed.
    pub(super) fn packets(&self) -> u64 {
        self.indices.len() as u64
    }

    /// Numbers between the first and the last that were not sealed.
    pub(super) fn holes(&self) -> u64 {
        match (self.indices.first_key_value(), self.indices.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last - first + 1 - self.packets(),
            _ => 0,
        }
    }
}

impl Audit {
    pub(super) fn new(node: SocketAddr) -> Self {
        Audit {
            node,
            proven: BTreeMap::new(),
            checks: BTreeMap::new(),
            late_checks: BTreeSet::new(),
            sessions: BTreeMap::new(),
            rooms: BTreeMap::new(),
            copyable: BTreeSet::new(),
            streams: BTreeMap::new(),
            rtcp_indices: HashSet::new(),
        }
    }

    /// From here on `address` belongs to the session.
    pub(super) fn settle(&mut self, address: SocketAddr, session: SessionKey, room: RoomId) {
        self.sessions.insert(address, session);
        self.rooms.insert(session.0, room);
    }

    /// The session's cipher is AES-CM.
    pub(super) fn allow_copies(&mut self, session: SessionKey) {
        self.copyable.insert(session);
    }

    /// The session is over or begins anew: nothing may be sent to it before another check.
    pub(super) fn forget_proofs(&mut self, session: SessionKey) {
        let sessions = &self.sessions;
        self.proven.retain(|address, _| sessions.get(address) != Some(&session));
    }

    /// What one stream of a session has sealed.
    pub(super) fn stream(&self, session: SessionKey, ssrc: Ssrc) -> Option<&SealedStream> {
        self.streams.get(&(session, ssrc))
    }

    /// Notes what the node is about to take.
    pub(super) fn note_arrival(&mut self, now: Instant, inbound: &Inbound) {
        if inbound.origin != Origin::Client {
            return;
        }
        match stun_kind(&inbound.datagram) {
            Some((StunKind::Request, id)) => {
                let is_fresh = self.is_fresh(id, inbound.from);
                if is_fresh {
                    let length = inbound.datagram.len();
                    let proof = self.proven.entry(inbound.from);
                    let proof = proof.or_insert(Proof { at: now, longest_check: length });
                    *proof = Proof { at: now, longest_check: length.max(proof.longest_check) };
                }
            }
            Some((StunKind::Success, _)) => {
                if let Some(proof) = self.proven.get_mut(&inbound.from) {
                    proof.at = now;
                }
            }
            Some((StunKind::Other, _)) | None => {}
        }
    }

    /// Whether a check is a sign of life: not a repetition, nor a copy to an address that was not
    /// proven before.
    fn is_fresh(&mut self, id: [u8; 12], from: SocketAddr) -> bool {
        match self.checks.get(&id) {
            None => self.checks.insert(id, from).is_none(),
            Some(first) if *first == from => false,
            Some(_) => self.proven.contains_key(&from) && self.late_checks.insert((id, from)),
        }
    }

    /// Checks a datagram that leaves the node.
    pub(super) fn check_sent(&mut self, now: Instant, tuple: &Tuple, datagram: &[u8]) {
        let to = tuple.remote;
        assert_eq!(tuple.local, self.node, "sent from another address");
        assert!(datagram.len() <= DATAGRAM_BYTES_MAX, "{} bytes to {to}", datagram.len());
        let proof = self.proven.get(&to).copied();
        assert!(proof.is_some(), "{now:?}: something was sent to an unproven address: {to}");
        let Some(proof) = proof else { return };
        match datagram.first() {
            Some(0..=3) => {
                let kind = stun_kind(datagram).map(|(kind, _)| kind);
                let amplifies = datagram.len() > proof.longest_check;
                let is_answer = kind != Some(StunKind::Request);
                assert!(!(is_answer && amplifies), "{now:?}: an answer amplifies, to {to}");
            }
            Some(128..=191) => {
                let silence = now.saturating_duration_since(proof.at);
                assert!(silence < CONSENT, "{now:?}: media to {to} after {silence:?} of silence");
                self.check_index(now, to, datagram);
            }
            Some(_) | None => {}
        }
    }

    /// No (SSRC, index) is sealed twice under one key (RFC 7714 §8.1, §9.1); under AES-CM at most
    /// once more as it was, which tells a listener nothing (RFC 3711 §9.1).
    fn check_index(&mut self, now: Instant, to: SocketAddr, datagram: &[u8]) {
        let session = self.sessions.get(&to).copied();
        assert!(session.is_some(), "{now:?}: media to {to}, which is nobody's");
        let Some(session) = session else { return };
        if matches!(datagram[1], 192..=223) {
            let word = datagram.last_chunk::<INDEX_WORD>().copied().unwrap_or_default();
            let is_fresh = self.rtcp_indices.insert((session, u32::from_be_bytes(word)));
            assert!(is_fresh, "{now:?}: an SRTCP index was sealed twice for {session:?}");
        } else {
            let header = RtpHeader::parse(datagram);
            assert!(header.is_some(), "{now:?}: neither RTP nor RTCP was sent to {to}");
            let Some(header) = header else { return };
            let stream = self.streams.entry((session, header.ssrc)).or_default();
            let may_copy = self.copyable.contains(&session);
            let is_allowed = match stream.note(header.seq, datagram) {
                Sealed::Fresh => true,
                Sealed::Copy => may_copy,
                Sealed::Twice => false,
            };
            assert!(is_allowed, "{now:?}: {:?} was sealed twice for {session:?}", header.seq);
        }
    }

    /// Checks that `number` may have media of `author`.
    pub(super) fn check_author(&self, now: Instant, number: u32, author: u32) {
        assert_ne!(number, author, "{now:?}: somebody got their own media");
        let same_room = self.rooms.get(&number) == self.rooms.get(&author);
        assert!(same_room, "{now:?}: {number} got media of {author}, in another room");
    }

    /// Checks what the worker counts of itself.
    pub(super) fn check_counters(now: Instant, counters: &Counters) {
        assert_eq!(counters.invariant_violations, 0, "{now:?}: an impossible state");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StunKind {
    Request,
    Success,
    Other,
}

/// The kind of a STUN message, by its header alone, and its transaction id.
fn stun_kind(datagram: &[u8]) -> Option<(StunKind, [u8; 12])> {
    let header = datagram.first_chunk::<20>()?;
    let mut id = [0; 12];
    id.copy_from_slice(&header[8..]);
    match [header[0], header[1]] {
        [0, 1] => Some((StunKind::Request, id)),
        [1, 1] => Some((StunKind::Success, id)),
        [0..=63, _] => Some((StunKind::Other, id)),
        _ => None,
    }
}
