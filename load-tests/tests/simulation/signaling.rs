//! The whole way without sockets: people join through the room machine of signaling, which speaks
//! to the node, and the node is rebuilt and left the same way.

use std::collections::{BTreeMap, BTreeSet};

use load_tests::{
    client::{Client, Shape},
    sim::{CAMERA_HEIGHT, World},
};
use protocol::{
    Duration, RoomName,
    client::{
        ClientBody, ClientMessage, Join, PublishedSource, Role, SdpBody, ServerBody, SourceState,
        View, order::Rules,
    },
    media::Source,
};
use signaling_core::{Grant, Limits, LinkCheck, Rooms, SocketId, Transmit};

use crate::{ROOM, assert_sound, millis, picture_gap, seconds, with_seeds};

#[test]
fn people_who_join_through_signaling_see_each_other_also_when_the_node_is_rebuilt() {
    with_seeds(0..3, |seed| {
        let mut world = World::new(seed);
        let mut service = Service::new(seed);
        for seat in 1..=3 {
            service.join(&mut world, SocketId(seat), seed * 10 + seat);
            service.run(&mut world, millis(100));
        }
        service.run(&mut world, seconds(3));
        let everybody: BTreeSet<u32> = service.numbers.values().copied().collect();
        assert_eq!(everybody.len(), 3, "somebody did not get in");
        assert_all_see_and_hear(&mut service, &mut world, &everybody);

        let since = world.now();
        assert!(service.rooms.handle_restore(&room()));
        service.run(&mut world, seconds(3));
        assert_all_see_and_hear(&mut service, &mut world, &everybody);
        for (receiver, author) in pairs(&everybody) {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(300), "{receiver} had no picture of {author} for {gap:?}");
        }

        let gone = service.numbers[&SocketId(2)];
        service.say(&world, SocketId(2), ClientBody::Leave);
        service.run(&mut world, seconds(2));
        let rest = &everybody - &BTreeSet::from([gone]);
        assert_all_see_and_hear(&mut service, &mut world, &rest);
        assert_eq!(world.counters().sessions, 2);
        assert_eq!(service.rooms.sessions(), 2);
        assert_sound(&world);
    });
}

fn pairs(everybody: &BTreeSet<u32>) -> impl Iterator<Item = (u32, u32)> {
    let with_others = |receiver: u32| everybody.iter().map(move |author| (receiver, *author));
    everybody.iter().flat_map(move |it| with_others(*it)).filter(|(a, b)| a != b)
}

fn assert_all_see_and_hear(service: &mut Service, world: &mut World, everybody: &BTreeSet<u32>) {
    let since = world.now();
    service.run(world, seconds(1));
    for number in everybody {
        let others = everybody - &BTreeSet::from([*number]);
        let client = &world.person(*number).client;
        assert_eq!(client.seen_since(since), others, "seen by {number}");
        assert_eq!(client.heard_since(since), others, "heard by {number}");
    }
}

fn room() -> RoomName {
    RoomName::try_from("maths".to_owned()).expect("a name")
}

/// The room machine between the clients' sockets and the node.
struct Service {
    rooms: Rooms,
    /// Clients that have not got in.
    waiting: BTreeMap<SocketId, Client>,
    /// Which participant a socket speaks for.
    numbers: BTreeMap<SocketId, u32>,
    command_id: u64,
}

impl Service {
    fn new(seed: u64) -> Self {
        Service {
            rooms: Rooms::new(Limits::default(), Rules::default(), seed),
            waiting: BTreeMap::new(),
            numbers: BTreeMap::new(),
            command_id: 0,
        }
    }

    fn join(&mut self, world: &mut World, socket: SocketId, seed: u64) {
        let address = "192.0.2.1".parse().expect("an address");
        self.rooms.handle_socket_opened(world.now(), socket, address, Vec::new());
        let client = Client::new(0, Shape::PARTICIPANT, seed);
        let (offer, sections) = client.offer();
        self.waiting.insert(socket, client);
        let state = SourceState { width: CAMERA_HEIGHT / 9 * 16, height: CAMERA_HEIGHT };
        let join = Join {
            room: room(),
            secret: "guest".to_owned(),
            code: None,
            browser: None,
            name: format!("Person {}", socket.0),
            offer: SdpBody::Plain(offer),
            sections,
            sources: vec![
                PublishedSource { source: Source::Microphone, state: SourceState::default() },
                PublishedSource { source: Source::Camera, state },
            ],
            view: View::default(),
        };
        self.say(world, socket, ClientBody::Join(join));
        self.settle(world);
    }

    /// A client says something on its socket.
    fn say(&mut self, world: &World, socket: SocketId, body: ClientBody) {
        self.command_id += 1;
        let message = ClientMessage { id: self.command_id, body };
        let text = serde_json::to_string(&message).expect("a message");
        self.rooms.handle_text(world.now(), socket, &text);
    }

    /// Lets time pass for all.
    fn run(&mut self, world: &mut World, time: Duration) {
        let end = world.now() + time;
        while world.now() < end {
            self.settle(world);
            world.run_for(millis(1));
            for report in world.take_reports() {
                self.rooms.handle_report(world.now(), report);
            }
            if self.rooms.poll_timeout().is_some_and(|due| due <= world.now()) {
                self.rooms.handle_timeout(world.now());
            }
        }
    }

    /// Does what the machine wants done.
    fn settle(&mut self, world: &mut World) {
        loop {
            while self.rooms.poll_event().is_some() {}
            let Some(transmit) = self.rooms.poll_transmit() else { return };
            match transmit {
                Transmit::Message { socket, body, .. } => self.tell(world, socket, &body),
                Transmit::Close { socket, .. } => {
                    self.rooms.handle_socket_closed(world.now(), socket);
                }
                Transmit::CheckLink(LinkCheck { socket, .. }) => {
                    let grant = Grant::of(Role::Guest);
                    let secret = [socket.0 as u8; 16];
                    self.rooms.handle_link_checked(world.now(), socket, Ok(grant), secret);
                }
                Transmit::Ban { .. } | Transmit::LiftBan { .. } => {}
                Transmit::Request(request) => world.request(request),
            }
        }
    }

    /// A message of the machine reaches a client.
    fn tell(&mut self, world: &mut World, socket: SocketId, body: &ServerBody) {
        match body {
            ServerBody::Joined(joined) => {
                let mut client = self.waiting.remove(&socket).expect("somebody who waits");
                client.number = joined.you.get();
                self.numbers.insert(socket, client.number);
                world.welcome(ROOM, client);
                world.answer(joined.you.get(), plain(&joined.answer));
            }
            ServerBody::Answer { answer, .. } => {
                world.answer(self.numbers[&socket], plain(answer));
            }
            ServerBody::RestartIce => {
                let offer = world.with_client(self.numbers[&socket], |_, client| {
                    client.restart_ice();
                    client.offer()
                });
                let (offer, sections) = offer.expect("somebody who is in");
                let offer = SdpBody::Plain(offer);
                self.say(world, socket, ClientBody::Offer { offer, sections });
            }
            ServerBody::Error { code, detail, .. } => panic!("refused: {code:?} {detail}"),
            ServerBody::Resumed { .. }
            | ServerBody::Snapshot { .. }
            | ServerBody::ParticipantJoined { .. }
            | ServerBody::ParticipantChanged { .. }
            | ServerBody::ParticipantLeft { .. }
            | ServerBody::Slots { .. }
            | ServerBody::SendConstraints { .. }
            | ServerBody::Connection(_)
            | ServerBody::Speaker { .. }
            | ServerBody::IceServers { .. }
            | ServerBody::Ended { .. }
            | ServerBody::Chat(_)
            | ServerBody::InLobby { .. }
            | ServerBody::Done { .. }
            | ServerBody::Room(_)
            | ServerBody::Lobby { .. }
            | ServerBody::Reaction { .. }
            | ServerBody::TurnedOff { .. }
            | ServerBody::AskedToTurnOn { .. }
            | ServerBody::Attendance { .. }
            | ServerBody::Invitation { .. }
            | ServerBody::Bans { .. }
            | ServerBody::Pong => {}
        }
    }
}

fn plain(body: &SdpBody) -> &str {
    match body {
        SdpBody::Plain(text) => text,
        SdpBody::Deflated(_) => panic!("deflated, though the offer was plain"),
    }
}
