//! Encryption of the listener.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use signaling_service::{Service, ServiceConfig, TlsMode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    acme::{health, until, value},
    client::{Client, PREAU, join_text},
    logs::Captured,
    node::FakeNode,
    site::{Links, PATIENCE, Site},
};

fn self_signed(config: &mut ServiceConfig) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    config.tls = TlsMode::SelfSigned { names };
}

/// Connects as somebody who trusts the certificate in a file, and nothing else.
async fn connect(address: SocketAddr, trusted: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let trusted = CertificateDer::from_pem_file(trusted).expect("a certificate");
    connect_to(address, "localhost", trusted).await
}

/// Connects to a name as somebody who trusts one root.
pub(crate) async fn connect_to(
    address: SocketAddr,
    name: &str,
    trusted: CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

pub(crate) fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    let chain = stream.get_ref().1.peer_certificates().expect("a certificate");
    chain[0].to_vec()
}

#[tokio::test]
async fn one_joins_over_tls_and_the_certificate_of_our_own_stays() {
    let site = Site::start_with(self_signed).await;
    let certificate = site.data().join("data/tls/self-signed.pem");
    let links = {
        let room = site.store.create_room(std::time::SystemTime::now(), &Default::default());
        let room = room.expect("a room");
        let link = |secret| format!("https://localhost/{}#{secret}", room.room);
        Links { room: room.room.to_string(), host: link(&room.host), guest: link(&room.guest) }
    };
    let stream = connect(site.address, &certificate).await.expect("a handshake");
    let before = shown(&stream);
    let url = format!("wss://localhost:{}/ws", site.address.port());
    let mut client = Client::upgrade(stream, &url, PREAU).await.expect("an open socket");
    client.say(&join_text(&links.room, Links::secret(&links.guest), "Ana")).await;
    client.joined().await;

    let dir = site.kill().await;
    let site = Site::start_in(dir, self_signed).await;
    let stream = connect(site.address, &certificate).await.expect("a handshake");
    assert_eq!(shown(&stream), before, "whoever accepted it is not asked again");
}

#[tokio::test]
async fn plain_http_on_the_encrypted_port_is_sent_to_https() {
    let site = Site::start_with(self_signed).await;
    let answer = site.get("/math?x=1", &[("Host", "localhost:8443")]).await;
    assert_eq!(answer.status, 308);
    assert_eq!(answer.headers["location"], "https://localhost:8443/math?x=1");
    let answer = site.get("/math", &[("Host", "evil/..")]).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_client_that_begins_no_handshake_keeps_nobody_waiting() {
    let site = Site::start_with(self_signed).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(site.address).await.expect("a connection"));
    }
    let certificate = site.data().join("data/tls/self-signed.pem");
    let handshake = connect(site.address, &certificate);
    let handshake = tokio::time::timeout(Duration::from_secs(2), handshake).await;
    handshake.expect("in time").expect("a handshake");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let (chain, key) = (dir.path().join("chain.pem"), dir.path().join("key.pem"));
    let renew = || {
        let pair = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&pair).expect("a certificate");
        fs::write(&chain, certificate.pem()).expect("written");
        fs::write(&key, pair.serialize_pem()).expect("written");
        certificate.der().to_vec()
    };
    let first = renew();
    let site = Site::start_with(|config| {
        config.tls = TlsMode::Files { certificate: chain.clone(), key: key.clone() };
    })
    .await;
    let stream = connect(site.address, &chain).await.expect("a handshake");
    assert_eq!(shown(&stream), first);

    let old = dir.path().join("old.pem");
    fs::copy(&chain, &old).expect("copied");
    fs::write(&key, "no key").expect("written");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let stream = connect(site.address, &old).await.expect("the old one stays");
    assert_eq!(shown(&stream), first);

    let second = renew();
    let renewed = async {
        loop {
            // Whoever trusts the new one alone gets through when it is shown.
            if let Ok(stream) = connect(site.address, &chain).await {
                return shown(&stream);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let renewed = tokio::time::timeout(PATIENCE, renewed).await.expect("in time");
    assert_eq!(renewed, second);
}

#[tokio::test(flavor = "current_thread")]
async fn what_browsers_will_say_of_a_certificate_is_said_in_the_log() {
    let day = Duration::from_secs(24 * 3600);
    let now = SystemTime::now();
    for (name, begins, ends, told) in [
        ("meet.example.org", now - day * 90, now - day, "the certificate has expired"),
        ("meet.example.org", now + day, now + day * 90, "the certificate is not valid yet"),
        ("other.example.org", now - day, now + day * 90, "for other names than `public_url`"),
        ("meet.example.org", now - day * 89, now + day, "the certificate ends soon"),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::write(dir.path(), name, begins, ends);
        let (captured, _guard) = Captured::begin();
        let site = Site::start_with(|config| {
            config.public_url = Some("https://meet.example.org".parse().expect("an origin"));
            config.tls = files.mode();
        })
        .await;
        until(|| captured.text().contains(told)).await;
        let answer = site.get("/healthz", &[("Host", "meet.example.org")]).await;
        assert_eq!(answer.status, 308, "it serves all the same");
    }
}

#[tokio::test]
async fn an_expired_certificate_cuts_nobody_who_is_inside() {
    let day = Duration::from_secs(24 * 3600);
    let now = SystemTime::now();
    let dir = tempfile::tempdir().expect("a folder");
    let files = Files::write(dir.path(), "localhost", now - day, now + day * 90);
    let site = Site::start_with(|config| config.tls = files.mode()).await;
    let mut inside = connect(site.address, &files.chain).await.expect("a handshake");
    let end = "signaling_certificate_expiry_timestamp_seconds";
    let before = value(&site, end);
    Files::write(dir.path(), "localhost", now - day * 90, now - day);
    until(|| value(&site, end) < before).await;
    connect(site.address, &files.chain).await.expect_err("newcomers see that it has expired");
    assert_eq!(health(&mut inside).await, "200");
}

#[tokio::test]
async fn broken_handshakes_and_foreign_names_are_counted_and_trouble_nobody() {
    let site = Site::start_with(self_signed).await;
    let certificate = site.data().join("data/tls/self-signed.pem");
    let mut inside = connect(site.address, &certificate).await.expect("a handshake");
    // A record of type handshake, and then what is none; one that is too long; one that ends early.
    let broken: [&[u8]; 3] =
        [b"\x16\x03\x01\x00\x04junk", &[0x16; 20_000], b"\x16\x03\x01\x02\x00"];
    for bytes in broken {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        // It may be closed while the rest is written.
        stream.write_all(bytes).await.ok();
        stream.shutdown().await.ok();
    }
    // This one stays open and says nothing more.
    let mut slow = TcpStream::connect(site.address).await.expect("a connection");
    slow.write_all(b"\x16\x03\x01").await.expect("written");

    let trusted = CertificateDer::from_pem_file(&certificate).expect("a certificate");
    let foreign = connect_to(site.address, "other.example.org", trusted).await;
    foreign.expect_err("the client sees that it is for other names");
    let foreign = "signaling_tls_foreign_names_total";
    until(|| value(&site, foreign) == 1).await;
    let failed = "signaling_connections_failed_total{stage=\"tls\"}";
    until(|| value(&site, failed) >= 3).await;
    assert_eq!(health(&mut inside).await, "200");
    connect(site.address, &certificate).await.expect("a handshake");
    // A handshake has 10 s.
    let mut nothing = Vec::new();
    let ended = tokio::time::timeout(PATIENCE * 2, slow.read_to_end(&mut nothing)).await;
    ended.expect("the slow one is let go").ok();
    until(|| value(&site, failed) >= 4).await;
    assert_eq!(health(&mut inside).await, "200");
}

#[tokio::test]
async fn files_that_are_none_are_named_with_the_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 3600);
    let files = Files::write(dir.path(), "localhost", now - day, now + day);
    fs::create_dir(dir.path().join("other")).expect("a folder");
    let other = Files::write(&dir.path().join("other"), "localhost", now - day, now + day);
    let empty = dir.path().join("empty.pem");
    fs::write(&empty, "").expect("written");
    for (certificate, key, told) in [
        (&empty, &files.key, "holds no certificate in PEM"),
        (&files.key, &files.key, "holds no certificate in PEM"),
        (&files.chain, &empty, "cannot read"),
        (&files.chain, &other.key, "cannot be used together"),
    ] {
        let mut config = ServiceConfig::new(dir.path().join("data"));
        config.tls = TlsMode::Files { certificate: certificate.clone(), key: key.clone() };
        let (_node, bus) = FakeNode::start();
        let error = Service::new(config, bus, &prometheus::Registry::new()).expect_err("refused");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(cause.contains(told), "{cause}");
    }
}

/// A certificate and its key, as an operator keeps them.
struct Files {
    chain: PathBuf,
    key: PathBuf,
}

impl Files {
    fn write(dir: &Path, name: &str, begins: SystemTime, ends: SystemTime) -> Files {
        let files = Files { chain: dir.join("chain.pem"), key: dir.join("key.pem") };
        let pair = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (begins.into(), ends.into());
        let certificate = params.self_signed(&pair).expect("a certificate");
        fs::write(&files.chain, certificate.pem()).expect("written");
        fs::write(&files.key, pair.serialize_pem()).expect("written");
        files
    }

    fn mode(&self) -> TlsMode {
        TlsMode::Files { certificate: self.chain.clone(), key: self.key.clone() }
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named_at_the_start() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("absent.pem");
    let mut config = ServiceConfig::new(dir.path());
    config.tls = TlsMode::Files { certificate: path.clone(), key: path.clone() };
    let (_node, bus) = FakeNode::start();
    let error = Service::new(config, bus, &prometheus::Registry::new()).expect_err("refused");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("absent.pem"), "{cause}");
}
