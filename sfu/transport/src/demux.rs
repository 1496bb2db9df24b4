//! Tells what a datagram is from its first two bytes (RFC 7983 §7, RFC 5761 §4).
//!
//! It never looks further and never decides whether the sender may send it.

/// What the first bytes of a datagram claim it to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatagramKind {
    /// STUN: first byte 0 to 3.
    Stun,
    /// A DTLS record: first byte 20 to 63.
    Dtls,
    /// RTP: first byte 128 to 191, second not that of RTCP.
    Rtp,
    /// RTCP multiplexed with RTP: first byte 128 to 191, second 192 to 223.
    Rtcp,
    /// Nothing this port speaks; ZRTP, TURN channels and QUIC are among it.
    Unknown,
}

/// Sorts a datagram. An RTP or RTCP datagram of one byte is [`DatagramKind::Unknown`].
#[must_use]
pub const fn classify(datagram: &[u8]) -> DatagramKind {
    match *datagram {
        [0..=3, ..] => DatagramKind::Stun,
        [20..=63, ..] => DatagramKind::Dtls,
        // RFC 5761 §4: 64 to 95 with the marker bit are never RTP payload types beside RTCP.
        [128..=191, 192..=223, ..] => DatagramKind::Rtcp,
        [128..=191, _, ..] => DatagramKind::Rtp,
        [_, ..] | [] => DatagramKind::Unknown,
    }
}

#[cfg(test)]
mod tests;
