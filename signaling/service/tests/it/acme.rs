//! Certificates of an authority, from a real one.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use signaling_service::{Acme, AcmeChallenge, CertificateStatus, Fault, ServiceConfig, TlsMode};

use crate::{
    authority::{NAME, Place, Ports, free_port, is_private},
    logs::Captured,
    site::{Listeners, PATIENCE, Site, request_at},
    tls::{connect_to, shown},
};

#[tokio::test]
async fn a_name_is_proven_on_the_listener_that_people_use() {
    let place = Place::new();
    let listeners = Listeners::bind().await;
    let authority = place.open(ports(&listeners)).await;
    let acme = place.acme(AcmeChallenge::TlsAlpn01);
    let site = Site::start_at(listeners, folder(), asks(&acme)).await;
    let status = status_when(&site, |status| status.last_success.is_some()).await;

    let stream = connect_to(site.address, NAME, authority.root().await).await;
    let certificate = shown(&stream.expect("a chain to the authority's root"));
    let length = status.ends.expect("an end").duration_since(status.begins.expect("a beginning"));
    let until_next = status.next_attempt.expect("a time").duration_since(status.begins.unwrap());
    let part = until_next.unwrap().as_secs_f64() / length.unwrap().as_secs_f64();
    assert!((0.63..=0.67).contains(&part), "renewed at {part} of its life");
    assert_eq!(status.names, [NAME]);
    assert_eq!(value(&site, "signaling_certificate_attempts_total{result=\"issued\"}"), 1);
    assert!(value(&site, "signaling_certificate_expiry_timestamp_seconds") > 1_700_000_000);
    for file in ["certificate.pem", "account.json", "status.json"] {
        assert!(is_private(&site.data().join("data/tls/acme").join(file)), "{file}");
    }

    let root = authority.root().await;
    drop(authority);
    let dir = site.kill().await;
    let site = Site::start_in(dir, asks(&acme)).await;
    let stream = connect_to(site.address, NAME, root).await.expect("a handshake");
    assert_eq!(shown(&stream), certificate, "a restart asks nobody");
    assert_eq!(status_of(&site).unwrap().attempts, status.attempts);
}

#[tokio::test]
async fn a_name_is_proven_over_plain_http_while_others_are_sent_to_https() {
    let place = Place::new();
    let listeners = Listeners::bind_with_plain().await;
    let plain = listeners.plain.as_ref().unwrap().local_addr().unwrap();
    let authority = place.open(ports(&listeners)).await;
    let acme = place.acme(AcmeChallenge::Http01);
    let site = Site::start_at(listeners, folder(), asks(&acme)).await;
    status_when(&site, |status| status.last_success.is_some()).await;
    let stream = connect_to(site.address, NAME, authority.root().await).await;
    stream.expect("a chain to the authority's root");

    let get = |path| request_at(plain, "GET", path, &[("Host", NAME)], "");
    let answer = get("/math?x=1").await;
    let port = site.address.port();
    assert_eq!(answer.status, 308);
    assert_eq!(answer.headers["location"], format!("https://{NAME}:{port}/math?x=1"));
    for path in
        ["/.well-known/acme-challenge/x", "/.well-known/acme-challenge/..%2f..%2fsecret.key"]
    {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn handshakes_are_refused_and_counted_until_there_is_a_certificate() {
    let place = Place::new();
    let site = Site::start_with(asks(&place.acme(AcmeChallenge::TlsAlpn01))).await;
    let stranger = self_signed(NAME, Duration::from_secs(0)).0;
    let refused = connect_to(site.address, NAME, stranger).await.expect_err("nothing to show");
    assert!(refused.to_string().contains("alert"), "{refused}");
    let failed = "signaling_connections_failed_total{stage=\"tls\"}";
    until(|| value(&site, failed) == 1).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert_eq!(status.last_failure.unwrap().fault, Fault::AuthorityUnreachable);
    assert_eq!(value(&site, "signaling_certificate_expiry_timestamp_seconds"), 0);
}

#[tokio::test]
async fn while_the_authority_is_down_the_old_one_is_shown_and_then_the_new_one_without_a_cut() {
    let place = Place::new();
    let listeners = Listeners::bind().await;
    let ports = ports(&listeners);
    let dir = folder();
    // Of a life of 1 000 s the last fifth is left: renewal is overdue.
    let (old, pem) = self_signed(NAME, Duration::from_secs(800));
    plant(&dir, &pem);
    let acme = place.acme(AcmeChallenge::TlsAlpn01);
    let site = Site::start_at(listeners, dir, asks(&acme)).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert_eq!(status.last_failure.unwrap().fault, Fault::AuthorityUnreachable);
    let mut inside = connect_to(site.address, NAME, old.clone()).await.expect("the old one");
    assert_eq!(shown(&inside), old.to_vec());
    assert_eq!(health(&mut inside).await, "200");

    let authority = place.open(ports).await;
    status_when(&site, |status| status.last_success.is_some()).await;
    let stream = connect_to(site.address, NAME, authority.root().await).await;
    assert_ne!(shown(&stream.expect("the new one")), old.to_vec());
    assert_eq!(health(&mut inside).await, "200", "who was inside stays inside");
    assert_eq!(status_of(&site).unwrap().last_failure, None);
}

#[tokio::test]
async fn a_closed_port_is_named_and_restarts_do_not_overrun_the_limit() {
    let place = Place::new();
    let closed = Ports { tls: free_port(), http: free_port() };
    let _authority = place.open(closed).await;
    let acme = place.acme(AcmeChallenge::Http01);
    let mut dir = folder();
    for attempts in 1..=4 {
        let site = Site::start_in(dir, asks(&acme)).await;
        let is_done = |status: &CertificateStatus| {
            let waits = status.next_attempt.is_some_and(|next| next > SystemTime::now());
            status.attempts.len() == attempts && waits
        };
        let status = status_when(&site, is_done).await;
        let failure = status.last_failure.expect("a failure");
        assert_eq!((failure.fault, failure.name.as_deref()), (Fault::PortClosed, Some(NAME)));
        dir = site.kill().await;
    }
    // What it decides is then written again, though it is what was decided before.
    let path = dir.path().join(STATUS);
    let mut kept: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).expect("JSON");
    kept["next_attempt"] = serde_json::Value::Null;
    fs::write(&path, kept.to_string()).unwrap();
    let site = Site::start_in(dir, asks(&acme)).await;
    let status = status_when(&site, |status| status.next_attempt.is_some()).await;
    assert_eq!(status.attempts.len(), 4, "the fifth waits");
    let hour = Duration::from_secs(3600);
    assert_eq!(status.next_attempt.unwrap(), status.attempts[0] + hour);
}

#[tokio::test(flavor = "current_thread")]
async fn the_log_tells_cause_and_cure_and_no_address() {
    let place = Place::new();
    let _authority = place.open(Ports { tls: free_port(), http: free_port() }).await;
    let (captured, _guard) = Captured::begin();
    let site = Site::start_with(asks(&place.acme(AcmeChallenge::Http01))).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert!(status.last_failure.unwrap().detail.contains("127.0.0.1"), "the file has the detail");
    let log = captured.text();
    for told in [
        "there is no certificate yet: HTTPS is refused until the authority has issued one",
        "no certificate was issued",
        "meet.example.org",
        "open TCP 80 in the firewall",
        "retry_in=",
    ] {
        assert_eq!(log.matches(told).count(), 1, "{told}:\n{log}");
    }
    for secret in ["127.0.0.1", "admin@example.org", ".well-known"] {
        assert!(!log.contains(secret), "{secret}:\n{log}");
    }
}

#[tokio::test]
async fn somebody_else_on_the_port_is_told_from_a_closed_one() {
    let other = Site::start().await;
    let place = Place::new();
    let ports = Ports { tls: free_port(), http: other.address.port() };
    let _authority = place.open(ports).await;
    let site = Site::start_with(asks(&place.acme(AcmeChallenge::Http01))).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert_eq!(status.last_failure.unwrap().fault, Fault::OtherAnswer);
}

#[tokio::test]
async fn an_authority_that_nobody_vouches_for_is_not_believed() {
    let place = Place::new();
    let _authority = place.open(Ports { tls: free_port(), http: free_port() }).await;
    let acme = Acme { root: None, ..place.acme(AcmeChallenge::TlsAlpn01) };
    let site = Site::start_with(asks(&acme)).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert_eq!(status.last_failure.unwrap().fault, Fault::AuthorityUntrusted);
}

#[tokio::test]
async fn a_clock_that_is_days_fast_is_named() {
    // Seen from such a clock, the authority's own certificate is over.
    let place = Place::known_until(SystemTime::now() - Duration::from_secs(24 * 3600));
    let _authority = place.open(Ports { tls: free_port(), http: free_port() }).await;
    let site = Site::start_with(asks(&place.acme(AcmeChallenge::TlsAlpn01))).await;
    let status = status_when(&site, |status| status.last_failure.is_some()).await;
    assert_eq!(status.last_failure.unwrap().fault, Fault::ClockOff);
}

#[tokio::test]
async fn a_new_name_and_a_forgotten_account_bring_a_new_certificate_at_once() {
    let place = Place::new();
    let listeners = Listeners::bind().await;
    let authority = place.open(ports(&listeners)).await;
    let acme = place.acme(AcmeChallenge::TlsAlpn01);
    let site = Site::start_at(listeners, folder(), asks(&acme)).await;
    status_when(&site, |status| status.last_success.is_some()).await;
    let dir = site.kill().await;
    drop(authority);

    let listeners = Listeners::bind().await;
    // It comes back with an empty memory.
    let authority = place.open(ports(&listeners)).await;
    let mut acme = acme;
    acme.domains.push("call.example.org".to_owned());
    let site = Site::start_at(listeners, dir, asks(&acme)).await;
    let root = authority.root().await;
    let start = Instant::now();
    while connect_to(site.address, "call.example.org", root.clone()).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "{:?}", status_of(&site));
        tokio::time::sleep(LOOK).await;
    }
    connect_to(site.address, NAME, root).await.expect("both names in one certificate");
}

#[tokio::test]
async fn a_certificate_that_is_damaged_is_asked_for_anew() {
    let place = Place::new();
    let listeners = Listeners::bind().await;
    let authority = place.open(ports(&listeners)).await;
    let dir = folder();
    plant(&dir, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let site = Site::start_at(listeners, dir, asks(&place.acme(AcmeChallenge::TlsAlpn01))).await;
    status_when(&site, |status| status.last_success.is_some()).await;
    let stream = connect_to(site.address, NAME, authority.root().await).await;
    stream.expect("a chain to the authority's root");
}

fn asks(acme: &Acme) -> impl FnOnce(&mut ServiceConfig) {
    let mode = TlsMode::Acme(acme.clone());
    move |config| config.tls = mode
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn ports(listeners: &Listeners) -> Ports {
    let port = |address: std::io::Result<SocketAddr>| address.expect("an address").port();
    let plain = listeners.plain.as_ref().map(|plain| port(plain.local_addr()));
    Ports { tls: port(listeners.main.local_addr()), http: plain.unwrap_or_else(free_port) }
}

const STATUS: &str = "data/tls/acme/status.json";

const LOOK: Duration = Duration::from_millis(20);

fn status_of(site: &Site) -> Option<CertificateStatus> {
    CertificateStatus::read(&site.data().join("data")).expect("readable")
}

async fn status_when(site: &Site, is_so: impl Fn(&CertificateStatus) -> bool) -> CertificateStatus {
    let start = Instant::now();
    loop {
        let status = status_of(site);
        match status {
            Some(status) if is_so(&status) => return status,
            other => assert!(start.elapsed() < PATIENCE * 2, "{other:?}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE);
        tokio::time::sleep(LOOK).await;
    }
}

/// A certificate that is valid for 1 000 s in all, `age` of which are over, and its PEM with the
/// key.
fn self_signed(name: &str, age: Duration) -> (CertificateDer<'static>, String) {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    let begins = SystemTime::now() - age;
    params.not_before = begins.into();
    params.not_after = (begins + Duration::from_secs(1000)).into();
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    (certificate.der().clone(), pem)
}

/// Puts a certificate where an earlier run would have.
fn plant(dir: &TempDir, pem: &str) {
    let folder = dir.path().join("data/tls/acme");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("certificate.pem"), pem).expect("written");
}

/// Asks over a connection that stays open.
pub(crate) async fn health(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.expect("written");
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.expect("an answer");
    let text = String::from_utf8_lossy(&answer[..count]);
    text.split(' ').nth(1).expect("a status").to_owned()
}

pub(crate) fn value(site: &Site, metric: &str) -> i64 {
    let text = site.metrics();
    let line = text.lines().find(|line| line.starts_with(metric)).expect("the metric");
    line.rsplit(' ').next().expect("a value").parse().expect("a number")
}
