//! Whether the numbers that a VP8 decoder orders frames by fit the frames (RFC 7741 §4.2): it is
//! read here apart from the node's own parser, so that a mistake there is not repeated.

use std::collections::BTreeMap;

use super::media::Tag;

/// Frames that are remembered.
const REMEMBERED: usize = 256;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct PictureNumbers {
    /// By unwrapped picture id: author, encoding, frame, and the unwrapped TL0PICIDX.
    frames: BTreeMap<i64, (u32, u8, u32, Option<i64>)>,
    /// Packets of another frame under a picture id that was used, or of one frame under two.
    pub contradictions: u64,
    /// Frames whose TL0PICIDX is not that of the lowest temporal layer that they need.
    pub wrong_tl0: u64,
}

impl PictureNumbers {
    /// Takes a packet's payload.
    pub(super) fn note(&mut self, payload: &[u8], tag: &Tag) {
        let Some((picture, tl0)) = read(payload) else { return };
        let newest = self.frames.last_key_value();
        let near = newest.map_or(i64::from(picture), |(newest, _)| *newest);
        let picture = unwrap(i64::from(picture), near, 15);
        let near = newest.and_then(|(_, frame)| frame.3);
        let tl0 = tl0.map(|tl0| unwrap(i64::from(tl0), near.unwrap_or(i64::from(tl0)), 8));
        let frame = (tag.author, tag.layer, tag.frame, tl0);
        match self.frames.get(&picture) {
            Some(known) if *known == frame => {}
            Some(_) => self.contradictions += 1,
            None => self.begin(picture, frame, tag),
        }
    }

    fn begin(&mut self, picture: i64, frame: (u32, u8, u32, Option<i64>), tag: &Tag) {
        let same = |it: &(u32, u8, u32, Option<i64>)| (it.0, it.1) == (frame.0, frame.1);
        // Frames of one encoding are in the order of their ids, and each id is one frame's.
        let before = self.frames.range(..picture).next_back().filter(|(_, it)| same(it));
        let after = self.frames.range(picture..).next().filter(|(_, it)| same(it));
        let is_disordered = before.is_some_and(|(_, it)| it.2 >= frame.2)
            || after.is_some_and(|(_, it)| it.2 <= frame.2);
        self.contradictions += u64::from(is_disordered);
        if let (Some((_, before)), Some(tl0)) = (before, frame.3)
            && before.2 + 1 == frame.2
            && let Some(tl0_before) = before.3
        {
            let step = i64::from(tag.temporal == 0);
            self.wrong_tl0 += u64::from(tl0 != tl0_before + step);
        }
        self.frames.insert(picture, frame);
        if self.frames.len() > REMEMBERED {
            self.frames.pop_first();
        }
    }
}

/// The picture id and the TL0PICIDX of a payload descriptor.
fn read(payload: &[u8]) -> Option<(u16, Option<u8>)> {
    let (&[first, extension], rest) = payload.split_first_chunk::<2>()?;
    if first & 0x80 == 0 || extension & 0x80 == 0 {
        return None;
    }
    let (id, rest) = match rest {
        [high, low, rest @ ..] if high & 0x80 != 0 => {
            (u16::from_be_bytes([high & 0x7F, *low]), rest)
        }
        [id, rest @ ..] => (u16::from(*id), rest),
        [] => return None,
    };
    Some((id, rest.first().copied().filter(|_| extension & 0x40 != 0)))
}

/// The number of `bits` bits as the one nearest to `near` that ends in it.
fn unwrap(number: i64, near: i64, bits: u32) -> i64 {
    let circle = 1 << bits;
    let step = (number - near).rem_euclid(circle);
    near + if step >= circle / 2 { step - circle } else { step }
}
