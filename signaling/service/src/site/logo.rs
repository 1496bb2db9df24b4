//! A picture of the operator's.

/// A picture beside the site's name: SVG, PNG or WebP of at most [`Logo::BYTES_MAX`].
///
/// An SVG can hold scripts. Pages show it as an image, which runs none, and it is served with a
/// policy that lets none run where somebody opens its address.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    bytes: Vec<u8>,
    kind: Kind,
}

/// Why a file is no [`Logo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLogo {
    /// It would weigh on every first visit.
    #[error("it has more than {} kB: make it smaller", Logo::BYTES_MAX / 1000)]
    TooLarge,
    /// No known signature.
    #[error("it is neither SVG nor PNG nor WebP")]
    Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
    Webp,
}

impl Logo {
    /// The largest file.
    pub const BYTES_MAX: usize = 100_000;

    /// Takes a file, whose kind is told by its content.
    ///
    /// # Errors
    /// [`BadLogo`] says what to change.
    pub fn try_new(bytes: Vec<u8>) -> Result<Logo, BadLogo> {
        if bytes.len() > Logo::BYTES_MAX {
            return Err(BadLogo::TooLarge);
        }
        let kind = kind(&bytes).ok_or(BadLogo::Kind)?;
        Ok(Logo { bytes, kind })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn extension(&self) -> &'static str {
        match self.kind {
            Kind::Svg => "svg",
            Kind::Png => "png",
            Kind::Webp => "webp",
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self.kind {
            Kind::Svg => "image/svg+xml",
            Kind::Png => "image/png",
            Kind::Webp => "image/webp",
        }
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} of {} bytes>", self.extension(), self.bytes.len())
    }
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Kind::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some(Kind::Webp);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with('<') && text.contains("<svg")).then_some(Kind::Svg)
}
