//! The one port of the program, by real TLS: the relay and ICE-TCP lead to its own media, and
//! nowhere else.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use load_tests::client::{Client, Shape};
use md5::{Digest as _, Md5};
use ring::hmac;
use rustls::{ClientConfig, RootCertStore, crypto::ring as provider};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

use crate::program::{DataFolder, Program, secret};

const PATIENCE: Duration = Duration::from_secs(20);
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// Methods and attributes of RFC 8656 and RFC 8489.
const ALLOCATE: u16 = 0x0003;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const CHANNEL_NUMBER: u16 = 0x000C;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const REQUESTED_TRANSPORT: u16 = 0x0019;

#[tokio::test]
async fn who_reaches_nothing_but_the_port_by_tcp_reaches_the_media() {
    let data = DataFolder::new();
    let path = data.path();
    let folder = path.to_str().unwrap();
    let program =
        Program::start_with(&["--data", folder, "--listen", "127.0.0.1:0", "--tls", "self-signed"]);
    let port = program.port();
    let (joined, mut client) = join(&path, port).await;

    let server = &joined["ice_servers"][0];
    assert_eq!(server["urls"], json!([format!("turns:localhost:{port}?transport=tcp")]));
    let mut relay = Relay::open(&path, port, server).await;
    assert_eq!(relay.ask(CREATE_PERMISSION, vec![peer("10.0.0.1:443")]).await, 403);
    assert_eq!(relay.ask(CREATE_PERMISSION, vec![peer("169.254.169.254:80")]).await, 403);
    let media = format!("127.0.0.1:{port}");
    let channel = (CHANNEL_NUMBER, vec![0x40, 0, 0, 0]);
    assert_eq!(relay.ask(CHANNEL_BIND, vec![channel, peer(&media)]).await, 0);
    let check = next_check(&mut client, 0);
    relay.stream.write_all(&channel_data(&check)).await.unwrap();
    let answer = read_turn_message(&mut relay.stream).await;
    assert_eq!(answer[..4], [0x40, 0, 0, answer.len() as u8 - 4], "on the channel");
    assert_answers(&answer[4..], &check);

    let candidate = format!(" TCP 497025023 127.0.0.1 {port} typ host tcptype passive");
    assert!(joined["answer"]["plain"].as_str().unwrap().contains(&candidate));
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let check = next_check(&mut client, 60);
    tcp.write_all(&(check.len() as u16).to_be_bytes()).await.unwrap();
    tcp.write_all(&check).await.unwrap();
    let length = timeout(PATIENCE, tcp.read_u16()).await.unwrap().unwrap();
    let mut answer = vec![0; length.into()];
    timeout(PATIENCE, tcp.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_answers(&answer, &check);
}

/// Joins a new room; what the server said, and a client that has its answer.
async fn join(data: &Path, port: u16) -> (Value, Client) {
    let mut api = connect(data, port).await;
    let body = "{}";
    let request = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    api.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    api.read_to_string(&mut answer).await.ok();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let room: Value = serde_json::from_str(body).unwrap();

    let mut request = format!("wss://localhost:{port}/ws").into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "preau.v1".parse().unwrap());
    let stream = connect(data, port).await;
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let mut client = Client::new(1, Shape::PARTICIPANT, 7);
    let (offer, sections) = client.offer();
    let join = json!({
        "id": 1, "kind": "join", "room": room["room"], "name": "Ada",
        "secret": secret(room["guest_link"].as_str().unwrap()),
        "offer": { "plain": offer }, "sections": sections,
    });
    socket.send(Message::text(join.to_string())).await.unwrap();
    let said = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    let joined: Value = serde_json::from_str(said.to_text().unwrap()).unwrap();
    assert_eq!(joined["kind"], "joined", "{joined}");
    client.handle_answer(at(0), joined["answer"]["plain"].as_str().unwrap());
    // The session outlives its socket by a minute.
    (joined, client)
}

async fn connect(data: &Path, port: u16) -> TlsStream<TcpStream> {
    let certificate = data.join("tls/self-signed.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn at(seconds: u64) -> protocol::Instant {
    protocol::Instant::from_micros(1 + seconds * 1_000_000)
}

fn next_check(client: &mut Client, seconds: u64) -> Vec<u8> {
    client.handle_timeout(at(seconds));
    std::iter::from_fn(|| client.poll_transmit()).find(|it| it[..2] == [0, 1]).expect("a check")
}

/// A binding success with the transaction's own id (RFC 8489 §5).
fn assert_answers(answer: &[u8], check: &[u8]) {
    assert_eq!((&answer[..2], &answer[4..20]), (&[1, 1][..], &check[4..20]));
}

/// A client of the relay that has an allocation.
struct Relay {
    stream: TlsStream<TcpStream>,
    username: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: hmac::Key,
    transactions: u8,
}

impl Relay {
    async fn open(data: &Path, port: u16, server: &Value) -> Relay {
        let mut stream = connect(data, port).await;
        let transport = (REQUESTED_TRANSPORT, vec![17, 0, 0, 0]);
        let request = message(ALLOCATE, 0, std::slice::from_ref(&transport));
        stream.write_all(&request).await.unwrap();
        let challenge = read_turn_message(&mut stream).await;
        assert_eq!(code(&challenge), 401);
        let (realm, nonce) = (find(&challenge, REALM), find(&challenge, NONCE));
        let (realm, nonce) = (realm.unwrap(), nonce.unwrap());
        let username = server["username"].as_str().unwrap().to_owned();
        let password = server["credential"].as_str().unwrap();
        let mut hash = Md5::new();
        for part in [username.as_bytes(), b":", &realm, b":", password.as_bytes()] {
            hash.update(part);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &hash.finalize());
        let mut relay = Relay { stream, username, realm, nonce, key, transactions: 0 };
        assert_eq!(relay.ask(ALLOCATE, vec![transport]).await, 0);
        relay
    }

    /// Asks with proof; the error's code, or 0.
    async fn ask(&mut self, method: u16, mut attributes: Vec<(u16, Vec<u8>)>) -> u16 {
        self.transactions += 1;
        attributes.push((USERNAME, self.username.clone().into()));
        attributes.push((REALM, self.realm.clone()));
        attributes.push((NONCE, self.nonce.clone()));
        let mut request = message(method, self.transactions, &attributes);
        let length = request.len() as u16 - 20 + 24;
        request[2..4].copy_from_slice(&length.to_be_bytes());
        let tag = hmac::sign(&self.key, &request);
        request.extend([MESSAGE_INTEGRITY.to_be_bytes(), 20u16.to_be_bytes()].concat());
        request.extend(tag.as_ref());
        self.stream.write_all(&request).await.unwrap();
        code(&read_turn_message(&mut self.stream).await)
    }
}

fn message(method: u16, transaction: u8, attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut message = [&method.to_be_bytes()[..], &[0, 0], &COOKIE, &[transaction; 12]].concat();
    for (kind, value) in attributes {
        message.extend(kind.to_be_bytes());
        message.extend((value.len() as u16).to_be_bytes());
        message.extend(value);
        message.resize(message.len().next_multiple_of(4), 0);
    }
    let length = message.len() as u16 - 20;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    message
}

/// XOR-PEER-ADDRESS of an IPv4 address (RFC 8489 §14.2).
fn peer(address: &str) -> (u16, Vec<u8>) {
    let SocketAddr::V4(address) = address.parse().unwrap() else { panic!("IPv4 alone") };
    let port = (address.port() ^ 0x2112).to_be_bytes();
    let ip = address.ip().octets().into_iter().zip(COOKIE).map(|(byte, mask)| byte ^ mask);
    (XOR_PEER_ADDRESS, [0, 1].into_iter().chain(port).chain(ip).collect())
}

/// On the channel 0x4000, padded as streams want it (RFC 8656 §12.5).
fn channel_data(datagram: &[u8]) -> Vec<u8> {
    let mut message = [&[0x40, 0][..], &(datagram.len() as u16).to_be_bytes(), datagram].concat();
    message.resize(message.len().next_multiple_of(4), 0);
    message
}

/// The next STUN or ChannelData message, without padding.
async fn read_turn_message(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut message = vec![0; 4];
    timeout(PATIENCE, stream.read_exact(&mut message)).await.unwrap().unwrap();
    let length = usize::from(u16::from_be_bytes([message[2], message[3]]));
    let total = if message[0] < 0x40 { 20 + length } else { 4 + length };
    message.resize(total.next_multiple_of(4), 0);
    timeout(PATIENCE, stream.read_exact(&mut message[4..])).await.unwrap().unwrap();
    message.truncate(total);
    message
}

fn find(message: &[u8], wanted: u16) -> Option<Vec<u8>> {
    let mut rest = &message[20..];
    while let [a, b, c, d, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        if u16::from_be_bytes([*a, *b]) == wanted {
            return Some(after[..length].to_vec());
        }
        rest = &after[length.next_multiple_of(4)..];
    }
    None
}

fn code(message: &[u8]) -> u16 {
    find(message, ERROR_CODE).map_or(0, |it| 100 * u16::from(it[2]) + u16::from(it[3]))
}
