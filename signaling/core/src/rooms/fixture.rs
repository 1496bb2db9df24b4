//! A small world around the machine: sockets that remember what they were told, a store that knows
//! three secrets and a code, and a node that answers at once unless it is told not to.

use std::collections::{BTreeMap, VecDeque};

use protocol::{
    Duration, Instant, ParticipantId, RoomId,
    client::{
        ErrorCode, IceServer, Joined, MediaSection, Role, SdpBody, SectionRole, ServerBody,
        ServerMessage, order::Rules,
    },
    media::{SlotKind, Source},
    node::{
        NodeAnswer, NodeCommand, NodeError, NodeEvent, NodeEventBody, NodeReport, NodeRequest,
        NodeResponse,
    },
};

use super::Rooms;
use crate::{
    BrowserKey, CloseReason, Grant, Limits, LinkCheck, LinkRefusal, Proof, RoomEvent, SocketId,
    StoredBan, Transmit,
};

pub(super) struct World {
    pub(super) rooms: Rooms,
    pub(super) now: Instant,
    pub(super) node: NodeMood,
    pub(super) store_answers: bool,
    pub(super) events: Vec<RoomEvent>,
    /// Every request that went to the node.
    pub(super) requests: Vec<NodeRequest>,
    inboxes: BTreeMap<SocketId, VecDeque<ServerMessage>>,
    closed: BTreeMap<SocketId, CloseReason>,
    unanswered: VecDeque<NodeRequest>,
    unchecked: VecDeque<LinkCheck>,
    /// Who is to be kept out of the room `math`, as the store was told.
    pub(super) bans: Vec<StoredBan>,
    /// What the store gives to everybody besides.
    pub(super) rules: Option<Rules>,
    sockets: u64,
    node_seq: u64,
    /// The room of the last request.
    room: Option<RoomId>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodeMood {
    Answers,
    Silent,
    Refuses(NodeError),
}

impl World {
    pub(super) fn new() -> Self {
        World::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        World::with_rules(limits, Rules::default())
    }

    pub(super) fn with_rules(limits: Limits, rules: Rules) -> Self {
        World {
            rooms: Rooms::new(limits, rules, 7),
            now: Instant::from_micros(1),
            node: NodeMood::Answers,
            store_answers: true,
            events: Vec::new(),
            requests: Vec::new(),
            inboxes: BTreeMap::new(),
            closed: BTreeMap::new(),
            unanswered: VecDeque::new(),
            unchecked: VecDeque::new(),
            bans: Vec::new(),
            rules: None,
            sockets: 0,
            node_seq: 0,
            room: None,
        }
    }

    pub(super) fn open(&mut self) -> SocketId {
        self.open_from("192.0.2.1")
    }

    pub(super) fn open_from(&mut self, address: &str) -> SocketId {
        self.sockets += 1;
        let socket = SocketId(self.sockets);
        let address = address.parse().expect("an address");
        self.rooms.handle_socket_opened(self.now, socket, address, vec![ice_server()]);
        self.drain();
        socket
    }

    pub(super) fn renew_ice_servers(&mut self, socket: SocketId, fresh: Vec<IceServer>) {
        self.rooms.handle_ice_servers(socket, fresh);
        self.drain();
    }

    pub(super) fn say(&mut self, socket: SocketId, text: &str) {
        self.rooms.handle_text(self.now, socket, text);
        self.drain();
    }

    /// Says a command given as JSON fields, such as `"kind":"leave"`.
    pub(super) fn command(&mut self, socket: SocketId, id: u64, fields: &str) {
        self.say(socket, &format!(r#"{{"id":{id},{fields}}}"#));
    }

    pub(super) fn drop_socket(&mut self, socket: SocketId) {
        self.rooms.handle_socket_closed(self.now, socket);
        self.drain();
    }

    /// The socket closes because its page goes.
    pub(super) fn close_page(&mut self, socket: SocketId) {
        self.rooms.handle_page_gone(self.now, socket);
        self.drop_socket(socket);
    }

    /// Joins with a name and the secret `guest` or `host`, and takes `joined`.
    pub(super) fn join(&mut self, name: &str) -> Member {
        self.join_room("math", name, "guest")
    }

    pub(super) fn join_room(&mut self, room: &str, name: &str, secret: &str) -> Member {
        let socket = self.open();
        self.say(socket, &join_text(room, name, secret));
        let joined = self.take_joined(socket);
        Member { socket, joined }
    }

    /// Somebody comes to the door; what they hear is not taken.
    pub(super) fn knock(&mut self, knock: &Knock<'_>) -> SocketId {
        let socket = self.open_from(knock.address);
        self.say(socket, &knock.text());
        socket
    }

    pub(super) fn take_joined(&mut self, socket: SocketId) -> Joined {
        match self.take(socket) {
            Some(ServerMessage { seq: 1, body: ServerBody::Joined(joined) }) => joined,
            other => panic!("not joined: {other:?}"),
        }
    }

    /// A new socket that resumes.
    pub(super) fn resume(&mut self, ticket: &str, last_seq: u64) -> SocketId {
        let socket = self.open();
        let fields = format!(r#""kind":"resume","ticket":"{ticket}","last_seq":{last_seq}"#);
        self.command(socket, 0, &fields);
        socket
    }

    pub(super) fn take(&mut self, socket: SocketId) -> Option<ServerMessage> {
        self.inboxes.get_mut(&socket)?.pop_front()
    }

    pub(super) fn take_all(&mut self, socket: SocketId) -> Vec<ServerMessage> {
        let inbox = self.inboxes.get_mut(&socket);
        inbox.map(|inbox| inbox.drain(..).collect()).unwrap_or_default()
    }

    pub(super) fn bodies(&mut self, socket: SocketId) -> Vec<ServerBody> {
        self.take_all(socket).into_iter().map(|message| message.body).collect()
    }

    /// The error at the head of an inbox: its number, command and code.
    pub(super) fn take_error(&mut self, socket: SocketId) -> (u64, u64, ErrorCode) {
        match self.take(socket) {
            Some(ServerMessage { seq, body: ServerBody::Error { re, code, .. } }) => {
                (seq, re, code)
            }
            other => panic!("no error: {other:?}"),
        }
    }

    pub(super) fn closed(&self, socket: SocketId) -> Option<CloseReason> {
        self.closed.get(&socket).copied()
    }

    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.rooms.poll_timeout()
            && at <= end
        {
            self.now = self.now.max(at);
            self.rooms.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(super) fn node_says(&mut self, body: NodeEventBody) {
        self.node_seq += 1;
        self.node_says_at(self.node_seq, body);
    }

    pub(super) fn node_says_at(&mut self, seq: u64, body: NodeEventBody) {
        let room = self.room.expect("a room is live");
        self.node_seq = seq;
        let event = NodeEvent { seq, room, body };
        self.rooms.handle_report(self.now, NodeReport::Event(event));
        self.drain();
    }

    /// The node answers everything that it was asked while it was silent.
    pub(super) fn node_wakes(&mut self) {
        self.node = NodeMood::Answers;
        while let Some(request) = self.unanswered.pop_front() {
            self.answer(&request);
        }
        self.drain();
    }

    pub(super) fn store_wakes(&mut self) {
        self.store_answers = true;
        while let Some(check) = self.unchecked.pop_front() {
            self.check(&check);
        }
        self.drain();
    }

    /// Names of the commands that went to the node since the last call.
    pub(super) fn take_requests(&mut self) -> Vec<NodeCommand> {
        self.requests.drain(..).map(|request| request.command).collect()
    }

    pub(super) fn drain(&mut self) {
        loop {
            while let Some(event) = self.rooms.poll_event() {
                self.events.push(event);
            }
            let Some(transmit) = self.rooms.poll_transmit() else {
                return;
            };
            match transmit {
                Transmit::Message { socket, seq, body } => {
                    assert_eq!(self.closed(socket), None, "said after the close: {body:?}");
                    let body = (*body).clone();
                    let inbox = self.inboxes.entry(socket).or_default();
                    inbox.push_back(ServerMessage { seq, body });
                }
                Transmit::Close { socket, reason } => {
                    assert_eq!(self.closed.insert(socket, reason), None, "closed twice");
                    self.rooms.handle_socket_closed(self.now, socket);
                }
                Transmit::CheckLink(check) if self.store_answers => self.check(&check),
                Transmit::CheckLink(check) => self.unchecked.push_back(check),
                Transmit::Ban { room, browser, name } => {
                    assert_eq!(room.as_str(), "math");
                    self.bans.push(StoredBan { browser, name });
                }
                Transmit::LiftBan { browser, .. } => {
                    self.bans.retain(|ban| ban.browser != browser);
                }
                Transmit::Request(request) => {
                    self.room = Some(request.room);
                    self.requests.push(request.clone());
                    match self.node {
                        NodeMood::Silent => self.unanswered.push_back(request),
                        NodeMood::Answers | NodeMood::Refuses(_) => self.answer(&request),
                    }
                }
            }
        }
    }

    fn check(&mut self, check: &LinkCheck) {
        let grant = match &check.proof {
            Proof::Secret(secret) => match secret.as_str() {
                "guest" => Ok(Grant::of(Role::Guest)),
                "host" => Ok(Grant {
                    guest_secret: Some("guest".to_owned()),
                    code: CODE.parse().ok(),
                    bans: if check.room.as_str() == "math" { self.bans.clone() } else { vec![] },
                    ..Grant::of(Role::Host)
                }),
                "old" => Err(LinkRefusal::Expired),
                _ => Err(LinkRefusal::Unknown),
            },
            Proof::Code(code) if code.to_string() == CODE => Ok(Grant::of(Role::Guest)),
            Proof::Code(_) => Err(LinkRefusal::Unknown),
        };
        let browser = check.browser.as_ref().map(|browser| browser_key(browser));
        let result = grant.map(|grant| Grant { browser, rules: self.rules, ..grant });
        let secret = [check.socket.0 as u8; 16];
        self.rooms.handle_link_checked(self.now, check.socket, result, secret);
    }

    fn answer(&mut self, request: &NodeRequest) {
        let is_offer = matches!(
            request.command,
            NodeCommand::AddEndpoint { .. } | NodeCommand::UpdateEndpoint { .. }
        );
        let result = match &self.node {
            NodeMood::Refuses(error) if is_offer => Err(error.clone()),
            _ if is_offer => Ok(NodeAnswer::Answer("v=0 answer".to_owned())),
            _ => Ok(NodeAnswer::Done),
        };
        let response = NodeResponse { id: request.id, room: request.room, result };
        self.rooms.handle_report(self.now, NodeReport::Response(response));
    }
}

/// Somebody at the door, and what they bring along.
#[derive(Clone, Copy)]
pub(super) struct Knock<'a> {
    pub(super) room: &'a str,
    pub(super) name: &'a str,
    /// `None` is that of guests, or none beside a code.
    pub(super) secret: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    pub(super) browser: Option<&'a str>,
    pub(super) address: &'a str,
    /// `None` is a short one.
    pub(super) offer: Option<&'a SdpBody>,
    /// As JSON.
    pub(super) sources: &'a str,
}

impl<'a> Knock<'a> {
    pub(super) fn guest(name: &'a str) -> Self {
        Knock {
            room: "math",
            name,
            secret: None,
            code: None,
            browser: None,
            address: "192.0.2.1",
            offer: None,
            sources: "[]",
        }
    }

    pub(super) fn host(name: &'a str) -> Self {
        Knock { secret: Some("host"), ..Knock::guest(name) }
    }

    /// The `join`, with an m-line for every source.
    pub(super) fn text(&self) -> String {
        let plain = SdpBody::Plain("v=0 offer".to_owned());
        let section = |(mid, source): (usize, Source)| MediaSection {
            mid: mid.to_string(),
            role: SectionRole::Publish(source),
        };
        let sections: Vec<_> = Source::ALL.into_iter().enumerate().map(section).collect();
        let sources: serde_json::Value = serde_json::from_str(self.sources).expect("JSON");
        let secret = self.secret.unwrap_or(if self.code.is_some() { "" } else { "guest" });
        let join = serde_json::json!({
            "id": 1, "kind": "join", "room": self.room, "secret": secret, "code": self.code,
            "browser": self.browser, "name": self.name, "offer": self.offer.unwrap_or(&plain),
            "sections": sections, "sources": sources,
        });
        join.to_string()
    }
}

/// Somebody in the room, as they know themselves.
pub(super) struct Member {
    pub(super) socket: SocketId,
    pub(super) joined: Joined,
}

impl Member {
    pub(super) fn id(&self) -> ParticipantId {
        self.joined.you
    }
}

/// The code of every room.
pub(super) const CODE: &str = "042917";

/// What the store makes of what a browser is known by.
pub(super) fn browser_key(browser: &str) -> BrowserKey {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(browser.bytes()) {
        *to = from;
    }
    BrowserKey(key)
}

/// What every socket is given.
pub(super) fn ice_server() -> IceServer {
    IceServer {
        urls: vec!["turns:meet.example.org:443?transport=tcp".to_owned()],
        username: "1:name".to_owned(),
        credential: "proof".to_owned(),
    }
}

pub(super) fn sections() -> Vec<MediaSection> {
    let section = |mid: &str, role| MediaSection { mid: mid.to_owned(), role };
    vec![
        section("0", SectionRole::Publish(Source::Microphone)),
        section("1", SectionRole::Publish(Source::Camera)),
        section("2", SectionRole::Slot(SlotKind::Voice)),
        section("3", SectionRole::Slot(SlotKind::Video)),
    ]
}

pub(super) fn join_text(room: &str, name: &str, secret: &str) -> String {
    join_text_with(room, name, secret, &SdpBody::Plain("v=0 offer".to_owned()))
}

pub(super) fn join_text_with(room: &str, name: &str, secret: &str, offer: &SdpBody) -> String {
    let join = serde_json::json!({
        "id": 1, "kind": "join", "room": room, "secret": secret, "name": name,
        "offer": offer, "sections": sections(),
    });
    join.to_string()
}
