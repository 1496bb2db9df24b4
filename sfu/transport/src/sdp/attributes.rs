//! Lines of an SDP and the values of single attributes, as borrowed text.

use protocol::media::{Codec, Pt, Ssrc};

use super::{Direction, Extension, LINE_BYTES_MAX, SdpError, offer::Setup};

/// A line that matters: all others are skipped.
pub(super) enum Line<'t> {
    /// `m=`, its value.
    Media(&'t str),
    /// `a=`, name and value, which is empty for a flag.
    Attribute(&'t str, &'t str),
}

/// Walks the lines of `text` with their numbers, from 1.
///
/// # Errors
/// [`SdpError::NotSdp`] and [`SdpError::BadLine`], in place of the line.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<(usize, Line<'_>), SdpError>> {
    let mut is_first = true;
    text.split('\n').enumerate().filter_map(move |(index, line)| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if std::mem::take(&mut is_first) {
            return (line != "v=0").then_some(Err(SdpError::NotSdp));
        }
        classify(index + 1, line).transpose()
    })
}

fn classify(number: usize, line: &str) -> Result<Option<(usize, Line<'_>)>, SdpError> {
    if line.is_empty() {
        return Ok(None);
    }
    let is_line = line.as_bytes().get(1) == Some(&b'=') && line.is_char_boundary(2);
    if !is_line || line.len() > LINE_BYTES_MAX {
        return Err(SdpError::BadLine(number));
    }
    let (key, value) = line.split_at(2);
    Ok(match key {
        "m=" => Some((number, Line::Media(value))),
        "a=" => {
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            Some((number, Line::Attribute(name, value)))
        }
        _ => None,
    })
}

/// What an `a=rtpmap` names (RFC 8866 §6.6), as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// A codec that we know.
    Codec(Codec),
    /// Repairs another payload type (RFC 4588).
    Rtx,
}

/// What `a=rtpmap` calls a codec. The `red` of pictures has another clock.
pub(super) const fn encoding_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "opus",
        Codec::Red => "red",
        Codec::Vp8 => "VP8",
        Codec::Vp9 => "VP9",
        Codec::H264 => "H264",
        Codec::Av1 => "AV1",
    }
}

/// `111 opus/48000/2`; `None` for an encoding that we do not know.
pub(super) fn rtpmap(value: &str) -> Option<(Pt, Encoding)> {
    let (pt, encoding) = value.split_once(' ')?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next()?;
    let clock_rate = parts.next()?.parse::<u32>().ok()?;
    // RFC 8866 §6.6: encoding names are not case-sensitive.
    let is_named = |codec: &Codec| encoding_name(*codec).eq_ignore_ascii_case(name);
    let encoding = Codec::ALL
        .into_iter()
        .find(|codec| is_named(codec) && codec.clock_rate() == clock_rate)
        .map(Encoding::Codec)
        .or_else(|| "rtx".eq_ignore_ascii_case(name).then_some(Encoding::Rtx))?;
    Some((payload_type(pt)?, encoding))
}

/// A payload type: 0 to 127 (RFC 3550 §5.1).
pub(super) fn payload_type(token: &str) -> Option<Pt> {
    let number = token.parse::<u8>().ok()?;
    (number < 128).then_some(Pt(number))
}

/// `9/sendonly urn:… attributes` (RFC 8285 §8); `None` for an extension that we do not use, and for
/// ids that a one-byte header cannot carry.
pub(super) fn extmap(value: &str) -> Option<(u8, Direction, Extension)> {
    let mut words = value.split_ascii_whitespace();
    let (id, direction) = match words.next()?.split_once('/') {
        Some((id, direction)) => (id, Direction::from_name(direction)?),
        None => (value.split_ascii_whitespace().next()?, Direction::SendRecv),
    };
    let uri = words.next()?;
    let extension = Extension::ALL.into_iter().find(|known| known.uri() == uri)?;
    let id = id.parse::<u8>().ok().filter(|id| (1..=14).contains(id))?;
    Some((id, direction, extension))
}

/// The first word of `a=ssrc`.
pub(super) fn ssrc(value: &str) -> Option<Ssrc> {
    value.split(' ').next()?.parse().ok().map(Ssrc)
}

/// `FID 1 2`: a stream and the one that repairs it (RFC 5576 §4.2).
pub(super) fn fid_group(value: &str) -> Option<(Ssrc, Ssrc)> {
    let mut words = value.split_ascii_whitespace();
    if words.next()? != "FID" {
        return None;
    }
    Some((ssrc(words.next()?)?, ssrc(words.next()?)?))
}

/// `q send` and restrictions, which are the client's own business: the rid of an encoding that the
/// client sends (RFC 8851 §10).
pub(super) fn sent_rid(value: &str) -> Option<&str> {
    let mut words = value.split_ascii_whitespace();
    let rid = words.next()?;
    (words.next()? == "send").then_some(rid)
}

/// `send q;~h,g;f recv …`: the first alternative of each stream that the client sends, in its order
/// (RFC 8853 §5.1). A `~` marks a stream that starts paused.
pub(super) fn sent_simulcast(value: &str) -> impl Iterator<Item = &str> {
    let mut words = value.split_ascii_whitespace();
    let list = loop {
        match words.next() {
            Some("send") => break words.next().unwrap_or(""),
            Some(_) => {}
            None => break "",
        }
    };
    list.split(';').filter_map(|stream| {
        let first = stream.split(',').next()?;
        let rid = first.strip_prefix('~').unwrap_or(first);
        (!rid.is_empty()).then_some(rid)
    })
}

/// Who may begin the DTLS handshake (RFC 4145 §4); `None` for a word of another kind.
pub(super) fn setup(value: &str) -> Option<Setup> {
    match value {
        "actpass" => Some(Setup::ActPass),
        "active" => Some(Setup::Active),
        "passive" => Some(Setup::Passive),
        "holdconn" => Some(Setup::HoldConn),
        _ => None,
    }
}
