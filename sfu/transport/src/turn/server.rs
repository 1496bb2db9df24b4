//! The state of one connection: what it may do, and until when.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use protocol::{Duration, Instant};

use super::{
    ALLOCATIONS_PER_USER, REFUSALS_MAX, TurnDrop, TurnSecret,
    message::{
        Attributes, ClientMessage, Method, Request, Writer, attribute, parse, write_channel_data,
        write_data,
    },
};
use crate::{
    framing::MESSAGE_LENGTH_MAX,
    stun::{IceKey, TransactionId},
};

/// What all connections of a node share.
#[derive(Debug)]
pub struct TurnServer {
    /// RFC 8489 §14.9; it tells a browser which of its passwords is asked for.
    pub realm: String,
    /// Proves credentials.
    pub secret: TurnSecret,
    /// Our media addresses: the only peers that there are.
    pub media: Vec<SocketAddr>,
}

/// Of which kind an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl TurnServer {
    /// What the client of this connection is called by whom it talks to: one of our own addresses,
    /// if there is one of this family, with a port that nobody listens on.
    #[must_use]
    pub fn relayed_address(&self, connection: u32, family: Family) -> Option<SocketAddr> {
        let mut ips = self.media.iter().map(SocketAddr::ip);
        let ip = ips.find(|ip| ip.is_ipv4() == (family == Family::V4))?;
        let place = connection % u32::from(u16::MAX - RELAYED_PORTS);
        Some(SocketAddr::new(ip, RELAYED_PORTS + place as u16))
    }
}

/// The time of an input: `now` for what ends here, Unix time for what somebody else has dated.
#[derive(Clone, Copy, Debug)]
pub struct TurnTime {
    /// The node's clock.
    pub now: Instant,
    /// Seconds since 1970.
    pub unix_seconds: u64,
}

/// How many allocations each credential has.
#[derive(Debug, Default)]
pub struct TurnQuota(HashMap<Box<[u8]>, usize>);

impl TurnQuota {
    /// Credentials with an allocation.
    #[must_use]
    pub fn users(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, username: &[u8]) -> bool {
        let count = self.0.entry(username.into()).or_default();
        let has_room = *count < ALLOCATIONS_PER_USER;
        *count += usize::from(has_room);
        has_room
    }

    fn give_back(&mut self, username: &[u8]) {
        if let Some(count) = self.0.get_mut(username) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(username);
            }
        }
    }
}

/// A datagram that the client has sent to one of our media addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToMedia<'m> {
    /// The media address.
    pub local: SocketAddr,
    /// The client's relayed address, from which it comes.
    pub remote: SocketAddr,
    /// What was sent.
    pub datagram: &'m [u8],
}

/// One client's connection.
#[derive(Debug)]
pub struct TurnConnection {
    server: Arc<TurnServer>,
    /// The other end of the stream.
    client: SocketAddr,
    /// Names the connection among those of the node.
    number: u32,
    opened: Instant,
    allocation: Option<Allocation>,
    refusals: u32,
    /// Numbers the Data indications.
    indications: u64,
}

/// What a client was given.
#[derive(Debug)]
struct Allocation {
    username: Box<[u8]>,
    relayed: SocketAddr,
    ends: Instant,
    permissions: Vec<(IpAddr, Instant)>,
    channels: Vec<Channel>,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    ends: Instant,
}

/// An error of RFC 8489 §14.8 or RFC 8656 §19.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    code: u16,
    reason: &'static str,
}

/// RFC 8656 §3.2: what an allocation lives for unless the client asks for longer, and at most.
const LIFETIME: Duration = Duration::from_secs(600);
const LIFETIME_MAX: Duration = Duration::from_secs(3_600);
/// RFC 8656 §9.
const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 8656 §12.
const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// RFC 8489 §9.2.4 advises an hour.
const NONCE_LIFETIME: Duration = Duration::from_secs(3_600);
/// REQUESTED-TRANSPORT: UDP (RFC 8656 §18.8).
const UDP: u8 = 17;
/// RFC 8656 §12: the numbers of channels.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x4FFF;
/// Where relayed ports begin (RFC 6335 §6). They are names: nobody listens there.
const RELAYED_PORTS: u16 = 49_152;

impl TurnConnection {
    /// A connection from `client`, whose number no other open one of the node has.
    #[must_use]
    pub fn new(now: Instant, server: Arc<TurnServer>, client: SocketAddr, number: u32) -> Self {
        let client = SocketAddr::new(client.ip().to_canonical(), client.port());
        let (opened, allocation, refusals, indications) = (now, None, 0, 0);
        TurnConnection { server, client, number, opened, allocation, refusals, indications }
    }

    /// Takes a message. An answer is appended to `out`; a datagram is given back.
    ///
    /// # Errors
    /// The reason for which neither is.
    pub fn handle_message<'m>(
        &mut self,
        time: TurnTime,
        quota: &mut TurnQuota,
        message: &'m [u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<ToMedia<'m>>, TurnDrop> {
        self.handle_timeout(time.now, quota);
        match parse(message)? {
            ClientMessage::Request(request) => {
                self.handle_request(time, quota, &request, out);
                Ok(None)
            }
            ClientMessage::Send { peer, data } => {
                let allocation = self.allocation.as_ref().ok_or(TurnDrop::NoAllocation)?;
                let is_ours = self.server.media.contains(&peer);
                if !is_ours || !allocation.permits(time.now, peer.ip()) {
                    return Err(TurnDrop::NoPermission);
                }
                to_media(peer, allocation.relayed, data).map(Some)
            }
            ClientMessage::ChannelData { channel, data } => {
                let allocation = self.allocation.as_ref().ok_or(TurnDrop::NoAllocation)?;
                let mut channels = allocation.channels.iter();
                let bound = channels.find(|it| it.number == channel && time.now < it.ends);
                let bound = bound.ok_or(TurnDrop::UnknownChannel)?;
                if !allocation.permits(time.now, bound.peer.ip()) {
                    return Err(TurnDrop::NoPermission);
                }
                to_media(bound.peer, allocation.relayed, data).map(Some)
            }
            ClientMessage::Nothing => Ok(None),
        }
    }

    /// Appends a datagram of ours, sent from `local` to the relayed address, as the client wants
    /// it.
    ///
    /// # Errors
    /// The client has not permitted it.
    pub fn write_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        datagram: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), TurnDrop> {
        let allocation = self.allocation.as_ref().filter(|allocation| now < allocation.ends);
        let allocation = allocation.ok_or(TurnDrop::NoAllocation)?;
        if !allocation.permits(now, local.ip()) {
            return Err(TurnDrop::NoPermission);
        }
        let mut channels = allocation.channels.iter();
        match channels.find(|channel| channel.peer == local && now < channel.ends) {
            Some(channel) => write_channel_data(out, channel.number, datagram),
            None => {
                self.indications += 1;
                let mut id = TransactionId([0; 12]);
                id.0[4..].copy_from_slice(&self.indications.to_be_bytes());
                write_data(out, id, local, datagram);
            }
        }
        Ok(())
    }

    /// Ends an allocation whose time is up.
    pub fn handle_timeout(&mut self, now: Instant, quota: &mut TurnQuota) {
        if self.allocation.as_ref().is_some_and(|allocation| allocation.ends <= now) {
            self.end_allocation(quota);
        }
    }

    /// The connection is gone.
    pub fn handle_closed(&mut self, quota: &mut TurnQuota) {
        self.end_allocation(quota);
    }

    /// Until when there is an allocation.
    #[must_use]
    pub fn allocated_until(&self) -> Option<Instant> {
        self.allocation.as_ref().map(|allocation| allocation.ends)
    }

    /// Whether the client was refused so often in a row that the connection is to be closed.
    #[must_use]
    pub fn is_tiresome(&self) -> bool {
        self.refusals >= REFUSALS_MAX
    }

    fn end_allocation(&mut self, quota: &mut TurnQuota) {
        if let Some(allocation) = self.allocation.take() {
            quota.give_back(&allocation.username);
        }
    }

    fn handle_request(
        &mut self,
        time: TurnTime,
        quota: &mut TurnQuota,
        request: &Request<'_>,
        out: &mut Vec<u8>,
    ) {
        let (method, id) = (request.method, request.id);
        if method == Method::Binding {
            let mut writer = Writer::success(out, method, id);
            return writer.address(attribute::XOR_MAPPED_ADDRESS, self.client).end();
        }
        let key = match self.authenticate(time, &request.attributes) {
            Ok(key) => key,
            Err(refusal) => return self.challenge(time.now, request, refusal, out),
        };
        let attributes = &request.attributes;
        let done = self.check(attributes).and_then(|()| match method {
            Method::Allocate => self.allocate(time.now, quota, attributes),
            Method::Refresh => self.refresh(time.now, quota, attributes),
            Method::CreatePermission => self.permit(time.now, attributes),
            Method::ChannelBind => self.bind(time.now, attributes),
            Method::Binding => Ok(None),
        });
        match done {
            Ok(lifetime) => {
                self.refusals = 0;
                let mut writer = Writer::success(out, method, id);
                if let (Method::Allocate, Some(allocation)) = (method, &self.allocation) {
                    writer.address(attribute::XOR_RELAYED_ADDRESS, allocation.relayed);
                    writer.address(attribute::XOR_MAPPED_ADDRESS, self.client);
                }
                if let Some(lifetime) = lifetime {
                    let seconds = lifetime.as_secs() as u32;
                    writer.attribute(attribute::LIFETIME, &seconds.to_be_bytes());
                }
                writer.end_with(&key);
            }
            Err(Refusal { code, reason }) => {
                self.refusals += 1;
                let mut writer = Writer::error(out, method, id);
                writer.error_code(code, reason);
                if code == UNKNOWN_ATTRIBUTE.code {
                    let types = attributes.unknown.iter().flat_map(|kind| kind.to_be_bytes());
                    let types: Vec<u8> = types.collect();
                    writer.attribute(attribute::UNKNOWN_ATTRIBUTES, &types);
                }
                writer.end_with(&key);
            }
        }
    }

    /// Tells what a client must prove, and with which nonce (RFC 8489 §9.2.4).
    fn challenge(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        refusal: Refusal,
        out: &mut Vec<u8>,
    ) {
        self.refusals += 1;
        let nonce = self.nonce(now);
        let mut writer = Writer::error(out, request.method, request.id);
        writer.error_code(refusal.code, refusal.reason);
        if refusal.code != BAD_REQUEST.code {
            writer.attribute(attribute::REALM, self.server.realm.as_bytes());
            writer.attribute(attribute::NONCE, nonce.as_bytes());
        }
        writer.end();
    }

    /// RFC 8489 §9.2.4: who asks, proved.
    fn authenticate(&self, time: TurnTime, attributes: &Attributes<'_>) -> Result<IceKey, Refusal> {
        if !attributes.has_integrity() {
            return Err(UNAUTHENTICATED);
        }
        let Attributes { username: Some(username), realm: Some(realm), nonce: Some(nonce), .. } =
            attributes
        else {
            return Err(BAD_REQUEST);
        };
        if *nonce != self.nonce(time.now).as_bytes() {
            return Err(STALE_NONCE);
        }
        if *realm != self.server.realm.as_bytes() {
            return Err(UNAUTHENTICATED);
        }
        // A name that ends during an allocation goes on serving it: calls are longer than a day.
        let is_known = self.allocation.as_ref().is_some_and(|it| *it.username == **username);
        let unix_seconds = if is_known { 0 } else { time.unix_seconds };
        let key = self.server.secret.key(username, &self.server.realm, unix_seconds);
        key.filter(|key| attributes.is_authentic(key)).ok_or(UNAUTHENTICATED)
    }

    fn nonce(&self, now: Instant) -> String {
        let age = now.saturating_duration_since(self.opened);
        let hour = age.as_secs() / NONCE_LIFETIME.as_secs();
        self.server.secret.nonce(self.number, hour)
    }

    /// What holds for every request of somebody who has proved who they are.
    fn check(&self, attributes: &Attributes<'_>) -> Result<(), Refusal> {
        if !attributes.unknown.is_empty() {
            return Err(UNKNOWN_ATTRIBUTE);
        }
        if attributes.is_malformed {
            return Err(BAD_REQUEST);
        }
        // RFC 8656 §5: an allocation is its user's.
        let owner = self.allocation.as_ref().map(|allocation| &*allocation.username);
        match owner == attributes.username || owner.is_none() {
            true => Ok(()),
            false => Err(WRONG_CREDENTIALS),
        }
    }

    /// RFC 8656 §7.2.
    fn allocate(
        &mut self,
        now: Instant,
        quota: &mut TurnQuota,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Duration>, Refusal> {
        if self.allocation.is_some() {
            return Err(MISMATCH);
        }
        match attributes.transport {
            Some(UDP) => {}
            Some(_) => return Err(UNSUPPORTED_TRANSPORT),
            None => return Err(BAD_REQUEST),
        }
        if attributes.wants_port {
            return Err(NO_SUCH_PORT);
        }
        let relayed = self.relayed_address(attributes.family).ok_or(UNSUPPORTED_FAMILY)?;
        let username = attributes.username.unwrap_or_default();
        if !quota.take(username) {
            return Err(QUOTA);
        }
        let lifetime = lifetime(attributes.lifetime).max(LIFETIME);
        self.allocation = Some(Allocation {
            username: username.into(),
            relayed,
            ends: now + lifetime,
            permissions: Vec::new(),
            channels: Vec::new(),
        });
        Ok(Some(lifetime))
    }

    /// A name for this client of the family that is asked for. Who asks for none gets IPv4
    /// (RFC 8656 §7.2), or what there is.
    fn relayed_address(&self, family: Option<u8>) -> Option<SocketAddr> {
        let of = |family| self.server.relayed_address(self.number, family);
        match family {
            Some(1) => of(Family::V4),
            Some(2) => of(Family::V6),
            Some(_) => None,
            None => of(Family::V4).or_else(|| of(Family::V6)),
        }
    }

    /// RFC 8656 §7.3 (Refresh).
    fn refresh(
        &mut self,
        now: Instant,
        quota: &mut TurnQuota,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Duration>, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        let family = if allocation.relayed.is_ipv4() { 1 } else { 2 };
        if attributes.family.is_some_and(|asked| asked != family) {
            return Err(WRONG_FAMILY);
        }
        let lifetime = lifetime(attributes.lifetime);
        allocation.ends = now + lifetime;
        if lifetime.is_zero() {
            self.end_allocation(quota);
        }
        Ok(Some(lifetime))
    }

    /// RFC 8656 §10.2 (CreatePermission): all of them, or none.
    fn permit(
        &mut self,
        now: Instant,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Duration>, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        if attributes.peers.is_empty() {
            return Err(BAD_REQUEST);
        }
        let is_ours = |ip: IpAddr| self.server.media.iter().any(|media| media.ip() == ip);
        for peer in &attributes.peers {
            if !is_ours(peer.ip()) {
                return Err(FORBIDDEN);
            }
            if peer.is_ipv4() != allocation.relayed.is_ipv4() {
                return Err(WRONG_FAMILY);
            }
        }
        for peer in &attributes.peers {
            allocation.permit(now, peer.ip());
        }
        Ok(None)
    }

    /// RFC 8656 §12.2 (ChannelBind).
    fn bind(
        &mut self,
        now: Instant,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Duration>, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        let (Some(number), [peer]) = (attributes.channel, &attributes.peers[..]) else {
            return Err(BAD_REQUEST);
        };
        if !CHANNELS.contains(&number) {
            return Err(BAD_REQUEST);
        }
        if !self.server.media.contains(peer) {
            return Err(FORBIDDEN);
        }
        if peer.is_ipv4() != allocation.relayed.is_ipv4() {
            return Err(WRONG_FAMILY);
        }
        allocation.channels.retain(|channel| now < channel.ends);
        let is_other = |channel: &Channel| (channel.number == number) != (channel.peer == *peer);
        if allocation.channels.iter().any(is_other) {
            return Err(BAD_REQUEST);
        }
        allocation.channels.retain(|channel| channel.number != number);
        allocation.channels.push(Channel { number, peer: *peer, ends: now + CHANNEL_LIFETIME });
        allocation.permit(now, peer.ip());
        Ok(None)
    }
}

impl Allocation {
    fn permits(&self, now: Instant, ip: IpAddr) -> bool {
        self.permissions.iter().any(|(permitted, ends)| *permitted == ip && now < *ends)
    }

    fn permit(&mut self, now: Instant, ip: IpAddr) {
        self.permissions.retain(|(permitted, _)| *permitted != ip);
        self.permissions.push((ip, now + PERMISSION_LIFETIME));
    }
}

fn to_media(
    local: SocketAddr,
    remote: SocketAddr,
    datagram: &[u8],
) -> Result<ToMedia<'_>, TurnDrop> {
    match datagram.len() <= MESSAGE_LENGTH_MAX {
        true => Ok(ToMedia { local, remote, datagram }),
        false => Err(TurnDrop::TooLong),
    }
}

/// What is granted of what a client asks for, in seconds.
fn lifetime(asked: Option<u32>) -> Duration {
    let asked = asked.map(|seconds| Duration::from_secs(u64::from(seconds)));
    asked.unwrap_or(LIFETIME).min(LIFETIME_MAX)
}

const fn refusal(code: u16, reason: &'static str) -> Refusal {
    Refusal { code, reason }
}

const BAD_REQUEST: Refusal = refusal(400, "Bad Request");
const UNAUTHENTICATED: Refusal = refusal(401, "Unauthenticated");
const FORBIDDEN: Refusal = refusal(403, "Forbidden: this server relays to its own media alone");
const UNKNOWN_ATTRIBUTE: Refusal = refusal(420, "Unknown Attribute");
const MISMATCH: Refusal = refusal(437, "Allocation Mismatch");
const STALE_NONCE: Refusal = refusal(438, "Stale Nonce");
const UNSUPPORTED_FAMILY: Refusal = refusal(440, "Address Family not Supported");
const WRONG_CREDENTIALS: Refusal = refusal(441, "Wrong Credentials");
const UNSUPPORTED_TRANSPORT: Refusal = refusal(442, "Unsupported Transport Protocol");
const WRONG_FAMILY: Refusal = refusal(443, "Peer Address Family Mismatch");
const QUOTA: Refusal = refusal(486, "Allocation Quota Reached");
const NO_SUCH_PORT: Refusal = refusal(508, "Insufficient Capacity");
