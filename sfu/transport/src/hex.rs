//! Test vectors as their RFCs print them.

/// The bytes of a text of hexadecimal digits; white space is ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("a vector is ASCII");
        u8::from_str_radix(pair, 16).expect("a vector is hexadecimal")
    };
    digits.chunks(2).map(byte).collect()
}
