//! One participant: joins, connects, then sends and receives until the run is over.

use std::{
    cell::{Cell, RefCell},
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::Arc,
    time::Duration as StdDuration,
};

use anyhow::{Context as _, bail, ensure};
use protocol::{
    Duration, Instant, ParticipantId,
    client::{ClientBody, Participant, PublishedSource, ServerBody, SourceState, Tile},
    media::{MediaKind, Source},
};
use sfu_node::clock::NodeClock;
use sfu_transport::dtls::Identity;
use tokio::{sync::watch, time::sleep_until};

use super::{
    Content,
    layout::Layout,
    signaling::{Link, Signaling},
    socket::{Batches, MediaSocket},
};
use crate::{
    client::{Client, Shape},
    histogram::Histogram,
};

/// From the answer to the keys.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// A camera's picture.
const CAMERA: SourceState = SourceState { width: 1_280, height: 720 };

/// What all participants of a run share.
pub(super) struct Stage {
    pub(super) server: SocketAddr,
    pub(super) layout: Layout,
    pub(super) content: Content,
    /// See [`Client::sample`].
    pub(super) sample: u64,
    pub(super) clock: NodeClock,
    pub(super) clock_origin: std::time::Instant,
    pub(super) identity: Arc<Identity>,
    pub(super) batches: Rc<Batches>,
    /// Of sound and of pictures, since they were last taken.
    pub(super) delays: RefCell<[Histogram; 2]>,
    /// Becomes true when the run is over.
    pub(super) over: watch::Receiver<bool>,
}

/// Who somebody is in the run.
pub(super) struct Seat {
    /// Names the participant in their media.
    pub(super) number: u32,
    pub(super) link: Rc<Link>,
    /// The place among those of the room, from 0 on.
    pub(super) place: usize,
    pub(super) publishes: bool,
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
        let shape = Shape {
            publishes: seat.publishes,
            videos: match stage.content {
                Content::Everything => stage.layout.pictures(),
                Content::Sound => 1,
            },
            ..Shape::BROWSER
        };
        let identity = Arc::clone(&stage.identity);
        let (number, seed) = (seat.number, u64::from(seat.number));
        let mut client = Client::with_dtls(number, shape, seed, identity, stage.clock_origin);
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
        let mut signaling = Signaling::open(stage.server, self.seat.from).await?;
        let offer = self.client.borrow().offer();
        let name = format!("Load {}", self.seat.number);
        let joining = signaling.join(&self.seat.link, name, offer, self.sources(stage));
        let (joined, answer) = joining.await?;
        let now = stage.clock.now();
        self.joined.set(Some(now));
        self.client.borrow_mut().try_handle_answer(now, &answer)?;
        let socket = self.socket(stage, &signaling)?;
        let mut others = Others::new(joined.you, self.seat.place);
        others.take(joined.participants);
        let mut over = stage.over.clone();
        let result = loop {
            if let Some(view) = others.new_view(stage) {
                signaling.say(ClientBody::View(view)).await?;
            }
            self.drain(&socket);
            let due = self.client.borrow().poll_timeout();
            let due = due.map_or(Duration::from_secs(1), |due| {
                due.saturating_duration_since(stage.clock.now())
            });
            let wake = tokio::time::Instant::now() + due.min(Duration::from_secs(1));
            tokio::select! {
                biased;
                _ = over.wait_for(|over| *over) => break Ok(()),
                body = signaling.next() => {
                    if let Err(error) = self.hear(body?, &mut others) {
                        break Err(error);
                    }
                }
                received = socket.receive(|datagram| self.receive(stage, datagram)) => received?,
                () = sleep_until(wake) => {}
            }
            let now = stage.clock.now();
            if self.client.borrow().poll_timeout().is_some_and(|due| due <= now) {
                self.client.borrow_mut().handle_timeout(now);
            }
            self.look_after_connection(stage, now)?;
        };
        // A server that does not hear a goodbye would wait for a minute.
        let _ = tokio::time::timeout(StdDuration::from_secs(2), signaling.leave()).await;
        result
    }

    fn sources(&self, stage: &Stage) -> Vec<PublishedSource> {
        let microphone =
            PublishedSource { source: Source::Microphone, state: SourceState::default() };
        let camera = PublishedSource { source: Source::Camera, state: CAMERA };
        match (self.seat.publishes, stage.content) {
            (false, _) => Vec::new(),
            (true, Content::Sound) => vec![microphone],
            (true, Content::Everything) => vec![microphone, camera],
        }
    }

    /// Goes to the candidate that is where signaling is, else to the first of that family.
    fn socket(&self, stage: &Stage, signaling: &Signaling) -> anyhow::Result<MediaSocket> {
        let local = signaling.local_ip()?;
        let client = self.client.borrow();
        let candidates = client.candidates();
        let same = candidates.iter().find(|it| it.ip() == stage.server.ip());
        let reachable = || candidates.iter().find(|it| it.is_ipv4() == local.is_ipv4());
        let remote = same.or_else(reachable).context("the answer has no address for UDP")?;
        MediaSocket::open(local, *remote, &stage.batches)
    }

    fn receive(&self, stage: &Stage, datagram: &mut [u8]) {
        let now = stage.clock.now();
        let mut client = self.client.borrow_mut();
        let author = client.handle_datagram(now, datagram);
        if let Some((kind, delay)) = client.take_delay()
            && !self.seat.is_late
        {
            stage.delays.borrow_mut()[usize::from(kind == MediaKind::Video)].record(delay);
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

    fn hear(&self, body: ServerBody, others: &mut Others) -> anyhow::Result<()> {
        if let ServerBody::SendConstraints { sources } = &body {
            self.client.borrow_mut().constrain(sources);
        }
        if let ServerBody::Ended { reason } = &body {
            bail!("the server ended the call: {reason:?}");
        }
        others.hear(body);
        Ok(())
    }

    fn look_after_connection(&self, stage: &Stage, now: Instant) -> anyhow::Result<()> {
        let mut client = self.client.borrow_mut();
        if self.connected.get().is_some() {
            return Ok(());
        }
        ensure!(!client.has_failed, "the DTLS handshake failed");
        if client.has_keys() {
            self.connected.set(Some(now));
            if let Some(publisher) = &mut client.publisher {
                publisher.has_camera = stage.content == Content::Everything;
                // Not all are equally loud, so that three of them stand out.
                publisher.level = 30 + (self.seat.place % 40) as u8;
            }
            return Ok(());
        }
        let since = self.joined.get().map(|joined| now.saturating_duration_since(joined));
        let is_late = since.is_some_and(|since| since > CONNECT_PATIENCE);
        ensure!(!is_late || client.is_path_open, "no answer to any ICE check");
        ensure!(!is_late, "the DTLS handshake took longer than 20 s");
        Ok(())
    }
}

/// Whose cameras are on, as signaling tells.
struct Others {
    you: ParticipantId,
    place: usize,
    cameras: Vec<ParticipantId>,
    shown: Vec<Tile>,
}

impl Others {
    fn new(you: ParticipantId, place: usize) -> Self {
        Others { you, place, cameras: Vec::new(), shown: Vec::new() }
    }

    fn take(&mut self, participants: Vec<Participant>) {
        for participant in participants {
            self.note(&participant);
        }
    }

    fn note(&mut self, participant: &Participant) {
        let id = participant.id;
        let is_on = participant.sources.iter().any(|it| it.source == Source::Camera);
        match (self.cameras.binary_search(&id), is_on) {
            (Err(place), true) => self.cameras.insert(place, id),
            (Ok(place), false) => {
                self.cameras.remove(place);
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    fn hear(&mut self, body: ServerBody) {
        if let ServerBody::ParticipantJoined { participant }
        | ServerBody::ParticipantChanged { participant } = &body
        {
            self.note(participant);
        }
        if let ServerBody::ParticipantLeft { participant } = &body {
            self.cameras.retain(|camera| camera != participant);
        }
        if let ServerBody::Snapshot { participants, .. } = body {
            self.cameras.clear();
            self.take(participants);
        }
    }

    /// The view, if it is another than the last one.
    fn new_view(&mut self, stage: &Stage) -> Option<protocol::client::View> {
        let view = stage.layout.view(self.you, self.place, &self.cameras);
        (view.tiles != self.shown).then(|| {
            self.shown.clone_from(&view.tiles);
            view
        })
    }
}
