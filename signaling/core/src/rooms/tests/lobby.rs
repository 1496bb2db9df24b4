//! Those who wait, by link and by code; and the lock.

use protocol::{
    Duration, ParticipantId,
    client::{
        EndReason, ErrorCode, IceServer, SdpBody, ServerBody,
        order::{Rules, Waiting},
    },
    node::{NodeCommand, NodeError},
};

use crate::{
    CloseReason, Limits, RoomEvent, SocketId,
    rooms::fixture::{CODE, Knock, Member, NodeMood, World},
    sdp_body::SdpForm,
};

const LOBBY: Rules = Rules {
    lobby: true,
    locked: false,
    microphone: true,
    camera: true,
    screen: true,
    chat: true,
    private_chat: true,
    recording: true,
};

/// A room whose guests wait, with a host in it or not.
struct Door {
    world: World,
    host: Option<Member>,
    last_id: u64,
}

impl Door {
    fn with_host() -> Door {
        Door::with(Limits::default())
    }

    fn with(limits: Limits) -> Door {
        let mut door = Door::without_host(limits);
        door.enter_host();
        door
    }

    fn without_host(limits: Limits) -> Door {
        Door { world: World::with_rules(limits, LOBBY), host: None, last_id: 1 }
    }

    fn enter_host(&mut self) {
        self.host = Some(self.world.join_room("math", "Ana", "host"));
        self.world.take_requests();
    }

    fn host(&self) -> SocketId {
        self.host.as_ref().expect("a host").socket
    }

    /// Somebody knocks and waits.
    fn wait(&mut self, name: &str) -> SocketId {
        let socket = self.world.knock(&Knock::guest(name));
        assert!(matches!(self.world.bodies(socket)[..], [ServerBody::InLobby { .. }]), "{name}");
        socket
    }

    fn moderate(&mut self, fields: &str) -> Result<(), ErrorCode> {
        self.last_id += 1;
        let host = self.host();
        self.world.command(host, self.last_id, &format!(r#""kind":"moderate",{fields}"#));
        let heard = self.world.bodies(host);
        let answer = |body: &ServerBody| match body {
            ServerBody::Done { re } if *re == self.last_id => Some(Ok(())),
            ServerBody::Error { re, code, .. } if *re == self.last_id => Some(Err(*code)),
            _ => None,
        };
        heard.iter().find_map(answer).expect("an answer")
    }

    fn set_rules(&mut self, rules: Rules) {
        let rules = serde_json::to_string(&rules).expect("it serializes");
        self.moderate(&format!(r#""action":"set_rules","rules":{rules}"#)).expect("a host may");
    }

    /// What the host was told last of who waits.
    fn listed(&mut self) -> Vec<Waiting> {
        let host = self.host();
        let mut lists = self.world.bodies(host).into_iter().filter_map(|body| match body {
            ServerBody::Lobby { waiting } => Some(waiting),
            _ => None,
        });
        lists.next_back().expect("a list")
    }

    fn names(&mut self) -> Vec<String> {
        self.listed().into_iter().map(|one| one.name).collect()
    }

    fn newcomers_at_node(&mut self) -> usize {
        let is_new = |command: &&NodeCommand| matches!(command, NodeCommand::AddEndpoint { .. });
        self.world.take_requests().iter().filter(is_new).count()
    }
}

fn these(ids: &[ParticipantId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| id.0.to_string()).collect();
    format!(r#""whom":{{"these":[{}]}}"#, ids.join(","))
}

#[test]
fn a_guest_waits_until_a_host_says_yes() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    let cy = door.wait("Cy");
    let waiting = door.listed();
    let listed: Vec<_> = waiting.iter().map(|one| (one.name.as_str(), one.by_code)).collect();
    assert_eq!(listed, [("Bo", false), ("Cy", false)]);
    assert_eq!(door.newcomers_at_node(), 0, "the node hears nothing of them");
    door.world.advance(Duration::from_secs(3600));
    assert_eq!(door.world.take_all(bo), [], "patience has no end");
    door.moderate(&format!(r#""action":"admit",{}"#, these(&[waiting[1].id, ParticipantId(7)])))
        .expect("a host may");
    assert_eq!(door.newcomers_at_node(), 1);
    let joined = door.world.take_joined(cy);
    assert_eq!((joined.you, joined.lobby.len()), (waiting[1].id, 0));
    assert_eq!(door.world.take(bo), None);
    door.world.command(cy, 2, r#""kind":"chat","text":"hello""#);
    assert_eq!(door.world.take_all(cy).len(), 1, "who waits and who came: {cy:?} is in");
    assert_eq!(door.world.take(bo), None, "who waits hears nothing of the room");
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
    door.world.take_joined(bo);
    assert_eq!((door.world.rooms.waiting(), door.world.rooms.sessions()), (0, 3));
}

#[test]
fn guests_in_the_room_hear_nothing_of_those_who_wait() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
    assert_eq!(door.world.take_joined(bo).lobby, []);
    let cy = door.wait("Cy");
    assert_eq!(door.world.take_all(bo), []);
    door.world.drop_socket(cy);
    assert_eq!(door.world.take_all(bo), []);
}

#[test]
fn who_is_denied_is_told_and_gone() {
    let mut door = Door::with_host();
    let (bo, cy) = (door.wait("Bo"), door.wait("Cy"));
    let ids = door.listed();
    door.moderate(&format!(r#""action":"deny",{}"#, these(&[ids[0].id]))).expect("a host may");
    assert_eq!(door.world.take_error(bo), (0, 1, ErrorCode::Denied));
    assert_eq!(door.world.closed(bo), Some(CloseReason::Refused));
    assert_eq!(door.world.take(cy), None);
    door.moderate(r#""action":"deny","whom":"all""#).expect("a host may");
    assert_eq!(door.world.take_error(cy).2, ErrorCode::Denied);
    assert_eq!(door.newcomers_at_node(), 0);
    let denied = RoomEvent::JoinRefused { code: ErrorCode::Denied };
    assert_eq!(door.world.events.iter().filter(|event| **event == denied).count(), 2);
}

#[test]
fn a_lost_socket_and_a_leave_give_the_place_up() {
    let mut door = Door::with_host();
    let (bo, cy) = (door.wait("Bo"), door.wait("Cy"));
    let ids = door.listed();
    door.world.drop_socket(bo);
    assert_eq!(door.names(), ["Cy"]);
    door.world.command(cy, 2, r#""kind":"leave""#);
    assert_eq!(door.world.bodies(cy), [ServerBody::Ended { reason: EndReason::Left }]);
    assert_eq!(door.world.closed(cy), Some(CloseReason::Ended));
    assert_eq!(door.names(), Vec::<String>::new());
    door.moderate(&format!(r#""action":"admit",{}"#, these(&[ids[0].id, ids[1].id])))
        .expect("who is not there is left out");
    assert_eq!(door.newcomers_at_node(), 0);
    let is_abandoned = |event: &&RoomEvent| **event == RoomEvent::JoinAbandoned;
    assert_eq!(door.world.events.iter().filter(is_abandoned).count(), 2);
}

#[test]
fn who_waits_knows_whether_a_host_is_there_and_keeps_the_room_alive() {
    let mut door = Door::without_host(Limits::default());
    let told = |host_is_here| [ServerBody::InLobby { host_is_here }];
    let bo = door.world.knock(&Knock::guest("Bo"));
    assert_eq!(door.world.bodies(bo), told(false));
    door.world.advance(Duration::from_secs(3600));
    assert_eq!(door.world.rooms.live_rooms(), 1);
    door.enter_host();
    let host = door.host.as_ref().expect("a host");
    assert_eq!(host.joined.lobby.len(), 1);
    assert_eq!(door.world.bodies(bo), told(true));
    let second = door.world.join_room("math", "Dee", "host");
    door.world.command(second.socket, 2, r#""kind":"leave""#);
    assert_eq!(door.world.take_all(bo), [], "one host is still there");
    let host = door.host();
    door.world.command(host, 2, r#""kind":"leave""#);
    assert_eq!(door.world.bodies(bo), told(false));
    door.world.advance(Duration::from_secs(3600));
    assert_eq!(door.world.closed(bo), None);
    door.world.drop_socket(bo);
    door.world.advance(Duration::from_secs(11));
    assert_eq!(door.world.rooms.live_rooms(), 0, "nobody is there and nobody waits");
}

#[test]
fn the_end_of_the_lobby_lets_in_who_waited_for_nothing_else() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    let cy = door.world.knock(&Knock { code: Some(CODE), ..Knock::guest("Cy") });
    door.set_rules(Rules { lobby: true, chat: false, ..LOBBY });
    assert_eq!(door.world.take(bo), None);
    door.set_rules(Rules { lobby: false, ..LOBBY });
    door.world.take_joined(bo);
    assert_eq!(door.world.bodies(cy), [ServerBody::InLobby { host_is_here: true }]);
    let dee = door.world.knock(&Knock::guest("Dee"));
    door.world.take_joined(dee);
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
    door.world.take_joined(cy);
}

#[test]
fn a_locked_room_takes_hosts_and_those_who_come_back() {
    let mut door = Door::with_host();
    let waiting = door.wait("Bo");
    door.set_rules(Rules { lobby: false, locked: true, ..LOBBY });
    assert_eq!(door.world.take(waiting), None, "the lock is stronger than the end of the lobby");
    for knock in [Knock::guest("Cy"), Knock { code: Some(CODE), ..Knock::guest("Cy") }] {
        let socket = door.world.knock(&knock);
        assert_eq!(door.world.take_error(socket).2, ErrorCode::Locked);
        assert_eq!(door.world.closed(socket), Some(CloseReason::Refused));
    }
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host's word opens it");
    let bo = door.world.take_joined(waiting);
    door.world.drop_socket(waiting);
    let back = door.world.resume(&bo.ticket, 1);
    assert!(matches!(door.world.bodies(back)[..], [ServerBody::Resumed { .. }, ..]));
    door.world.join_room("math", "Dee", "host");
}

#[test]
fn who_waits_can_do_nothing_but_wait() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    let id = door.listed()[0].id.0;
    let ticket = format!("1.{id:x}.{:032x}", u128::from_be_bytes([bo.0 as u8; 16]));
    door.world.take_requests();
    let sections =
        serde_json::to_string(&crate::rooms::fixture::sections()).expect("it serializes");
    let offer = format!(r#""kind":"offer","offer":{{"plain":"v=0"}},"sections":{sections}"#);
    let resume = format!(r#""kind":"resume","ticket":"{ticket}","last_seq":0"#);
    let admit = format!(r#""kind":"moderate","action":"admit",{}"#, these(&[ParticipantId(id)]));
    for fields in [
        offer.as_str(),
        resume.as_str(),
        admit.as_str(),
        r#""kind":"moderate","action":"set_rules","rules":{"lobby":false}"#,
        r#""kind":"moderate","action":"take_attendance""#,
        r#""kind":"publish","source":"camera","state":{}"#,
        r#""kind":"view","tiles":[]"#,
        r#""kind":"chat","text":"hello""#,
        r#""kind":"hand","raised":true"#,
        r#""kind":"react","reaction":"heart""#,
        r#""kind":"vote","poll":1,"choice":"yes""#,
        r#""kind":"record","on":true"#,
    ] {
        door.world.command(bo, 2, fields);
        assert_eq!(door.world.take_error(bo).2, ErrorCode::NotJoined, "{fields}");
    }
    let again = Knock::guest("Bo once more").text();
    door.world.say(bo, &again);
    assert_eq!(door.world.take_error(bo).2, ErrorCode::NotJoined, "one socket is one person");
    door.world.say(bo, "{");
    assert_eq!(door.world.take_error(bo).2, ErrorCode::BadMessage);
    door.world.command(bo, 0, r#""kind":"ping""#);
    assert_eq!(door.world.bodies(bo), [ServerBody::Pong]);
    // Nor on another socket, with the ticket that will be theirs.
    let thief = door.world.resume(&ticket, 0);
    assert_eq!(door.world.take_error(thief).2, ErrorCode::SessionGone);
    let host = door.host();
    assert_eq!(door.world.take_all(host), []);
    assert_eq!(door.world.take_requests(), []);
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
    assert_eq!(door.world.take_joined(bo).ticket, ticket, "it would have been the right one");
}

#[test]
fn who_floods_the_lobby_is_told_then_closed() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    for _ in 0..200 {
        if door.world.closed(bo).is_none() {
            door.world.command(bo, 0, r#""kind":"ping""#);
        }
    }
    assert_eq!(door.world.closed(bo), Some(CloseReason::Abuse));
    assert_eq!(door.names(), Vec::<String>::new());
}

#[test]
fn a_lobby_is_bounded_by_people_and_by_bytes() {
    let mut door = Door::with(Limits { lobby_places: 2, ..Limits::default() });
    let bo = door.wait("Bo");
    door.wait("Cy");
    let dee = door.world.knock(&Knock::guest("Dee"));
    assert_eq!(door.world.take_error(dee).2, ErrorCode::RoomFull);
    door.world.drop_socket(bo);
    door.wait("Dee");

    let mut door = Door::with(Limits { lobby_bytes: 5_000, ..Limits::default() });
    let bo = door.wait("Bo");
    let long = SdpBody::Plain("v=0 ".repeat(1_000));
    let cy = door.world.knock(&Knock { offer: Some(&long), ..Knock::guest("Cy") });
    assert_eq!(door.world.take_error(cy).2, ErrorCode::ServerFull);
    let packed = SdpForm::Deflated.write("v=0 ".repeat(1_000));
    let cy = door.world.knock(&Knock { offer: Some(&packed), ..Knock::guest("Cy") });
    assert!(matches!(door.world.bodies(cy)[..], [ServerBody::InLobby { .. }]), "it is held packed");
    let mut socket = bo;
    for n in 0..100 {
        door.world.drop_socket(socket);
        socket = door.wait(&format!("Guest {n}"));
    }
}

#[test]
fn what_is_held_goes_to_the_node_as_it_came() {
    let mut door = Door::with_host();
    let text = "v=0 ".repeat(1_000);
    for offer in [SdpBody::Plain(text.clone()), SdpForm::Deflated.write(text.clone())] {
        let bo = door.world.knock(&Knock { offer: Some(&offer), ..Knock::guest("Bo") });
        door.world.take_requests();
        door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
        let sent = door.world.take_requests().into_iter().find_map(|command| match command {
            NodeCommand::AddEndpoint { offer, .. } => Some(offer),
            _ => None,
        });
        assert_eq!(sent.as_ref(), Some(&text));
        door.world.take_all(bo);
    }
}

#[test]
fn who_finds_no_place_in_the_room_goes_on_waiting() {
    let mut door = Door::with(Limits { participants_per_room: 2, ..Limits::default() });
    let (bo, cy) = (door.wait("Bo"), door.wait("Cy"));
    let result = door.moderate(r#""action":"admit","whom":"all""#);
    assert_eq!(result, Err(ErrorCode::RoomFull));
    door.world.take_joined(bo);
    assert_eq!(door.world.take(cy), None);
    door.world.command(bo, 2, r#""kind":"leave""#);
    door.moderate(r#""action":"admit","whom":"all""#).expect("there is a place");
    door.world.take_joined(cy);
}

#[test]
fn whoever_waited_long_gets_the_credentials_of_this_hour() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    let fresh = IceServer {
        urls: vec!["turns:meet.example.org:443?transport=tcp".to_owned()],
        username: "2:name".to_owned(),
        credential: "fresh proof".to_owned(),
    };
    door.world.renew_ice_servers(bo, vec![fresh.clone()]);
    assert_eq!(door.world.take(bo), None);
    door.moderate(r#""action":"admit","whom":"all""#).expect("a host may");
    assert_eq!(door.world.take_joined(bo).ice_servers, [fresh]);
}

#[test]
fn who_waits_before_a_room_that_the_node_lost_is_told() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    door.world.node = NodeMood::Refuses(NodeError::UnknownRoom);
    let dee = door.world.knock(&Knock::host("Dee"));
    assert_eq!(door.world.take_error(dee).2, ErrorCode::MediaUnavailable);
    assert_eq!(door.world.take_error(bo).2, ErrorCode::MediaUnavailable);
    assert_eq!((door.world.rooms.live_rooms(), door.world.rooms.waiting()), (0, 0));
}

#[test]
fn a_stop_is_told_to_those_who_wait() {
    let mut door = Door::with_host();
    let bo = door.wait("Bo");
    door.world.rooms.handle_stop(door.world.now);
    door.world.drain();
    let reason = EndReason::ServerStopping;
    assert_eq!(door.world.bodies(bo), [ServerBody::Ended { reason }]);
    assert_eq!(door.world.closed(bo), Some(CloseReason::Stopping));
}

#[test]
fn a_code_opens_the_lobby_whatever_the_rules_are() {
    let mut door = Door::with_host();
    door.set_rules(Rules::default());
    for code in ["042917", "042 917"] {
        let bo = door.world.knock(&Knock { code: Some(code), ..Knock::guest("Bo") });
        assert_eq!(door.world.bodies(bo), [ServerBody::InLobby { host_is_here: true }]);
    }
    assert!(door.listed().iter().all(|one| one.by_code));
    // Who has a link needs no code.
    let secret = Some("guest");
    let cy = door.world.knock(&Knock { code: Some("000000"), secret, ..Knock::guest("Cy") });
    door.world.take_joined(cy);
}

/// A wrong code: how it is answered.
fn guess(door: &mut Door, code: &str, address: &'static str) -> ErrorCode {
    let socket = door.world.knock(&Knock { code: Some(code), address, ..Knock::guest("Eve") });
    match door.world.bodies(socket)[..] {
        [ServerBody::Error { code, .. }] => code,
        [ServerBody::InLobby { .. }] => panic!("{code} is right"),
        ref other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn codes_cannot_be_guessed_by_trying() {
    let mut door = Door::with_host();
    let addresses = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"];
    for n in 0..10 {
        let wrong = guess(&mut door, &format!("00000{n}"), addresses[n % 4]);
        assert_eq!(wrong, ErrorCode::BadCode);
    }
    for address in addresses {
        assert_eq!(guess(&mut door, CODE, address), ErrorCode::BadCode, "the right one too");
    }
    door.wait("Bo");
    door.world.join_room("math", "Dee", "host");
    door.world.advance(Duration::from_secs(61));
    let cy = door.world.knock(&Knock { code: Some(CODE), ..Knock::guest("Cy") });
    assert!(matches!(door.world.bodies(cy)[..], [ServerBody::InLobby { .. }]));
}

#[test]
fn asking_much_at_once_gains_nothing() {
    let mut door = Door::with_host();
    door.world.store_answers = false;
    let mut knock = |code: &str| {
        door.world.knock(&Knock {
            code: Some(code),
            address: "198.51.100.1",
            ..Knock::guest("Eve")
        })
    };
    let sockets: Vec<_> = (0..30).map(|n| knock(&format!("0000{n:02}"))).collect();
    let right = knock(CODE);
    door.world.store_wakes();
    for socket in sockets.into_iter().chain([right]) {
        assert_eq!(door.world.take_error(socket).2, ErrorCode::BadCode);
    }
}

#[test]
fn what_is_no_code_is_answered_as_a_wrong_one_and_costs_nothing() {
    let mut door = Door::with_host();
    for code in ["", "12345", "hello", "1234567"].into_iter().cycle().take(40) {
        assert_eq!(guess(&mut door, code, "198.51.100.1"), ErrorCode::BadCode, "{code:?}");
    }
    let bo = door.world.knock(&Knock { code: Some(CODE), ..Knock::guest("Bo") });
    assert!(matches!(door.world.bodies(bo)[..], [ServerBody::InLobby { .. }]));
}
