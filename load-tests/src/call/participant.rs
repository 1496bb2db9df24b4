//! One participant: joins, connects, then sends and receives until the run is over.

use std::{
    cell::{Cell, RefCell},
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::Arc,
    time::Duration as StdDuration,
};

use anyhow::{Context as _, ensure};
use protocol::{Duration, Instant};
use sfu_node::clock::NodeClock;
use sfu_transport::dtls::Identity;
use tokio::{sync::watch, time::sleep_until};

use super::{
    Content, Make, independent,
    layout::Layout,
    server::{Line, Room, Server, local_ip},
    socket::{Batches, MediaSocket},
};
use crate::{
    client::{Client, Shape, encoder::Pace, media::SCREEN},
    histogram::Histogram,
};

/// From the answer to the keys.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// Three frames a second, each of one packet.
const TRICKLE: Pace = Pace {
    interval: Duration::from_millis(333),
    bits_per_second: 15_000,
    temporal_layers: 1,
    keyframe_bytes: Some(600),
};

/// What all participants of a run share.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) layout: Layout,
    pub(super) content: Content,
    pub(super) make: Make,
    /// See [`Client::sample`].
    pub(super) sample: u64,
    pub(super) clock: NodeClock,
    pub(super) clock_origin: std::time::Instant,
    pub(super) identity: Arc<Identity>,
    pub(super) batches: Rc<Batches>,
    /// Of each [`Cargo`](crate::client::Cargo), since they were last taken.
    pub(super) delays: RefCell<[Histogram; 3]>,
    /// Becomes true when the run is over.
    pub(super) over: watch::Receiver<bool>,
}

/// Who somebody is in the run.
pub(super) struct Seat {
    /// Names the participant in their media.
    pub(super) number: u32,
    pub(super) room: Room,
    /// The place among those of the room, from 0 on.
    pub(super) place: usize,
    pub(super) publishes: bool,
    /// The numbers of those whom they watch, where it is not signaling that tells.
    pub(super) feeds: Vec<u32>,
    /// The address to come from.
    pub(super) from: Option<IpAddr>,
    /// Comes while the measurement runs, and is not measured.
    pub(super) is_late: bool,
}

/// Somebody, and how they got on.
pub(super) struct Person {
    pub(super) seat: Seat,
    pub(super) client: RefCell<Client>,
    pub(super) began: Instant,
    /// When the server's answer came.
    pub(super) joined: Cell<Option<Instant>>,
    /// When there were keys.
    pub(super) connected: Cell<Option<Instant>>,
    /// When the first media came.
    pub(super) received: Cell<Option<Instant>>,
    pub(super) unsent: Cell<u64>,
    /// Why they could not go on.
    pub(super) failure: RefCell<Option<String>>,
}

impl Person {
    pub(super) fn new(stage: &Stage, seat: Seat) -> Rc<Self> {
        let (number, seed) = (seat.number, u64::from(seat.number));
        let shape = shape(stage, &seat);
        let mut client = match stage.server {
            Server::NullForwarder(_) => Client::new(number, shape, seed),
            Server::Preau(_) | Server::Janus(_) => {
                let identity = Arc::clone(&stage.identity);
                Client::with_dtls(number, shape, seed, identity, stage.clock_origin)
            }
        };
        client.sample = stage.sample;
        Rc::new(Person {
            seat,
            client: RefCell::new(client),
            began: stage.clock.now(),
            joined: Cell::new(None),
            connected: Cell::new(None),
            received: Cell::new(None),
            unsent: Cell::new(0),
            failure: RefCell::new(None),
        })
    }

    /// Takes part until the run is over; what goes wrong is noted.
    pub(super) async fn take_part(self: Rc<Self>, stage: Rc<Stage>) {
        let mut over = stage.over.clone();
        let result = tokio::select! {
            result = self.live(&stage) => result,
            _ = over.wait_for(|over| *over) => Ok(()),
        };
        if let Err(error) = result {
            *self.failure.borrow_mut() = Some(format!("{error:#}"));
        }
    }

    async fn live(&self, stage: &Stage) -> anyhow::Result<()> {
        if let (Make::Webrtc, Server::Preau(address), Room::Link(link)) =
            (stage.make, stage.server, &self.seat.room)
        {
            return independent::live(self, stage, address, link).await;
        }
        let local = local_ip(stage.server.address(), self.seat.from)?;
        let mut socket = MediaSocket::open(local, &stage.batches)?;
        let mut line = Line::enter(self, stage, socket.port()).await?;
        socket.aim(self.remote(stage, local)?);
        let mut over = stage.over.clone();
        let result = loop {
            line.tell(stage).await?;
            self.drain(&socket);
            let due = self.client.borrow().poll_timeout();
            let due = due.map_or(Duration::from_secs(1), |due| {
                due.saturating_duration_since(stage.clock.now())
            });
            let wake = tokio::time::Instant::now() + due.min(Duration::from_secs(1));
            tokio::select! {
                biased;
                _ = over.wait_for(|over| *over) => break Ok(()),
                heard = line.listen(self) => if let Err(error) = heard {
                    break Err(error);
                },
                received = socket.receive(|lain, datagram| self.receive(stage, lain, datagram)) => {
                    received?;
                }
                () = sleep_until(wake) => {}
            }
            let now = stage.clock.now();
            if self.client.borrow().poll_timeout().is_some_and(|due| due <= now) {
                self.client.borrow_mut().handle_timeout(now);
            }
            self.look_after_connection(stage, now)?;
        };
        // A server that does not hear a goodbye would wait for a minute.
        let _ = tokio::time::timeout(StdDuration::from_secs(2), line.leave()).await;
        result
    }

    /// Takes the server's answer.
    pub(super) fn take_answer(&self, now: Instant, sdp: &str) -> anyhow::Result<()> {
        self.joined.set(Some(now));
        Ok(self.client.borrow_mut().try_handle_answer(now, sdp)?)
    }

    /// Takes the server's offer, where it is the server who offers.
    pub(super) fn answer_offer(&self, now: Instant, sdp: &str) -> anyhow::Result<String> {
        self.joined.set(Some(now));
        Ok(self.client.borrow_mut().answer_offer(now, sdp)?)
    }

    /// The candidate that is where signaling is, else the first of that family.
    fn remote(&self, stage: &Stage, local: IpAddr) -> anyhow::Result<SocketAddr> {
        let client = self.client.borrow();
        let candidates = client.candidates();
        let same = candidates.iter().find(|it| it.ip() == stage.server.address().ip());
        let reachable = || candidates.iter().find(|it| it.is_ipv4() == local.is_ipv4());
        let remote = same.or_else(reachable).context("the answer has no address for UDP")?;
        Ok(*remote)
    }

    /// Takes a datagram that has `lain` in the kernel. What it measures and tells of its arrival is
    /// when the kernel got it, as in browsers, so that a busy load test is no slow network.
    fn receive(&self, stage: &Stage, lain: Duration, datagram: &mut [u8]) {
        let now = Instant::from_micros(
            stage.clock.now().as_micros().saturating_sub(lain.as_micros() as u64),
        );
        let author = self.client.borrow_mut().handle_datagram(now, datagram);
        self.note_media(stage, now, author);
    }

    /// Notes the delay of what has just come, and that something has.
    pub(super) fn note_media(&self, stage: &Stage, now: Instant, author: Option<u32>) {
        let mut client = self.client.borrow_mut();
        if let Some((cargo, delay)) = client.take_delay()
            && !self.seat.is_late
        {
            stage.delays.borrow_mut()[cargo as usize].record(delay);
        }
        if author.is_some() && self.received.get().is_none() {
            self.received.set(Some(now));
        }
    }

    fn drain(&self, socket: &MediaSocket) {
        let mut client = self.client.borrow_mut();
        let failures = socket.send(std::iter::from_fn(|| client.poll_transmit()));
        self.unsent.set(self.unsent.get() + failures);
    }

    /// Lets them send what this run sends.
    pub(super) fn prepare_publisher(&self, stage: &Stage) {
        if let Some(publisher) = &mut self.client.borrow_mut().publisher {
            publisher.has_camera = stage.content != Content::Sound;
            publisher.has_microphone = stage.content != Content::Trickle;
            if stage.content == Content::Trickle {
                (0..SCREEN).for_each(|layer| publisher.set_pace(layer, TRICKLE));
            }
            // Not all are equally loud, so that three of them stand out.
            publisher.level = 30 + (self.seat.place % 40) as u8;
            if matches!(stage.server, Server::NullForwarder(_)) {
                // It chooses none, so the one is sent that a server would choose.
                for layer in (0..SCREEN).filter(|layer| *layer != stage.layout.encoding()) {
                    publisher.set_active(layer, false);
                }
            }
        }
    }

    fn look_after_connection(&self, stage: &Stage, now: Instant) -> anyhow::Result<()> {
        let client = self.client.borrow();
        if self.connected.get().is_some() {
            return Ok(());
        }
        ensure!(!client.has_failed, "the DTLS handshake failed");
        if client.has_keys() {
            drop(client);
            self.connected.set(Some(now));
            self.prepare_publisher(stage);
            return Ok(());
        }
        let since = self.joined.get().map(|joined| now.saturating_duration_since(joined));
        let is_late = since.is_some_and(|since| since > CONNECT_PATIENCE);
        ensure!(!is_late || client.is_path_open, "no answer to any ICE check");
        ensure!(!is_late, "the DTLS handshake took longer than 20 s");
        Ok(())
    }
}

fn shape(stage: &Stage, seat: &Seat) -> Shape {
    let videos = match stage.content {
        Content::Everything | Content::Trickle => stage.layout.pictures(),
        Content::Sound => 1,
    };
    let shape = Shape { publishes: seat.publishes, videos, ..Shape::BROWSER };
    match stage.server {
        Server::Preau(_) | Server::NullForwarder(_) => shape,
        // What is received comes on m-lines of its own.
        Server::Janus(_) => Shape { voices: 0, videos: 0, ..shape },
    }
}
