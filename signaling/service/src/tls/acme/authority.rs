//! HTTPS to the authority: one request at a time, bounded in time and size.
//!
//! It speaks HTTP/1.1 on a connection of its own for each request: an order is a dozen of them
//! every two months. Tests: `tests/it/acme.rs`.

use std::{
    io,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, StatusCode, Uri, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::TlsError;

/// For a connection to one address, with its TLS handshake.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// For a request as a whole.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(40);

/// No answer of ACME is longer: chains of certificates are below 20 KB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Requests to an authority. Clones share what it asked for last.
#[derive(Clone)]
pub(super) struct AuthorityClient {
    tls: Arc<ClientConfig>,
    retry_after: Arc<Mutex<Option<Duration>>>,
}

/// Why a request had no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreached {
    #[error("the address has no host")]
    Host,
    #[error("the name of the authority cannot be looked up")]
    Lookup(#[source] io::Error),
    #[error("the name of the authority has no address")]
    NoAddress,
    #[error("no connection to the authority")]
    Connect(#[source] io::Error),
    #[error("the authority did not answer in time")]
    TimedOut,
    #[error("the connection to the authority failed")]
    Http(#[from] hyper::Error),
    #[error("the answer of the authority cannot be read")]
    Answer(#[from] axum::Error),
}

impl AuthorityClient {
    /// Trusts Mozilla's roots, and those in a file if there is one.
    pub(super) fn new(extra_roots: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = extra_roots {
            let own = roots.len();
            let unreadable = |source| TlsError::File { path: path.to_owned(), source };
            let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
            for certificate in certificates {
                roots.add(certificate.map_err(unreadable)?).map_err(TlsError::Pair)?;
            }
            if roots.len() == own {
                return Err(TlsError::Empty { path: path.to_owned() });
            }
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(AuthorityClient { tls: Arc::new(tls), retry_after: Arc::default() })
    }

    /// How long the last answer asks to wait, which it does when it refuses.
    pub(super) fn take_retry_after(&self) -> Option<Duration> {
        self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<Response<Body>, Unreached> {
        let host = request.uri().host().ok_or(Unreached::Host)?.to_owned();
        let stream = self.connect(&host, request.uri().port_u16().unwrap_or(443)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It is aborted when it is dropped, also when the request takes too long.
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let (parts, body) = sender.send_request(origin_form(request)).await?.into_parts();
        let body = axum::body::to_bytes(Body::new(body), ANSWER_BYTES_MAX).await?;
        let response = Response::from_parts(parts, Body::from(body));
        let mut retry_after = self.retry_after.lock().unwrap_or_else(PoisonError::into_inner);
        *retry_after = asked_to_wait(&response);
        Ok(response)
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, Unreached> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| Unreached::Host)?;
        let mut failure = Unreached::NoAddress;
        for address in lookup_host((bare, port)).await.map_err(Unreached::Lookup)? {
            let connect = async {
                let stream = TcpStream::connect(address).await?;
                TlsConnector::from(Arc::clone(&self.tls)).connect(name.clone(), stream).await
            };
            match time::timeout(CONNECT_TIME_MAX, connect).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = Unreached::Connect(error),
                Err(_) => failure = Unreached::TimedOut,
            }
        }
        Err(failure)
    }
}

impl HttpClient for AuthorityClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let sent = time::timeout(REQUEST_TIME_MAX, self.clone().send(request));
        Box::pin(async move {
            let response = sent.await.unwrap_or(Err(Unreached::TimedOut));
            response.map(BytesResponse::from).map_err(|error| Error::Other(Box::new(error)))
        })
    }
}

/// RFC 9112 §3.2.1: a server is told the path alone, and its own name in `Host`.
fn origin_form(request: Request<BodyWrapper<Bytes>>) -> Request<BodyWrapper<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    if let Some(host) = authority.and_then(|text| HeaderValue::try_from(text).ok()) {
        parts.headers.insert(header::HOST, host);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Request::from_parts(parts, body)
}

/// RFC 8555 §6.6: with a refusal comes the time to wait, which authorities give in seconds. A date
/// is not read: the waits of our own are longer than most.
fn asked_to_wait(response: &Response<Body>) -> Option<Duration> {
    let status = response.status();
    if status != StatusCode::TOO_MANY_REQUESTS && status != StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{body::Body, http::Response};

    use super::asked_to_wait;

    #[test]
    fn who_is_refused_hears_how_long_to_wait() {
        let answer = |status: u16, wait: &str| {
            let response = Response::builder().status(status).header("retry-after", wait);
            asked_to_wait(&response.body(Body::empty()).unwrap())
        };
        assert_eq!(answer(429, "3600"), Some(Duration::from_secs(3600)));
        assert_eq!(answer(503, " 60 "), Some(Duration::from_secs(60)));
        // While an order is worked on, this only says when to look again.
        assert_eq!(answer(200, "3"), None);
        for unread in ["", "-1", "soon", "Mon, 23 Nov 2026 22:00:00 GMT", "99999999999999999999"] {
            assert_eq!(answer(429, unread), None, "{unread}");
        }
    }
}
