//! Reads binding requests and responses in place.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{
    ATTRIBUTE_HEAD_LENGTH, HEADER_LENGTH, IceKey, MAGIC_COOKIE, TransactionId, attribute,
    fingerprint::fingerprint, message_type,
};
use crate::{drop_reason::drop_reasons, hmac};

drop_reasons! {
    /// Why a datagram is no message for us. It changed nothing and is not answered.
    StunDrop {
        /// Not the header of a STUN message of this length.
        NotStun = "stun_not_stun",
        /// Another method, an indication, or a request of STUN's first edition.
        NotBinding = "stun_not_binding",
        /// An attribute does not fit into the message.
        Truncated = "stun_truncated",
        /// An attribute has another length than its type asks for.
        BadAttribute = "stun_bad_attribute",
        /// An attribute that may stand only once stands twice.
        Duplicate = "stun_duplicate",
        /// An attribute that one must understand and that no check has (RFC 8489 §14).
        UnknownRequired = "stun_unknown_required",
        /// No USERNAME with a colon, no XOR-MAPPED-ADDRESS, or no ERROR-CODE where there must be.
        Incomplete = "stun_incomplete",
        /// No MESSAGE-INTEGRITY.
        NoIntegrity = "stun_no_integrity",
        /// No FINGERPRINT at the end, which ICE requires (RFC 8445 §7.1).
        NoFingerprint = "stun_no_fingerprint",
        /// The FINGERPRINT is of another message.
        BadFingerprint = "stun_bad_fingerprint",
    }
}

/// A binding message, well-formed but not yet authentic.
#[derive(Clone, Copy, Debug)]
pub enum Message<'m> {
    /// A check of the other side.
    Request(BindingRequest<'m>),
    /// Its answer to a check of ours.
    Success(BindingSuccess<'m>),
    /// Its refusal of a check of ours, with the code (RFC 8489 §14.8).
    Error(TransactionId, u16),
}

/// The role that the sender of a check claims, with its tie-breaker (RFC 8445 §7.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// ICE-CONTROLLING: as it must be towards an ICE-lite agent.
    Controlling(u64),
    /// ICE-CONTROLLED.
    Controlled(u64),
}

/// A connectivity check.
#[derive(Clone, Copy, Debug)]
pub struct BindingRequest<'m> {
    /// Names the request.
    pub transaction_id: TransactionId,
    /// PRIORITY, if there is one.
    pub priority: Option<u32>,
    /// The role, if it claims one.
    pub role: Option<Role>,
    /// Whether it nominates its pair.
    pub use_candidate: bool,
    /// Bytes of the datagram.
    pub length: usize,
    username: &'m [u8],
    colon: usize,
    integrity: Integrity<'m>,
}

impl<'m> BindingRequest<'m> {
    /// The half of USERNAME before the colon: the ufrag of who is asked.
    #[must_use]
    pub fn local_ufrag(&self) -> &'m [u8] {
        &self.username[..self.colon]
    }

    /// The half of USERNAME behind the colon: the ufrag of who asks. Never needed to tell whose a
    /// check is: after a restart it may be the one before.
    #[must_use]
    pub fn remote_ufrag(&self) -> &'m [u8] {
        &self.username[self.colon + 1..]
    }

    /// Whether its MESSAGE-INTEGRITY was made with this key.
    #[must_use]
    pub fn is_authentic(&self, key: &IceKey) -> bool {
        self.integrity.is_authentic(key)
    }
}

/// An answer to a check.
#[derive(Clone, Copy, Debug)]
pub struct BindingSuccess<'m> {
    /// Names the request.
    pub transaction_id: TransactionId,
    /// XOR-MAPPED-ADDRESS: the address that the request came from.
    pub mapped: SocketAddr,
    integrity: Integrity<'m>,
}

impl BindingSuccess<'_> {
    /// Whether its MESSAGE-INTEGRITY was made with this key.
    #[must_use]
    pub fn is_authentic(&self, key: &IceKey) -> bool {
        self.integrity.is_authentic(key)
    }
}

/// Reads the binding message that fills `datagram`.
///
/// # Errors
/// The reason to drop it.
pub fn parse(datagram: &[u8]) -> Result<Message<'_>, StunDrop> {
    let header = datagram.first_chunk::<HEADER_LENGTH>().ok_or(StunDrop::NotStun)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // RFC 8489 §5: two zero bits, a length in whole words that excludes the header, the cookie.
    let fits = length % 4 == 0 && HEADER_LENGTH + length == datagram.len();
    if header[0] & 0xC0 != 0 || !fits || header[4..8] != MAGIC_COOKIE.to_be_bytes() {
        return Err(StunDrop::NotStun);
    }
    let mut transaction_id = TransactionId([0; 12]);
    transaction_id.0.copy_from_slice(&header[8..]);
    let message_type = u16::from_be_bytes([header[0], header[1]]);
    let known = [message_type::REQUEST, message_type::SUCCESS, message_type::ERROR];
    if !known.contains(&message_type) {
        return Err(StunDrop::NotBinding);
    }
    let attributes = Attributes::read(datagram, transaction_id)?;
    match message_type {
        message_type::REQUEST => attributes.into_request(transaction_id, datagram.len()),
        message_type::SUCCESS => attributes.into_success(transaction_id),
        _ => {
            let code = attributes.error_code.ok_or(StunDrop::Incomplete)?;
            Ok(Message::Error(transaction_id, code))
        }
    }
}

/// What MESSAGE-INTEGRITY claims, and what it covers.
#[derive(Clone, Copy, Debug)]
struct Integrity<'m> {
    covered: &'m [u8],
    tag: &'m [u8],
}

impl Integrity<'_> {
    fn is_authentic(&self, key: &IceKey) -> bool {
        key.verifies(self.covered, self.tag)
    }
}

/// The attributes of one message that a check or its answer may have.
#[derive(Default)]
struct Attributes<'m> {
    username: Option<&'m [u8]>,
    priority: Option<u32>,
    role: Option<Role>,
    use_candidate: Option<()>,
    mapped: Option<SocketAddr>,
    error_code: Option<u16>,
    integrity: Option<Integrity<'m>>,
}

impl<'m> Attributes<'m> {
    /// Reads all attributes; at least a right FINGERPRINT is there.
    fn read(datagram: &'m [u8], transaction_id: TransactionId) -> Result<Self, StunDrop> {
        let mut attributes = Attributes::default();
        let mut offset = HEADER_LENGTH;
        while let Some(head) = datagram.get(offset..offset + ATTRIBUTE_HEAD_LENGTH) {
            let kind = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let start = offset + ATTRIBUTE_HEAD_LENGTH;
            // RFC 8489 §14: a value is padded to whole words with anything.
            let end = start + length.next_multiple_of(4);
            let value = datagram.get(start..end).ok_or(StunDrop::Truncated)?;
            let value = &value[..length];
            if kind == attribute::FINGERPRINT {
                // RFC 8489 §14.7: the last attribute.
                let at_end = end == datagram.len();
                check_fingerprint(&datagram[..offset], value, at_end)?;
                return Ok(attributes);
            }
            if attributes.integrity.is_none() {
                let covered = &datagram[..offset];
                attributes.take(kind, value, covered, transaction_id)?;
            } else if kind == attribute::MESSAGE_INTEGRITY {
                return Err(StunDrop::Duplicate);
            }
            // RFC 8489 §14.5: any other attribute behind MESSAGE-INTEGRITY is ignored.
            offset = end;
        }
        Err(StunDrop::NoFingerprint)
    }

    /// Takes an attribute that stands before MESSAGE-INTEGRITY, or is it.
    fn take(
        &mut self,
        kind: u16,
        value: &'m [u8],
        covered: &'m [u8],
        transaction_id: TransactionId,
    ) -> Result<(), StunDrop> {
        match kind {
            attribute::USERNAME => once(&mut self.username, value),
            attribute::PRIORITY => once(&mut self.priority, u32::from_be_bytes(sized(value)?)),
            attribute::USE_CANDIDATE => {
                let [] = sized(value)?;
                once(&mut self.use_candidate, ())
            }
            attribute::ICE_CONTROLLING => {
                let tie_breaker = u64::from_be_bytes(sized(value)?);
                once(&mut self.role, Role::Controlling(tie_breaker))
            }
            attribute::ICE_CONTROLLED => {
                let tie_breaker = u64::from_be_bytes(sized(value)?);
                once(&mut self.role, Role::Controlled(tie_breaker))
            }
            attribute::XOR_MAPPED_ADDRESS => {
                once(&mut self.mapped, read_address(value, transaction_id)?)
            }
            attribute::ERROR_CODE => once(&mut self.error_code, read_error_code(value)?),
            attribute::MESSAGE_INTEGRITY => {
                let _: [u8; hmac::TAG_LENGTH] = sized(value)?;
                let tag = value;
                once(&mut self.integrity, Integrity { covered, tag })
            }
            attribute::COMPREHENSION_OPTIONAL.. => Ok(()),
            _ => Err(StunDrop::UnknownRequired),
        }
    }

    fn into_request(
        self,
        transaction_id: TransactionId,
        length: usize,
    ) -> Result<Message<'m>, StunDrop> {
        let integrity = self.integrity.ok_or(StunDrop::NoIntegrity)?;
        let username = self.username.ok_or(StunDrop::Incomplete)?;
        let colon = username.iter().position(|byte| *byte == b':');
        Ok(Message::Request(BindingRequest {
            transaction_id,
            priority: self.priority,
            role: self.role,
            use_candidate: self.use_candidate.is_some(),
            length,
            username,
            colon: colon.ok_or(StunDrop::Incomplete)?,
            integrity,
        }))
    }

    fn into_success(self, transaction_id: TransactionId) -> Result<Message<'m>, StunDrop> {
        Ok(Message::Success(BindingSuccess {
            transaction_id,
            integrity: self.integrity.ok_or(StunDrop::NoIntegrity)?,
            mapped: self.mapped.ok_or(StunDrop::Incomplete)?,
        }))
    }
}

fn check_fingerprint(message: &[u8], value: &[u8], at_end: bool) -> Result<(), StunDrop> {
    let claimed = u32::from_be_bytes(sized(value)?);
    if at_end && claimed == fingerprint(message) { Ok(()) } else { Err(StunDrop::BadFingerprint) }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), StunDrop> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(StunDrop::Duplicate),
    }
}

fn sized<const N: usize>(value: &[u8]) -> Result<[u8; N], StunDrop> {
    <[u8; N]>::try_from(value).map_err(|_| StunDrop::BadAttribute)
}

/// RFC 8489 §14.2: a zero byte, the family, port and address, the last two XOR the header.
pub(crate) fn read_address(
    value: &[u8],
    transaction_id: TransactionId,
) -> Result<SocketAddr, StunDrop> {
    let (head, address) = value.split_first_chunk::<4>().ok_or(StunDrop::BadAttribute)?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ (MAGIC_COOKIE >> 16) as u16;
    let address = match head[1] {
        1 => {
            let bits = u32::from_be_bytes(sized(address)?) ^ MAGIC_COOKIE;
            IpAddr::V4(Ipv4Addr::from_bits(bits))
        }
        2 => {
            let bits = u128::from_be_bytes(sized(address)?) ^ address_mask(transaction_id);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        _ => return Err(StunDrop::BadAttribute),
    };
    Ok(SocketAddr::new(address, port))
}

/// What an IPv6 address is XORed with: the cookie and the transaction id.
pub(crate) fn address_mask(transaction_id: TransactionId) -> u128 {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(&transaction_id.0);
    u128::from_be_bytes(mask)
}

/// RFC 8489 §14.8: the hundreds in the low bits of the third byte, the rest in the fourth.
fn read_error_code(value: &[u8]) -> Result<u16, StunDrop> {
    let head = value.first_chunk::<4>().ok_or(StunDrop::BadAttribute)?;
    Ok(100 * u16::from(head[2] & 0x07) + u16::from(head[3]))
}
