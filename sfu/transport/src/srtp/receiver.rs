//! Opens what one participant sends: each authentic packet once, and nothing else.

use protocol::{media::Ssrc, rtp::RtpHeader};
use serde::{Deserialize, Serialize};

use super::{
    Cipher, ENCRYPTED_FLAG, PacketId, RTCP_CLEAR_LENGTH, Side, SrtpKeys,
    replay::{Freshness, ReplayWindow, guess_index},
    word_at,
};
use crate::drop_reason::drop_reasons;

/// RTP streams that one participant may send.
///
/// A camera and a screen with three layers and their RTX, two sounds: 14. A stream beyond the limit
/// is refused rather than put in place of the one idle longest, because whoever forgets a stream
/// forgets what it has delivered, and could be made to deliver it again.
pub const RTP_SOURCES_MAX: usize = 20;

/// Sources of RTCP that one participant may have, refused beyond it for the same reason.
///
/// Firefox reports on every slot with an SSRC of its own, so it is above the number of slots.
pub const RTCP_SOURCES_MAX: usize = 64;

/// 1 024 packets, as in libwebrtc (`pc/srtp_session.cc`): under loss a packet may come that late.
type RtpWindow = ReplayWindow<16>;

/// 128 packets: reports are rare.
type RtcpWindow = ReplayWindow<2>;

drop_reasons! {
    /// Why a packet was not opened. It changed nothing.
    SrtpDrop {
        /// Shorter than its header and tag.
        TooShort = "srtp_too_short",
        /// Delivered before.
        Replayed = "srtp_replayed",
        /// Behind the replay window, or of an index that cannot be.
        TooOld = "srtp_too_old",
        /// Not sealed with the participant's keys.
        NotAuthentic = "srtp_not_authentic",
        /// RTCP in the clear, which WebRTC forbids (RFC 8827 §6.5).
        NotEncrypted = "srtp_not_encrypted",
        /// Of a source beyond [`RTP_SOURCES_MAX`] or [`RTCP_SOURCES_MAX`].
        TooManySources = "srtp_too_many_sources",
    }
}

/// The incoming half of a session's SRTP.
#[derive(Debug)]
pub struct SrtpReceiver {
    cipher: Cipher,
    rtp: Sources<RtpWindow>,
    rtcp: Sources<RtcpWindow>,
}

/// How far each incoming stream has come; kept in a session's snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrtpReceiverSnapshot {
    /// Sources of RTP.
    pub rtp: Vec<RtpSourceSnapshot>,
    /// Sources of RTCP.
    pub rtcp: Vec<RtcpSourceSnapshot>,
}

/// How far an incoming RTP stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtpSourceSnapshot {
    /// Which.
    pub ssrc: Ssrc,
    /// ROC and sequence number of the highest packet delivered, 48 bits.
    pub highest_index: u64,
}

/// How far an incoming source of RTCP has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtcpSourceSnapshot {
    /// Which.
    pub ssrc: Ssrc,
    /// SRTCP index of the highest packet delivered, 31 bits.
    pub highest_index: u32,
}

impl SrtpReceiver {
    /// Derives the keys of what the other side sends; `side` is ours.
    #[must_use]
    pub fn new(keys: &SrtpKeys, side: Side) -> Self {
        SrtpReceiver {
            cipher: Cipher::new(keys, side.other()),
            rtp: Sources::with_limit(RTP_SOURCES_MAX),
            rtcp: Sources::with_limit(RTCP_SOURCES_MAX),
        }
    }

    /// Continues a session: everything up to the highest index counts as delivered.
    #[must_use]
    pub fn restore(keys: &SrtpKeys, side: Side, snapshot: &SrtpReceiverSnapshot) -> Self {
        let mut receiver = SrtpReceiver::new(keys, side);
        for source in snapshot.rtp.iter().take(RTP_SOURCES_MAX) {
            let window = RtpWindow::resumed_after(source.highest_index);
            receiver.rtp.insert(source.ssrc.0, window);
        }
        for source in snapshot.rtcp.iter().take(RTCP_SOURCES_MAX) {
            let window = RtcpWindow::resumed_after(u64::from(source.highest_index));
            receiver.rtcp.insert(source.ssrc.0, window);
        }
        receiver
    }

    /// How far each stream has come.
    #[must_use]
    pub fn snapshot(&self) -> SrtpReceiverSnapshot {
        let rtp = self.rtp.iter().map(|(ssrc, window)| RtpSourceSnapshot {
            ssrc: Ssrc(ssrc),
            highest_index: window.highest(),
        });
        let rtcp = self.rtcp.iter().map(|(ssrc, window)| RtcpSourceSnapshot {
            ssrc: Ssrc(ssrc),
            highest_index: window.highest() as u32,
        });
        SrtpReceiverSnapshot { rtp: rtp.collect(), rtcp: rtcp.collect() }
    }

    /// Opens an RTP packet in place; `header` was parsed from it. Returns its length without tag.
    ///
    /// # Errors
    /// The reason to drop it. Its payload may be garbage then; no state has changed.
    pub fn open_rtp(&mut self, packet: &mut [u8], header: &RtpHeader) -> Result<usize, SrtpDrop> {
        let header_length = usize::from(header.payload_offset);
        let plain_length = packet
            .len()
            .checked_sub(self.cipher.rtp_overhead())
            .filter(|plain_length| *plain_length >= header_length)
            .ok_or(SrtpDrop::TooShort)?;
        let ssrc = header.ssrc.0;
        let known = self.rtp.find(ssrc);
        let index = match known {
            Some(place) => {
                let window = self.rtp.window(place);
                let guess = guess_index(window.highest(), header.seq.0);
                let index = guess.ok_or(SrtpDrop::TooOld)?;
                check_freshness(window.freshness(index))?;
                index
            }
            None if self.rtp.is_full() => return Err(SrtpDrop::TooManySources),
            // RFC 3711 §3.3.1: the rollover counter of a new stream is 0.
            None => u64::from(header.seq.0),
        };
        if !self.cipher.open_rtp(PacketId { ssrc, index }, packet, header_length) {
            return Err(SrtpDrop::NotAuthentic);
        }
        match known {
            Some(place) => self.rtp.window_mut(place).accept(index),
            None => self.rtp.insert(ssrc, RtpWindow::starting_at(index)),
        }
        Ok(plain_length)
    }

    /// Opens a compound RTCP packet in place. Returns its length without index word and tag.
    ///
    /// # Errors
    /// The reason to drop it. Its content may be garbage then; no state has changed.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpDrop> {
        let plain_length = packet
            .len()
            .checked_sub(self.cipher.rtcp_overhead())
            .filter(|plain_length| *plain_length >= RTCP_CLEAR_LENGTH)
            .ok_or(SrtpDrop::TooShort)?;
        let index_word = word_at(packet, self.cipher.rtcp_index_offset(packet.len()));
        if index_word & ENCRYPTED_FLAG == 0 {
            return Err(SrtpDrop::NotEncrypted);
        }
        let index = u64::from(index_word & !ENCRYPTED_FLAG);
        let ssrc = word_at(packet, 4);
        let known = self.rtcp.find(ssrc);
        match known {
            Some(place) => check_freshness(self.rtcp.window(place).freshness(index))?,
            None if self.rtcp.is_full() => return Err(SrtpDrop::TooManySources),
            None => {}
        }
        if !self.cipher.open_rtcp(PacketId { ssrc, index }, packet) {
            return Err(SrtpDrop::NotAuthentic);
        }
        match known {
            Some(place) => self.rtcp.window_mut(place).accept(index),
            None => self.rtcp.insert(ssrc, RtcpWindow::starting_at(index)),
        }
        Ok(plain_length)
    }
}

fn check_freshness(freshness: Freshness) -> Result<(), SrtpDrop> {
    match freshness {
        Freshness::Fresh => Ok(()),
        Freshness::Replayed => Err(SrtpDrop::Replayed),
        Freshness::TooOld => Err(SrtpDrop::TooOld),
    }
}

/// A table of sources that never grows beyond its first allocation.
///
/// SSRCs lie side by side, so that a search of all 20 touches two cache lines.
#[derive(Debug)]
struct Sources<Window> {
    ssrcs: Vec<u32>,
    windows: Vec<Window>,
    limit: usize,
}

impl<Window> Sources<Window> {
    fn with_limit(limit: usize) -> Self {
        Sources { ssrcs: Vec::with_capacity(limit), windows: Vec::with_capacity(limit), limit }
    }

    fn is_full(&self) -> bool {
        self.ssrcs.len() >= self.limit
    }

    fn find(&self, ssrc: u32) -> Option<usize> {
        self.ssrcs.iter().position(|known| *known == ssrc)
    }

    fn insert(&mut self, ssrc: u32, window: Window) {
        debug_assert!(!self.is_full(), "the caller has looked for room");
        self.ssrcs.push(ssrc);
        self.windows.push(window);
    }

    fn window(&self, place: usize) -> &Window {
        &self.windows[place]
    }

    fn window_mut(&mut self, place: usize) -> &mut Window {
        &mut self.windows[place]
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &Window)> {
        self.ssrcs.iter().copied().zip(&self.windows)
    }
}
