//! A running service, and plain HTTP to it.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use prometheus::{Registry, TextEncoder};
use signaling_service::{Service, ServiceConfig};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::{media::Echo, node::FakeNode};

/// Nothing on the loopback takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A service on a port of its own.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) node: FakeNode,
    pub(crate) store: signaling_service::Store,
    pub(crate) registry: Registry,
    pub(crate) operator: axum::Router,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    dir: TempDir,
}

/// Links of a room as the API told them.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) room: String,
    pub(crate) host: String,
    pub(crate) guest: String,
}

impl Links {
    pub(crate) fn secret(link: &str) -> &str {
        link.split_once('#').expect("a fragment").1
    }
}

/// Where a site will be, known before it starts.
pub(crate) struct Listeners {
    pub(crate) main: TcpListener,
    /// For plain HTTP beside an encrypted one.
    pub(crate) plain: Option<TcpListener>,
}

impl Listeners {
    pub(crate) async fn bind() -> Listeners {
        Listeners { main: TcpListener::bind("127.0.0.1:0").await.expect("a port"), plain: None }
    }

    pub(crate) async fn bind_with_plain() -> Listeners {
        let plain = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Listeners { plain: Some(plain), ..Listeners::bind().await }
    }
}

impl Site {
    pub(crate) async fn start() -> Site {
        Site::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(&mut ServiceConfig)) -> Site {
        Site::start_in(tempfile::tempdir().expect("a folder"), configure).await
    }

    pub(crate) async fn start_in(dir: TempDir, configure: impl FnOnce(&mut ServiceConfig)) -> Site {
        Site::start_at(Listeners::bind().await, dir, configure).await
    }

    pub(crate) async fn start_at(
        listeners: Listeners,
        dir: TempDir,
        configure: impl FnOnce(&mut ServiceConfig),
    ) -> Site {
        let Listeners { main: listener, plain } = listeners;
        let mut config = ServiceConfig::new(dir.path().join("data"));
        configure(&mut config);
        let (node, bus) = FakeNode::start();
        let registry = Registry::new();
        let service = Service::new(config, bus, &registry).expect("a service");
        let mut service = service.with_media(Arc::new(Echo));
        if let Some(plain) = plain {
            service = service.with_plain_listener(plain);
        }
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let (store, operator) = (service.store().clone(), service.operator_router());
        let serving = tokio::spawn(service.serve(listener, async {
            let _ = stopped.await;
        }));
        Site { address, node, store, registry, operator, stop, serving, dir }
    }

    /// Ends the service as `kill -9` would, and gives back its folder.
    pub(crate) async fn kill(self) -> TempDir {
        self.serving.abort();
        let _ = self.serving.await;
        self.dir
    }

    /// Ends the service as SIGTERM would.
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it serves");
        let served = timeout(PATIENCE, self.serving).await.expect("it ends in time");
        served.expect("no panic").expect("no failure");
    }

    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn metrics(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("text")
    }

    pub(crate) async fn create_room(&self, body: &str) -> Links {
        let answer = self.post("/api/v1/rooms", &[], body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let json: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let text = |name: &str| json[name].as_str().expect("a text").to_owned();
        Links { room: text("room"), host: text("host_link"), guest: text("guest_link") }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.request("POST", path, headers, body).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        request_at(self.address, method, path, headers, body).await
    }
}

/// One request over plain HTTP.
pub(crate) async fn request_at(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = request_head(method, path, address, headers, body);
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("written");
    let mut text = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut text)).await.expect("in time");
    read.expect("read");
    Answer::parse(&text)
}

fn request_head(
    method: &str,
    path: &str,
    host: SocketAddr,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    head
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().expect("a status line");
        let status = status.split(' ').nth(1).expect("a status").parse().expect("a number");
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Answer { status, headers, body: body.to_owned() }
    }

    pub(crate) fn code(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        json["error"]["code"].as_str().expect("a code").to_owned()
    }
}
