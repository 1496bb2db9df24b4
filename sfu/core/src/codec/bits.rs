//! Bits of a byte string, first bit highest.

/// Reads a byte string bit by bit; at the end everything is `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BitReader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> BitReader<'b> {
    /// Begins at bit `at` of `bytes`.
    pub(crate) const fn new(bytes: &'b [u8], at: usize) -> Self {
        BitReader { bytes, at }
    }

    /// The next bit's number.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The next `count` bits, at most 32.
    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        debug_assert!(count <= 32, "more bits than the result has");
        let mut value = 0_u32;
        let mut left = count;
        while left > 0 {
            let byte = u32::from(*self.bytes.get(self.at / 8)?);
            let in_byte = 8 - (self.at % 8) as u32;
            let taken = in_byte.min(left);
            let bits = byte >> (in_byte - taken) & ((1 << taken) - 1);
            value = value << taken | bits;
            self.at += taken as usize;
            left -= taken;
        }
        Some(value)
    }

    /// The next bit.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// A value of 0 to `count` − 1 in `ns(count)` coding (AV1 specification §4.10.7).
    pub(crate) fn below(&mut self, count: u32) -> Option<u32> {
        let width = 32 - count.leading_zeros();
        let short = (1_u32.checked_shl(width)?).checked_sub(count)?;
        let value = self.take(width.checked_sub(1)?)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.take(1)?)
    }
}

/// Writes bit by bit into a byte string that was zero before; what does not fit is left out and
/// remembered.
#[derive(Debug)]
pub(crate) struct BitWriter<'b> {
    bytes: &'b mut [u8],
    at: usize,
}

impl<'b> BitWriter<'b> {
    /// Begins at bit `at` of `bytes`, which is zero from there on.
    pub(crate) const fn new(bytes: &'b mut [u8], at: usize) -> Self {
        BitWriter { bytes, at }
    }

    /// Appends the lowest `count` bits of `value`, at most 32.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        let mut left = count;
        while left > 0 {
            let in_byte = 8 - (self.at % 8) as u32;
            let taken = in_byte.min(left);
            let bits = value >> (left - taken) & ((1 << taken) - 1);
            if let Some(byte) = self.bytes.get_mut(self.at / 8) {
                *byte |= (bits << (in_byte - taken)) as u8;
            }
            self.at += taken as usize;
            left -= taken;
        }
    }

    /// Appends the bits from `from` to `to` of `bytes`, which must have them.
    pub(crate) fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        let mut reader = BitReader::new(bytes, from);
        while reader.at() < to {
            let count = (to - reader.at()).min(32) as u32;
            let Some(value) = reader.take(count) else {
                return;
            };
            self.put(value, count);
        }
    }

    /// Whole bytes written; `None` if they did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        let length = self.at.div_ceil(8);
        (length <= self.bytes.len()).then_some(length)
    }
}
