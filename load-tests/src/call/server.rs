//! What participants join: a server of ours, the null forwarder, or Janus; and how they get in.

use std::{
    future::pending,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use anyhow::{Context as _, bail};
use protocol::{
    ParticipantId,
    client::{ClientBody, Participant, PublishedSource, ServerBody, SourceState, Tile, View},
    media::Source,
};

use super::{
    Content,
    janus::Janus,
    participant::{Person, Stage},
    signaling::{self, Link, Signaling},
};
use crate::{
    client::Client,
    null_forwarder::{Party, VOICES},
};

/// A camera's picture.
const CAMERA: SourceState = SourceState { width: 1_280, height: 720 };

/// A server and where it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Préau, by its HTTP address.
    Preau(SocketAddr),
    /// See [`crate::null_forwarder`]; the address of its UDP socket.
    NullForwarder(SocketAddr),
    /// Janus with its videoroom, by the address of its WebSocket.
    Janus(SocketAddr),
}

impl FromStr for Server {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, host) = url.split_once("://").ok_or("a URL has a scheme")?;
        let host = host.trim_end_matches('/');
        let bare = || format!("`{host}` is no IP address with a port");
        let default = |port: u16| host.parse().map(|ip: IpAddr| SocketAddr::new(ip, port));
        let address = |port: u16| host.parse().or_else(|_| default(port)).map_err(|_| bare());
        match scheme {
            "http" => address(80).map(Server::Preau),
            "null" => address(9_000).map(Server::NullForwarder),
            "janus" => address(8_188).map(Server::Janus),
            "https" => Err("only plain http is spoken here".to_owned()),
            _ => Err("the scheme is http, null or janus".to_owned()),
        }
    }
}

/// A room of a server.
#[derive(Clone, Debug)]
pub(super) enum Room {
    Link(Link),
    Number(u32),
}

impl Server {
    pub(super) const fn address(self) -> SocketAddr {
        match self {
            Server::Preau(address) | Server::NullForwarder(address) | Server::Janus(address) => {
                address
            }
        }
    }

    /// Makes a room, the `number`th.
    pub(super) async fn make_room(
        self,
        number: usize,
        from: Option<IpAddr>,
        publishers: usize,
    ) -> anyhow::Result<Room> {
        let room = number as u32 + 1;
        match self {
            Server::Preau(address) => Ok(Room::Link(signaling::create_room(address, from).await?)),
            Server::NullForwarder(_) => Ok(Room::Number(room)),
            Server::Janus(address) => {
                Janus::make_room(address, from, room, publishers).await?;
                Ok(Room::Number(room))
            }
        }
    }
}

/// What connects somebody with the server beside their media.
pub(super) enum Line {
    Preau(Signaling, Others),
    /// Nothing does.
    Silent,
    Janus(Janus),
}

impl Line {
    /// Lets somebody in whose socket is at `local`: the client has the answer then.
    pub(super) async fn enter(
        person: &Person,
        stage: &Stage,
        media_port: u16,
    ) -> anyhow::Result<Line> {
        let seat = &person.seat;
        match (stage.server, &seat.room) {
            (Server::Preau(address), Room::Link(link)) => {
                let mut signaling = Signaling::open(address, seat.from).await?;
                let offer = person.client.borrow().offer();
                let name = format!("Load {}", seat.number);
                let sources = sources(person, stage);
                let (joined, answer) = signaling.join(link, name, offer, sources).await?;
                person.take_answer(stage.clock.now(), &answer)?;
                let mut others = Others::new(joined.you, seat.place);
                others.take(joined.participants);
                Ok(Line::Preau(signaling, others))
            }
            (Server::NullForwarder(address), Room::Number(room)) => {
                let client = person.client.borrow();
                let answer = null_answer(&client, address, person, *room);
                drop(client);
                person.take_answer(stage.clock.now(), &answer)?;
                Ok(Line::Silent)
            }
            (Server::Janus(address), Room::Number(room)) => {
                Janus::enter(person, stage, address, *room, media_port).await.map(Line::Janus)
            }
            (Server::Preau(_), Room::Number(_))
            | (Server::NullForwarder(_) | Server::Janus(_), Room::Link(_)) => {
                bail!("a room of another server")
            }
        }
    }

    /// Says what has come to be wanted.
    pub(super) async fn tell(&mut self, stage: &Stage) -> anyhow::Result<()> {
        if let Line::Preau(signaling, others) = self
            && let Some(view) = others.new_view(stage)
        {
            signaling.say(ClientBody::View(view)).await?;
        }
        Ok(())
    }

    /// Waits for a message and takes it. It may be given up in between.
    pub(super) async fn listen(&mut self, person: &Person) -> anyhow::Result<()> {
        match self {
            Line::Preau(signaling, others) => {
                let body = signaling.next().await?;
                if let ServerBody::SendConstraints { sources } = &body {
                    person.client.borrow_mut().constrain(sources);
                }
                if let ServerBody::Ended { reason } = &body {
                    bail!("the server ended the call: {reason:?}");
                }
                others.hear(body);
                Ok(())
            }
            Line::Silent => pending().await,
            Line::Janus(janus) => janus.listen().await,
        }
    }

    /// Says goodbye; whether the server still hears it is no matter.
    pub(super) async fn leave(self) {
        match self {
            Line::Preau(signaling, _) => signaling.leave().await,
            Line::Silent => {}
            Line::Janus(janus) => janus.leave().await,
        }
    }
}

/// The address from which to reach `server`: `from`, or what the kernel chooses.
pub(super) fn local_ip(server: SocketAddr, from: Option<IpAddr>) -> anyhow::Result<IpAddr> {
    if let Some(from) = from {
        return Ok(from);
    }
    let any = if server.is_ipv4() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    } else {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    };
    // Connecting a UDP socket asks the routing table and sends nothing.
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(server).with_context(|| format!("no way to {server}"))?;
    Ok(probe.local_addr()?.ip())
}

pub(super) fn sources(person: &Person, stage: &Stage) -> Vec<PublishedSource> {
    let microphone = PublishedSource { source: Source::Microphone, state: SourceState::default() };
    let camera = PublishedSource { source: Source::Camera, state: CAMERA };
    match (person.seat.publishes, stage.content) {
        (false, _) => Vec::new(),
        (true, Content::Sound) => vec![microphone],
        (true, Content::Everything) => vec![microphone, camera],
        (true, Content::Trickle) => vec![camera],
    }
}

/// What the null forwarder would answer if it read offers.
fn null_answer(client: &Client, address: SocketAddr, person: &Person, room: u32) -> String {
    let (_, sections) = client.offer();
    let slots = client.slot_mids();
    let party = Party {
        publishes: person.seat.publishes,
        room,
        place: person.seat.place as u32,
        videos: slots.len().saturating_sub(VOICES) as u32,
        number: person.seat.number,
    };
    let mut sdp = format!(
        "v=0\r\na=ice-ufrag:{}\r\na=ice-pwd:the-forwarder-trusts-all\r\n\
         a=candidate:1 1 udp 1 {} {} typ host\r\na=rtcp-fb:* transport-cc\r\n",
        party.ufrag(),
        address.ip(),
        address.port()
    );
    for section in sections {
        sdp.push_str(&format!("a=mid:{}\r\n", section.mid));
        if let Some(slot) = slots.iter().position(|mid| *mid == section.mid) {
            let ssrc = party.ssrc(slot as u32);
            sdp.push_str(&format!("a=ssrc:{} cname:null\r\n", ssrc.0));
        }
    }
    sdp
}

/// Whose cameras are on, as signaling tells.
pub(super) struct Others {
    you: ParticipantId,
    place: usize,
    cameras: Vec<ParticipantId>,
    shown: Vec<Tile>,
}

impl Others {
    pub(super) fn new(you: ParticipantId, place: usize) -> Self {
        Others { you, place, cameras: Vec::new(), shown: Vec::new() }
    }

    pub(super) fn take(&mut self, participants: Vec<Participant>) {
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

    pub(super) fn hear(&mut self, body: ServerBody) {
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
    pub(super) fn new_view(&mut self, stage: &Stage) -> Option<View> {
        let view = stage.layout.view(self.you, self.place, &self.cameras);
        (view.tiles != self.shown).then(|| {
            self.shown.clone_from(&view.tiles);
            view
        })
    }
}
