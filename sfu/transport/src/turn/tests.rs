use std::{net::SocketAddr, sync::Arc};

use proptest::prelude::*;
use protocol::{Duration, Instant};

use super::{
    credentials::long_term_key,
    message::attribute::{self as kind},
    *,
};
use crate::{
    hex::hex,
    stun::{
        IceKey, MAGIC_COOKIE, TransactionId, address_mask, builder::MessageBuilder, read_address,
    },
};

const REALM: &str = "meet.example.org";
const SECRET: &[u8] = b"a secret of the node";
/// The day on which tests run, and the name of somebody whose credential ends a day later.
const TODAY: u64 = 1_800_000_000;
const NAME: &str = "1800086400:0123456789abcdef";
const MEDIA: &str = "203.0.113.3:443";
const MEDIA_V6: &str = "[2001:db8::3]:443";
const CLIENT: &str = "198.51.100.7:50000";

const BINDING: u16 = 0x0001;
const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;
const SEND: u16 = 0x0016;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("a test's address")
}

/// A connection with its server, its quota and its time.
struct Scene {
    connection: TurnConnection,
    quota: TurnQuota,
    time: TurnTime,
    username: String,
    nonce: Vec<u8>,
    transactions: u64,
}

/// What was answered: the message type, and the attributes.
#[derive(Debug)]
struct Answer {
    message_type: u16,
    id: TransactionId,
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Answer {
        let message_type = u16::from_be_bytes([bytes[0], bytes[1]]);
        assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])) + 20, bytes.len());
        assert_eq!(bytes[4..8], MAGIC_COOKIE.to_be_bytes());
        let id = TransactionId(bytes[8..20].try_into().expect("12 bytes"));
        let mut attributes = Vec::new();
        let mut rest = &bytes[20..];
        while let [a, b, c, d, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*c, *d]));
            attributes.push((u16::from_be_bytes([*a, *b]), after[..length].to_vec()));
            rest = &after[length.next_multiple_of(4)..];
        }
        Answer { message_type, id, attributes }
    }

    fn get(&self, kind: u16) -> Option<&[u8]> {
        let mut attributes = self.attributes.iter();
        attributes.find(|(known, _)| *known == kind).map(|(_, value)| &value[..])
    }

    fn address(&self, kind: u16) -> SocketAddr {
        read_address(self.get(kind).expect("an address"), self.id).expect("well-formed")
    }

    /// 0 for a success.
    fn code(&self) -> u16 {
        let code = self.get(kind::ERROR_CODE).map(|it| u16::from(it[2]) * 100 + u16::from(it[3]));
        assert_eq!(code.is_some(), self.message_type & 0x0110 == 0x0110, "{self:?}");
        code.unwrap_or(0)
    }

    fn lifetime(&self) -> u32 {
        let value = self.get(kind::LIFETIME).expect("a lifetime");
        u32::from_be_bytes(value.try_into().expect("4 bytes"))
    }
}

fn server(media: &[&str]) -> Arc<TurnServer> {
    let media = media.iter().map(|text| address(text)).collect();
    let secret = TurnSecret::new(SECRET);
    Arc::new(TurnServer { realm: REALM.to_owned(), secret, media })
}

fn key(username: &str) -> IceKey {
    let password = TurnSecret::new(SECRET).password(username.as_bytes());
    long_term_key(username.as_bytes(), REALM, &password)
}

/// XOR-PEER-ADDRESS of a transaction.
fn peer_value(peer: SocketAddr, id: TransactionId) -> Vec<u8> {
    let port = (peer.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes();
    match peer.ip() {
        std::net::IpAddr::V4(ip) => {
            [&[0, 1][..], &port, &(ip.to_bits() ^ MAGIC_COOKIE).to_be_bytes()].concat()
        }
        std::net::IpAddr::V6(ip) => {
            [&[0, 2][..], &port, &(ip.to_bits() ^ address_mask(id)).to_be_bytes()].concat()
        }
    }
}

impl Scene {
    fn with_media(media: &[&str]) -> Scene {
        let now = Instant::from_micros(1);
        Scene {
            connection: TurnConnection::new(now, server(media), address(CLIENT), 77),
            quota: TurnQuota::default(),
            time: TurnTime { now, unix_seconds: TODAY },
            username: NAME.to_owned(),
            nonce: Vec::new(),
            transactions: 0,
        }
    }

    fn new() -> Scene {
        Scene::with_media(&[MEDIA, MEDIA_V6])
    }

    /// One that has learnt the nonce and has an allocation.
    fn allocated() -> Scene {
        let mut scene = Scene::new();
        scene.learn_nonce();
        assert_eq!(scene.allocate().code(), 0);
        scene
    }

    fn begin(&mut self, method: u16) -> (MessageBuilder, TransactionId) {
        self.transactions += 1;
        let mut id = TransactionId([9; 12]);
        id.0[4..].copy_from_slice(&self.transactions.to_be_bytes());
        (MessageBuilder::new(method, id.0), id)
    }

    /// Hands a message over; what was answered, if it was.
    fn say(&mut self, message: &[u8]) -> (Option<Answer>, Result<Option<String>, TurnDrop>) {
        let mut out = Vec::new();
        let taken = self.connection.handle_message(self.time, &mut self.quota, message, &mut out);
        let taken = taken.map(|relayed| {
            relayed.map(|it| {
                let text = String::from_utf8_lossy(it.datagram);
                format!("{} -> {}: {text}", it.remote, it.local)
            })
        });
        ((!out.is_empty()).then(|| Answer::read(&out)), taken)
    }

    fn ask(&mut self, message: &[u8]) -> Answer {
        let (answer, taken) = self.say(message);
        assert_eq!(taken, Ok(None));
        answer.expect("an answer")
    }

    fn learn_nonce(&mut self) {
        let (message, _) = self.begin(ALLOCATE);
        let answer = self.ask(&message.attribute(kind::REQUESTED_TRANSPORT, UDP).bytes());
        assert_eq!(answer.code(), 401);
        assert_eq!(answer.get(kind::REALM), Some(REALM.as_bytes()));
        self.nonce = answer.get(kind::NONCE).expect("a nonce").to_vec();
    }

    /// Asks with proof.
    fn ask_as_user(&mut self, method: u16, attributes: &[(u16, &[u8])]) -> Answer {
        let (message, _) = self.begin(method);
        let message =
            attributes.iter().fold(message, |it, (kind, value)| it.attribute(*kind, value));
        let bytes = self.prove(message).bytes();
        self.ask(&bytes)
    }

    fn ask_about(&mut self, method: u16, peer: &str, attributes: &[(u16, &[u8])]) -> Answer {
        let (message, id) = self.begin(method);
        let peer = peer_value(address(peer), id);
        let message =
            attributes.iter().fold(message, |it, (kind, value)| it.attribute(*kind, value));
        let bytes = self.prove(message.attribute(kind::XOR_PEER_ADDRESS, &peer)).bytes();
        self.ask(&bytes)
    }

    fn prove(&self, message: MessageBuilder) -> MessageBuilder {
        let named = message
            .attribute(kind::USERNAME, self.username.as_bytes())
            .attribute(kind::REALM, REALM.as_bytes())
            .attribute(kind::NONCE, &self.nonce);
        let tag = key(&self.username).tag(&named.clone().bytes());
        named.attribute(kind::MESSAGE_INTEGRITY, &tag)
    }

    fn allocate(&mut self) -> Answer {
        self.ask_as_user(ALLOCATE, &[(kind::REQUESTED_TRANSPORT, UDP)])
    }

    fn send(&mut self, peer: &str, text: &str) -> Result<Option<String>, TurnDrop> {
        let (message, id) = self.begin(SEND);
        let message = message
            .attribute(kind::XOR_PEER_ADDRESS, &peer_value(address(peer), id))
            .attribute(kind::DATA, text.as_bytes());
        let (answer, taken) = self.say(&message.bytes());
        assert!(answer.is_none(), "an indication is not answered");
        taken
    }

    fn say_on_channel(&mut self, channel: u16, text: &str) -> Result<Option<String>, TurnDrop> {
        let length = text.len() as u16;
        let head = [channel.to_be_bytes(), length.to_be_bytes()].concat();
        let (answer, taken) = self.say(&[&head, text.as_bytes()].concat());
        assert!(answer.is_none(), "channel data is not answered");
        taken
    }

    fn receive(&mut self, local: &str, datagram: &[u8]) -> Result<Vec<u8>, TurnDrop> {
        let mut out = Vec::new();
        let now = self.time.now;
        self.connection.write_datagram(now, address(local), datagram, &mut out).map(|()| out)
    }

    fn pass(&mut self, seconds: u64) {
        self.time.now = self.time.now + Duration::from_secs(seconds);
        self.time.unix_seconds += seconds;
    }
}

/// REQUESTED-TRANSPORT: 17, and three bytes of nothing (RFC 8656 §18.8).
const UDP: &[u8] = &[17, 0, 0, 0];
const CHANNEL: &[u8] = &[0x40, 0x01, 0, 0];

#[test]
fn the_key_of_rfc_5769_follows_from_its_name_realm_and_password() {
    // §2.4, the password after SASLprep.
    let made = long_term_key("マトリックス".as_bytes(), "example.org", "TheMatrIX");
    let vector = IceKey::new(&hex("e8ca7ad59d5eb0518e312911d2dab2a9"));
    assert_eq!(made.tag(&[0; 20]), vector.tag(&[0; 20]));
}

#[test]
fn a_browser_allocates_permits_and_talks_to_our_media() {
    let mut scene = Scene::new();
    scene.learn_nonce();
    let answer = scene.allocate();
    assert_eq!((answer.code(), answer.lifetime()), (0, 600));
    assert_eq!(answer.address(kind::XOR_MAPPED_ADDRESS), address(CLIENT));
    let relayed = answer.address(kind::XOR_RELAYED_ADDRESS);
    assert_eq!(relayed.ip(), address(MEDIA).ip(), "a name of our own");

    assert_eq!(scene.send(MEDIA, "early"), Err(TurnDrop::NoPermission));
    assert_eq!(scene.receive(MEDIA, b"early"), Err(TurnDrop::NoPermission));
    assert_eq!(scene.ask_about(CREATE_PERMISSION, MEDIA, &[]).code(), 0);
    assert_eq!(scene.send(MEDIA, "one"), Ok(Some(format!("{relayed} -> {MEDIA}: one"))));
    let indication = Answer::read(&scene.receive(MEDIA, b"two").expect("permitted"));
    assert_eq!(indication.message_type, 0x0017);
    assert_eq!(indication.address(kind::XOR_PEER_ADDRESS), address(MEDIA));
    assert_eq!(indication.get(kind::DATA), Some(&b"two"[..]));

    let bound = scene.ask_about(CHANNEL_BIND, MEDIA, &[(kind::CHANNEL_NUMBER, CHANNEL)]);
    assert_eq!(bound.code(), 0);
    let relayed_text = scene.say_on_channel(0x4001, "three");
    assert_eq!(relayed_text, Ok(Some(format!("{relayed} -> {MEDIA}: three"))));
    let framed = [&[0x40, 0x01, 0, 5][..], b"four!", &[0; 3]].concat();
    assert_eq!(scene.receive(MEDIA, b"four!"), Ok(framed), "padded to whole words");
    let (binding, _) = scene.begin(BINDING);
    let binding = scene.ask(&binding.fingerprint().bytes());
    assert_eq!(binding.address(kind::XOR_MAPPED_ADDRESS), address(CLIENT));
}

#[test]
fn an_answer_proves_who_gave_it() {
    let mut scene = Scene::new();
    scene.learn_nonce();
    let (message, _) = scene.begin(ALLOCATE);
    let message = scene.prove(message.attribute(kind::REQUESTED_TRANSPORT, UDP)).bytes();
    let mut out = Vec::new();
    let taken = scene.connection.handle_message(scene.time, &mut scene.quota, &message, &mut out);
    assert_eq!(taken, Ok(None));
    let (covered, integrity) = out[..out.len() - 8].split_at(out.len() - 32);
    assert!(key(NAME).verifies(covered, &integrity[4..]));
}

#[test]
fn who_proves_nothing_gets_nothing() {
    let mut scene = Scene::new();
    scene.learn_nonce();
    let honest = (scene.username.clone(), scene.nonce.clone());
    for (username, nonce, code) in [
        ("1799999999:0123456789abcdef", &honest.1[..], 401), // It ended a second ago.
        ("no end", &honest.1[..], 401),
        (NAME, b"another", 438),
    ] {
        scene.username = username.to_owned();
        scene.nonce = nonce.to_vec();
        assert_eq!(scene.allocate().code(), code, "{username}");
    }
    (scene.username, scene.nonce) = honest;
    // A name of somebody else, with one's own password.
    let (message, _) = scene.begin(ALLOCATE);
    let named = message
        .attribute(kind::REQUESTED_TRANSPORT, UDP)
        .attribute(kind::USERNAME, b"1900000000:0123456789abcdef")
        .attribute(kind::REALM, REALM.as_bytes())
        .attribute(kind::NONCE, &scene.nonce.clone());
    let tag = key(NAME).tag(&named.clone().bytes());
    let forged = named.clone().attribute(kind::MESSAGE_INTEGRITY, &tag).bytes();
    assert_eq!(scene.ask(&forged).code(), 401);
    let incomplete = MessageBuilder::new(ALLOCATE, [1; 12]);
    let incomplete = incomplete.attribute(kind::MESSAGE_INTEGRITY, &[0; 20]).bytes();
    assert_eq!(scene.ask(&incomplete).code(), 400);
    assert_eq!(scene.quota.users(), 0);
    assert_eq!(scene.allocate().code(), 0, "the honest one is still served");
}

#[test]
fn a_nonce_grows_stale_and_an_allocation_outlives_its_credential() {
    let mut scene = Scene::allocated();
    scene.username = NAME.to_owned();
    let mut stale = 0;
    for _ in 0..150 {
        scene.pass(590);
        let mut answer = scene.ask_as_user(REFRESH, &[]);
        if answer.code() == 438 {
            stale += 1;
            scene.nonce = answer.get(kind::NONCE).expect("a fresh one").to_vec();
            answer = scene.ask_as_user(REFRESH, &[]);
        }
        assert_eq!((answer.code(), answer.lifetime()), (0, 600));
    }
    assert_eq!(stale, 24, "once an hour");
    assert!(scene.time.unix_seconds > 1_800_086_400, "the credential has ended");
    assert_eq!(scene.ask_as_user(REFRESH, &[(kind::LIFETIME, &[0; 4])]).lifetime(), 0);
    assert_eq!(scene.allocate().code(), 401, "it opens nothing new");
}

#[test]
fn requests_that_make_no_sense_are_refused_by_their_codes() {
    let mut scene = Scene::new();
    scene.learn_nonce();
    for method in [REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        let peer_and_channel = [(kind::CHANNEL_NUMBER, CHANNEL)];
        assert_eq!(scene.ask_about(method, MEDIA, &peer_and_channel).code(), 437, "{method:#x}");
    }
    let tcp: &[u8] = &[6, 0, 0, 0];
    let transport = (kind::REQUESTED_TRANSPORT, UDP);
    for (attributes, code) in [
        (vec![], 400),
        (vec![(kind::REQUESTED_TRANSPORT, &[17][..])], 400),
        (vec![(kind::REQUESTED_TRANSPORT, tcp)], 442),
        (vec![transport, (kind::REQUESTED_ADDRESS_FAMILY, &[3, 0, 0, 0])], 440),
        (vec![transport, (kind::EVEN_PORT, &[0x80])], 508),
        (vec![transport, (0x7FFF, &[1])], 420),
    ] {
        let answer = scene.ask_as_user(ALLOCATE, &attributes);
        assert_eq!(answer.code(), code, "{attributes:?}");
        if code == 420 {
            assert_eq!(answer.get(kind::UNKNOWN_ATTRIBUTES), Some(&[0x7F, 0xFF][..]));
        }
    }
    assert_eq!(scene.allocate().code(), 0);
    assert_eq!(scene.allocate().code(), 437, "there is one already");
    assert_eq!(scene.ask_as_user(CREATE_PERMISSION, &[]).code(), 400);
    for channel in [[0x3F, 0xFF, 0, 0], [0x50, 0x00, 0, 0]] {
        let wrong = [(kind::CHANNEL_NUMBER, &channel[..])];
        assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA, &wrong).code(), 400);
    }
    let bound = [(kind::CHANNEL_NUMBER, CHANNEL)];
    assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA, &bound).code(), 0);
    assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA, &bound).code(), 0, "again");
    let other = [(kind::CHANNEL_NUMBER, &[0x40, 0x02, 0, 0][..])];
    assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA, &other).code(), 400, "it has one");
    assert_eq!(scene.ask_about(CREATE_PERMISSION, MEDIA_V6, &[]).code(), 443);
    assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA_V6, &other).code(), 443);
    let family = [(kind::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0][..])];
    assert_eq!(scene.ask_as_user(REFRESH, &family).code(), 443);
    scene.username = "1800086400:somebody else".to_owned();
    assert_eq!(scene.ask_as_user(REFRESH, &[]).code(), 441);
}

#[test]
fn an_ipv6_allocation_is_made_where_it_is_asked_for_or_all_there_is() {
    let mut scene = Scene::new();
    scene.learn_nonce();
    let asked =
        [(kind::REQUESTED_TRANSPORT, UDP), (kind::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0][..])];
    let relayed = scene.ask_as_user(ALLOCATE, &asked).address(kind::XOR_RELAYED_ADDRESS);
    assert_eq!(relayed.ip(), address(MEDIA_V6).ip());
    assert_eq!(scene.ask_about(CREATE_PERMISSION, MEDIA_V6, &[]).code(), 0);
    assert!(scene.send(MEDIA_V6, "six").is_ok_and(|relayed| relayed.is_some()));

    let mut only_v6 = Scene::with_media(&[MEDIA_V6]);
    only_v6.learn_nonce();
    let relayed = only_v6.allocate().address(kind::XOR_RELAYED_ADDRESS);
    assert_eq!(relayed.ip(), address(MEDIA_V6).ip());
}

/// Where a relay must never lead: CVE-2020-26262, CVE-2026-27624, and what clouds and homes have.
const FOREIGN: [&str; 40] = [
    "0.0.0.0:443",
    "0.0.0.0:80",
    "127.0.0.1:443",
    "127.0.0.1:9600",
    "127.1.2.3:22",
    "10.0.0.1:443",
    "10.255.255.254:53",
    "172.16.0.1:443",
    "172.31.255.254:5432",
    "192.168.0.1:80",
    "192.168.1.1:443",
    "100.64.0.1:443",
    "169.254.1.1:443",
    "169.254.169.254:80",
    "169.254.170.2:80",
    "192.0.0.192:80",
    "100.100.100.200:80",
    "168.63.129.16:80",
    "224.0.0.1:443",
    "239.255.255.250:1900",
    "255.255.255.255:67",
    "198.18.0.1:443",
    "192.0.2.1:443",
    "8.8.8.8:53",
    "203.0.113.4:443",
    "[::]:443",
    "[::1]:443",
    "[::1]:9600",
    "[fe80::1]:443",
    "[fc00::1]:443",
    "[fd00:ec2::254]:80",
    "[ff02::1]:443",
    "[::ffff:127.0.0.1]:443",
    "[::ffff:10.0.0.1]:443",
    "[::ffff:169.254.169.254]:80",
    "[::ffff:203.0.113.3]:443",
    "[::203.0.113.3]:443",
    "[64:ff9b::7f00:1]:443",
    "[2002:7f00:1::]:443",
    "[2001:db8::4]:443",
];

#[test]
fn forty_foreign_peers_are_refused_and_nothing_reaches_them() {
    for family in [1, 2] {
        let mut scene = Scene::new();
        scene.learn_nonce();
        let family = [family, 0, 0, 0];
        let asked =
            [(kind::REQUESTED_TRANSPORT, UDP), (kind::REQUESTED_ADDRESS_FAMILY, &family[..])];
        assert_eq!(scene.ask_as_user(ALLOCATE, &asked).code(), 0);
        for peer in FOREIGN {
            assert_eq!(scene.ask_about(CREATE_PERMISSION, peer, &[]).code(), 403, "{peer}");
            let channel = [(kind::CHANNEL_NUMBER, CHANNEL)];
            assert_eq!(scene.ask_about(CHANNEL_BIND, peer, &channel).code(), 403, "{peer}");
            assert_eq!(scene.send(peer, "hello"), Err(TurnDrop::NoPermission), "{peer}");
        }
        assert_eq!(scene.say_on_channel(0x4001, "hello"), Err(TurnDrop::UnknownChannel));
    }
}

#[test]
fn other_ports_of_our_own_addresses_are_foreign_too() {
    let mut scene = Scene::allocated();
    assert_eq!(scene.ask_about(CREATE_PERMISSION, "203.0.113.3:9600", &[]).code(), 0);
    assert_eq!(scene.send("203.0.113.3:9600", "hello"), Err(TurnDrop::NoPermission));
    let channel = [(kind::CHANNEL_NUMBER, CHANNEL)];
    assert_eq!(scene.ask_about(CHANNEL_BIND, "203.0.113.3:9600", &channel).code(), 403);
}

#[test]
fn one_foreign_peer_among_ours_takes_all_permission() {
    let mut scene = Scene::allocated();
    let (message, id) = scene.begin(CREATE_PERMISSION);
    let message = message
        .attribute(kind::XOR_PEER_ADDRESS, &peer_value(address(MEDIA), id))
        .attribute(kind::XOR_PEER_ADDRESS, &peer_value(address("10.0.0.1:1"), id));
    let bytes = scene.prove(message).bytes();
    assert_eq!(scene.ask(&bytes).code(), 403);
    assert_eq!(scene.send(MEDIA, "hello"), Err(TurnDrop::NoPermission));
}

#[test]
fn permissions_channels_and_allocations_end_in_time() {
    let mut scene = Scene::allocated();
    let channel = [(kind::CHANNEL_NUMBER, CHANNEL)];
    assert_eq!(scene.ask_about(CHANNEL_BIND, MEDIA, &channel).code(), 0);
    scene.pass(299);
    assert!(scene.say_on_channel(0x4001, "in time").is_ok());
    scene.pass(2);
    assert_eq!(scene.say_on_channel(0x4001, "late"), Err(TurnDrop::NoPermission));
    assert_eq!(scene.receive(MEDIA, b"late"), Err(TurnDrop::NoPermission));
    assert_eq!(scene.ask_about(CREATE_PERMISSION, MEDIA, &[]).code(), 0);
    scene.pass(298);
    assert!(scene.say_on_channel(0x4001, "in time").is_ok());
    assert_eq!(scene.ask_as_user(REFRESH, &[(kind::LIFETIME, &[0, 0, 2, 88])]).lifetime(), 600);
    scene.pass(2);
    assert_eq!(scene.say_on_channel(0x4001, "late"), Err(TurnDrop::UnknownChannel));
    assert_eq!(scene.quota.users(), 1);
    scene.pass(600);
    assert_eq!(scene.send(MEDIA, "late"), Err(TurnDrop::NoAllocation));
    assert_eq!((scene.quota.users(), scene.connection.allocated_until()), (0, None));
}

#[test]
fn a_long_lifetime_is_cut_and_a_short_one_is_not_granted() {
    for (asked, granted) in [(u32::MAX, 3_600), (1, 600), (1_200, 1_200)] {
        let mut scene = Scene::new();
        scene.learn_nonce();
        let asked = asked.to_be_bytes();
        let attributes = [(kind::REQUESTED_TRANSPORT, UDP), (kind::LIFETIME, &asked[..])];
        assert_eq!(scene.ask_as_user(ALLOCATE, &attributes).lifetime(), granted);
    }
}

#[test]
fn a_credential_has_a_quota_and_gets_it_back() {
    let mut first = Scene::allocated();
    let mut scenes = Vec::new();
    for count in 2..=ALLOCATIONS_PER_USER + 1 {
        let mut scene = Scene::new();
        std::mem::swap(&mut scene.quota, &mut first.quota);
        scene.learn_nonce();
        let expected = if count > ALLOCATIONS_PER_USER { 486 } else { 0 };
        assert_eq!(scene.allocate().code(), expected, "allocation {count}");
        std::mem::swap(&mut scene.quota, &mut first.quota);
        scenes.push(scene);
    }
    let mut last = scenes.pop().expect("the refused one");
    first.connection.handle_closed(&mut first.quota);
    std::mem::swap(&mut last.quota, &mut first.quota);
    assert_eq!(last.allocate().code(), 0);
}

#[test]
fn who_is_refused_over_and_over_is_tiresome() {
    let mut scene = Scene::new();
    for _ in 0..REFUSALS_MAX {
        assert!(!scene.connection.is_tiresome());
        scene.learn_nonce();
    }
    assert!(scene.connection.is_tiresome());
}

proptest! {
    #[test]
    fn no_bytes_break_a_connection_or_open_anything(
        mut message in prop::collection::vec(any::<u8>(), 0..200),
        keep_header in any::<bool>(),
        method in prop::sample::select(vec![BINDING, ALLOCATE, REFRESH, CHANNEL_BIND, SEND]),
    ) {
        if keep_header && message.len() >= 20 {
            message.truncate(message.len() & !3);
            let length = (message.len() - 20) as u16;
            message[..2].copy_from_slice(&method.to_be_bytes());
            message[2..4].copy_from_slice(&length.to_be_bytes());
            message[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        }
        let mut scene = Scene::new();
        let (_, taken) = scene.say(&message);
        prop_assert!(taken.map_or(true, |relayed| relayed.is_none()));
        prop_assert_eq!(scene.quota.users(), 0);
    }

    #[test]
    fn no_mutant_of_a_proved_request_opens_anything_else(bit in 0_usize..8 * 140) {
        let mut scene = Scene::new();
        scene.learn_nonce();
        let (message, _) = scene.begin(ALLOCATE);
        let message = message.attribute(kind::REQUESTED_TRANSPORT, UDP);
        let mut bytes = scene.prove(message).bytes();
        prop_assume!(bit / 8 < bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let _ = scene.say(&bytes);
        prop_assert_eq!(scene.quota.users(), 0);
    }
}
