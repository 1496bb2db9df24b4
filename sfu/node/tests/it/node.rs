//! A whole node: real workers behind real sockets.

use std::net::{SocketAddr, UdpSocket};

use prometheus::{Registry, TextEncoder};
use protocol::{
    Duration, Epoch, ParticipantId, RequestId, RoomId,
    node::{NodeAnswer, NodeCommand, NodeError, NodeReport, NodeRequest},
};
use sfu_node::{Node, NodeConfig, NodeStartError, port::Affinity};

fn config() -> NodeConfig {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    NodeConfig { affinity: Affinity::Free, ..NodeConfig::at(listen) }
}

fn start() -> Node {
    Node::start(config()).expect("a node")
}

impl Asked for Node {
    fn ask(&mut self, id: u64, command: NodeCommand) -> Result<NodeAnswer, NodeError> {
        let request = NodeRequest { id: RequestId(id), room: RoomId(1), epoch: Epoch(1), command };
        self.requests.blocking_send(request).expect("the node takes requests");
        match self.reports.blocking_recv() {
            Some(NodeReport::Response(response)) if response.id == RequestId(id) => response.result,
            other => panic!("no response to {id} but {other:?}"),
        }
    }
}

trait Asked {
    fn ask(&mut self, id: u64, command: NodeCommand) -> Result<NodeAnswer, NodeError>;
}

#[test]
fn a_node_answers_what_it_is_asked() {
    let mut node = start();
    assert_eq!(node.ask(1, NodeCommand::ListRoom), Err(NodeError::UnknownRoom));
    assert_eq!(node.ask(2, NodeCommand::OpenRoom), Ok(NodeAnswer::Done));
    assert_eq!(node.ask(3, NodeCommand::ListRoom), Ok(NodeAnswer::Participants(Vec::new())));
    let offer = NodeCommand::AddEndpoint {
        participant: ParticipantId(1),
        offer: "this is no SDP".to_owned(),
        sections: Vec::new(),
    };
    assert!(matches!(node.ask(4, offer), Err(NodeError::BadOffer(_))));
    assert_eq!(node.ask(5, NodeCommand::CloseRoom), Ok(NodeAnswer::Done));
    node.shutdown().expect("a clean end");
}

#[test]
fn garbage_on_the_port_gets_no_answer_and_is_counted() {
    let node = start();
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger.connect(node.local_addr).expect("connected");
    // By first byte: nothing, STUN, DTLS, RTP, RTCP (RFC 7983), and an oversized one.
    let garbage: [&[u8]; 6] =
        [&[0xff; 40], &[0; 20], &[22; 100], &[0x80; 50], &[0x80, 200, 0, 1], &[0x80; 60_000]];
    for datagram in garbage {
        stranger.send(datagram).expect("sent");
    }
    // Longer than the second between two snapshots.
    stranger.set_read_timeout(Some(Duration::from_millis(1_500))).expect("a timeout");
    stranger.recv(&mut [0; 100]).expect_err("no answer");
    assert_eq!(node.metrics.value("sfu_received_datagrams_total", ""), 6);
    assert_eq!(node.metrics.value("sfu_dropped_datagrams_total", "unproven_tuple"), 4);
    assert_eq!(node.metrics.value("sfu_sent_datagrams_total", ""), 0);
    assert!(node.threads.are_running());
}

#[test]
fn the_metrics_of_a_node_can_be_scraped() {
    let node = start();
    let registry = Registry::new();
    registry.register(Box::new(node.metrics.clone())).expect("registered");
    let start = std::time::Instant::now();
    while node.metrics.value("sfu_gso_active", "") == 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "no snapshot came");
        std::thread::sleep(Duration::from_millis(10));
    }
    let page = TextEncoder::new().encode_to_string(&registry.gather()).expect("a page");
    for line in ["sfu_sessions 0", "sfu_gso_active 1", "# TYPE sfu_turns_total counter"] {
        assert!(page.contains(line), "{line} in {page}");
    }
    let labels = page.lines().filter(|line| line.contains('{'));
    let closed = ["reason=", "site=", "direction=", "outcome=", "kind=", "cause="];
    for line in labels {
        assert!(closed.iter().any(|label| line.contains(label)), "{line}");
    }
}

#[test]
fn a_second_node_on_the_port_is_told_what_to_do() {
    let node = start();
    let second = NodeConfig { listen: node.local_addr, ..config() };
    let error = Node::start(second).expect_err("the port is taken");
    let text = error.to_string();
    assert!(matches!(error, NodeStartError::Bind(_)));
    assert!(text.contains(&node.local_addr.port().to_string()) && text.contains("stop"), "{text}");
}

#[test]
fn a_number_of_workers_that_cannot_be_is_refused() {
    let error = Node::start(NodeConfig { workers: 2, ..config() }).expect_err("one worker only");
    assert!(error.to_string().contains("set `workers` to 1"), "{error}");
}

#[test]
fn browsers_are_told_the_advertised_addresses() {
    let advertise = vec!["203.0.113.9".parse().expect("an address")];
    let node = Node::start(NodeConfig { advertise, ..config() }).expect("a node");
    let port = node.local_addr.port();
    assert_eq!(node.candidates, [SocketAddr::from(([203, 0, 113, 9], port))]);
}
