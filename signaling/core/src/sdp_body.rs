//! An SDP out of its wire form and into it. Inflating stops at the limit, so that a kilobyte of
//! zeros costs no more than an honest offer.

use std::io::{Read as _, Write as _};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use protocol::client::{SDP_BYTES_MAX, SdpBody};

/// How a client wrote its offer, and so how it wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SdpForm {
    /// As text.
    Plain,
    /// Raw DEFLATE (RFC 1951) in base64.
    Deflated,
}

/// Why an SDP cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnreadableSdp {
    /// More than [`SDP_BYTES_MAX`] bytes.
    #[error("the SDP is longer than 256 KiB")]
    TooLong,
    /// Not base64, not DEFLATE, or not UTF-8.
    #[error("the SDP is not base64 of raw DEFLATE of UTF-8 text")]
    Malformed,
}

impl SdpForm {
    pub(crate) fn of(body: &SdpBody) -> Self {
        match body {
            SdpBody::Plain(_) => SdpForm::Plain,
            SdpBody::Deflated(_) => SdpForm::Deflated,
        }
    }

    pub(crate) fn write(self, text: String) -> SdpBody {
        match self {
            SdpForm::Plain => SdpBody::Plain(text),
            SdpForm::Deflated => match deflate(&text) {
                Some(packed) => SdpBody::Deflated(packed),
                None => SdpBody::Plain(text),
            },
        }
    }
}

pub(crate) fn read(body: SdpBody) -> Result<String, UnreadableSdp> {
    match body {
        SdpBody::Plain(text) if text.len() > SDP_BYTES_MAX => Err(UnreadableSdp::TooLong),
        SdpBody::Plain(text) => Ok(text),
        SdpBody::Deflated(packed) => inflate(&packed),
    }
}

fn inflate(packed: &str) -> Result<String, UnreadableSdp> {
    let packed = BASE64.decode(packed).map_err(|_| UnreadableSdp::Malformed)?;
    let mut text = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(SDP_BYTES_MAX as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|_| UnreadableSdp::Malformed)?;
    if text.len() > SDP_BYTES_MAX {
        return Err(UnreadableSdp::TooLong);
    }
    String::from_utf8(text).map_err(|_| UnreadableSdp::Malformed)
}

/// `None` never happens: a `Vec` takes every write. The plain text is as good an answer then.
fn deflate(text: &str) -> Option<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).ok()?;
    Some(BASE64.encode(encoder.finish().ok()?))
}

/// Browsers' `btoa` pads, other clients may not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = SdpForm::Deflated.write("a".repeat(64 * SDP_BYTES_MAX));
        assert_eq!(read(bomb), Err(UnreadableSdp::TooLong));
        let largest = SdpForm::Deflated.write("a".repeat(SDP_BYTES_MAX));
        assert_eq!(read(largest).map(|text| text.len()), Ok(SDP_BYTES_MAX));
        let plain = SdpBody::Plain("a".repeat(SDP_BYTES_MAX + 1));
        assert_eq!(read(plain), Err(UnreadableSdp::TooLong));
    }

    #[test]
    fn what_is_not_deflate_is_malformed() {
        for packed in ["!", "AAAA", "/w==", "8w"] {
            let body = SdpBody::Deflated(packed.to_owned());
            assert_eq!(read(body), Err(UnreadableSdp::Malformed), "{packed}");
        }
        let latin = deflate_bytes(&[0xE9, 0x20]);
        assert_eq!(read(latin), Err(UnreadableSdp::Malformed));
    }

    #[test]
    fn an_sdp_shrinks() {
        let text = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n".repeat(400);
        let SdpBody::Deflated(packed) = SdpForm::Deflated.write(text) else {
            panic!("it deflates");
        };
        assert!(packed.len() < 1000, "{}", packed.len());
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".{0,400}") {
            for form in [SdpForm::Plain, SdpForm::Deflated] {
                let body = form.write(text.clone());
                prop_assert_eq!(SdpForm::of(&body), form);
                prop_assert_eq!(read(body), Ok(text.clone()));
            }
        }

        #[test]
        fn no_bytes_break_it(packed in "[A-Za-z0-9+/=]{0,200}") {
            let _ = read(SdpBody::Deflated(packed));
        }
    }

    fn deflate_bytes(bytes: &[u8]) -> SdpBody {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a Vec takes it");
        SdpBody::Deflated(BASE64.encode(encoder.finish().expect("a Vec takes it")))
    }
}
