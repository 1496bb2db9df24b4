use protocol::{
    Duration, ParticipantId,
    client::{
        CHAT_CHARACTERS_MAX, ChatMessage, ConnectionState, EndReason, ErrorCode, IceServer,
        PictureState, Role, SdpBody, SendConstraint, ServerBody, SlotContent, SlotMapping,
    },
    media::{Source, VoicePriority},
    node::{NodeCommand, NodeError, NodeEventBody, NodeReport, NodeResponse},
};

use super::fixture::{NodeMood, World, ice_server, join_text, join_text_with};
use crate::{CloseReason, LeaveCause, Limits, ResumedFrom, RoomEvent, sdp_body::SdpForm};

mod bans;
mod class;
mod lobby;
mod order;
mod signs;

const SECOND: Duration = Duration::from_secs(1);

fn slot(mid: &str, participant: ParticipantId) -> SlotMapping {
    SlotMapping {
        mid: mid.to_owned(),
        carries: Some(SlotContent { participant, source: Source::Camera }),
    }
}

fn camera(encodings: u8) -> SendConstraint {
    let max_height = 180 * u16::from(encodings);
    SendConstraint { source: Source::Camera, encodings, max_height, codec: None }
}

fn thin_line() -> ConnectionState {
    ConnectionState { bits_per_second: 90_000, pictures: PictureState::Paused }
}

/// The answer to a resume on a socket of the fixture.
fn resumed(last_id: u64) -> ServerBody {
    ServerBody::Resumed { last_id, ice_servers: vec![ice_server()] }
}

#[test]
fn two_people_meet() {
    let mut world = World::new();
    let host = world.join_room("math", "Ana", "host");
    assert_eq!(host.joined.role, Role::Host);
    assert_eq!(host.joined.guest_secret.as_deref(), Some("guest"));
    assert_eq!(host.joined.answer, SdpBody::Plain("v=0 answer".to_owned()));
    let guest = world.join("Bo");
    assert_eq!((guest.joined.role, &guest.joined.guest_secret), (Role::Guest, &None));
    assert_ne!(guest.id(), host.id());
    let names: Vec<_> = guest.joined.participants.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["Ana", "Bo"]);
    let told = world.take(host.socket).expect("the host hears of it");
    assert_eq!(told.seq, 2);
    assert_eq!(
        told.body,
        ServerBody::ParticipantJoined { participant: guest.joined.participants[1].clone() }
    );
    assert_eq!(world.take(guest.socket), None);
    assert_eq!((world.rooms.live_rooms(), world.rooms.sessions()), (1, 2));
}

#[test]
fn rooms_are_apart() {
    let mut world = World::new();
    let here = world.join_room("math", "Ana", "guest");
    let there = world.join_room("music", "Bo", "guest");
    assert_eq!(world.take(here.socket), None);
    assert_eq!(there.joined.participants.len(), 1);
    world.command(there.socket, 2, r#""kind":"leave""#);
    assert_eq!(world.take(here.socket), None, "a bystander hears nothing");
}

#[test]
fn others_hear_of_a_newcomer_only_when_the_node_has_answered() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.node = NodeMood::Silent;
    let bo = world.open();
    world.say(bo, &join_text("math", "Bo", "guest"));
    assert_eq!(world.take(bo), None);
    assert_eq!(world.take(ana.socket), None);
    world.node_wakes();
    assert_eq!(world.take_joined(bo).participants.len(), 2);
    assert!(matches!(world.bodies(ana.socket)[..], [ServerBody::ParticipantJoined { .. }]));
}

#[test]
fn the_node_is_told_of_a_newcomer_in_order() {
    let mut world = World::new();
    let socket = world.open();
    let join = join_text("math", "Ana", "guest").replace(
        r#""kind":"join""#,
        r#""kind":"join","sources":[{"source":"camera","width":640,"height":360}]"#,
    );
    world.say(socket, &join);
    let ana = world.take_joined(socket);
    assert_eq!(ana.participants[0].sources[0].state.width, 640);
    let requests = world.take_requests();
    assert!(
        matches!(
            requests[..],
            [
                NodeCommand::OpenRoom,
                NodeCommand::AddEndpoint { .. },
                NodeCommand::SetSource { source: Source::Camera, state: Some(_), .. },
                NodeCommand::SetView { .. },
            ]
        ),
        "{requests:?}"
    );
}

#[test]
fn the_node_is_told_that_the_voice_of_a_host_comes_first_and_no_guests() {
    let mut world = World::new();
    let host = world.join_room("math", "Ana", "host");
    world.join_room("math", "Bo", "guest");
    let told = world.take_requests().into_iter().filter_map(|request| match request {
        NodeCommand::SetVoice { participant, priority } => Some((participant, priority)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(host.id(), VoicePriority::First)]);
}

#[test]
fn a_deflated_offer_gets_a_deflated_answer() {
    let mut world = World::new();
    let socket = world.open();
    let offer = SdpForm::Deflated.write("v=0 offer".to_owned());
    world.say(socket, &join_text_with("math", "Ana", "guest", &offer));
    let joined = world.take_joined(socket);
    assert_eq!(joined.answer, SdpForm::Deflated.write("v=0 answer".to_owned()));
    let Some(NodeCommand::AddEndpoint { offer, .. }) = world.take_requests().into_iter().nth(1)
    else {
        panic!("no offer went to the node");
    };
    assert_eq!(offer, "v=0 offer");
}

#[test]
fn unknown_rooms_and_wrong_secrets_are_answered_alike() {
    let mut world = World::new();
    let mut answers = Vec::new();
    for (room, secret) in [("math", "wrong"), ("No Room!", "guest"), ("-", "wrong")] {
        let socket = world.open();
        world.say(socket, &join_text(room, "Ana", secret));
        answers.push((world.take(socket), world.closed(socket)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].1, Some(CloseReason::Refused));
    let socket = world.open();
    world.say(socket, &join_text("math", "Ana", "old"));
    assert_eq!(world.take_error(socket), (0, 1, ErrorCode::ExpiredLink));
    assert_eq!(world.rooms.live_rooms(), 0, "no room was made for any of them");
    assert!(world.take_requests().is_empty());
}

#[test]
fn a_join_that_breaks_a_limit_is_refused_by_its_name() {
    let offer = || SdpBody::Plain("v=0".to_owned());
    let bomb = SdpForm::Deflated.write("a".repeat(1 << 20));
    let many = format!("[{}]", vec![r#"{"mid":"1","role":{"slot":"video"}}"#; 65].join(","));
    let twice = r#"[{"mid":"1","role":{"slot":"video"}},{"mid":"1","role":{"slot":"video"}}]"#;
    let plain = serde_json::to_string(&super::fixture::sections()).expect("it serializes");
    let tile = r#"{"participant":1,"source":"camera","height":90}"#;
    let tiles = format!(r#""view":{{"tiles":[{}]}},"kind":"join""#, vec![tile; 50].join(","));
    let join = |name: &str, offer: &SdpBody| join_text_with("math", name, "guest", offer);
    let cases = [
        (join("", &offer()), ErrorCode::BadName),
        (join(&"x".repeat(65), &offer()), ErrorCode::BadName),
        (join("a\nb", &offer()), ErrorCode::BadName),
        (join("Ana", &bomb), ErrorCode::TooLong),
        (join("Ana", &SdpBody::Deflated("!".to_owned())), ErrorCode::BadOffer),
        (join("Ana", &offer()).replace(&plain, &many), ErrorCode::BadOffer),
        (join("Ana", &offer()).replace(&plain, twice), ErrorCode::BadOffer),
        (join("Ana", &offer()).replace(r#""kind":"join""#, &tiles), ErrorCode::BadMessage),
        (
            join("Ana", &offer())
                .replace(r#""kind":"join""#, r#""kind":"join","sources":[{"source":"screen"}]"#),
            ErrorCode::BadMessage,
        ),
    ];
    let mut world = World::new();
    for (text, code) in cases {
        let socket = world.open();
        world.say(socket, &text);
        assert_eq!(world.take_error(socket), (0, 1, code));
        assert_eq!(world.closed(socket), Some(CloseReason::Refused));
    }
    assert!(world.take_requests().is_empty());
}

#[test]
fn a_full_room_refuses_and_lets_in_when_somebody_leaves() {
    let mut world = World::with(Limits { participants_per_room: 2, ..Limits::default() });
    let ana = world.join("Ana");
    world.join("Bo");
    let third = world.open();
    world.say(third, &join_text("math", "Cy", "guest"));
    assert_eq!(world.take_error(third), (0, 1, ErrorCode::RoomFull));
    world.command(ana.socket, 2, r#""kind":"leave""#);
    world.join("Cy");
}

#[test]
fn a_full_server_refuses_rooms_and_sessions() {
    let refused = |limits: Limits, room: &str| {
        let mut world = World::with(limits);
        world.join("Ana");
        let socket = world.open();
        world.say(socket, &join_text(room, "Bo", "guest"));
        world.take_error(socket).2
    };
    let one_room = Limits { rooms: 1, ..Limits::default() };
    let one_session = Limits { sessions: 1, ..Limits::default() };
    assert_eq!(refused(one_room, "music"), ErrorCode::ServerFull);
    assert_eq!(refused(one_session, "math"), ErrorCode::ServerFull);
}

#[test]
fn the_nodes_refusal_reaches_the_newcomer_alone() {
    for (error, code) in [
        (NodeError::BadOffer("no BUNDLE".to_owned()), ErrorCode::BadOffer),
        (NodeError::Full, ErrorCode::ServerFull),
        (NodeError::UnknownParticipant, ErrorCode::MediaUnavailable),
    ] {
        let mut world = World::new();
        let ana = world.join("Ana");
        world.node = NodeMood::Refuses(error);
        let bo = world.open();
        world.say(bo, &join_text("math", "Bo", "guest"));
        assert_eq!(world.take_error(bo), (0, 1, code));
        assert_eq!(world.closed(bo), Some(CloseReason::Refused));
        assert_eq!(world.take(ana.socket), None);
        assert_eq!(world.rooms.sessions(), 1);
    }
}

#[test]
fn a_silent_node_costs_the_newcomer_ten_seconds_and_leaves_nothing_behind() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.node = NodeMood::Silent;
    let bo = world.open();
    world.say(bo, &join_text("math", "Bo", "guest"));
    world.take_requests();
    world.advance(10 * SECOND);
    assert_eq!(world.take_error(bo), (0, 1, ErrorCode::MediaUnavailable));
    assert!(matches!(world.take_requests()[..], [NodeCommand::RemoveEndpoint { .. }]));
    world.node_wakes();
    assert_eq!(world.take(ana.socket), None, "a late answer lets nobody in");
}

#[test]
fn who_goes_while_the_node_works_was_never_there() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.node = NodeMood::Silent;
    let gone = world.open();
    world.say(gone, &join_text("math", "Bo", "guest"));
    let leaving = world.open();
    world.say(leaving, &join_text("math", "Cy", "guest"));
    world.take_requests();
    world.drop_socket(gone);
    world.command(leaving, 2, r#""kind":"leave""#);
    assert_eq!(world.bodies(leaving), [ServerBody::Ended { reason: EndReason::Left }]);
    let removed = world.take_requests();
    assert!(matches!(
        removed[..],
        [NodeCommand::RemoveEndpoint { .. }, NodeCommand::RemoveEndpoint { .. }]
    ));
    world.node_wakes();
    assert_eq!(world.take(ana.socket), None);
    assert_eq!(world.rooms.sessions(), 1);
}

#[test]
fn leaving_tells_the_others_and_frees_the_node() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.take_requests();
    world.command(bo.socket, 2, r#""kind":"leave""#);
    assert_eq!(world.bodies(bo.socket), [ServerBody::Ended { reason: EndReason::Left }]);
    assert_eq!(world.closed(bo.socket), Some(CloseReason::Ended));
    assert_eq!(world.bodies(ana.socket), [ServerBody::ParticipantLeft { participant: bo.id() }]);
    assert_eq!(world.take_requests(), [NodeCommand::RemoveEndpoint { participant: bo.id() }]);
    let back = world.resume(&bo.joined.ticket, 1);
    assert_eq!(world.take_error(back), (0, 0, ErrorCode::SessionGone));
}

#[test]
fn who_closes_the_page_is_gone_at_once() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.close_page(bo.socket);
    assert_eq!(world.bodies(ana.socket), [ServerBody::ParticipantLeft { participant: bo.id() }]);
    let back = world.resume(&bo.joined.ticket, 1);
    assert_eq!(world.take_error(back), (0, 0, ErrorCode::SessionGone));
    let stranger = world.open();
    world.close_page(stranger);
    assert_eq!(world.take(ana.socket), None, "a page that was in no room takes nobody with it");
}

#[test]
fn an_empty_room_stays_for_a_reload_and_then_closes() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.command(ana.socket, 2, r#""kind":"leave""#);
    world.advance(9 * SECOND);
    let again = world.join("Ana");
    assert_ne!(again.id(), ana.id(), "an id is never used twice in a room's life");
    world.command(again.socket, 2, r#""kind":"leave""#);
    world.take_requests();
    world.advance(10 * SECOND);
    assert_eq!(world.take_requests(), [NodeCommand::CloseRoom]);
    assert_eq!((world.rooms.live_rooms(), world.rooms.sessions()), (0, 0));
    assert_eq!(world.rooms.poll_timeout(), None);
}

#[test]
fn a_lost_socket_takes_nothing_from_anybody_for_a_minute() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.take_requests();
    world.drop_socket(bo.socket);
    world.advance(60 * SECOND - Duration::from_micros(1));
    assert_eq!(world.take(ana.socket), None);
    assert!(world.take_requests().is_empty(), "the media goes on");
    world.advance(Duration::from_micros(1));
    assert_eq!(world.bodies(ana.socket), [ServerBody::ParticipantLeft { participant: bo.id() }]);
    let left = RoomEvent::Left {
        room: protocol::RoomId(1),
        participant: bo.id(),
        cause: LeaveCause::TimedOut,
    };
    assert!(world.events.contains(&left));
    let back = world.resume(&bo.joined.ticket, 1);
    assert_eq!(world.take_error(back), (0, 0, ErrorCode::SessionGone));
}

#[test]
fn a_resume_repeats_what_was_missed_and_nothing_else() {
    let mut world = World::new();
    let ana = world.join("Ana");
    let bo = world.join("Bo");
    world.drop_socket(ana.socket);
    let cy = world.join("Cy");
    world.command(cy.socket, 2, r#""kind":"publish","source":"camera","state":{"width":640}"#);
    // Of Ana's messages 2 (Bo came) was seen; 3 (Cy came) and 4 (Cy's camera) were not.
    let back = world.resume(&ana.joined.ticket, 2);
    let told = world.take_all(back);
    let seqs: Vec<_> = told.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [0, 3, 4], "{told:?}");
    assert_eq!(told[0].body, resumed(1));
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, RoomEvent::Resumed { from: ResumedFrom::Ring, .. }))
    );
    world.command(bo.socket, 2, r#""kind":"leave""#);
    assert_eq!(world.take(back).map(|message| message.seq), Some(5));
}

#[test]
fn where_the_ring_has_a_hole_the_state_takes_its_place_and_answers_are_kept() {
    let mut world = World::with(Limits { ring_messages: 4, ..Limits::default() });
    let ana = world.join("Ana");
    let bo = world.join("Bo");
    world
        .node_says(NodeEventBody::Slots { participant: ana.id(), slots: vec![slot("3", bo.id())] });
    let screen = SendConstraint { source: Source::Screen, ..camera(0) };
    for sources in [vec![camera(1), screen], vec![camera(2)]] {
        world.node_says(NodeEventBody::SendConstraints { participant: ana.id(), sources });
    }
    let state = thin_line();
    world.node_says(NodeEventBody::Connection { participant: ana.id(), state });
    world.command(ana.socket, 2, r#""kind":"offer","offer":{"plain":"v=0"},"sections":[]"#);
    // Ana has seen none of it but `joined`, and the ring holds four.
    world.drop_socket(ana.socket);
    for _ in 0..5 {
        let cy = world.join("Cy");
        world.command(cy.socket, 2, r#""kind":"leave""#);
    }
    let back = world.resume(&ana.joined.ticket, 1);
    let told = world.take_all(back);
    assert_eq!(told[0].body, resumed(2));
    let (seq, ServerBody::Snapshot { up_to, participants, slots, send, connection, speaker, .. }) =
        (told[1].seq, &told[1].body)
    else {
        panic!("no snapshot: {told:?}");
    };
    assert_eq!((seq, *up_to, *speaker), (18, 17, None));
    assert_eq!(*send, [camera(2), SendConstraint { source: Source::Screen, ..camera(0) }]);
    assert_eq!(*connection, Some(thin_line()));
    assert_eq!(participants.len(), 2);
    assert_eq!(*slots, [slot("3", bo.id())]);
    assert_eq!(told[2].seq, 19);
    assert!(matches!(told[2].body, ServerBody::Answer { re: 2, .. }));
    assert_eq!(told.len(), 3);
    let again = world.resume(&ana.joined.ticket, 18);
    let told = world.take_all(again);
    assert_eq!(told.iter().map(|m| m.seq).collect::<Vec<_>>(), [0, 19]);
}

#[test]
fn a_newer_socket_replaces_one_that_is_dead_unknown_to_the_server() {
    let mut world = World::new();
    let ana = world.join("Ana");
    let back = world.resume(&ana.joined.ticket, 1);
    let told = world.take_all(ana.socket);
    assert_eq!((told.len(), told[0].seq), (1, 0));
    assert_eq!(told[0].body, ServerBody::Ended { reason: EndReason::Replaced });
    assert_eq!(world.closed(ana.socket), Some(CloseReason::Ended));
    assert_eq!(world.bodies(back), [resumed(1)]);
    world.drop_socket(ana.socket);
    world.say(ana.socket, r#"{"id":2,"kind":"leave"}"#);
    world.join("Bo");
    assert_eq!(world.take(back).map(|message| message.seq), Some(2));
}

#[test]
fn a_ticket_opens_its_own_session_only() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    let secret_of = |ticket: &str| ticket.rsplit('.').next().expect("a secret").to_owned();
    let mixed =
        ana.joined.ticket.replace(&secret_of(&ana.joined.ticket), &secret_of(&bo.joined.ticket));
    world.drop_socket(ana.socket);
    for ticket in [mixed.as_str(), "", "1.1.1", "ff.ff.00"] {
        let socket = world.resume(ticket, 1);
        assert_eq!(world.take_error(socket), (0, 0, ErrorCode::SessionGone), "{ticket}");
        assert_eq!(world.closed(socket), None, "join may follow at once");
    }
    let socket = world.resume("gone", 0);
    world.take_all(socket);
    world.say(socket, &join_text("math", "Ana", "guest"));
    world.take_joined(socket);
}

#[test]
fn a_command_that_comes_again_has_no_second_effect() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.take_requests();
    let publish = r#""kind":"publish","source":"camera","state":{"width":640}"#;
    let off = r#""kind":"publish","source":"camera","state":null"#;
    world.command(ana.socket, 2, publish);
    world.command(ana.socket, 3, off);
    world.take_all(ana.socket);
    world.drop_socket(ana.socket);
    let back = world.resume(&ana.joined.ticket, 3);
    assert_eq!(world.bodies(back), [resumed(3)]);
    world.take_requests();
    world.command(back, 2, publish);
    world.command(back, 3, off);
    assert_eq!(world.take(back), None);
    assert!(world.take_requests().is_empty());
    world.command(back, 4, publish);
    assert_eq!(world.take_requests().len(), 1);
}

#[test]
fn publishing_is_seen_by_everybody_and_needs_an_m_line() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.command(bo.socket, 2, r#""kind":"publish","source":"microphone","state":{}"#);
    for socket in [ana.socket, bo.socket] {
        let bodies = world.bodies(socket);
        let [ServerBody::ParticipantChanged { participant }] = &bodies[..] else {
            panic!("not told: {bodies:?}");
        };
        assert_eq!(participant.id, bo.id());
        assert_eq!(participant.sources.len(), 1);
    }
    world.command(bo.socket, 3, r#""kind":"publish","source":"screen","state":{}"#);
    assert_eq!(world.take_error(bo.socket), (3, 3, ErrorCode::BadMessage));
    assert_eq!(world.take(ana.socket), None);
}

fn chat(from: ParticipantId, to: Option<ParticipantId>, text: &str, re: u64) -> ServerBody {
    ServerBody::Chat(ChatMessage { from, to, text: text.to_owned(), caption: false, re })
}

#[test]
fn what_somebody_writes_comes_to_everybody_in_the_room_and_to_nobody_else() {
    let mut world = World::new();
    let (ana, bo, cy) = (world.join("Ana"), world.join("Bo"), world.join("Cy"));
    let elsewhere = world.join_room("music", "Di", "guest");
    for member in [&ana, &bo, &cy] {
        world.take_all(member.socket);
    }
    world.command(bo.socket, 2, r#""kind":"chat","text":" \n\tHello,\n\nall  ""#);
    assert_eq!(world.bodies(bo.socket), [chat(bo.id(), None, "Hello,\n\nall", 2)]);
    for member in [&ana, &cy] {
        assert_eq!(world.bodies(member.socket), [chat(bo.id(), None, "Hello,\n\nall", 0)]);
    }
    assert_eq!(world.take(elsewhere.socket), None);
    let late = world.join("Eve");
    assert_eq!(world.take(late.socket), None, "who comes later gets nothing");
}

#[test]
fn a_private_message_comes_to_its_two_people_alone() {
    let mut world = World::new();
    let (ana, bo, cy) = (world.join("Ana"), world.join("Bo"), world.join("Cy"));
    for member in [&ana, &bo, &cy] {
        world.take_all(member.socket);
    }
    let private = |to: ParticipantId| format!(r#""kind":"chat","text":"psst","to":{}"#, to.0);
    world.command(ana.socket, 2, &private(bo.id()));
    let to = Some(bo.id());
    assert_eq!(world.bodies(ana.socket), [chat(ana.id(), to, "psst", 2)]);
    assert_eq!(world.bodies(bo.socket), [chat(ana.id(), to, "psst", 0)]);
    assert_eq!(world.take(cy.socket), None);
    world.command(cy.socket, 2, &private(cy.id()));
    assert_eq!(world.bodies(cy.socket), [chat(cy.id(), Some(cy.id()), "psst", 2)]);
    assert_eq!((world.take(ana.socket), world.take(bo.socket)), (None, None));
}

#[test]
fn a_caption_is_for_everybody() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    let caption = |to: Option<ParticipantId>| {
        let mut body = chat(ana.id(), to, "Bonjour", 0);
        let ServerBody::Chat(message) = &mut body else { panic!("no text") };
        message.caption = to.is_none();
        body
    };
    world.take_all(bo.socket);
    world.command(ana.socket, 2, r#""kind":"chat","text":"Bonjour","caption":true"#);
    assert_eq!(world.bodies(bo.socket), [caption(None)]);
    let to = format!(r#""kind":"chat","text":"Bonjour","caption":true,"to":{}"#, bo.id().0);
    world.command(ana.socket, 3, &to);
    assert_eq!(world.bodies(bo.socket), [caption(Some(bo.id()))], "to one alone it is none");
}

#[test]
fn nobody_writes_to_those_who_are_unknown_on_their_way_in_or_gone() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    let elsewhere = world.join_room("music", "Di", "guest");
    world.command(bo.socket, 2, r#""kind":"leave""#);
    world.take_all(ana.socket);
    world.node = NodeMood::Silent;
    let arriving = world.open();
    world.say(arriving, &join_text("math", "Cy", "guest"));
    let Some(NodeCommand::AddEndpoint { participant: arriving_id, .. }) =
        world.requests.last().map(|request| request.command.clone())
    else {
        panic!("the node was not asked");
    };
    let nobody = ParticipantId(77);
    for (re, to) in (2..).zip([bo.id(), elsewhere.id(), arriving_id, nobody]) {
        world.command(ana.socket, re, &format!(r#""kind":"chat","text":"x","to":{}"#, to.0));
        assert_eq!(world.take_error(ana.socket).1, re);
    }
    for socket in [elsewhere.socket, arriving] {
        assert_eq!(world.take(socket), None);
    }
    world.command(arriving, 2, r#""kind":"chat","text":"x""#);
    assert_eq!(world.take_error(arriving), (0, 2, ErrorCode::NotJoined));
    assert_eq!(world.take(ana.socket), None);
}

#[test]
fn a_text_that_is_none_is_refused_by_its_name_and_heard_by_nobody() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    let longest = "é".repeat(CHAT_CHARACTERS_MAX);
    let bad = [
        String::new(),
        " \n\u{2003}\t ".to_owned(),
        format!("{longest}é"),
        "a\tb".to_owned(),
        "a\rb".to_owned(),
        "a\u{0}b".to_owned(),
        "a\u{7f}b".to_owned(),
        "a\u{9b}31mb".to_owned(),
    ];
    for (re, text) in (2..).zip(&bad) {
        let text = serde_json::to_string(text).expect("it serializes");
        world.command(bo.socket, re, &format!(r#""kind":"chat","text":{text}"#));
        assert_eq!(world.take_error(bo.socket), (re, re, ErrorCode::BadText), "{text}");
    }
    assert_eq!(world.take(ana.socket), None);
    world.command(
        bo.socket,
        50,
        &format!(r#""kind":"chat","text":"\n{longest}\n""#).replace('\n', "\\n"),
    );
    assert_eq!(world.bodies(ana.socket), [chat(bo.id(), None, &longest, 0)]);
}

#[test]
fn whoever_is_in_knows_the_ice_servers_and_whoever_is_not_does_not() {
    let mut world = World::new();
    let ana = world.join("Ana");
    assert_eq!(ana.joined.ice_servers, [ice_server()]);
    let stranger = world.open();
    world.say(stranger, &join_text("math", "Eve", "wrong"));
    let told = format!("{:?}", world.bodies(stranger));
    assert!(told.contains("UnknownLink") && !told.contains("turns:"), "{told}");

    let fresh = vec![IceServer { username: "later".to_owned(), ..ice_server() }];
    world.renew_ice_servers(ana.socket, fresh.clone());
    let body = ServerBody::IceServers { ice_servers: fresh };
    let message = world.take(ana.socket).expect("fresh credentials");
    assert_eq!((message.seq, message.body), (0, body));
    let waiting = world.open();
    world.renew_ice_servers(waiting, vec![]);
    assert_eq!(world.take(waiting), None, "it is in no room");
}

#[test]
fn what_was_written_while_the_socket_was_lost_is_replayed() {
    let mut world = World::with(Limits { ring_messages: 3, ..Limits::default() });
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.drop_socket(ana.socket);
    world.command(bo.socket, 2, r#""kind":"chat","text":"one""#);
    let back = world.resume(&ana.joined.ticket, 2);
    assert_eq!(world.bodies(back), [resumed(1), chat(bo.id(), None, "one", 0)]);
    world.drop_socket(back);
    for (id, text) in (3..).zip(["two", "three", "four", "five"]) {
        world.command(bo.socket, id, &format!(r#""kind":"chat","text":"{text}""#));
    }
    let back = world.resume(&ana.joined.ticket, 3);
    let told = world.bodies(back);
    assert_eq!(told[0], resumed(1));
    assert!(matches!(told[1], ServerBody::Snapshot { .. }), "{told:?}");
    let kept = ["three", "four", "five"].map(|text| chat(bo.id(), None, text, 0));
    assert_eq!(told[2..], kept, "what the ring holds comes after the state");
}

#[test]
fn who_writes_too_fast_is_told_and_the_others_are_spared() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    for id in 2..=100 {
        world.command(bo.socket, id, r#""kind":"chat","text":"x""#);
    }
    assert_eq!(world.bodies(ana.socket).len(), 60);
    let last = world.bodies(bo.socket).pop();
    assert!(
        matches!(last, Some(ServerBody::Error { re: 100, code: ErrorCode::TooFast, .. })),
        "{last:?}"
    );
}

#[test]
fn what_people_write_does_not_print() {
    let body = chat(ParticipantId(7), None, "canary", 2);
    let text = r#"{"id":2,"kind":"chat","text":"canary"}"#;
    let asked = crate::wire::read(text).expect("ours");
    assert!(!format!("{body:?} {asked:?}").contains("canary"));
}

#[test]
fn an_offer_is_answered_by_its_command_and_a_refusal_leaves_the_session() {
    let mut world = World::new();
    let ana = world.join("Ana");
    let offer = r#""kind":"offer","offer":{"plain":"v=0"},"sections":[]"#;
    world.command(ana.socket, 7, offer);
    assert!(matches!(world.bodies(ana.socket)[..], [ServerBody::Answer { re: 7, .. }]));
    world.node = NodeMood::Refuses(NodeError::BadOffer("no rtcp-mux".to_owned()));
    world.command(ana.socket, 8, offer);
    assert_eq!(world.take_error(ana.socket), (3, 8, ErrorCode::BadOffer));
    world.node = NodeMood::Silent;
    world.command(ana.socket, 9, offer);
    world.advance(10 * SECOND);
    assert_eq!(world.take_error(ana.socket), (4, 9, ErrorCode::MediaUnavailable));
    assert_eq!(world.rooms.sessions(), 1);
}

#[test]
fn what_the_node_says_of_a_session_reaches_its_client_alone() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    let slots = vec![slot("3", bo.id())];
    world.node_says(NodeEventBody::Slots { participant: ana.id(), slots: slots.clone() });
    world.node_says(NodeEventBody::RestartIce { participant: ana.id() });
    let sources = vec![camera(0)];
    let constraints =
        NodeEventBody::SendConstraints { participant: ana.id(), sources: sources.clone() };
    world.node_says(constraints);
    let state = thin_line();
    world.node_says(NodeEventBody::Connection { participant: ana.id(), state });
    let expected = [
        ServerBody::Slots { slots },
        ServerBody::RestartIce,
        ServerBody::SendConstraints { sources },
        ServerBody::Connection(state),
    ];
    assert_eq!(world.bodies(ana.socket), expected);
    assert_eq!(world.take(bo.socket), None);
}

#[test]
fn who_has_the_floor_is_told_to_all_also_to_those_who_come_later() {
    let mut world = World::with(Limits { ring_messages: 2, ..Limits::default() });
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    let speaker = |participant| ServerBody::Speaker { participant };
    let bo_speaks = NodeEventBody::Speaker { participant: Some(bo.id()) };
    world.node_says(bo_speaks.clone());
    assert_eq!(world.bodies(ana.socket), [speaker(Some(bo.id()))]);
    assert_eq!(world.bodies(bo.socket), [speaker(Some(bo.id()))]);

    let cy = world.open();
    world.say(cy, &join_text("math", "Cy", "guest"));
    world.take_joined(cy);
    assert_eq!(world.bodies(cy), [speaker(Some(bo.id()))]);

    // Ana's ring has no room for all that happens while her socket is lost.
    world.drop_socket(ana.socket);
    world.join("Di");
    world.join("Ed");
    let back = world.resume(&ana.joined.ticket, 2);
    let told = world.take_all(back);
    let floor = told.iter().find_map(|message| match message.body {
        ServerBody::Snapshot { speaker, .. } => Some(speaker),
        _ => None,
    });
    assert_eq!(floor, Some(Some(bo.id())), "{told:?}");

    world.command(bo.socket, 2, r#""kind":"leave""#);
    world.take_all(back);
    // The node says it of somebody who has left since: that is nobody.
    world.node_says(bo_speaks);
    assert_eq!(world.bodies(back), [speaker(None)]);
}

#[test]
fn a_session_that_the_node_ended_is_over_for_everybody() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.take_requests();
    world.node_says(NodeEventBody::Ended { participant: bo.id() });
    assert_eq!(world.bodies(bo.socket), [ServerBody::Ended { reason: EndReason::MediaLost }]);
    assert_eq!(world.bodies(ana.socket), [ServerBody::ParticipantLeft { participant: bo.id() }]);
    assert!(world.requests.is_empty(), "the node has ended it itself");
}

#[test]
fn an_event_counts_once_and_a_hole_leads_to_the_nodes_list() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    let restart = NodeEventBody::RestartIce { participant: ana.id() };
    world.node_says_at(1, restart.clone());
    world.node_says_at(1, restart.clone());
    assert_eq!(world.bodies(ana.socket), [ServerBody::RestartIce]);
    world.node = NodeMood::Silent;
    world.node_says_at(3, restart);
    assert_eq!(world.bodies(ana.socket), [ServerBody::RestartIce]);
    let list = world.requests.pop().expect("a request");
    assert_eq!(list.command, NodeCommand::ListRoom);
    let stranger = ParticipantId(1);
    let participants = protocol::node::NodeAnswer::Participants(vec![ana.id(), stranger]);
    let response = NodeResponse { id: list.id, room: list.room, result: Ok(participants) };
    world.rooms.handle_report(world.now, NodeReport::Response(response));
    world.drain();
    assert_eq!(world.bodies(bo.socket), [ServerBody::Ended { reason: EndReason::MediaLost }]);
    let removed = world.requests.pop().map(|request| request.command);
    let participant = stranger;
    assert_eq!(removed, Some(NodeCommand::RemoveEndpoint { participant }));
}

#[test]
fn a_room_that_the_node_forgot_ends_and_can_be_opened_again() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.node = NodeMood::Refuses(NodeError::UnknownRoom);
    let cy = world.open();
    world.say(cy, &join_text("math", "Cy", "guest"));
    assert_eq!(world.take_error(cy), (0, 1, ErrorCode::MediaUnavailable));
    for socket in [ana.socket, bo.socket] {
        let last = world.bodies(socket).pop();
        let reason = EndReason::MediaLost;
        assert_eq!(last, Some(ServerBody::Ended { reason }));
    }
    assert_eq!((world.rooms.live_rooms(), world.rooms.sessions()), (0, 0));
    world.node = NodeMood::Answers;
    world.join("Cy");
}

#[test]
fn a_silent_socket_is_closed_and_pings_do_not_help_it() {
    let mut world = World::new();
    let socket = world.open();
    world.advance(4 * SECOND);
    world.command(socket, 0, r#""kind":"ping""#);
    assert_eq!(world.bodies(socket), [ServerBody::Pong]);
    world.advance(SECOND);
    assert_eq!(world.take_error(socket), (0, 0, ErrorCode::TooSlow));
    assert_eq!(world.closed(socket), Some(CloseReason::Abuse));
    assert_eq!(world.rooms.sockets(), 0);
}

#[test]
fn a_silent_store_refuses_in_time() {
    let mut world = World::new();
    world.store_answers = false;
    let socket = world.open();
    world.say(socket, &join_text("math", "Ana", "guest"));
    world.command(socket, 2, r#""kind":"leave""#);
    assert_eq!(world.take_error(socket), (0, 2, ErrorCode::NotJoined));
    world.advance(10 * SECOND);
    assert_eq!(world.take_error(socket), (0, 1, ErrorCode::MediaUnavailable));
    world.store_wakes();
    assert_eq!(world.rooms.sessions(), 0, "a late answer lets nobody in");
}

#[test]
fn what_is_not_understood_is_answered_and_the_socket_lives_on() {
    let mut world = World::new();
    let socket = world.open();
    world.say(socket, "garbage");
    assert_eq!(world.take_error(socket), (0, 0, ErrorCode::BadMessage));
    world.command(socket, 9, r#""kind":"dance""#);
    assert_eq!(world.take_error(socket), (0, 9, ErrorCode::Unsupported));
    world.command(socket, 9, r#""kind":"leave""#);
    assert_eq!(world.take_error(socket), (0, 9, ErrorCode::NotJoined));
    world.rooms.handle_binary(world.now, socket);
    world.drain();
    assert_eq!(world.take_error(socket), (0, 0, ErrorCode::BadMessage));
    world.say(socket, &join_text("math", "Ana", "guest"));
    world.take_joined(socket);
    world.command(socket, 2, r#""kind":"dance""#);
    assert_eq!(world.take_error(socket), (2, 2, ErrorCode::Unsupported));
    world.command(socket, 2, r#""kind":"dance""#);
    assert_eq!(world.take(socket), None, "a duplicate is a duplicate");
    world.command(socket, 0, r#""kind":"leave""#);
    assert_eq!(world.take_error(socket), (3, 0, ErrorCode::BadMessage));
    world.say(socket, &join_text("math", "Ana", "guest").replace(r#""id":1"#, r#""id":3"#));
    assert_eq!(world.take_error(socket), (4, 3, ErrorCode::BadMessage));
    assert_eq!(world.closed(socket), None);
}

#[test]
fn a_frame_without_end_ends_the_socket_and_not_the_session() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.rooms.handle_oversized(world.now, bo.socket);
    world.drain();
    assert_eq!(world.take_error(bo.socket), (0, 0, ErrorCode::TooLong));
    assert_eq!(world.closed(bo.socket), Some(CloseReason::Abuse));
    assert_eq!(world.take(ana.socket), None);
    let back = world.resume(&bo.joined.ticket, 1);
    assert_eq!(world.bodies(back), [resumed(1)]);
}

#[test]
fn who_floods_is_told_then_closed_and_the_limit_outlives_the_socket() {
    let mut world = World::new();
    let (ana, bo) = (world.join("Ana"), world.join("Bo"));
    world.take_all(ana.socket);
    world.take_requests();
    let view = r#""kind":"view","tiles":[]"#;
    for id in 2..200 {
        world.command(bo.socket, id, view);
    }
    assert_eq!(world.take_requests().len(), 60);
    let told = world.bodies(bo.socket);
    assert_eq!(told.len(), 61, "sixty warnings, and one more with the close");
    assert_eq!(world.closed(bo.socket), Some(CloseReason::Abuse));
    assert_eq!(world.take(ana.socket), None, "a bystander hears nothing");
    let back = world.resume(&bo.joined.ticket, 62);
    world.take_all(back);
    world.command(back, 300, view);
    assert_eq!(world.take_error(back).2, ErrorCode::TooFast);
    world.advance(SECOND);
    let again = world.resume(&bo.joined.ticket, 63);
    world.take_all(again);
    world.command(again, 301, view);
    assert_eq!(world.take_requests().len(), 1);
}

#[test]
fn pings_of_the_websocket_count_too() {
    let mut world = World::new();
    let waiting = world.open();
    let ana = world.join("Ana");
    for socket in [waiting, ana.socket] {
        for _ in 0..200 {
            world.rooms.handle_control_frame(world.now, socket);
            world.drain();
        }
        assert_eq!(world.closed(socket), Some(CloseReason::Abuse));
    }
}

#[test]
fn an_address_that_guesses_is_not_heard_and_others_are() {
    let mut world = World::with(Limits { failures_per_address: 3, ..Limits::default() });
    let attempt = |world: &mut World, address: &str, secret: &str| {
        let socket = world.open_from(address);
        world.say(socket, &join_text("math", "Eve", secret));
        match world.take(socket).expect("an answer").body {
            ServerBody::Error { code, .. } => Some(code),
            _ => None,
        }
    };
    for _ in 0..3 {
        let code = attempt(&mut world, "203.0.113.1", "wrong");
        assert_eq!(code, Some(ErrorCode::UnknownLink));
    }
    let code = attempt(&mut world, "203.0.113.1", "guest");
    assert_eq!(code, Some(ErrorCode::TooFast));
    assert_eq!(attempt(&mut world, "203.0.113.2", "guest"), None);
    world.advance(2 * SECOND);
    assert_eq!(attempt(&mut world, "203.0.113.1", "guest"), None);
}

#[test]
fn a_school_behind_one_address_joins_within_a_minute() {
    let mut world = World::with(Limits { participants_per_room: 1000, ..Limits::default() });
    for pupil in 0..1000 {
        world.join(&format!("Pupil {pupil}"));
        world.advance(Duration::from_millis(60));
    }
    assert_eq!(world.rooms.sessions(), 1000);
}

#[test]
fn silent_sockets_of_one_address_are_bounded() {
    let mut world = World::with(Limits { silent_sockets_per_address: 2, ..Limits::default() });
    let (first, _second) = (world.open(), world.open());
    let third = world.open();
    assert_eq!(world.take_error(third), (0, 0, ErrorCode::TooFast));
    assert_eq!(world.closed(third), Some(CloseReason::Abuse));
    let elsewhere = world.open_from("203.0.113.9");
    assert_eq!(world.closed(elsewhere), None);
    world.say(first, &join_text("math", "Ana", "guest"));
    let fourth = world.open();
    assert_eq!(world.closed(fourth), None, "who has joined is not silent");
}

#[test]
fn a_stop_is_told_to_everybody() {
    let mut world = World::new();
    let ana = world.join("Ana");
    let waiting = world.open();
    world.rooms.handle_stop(world.now);
    world.drain();
    let reason = EndReason::ServerStopping;
    for socket in [ana.socket, waiting] {
        assert_eq!(world.bodies(socket), [ServerBody::Ended { reason }]);
        assert_eq!(world.closed(socket), Some(CloseReason::Stopping));
    }
    let late = world.open();
    assert_eq!(world.bodies(late), [ServerBody::Ended { reason }]);
    assert_eq!(world.rooms.live_rooms(), 0);
}

#[test]
fn the_operator_restores_a_live_room() {
    let mut world = World::new();
    world.join("Ana");
    world.take_requests();
    let name = |text: &str| text.to_owned().try_into().expect("a room name");
    assert!(!world.rooms.handle_restore(&name("music")));
    assert!(world.rooms.handle_restore(&name("math")));
    world.drain();
    assert_eq!(world.take_requests(), [NodeCommand::RestoreRoom]);
}

#[test]
fn a_probe_is_answered_by_the_node() {
    let mut world = World::new();
    world.rooms.handle_probe();
    world.drain();
    assert_eq!(world.events, [RoomEvent::NodeAnswered]);
}

#[test]
fn what_the_node_says_before_the_answer_is_told_after_it() {
    let mut world = World::new();
    let ana = world.join("Ana");
    world.node = NodeMood::Silent;
    let bo = world.open();
    world.say(bo, &join_text("math", "Bo", "guest"));
    let Some(NodeCommand::AddEndpoint { participant, .. }) =
        world.requests.last().map(|request| request.command.clone())
    else {
        panic!("the node was not asked");
    };
    world.node_says(NodeEventBody::Slots { participant, slots: vec![slot("3", ana.id())] });
    let sources = vec![camera(1)];
    world.node_says(NodeEventBody::SendConstraints { participant, sources: sources.clone() });
    let state = thin_line();
    world.node_says(NodeEventBody::Connection { participant, state });
    assert_eq!(world.take(bo), None);
    world.node_wakes();
    world.take_joined(bo);
    let expected = [
        ServerBody::Slots { slots: vec![slot("3", ana.id())] },
        ServerBody::SendConstraints { sources },
        ServerBody::Connection(state),
    ];
    assert_eq!(world.bodies(bo), expected);
}
