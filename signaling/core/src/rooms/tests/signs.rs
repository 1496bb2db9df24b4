//! Hands, reactions, votes, recordings, the timer, what hosts show, and who was here.

use protocol::{
    Duration, ParticipantId,
    client::{
        ErrorCode, FRAME_BYTES_MAX, Participant, Role, ServerBody, ServerMessage,
        order::{Focus, FocusedPicture, Stay},
        signs::{PollId, PollResult, Reaction, RoomState, Timer},
    },
    media::Source,
};

use crate::{
    Limits, SocketId,
    rooms::fixture::{Member, World},
};

const SECOND: Duration = Duration::from_secs(1);
const HOST: usize = 0;
const BO: usize = 1;
const CY: usize = 2;

/// A host, and guests after them; what each has heard, and the room as they know it.
struct Class {
    world: World,
    people: Vec<Person>,
    last_id: u64,
}

struct Person {
    socket: SocketId,
    id: ParticipantId,
    ticket: String,
    room: RoomState,
    heard: Vec<ServerMessage>,
}

impl Class {
    fn of(guests: usize) -> Self {
        Class::with(guests, Limits::default())
    }

    fn with(guests: usize, limits: Limits) -> Self {
        let mut class = Class { world: World::with(limits), people: Vec::new(), last_id: 1 };
        class.enter("Ana", "host");
        for guest in 0..guests {
            class.enter(&format!("Guest {guest}"), "guest");
        }
        for person in &mut class.people {
            person.heard.clear();
        }
        class
    }

    /// Somebody comes in; gives their place.
    fn enter(&mut self, name: &str, secret: &str) -> usize {
        let Member { socket, joined } = self.world.join_room("math", name, secret);
        let (id, room, ticket) = (joined.you, joined.room, joined.ticket);
        self.people.push(Person { socket, id, ticket, room, heard: Vec::new() });
        self.read();
        self.people.len() - 1
    }

    /// Gives a command and tells how it was answered.
    fn give(&mut self, who: usize, fields: &str) -> Result<(), ErrorCode> {
        self.last_id += 1;
        self.world.command(self.people[who].socket, self.last_id, fields);
        self.read();
        let answer = |message: &ServerMessage| match message.body {
            ServerBody::Done { re } if re == self.last_id => Some(Ok(())),
            ServerBody::Error { re, code, .. } if re == self.last_id => Some(Err(code)),
            _ => None,
        };
        let answers: Vec<_> = self.people[who].heard.iter().filter_map(answer).collect();
        assert_eq!(answers.len(), 1, "answers to {fields}");
        answers[0]
    }

    fn moderate(&mut self, who: usize, action: &str) -> Result<(), ErrorCode> {
        self.give(who, &format!(r#""kind":"moderate","action":{action}"#))
    }

    fn leave(&mut self, who: usize) {
        self.last_id += 1;
        self.world.command(self.people[who].socket, self.last_id, r#""kind":"leave""#);
        self.read();
    }

    fn pass(&mut self, time: Duration) {
        self.world.advance(time);
        self.read();
    }

    fn read(&mut self) {
        for person in &mut self.people {
            for message in self.world.take_all(person.socket) {
                if let ServerBody::Room(room) = &message.body {
                    person.room = room.clone();
                }
                person.heard.push(message);
            }
        }
    }

    /// The room as everybody who is in knows it.
    fn room(&self) -> &RoomState {
        let here = self.people.iter().filter(|one| self.world.closed(one.socket).is_none());
        let rooms: Vec<_> = here.map(|one| &one.room).collect();
        assert!(rooms.iter().all(|room| *room == rooms[0]), "two see different rooms");
        rooms[0]
    }

    fn hands(&self) -> Vec<usize> {
        let place = |id: &ParticipantId| {
            self.people.iter().position(|one| one.id == *id).expect("somebody known")
        };
        self.room().hands.iter().map(place).collect()
    }

    /// What somebody has heard since the last call, of what `pick` takes.
    fn take_heard<T>(&mut self, who: usize, pick: impl Fn(&ServerMessage) -> Option<T>) -> Vec<T> {
        std::mem::take(&mut self.people[who].heard).iter().filter_map(pick).collect()
    }

    fn attendance(&mut self) -> Vec<Stay> {
        self.last_id += 1;
        let take = r#""kind":"moderate","action":"take_attendance""#;
        self.world.command(self.people[HOST].socket, self.last_id, take);
        let mut all = Vec::new();
        for message in self.world.take_all(self.people[HOST].socket) {
            let frame = serde_json::to_string(&message).expect("it serializes");
            assert!(frame.len() <= FRAME_BYTES_MAX, "a frame of {} bytes", frame.len());
            match message.body {
                ServerBody::Attendance { re, first, total, stays } => {
                    assert_eq!((re, first as usize), (self.last_id, all.len()));
                    all.extend(stays);
                    assert!(all.len() <= total as usize);
                }
                other => panic!("no attendance: {other:?}"),
            }
        }
        all
    }
}

const RAISE: &str = r#""kind":"hand","raised":true"#;
const LOWER: &str = r#""kind":"hand","raised":false"#;

fn vote(poll: u32, choice: &str) -> String {
    format!(r#""kind":"vote","poll":{poll},"choice":"{choice}""#)
}

fn reaction(message: &ServerMessage) -> Option<(u64, ParticipantId, Reaction)> {
    match message.body {
        ServerBody::Reaction { participant, reaction } => {
            Some((message.seq, participant, reaction))
        }
        _ => None,
    }
}

fn changed(message: &ServerMessage) -> Option<Participant> {
    match &message.body {
        ServerBody::ParticipantChanged { participant } => Some(participant.clone()),
        _ => None,
    }
}

fn told_room(message: &ServerMessage) -> Option<RoomState> {
    match &message.body {
        ServerBody::Room(room) => Some(room.clone()),
        _ => None,
    }
}

#[test]
fn hands_stand_in_the_order_in_which_they_went_up() {
    let mut class = Class::of(3);
    for who in [CY, HOST, BO, CY] {
        class.give(who, RAISE).expect("it is done");
    }
    assert_eq!(class.hands(), [CY, HOST, BO], "a hand that is up keeps its place");
    class.give(CY, LOWER).expect("it is done");
    class.give(CY, RAISE).expect("it is done");
    assert_eq!(class.hands(), [HOST, BO, CY], "a hand that goes up again stands last");
    let late = class.enter("Late", "guest");
    assert_eq!(class.people[late].room.hands.len(), 3, "who comes later sees them");
    class.leave(BO);
    assert_eq!(class.hands(), [HOST, CY], "who leaves takes their hand along");
}

#[test]
fn a_hand_that_is_where_it_was_asked_to_be_is_told_to_nobody() {
    let mut class = Class::of(1);
    class.give(BO, LOWER).expect("it is done");
    class.give(BO, RAISE).expect("it is done");
    class.give(BO, RAISE).expect("it is done");
    assert_eq!(class.take_heard(HOST, told_room).len(), 1);
}

#[test]
fn a_host_takes_hands_down_and_no_guest_does() {
    let mut class = Class::of(3);
    for who in [BO, CY, HOST] {
        class.give(who, RAISE).expect("it is done");
    }
    let of_bo = format!(r#""lower_hands","whom":{{"these":[{},999999]}}"#, class.people[BO].id.0);
    assert_eq!(class.moderate(CY, &of_bo), Err(ErrorCode::NotAllowed));
    assert_eq!(class.moderate(CY, r#""lower_hands","whom":"all""#), Err(ErrorCode::NotAllowed));
    assert_eq!(class.hands(), [BO, CY, HOST]);
    assert_eq!(class.moderate(HOST, &of_bo), Ok(()), "who is not there is left out");
    assert_eq!(class.hands(), [CY, HOST]);
    assert_eq!(class.moderate(HOST, r#""lower_hands","whom":"all""#), Ok(()));
    assert_eq!(class.hands(), [0usize; 0]);
}

#[test]
fn a_class_that_raises_its_hands_is_told_in_order_and_not_thirty_times() {
    let mut class = Class::of(30);
    let order: Vec<usize> = (1..=30).map(|place| place * 7 % 31).collect();
    for &who in &order {
        class.give(who, RAISE).expect("it is done");
        class.world.advance(Duration::from_millis(5));
    }
    class.pass(Duration::from_millis(100));
    assert_eq!(class.hands(), order);
    let most = class.people.iter().map(|person| {
        person.heard.iter().filter(|told| matches!(told.body, ServerBody::Room(_))).count()
    });
    let most = most.max().expect("people");
    assert!((10..=12).contains(&most), "{most} messages to one person");
    class.pass(SECOND);
    assert_eq!(class.world.rooms.poll_timeout(), None, "nothing is left to tell");
}

#[test]
fn a_reaction_is_shown_to_everybody_who_is_there_just_then() {
    let mut class = Class::of(2);
    let elsewhere = class.world.join_room("music", "Dee", "guest");
    let away = class.people[CY].socket;
    class.world.drop_socket(away);
    class.give(BO, r#""kind":"react","reaction":"applause""#).expect("it is shown");
    let bo = class.people[BO].id;
    for who in [HOST, BO] {
        let shown = class.take_heard(who, reaction);
        assert_eq!(shown, [(0, bo, Reaction::Applause)], "it has no number");
    }
    assert_eq!(class.world.take(elsewhere.socket), None, "another room sees nothing");
    let back = class.world.resume(&class.people[CY].ticket, 1);
    let missed = class.world.bodies(back);
    assert!(!missed.iter().any(|body| matches!(body, ServerBody::Reaction { .. })), "{missed:?}");
}

#[test]
fn reactions_have_a_rate_each_and_together() {
    let mut class = Class::with(3, Limits { reaction_burst: 3, ..Limits::default() });
    let react = r#""kind":"react","reaction":"heart""#;
    assert_eq!(class.give(BO, react), Ok(()));
    class.pass(Duration::from_millis(499));
    assert_eq!(class.give(BO, react), Err(ErrorCode::TooFast));
    class.pass(Duration::from_millis(1));
    assert_eq!(class.give(BO, react), Ok(()));
    assert_eq!(class.take_heard(HOST, reaction).len(), 2);
    assert_eq!((class.give(CY, react), class.give(3, react)), (Ok(()), Ok(())));
    assert_eq!(class.give(HOST, react), Err(ErrorCode::TooFast), "the room is full of them");
    class.pass(SECOND);
    assert_eq!(class.give(HOST, react), Ok(()));
}

#[test]
fn a_timer_tells_what_is_left_when_it_is_said_and_once_that_it_is_over() {
    let mut class = Class::of(1);
    assert_eq!(class.moderate(HOST, r#""set_timer","seconds":60"#), Ok(()));
    let timer = |left_ms| Some(Timer { total_ms: 60_000, left_ms });
    assert_eq!(class.room().timer, timer(60_000));
    class.pass(45 * SECOND);
    let late = class.enter("Late", "guest");
    assert_eq!(class.people[late].room.timer, timer(15_000));
    class.people.pop();
    class.people[BO].heard.clear();
    class.pass(15 * SECOND);
    assert_eq!(class.room().timer, timer(0));
    class.pass(3600 * SECOND);
    assert_eq!(class.take_heard(BO, told_room).len(), 1, "it is told once");
    class.give(BO, RAISE).expect("it is done");
    assert_eq!(class.room().timer, timer(0), "it shows that it is over until a host takes it away");
    assert_eq!(class.moderate(HOST, r#""set_timer","seconds":null"#), Ok(()));
    assert_eq!(class.room().timer, None);
}

#[test]
fn a_timer_can_be_set_anew_and_taken_away_by_hosts_alone() {
    let mut class = Class::of(1);
    for seconds in ["0", "86401"] {
        let set = format!(r#""set_timer","seconds":{seconds}"#);
        assert_eq!(class.moderate(HOST, &set), Err(ErrorCode::BadMessage), "{seconds}");
    }
    assert_eq!(class.moderate(BO, r#""set_timer","seconds":5"#), Err(ErrorCode::NotAllowed));
    assert_eq!(class.room().timer, None);
    class.moderate(HOST, r#""set_timer","seconds":5"#).expect("it is done");
    class.pass(4 * SECOND);
    class.moderate(HOST, r#""set_timer","seconds":5"#).expect("it is done");
    class.pass(4 * SECOND);
    class.moderate(HOST, r#""set_timer","seconds":null"#).expect("it is done");
    class.people[BO].heard.clear();
    class.pass(60 * SECOND);
    assert_eq!(class.take_heard(BO, told_room), [], "neither of them runs out");
}

fn focus(participant: ParticipantId, source: &str) -> String {
    let stage = format!(r#"{{"participant":{},"source":"{source}"}}"#, participant.0);
    format!(r#""set_focus","focus":{{"stage":{stage}}}"#)
}

#[test]
fn a_host_shows_a_picture_until_it_or_they_are_gone() {
    let mut class = Class::of(2);
    let [_, bo, cy] = [HOST, BO, CY].map(|who| class.people[who].id);
    let shown = |participant| {
        let stage = Some(FocusedPicture { participant, source: Source::Camera });
        Some(Focus { stage })
    };
    assert_eq!(class.moderate(BO, &focus(cy, "camera")), Err(ErrorCode::NotAllowed));
    let stranger = focus(ParticipantId(1), "camera");
    assert_eq!(class.moderate(HOST, &stranger), Err(ErrorCode::UnknownParticipant));
    assert_eq!(class.moderate(HOST, &focus(bo, "microphone")), Err(ErrorCode::BadMessage));
    assert_eq!(class.room().focus, None);
    assert_eq!(class.moderate(HOST, &focus(bo, "camera")), Ok(()));
    assert_eq!(class.room().focus, shown(bo));
    class.leave(BO);
    assert_eq!(class.room().focus, None, "who is shown has left");

    let second = class.enter("Second", "host");
    assert_eq!(class.moderate(second, r#""set_focus","focus":{"stage":null}"#), Ok(()));
    assert_eq!(class.room().focus, Some(Focus { stage: None }));
    assert_eq!(class.moderate(HOST, &focus(cy, "camera")), Ok(()));
    class.leave(second);
    assert_eq!(class.room().focus, shown(cy), "another host shows it since");
    class.leave(HOST);
    assert_eq!(class.room().focus, None, "who shows it has left");
}

#[test]
fn a_vote_counts_once_and_the_last_word_counts() {
    let mut class = Class::of(3);
    let open = r#""open_poll","question":" Break? ""#;
    assert_eq!(class.moderate(BO, open), Err(ErrorCode::NotAllowed));
    assert_eq!(class.give(BO, &vote(1, "yes")), Err(ErrorCode::UnknownPoll));
    class.moderate(HOST, open).expect("it is done");
    let poll = class.room().poll.clone().expect("a poll");
    assert_eq!((poll.id, poll.question.as_str(), poll.voted), (PollId(1), "Break?", 0));
    for (who, choice) in [(BO, "yes"), (BO, "yes"), (BO, "no"), (CY, "yes"), (HOST, "abstain")] {
        assert_eq!(class.give(who, &vote(1, choice)), Ok(()));
    }
    assert_eq!(class.give(3, &vote(2, "yes")), Err(ErrorCode::UnknownPoll));
    let poll = class.room().poll.clone().expect("a poll");
    assert_eq!((poll.voted, poll.result), (3, None), "who voted what is told to nobody");
    class.leave(CY);
    assert_eq!(class.moderate(HOST, r#""dismiss_poll","poll":1"#), Err(ErrorCode::UnknownPoll));
    assert_eq!(class.moderate(BO, r#""close_poll","poll":1"#), Err(ErrorCode::NotAllowed));
    assert_eq!(class.moderate(HOST, r#""close_poll","poll":1"#), Ok(()));
    let result = Some(PollResult { yes: 1, no: 1, abstain: 1 });
    assert_eq!(class.room().poll.as_ref().expect("a poll").result, result, "who left counts");
    assert_eq!(class.give(3, &vote(1, "no")), Err(ErrorCode::UnknownPoll));
    assert_eq!(class.moderate(HOST, r#""close_poll","poll":1"#), Err(ErrorCode::UnknownPoll));
    assert_eq!(class.moderate(BO, r#""dismiss_poll","poll":1"#), Err(ErrorCode::NotAllowed));
    assert_eq!(class.moderate(HOST, r#""dismiss_poll","poll":1"#), Ok(()));
    assert_eq!(class.room().poll, None);
}

#[test]
fn a_new_poll_begins_with_no_votes() {
    let mut class = Class::with(3, Limits { votes_per_poll: 2, ..Limits::default() });
    let open = r#""open_poll","question":"Again?""#;
    class.moderate(HOST, open).expect("it is done");
    assert_eq!(class.give(BO, &vote(1, "yes")), Ok(()));
    assert_eq!(class.give(CY, &vote(1, "yes")), Ok(()));
    assert_eq!(class.give(3, &vote(1, "yes")), Err(ErrorCode::RoomFull), "it is bounded");
    assert_eq!(class.give(BO, &vote(1, "no")), Ok(()), "a mind can be changed all the same");
    class.moderate(HOST, open).expect("it is done");
    assert_eq!(class.give(BO, &vote(1, "yes")), Err(ErrorCode::UnknownPoll));
    assert_eq!(class.moderate(HOST, r#""close_poll","poll":2"#), Ok(()));
    let poll = class.room().poll.clone().expect("a poll");
    assert_eq!((poll.voted, poll.result), (0, Some(PollResult::default())));
    for question in [" ".to_owned(), "x".repeat(301), "a\u{1}".to_owned()] {
        let question = serde_json::to_string(&question).expect("it serializes");
        let open = format!(r#""open_poll","question":{question}"#);
        assert_eq!(class.moderate(HOST, &open), Err(ErrorCode::BadText));
    }
}

#[test]
fn everybody_is_told_of_a_recording() {
    let mut class = Class::of(2);
    let record = |on: bool| format!(r#""kind":"record","on":{on}"#);
    class.give(BO, &record(true)).expect("it is told");
    class.give(BO, &record(true)).expect("it is so already");
    for who in [HOST, BO, CY] {
        let told = class.take_heard(who, changed);
        let [participant] = &told[..] else {
            panic!("it is told once: {told:?}");
        };
        assert!(participant.recording && participant.id == class.people[BO].id);
    }
    class.give(BO, &record(false)).expect("it is told");
    assert!(!class.take_heard(HOST, changed)[0].recording);
}

#[test]
fn guests_record_where_the_rules_let_them() {
    let mut class = Class::of(2);
    let record = r#""kind":"record","on":true"#;
    class.give(BO, record).expect("it is told");
    class.give(HOST, record).expect("it is told");
    class.people[CY].heard.clear();
    class.moderate(HOST, r#""set_rules","rules":{"recording":false}"#).expect("it is done");
    let told = class.take_heard(CY, changed);
    let [ended] = &told[..] else {
        panic!("one recording ends: {told:?}");
    };
    assert_eq!((ended.id, ended.recording), (class.people[BO].id, false));
    class.people[BO].heard.clear();
    assert_eq!(class.give(CY, record), Err(ErrorCode::NotAllowed));
    assert_eq!(class.give(CY, r#""kind":"record","on":false"#), Ok(()));
    assert_eq!(class.give(HOST, record), Ok(()), "a rule binds guests alone");
    assert_eq!(class.take_heard(BO, changed), []);
}

#[test]
fn guests_write_to_whom_the_rules_let_them_and_to_hosts_always() {
    let mut class = Class::of(2);
    let [host, bo, cy] = [HOST, BO, CY].map(|who| class.people[who].id);
    let rules = r#""set_rules","rules":{"chat":false,"private_chat":false}"#;
    class.moderate(HOST, rules).expect("it is done");
    class.people.iter_mut().for_each(|person| person.heard.clear());
    let mut write = |who: usize, to: Option<ParticipantId>| {
        class.last_id += 1;
        let to = to.map_or("null".to_owned(), |to| to.0.to_string());
        let chat = format!(r#""kind":"chat","text":"Hello","to":{to}"#);
        class.world.command(class.people[who].socket, class.last_id, &chat);
        class.read();
        [HOST, BO, CY].map(|who| {
            let chat = |m: &ServerMessage| matches!(m.body, ServerBody::Chat(_)).then_some(());
            class.take_heard(who, chat).len()
        })
    };
    assert_eq!(write(BO, None), [0, 0, 0]);
    assert_eq!(write(BO, Some(cy)), [0, 0, 0]);
    assert_eq!(write(BO, Some(host)), [1, 1, 0]);
    assert_eq!(write(BO, Some(bo)), [0, 1, 0]);
    assert_eq!(write(HOST, None), [1, 1, 1]);
    assert_eq!(write(HOST, Some(bo)), [1, 1, 0]);
    class.last_id += 1;
    let chat = r#""kind":"chat","text":"Hello","to":null,"caption":true"#;
    class.world.command(class.people[BO].socket, class.last_id, chat);
    assert_eq!(class.world.take_error(class.people[BO].socket).2, ErrorCode::NotAllowed);
}

#[test]
fn the_attendance_tells_hosts_who_was_here_and_when() {
    let mut class = Class::of(1);
    class.pass(10 * SECOND);
    class.leave(BO);
    class.pass(5 * SECOND);
    let again = class.enter("Guest 0", "guest");
    class.pass(SECOND);
    assert_eq!(class.moderate(again, r#""take_attendance""#), Err(ErrorCode::NotAllowed));
    let stays = class.attendance();
    let stay = |name: &str, role, from_ms_ago, to_ms_ago| Stay {
        name: name.to_owned(),
        role,
        from_ms_ago,
        to_ms_ago,
    };
    let expected = [
        stay("Ana", Role::Host, 16_000, None),
        stay("Guest 0", Role::Guest, 16_000, Some(6_000)),
        stay("Guest 0", Role::Guest, 1_000, None),
    ];
    assert_eq!(stays, expected);
}

#[test]
fn a_long_attendance_comes_in_parts_and_is_bounded() {
    let mut class = Class::with(0, Limits { stays_per_room: 400, ..Limits::default() });
    let name = "\u{1F469}".repeat(64);
    for _ in 0..450 {
        let guest = class.world.join_room("math", &name, "guest");
        class.world.command(guest.socket, 2, r#""kind":"leave""#);
        class.world.take_all(class.people[HOST].socket);
    }
    let stays = class.attendance();
    assert_eq!(stays.len(), 400);
    assert_eq!(stays[0].role, Role::Host, "who is here is not forgotten");
}

#[test]
fn a_resume_with_a_hole_is_told_the_whole_state() {
    let mut class = Class::with(2, Limits { ring_messages: 4, ..Limits::default() });
    let away = class.people[BO].socket;
    class.world.drop_socket(away);
    class.give(CY, RAISE).expect("it is done");
    class.moderate(HOST, r#""set_timer","seconds":60"#).expect("it is done");
    class.moderate(HOST, r#""open_poll","question":"Well?""#).expect("it is done");
    let cy = class.people[CY].id;
    class.moderate(HOST, &focus(cy, "screen")).expect("it is done");
    class.give(CY, &vote(1, "yes")).expect("it is done");
    class.pass(2 * SECOND);
    let back = class.world.resume(&class.people[BO].ticket, 2);
    let told = class.world.bodies(back);
    let room = told.iter().find_map(|body| match body {
        ServerBody::Snapshot { room, .. } => Some(room.clone()),
        _ => None,
    });
    let room = room.expect("a snapshot");
    let left_ms = room.timer.map(|timer| timer.left_ms);
    assert_eq!((room.hands.as_slice(), left_ms), (&[cy][..], Some(58_000)));
    assert_eq!(room.poll.map(|poll| poll.voted), Some(1));
    assert!(room.focus.is_some());
}
