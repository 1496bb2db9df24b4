//! One port for pages and media: who gets a connection is told by its first bytes.

use std::{pin::Pin, time::Duration};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use signaling_service::{MediaStream, MediaStreamKind, MediaStreams, ServiceConfig, TlsMode};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::{
    acme::health,
    site::{PATIENCE, Site},
    tls::connect_to,
};

/// In the place of a media node: says what it was handed, then sends everything back.
pub(crate) struct Echo;

impl MediaStreams for Echo {
    fn serve(&self, stream: MediaStream) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let MediaStream { mut io, kind, local, .. } = stream;
            let name = match kind {
                MediaStreamKind::IceTcp => 'I',
                MediaStreamKind::Turn => 'T',
            };
            let head = format!("{name}{}", local.port());
            let mut buffer = [0; 1_000];
            let _ = io.write_all(head.as_bytes()).await;
            while let Ok(count @ 1..) = io.read(&mut buffer).await {
                let _ = io.write_all(&buffer[..count]).await;
                let _ = io.flush().await;
            }
        })
    }
}

fn self_signed(config: &mut ServiceConfig) {
    config.tls = TlsMode::SelfSigned { names: vec!["localhost".to_owned()] };
}

async fn encrypted(site: &Site) -> TlsStream<TcpStream> {
    let certificate = site.data().join("data/tls/self-signed.pem");
    let trusted = CertificateDer::from_pem_file(certificate).expect("a certificate");
    connect_to(site.address, "localhost", trusted).await.expect("a handshake")
}

/// Says something, and hears what whoever took it says to that.
async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), said: &[u8]) -> Vec<u8> {
    stream.write_all(said).await.expect("written");
    let mut heard = Vec::new();
    while !heard.ends_with(said) {
        let mut buffer = [0; 1_000];
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("in time");
        match read {
            Ok(count @ 1..) => heard.extend(&buffer[..count]),
            Ok(_) | Err(_) => break,
        }
    }
    heard
}

/// The beginning of an allocation (RFC 8656), and of a check in a frame of RFC 4571.
const STUN: [u8; 20] = [0, 3, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const FRAME: [u8; 22] =
    [0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

#[tokio::test]
async fn one_port_serves_pages_relay_and_ice() {
    let site = Site::start_with(self_signed).await;
    let expected = |name: &str, said: &[u8]| {
        [format!("{name}{}", site.address.port()).as_bytes(), said].concat()
    };
    let mut relay = encrypted(&site).await;
    assert_eq!(answer(&mut relay, &STUN).await, expected("T", &STUN), "no byte is lost");
    let mut ice = TcpStream::connect(site.address).await.expect("a connection");
    assert_eq!(answer(&mut ice, &FRAME).await, expected("I", &FRAME));
    let mut page = encrypted(&site).await;
    assert_eq!(health(&mut page).await, "200");
    let redirect = site.get("/", &[("Host", "localhost")]).await;
    assert_eq!(redirect.status, 308);
    // The same again on connections that are open already.
    assert_eq!(answer(&mut relay, b"more").await, b"more");
    assert_eq!(health(&mut page).await, "200");
}

#[tokio::test]
async fn a_listener_behind_a_proxy_takes_ice_and_no_relay() {
    let site = Site::start().await;
    let mut ice = TcpStream::connect(site.address).await.expect("a connection");
    let heard = answer(&mut ice, &FRAME).await;
    assert!(heard.starts_with(b"I") && heard.ends_with(&FRAME), "{heard:?}");
    let mut tls = TcpStream::connect(site.address).await.expect("a connection");
    let heard = answer(&mut tls, b"\x16\x03\x01\x00\x04junk").await;
    assert!(!heard.starts_with(b"T") && !heard.starts_with(b"I"), "{heard:?}");
    assert_eq!(site.get("/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn media_ends_with_the_service_and_delays_nobody() {
    let site = Site::start_with(self_signed).await;
    let mut relay = encrypted(&site).await;
    answer(&mut relay, &STUN).await;
    // Half-open ones of every sort: nothing said, half a handshake, nothing said inside TLS.
    let silent = TcpStream::connect(site.address).await.expect("a connection");
    let mut half = TcpStream::connect(site.address).await.expect("a connection");
    half.write_all(b"\x16\x03\x01").await.expect("written");
    let waiting = encrypted(&site).await;
    let mut page = encrypted(&site).await;
    let healthy = timeout(Duration::from_secs(2), health(&mut page)).await;
    assert_eq!(healthy.expect("in time"), "200");
    site.stop().await;
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, relay.read_to_end(&mut rest)).await;
    ended.expect("in time").ok();
    drop((silent, half, waiting));
}

#[tokio::test]
async fn whoever_says_nothing_is_let_go() {
    let site = Site::start_with(self_signed).await;
    let mut plain = TcpStream::connect(site.address).await.expect("a connection");
    let mut inside = encrypted(&site).await;
    let mut nothing = Vec::new();
    // 10 s before TLS, 15 s inside.
    let ended = timeout(2 * PATIENCE, plain.read_to_end(&mut nothing)).await;
    ended.expect("the silent one is let go").ok();
    let ended = timeout(2 * PATIENCE, inside.read_to_end(&mut nothing)).await;
    ended.expect("the one inside, too").ok();
    assert!(nothing.is_empty());
}
