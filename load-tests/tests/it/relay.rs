//! The relay between real sockets: clients are told apart, and a plan holds for who it names.

use std::{
    io::{BufRead, BufReader, Write, pipe},
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use load_tests::relay::{self, Arguments};

/// A limit for a loaded machine.
const COMES_WITHIN: Duration = Duration::from_secs(5);

/// Loopback takes far less; what has not come by then was lost.
const LOST_AFTER: Duration = Duration::from_millis(300);

const RECEIVERS_HEAR_NOTHING: &str = "seconds = 60
    [[network]]
    delay_ms = 0
    loss_percent = 100
";

#[test]
fn datagrams_find_their_way_and_a_plan_hits_whom_it_names() {
    let node = socket();
    // A port that was free a moment ago.
    let listen = socket().local_addr().expect("an address");
    let arguments = Arguments { listen, to: node.local_addr().expect("an address"), seed: 1 };
    let (commands_read, mut commands) = pipe().expect("a pipe");
    let (answers_read, answers) = pipe().expect("a pipe");
    let relay =
        std::thread::spawn(move || relay::run(arguments, BufReader::new(commands_read), answers));
    let mut answers = BufReader::new(answers_read).lines().map(|line| line.expect("a line"));
    assert!(answers.next().expect("ready").contains("\"ev\":\"ready\""));
    let mut tell = |line: &str| {
        writeln!(commands, "{line}").expect("the relay listens");
        answers.next().expect("an answer")
    };

    let (receiver, other) = (socket(), socket());
    let receiver_there = goes_up(&receiver, listen, &node, b"from the receiver");
    tell("receivers");
    let other_there = goes_up(&other, listen, &node, b"from another");
    assert_ne!(receiver_there, other_there, "the node tells clients apart");
    assert!(comes_down(&node, receiver_there, &receiver, COMES_WITHIN));
    assert!(comes_down(&node, other_there, &other, COMES_WITHIN));

    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.toml");
    std::fs::write(&plan, RECEIVERS_HEAR_NOTHING).expect("a file");
    let before = tell(&format!("plan {}", plan.display()));
    assert!(before.contains(r#""carried":{"down":2,"up":1}"#), "{before}");
    assert!(!comes_down(&node, receiver_there, &receiver, LOST_AFTER));
    assert!(comes_down(&node, other_there, &other, COMES_WITHIN));
    goes_up(&receiver, listen, &node, b"from who hears nothing");
    let during = tell("clear");
    assert!(during.contains(r#""lost":{"down":1,"up":0}"#), "{during}");
    assert!(comes_down(&node, receiver_there, &receiver, COMES_WITHIN));

    drop(commands);
    relay.join().expect("no panic").expect("it ends with its input");
}

fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a port")
}

/// Sends `datagram` through the relay; returns where the node has it from.
fn goes_up(client: &UdpSocket, relay: SocketAddr, node: &UdpSocket, datagram: &[u8]) -> SocketAddr {
    client.send_to(datagram, relay).expect("sent");
    node.set_read_timeout(Some(COMES_WITHIN)).expect("a timeout");
    let mut buffer = [0; 100];
    let (length, from) = node.recv_from(&mut buffer).expect("what was sent");
    assert_eq!(&buffer[..length], datagram);
    from
}

/// Whether what the node sends to `there` comes to `client` in time.
fn comes_down(node: &UdpSocket, there: SocketAddr, client: &UdpSocket, within: Duration) -> bool {
    node.send_to(b"from the node", there).expect("sent");
    client.set_read_timeout(Some(within)).expect("a timeout");
    client.recv(&mut [0; 100]).is_ok()
}
