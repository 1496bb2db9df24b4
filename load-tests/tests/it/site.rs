//! A running server: the media node and the service, composed as in the program.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use prometheus::Registry;
use sfu_node::{
    Node, NodeConfig,
    port::{Affinity, NodeThreads},
};
use signaling_service::{Bus, Service, ServiceConfig};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Nothing on the loopback takes so long, handshakes on a busy machine included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A server on ports of its own; dropping it ends its media.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    _threads: NodeThreads,
    _data: TempDir,
}

/// What a link says.
pub(crate) struct Link {
    pub(crate) room: String,
    pub(crate) secret: String,
}

/// The links of a room.
pub(crate) struct Links {
    pub(crate) host: Link,
    pub(crate) guest: Link,
}

impl Site {
    pub(crate) async fn start() -> Site {
        let media = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = NodeConfig {
            advertise: vec![Ipv4Addr::LOCALHOST.into()],
            affinity: Affinity::Free,
            ..NodeConfig::at(media)
        };
        let Node { requests, reports, metrics, threads, .. } =
            Node::start(config).expect("a media node");
        let registry = Registry::new();
        registry.register(Box::new(metrics)).expect("metrics of the node");
        let data = tempfile::tempdir().expect("a folder");
        let config = ServiceConfig::new(data.path().join("data"));
        let bus = Bus { requests, reports };
        let service = Service::new(config, bus, &registry).expect("a service");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(service.serve(listener, std::future::pending()));
        Site { address, _threads: threads, _data: data }
    }

    /// Makes a room over the API, for guests alone.
    pub(crate) async fn create_room(&self) -> Link {
        self.create_room_with_host().await.guest
    }

    /// Makes a room over the API.
    pub(crate) async fn create_room_with_host(&self) -> Links {
        let address = self.address;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!(
            "POST /api/v1/rooms HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        read.expect("in time").expect("read");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let text = |name: &str| body[name].as_str().expect("a text").to_owned();
        let link = |name: &str| {
            let secret = text(name).split_once('#').expect("a fragment").1.to_owned();
            Link { room: text("room"), secret }
        };
        Links { host: link("host_link"), guest: link("guest_link") }
    }
}
