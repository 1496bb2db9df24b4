//! The media node in this process, and the bus between it and signaling.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use prometheus::Registry;
use protocol::media::CodecSet;
use sfu_node::{Node, NodeConfig, NodeStartError, net::BindError, port::NodeThreads};
use signaling_service::Bus;

/// The node's threads.
pub(crate) struct Media {
    threads: NodeThreads,
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
    /// Starts the node at `listen`, whose rooms use `codecs`; browsers are told to send to
    /// `advertise`.
    pub(crate) fn start(
        listen: SocketAddr,
        advertise: &[IpAddr],
        codecs: &CodecSet,
        registry: &Registry,
    ) -> Result<(Media, Bus), MediaError> {
        let config = NodeConfig {
            advertise: advertise.to_vec(),
            codecs: codecs.clone(),
            ..NodeConfig::at(listen)
        };
        let Node { requests, reports, metrics, threads, .. } = Node::start(config)?;
        registry.register(Box::new(metrics))?;
        Ok((Media { threads }, Bus { requests, reports }))
    }

    /// Ends the node, and waits until its threads have ended.
    pub(crate) fn shutdown(self) -> anyhow::Result<()> {
        self.threads.shutdown().context("the media node does not end")
    }
}

impl MediaError {
    /// Whether another program has the port.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, MediaError::Start(NodeStartError::Bind(BindError::Busy { .. })))
    }
}
