//! Reads requests and indications of TURN and writes responses (RFC 8489 §5, RFC 8656 §18).

use std::net::{IpAddr, SocketAddr};

use super::TurnDrop;
use crate::{
    hmac,
    stun::{
        ATTRIBUTE_HEAD_LENGTH, HEADER_LENGTH, IceKey, MAGIC_COOKIE, TransactionId, address_mask,
        fingerprint, read_address,
    },
};

/// Attributes (RFC 8489 §18.3, RFC 8656 §18).
pub(super) mod attribute {
    pub(in crate::turn) const USERNAME: u16 = 0x0006;
    pub(in crate::turn) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(in crate::turn) const ERROR_CODE: u16 = 0x0009;
    pub(in crate::turn) const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
    pub(in crate::turn) const CHANNEL_NUMBER: u16 = 0x000C;
    pub(in crate::turn) const LIFETIME: u16 = 0x000D;
    pub(in crate::turn) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(in crate::turn) const DATA: u16 = 0x0013;
    pub(in crate::turn) const REALM: u16 = 0x0014;
    pub(in crate::turn) const NONCE: u16 = 0x0015;
    pub(in crate::turn) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(in crate::turn) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(in crate::turn) const EVEN_PORT: u16 = 0x0018;
    pub(in crate::turn) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(in crate::turn) const DONT_FRAGMENT: u16 = 0x001A;
    pub(in crate::turn) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(in crate::turn) const RESERVATION_TOKEN: u16 = 0x0022;
    pub(in crate::turn) const FINGERPRINT: u16 = 0x8028;
    /// RFC 8489 §14: types from here on may be ignored by who does not know them.
    pub(in crate::turn) const COMPREHENSION_OPTIONAL: u16 = 0x8000;
}

/// What a client asks for (RFC 8656 §17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Binding,
    Allocate,
    Refresh,
    CreatePermission,
    ChannelBind,
}

impl Method {
    /// The low bits of a message type (RFC 8489 §5).
    const fn code(self) -> u16 {
        match self {
            Method::Binding => 0x0001,
            Method::Allocate => 0x0003,
            Method::Refresh => 0x0004,
            Method::CreatePermission => 0x0008,
            Method::ChannelBind => 0x0009,
        }
    }

    fn of(message_type: u16) -> Option<Method> {
        let all = [
            Method::Binding,
            Method::Allocate,
            Method::Refresh,
            Method::CreatePermission,
            Method::ChannelBind,
        ];
        all.into_iter().find(|method| method.code() == message_type)
    }
}

/// A message of a client.
#[derive(Debug)]
pub(super) enum ClientMessage<'m> {
    /// To be answered.
    Request(Request<'m>),
    /// A datagram for a peer (RFC 8656 §11.2).
    Send { peer: SocketAddr, data: &'m [u8] },
    /// A datagram for the peer of a channel (RFC 8656 §12.5).
    ChannelData { channel: u16, data: &'m [u8] },
    /// What needs no answer: a keep-alive (RFC 8489 §3).
    Nothing,
}

/// A request, whose sender has proved nothing yet.
#[derive(Debug)]
pub(super) struct Request<'m> {
    pub(super) method: Method,
    pub(super) id: TransactionId,
    pub(super) attributes: Attributes<'m>,
}

/// The attributes that a client may send.
#[derive(Debug, Default)]
pub(super) struct Attributes<'m> {
    pub(super) username: Option<&'m [u8]>,
    pub(super) realm: Option<&'m [u8]>,
    pub(super) nonce: Option<&'m [u8]>,
    pub(super) transport: Option<u8>,
    pub(super) lifetime: Option<u32>,
    pub(super) family: Option<u8>,
    pub(super) channel: Option<u16>,
    pub(super) peers: Vec<SocketAddr>,
    pub(super) data: Option<&'m [u8]>,
    /// EVEN-PORT or RESERVATION-TOKEN: ports that this server has none of.
    pub(super) wants_port: bool,
    /// Types that must be understood and are not.
    pub(super) unknown: Vec<u16>,
    /// A value that is none of its type's, so that the request makes no sense.
    pub(super) is_malformed: bool,
    integrity: Option<Integrity<'m>>,
}

#[derive(Clone, Copy, Debug)]
struct Integrity<'m> {
    covered: &'m [u8],
    tag: &'m [u8],
}

impl Attributes<'_> {
    /// Whether it claims to prove anything.
    pub(super) fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }

    /// Whether its MESSAGE-INTEGRITY was made with this key.
    pub(super) fn is_authentic(&self, key: &IceKey) -> bool {
        self.integrity.is_some_and(|it| key.verifies(it.covered, it.tag))
    }
}

/// Reads a message as [`crate::framing`] has cut it out.
pub(super) fn parse(message: &[u8]) -> Result<ClientMessage<'_>, TurnDrop> {
    let [high, low, ..] = *message else { return Err(TurnDrop::NotTurn) };
    let message_type = u16::from_be_bytes([high, low]);
    if high >> 6 == 1 {
        let data = message.get(4..).ok_or(TurnDrop::NotTurn)?;
        return Ok(ClientMessage::ChannelData { channel: message_type, data });
    }
    let header = message.first_chunk::<HEADER_LENGTH>().ok_or(TurnDrop::NotTurn)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let fits = HEADER_LENGTH + length == message.len();
    if !fits || header[4..8] != MAGIC_COOKIE.to_be_bytes() {
        return Err(TurnDrop::NotTurn);
    }
    let mut id = TransactionId([0; 12]);
    id.0.copy_from_slice(&header[8..]);
    match message_type {
        SEND_INDICATION => {
            let attributes = Attributes::read(message, id)?;
            match (&attributes.peers[..], attributes.data) {
                ([peer], Some(data)) => Ok(ClientMessage::Send { peer: *peer, data }),
                _ => Err(TurnDrop::NotTurn),
            }
        }
        BINDING_INDICATION => Ok(ClientMessage::Nothing),
        _ => {
            let method = Method::of(message_type).ok_or(TurnDrop::NotTurn)?;
            let attributes = Attributes::read(message, id)?;
            Ok(ClientMessage::Request(Request { method, id, attributes }))
        }
    }
}

/// RFC 8656 §17: Send, as an indication.
const SEND_INDICATION: u16 = 0x0016;
/// RFC 8656 §17: Data, as an indication.
const DATA_INDICATION: u16 = 0x0017;
/// RFC 8489 §5: Binding, as an indication.
const BINDING_INDICATION: u16 = 0x0011;
/// RFC 8489 §5: the bits of a success and of an error response.
const SUCCESS: u16 = 0x0100;
const ERROR: u16 = 0x0110;

/// Addresses in one request, and unknown types that are told, at most.
const LIST_MAX: usize = 16;

impl<'m> Attributes<'m> {
    /// Reads what stands up to MESSAGE-INTEGRITY; what is behind it nobody has proved.
    fn read(message: &'m [u8], id: TransactionId) -> Result<Self, TurnDrop> {
        let mut attributes = Attributes::default();
        let mut offset = HEADER_LENGTH;
        while let Some(head) = message.get(offset..offset + ATTRIBUTE_HEAD_LENGTH) {
            let kind = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let start = offset + ATTRIBUTE_HEAD_LENGTH;
            let end = start + length.next_multiple_of(4);
            let value = message.get(start..end).ok_or(TurnDrop::NotTurn)?;
            let value = &value[..length];
            if kind == attribute::FINGERPRINT {
                let is_right = value == fingerprint(&message[..offset]).to_be_bytes();
                return if is_right { Ok(attributes) } else { Err(TurnDrop::NotTurn) };
            }
            if attributes.integrity.is_none() {
                let taken = attributes.take(kind, value, &message[..offset], id);
                attributes.is_malformed |= taken.is_none();
            }
            offset = end;
        }
        Ok(attributes)
    }

    /// Takes an attribute; `None` if its value is none of its type's.
    fn take(
        &mut self,
        kind: u16,
        value: &'m [u8],
        covered: &'m [u8],
        id: TransactionId,
    ) -> Option<()> {
        match kind {
            attribute::USERNAME => self.username = Some(value),
            attribute::REALM => self.realm = Some(value),
            attribute::NONCE => self.nonce = Some(value),
            attribute::DATA => self.data = Some(value),
            attribute::REQUESTED_TRANSPORT => self.transport = Some(sized::<4>(value)?[0]),
            attribute::LIFETIME => self.lifetime = Some(u32::from_be_bytes(*sized(value)?)),
            attribute::REQUESTED_ADDRESS_FAMILY => self.family = Some(sized::<4>(value)?[0]),
            attribute::CHANNEL_NUMBER => {
                let [high, low, ..] = *sized::<4>(value)?;
                self.channel = Some(u16::from_be_bytes([high, low]));
            }
            attribute::XOR_PEER_ADDRESS => {
                let peer = read_address(value, id).ok()?;
                if self.peers.len() == LIST_MAX {
                    return None;
                }
                self.peers.push(peer);
            }
            attribute::MESSAGE_INTEGRITY => {
                let tag: &[u8; hmac::TAG_LENGTH] = sized(value)?;
                self.integrity = Some(Integrity { covered, tag });
            }
            attribute::EVEN_PORT | attribute::RESERVATION_TOKEN => self.wants_port = true,
            // Nothing leaves by a datagram, so nothing is fragmented.
            attribute::DONT_FRAGMENT => {}
            attribute::COMPREHENSION_OPTIONAL.. => {}
            _ if self.unknown.len() < LIST_MAX => self.unknown.push(kind),
            _ => {}
        }
        Some(())
    }
}

fn sized<const N: usize>(value: &[u8]) -> Option<&[u8; N]> {
    value.try_into().ok()
}

/// Appends one message to a buffer.
pub(super) struct Writer<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    id: TransactionId,
}

impl<'b> Writer<'b> {
    pub(super) fn success(out: &'b mut Vec<u8>, method: Method, id: TransactionId) -> Self {
        Writer::begin(out, method.code() | SUCCESS, id)
    }

    pub(super) fn error(out: &'b mut Vec<u8>, method: Method, id: TransactionId) -> Self {
        Writer::begin(out, method.code() | ERROR, id)
    }

    fn begin(out: &'b mut Vec<u8>, message_type: u16, id: TransactionId) -> Self {
        let start = out.len();
        out.extend(message_type.to_be_bytes());
        out.extend([0, 0]);
        out.extend(MAGIC_COOKIE.to_be_bytes());
        out.extend(id.0);
        Writer { out, start, id }
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.out.extend(kind.to_be_bytes());
        self.out.extend((value.len() as u16).to_be_bytes());
        self.out.extend(value);
        let padding = value.len().next_multiple_of(4) - value.len();
        self.out.extend(&[0; 3][..padding]);
        self
    }

    /// RFC 8489 §14.2.
    pub(super) fn address(&mut self, kind: u16, address: SocketAddr) -> &mut Self {
        let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
        let [high, low] = port.to_be_bytes();
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = (ip.to_bits() ^ MAGIC_COOKIE).to_be_bytes();
                self.attribute(kind, &[0, 1, high, low, a, b, c, d])
            }
            IpAddr::V6(ip) => {
                let mut value = [0; 20];
                value[..4].copy_from_slice(&[0, 2, high, low]);
                let bits = ip.to_bits() ^ address_mask(self.id);
                value[4..].copy_from_slice(&bits.to_be_bytes());
                self.attribute(kind, &value)
            }
        }
    }

    /// RFC 8489 §14.8: the hundreds, the rest, and words for a developer.
    pub(super) fn error_code(&mut self, code: u16, reason: &str) -> &mut Self {
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend(reason.as_bytes());
        self.attribute(attribute::ERROR_CODE, &value)
    }

    /// Ends a message whose reader can check who wrote it.
    pub(super) fn end_with(&mut self, key: &IceKey) {
        self.count(0);
        let tag = key.tag(&self.out[self.start..]);
        self.attribute(attribute::MESSAGE_INTEGRITY, &tag);
        self.end();
    }

    /// Ends a message with its FINGERPRINT.
    pub(super) fn end(&mut self) {
        // RFC 8489 §14.7: the length counts FINGERPRINT while it is computed.
        self.count(ATTRIBUTE_HEAD_LENGTH + 4);
        let value = fingerprint(&self.out[self.start..]);
        self.attribute(attribute::FINGERPRINT, &value.to_be_bytes());
    }

    /// Writes the length as if `more` bytes followed.
    fn count(&mut self, more: usize) {
        let length = (self.out.len() - self.start - HEADER_LENGTH + more) as u16;
        self.out[self.start + 2..self.start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends a datagram from a peer as a Data indication (RFC 8656 §11.4), which has no FINGERPRINT.
pub(super) fn write_data(out: &mut Vec<u8>, id: TransactionId, peer: SocketAddr, data: &[u8]) {
    let mut writer = Writer::begin(out, DATA_INDICATION, id);
    writer.address(attribute::XOR_PEER_ADDRESS, peer).attribute(attribute::DATA, data).count(0);
}

/// Appends a datagram from a peer on its channel, padded as streams want it (RFC 8656 §12.5).
pub(super) fn write_channel_data(out: &mut Vec<u8>, channel: u16, data: &[u8]) {
    out.extend(channel.to_be_bytes());
    out.extend((data.len() as u16).to_be_bytes());
    out.extend(data);
    let padding = data.len().next_multiple_of(4) - data.len();
    out.extend(&[0; 3][..padding]);
}
