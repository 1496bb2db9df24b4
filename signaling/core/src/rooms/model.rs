//! Random lives of a room against a simple model.
//!
//! Clients join, publish, write, raise hands, leave, lose sockets with messages in both directions,
//! resume, and send again what was heard already; the node sleeps and ends sessions. Whatever
//! happens: a client's messages have no hole and no double; each command has its effect once; who
//! may resume can; what is written comes once, in one order, and only to those it is for; and in
//! the end everybody sees the same room.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use protocol::{
    Duration, Instant, ParticipantId,
    client::{
        ChatMessage, ErrorCode, Participant, ServerBody, ServerMessage, SlotContent, SlotMapping,
        signs::RoomState,
    },
    media::Source,
    node::{NodeCommand, NodeEventBody},
};

use super::fixture::{NodeMood, World, join_text, sections};
use crate::{Limits, SocketId};

const CLIENTS: usize = 4;
const RESUME: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Joins if it is out.
    Join(usize),
    /// Gives a new picture size of its camera, or takes it off.
    Publish(usize, bool),
    /// Offers anew if no offer is without its answer.
    Offer(usize),
    /// Writes to the room, or to somebody whom the model knows to be in it.
    Chat(usize, Option<usize>),
    /// Raises or lowers its hand.
    Hand(usize, bool),
    Leave(usize),
    /// Reads some messages; the rest stay on their way.
    Read(usize, usize),
    /// Loses the socket with all that is on its way; the server notices or not.
    Lose(usize, Noticed),
    /// Resumes if the socket is lost; sends again what was heard already, or not.
    Resume(usize, Again),
    /// Milliseconds pass.
    Pass(u64),
    NodeSleeps,
    NodeWakes,
    NodeEnds(usize),
    NodeMaps(usize, bool),
    /// Somebody takes the floor, or it falls to nobody.
    NodeHears(usize, bool),
}

#[derive(Clone, Copy, Debug)]
enum Noticed {
    AtOnce,
    Never,
}

#[derive(Clone, Copy, Debug)]
enum Again {
    Nothing,
    Everything,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..CLIENTS;
    prop_oneof![
        3 => who.clone().prop_map(Step::Join),
        6 => (who.clone(), any::<bool>()).prop_map(|(who, on)| Step::Publish(who, on)),
        2 => who.clone().prop_map(Step::Offer),
        4 => (who.clone(), prop::option::of(who.clone()))
            .prop_map(|(who, to)| Step::Chat(who, to)),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, raised)| Step::Hand(who, raised)),
        1 => who.clone().prop_map(Step::Leave),
        3 => (who.clone(), 0usize..4).prop_map(|(who, count)| Step::Read(who, count)),
        3 => (who.clone(), prop_oneof![Just(Noticed::AtOnce), Just(Noticed::Never)])
            .prop_map(|(who, noticed)| Step::Lose(who, noticed)),
        4 => (who.clone(), prop_oneof![Just(Again::Nothing), Just(Again::Everything)])
            .prop_map(|(who, again)| Step::Resume(who, again)),
        2 => (0u64..20_000).prop_map(Step::Pass),
        1 => Just(Step::NodeSleeps),
        2 => Just(Step::NodeWakes),
        1 => who.clone().prop_map(Step::NodeEnds),
        2 => (who.clone(), any::<bool>())
            .prop_map(|(who, mapped)| Step::NodeMaps(who, mapped)),
        2 => (who, any::<bool>()).prop_map(|(who, speaks)| Step::NodeHears(who, speaks)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled(
        steps in prop::collection::vec(step(), 1..80),
        ring_messages in 1usize..8,
    ) {
        let mut model = Model::new(ring_messages);
        for step in steps {
            model.take(step);
        }
        model.settle();
        model.check();
    }
}

struct Model {
    world: World,
    clients: Vec<Client>,
    /// Sizes of cameras in the order in which participants published them; 0 is off.
    published: BTreeMap<ParticipantId, Vec<u16>>,
    /// What the node put into each participant's one slot.
    mapped: BTreeMap<ParticipantId, Option<SlotContent>>,
    /// Whom the node heard last.
    heard: Option<ParticipantId>,
    width: u16,
    /// Everything that was given to be written, by the number that is its text.
    written: Vec<Written>,
}

/// Something to be written, as its writer gave it.
struct Written {
    from: ParticipantId,
    to: Option<ParticipantId>,
    /// Who was known to be in; they get it, unless they miss it beyond the ring.
    present: Vec<ParticipantId>,
    /// Whether its addressee was gone when it arrived.
    is_refused: bool,
}

#[derive(Default)]
struct Client {
    socket: Option<SocketId>,
    /// When the server learned of the loss.
    lost_at: Option<Instant>,
    session: Option<Session>,
}

/// What a client knows, from its messages alone.
struct Session {
    you: ParticipantId,
    ticket: String,
    last_seq: u64,
    roster: BTreeMap<ParticipantId, Participant>,
    slots: BTreeMap<String, Option<SlotContent>>,
    speaker: Option<ParticipantId>,
    room: RoomState,
    is_hand_up: bool,
    /// Commands that the server says are done.
    done: BTreeSet<u64>,
    /// Every command that it gave, by id − 2.
    commands: Vec<String>,
    /// The offer whose answer has not come.
    awaited: Option<u64>,
    /// Numbers of what others and oneself wrote, as they came.
    heard: Vec<usize>,
    /// Numbers of what one wrote, by command.
    wrote: BTreeMap<u64, usize>,
    /// Numbers of what one wrote and the server did not pass on.
    refused: Vec<usize>,
    /// Whether messages were missed beyond the ring.
    has_hole: bool,
    /// Whether the node has ended it, or it has left.
    is_ending: bool,
}

impl Model {
    fn new(ring_messages: usize) -> Self {
        Model {
            world: World::with(Limits {
                ring_messages,
                command_burst: 10_000,
                state_burst: 1,
                ..Limits::default()
            }),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
            published: BTreeMap::new(),
            mapped: BTreeMap::new(),
            heard: None,
            width: 0,
            written: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Join(who) => self.join(who),
            Step::Publish(who, on) => self.publish(who, on),
            Step::Offer(who) => self.offer(who),
            Step::Chat(who, to) => self.chat(who, to),
            Step::Hand(who, raised) => self.hand(who, raised),
            Step::Leave(who) => self.leave(who),
            Step::Read(who, count) => self.read(who, count),
            Step::Lose(who, noticed) => self.lose(who, noticed),
            Step::Resume(who, again) => self.resume(who, again),
            Step::Pass(millis) => self.world.advance(Duration::from_millis(millis)),
            Step::NodeSleeps => self.world.node = NodeMood::Silent,
            Step::NodeWakes => self.world.node_wakes(),
            Step::NodeEnds(who) => {
                if let Some(session) = &mut self.clients[who].session {
                    session.is_ending = true;
                    let participant = session.you;
                    self.world.node_says(NodeEventBody::Ended { participant });
                }
            }
            Step::NodeMaps(who, mapped) => self.map_slot(who, mapped),
            Step::NodeHears(who, speaks) => self.hear(who, speaks),
        }
    }

    fn join(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.socket.is_some() || client.session.is_some() {
            return;
        }
        let socket = self.world.open();
        client.socket = Some(socket);
        self.world.say(socket, &join_text("math", "Someone", "guest"));
    }

    fn publish(&mut self, who: usize, on: bool) {
        self.width += 1;
        let width = if on { self.width } else { 0 };
        let Some(session) = &mut self.clients[who].session else {
            return;
        };
        let before = self.published.entry(session.you).or_default();
        if before.last().copied().unwrap_or(0) == width {
            return;
        }
        before.push(width);
        let state = match width {
            0 => "null".to_owned(),
            width => format!(r#"{{"width":{width}}}"#),
        };
        self.command(who, &format!(r#""kind":"publish","source":"camera","state":{state}"#));
    }

    fn offer(&mut self, who: usize) {
        let Some(session) = &mut self.clients[who].session else {
            return;
        };
        if session.awaited.is_none() {
            session.awaited = Some(session.commands.len() as u64 + 2);
            let fields = r#""kind":"offer","offer":{"plain":"v=0"},"sections":SECTIONS"#;
            let sections = serde_json::to_string(&sections()).expect("it serializes");
            self.command(who, &fields.replace("SECTIONS", &sections));
        }
    }

    fn chat(&mut self, who: usize, to: Option<usize>) {
        let present: Vec<_> =
            self.clients.iter().filter_map(|c| c.session.as_ref()).map(|s| s.you).collect();
        let id_of = |who: usize| self.clients[who].session.as_ref().map(|s| s.you);
        let (Some(from), addressee) = (id_of(who), to.map(id_of)) else {
            return;
        };
        let to = match addressee {
            Some(None) => return,
            Some(to) => to,
            None => None,
        };
        let number = self.written.len();
        self.written.push(Written { from, to, present, is_refused: false });
        let session = self.clients[who].session.as_mut().expect("the writer is in");
        session.wrote.insert(session.commands.len() as u64 + 2, number);
        let to = to.map_or("null".to_owned(), |to| to.0.to_string());
        self.command(who, &format!(r#""kind":"chat","text":"{number}","to":{to}"#));
    }

    fn hand(&mut self, who: usize, raised: bool) {
        if let Some(session) = &mut self.clients[who].session {
            session.is_hand_up = raised;
            self.command(who, &format!(r#""kind":"hand","raised":{raised}"#));
        }
    }

    fn leave(&mut self, who: usize) {
        if let Some(session) = &mut self.clients[who].session {
            session.is_ending = true;
            self.command(who, r#""kind":"leave""#);
        }
    }

    /// Gives a command; without a socket it waits for the resume.
    fn command(&mut self, who: usize, fields: &str) {
        let client = &mut self.clients[who];
        let session = client.session.as_mut().expect("only members command");
        session.commands.push(fields.to_owned());
        let id = session.commands.len() as u64 + 1;
        if let Some(socket) = client.socket {
            self.world.command(socket, id, fields);
        }
    }

    fn map_slot(&mut self, who: usize, mapped: bool) {
        let Some(session) = &self.clients[who].session else {
            return;
        };
        let participant = session.you;
        let carries = mapped.then_some(SlotContent { participant, source: Source::Camera });
        self.mapped.insert(participant, carries);
        let mid = "3".to_owned();
        let slots = vec![SlotMapping { mid, carries }];
        self.world.node_says(NodeEventBody::Slots { participant, slots });
    }

    fn hear(&mut self, who: usize, speaks: bool) {
        let session = self.clients[who].session.as_ref().filter(|session| !session.is_ending);
        let Some(you) = session.map(|session| session.you) else {
            return;
        };
        let participant = speaks.then_some(you);
        self.heard = participant;
        self.world.node_says(NodeEventBody::Speaker { participant });
    }

    fn lose(&mut self, who: usize, noticed: Noticed) {
        let Some(socket) = self.clients[who].socket.take() else {
            return;
        };
        self.world.take_all(socket);
        if let Noticed::AtOnce = noticed
            && self.world.closed(socket).is_none()
        {
            self.clients[who].lost_at = Some(self.world.now);
            self.world.drop_socket(socket);
        }
    }

    fn resume(&mut self, who: usize, again: Again) {
        let client = &mut self.clients[who];
        let (None, Some(session)) = (client.socket, &client.session) else {
            return;
        };
        let socket = self.world.resume(&session.ticket, session.last_seq);
        let lost_at = client.lost_at.take();
        match self.world.take(socket).expect("an answer").body {
            ServerBody::Resumed { last_id, .. } => {
                client.socket = Some(socket);
                let heard = match again {
                    Again::Nothing => usize::try_from(last_id - 1).expect("it is small"),
                    Again::Everything => 0,
                };
                let commands = session.commands.clone();
                for (place, fields) in commands.iter().enumerate().skip(heard) {
                    self.world.command(socket, place as u64 + 2, fields);
                }
            }
            ServerBody::Error { code, .. } => {
                assert_eq!(code, ErrorCode::SessionGone);
                let is_late = lost_at
                    .is_some_and(|at| self.world.now.saturating_duration_since(at) >= RESUME);
                assert!(is_late || session.is_ending, "a session was lost");
                client.session = None;
                self.world.drop_socket(socket);
            }
            other => panic!("not an answer to resume: {other:?}"),
        }
    }

    fn read(&mut self, who: usize, count: usize) {
        let client = &mut self.clients[who];
        let Some(socket) = client.socket else {
            return;
        };
        for _ in 0..count {
            let Some(message) = self.world.take(socket) else {
                break;
            };
            client.hear(message);
        }
        if self.world.closed(socket).is_some() && client.session.is_none() {
            client.socket = None;
        }
    }

    /// Everybody comes back and reads what there is.
    fn settle(&mut self) {
        self.world.node_wakes();
        for _ in 0..3 {
            for who in 0..CLIENTS {
                self.resume(who, Again::Nothing);
                self.read(who, usize::MAX);
            }
        }
        // What changed often is told together, a little later.
        self.world.advance(Limits::default().state_interval);
        for who in 0..CLIENTS {
            self.read(who, usize::MAX);
        }
    }

    fn check(&mut self) {
        self.check_written();
        let seen: Vec<_> = self.clients.iter().filter_map(|c| c.session.as_ref()).collect();
        for session in &seen {
            let present: Vec<_> = session.roster.keys().copied().collect();
            for participant in seen.iter().map(|session| session.you) {
                assert!(present.contains(&participant), "somebody is not seen");
            }
            assert_eq!(session.roster, seen[0].roster, "two see different rooms");
            assert_eq!(session.room, seen[0].room, "two are told different things");
            let is_up = session.room.hands.contains(&session.you);
            assert_eq!(is_up, session.is_hand_up, "a hand is not as it was left");
            let is_here = |id| session.roster.contains_key(id);
            assert!(session.room.hands.iter().all(is_here), "a hand of nobody is up");
            let speaker = self.heard.filter(|id| session.roster.contains_key(id));
            assert_eq!(session.speaker, speaker, "another one has the floor");
            let slot = session.slots.get("3").copied();
            assert_eq!(session.awaited, None, "an answer was lost");
            assert_eq!(slot, self.mapped.get(&session.you).copied(), "a slot is not as it is");
            for (id, participant) in &session.roster {
                let sizes = self.published.get(id).map(Vec::as_slice);
                let size = sizes.and_then(<[u16]>::last).copied().unwrap_or(0);
                let shown = participant.sources.first().map_or(0, |on| on.state.width);
                if seen.iter().any(|session| session.you == *id) {
                    assert_eq!(shown, size, "somebody's camera is not as they left it");
                }
            }
        }
        let alive: Vec<_> = seen.iter().map(|session| session.you).collect();
        self.check_effects(&alive);
    }

    /// What was written came to those it is for, to nobody else, once, and in one order.
    fn check_written(&mut self) {
        for number in
            self.clients.iter().filter_map(|c| c.session.as_ref()).flat_map(|s| &s.refused)
        {
            self.written[*number].is_refused = true;
        }
        let seen: Vec<_> = self.clients.iter().filter_map(|c| c.session.as_ref()).collect();
        let alive: Vec<_> = seen.iter().map(|session| session.you).collect();
        for session in &seen {
            for (number, written) in self.written.iter().enumerate() {
                let is_theirs =
                    written.to.is_none_or(|to| [to, written.from].contains(&session.you));
                let times = session.heard.iter().filter(|heard| **heard == number).count();
                assert!(times <= usize::from(is_theirs), "{number} came to somebody {times} times");
                let must_come = is_theirs
                    && written.present.contains(&session.you)
                    && alive.contains(&written.from)
                    && !written.is_refused
                    && !session.has_hole;
                assert!(times == 1 || !must_come, "{number} was lost");
            }
            for other in &seen {
                let common = |one: &Session, two: &Session| {
                    let is_common = |number: &&usize| two.heard.contains(number);
                    one.heard.iter().filter(is_common).copied().collect::<Vec<_>>()
                };
                assert_eq!(common(session, other), common(other, session), "two orders");
            }
        }
    }

    /// The node was told each publication once and in order, and all of those who are still in.
    fn check_effects(&mut self, alive: &[ParticipantId]) {
        let mut told: BTreeMap<ParticipantId, Vec<u16>> = BTreeMap::new();
        for command in self.world.take_requests() {
            if let NodeCommand::SetSource { participant, state, .. } = command {
                let width = state.map_or(0, |state| state.width);
                told.entry(participant).or_default().push(width);
            }
        }
        for (id, sizes) in &self.published {
            let told = told.remove(id).unwrap_or_default();
            assert!(sizes.starts_with(&told), "{told:?} of {sizes:?}");
            if alive.contains(id) {
                assert_eq!(&told, sizes, "a command was lost");
            }
        }
        assert!(told.is_empty());
    }
}

impl Client {
    fn hear(&mut self, message: ServerMessage) {
        let ServerMessage { seq, body } = message;
        if let ServerBody::Joined(joined) = body {
            assert_eq!(seq, 1);
            let roster = joined.participants.into_iter().map(|p| (p.id, p)).collect();
            self.session = Some(Session {
                you: joined.you,
                ticket: joined.ticket,
                last_seq: 1,
                roster,
                slots: BTreeMap::new(),
                speaker: None,
                room: joined.room,
                is_hand_up: false,
                done: BTreeSet::new(),
                commands: Vec::new(),
                awaited: None,
                heard: Vec::new(),
                wrote: BTreeMap::new(),
                refused: Vec::new(),
                has_hole: false,
                is_ending: false,
            });
            return;
        }
        let Some(session) = &mut self.session else {
            assert_eq!(seq, 0, "only errors come before joined: {body:?}");
            return;
        };
        if seq != 0 {
            let follows = match &body {
                ServerBody::Snapshot { up_to, .. } => {
                    seq == up_to + 1 && *up_to >= session.last_seq
                }
                _ => seq == session.last_seq + 1,
            };
            assert!(follows, "{seq} after {}: {body:?}", session.last_seq);
            session.last_seq = seq;
        }
        if let ServerBody::Ended { .. } = body {
            assert!(session.is_ending, "ended without a reason");
            self.session = None;
            return;
        }
        session.hear(body);
    }
}

impl Session {
    fn hear(&mut self, body: ServerBody) {
        match body {
            ServerBody::ParticipantJoined { participant } => {
                let known = self.roster.insert(participant.id, participant);
                assert_eq!(known, None, "somebody came twice");
            }
            ServerBody::ParticipantChanged { participant } => {
                let known = self.roster.insert(participant.id, participant);
                assert!(known.is_some(), "a stranger changed");
            }
            ServerBody::ParticipantLeft { participant } => {
                // Who is gone has no floor.
                self.speaker = self.speaker.filter(|&speaker| speaker != participant);
                assert!(self.roster.remove(&participant).is_some(), "a stranger left");
            }
            ServerBody::Slots { slots } => self.map(slots),
            ServerBody::Speaker { participant } => self.speaker = participant,
            // The node may sleep too long; that is an answer too.
            ServerBody::Answer { re, .. }
            | ServerBody::Error { re, code: ErrorCode::MediaUnavailable, .. } => {
                assert_eq!(self.awaited.take(), Some(re), "an answer twice, or to nothing");
            }
            ServerBody::Chat(ChatMessage { from, text, re, .. }) => {
                let number = text.parse().expect("a number");
                assert_eq!(re != 0, from == self.you, "the writer alone is answered");
                assert!(re == 0 || self.wrote.get(&re) == Some(&number), "another's answer");
                self.heard.push(number);
            }
            ServerBody::Error { re, code: ErrorCode::UnknownParticipant, .. } => {
                self.refused.push(self.wrote[&re]);
            }
            ServerBody::Done { re } => assert!(self.done.insert(re), "{re} is done twice"),
            ServerBody::Room(room) => {
                let hands: BTreeSet<_> = room.hands.iter().collect();
                assert_eq!(hands.len(), room.hands.len(), "somebody has two hands");
                self.room = room;
            }
            ServerBody::Snapshot { participants, slots, speaker, room, .. } => {
                self.has_hole = true;
                self.room = room;
                self.speaker = speaker;
                self.roster = participants.into_iter().map(|p| (p.id, p)).collect();
                self.slots.clear();
                self.map(slots);
            }
            other => panic!("nobody asked for it: {other:?}"),
        }
    }

    fn map(&mut self, slots: Vec<SlotMapping>) {
        self.slots.extend(slots.into_iter().map(|slot| (slot.mid, slot.carries)));
    }
}
