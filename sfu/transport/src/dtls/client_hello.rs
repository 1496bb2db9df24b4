//! Reads the SRTP profiles out of a ClientHello before the library sees it.

use crate::srtp::Profile;

/// `use_srtp` (RFC 5764 §9).
const USE_SRTP: u16 = 14;

/// The first of `preferred` that the ClientHello's `use_srtp` names (RFC 5764 §4.1.1).
pub(super) fn choose_profile(hello: &[u8], preferred: &[Profile]) -> Option<Profile> {
    let offered = srtp_profiles(hello)?;
    let is_offered = |profile: &&Profile| {
        let id = profile.dtls_id().to_be_bytes();
        offered.chunks_exact(2).any(|offered| offered == id)
    };
    preferred.iter().find(is_offered).copied()
}

/// The list of profiles, two bytes each.
fn srtp_profiles(hello: &[u8]) -> Option<&[u8]> {
    let mut hello = Reader(hello);
    hello.take(2 + 32)?; // version, random
    hello.vector8()?; // session id
    hello.vector8()?; // cookie
    hello.vector16()?; // cipher suites
    hello.vector8()?; // compression methods
    let mut extensions = Reader(hello.vector16()?);
    loop {
        let kind = extensions.uint16()?;
        let body = extensions.vector16()?;
        if kind == USE_SRTP {
            return Reader(body).vector16();
        }
    }
}

/// Takes values from the front; `None` where they do not fit.
struct Reader<'h>(&'h [u8]);

impl<'h> Reader<'h> {
    fn take(&mut self, length: usize) -> Option<&'h [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn uint16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector8(&mut self) -> Option<&'h [u8]> {
        let length = self.take(1)?[0];
        self.take(usize::from(length))
    }

    fn vector16(&mut self) -> Option<&'h [u8]> {
        let length = self.uint16()?;
        self.take(usize::from(length))
    }
}
