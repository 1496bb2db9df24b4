//! The media node in this process, and the bus between it and signaling.

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use anyhow::Context;
use prometheus::Registry;
use protocol::media::CodecSet;
use sfu_node::{
    CameraLimit, Limits, Node, NodeConfig, NodeStartError,
    net::BindError,
    port::NodeThreads,
    streams::{StreamKind, Streams},
};
use signaling_service::{Bus, MediaStream, MediaStreamKind, MediaStreams, TurnSecret};

/// The node's threads.
pub(crate) struct Media {
    threads: NodeThreads,
    streams: Streams,
}

/// Why the node does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] NodeStartError),
    /// Its metrics have a name that is taken.
    #[error("the metrics of the media node cannot be registered")]
    Metrics(#[from] prometheus::Error),
}

impl Media {
    /// Starts the node at `listen`, whose rooms use `codecs` and whose cameras stay within
    /// `camera`; browsers are told to send to `advertise`. `turn` proves the credentials of its
    /// relay.
    pub(crate) fn start(
        listen: SocketAddr,
        advertise: &[IpAddr],
        codecs: &CodecSet,
        camera: CameraLimit,
        turn: &TurnSecret,
        registry: &Registry,
    ) -> Result<(Media, Bus), MediaError> {
        let config = NodeConfig {
            advertise: advertise.to_vec(),
            codecs: codecs.clone(),
            limits: Limits { camera, ..Limits::default() },
            tcp: true,
            turn_secret: Some(sfu_node::TurnSecret::new(&turn.0)),
            ..NodeConfig::at(listen)
        };
        let Node { requests, reports, metrics, streams, threads, .. } = Node::start(config)?;
        registry.register(Box::new(metrics))?;
        Ok((Media { threads, streams }, Bus { requests, reports }))
    }

    /// What takes the connections of the listener that carry media.
    pub(crate) fn streams(&self) -> Arc<dyn MediaStreams> {
        Arc::new(NodeStreams(self.streams.clone()))
    }

    /// Ends the node, and waits until its threads have ended.
    pub(crate) fn shutdown(self) -> anyhow::Result<()> {
        self.threads.shutdown().context("the media node does not end")
    }
}

/// Hands connections of the service to the node.
struct NodeStreams(Streams);

impl MediaStreams for NodeStreams {
    fn serve(&self, stream: MediaStream) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let streams = self.0.clone();
        Box::pin(async move {
            let MediaStream { io, kind, local, remote } = stream;
            let kind = match kind {
                MediaStreamKind::IceTcp => StreamKind::IceTcp,
                MediaStreamKind::Turn => StreamKind::Turn,
            };
            streams.serve(io, kind, local, remote).await;
        })
    }
}

impl MediaError {
    /// Whether another program has the port.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, MediaError::Start(NodeStartError::Bind(BindError::Busy { .. })))
    }
}
