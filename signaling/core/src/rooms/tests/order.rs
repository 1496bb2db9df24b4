//! Rules, roles, removal and bans; and that nobody but hosts keeps order.

use protocol::{
    Duration, ParticipantId,
    client::{
        EndReason, ErrorCode, Participant, Role, ServerBody, ServerMessage,
        order::{Rules, Waiting},
    },
    media::{Source, VoicePriority},
    node::NodeCommand,
};

use super::class::{BO, CY, Class, HOST};
use crate::{
    CloseReason, Limits, RoomEvent, StoredBan,
    rooms::fixture::{Knock, World, browser_key},
};

fn turned_off(source: Source, by: Option<ParticipantId>) -> ServerBody {
    ServerBody::TurnedOff { source, by }
}

fn off(participant: ParticipantId, source: Source) -> NodeCommand {
    NodeCommand::SetSource { participant, source, state: None }
}

/// What a change says that somebody has on.
fn sources_on(body: &ServerBody, of: ParticipantId) -> Vec<Source> {
    match body {
        ServerBody::ParticipantChanged { participant } if participant.id == of => {
            participant.sources.iter().map(|on| on.source).collect()
        }
        other => panic!("no change of {of:?}: {other:?}"),
    }
}

fn changed(body: &ServerBody) -> &Participant {
    match body {
        ServerBody::ParticipantChanged { participant } => participant,
        other => panic!("no change: {other:?}"),
    }
}

/// Every action, by name, as JSON; `ID` stands for somebody in the room.
const ACTIONS: [&str; 17] = [
    r#""action":"admit","whom":"all""#,
    r#""action":"deny","whom":"all""#,
    r#""action":"turn_off","whom":"all","source":"microphone""#,
    r#""action":"ask_to_turn_on","participant":ID,"source":"microphone""#,
    r#""action":"set_rules","rules":{"chat":false}"#,
    r#""action":"set_role","participant":ID,"role":"host""#,
    r#""action":"remove","participant":ID,"ban":true"#,
    r#""action":"end""#,
    r#""action":"lower_hands","whom":"all""#,
    r#""action":"set_timer","seconds":60"#,
    r#""action":"set_focus","focus":{"stage":null}"#,
    r#""action":"open_poll","question":"Ready?""#,
    r#""action":"close_poll","poll":1"#,
    r#""action":"dismiss_poll","poll":1"#,
    r#""action":"take_attendance""#,
    r#""action":"list_bans""#,
    r#""action":"lift_ban","ban":1"#,
];

#[test]
fn nobody_but_a_host_keeps_order_whatever_they_say() {
    let mut class = Class::of(2);
    class.publish(CY, "microphone", "{}");
    class.command(CY, r#""kind":"hand","raised":true"#);
    class.moderate(HOST, r#""action":"open_poll","question":"Ready?""#).expect("a host may");
    class.forget();
    for action in ACTIONS {
        for of in [HOST, BO, CY] {
            let action = action.replace("ID", &class.id(of).0.to_string());
            assert_eq!(class.moderate(BO, &action), Err(ErrorCode::NotAllowed), "{action}");
            class.assert_nothing_heard();
        }
        class.world.advance(Duration::from_secs(5));
    }
    assert!(class.world.bans.is_empty());
    let remove = format!(r#""action":"remove","participant":{},"ban":false"#, class.id(BO).0);
    class.moderate(HOST, &remove).expect("a host may");
    class.forget();
    let ticket = class.people[BO].joined.ticket.clone();
    let again = class.world.resume(&ticket, 1);
    assert_eq!(class.world.take_error(again).2, ErrorCode::SessionGone);
    for action in ACTIONS {
        let action = action.replace("ID", &class.id(CY).0.to_string());
        class.world.command(again, 99, &format!(r#""kind":"moderate",{action}"#));
        assert_eq!(class.world.take_error(again).2, ErrorCode::NotJoined, "{action}");
        class.assert_nothing_heard();
        class.world.advance(Duration::from_millis(100));
    }
}

#[test]
fn who_comes_first_with_a_guests_link_is_a_guest() {
    let mut world = World::new();
    let first = world.join("Bo");
    assert_eq!((first.joined.role, first.joined.code.as_deref()), (Role::Guest, None));
    let host = world.join_room("math", "Ana", "host");
    assert_eq!((host.joined.role, host.joined.code.as_deref()), (Role::Host, Some("042917")));
}

#[test]
fn what_a_rule_forbids_is_turned_off_and_stays_off() {
    let cases: [(Rules, &[Source]); 3] = [
        (Rules { microphone: false, ..Rules::default() }, &[Source::Microphone]),
        (Rules { camera: false, ..Rules::default() }, &[Source::Camera]),
        (Rules { screen: false, ..Rules::default() }, &[Source::Screen, Source::ScreenAudio]),
    ];
    for (rules, forbidden) in cases {
        let mut class = Class::of(2);
        for who in [HOST, BO] {
            for source in ["microphone", "camera", "screen", "screen_audio"] {
                class.publish(who, source, "{}");
            }
        }
        class.forget();
        let (host, bo) = (class.id(HOST), class.id(BO));
        class.set_rules(HOST, rules).expect("a host may");
        let left: Vec<_> =
            Source::ALL.into_iter().filter(|source| !forbidden.contains(source)).collect();
        let heard = class.heard(BO);
        assert!(matches!(&heard[0], ServerBody::Room(room) if room.rules == rules), "{heard:?}");
        let told: Vec<_> = forbidden.iter().map(|&source| turned_off(source, Some(host))).collect();
        assert_eq!(heard[1..heard.len() - 1], told);
        assert_eq!(sources_on(heard.last().expect("a change"), bo), left);
        let heard = class.heard(CY);
        assert_eq!(heard.len(), 2, "the rules and one change: {heard:?}");
        assert_eq!(sources_on(&heard[1], bo), left);
        let asked: Vec<_> = forbidden.iter().map(|&source| off(bo, source)).collect();
        assert_eq!(class.world.take_requests(), asked, "the node forwards nothing of it");

        for &source in forbidden {
            let source = serde_json::to_string(&source).expect("it serializes");
            let publish = format!(r#""kind":"publish","source":{source},"state":{{}}"#);
            assert_eq!(class.give(BO, &publish), (vec![], Err(ErrorCode::NotAllowed)));
            class.assert_nothing_heard();
        }
        class.set_rules(HOST, Rules::default()).expect("a host may");
        class.forget();
        for &source in forbidden {
            let source = serde_json::to_string(&source).expect("it serializes");
            class.command(BO, &format!(r#""kind":"publish","source":{source},"state":{{}}"#));
        }
        let heard = class.heard(CY);
        assert_eq!(sources_on(heard.last().expect("a change"), bo), Source::ALL);
    }
}

#[test]
fn what_a_newcomer_may_not_bring_along_is_left_at_the_door() {
    let rules = Rules { camera: false, ..Rules::default() };
    let mut class = Class::in_world(World::with_rules(Limits::default(), rules), 1);
    let on = r#"[{"source":"camera","width":640},{"source":"microphone"}]"#;
    let cy = class.world.knock(&Knock { sources: on, ..Knock::guest("Cy") });
    let joined = class.world.take_joined(cy);
    assert_eq!(class.world.bodies(cy), [turned_off(Source::Camera, None)]);
    let me = joined.participants.iter().find(|one| one.id == joined.you).expect("oneself");
    assert_eq!(me.sources.iter().map(|on| on.source).collect::<Vec<_>>(), [Source::Microphone]);
    let is_camera = |command: &NodeCommand| {
        matches!(command, NodeCommand::SetSource { source: Source::Camera, .. })
    };
    assert!(!class.world.take_requests().iter().any(is_camera), "the node hears nothing of it");
    let heard = class.heard(BO);
    let [ServerBody::ParticipantJoined { participant }] = &heard[..] else {
        panic!("one newcomer: {heard:?}");
    };
    assert_eq!(participant.sources, me.sources);
    let host = class.world.knock(&Knock { sources: on, ..Knock::host("Dee") });
    let joined = class.world.take_joined(host);
    assert_eq!(joined.participants.last().map(|one| one.sources.len()), Some(2), "hosts may");
}

#[test]
fn a_rule_that_comes_while_the_node_works_binds_the_newcomer() {
    let mut class = Class::of(0);
    class.world.node = crate::rooms::fixture::NodeMood::Silent;
    let on = r#"[{"source":"microphone"}]"#;
    let bo = class.world.knock(&Knock { sources: on, ..Knock::guest("Bo") });
    class.set_rules(HOST, Rules { microphone: false, ..Rules::default() }).expect("a host may");
    class.world.node_wakes();
    assert_eq!(class.world.take_joined(bo).participants[1].sources, []);
    assert_eq!(class.world.bodies(bo), [turned_off(Source::Microphone, None)]);
}

#[test]
fn a_host_turns_sources_off_and_never_on() {
    let mut class = Class::of(2);
    for who in [HOST, BO, CY] {
        class.publish(who, "microphone", "{}");
    }
    class.publish(CY, "screen", r#"{"width":1920,"height":1080}"#);
    class.publish(CY, "screen_audio", "{}");
    class.forget();
    let (host, bo, cy) = (class.id(HOST), class.id(BO), class.id(CY));
    let all = r#""action":"turn_off","whom":"all","source":"microphone""#;
    class.moderate(HOST, all).expect("a host may");
    let asked = class.world.take_requests();
    assert_eq!(asked.len(), 2);
    for guest in [bo, cy] {
        assert!(asked.contains(&off(guest, Source::Microphone)), "hosts are left alone");
    }
    let to_bo = class.heard(BO);
    assert!(to_bo.contains(&turned_off(Source::Microphone, Some(host))));
    assert_eq!(to_bo.len(), 3, "oneself, and the change of both: {to_bo:?}");
    class.forget();
    class.moderate(HOST, all).expect("it is done already");
    class.assert_nothing_heard();

    let these = format!(r#""whom":{{"these":[{},{},77]}}"#, host.0, cy.0);
    class
        .moderate(HOST, &format!(r#""action":"turn_off",{these},"source":"screen""#))
        .expect("may");
    assert_eq!(
        class.world.take_requests(),
        [off(cy, Source::Screen), off(cy, Source::ScreenAudio)]
    );
    let to_cy = class.heard(CY);
    let told = [Source::Screen, Source::ScreenAudio].map(|source| turned_off(source, Some(host)));
    assert_eq!(to_cy[..2], told);
    assert_eq!(sources_on(&to_cy[2], cy), []);
    class
        .moderate(HOST, &format!(r#""action":"turn_off",{these},"source":"microphone""#))
        .expect("may");
    assert_eq!(class.world.take_requests(), [off(host, Source::Microphone)], "by name, hosts too");

    class.forget();
    class.publish(BO, "microphone", "{}");
    assert_eq!(sources_on(&class.heard(CY)[0], bo), [Source::Microphone], "nothing forbids it");
}

#[test]
fn an_order_wins_over_what_was_said_before_it_was_heard() {
    for by_rule in [false, true] {
        let mut class = Class::of(2);
        let (host, bo) = (class.id(HOST), class.id(BO));
        class.publish(BO, "camera", "{}");
        let seen = class.world.take_all(class.socket(BO)).last().expect("a change").seq;
        class.forget();
        let say = |class: &mut Class, state: &str, seen: u64| {
            let fields = format!(r#""kind":"publish","source":"camera","state":{state}"#);
            class.command(BO, &format!(r#"{fields},"seen":{seen}"#))
        };
        // What the host says and what the guest says cross on their way.
        if by_rule {
            class.set_rules(HOST, Rules { camera: false, ..Rules::default() }).expect("may");
            class.set_rules(HOST, Rules::default()).expect("a host may");
        } else {
            let order = r#""action":"turn_off","whom":"all","source":"camera""#;
            class.moderate(HOST, order).expect("a host may");
        }
        let heard = class.world.take_all(class.socket(BO));
        let is_order = |one: &&ServerMessage| one.body == turned_off(Source::Camera, Some(host));
        let told = heard.iter().find(is_order).expect("they are told").seq;
        class.forget();
        say(&mut class, r#"{"width":320}"#, seen);
        assert_eq!(class.world.take_error(class.socket(BO)).2, ErrorCode::NotAllowed);
        class.assert_nothing_heard();
        // Nor by turning it off and on again, as with a key that is held.
        say(&mut class, "null", seen);
        say(&mut class, "{}", told - 1);
        assert_eq!(class.world.take_error(class.socket(BO)).2, ErrorCode::NotAllowed);
        class.assert_nothing_heard();
        // And once more over the next socket, where it has got lost.
        class.world.drop_socket(class.socket(BO));
        let ticket = class.people[BO].joined.ticket.clone();
        class.people[BO].socket = class.world.resume(&ticket, seen);
        class.forget();
        say(&mut class, "{}", seen);
        assert_eq!(class.world.take_error(class.socket(BO)).2, ErrorCode::NotAllowed);
        class.assert_nothing_heard();
        // Another source of theirs is not meant, and whoever has heard it decides anew.
        class.publish(BO, "microphone", "{}");
        assert_eq!(sources_on(&class.heard(BO)[0], bo), [Source::Microphone]);
        say(&mut class, "{}", told);
        assert_eq!(sources_on(&class.heard(BO)[0], bo), [Source::Microphone, Source::Camera]);
    }
}

#[test]
fn a_host_asks_and_the_person_decides() {
    let mut class = Class::of(2);
    let (host, bo) = (class.id(HOST), class.id(BO));
    let ask = |id: u32, source: &str| {
        format!(r#""action":"ask_to_turn_on","participant":{id},"source":"{source}""#)
    };
    class.moderate(HOST, &ask(bo.0, "camera")).expect("a host may");
    let asked = ServerBody::AskedToTurnOn { source: Source::Camera, by: host };
    assert_eq!(class.heard(BO), [asked]);
    class.assert_nothing_heard();
    assert_eq!(class.moderate(HOST, &ask(77, "camera")), Err(ErrorCode::UnknownParticipant));
    class.set_rules(HOST, Rules { camera: false, ..Rules::default() }).expect("a host may");
    class.forget();
    assert_eq!(class.moderate(HOST, &ask(bo.0, "camera")), Err(ErrorCode::NotAllowed));
    class.assert_nothing_heard();
}

#[test]
fn who_is_made_a_host_gets_what_hosts_get_and_gives_it_back() {
    let mut class = Class::of(2);
    let rules = Rules { lobby: true, microphone: false, ..Rules::default() };
    class.set_rules(HOST, rules).expect("a host may");
    let dee = class.world.knock(&Knock::guest("Dee"));
    class.world.take_all(dee);
    class.forget();
    let (host, bo) = (class.id(HOST), class.id(BO));
    let set = |id: ParticipantId, role: &str| {
        format!(r#""action":"set_role","participant":{},"role":"{role}""#, id.0)
    };
    class.moderate(HOST, &set(bo, "host")).expect("a host may");
    assert_eq!(changed(&class.heard(CY)[0]).role, Role::Host);
    let heard = class.heard(BO);
    let [ServerBody::Invitation { guest_secret, code }, _, ServerBody::Lobby { waiting }] =
        &heard[..]
    else {
        panic!("no list: {heard:?}");
    };
    assert_eq!((guest_secret.as_deref(), code.as_deref()), (Some("guest"), Some("042917")));
    assert_eq!(waiting.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Dee"]);
    let voice = |priority| NodeCommand::SetVoice { participant: bo, priority };
    assert_eq!(class.world.take_requests(), [voice(VoicePriority::First)]);
    class.publish(BO, "microphone", "{}");
    class.command(BO, r#""kind":"record","on":true"#);
    class.forget();

    class.moderate(BO, &set(host, "guest")).expect("there are two");
    class.forget();
    let own = class.moderate(BO, &set(bo, "guest"));
    assert_eq!(own, Err(ErrorCode::NotAllowed), "the last host stays one");
    assert_eq!(class.set_rules(HOST, Rules::default()), Err(ErrorCode::NotAllowed));
    class.assert_nothing_heard();
    class.moderate(BO, &set(host, "host")).expect("a host may");
    class.forget();
    class.moderate(HOST, &set(bo, "guest")).expect("there are two");
    let heard = class.heard(BO);
    assert_eq!(changed(&heard[0]).role, Role::Guest, "and nothing to invite with");
    assert_eq!(heard[1], ServerBody::Lobby { waiting: vec![] });
    assert_eq!(heard[2], turned_off(Source::Microphone, Some(host)), "the rules bind again");
    let asked = class.world.take_requests();
    assert_eq!(asked, [voice(VoicePriority::Usual), off(bo, Source::Microphone)]);
    assert_eq!(class.moderate(HOST, &set(bo, "guest")), Ok(()), "it is one already");
    let unknown = class.moderate(HOST, &set(ParticipantId(77), "host"));
    assert_eq!(unknown, Err(ErrorCode::UnknownParticipant));
}

#[test]
fn who_is_removed_is_told_and_their_ticket_opens_nothing() {
    let mut class = Class::of(2);
    let (host, bo, cy) = (class.id(HOST), class.id(BO), class.id(CY));
    let remove =
        |id: ParticipantId| format!(r#""action":"remove","participant":{},"ban":false"#, id.0);
    assert_eq!(class.moderate(HOST, &remove(host)), Err(ErrorCode::NotAllowed), "one leaves");
    class.assert_nothing_heard();
    class.moderate(HOST, &remove(bo)).expect("a host may");
    assert_eq!(class.heard(BO), [ServerBody::Ended { reason: EndReason::Removed }]);
    assert_eq!(class.world.closed(class.socket(BO)), Some(CloseReason::Ended));
    assert_eq!(class.heard(CY), [ServerBody::ParticipantLeft { participant: bo }]);
    assert_eq!(class.world.take_requests(), [NodeCommand::RemoveEndpoint { participant: bo }]);
    assert_eq!(class.moderate(HOST, &remove(bo)), Err(ErrorCode::UnknownParticipant));
    let ticket = class.people[BO].joined.ticket.clone();
    let back = class.world.resume(&ticket, 1);
    assert_eq!(class.world.take_error(back).2, ErrorCode::SessionGone);

    // Also of somebody whose socket is lost.
    class.world.drop_socket(class.socket(CY));
    class.moderate(HOST, &remove(cy)).expect("a host may");
    let ticket = class.people[CY].joined.ticket.clone();
    let back = class.world.resume(&ticket, 1);
    assert_eq!(class.world.take_error(back).2, ErrorCode::SessionGone);
    // Removed is not banned.
    class.enter(&Knock::guest("Bo again"));
    assert!(class.world.bans.is_empty());
}

#[test]
fn a_ban_binds_the_browser_and_newcomers_of_its_address_wait() {
    let mut class = Class::of(0);
    let bo = Knock { browser: Some("bo"), address: "198.51.100.7", ..Knock::guest("Bo") };
    let first = class.enter(&bo);
    let second = class.enter(&Knock { name: "Bo in a second tab", ..bo });
    let neighbour = class.enter(&Knock { browser: Some("cy"), name: "Cy", ..bo });
    class.forget();
    let ban = |id: ParticipantId| format!(r#""action":"remove","participant":{},"ban":true"#, id.0);
    let id = class.id(first);
    class.moderate(HOST, &ban(id)).expect("a host may");
    for tab in [first, second] {
        let heard = class.heard(tab);
        assert_eq!(heard.last(), Some(&ServerBody::Ended { reason: EndReason::Removed }));
    }
    let stored = StoredBan { browser: browser_key("bo"), name: "Bo".to_owned() };
    assert_eq!(class.world.bans, [stored]);
    assert_eq!(class.world.closed(class.socket(neighbour)), None, "who is in stays");

    let elsewhere = Knock { address: "203.0.113.9", ..bo };
    for knock in [bo, elsewhere] {
        let socket = class.world.knock(&knock);
        assert_eq!(class.world.take_error(socket).2, ErrorCode::Banned);
        assert_eq!(class.world.closed(socket), Some(CloseReason::Refused));
    }
    for browser in [None, Some("another")] {
        let socket = class.world.knock(&Knock { browser, ..bo });
        let waits = ServerBody::InLobby { host_is_here: true };
        assert_eq!(class.world.bodies(socket), [waits], "a stranger from there");
    }
    let host = Knock { browser: Some("bo"), address: "198.51.100.7", ..Knock::host("Dee") };
    class.enter(&host);
    class.enter(&Knock { address: "203.0.113.9", ..Knock::guest("Eli") });
    let other = class.world.knock(&Knock { room: "music", ..bo });
    class.world.take_joined(other);
}

#[test]
fn a_ban_of_somebody_without_a_browser_watches_the_address_alone() {
    let mut class = Class::of(0);
    let bo = Knock { address: "2001:db8::7", ..Knock::guest("Bo") };
    let place = class.enter(&bo);
    let id = class.id(place);
    let ban = format!(r#""action":"remove","participant":{},"ban":true"#, id.0);
    class.moderate(HOST, &ban).expect("a host may");
    assert!(class.world.bans.is_empty());
    let roaming = class.world.knock(&Knock { address: "2001:db8::8", ..bo });
    assert!(matches!(class.world.bodies(roaming)[..], [ServerBody::InLobby { .. }]));
    class.enter(&Knock { address: "2001:db8:0:1::7", ..bo });
}

#[test]
fn a_ban_reaches_the_same_browser_in_the_lobby() {
    let mut class = Class::of(0);
    let bo = Knock { browser: Some("bo"), ..Knock::guest("Bo") };
    let place = class.enter(&bo);
    class.set_rules(HOST, Rules { lobby: true, ..Rules::default() }).expect("a host may");
    let tab = class.world.knock(&bo);
    let cy = class.world.knock(&Knock { browser: Some("cy"), name: "Cy", ..bo });
    class.world.take_all(tab);
    class.world.take_all(cy);
    let id = class.id(place);
    let ban = format!(r#""action":"remove","participant":{},"ban":true"#, id.0);
    class.moderate(HOST, &ban).expect("a host may");
    assert_eq!(class.world.take_error(tab).2, ErrorCode::Banned);
    assert_eq!(class.world.take(cy), None);
}

#[test]
fn a_host_ends_the_call_for_everybody_who_is_in_or_waits() {
    let mut class = Class::of(2);
    let rules = Rules { lobby: true, ..Rules::default() };
    class.set_rules(HOST, rules).expect("a host may");
    let waiting = class.world.knock(&Knock::guest("Dee"));
    class.world.take_all(waiting);
    class.world.drop_socket(class.socket(CY));
    class.forget();
    class.command(HOST, r#""kind":"moderate","action":"end""#);
    let ended = ServerBody::Ended { reason: EndReason::EndedByHost };
    for who in [HOST, BO] {
        assert_eq!(class.heard(who).last(), Some(&ended));
        assert_eq!(class.world.closed(class.socket(who)), Some(CloseReason::Ended));
    }
    assert_eq!(class.world.bodies(waiting), [ended]);
    assert_eq!(class.world.closed(waiting), Some(CloseReason::Ended));
    assert_eq!(class.world.take_requests().last(), Some(&NodeCommand::CloseRoom));
    let sizes = (class.world.rooms.live_rooms(), class.world.rooms.sessions());
    assert_eq!((sizes, class.world.rooms.waiting()), ((0, 0), 0));
    let ticket = class.people[CY].joined.ticket.clone();
    let back = class.world.resume(&ticket, 1);
    assert_eq!(class.world.take_error(back).2, ErrorCode::SessionGone);
    let again = class.world.join("Bo");
    assert_eq!(again.joined.room.rules, Rules::default(), "the rules ended with the room");
    let by_host = |event: &&RoomEvent| {
        matches!(event, RoomEvent::Left { cause: crate::LeaveCause::EndedByHost, .. })
    };
    assert_eq!(class.world.events.iter().filter(by_host).count(), 3);
}

#[test]
fn rules_are_the_rooms_or_the_sites_and_everybody_knows_them() {
    let site = Rules { recording: false, ..Rules::default() };
    let mut world = World::with_rules(Limits::default(), site);
    assert_eq!(world.join("Bo").joined.room.rules, site);
    let own = Rules { private_chat: false, ..Rules::default() };
    world.rules = Some(own);
    let host = world.join_room("music", "Ana", "host");
    assert_eq!(host.joined.room.rules, own);
    world.rules = None;
    assert_eq!(world.join_room("music", "Cy", "guest").joined.room.rules, own, "it lives");
}

#[test]
fn a_snapshot_shows_the_lobby_and_the_invitation_to_hosts_alone() {
    let limits = Limits { ring_messages: 2, ..Limits::default() };
    let mut class = Class::in_world(World::with(limits), 1);
    class.set_rules(HOST, Rules { lobby: true, ..Rules::default() }).expect("a host may");
    for n in 0..5 {
        class.world.knock(&Knock::guest(&format!("Dee {n}")));
        class.publish(HOST, "camera", &format!(r#"{{"width":{}}}"#, n + 1));
    }
    for (who, count) in [(HOST, 5), (BO, 0)] {
        class.world.drop_socket(class.socket(who));
        let ticket = class.people[who].joined.ticket.clone();
        let socket = class.world.resume(&ticket, 1);
        let heard = class.world.take_all(socket);
        let lobby = |message: &ServerMessage| match &message.body {
            ServerBody::Snapshot { lobby, room, guest_secret, code, .. } => {
                Some((lobby.clone(), room.rules.lobby, guest_secret.clone(), code.clone()))
            }
            _ => None,
        };
        let (lobby, rule, secret, code): (Vec<Waiting>, _, _, _) =
            heard.iter().find_map(lobby).expect("a snapshot");
        assert_eq!((lobby.len(), rule), (count, true));
        let (invites_with, read_out) = (secret.as_deref(), code.as_deref());
        let known = (Some("guest"), Some("042917"));
        assert_eq!((invites_with, read_out), if who == HOST { known } else { (None, None) });
    }
}
