//! A media node that answers offers with a text and says what the test wants.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use protocol::{
    RoomId,
    node::{
        NodeAnswer, NodeCommand, NodeError, NodeEvent, NodeEventBody, NodeReport, NodeRequest,
        NodeResponse,
    },
};
use signaling_service::Bus;
use tokio::sync::mpsc;

/// The node's other end of the bus.
#[derive(Clone)]
pub(crate) struct FakeNode {
    reports: mpsc::Sender<NodeReport>,
    requests: Arc<Mutex<Vec<NodeRequest>>>,
    is_silent: Arc<AtomicBool>,
    seq: Arc<AtomicU64>,
}

impl FakeNode {
    pub(crate) fn start() -> (FakeNode, Bus) {
        // Small queues, so that tests meet full ones.
        let (requests, mut asked) = mpsc::channel(2);
        let (reports, reported) = mpsc::channel(2);
        let node = FakeNode {
            reports,
            requests: Arc::default(),
            is_silent: Arc::default(),
            seq: Arc::default(),
        };
        let worker = node.clone();
        tokio::spawn(async move {
            while let Some(request) = asked.recv().await {
                worker.answer(request).await;
            }
        });
        (node, Bus { requests, reports: reported })
    }

    pub(crate) fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> Vec<NodeRequest> {
        self.requests.lock().expect("unpoisoned").clone()
    }

    pub(crate) async fn say(&self, body: NodeEventBody) {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let is_live = |request: &&NodeRequest| request.room != RoomId(0);
        let room = self.requests().iter().rfind(is_live).expect("a room is live").room;
        let event = NodeReport::Event(NodeEvent { seq, room, body });
        self.reports.send(event).await.expect("signaling listens");
    }

    async fn answer(&self, request: NodeRequest) {
        self.requests.lock().expect("unpoisoned").push(request.clone());
        if self.is_silent.load(Ordering::Relaxed) {
            return;
        }
        let NodeRequest { id, room, command, .. } = request;
        let result = match command {
            NodeCommand::ListRoom => Err(NodeError::UnknownRoom),
            NodeCommand::AddEndpoint { participant, .. }
            | NodeCommand::UpdateEndpoint { participant, .. } => {
                Ok(NodeAnswer::Answer(format!("v=0 answer for {participant:?}")))
            }
            _ => Ok(NodeAnswer::Done),
        };
        let response = NodeReport::Response(NodeResponse { id, room, result });
        // The service may have stopped.
        let _ = self.reports.send(response).await;
    }
}
