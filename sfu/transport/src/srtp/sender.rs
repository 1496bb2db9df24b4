//! Seals what one participant receives: each index of a stream at most once.

use protocol::{
    media::{SeqNo, Ssrc},
    rtp::FIXED_HEADER_LENGTH,
};
use serde::{Deserialize, Serialize};

use super::{
    Cipher, ENCRYPTED_FLAG, PacketId, RTCP_CLEAR_LENGTH, RTCP_INDEX_LENGTH, Side, SrtpKeys, gcm,
    replay::INDEX_MAX, word_at,
};

/// RTP streams that one participant may be sent: 53 slots with their RTX, and some to spare.
pub const OUTGOING_STREAMS_MAX: usize = 128;

/// The most bytes that [`SrtpSender::seal_rtp`] appends under any profile.
pub const RTP_OVERHEAD_MAX: usize = gcm::TAG_LENGTH;

/// The most bytes that [`SrtpSender::seal_rtcp`] appends under any profile.
pub const RTCP_OVERHEAD_MAX: usize = gcm::TAG_LENGTH + RTCP_INDEX_LENGTH;

/// The last SRTCP index under one key (RFC 3711 §9.2); at 1 800 reports a second, 13 days.
const RTCP_INDEX_MAX: u32 = 0x7FFF_FFFF;

/// Why a packet was not sealed; each but [`SealError::Exhausted`] is a fault of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SealError {
    /// The buffer has no room for the tag, or the packet is shorter than its header.
    #[error("the buffer does not hold the packet and its tag")]
    BadLength,
    /// Its SSRC was not announced by [`SrtpSender::add_stream`].
    #[error("the stream was not added")]
    UnknownStream,
    /// Its sequence number was sealed before, or is too far from the highest of its stream: 128 or
    /// more behind, or 32 768 or more ahead. For a copy: it was not sealed before, or must not be
    /// again.
    #[error("the sequence number was sealed before or is out of reach")]
    NotFresh,
    /// The key has sealed all it may; the session must begin anew.
    #[error("the key is used up")]
    Exhausted,
}

/// [`OUTGOING_STREAMS_MAX`] streams are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sender has no place for another stream")]
pub struct TooManyStreams;

/// The outgoing half of a session's SRTP.
#[derive(Debug)]
pub struct SrtpSender {
    cipher: Cipher,
    /// Sorted by SSRC; never grows beyond its first allocation.
    streams: Vec<OutgoingStream>,
    /// RFC 3711 §3.2.1 has an index per SSRC. One for all of them rises for each, and never
    /// repeats.
    next_rtcp_index: u32,
}

/// How far the outgoing streams have come; kept in a session's snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrtpSenderSnapshot {
    /// Every stream that was added.
    pub streams: Vec<OutgoingStreamSnapshot>,
    /// The lowest SRTCP index not sealed.
    pub next_rtcp_index: u32,
}

/// How far an outgoing stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingStreamSnapshot {
    /// Which.
    pub ssrc: Ssrc,
    /// The lowest index (ROC and sequence number, 48 bits) not sealed.
    pub next_index: u64,
}

/// A stream and the indices that it has spent.
#[derive(Clone, Copy, Debug)]
struct OutgoingStream {
    ssrc: Ssrc,
    /// Above every index that was sealed.
    next_index: u64,
    /// Bit n: the index n + 1 below `next_index` is spent. A packet that was late on its way in
    /// finds its own index unspent; what lies before the stream's beginning counts as spent.
    spent: u128,
}

impl OutgoingStream {
    const fn beginning_at(ssrc: Ssrc, next_index: u64) -> Self {
        OutgoingStream { ssrc, next_index, spent: u128::MAX }
    }

    /// Spends the index of the packet `seq`.
    fn spend(&mut self, seq: SeqNo) -> Result<u64, SealError> {
        let steps = i64::from(seq.distance_from(SeqNo(self.next_index as u16)));
        let index = self.next_index.checked_add_signed(steps).ok_or(SealError::NotFresh)?;
        if index > INDEX_MAX {
            return Err(SealError::Exhausted);
        }
        if let Ok(ahead) = u32::try_from(steps) {
            self.spent = self.spent.checked_shl(ahead + 1).unwrap_or(0) | 1;
            self.next_index = index + 1;
            return Ok(index);
        }
        let bit = 1_u128.checked_shl(steps.unsigned_abs() as u32 - 1).unwrap_or(0);
        if bit == 0 || self.spent & bit != 0 {
            return Err(SealError::NotFresh);
        }
        self.spent |= bit;
        Ok(index)
    }

    /// The index of the packet `seq`, which was sealed before; `None` if it was not.
    fn spent_index(&self, seq: SeqNo) -> Option<u64> {
        let steps = i64::from(seq.distance_from(SeqNo(self.next_index as u16)));
        let bit = 1_u128.checked_shl((-1 - steps).max(0) as u32).unwrap_or(0);
        let is_spent = steps < 0 && (bit == 0 || self.spent & bit != 0);
        is_spent.then(|| self.next_index.checked_add_signed(steps)).flatten()
    }
}

impl SrtpSender {
    /// Derives the keys of what we send; `side` is ours.
    #[must_use]
    pub fn new(keys: &SrtpKeys, side: Side) -> Self {
        SrtpSender {
            cipher: Cipher::new(keys, side),
            streams: Vec::with_capacity(OUTGOING_STREAMS_MAX),
            next_rtcp_index: 0,
        }
    }

    /// Continues a session with every index moved on by `jump`.
    ///
    /// `jump` must exceed what can have been sent since the snapshot and stay below 2^15, so that
    /// no nonce is used twice and the receiver's guess of the rollover counter holds. The caller
    /// moves its sequence numbers on by as much.
    #[must_use]
    pub fn restore(keys: &SrtpKeys, side: Side, snapshot: &SrtpSenderSnapshot, jump: u32) -> Self {
        debug_assert!(jump < 1 << 15, "the receiver could not follow");
        let mut sender = SrtpSender::new(keys, side);
        for stream in snapshot.streams.iter().take(OUTGOING_STREAMS_MAX) {
            let next_index = stream.next_index.saturating_add(u64::from(jump));
            sender.streams.push(OutgoingStream::beginning_at(stream.ssrc, next_index));
        }
        sender.streams.sort_unstable_by_key(|stream| stream.ssrc);
        sender.next_rtcp_index = snapshot.next_rtcp_index.saturating_add(jump);
        sender
    }

    /// How far each stream has come.
    #[must_use]
    pub fn snapshot(&self) -> SrtpSenderSnapshot {
        let streams = self.streams.iter();
        let streams = streams.map(|&OutgoingStream { ssrc, next_index, .. }| {
            OutgoingStreamSnapshot { ssrc, next_index }
        });
        SrtpSenderSnapshot { streams: streams.collect(), next_rtcp_index: self.next_rtcp_index }
    }

    /// Announces a stream whose first packet has sequence number `first` or one soon after it.
    ///
    /// A stream that was added before goes on as it was.
    ///
    /// # Errors
    /// [`TooManyStreams`] beyond [`OUTGOING_STREAMS_MAX`].
    pub fn add_stream(&mut self, ssrc: Ssrc, first: SeqNo) -> Result<(), TooManyStreams> {
        let Err(place) = self.find(ssrc) else {
            return Ok(());
        };
        if self.streams.len() >= OUTGOING_STREAMS_MAX {
            return Err(TooManyStreams);
        }
        let stream = OutgoingStream::beginning_at(ssrc, u64::from(first.0));
        self.streams.insert(place, stream);
        Ok(())
    }

    /// The lowest index of a stream that was not sealed: its low 16 bits are the sequence number
    /// that the next packet should have. `None` if the stream was not added.
    #[must_use]
    pub fn next_index(&self, ssrc: Ssrc) -> Option<u64> {
        self.find(ssrc).ok().map(|place| self.streams[place].next_index)
    }

    /// Bytes that [`Self::seal_rtp`] appends.
    #[must_use]
    pub fn rtp_overhead(&self) -> usize {
        self.cipher.rtp_overhead()
    }

    /// Bytes that [`Self::seal_rtcp`] appends.
    #[must_use]
    pub fn rtcp_overhead(&self) -> usize {
        self.cipher.rtcp_overhead()
    }

    /// Seals the RTP packet in `buffer[..plain_length]`, of which `header_length` bytes stay in the
    /// clear, and returns its length with the tag.
    ///
    /// No index is sealed twice, so that no nonce is used twice: a copy of an earlier packet is
    /// refused under both profiles. A packet up to 127 behind the highest is sealed if its index
    /// was left out before.
    ///
    /// # Errors
    /// [`SealError`]; the packet is unchanged then.
    pub fn seal_rtp(
        &mut self,
        buffer: &mut [u8],
        plain_length: usize,
        header_length: usize,
    ) -> Result<usize, SealError> {
        let sealed_length = plain_length + self.cipher.rtp_overhead();
        let header_fits = (FIXED_HEADER_LENGTH..=plain_length).contains(&header_length);
        let packet =
            buffer.get_mut(..sealed_length).filter(|_| header_fits).ok_or(SealError::BadLength)?;
        let seq = SeqNo(u16::from_be_bytes([packet[2], packet[3]]));
        let ssrc = word_at(packet, 8);
        let place = self.find(Ssrc(ssrc)).map_err(|_| SealError::UnknownStream)?;
        // Before sealing: an index is spent even if the cipher refuses.
        let index = self.streams[place].spend(seq)?;
        if self.cipher.seal_rtp(PacketId { ssrc, index }, packet, header_length) {
            Ok(sealed_length)
        } else {
            Err(SealError::BadLength)
        }
    }

    /// Whether [`Self::seal_rtp_copy`] may be used under this cipher.
    #[must_use]
    pub fn may_copy(&self) -> bool {
        self.cipher.may_repeat_index()
    }

    /// Seals, as [`Self::seal_rtp`] does, a packet whose sequence number was sealed before, for a
    /// receiver that has lost it.
    ///
    /// Its payload must be what it was: then the ciphertext is what it was, too, and tells nothing
    /// (RFC 3711 §9.1 forbids one keystream over two payloads). The header may differ, as it is not
    /// encrypted. Under GCM two messages with one nonce give the authentication key away (RFC 7714
    /// §8.4), so there it is refused.
    ///
    /// # Errors
    /// [`SealError`]; the packet is unchanged then.
    pub fn seal_rtp_copy(
        &self,
        buffer: &mut [u8],
        plain_length: usize,
        header_length: usize,
    ) -> Result<usize, SealError> {
        let sealed_length = plain_length + self.cipher.rtp_overhead();
        let header_fits = (FIXED_HEADER_LENGTH..=plain_length).contains(&header_length);
        let packet =
            buffer.get_mut(..sealed_length).filter(|_| header_fits).ok_or(SealError::BadLength)?;
        let seq = SeqNo(u16::from_be_bytes([packet[2], packet[3]]));
        let ssrc = word_at(packet, 8);
        let place = self.find(Ssrc(ssrc)).map_err(|_| SealError::UnknownStream)?;
        let index = self.streams[place].spent_index(seq).filter(|_| self.may_copy());
        let id = PacketId { ssrc, index: index.ok_or(SealError::NotFresh)? };
        if self.cipher.seal_rtp(id, packet, header_length) {
            Ok(sealed_length)
        } else {
            Err(SealError::BadLength)
        }
    }

    /// Seals the compound RTCP packet in `buffer[..plain_length]` and returns its length with index
    /// word and tag.
    ///
    /// # Errors
    /// [`SealError`]; the packet is unchanged then.
    pub fn seal_rtcp(
        &mut self,
        buffer: &mut [u8],
        plain_length: usize,
    ) -> Result<usize, SealError> {
        let sealed_length = plain_length + self.cipher.rtcp_overhead();
        let packet = buffer
            .get_mut(..sealed_length)
            .filter(|_| plain_length >= RTCP_CLEAR_LENGTH)
            .ok_or(SealError::BadLength)?;
        let index = self.next_rtcp_index;
        if index > RTCP_INDEX_MAX {
            return Err(SealError::Exhausted);
        }
        self.next_rtcp_index = index + 1;
        let offset = self.cipher.rtcp_index_offset(sealed_length);
        packet[offset..offset + RTCP_INDEX_LENGTH]
            .copy_from_slice(&(ENCRYPTED_FLAG | index).to_be_bytes());
        let id = PacketId { ssrc: word_at(packet, 4), index: u64::from(index) };
        if self.cipher.seal_rtcp(id, packet) {
            Ok(sealed_length)
        } else {
            Err(SealError::BadLength)
        }
    }

    /// The place of a stream, or where it would be inserted.
    fn find(&self, ssrc: Ssrc) -> Result<usize, usize> {
        self.streams.binary_search_by_key(&ssrc, |stream| stream.ssrc)
    }
}
