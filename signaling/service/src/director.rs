//! The one task that owns the rooms: everything that happens passes through it, in order.
//!
//! It decides nothing itself: it hands what arrives to [`Rooms`] and does what that says. It never
//! waits for a socket, the store or the node: a socket whose queue is full is closed, requests to
//! a node that is busy wait in a queue of their own. Its tests are those of the whole service.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::SystemTime,
};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use protocol::{
    Instant, RoomName,
    client::{IceServer, ServerBody},
    node::{NodeReport, NodeRequest},
};
use signaling_core::{
    BrowserKey, CloseReason, Grant, LinkCheck, LinkRefusal, Rooms, SessionSecret, SocketId,
    Transmit,
};

use crate::{
    Bus, ServiceConfig, Store,
    metrics::Metrics,
    store::{ErrorChain, NoRandomness, random_bytes},
};

/// Something that happened.
pub(crate) enum Input {
    /// A WebSocket is open.
    Opened { socket: SocketId, address: IpAddr, ice_servers: Vec<IceServer>, outlet: Outlet },
    /// The credentials of a socket's servers were made anew.
    IceServers(SocketId, Vec<IceServer>),
    /// A frame has come.
    Frame(SocketId, Frame),
    /// A WebSocket is gone.
    Closed(SocketId),
    /// The store has answered.
    LinkChecked { socket: SocketId, result: Result<Grant, LinkRefusal>, secret: SessionSecret },
    /// The operator wants a room taken apart and built again.
    Restore(RoomName, oneshot::Sender<bool>),
    /// Somebody wants to know whether the node answers.
    Probe(oneshot::Sender<()>),
    /// The service is stopping.
    Stop,
}

/// What came over a WebSocket.
pub(crate) enum Frame {
    Text(Utf8Bytes),
    Binary,
    /// Ping or pong.
    Control,
    /// Longer than any may be, so that it was not read.
    Oversized,
    /// The close of a browser whose page goes.
    PageGone,
}

/// The way to a client.
pub(crate) struct Outlet {
    /// In order; full when the client does not read.
    pub(crate) queue: mpsc::Sender<Outgoing>,
    /// Ends the socket without a word.
    pub(crate) kill: oneshot::Sender<()>,
}

/// What goes over a WebSocket.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Text(Utf8Bytes),
    Close(CloseReason),
}

/// The longest queue of a client. A resume says at most the ring and a little more at once.
pub(crate) const OUTLET_QUEUE: usize = 512;

/// How many inputs may wait before sockets are no longer read.
const INPUT_QUEUE: usize = 1024;

/// Where inputs go in.
pub(crate) type Inputs = mpsc::Sender<Input>;

/// Owns the rooms.
pub(crate) struct Director {
    rooms: Rooms,
    clock: time::Instant,
    inputs: mpsc::Receiver<Input>,
    bus: Bus,
    /// Requests that the node has no room for yet.
    backlog: VecDeque<NodeRequest>,
    node_is_there: bool,
    outlets: HashMap<SocketId, Outlet>,
    store: mpsc::UnboundedSender<Errand>,
    probes: Vec<oneshot::Sender<()>>,
    metrics: Metrics,
}

/// Something for the store to do.
enum Errand {
    /// Looks a link up.
    Check(LinkCheck),
    /// Keeps a browser out of a room.
    Ban(RoomName, BrowserKey, String),
    /// Keeps it out no longer.
    LiftBan(RoomName, BrowserKey),
}

impl Director {
    pub(crate) fn try_new(
        config: &ServiceConfig,
        store: Store,
        bus: Bus,
        metrics: Metrics,
    ) -> Result<(Director, Inputs), NoRandomness> {
        let seed = u64::from_le_bytes(random_bytes()?);
        let (sender, inputs) = mpsc::channel(INPUT_QUEUE);
        // At most a check for each socket, because whose link is being checked is not heard; bans
        // are as many as hosts may give commands.
        let (errands, queue) = mpsc::unbounded_channel();
        tokio::spawn(serve_store(store, queue, sender.downgrade()));
        let director = Director {
            rooms: Rooms::new(config.limits.clone(), config.rules, seed),
            clock: time::Instant::now(),
            inputs,
            bus,
            backlog: VecDeque::new(),
            node_is_there: true,
            outlets: HashMap::new(),
            store: errands,
            probes: Vec::new(),
            metrics,
        };
        Ok((director, sender))
    }

    /// Works until nobody is left who could say anything.
    pub(crate) async fn run(mut self) {
        let requests = self.bus.requests.clone();
        loop {
            let deadline = self.rooms.poll_timeout();
            let timeout = time::sleep_until(match deadline {
                Some(at) => self.clock + time::Duration::from_micros(at.as_micros()),
                None => time::Instant::now() + time::Duration::from_secs(3600),
            });
            tokio::select! {
                input = self.inputs.recv() => match input {
                    Some(input) => self.handle(input),
                    None => return,
                },
                report = self.bus.reports.recv(), if self.node_is_there => match report {
                    Some(report) => self.handle_report(report),
                    None => self.handle_node_gone(),
                },
                permit = requests.reserve(), if self.awaits_node() => match permit {
                    Ok(permit) => {
                        if let Some(request) = self.backlog.pop_front() {
                            permit.send(request);
                        }
                    }
                    Err(_) => self.handle_node_gone(),
                },
                () = timeout => {
                    let now = self.now();
                    self.rooms.handle_timeout(now);
                }
            }
            self.drain();
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        match input {
            Input::Opened { socket, address, ice_servers, outlet } => {
                self.outlets.insert(socket, outlet);
                self.rooms.handle_socket_opened(now, socket, address, ice_servers);
            }
            Input::IceServers(socket, fresh) => self.rooms.handle_ice_servers(socket, fresh),
            Input::Frame(socket, frame) => match frame {
                Frame::Text(text) => self.rooms.handle_text(now, socket, &text),
                Frame::Binary => self.rooms.handle_binary(now, socket),
                Frame::Control => self.rooms.handle_control_frame(now, socket),
                Frame::Oversized => self.rooms.handle_oversized(now, socket),
                Frame::PageGone => self.rooms.handle_page_gone(now, socket),
            },
            Input::Closed(socket) => {
                if self.outlets.remove(&socket).is_some() {
                    self.metrics.socket_lost();
                }
                self.rooms.handle_socket_closed(now, socket);
            }
            Input::LinkChecked { socket, result, secret } => {
                self.rooms.handle_link_checked(now, socket, result, secret);
            }
            Input::Restore(room, reply) => {
                // Whoever asked may have gone; the room is restored all the same.
                let _ = reply.send(self.rooms.handle_restore(&room));
            }
            Input::Probe(reply) => {
                if self.probes.is_empty() && self.node_is_there {
                    self.rooms.handle_probe();
                }
                self.probes.retain(|probe| !probe.is_closed());
                self.probes.push(reply);
            }
            Input::Stop => self.rooms.handle_stop(now),
        }
    }

    fn handle_report(&mut self, report: NodeReport) {
        let now = self.now();
        self.rooms.handle_report(now, report);
    }

    fn handle_node_gone(&mut self) {
        tracing::error!("the media node is gone: nobody can join");
        self.node_is_there = false;
        self.backlog.clear();
    }

    fn awaits_node(&self) -> bool {
        self.node_is_there && !self.backlog.is_empty()
    }

    /// Does what the rooms want done, until they want nothing.
    fn drain(&mut self) {
        while let Some(transmit) = self.rooms.poll_transmit() {
            match transmit {
                Transmit::Message { socket, seq, body } => self.say(socket, seq, &body),
                Transmit::Close { socket, reason } => self.close(socket, reason),
                // The store is served as long as this task lives.
                Transmit::CheckLink(check) => {
                    let _ = self.store.send(Errand::Check(check));
                }
                Transmit::Ban { room, browser, name } => {
                    let _ = self.store.send(Errand::Ban(room, browser, name));
                }
                Transmit::LiftBan { room, browser } => {
                    let _ = self.store.send(Errand::LiftBan(room, browser));
                }
                Transmit::Request(request) => self.ask_node(request),
            }
        }
        while let Some(event) = self.rooms.poll_event() {
            if event == signaling_core::RoomEvent::NodeAnswered {
                for probe in self.probes.drain(..) {
                    // Whoever asked may have stopped waiting.
                    let _ = probe.send(());
                }
            }
            self.metrics.handle_event(&event);
        }
        self.metrics.set_sizes(&self.rooms);
    }

    fn say(&mut self, socket: SocketId, seq: u64, body: &ServerBody) {
        let Some(outlet) = self.outlets.get(&socket) else {
            return;
        };
        let text = match serde_json::to_string(&Numbered { seq, body }) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "a message cannot be written");
                return;
            }
        };
        if outlet.queue.try_send(Outgoing::Text(text.into())).is_err() {
            // It does not read, or is gone. A resume brings it what it missed.
            if let Some(outlet) = self.outlets.remove(&socket) {
                let _ = outlet.kill.send(());
            }
            self.metrics.socket_too_slow();
            let now = self.now();
            self.rooms.handle_socket_closed(now, socket);
        }
    }

    fn close(&mut self, socket: SocketId, reason: CloseReason) {
        let Some(outlet) = self.outlets.remove(&socket) else {
            return;
        };
        self.metrics.socket_closed(reason);
        if outlet.queue.try_send(Outgoing::Close(reason)).is_err() {
            let _ = outlet.kill.send(());
        }
    }

    fn ask_node(&mut self, request: NodeRequest) {
        if !self.node_is_there {
            return;
        }
        if !self.backlog.is_empty() {
            return self.backlog.push_back(request);
        }
        match self.bus.requests.try_send(request) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(request)) => self.backlog.push_back(request),
            Err(mpsc::error::TrySendError::Closed(_)) => self.handle_node_gone(),
        }
    }

    fn now(&self) -> Instant {
        let micros = self.clock.elapsed().as_micros();
        Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

/// A [`protocol::client::ServerMessage`] whose body is shared.
#[derive(Serialize)]
struct Numbered<'a> {
    seq: u64,
    #[serde(flatten)]
    body: &'a ServerBody,
}

/// Does errands one after the other: a look-up takes microseconds, a thread for each would not. A
/// ban is stored, or lifted, before the next link is looked up.
async fn serve_store(
    store: Store,
    mut queue: mpsc::UnboundedReceiver<Errand>,
    inputs: mpsc::WeakSender<Input>,
) {
    while let Some(errand) = queue.recv().await {
        match errand {
            Errand::Check(check) => {
                let checked = check_link(store.clone(), check).await;
                let Some(inputs) = inputs.upgrade() else {
                    return;
                };
                if inputs.send(checked).await.is_err() {
                    return;
                }
            }
            Errand::Ban(room, browser, name) => {
                let store = store.clone();
                let ban = move || store.ban(SystemTime::now(), &room, browser, &name);
                if let Ok(Err(error)) = tokio::task::spawn_blocking(ban).await {
                    let error = ErrorChain(&error);
                    tracing::error!(%error, "a ban cannot be stored: it ends with the call");
                }
            }
            Errand::LiftBan(room, browser) => {
                let store = store.clone();
                let lift = move || store.lift_ban(&room, browser);
                if let Ok(Err(error)) = tokio::task::spawn_blocking(lift).await {
                    let error = ErrorChain(&error);
                    tracing::error!(%error, "a ban cannot be lifted: it begins anew");
                }
            }
        }
    }
}

async fn check_link(store: Store, check: LinkCheck) -> Input {
    let LinkCheck { socket, room, proof, browser } = check;
    let look_up = move || store.check(SystemTime::now(), &room, &proof, browser.as_deref());
    let checked = tokio::task::spawn_blocking(look_up).await;
    let (result, secret) = match (checked, random_bytes()) {
        (Ok(result), Ok(secret)) => (result, secret),
        (Err(_), _) | (_, Err(NoRandomness)) => {
            (Err(LinkRefusal::Unavailable), SessionSecret::default())
        }
    };
    Input::LinkChecked { socket, result, secret }
}
