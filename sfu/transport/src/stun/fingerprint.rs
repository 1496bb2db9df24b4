//! The CRC-32 of FINGERPRINT (RFC 8489 §14.7, ITU-T V.42 §8.1.1.6.2).

use super::FINGERPRINT_XOR;

/// The value of FINGERPRINT for a message that ends before it.
pub(crate) fn fingerprint(message: &[u8]) -> u32 {
    crc32(message) ^ FINGERPRINT_XOR
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let place = (crc as u8 ^ byte) as usize;
        (crc >> 8) ^ TABLE[place]
    })
}

/// The remainders of every byte.
static TABLE: [u32; 256] = {
    /// V.42's polynomial, bit-reversed.
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder = (remainder >> 1) ^ (carry * POLYNOMIAL);
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_check_value_of_the_catalogue_is_met() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
