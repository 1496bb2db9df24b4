//! Connections of the public listener: accepted, told apart, encrypted, and served as HTTP/1.1 or
//! handed over as media.
//!
//! | first byte | it is |
//! |---|---|
//! | 0x16 | TLS (RFC 8446 §5.1), if the listener encrypts; its content is looked at again |
//! | 0 to 7 | the length of a frame that fits a datagram: ICE-TCP (RFC 4571 §2) |
//! | 0 to 3, inside TLS | STUN (RFC 8489 §5), with which TURN begins |
//! | any other | HTTP; without TLS on a listener that encrypts, the way to `https` is answered |
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
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower_service::Service as _;

use crate::{
    caller::Connection,
    config::is_authority,
    media_streams::{MediaIo, MediaStream, MediaStreamKind, MediaStreams},
    metrics::Metrics,
    tls,
};

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

/// From the end of a TLS handshake to the first byte inside it.
const FIRST_BYTE_TIME_MAX: Duration = HEADER_TIME_MAX;

/// Unsent bytes that the kernel may hold of a connection that carries media: what waits elsewhere
/// can still be dropped.
const MEDIA_UNSENT_MAX: u32 = 16 * 1024;

/// The longest header, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) encryption: Option<TlsAcceptor>,
    /// Who takes connections that carry media.
    pub(crate) media: Option<Arc<dyn MediaStreams>>,
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
    let first = time::timeout(HANDSHAKE_TIME_MAX, first_byte(&stream)).await;
    let Ok(Ok(Some(first))) = first else {
        let stage = if server.encryption.is_some() { "tls" } else { "http" };
        return server.metrics.connections_failed.with_label_values(&[stage]).inc();
    };
    match (Opening::of(first), &server.encryption, &server.media) {
        (Opening::Tls, Some(acceptor), _) => {
            serve_encrypted(stream, acceptor, connection, server).await;
        }
        (Opening::Frame, _, Some(media)) => {
            keep_little_unsent(&stream);
            let local = stream.local_addr();
            hand_over(media, stream, local, remote, MediaStreamKind::IceTcp, server).await;
        }
        (_, Some(_), _) => serve_http(stream, connection, server, Answer::Redirect).await,
        (_, None, _) => serve_http(stream, connection, server, Answer::Service).await,
    }
}

/// What a connection begins with; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    Tls,
    Frame,
    Other,
}

impl Opening {
    const fn of(first: u8) -> Self {
        match first {
            0x16 => Opening::Tls,
            0..=7 => Opening::Frame,
            _ => Opening::Other,
        }
    }
}

/// The first byte, which stays to be read; `None` if the client has nothing to say.
async fn first_byte(stream: &TcpStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    let count = stream.peek(&mut first).await?;
    Ok((count > 0).then_some(first[0]))
}

async fn serve_encrypted(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    connection: Connection,
    server: &Server,
) {
    let handshake = time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)).await;
    let Ok(Ok(mut stream)) = handshake else {
        return server.metrics.connections_failed.with_label_values(&["tls"]).inc();
    };
    if tls::is_challenge(&stream) {
        // Whoever asked may be gone by then.
        let _ = time::timeout(HANDSHAKE_TIME_MAX, stream.shutdown()).await;
        return;
    }
    let mut stream = BufReader::with_capacity(FIRST_READ, stream);
    let first = time::timeout(FIRST_BYTE_TIME_MAX, stream.fill_buf()).await;
    let Ok(Ok(&[first, ..])) = first else {
        return server.metrics.connections_failed.with_label_values(&["http"]).inc();
    };
    match &server.media {
        // RFC 8489 §5: the first two bits of STUN are zero, and no method of HTTP begins so.
        Some(media) if first < 4 => {
            let (tcp, _) = stream.get_ref().get_ref();
            keep_little_unsent(tcp);
            let local = tcp.local_addr();
            buffer_little(stream.get_mut());
            let (kind, remote) = (MediaStreamKind::Turn, connection.remote);
            hand_over(media, stream, local, remote, kind, server).await;
        }
        Some(_) | None => serve_http(stream, connection, server, Answer::Service).await,
    }
}

/// Bytes of the buffer in which the first byte inside TLS is looked at; longer reads go past it.
const FIRST_READ: usize = 512;

/// A failure costs that pictures wait in the kernel, on a line that is too thin for them.
fn keep_little_unsent(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(MEDIA_UNSENT_MAX);
}

/// Lets TLS hold no more than the kernel may.
fn buffer_little(stream: &mut TlsStream<TcpStream>) {
    let (_, session) = stream.get_mut();
    session.set_buffer_limit(Some(MEDIA_UNSENT_MAX as usize));
}

async fn hand_over(
    media: &Arc<dyn MediaStreams>,
    io: impl MediaIo + 'static,
    local: io::Result<SocketAddr>,
    remote: SocketAddr,
    kind: MediaStreamKind,
    server: &Server,
) {
    // Without an address of our own the connection is gone.
    let Ok(local) = local else { return };
    let mut stopping = server.stopping.clone();
    let serving = media.serve(MediaStream { io: Box::new(io), kind, local, remote });
    tokio::select! {
        () = serving => {}
        () = stopped(&mut stopping) => {}
    }
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
