//! The relay: a network between real clients and a node, for the time of a plan.
//!
//! It listens where clients are told to send media and passes every datagram on, over the links of
//! [`wire`]. Each client gets a socket of its own towards the node, so that the node tells them
//! apart as it would without a relay. It never looks into a datagram and touches UDP alone.
//!
//! It is told what to do line by line, so that one call can live through several plans:
//!
//! | line | what it does |
//! |---|---|
//! | `receivers` | clients that have come so far are receivers, later ones are others |
//! | `plan FILE` | begins a plan, at its time 0; before the first one nothing is impaired |
//! | `clear` | ends the plan: nothing is impaired |
//!
//! Each is answered by a line of JSON: what was carried and lost since the line before.

mod wire;

use std::{
    io::{BufRead, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    time::Instant as StdInstant,
};

use anyhow::Context;
use protocol::{Duration, Instant};
use serde_json::json;

use crate::plan::Plan;
use wire::{CLIENTS_MAX, ClientIndex, Way, Wire};

/// Datagrams between the threads; a full channel makes the reader wait, and the kernel drop.
const CHANNEL_LENGTH: usize = 4_096;

/// The longest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Where the relay stands.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {
    /// Where clients send media
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Where the node listens
    #[arg(long, value_name = "ADDR:PORT")]
    pub to: SocketAddr,
    /// What losses and jitter are drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Relays until `commands` end.
///
/// # Errors
/// If a socket cannot be had, a plan cannot be read, or a command is none.
pub fn run(
    arguments: Arguments,
    commands: impl BufRead + Send + 'static,
    mut answers: impl Write,
) -> anyhow::Result<()> {
    let listen = UdpSocket::bind(arguments.listen);
    let listen = Arc::new(listen.with_context(|| format!("cannot bind {}", arguments.listen))?);
    let (sender, events) = mpsc::sync_channel(CHANNEL_LENGTH);
    let socket = Arc::clone(&listen);
    let downstream = sender.clone();
    std::thread::spawn(move || read_clients(&socket, &downstream));
    let lines = sender.clone();
    std::thread::spawn(move || read_commands(commands, &lines));
    let relay = Relay {
        arguments,
        origin: StdInstant::now(),
        wire: Wire::new(arguments.seed),
        listen,
        clients: Vec::new(),
        sender,
    };
    writeln!(answers, "{}", json!({ "ev": "ready", "listen": arguments.listen.to_string() }))?;
    answers.flush()?;
    relay.serve(&events, &mut answers)
}

/// What a thread that waits has to say.
enum Event {
    FromClient(SocketAddr, Vec<u8>),
    FromNode(ClientIndex, Vec<u8>),
    Command(String),
    End,
}

/// A client, and its socket towards the node.
struct Client {
    address: SocketAddr,
    socket: Arc<UdpSocket>,
}

struct Relay {
    arguments: Arguments,
    origin: StdInstant,
    wire: Wire,
    listen: Arc<UdpSocket>,
    clients: Vec<Client>,
    sender: SyncSender<Event>,
}

impl Relay {
    fn serve(mut self, events: &Receiver<Event>, answers: &mut impl Write) -> anyhow::Result<()> {
        loop {
            self.deliver();
            let wait = self
                .wire
                .poll_timeout()
                .map_or(Duration::from_secs(1), |due| due.saturating_duration_since(self.now()));
            match events.recv_timeout(wait) {
                Ok(Event::FromClient(address, datagram)) => {
                    if let Some(client) = self.client(address)? {
                        self.wire.carry(self.now(), client, Way::Up, datagram);
                    }
                }
                Ok(Event::FromNode(client, datagram)) => {
                    self.wire.carry(self.now(), client, Way::Down, datagram);
                }
                Ok(Event::Command(line)) => {
                    self.carry_out(&line)?;
                    let told = self.wire.take_counts();
                    writeln!(
                        answers,
                        "{}",
                        json!({
                            "ev": "told",
                            "clients": self.clients.len(),
                            "carried": { "down": told.carried[0], "up": told.carried[1] },
                            "lost": { "down": told.lost[0], "up": told.lost[1] },
                        })
                    )?;
                    answers.flush()?;
                }
                Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn carry_out(&mut self, line: &str) -> anyhow::Result<()> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("receivers", "") => self.wire.mark_receivers(),
            ("clear", "") => self.wire.begin(self.now(), &[]),
            ("plan", path) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read the plan {path}"))?;
                let plan = Plan::read(&text).with_context(|| path.to_owned())?;
                self.wire.begin(self.now(), &plan.network);
            }
            _ => anyhow::bail!("expected `receivers`, `plan FILE` or `clear`, not `{line}`"),
        }
        Ok(())
    }

    /// The client behind `address`, a new one if there is room for it.
    fn client(&mut self, address: SocketAddr) -> anyhow::Result<Option<ClientIndex>> {
        let known = self.clients.iter().position(|client| client.address == address);
        if let Some(place) = known {
            return Ok(Some(ClientIndex(place)));
        }
        if self.clients.len() == CLIENTS_MAX {
            return Ok(None);
        }
        let any: IpAddr = match self.arguments.to {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).context("no socket for another client")?;
        socket.connect(self.arguments.to).context("cannot reach the node")?;
        let client = self.wire.add_client();
        let (socket, sender) = (Arc::new(socket), self.sender.clone());
        let reader = Arc::clone(&socket);
        std::thread::spawn(move || read_node(&reader, client, &sender));
        self.clients.push(Client { address, socket });
        Ok(Some(client))
    }

    /// Sends what has come to the end of its link. A network that refuses a datagram has lost it.
    fn deliver(&mut self) {
        while let Some((client, way, datagram)) = self.wire.poll_delivery(self.now()) {
            let Some(Client { address, socket }) = self.clients.get(client.0) else { continue };
            let _ = match way {
                Way::Up => socket.send(&datagram),
                Way::Down => self.listen.send_to(&datagram, address),
            };
        }
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.origin.elapsed().as_micros() as u64)
    }
}

fn read_clients(socket: &UdpSocket, events: &SyncSender<Event>) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        // A datagram that was refused somewhere is told as an error here, and lost.
        let Ok((length, address)) = socket.recv_from(&mut buffer) else { continue };
        if events.send(Event::FromClient(address, buffer[..length].to_vec())).is_err() {
            return;
        }
    }
}

fn read_node(socket: &UdpSocket, client: ClientIndex, events: &SyncSender<Event>) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let Ok(length) = socket.recv(&mut buffer) else { continue };
        if events.send(Event::FromNode(client, buffer[..length].to_vec())).is_err() {
            return;
        }
    }
}

fn read_commands(commands: impl BufRead, events: &SyncSender<Event>) {
    for line in commands.lines().map_while(Result::ok) {
        if events.send(Event::Command(line)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::End);
}
