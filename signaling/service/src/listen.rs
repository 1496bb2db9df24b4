//! Connections of the public listener: accepted, encrypted, and served as HTTP/1.1.
//!
//! A slow or silent client holds nothing but its own connection, and that not for long: each stage
//! has a deadline. Bounded by [`CONNECTIONS_MAX`].

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
    response::IntoResponse as _,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    time,
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::{caller::Connection, config::is_authority, metrics::Metrics, tls};

/// The most open connections; beyond it new ones wait in the kernel's queue. An idle WebSocket
/// with TLS costs ≈ 25 KiB.
const CONNECTIONS_MAX: usize = 20_000;

/// From the acceptance of a connection to the end of its TLS handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// From the first to the last byte of a request's header, and between requests.
const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

/// How long a connection lives that does not become a WebSocket: a client that asks for a file and
/// then does not read it holds its place no longer.
const HTTP_TIME_MAX: Duration = Duration::from_secs(300);

/// The longest header, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) encryption: Option<TlsAcceptor>,
    pub(crate) metrics: Metrics,
    /// Held by each connection until it is done.
    pub(crate) alive: mpsc::Sender<()>,
    /// Turns true when the service stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Accepts until the service stops.
pub(crate) async fn accept(listener: TcpListener, server: Server) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stopping = server.stopping.clone();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => return,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                server.metrics.connections_failed.with_label_values(&["accept"]).inc();
                pause_if_exhausted(&error).await;
                continue;
            }
        };
        let server = server.clone();
        tokio::spawn(async move {
            server.metrics.connections.inc();
            serve(stream, remote, &server).await;
            server.metrics.connections.dec();
            drop(place);
        });
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Who would tell is gone: that is a stop too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// A connection that its client has given up is no reason to wait; no file descriptor is, until one
/// is free.
async fn pause_if_exhausted(error: &io::Error) {
    let is_the_clients = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !is_the_clients {
        tracing::warn!(%error, "no connection can be accepted");
        time::sleep(Duration::from_millis(100)).await;
    }
}

async fn serve(stream: TcpStream, remote: SocketAddr, server: &Server) {
    // Signaling is small messages, each of which somebody waits for. A failure costs speed alone.
    let _ = stream.set_nodelay(true);
    let connection = Connection { remote, is_encrypted: server.encryption.is_some() };
    let Some(acceptor) = &server.encryption else {
        return serve_http(stream, connection, server, Answer::Service).await;
    };
    let handshake = async {
        match is_tls(&stream).await? {
            true => acceptor.accept(stream).await.map(Ok),
            false => Ok(Err(stream)),
        }
    };
    match time::timeout(HANDSHAKE_TIME_MAX, handshake).await {
        Ok(Ok(Ok(mut stream))) if tls::is_challenge(&stream) => {
            // Whoever asked may be gone by then.
            let _ = time::timeout(HANDSHAKE_TIME_MAX, stream.shutdown()).await;
        }
        Ok(Ok(Ok(stream))) => serve_http(stream, connection, server, Answer::Service).await,
        Ok(Ok(Err(plain))) => serve_http(plain, connection, server, Answer::Redirect).await,
        Ok(Err(_)) | Err(_) => {
            server.metrics.connections_failed.with_label_values(&["tls"]).inc();
        }
    }
}

/// Whether a client begins with a TLS record of type handshake (RFC 8446 §5.1), not with HTTP.
async fn is_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let count = stream.peek(&mut first).await?;
    Ok(count == 0 || first[0] == 0x16)
}

/// How requests of a connection are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// By the service.
    Service,
    /// By the address that should have been called: `https` instead of `http`.
    Redirect,
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: Connection,
    server: &Server,
    answer: Answer,
) {
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection);
        let mut router = server.router.clone();
        async move {
            match answer {
                Answer::Service => router.call(request).await,
                Answer::Redirect => Ok::<_, Infallible>(redirect(&request)),
            }
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    let served = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut served = std::pin::pin!(served);
    let mut stopping = server.stopping.clone();
    let alive = server.alive.clone();
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = time::sleep(HTTP_TIME_MAX) => Ok(()),
        () = stopped(&mut stopping) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if result.is_err() {
        server.metrics.connections_failed.with_label_values(&["http"]).inc();
    }
    drop(alive);
}

/// For people who type the host and port and leave out `https`.
fn redirect(request: &Request<Incoming>) -> Response<Body> {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).filter(|host| is_authority(host));
    let Some(host) = host else {
        return (StatusCode::BAD_REQUEST, "use https\n").into_response();
    };
    let location = format!("https://{host}{}", request.uri());
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)], "use https\n").into_response()
}
