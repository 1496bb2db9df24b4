//! The way to the media node and back.

use protocol::node::{NodeReport, NodeRequest};
use tokio::sync::mpsc;

/// Channels to one media node. Both are bounded by whoever makes them.
#[derive(Debug)]
pub struct Bus {
    /// To the node, in order.
    pub requests: mpsc::Sender<NodeRequest>,
    /// From the node, in order.
    pub reports: mpsc::Receiver<NodeReport>,
}
