//! Asks the running service how it is, over the way that people come: its port, with TLS where it
//! speaks that. The certificate is looked at and not trusted: judging it is the findings' work.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{self, CryptoProvider, ring},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{super::certificate::Leaf, certificates};
use crate::{
    config::{Advertised, Config},
    doctor::{is_encrypted, service::Readiness},
};

/// The service's own port, from this machine.
pub(super) struct Endpoint {
    listen: SocketAddr,
    is_encrypted: bool,
    /// The name that a browser would ask for.
    name: String,
}

/// What came of asking.
pub(super) struct Answer {
    pub(super) readiness: Readiness,
    /// The certificate that was shown.
    pub(super) certificate: Option<Leaf>,
}

/// A service on this machine answers in milliseconds; the media node has 2 s to do its part.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longer than the metrics of a full node.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

impl Endpoint {
    pub(super) fn of(config: &Config, host: Option<&Advertised>) -> Endpoint {
        Endpoint {
            listen: config.listen,
            is_encrypted: is_encrypted(config),
            name: host.map_or_else(|| String::from("localhost"), ToString::to_string),
        }
    }

    /// Asks `/readyz`.
    pub(super) fn readiness(&self) -> Answer {
        let Some(stream) = reachable(self.listen).into_iter().find_map(connect) else {
            return Answer { readiness: Readiness::NotRunning, certificate: None };
        };
        let seen = Arc::new(Seen::default());
        let answer = if self.is_encrypted {
            self.encrypted(stream, &seen).and_then(|stream| get(stream, &self.name, "/readyz"))
        } else {
            get(stream, &self.name, "/readyz")
        };
        let readiness = match answer {
            Ok((200, _)) => Readiness::Ready,
            Ok((503, reason)) => Readiness::NotReady(reason.trim().to_owned()),
            Ok((status, _)) => Readiness::Silent(format!("HTTP {status}")),
            Err(error) => Readiness::Silent(error.to_string()),
        };
        let shown = seen.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Answer { readiness, certificate: shown.and_then(|der| certificates::leaf(&der)) }
    }

    fn encrypted(
        &self,
        stream: TcpStream,
        seen: &Arc<Seen>,
    ) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Onlooker {
                provider,
                seen: Arc::clone(seen),
            }))
            .with_no_client_auth();
        let name = ServerName::try_from(self.name.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

/// The body of `path` at a plain listener on this machine.
pub(super) fn body(at: SocketAddr, path: &str) -> Option<String> {
    let stream = reachable(at).into_iter().find_map(connect)?;
    let (status, body) = get(stream, "localhost", path).ok()?;
    (status == 200).then_some(body)
}

/// Where a listener is reached from this machine.
fn reachable(listen: SocketAddr) -> Vec<SocketAddr> {
    let at = |ip: IpAddr| SocketAddr::new(ip, listen.port());
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![at(Ipv4Addr::LOCALHOST.into())],
        IpAddr::V6(ip) if ip.is_unspecified() => {
            vec![at(Ipv4Addr::LOCALHOST.into()), at(Ipv6Addr::LOCALHOST.into())]
        }
        IpAddr::V4(_) | IpAddr::V6(_) => vec![listen],
    }
}

fn connect(to: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

/// One request; its status and body.
fn get(mut stream: impl Read + Write, host: &str, path: &str) -> io::Result<(u16, String)> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
        // A server that closes without TLS's farewell has answered all the same.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// The certificate that a server showed.
#[derive(Debug, Default)]
struct Seen(Mutex<Option<CertificateDer<'static>>>);

/// Looks at a certificate and lets it pass; nothing secret is sent over such a connection.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    seen: Arc<Seen>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(end_entity.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
