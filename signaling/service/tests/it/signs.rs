//! Hands, votes, recordings and what hosts show, asked for by clients that obey and by some that
//! do not.

use protocol::{
    ParticipantId,
    client::{
        ErrorCode, Joined, Role, ServerBody,
        signs::{PollResult, Reaction, RoomState},
    },
};

use crate::{
    client::Client,
    site::{Links, Site},
};

/// Somebody in the room, with what they know of it.
struct Person {
    client: Client,
    joined: Joined,
    room: RoomState,
    heard: Vec<ServerBody>,
}

impl Person {
    async fn join(site: &Site, links: &Links, link: &str, name: &str) -> Person {
        let (client, joined) = Client::join(site, links, link, name).await;
        Person { client, room: joined.room.clone(), joined, heard: Vec::new() }
    }

    fn id(&self) -> ParticipantId {
        self.joined.you
    }

    /// Gives a command and hears how it is answered.
    async fn give(&mut self, fields: &str) -> Result<(), ErrorCode> {
        let id = self.client.command(fields).await;
        loop {
            match self.hear().await {
                ServerBody::Done { re } if re == id => return Ok(()),
                ServerBody::Error { re, code, .. } if re == id => return Err(code),
                _ => {}
            }
        }
    }

    async fn moderate(&mut self, action: &str) -> Result<(), ErrorCode> {
        self.give(&format!(r#""kind":"moderate","action":{action}"#)).await
    }

    /// Hears what has been said so far.
    async fn catch_up(&mut self) {
        self.client.say(r#"{"id":0,"kind":"ping"}"#).await;
        while self.hear().await != ServerBody::Pong {}
    }

    /// Hears on until the room is as expected.
    async fn see(&mut self, is_so: impl Fn(&RoomState) -> bool) {
        while !is_so(&self.room) {
            self.hear().await;
        }
    }

    async fn hear(&mut self) -> ServerBody {
        let body = self.client.hear().await;
        if let ServerBody::Room(room) = &body {
            self.room = room.clone();
        }
        self.heard.push(body.clone());
        body
    }
}

/// A host and two guests.
async fn three(site: &Site) -> (Links, [Person; 3]) {
    let links = site.create_room("").await;
    let host = Person::join(site, &links, &links.host, "Ana").await;
    let bo = Person::join(site, &links, &links.guest, "Bo").await;
    let cy = Person::join(site, &links, &links.guest, "Cy").await;
    (links, [host, bo, cy])
}

const RAISE: &str = r#""kind":"hand","raised":true"#;

#[tokio::test]
async fn hands_are_seen_in_order_and_taken_down_by_hosts_alone() {
    let site = Site::start().await;
    let (links, [mut host, mut bo, mut cy]) = three(&site).await;
    assert_eq!(cy.give(RAISE).await, Ok(()));
    assert_eq!(bo.give(RAISE).await, Ok(()));
    let order = [cy.id(), bo.id()];
    for person in [&mut host, &mut bo, &mut cy] {
        person.see(|room| room.hands == order).await;
    }
    let of_cy = format!(r#""lower_hands","whom":{{"these":[{}]}}"#, cy.id().0);
    assert_eq!(bo.moderate(&of_cy).await, Err(ErrorCode::NotAllowed));
    assert_eq!(bo.moderate(r#""lower_hands","whom":"all""#).await, Err(ErrorCode::NotAllowed));
    host.catch_up().await;
    assert_eq!(host.room.hands, order, "what is refused changes nothing");
    let late = Person::join(&site, &links, &links.guest, "Late").await;
    assert_eq!(late.room.hands, order);
    assert_eq!(host.moderate(&of_cy).await, Ok(()));
    cy.see(|room| room.hands == [bo.joined.you]).await;
}

#[tokio::test]
async fn what_was_missed_without_a_socket_is_told_after_it() {
    let site = Site::start().await;
    let (_links, [mut host, bo, mut cy]) = three(&site).await;
    let seen = bo.client.last_seq;
    bo.client.cut();
    cy.give(RAISE).await.expect("it is done");
    cy.give(r#""kind":"react","reaction":"heart""#).await.expect("it is shown");
    host.moderate(r#""set_timer","seconds":600"#).await.expect("it is done");
    host.catch_up().await;
    let shown = ServerBody::Reaction { participant: cy.id(), reaction: Reaction::Heart };
    assert!(host.heard.contains(&shown));
    let mut client = Client::resume(&site, &bo.joined.ticket, seen).await;
    loop {
        match client.hear().await {
            ServerBody::Room(room) if room.timer.is_some() => {
                assert_eq!(room.hands, [cy.id()]);
                break;
            }
            ServerBody::Reaction { .. } => panic!("a reaction is shown to those who are there"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_poll_counts_each_person_once_and_strangers_never() {
    let site = Site::start().await;
    let (links, [mut host, mut bo, mut cy]) = three(&site).await;
    let open = r#""open_poll","question":"Une pause ?""#;
    assert_eq!(bo.moderate(open).await, Err(ErrorCode::NotAllowed));
    assert_eq!(host.moderate(open).await, Ok(()));
    bo.see(|room| room.poll.is_some()).await;
    let poll = bo.room.poll.as_ref().expect("a poll").id.0;
    let vote = |choice: &str| format!(r#""kind":"vote","poll":{poll},"choice":"{choice}""#);
    for choice in ["yes", "yes", "no"] {
        assert_eq!(bo.give(&vote(choice)).await, Ok(()));
    }
    assert_eq!(cy.give(&vote("yes")).await, Ok(()));
    let other = format!(r#""kind":"vote","poll":{},"choice":"yes""#, poll + 1);
    assert_eq!(cy.give(&other).await, Err(ErrorCode::UnknownPoll));
    let mean = r#""kind":"vote","poll":1,"choice":"maybe""#;
    assert_eq!(cy.give(mean).await, Err(ErrorCode::BadMessage));

    let mut stranger = Client::open(&site).await;
    stranger.command(&vote("no")).await;
    assert_eq!(stranger.error().await, ErrorCode::NotJoined);
    let elsewhere = site.create_room("").await;
    let mut elsewhere = Person::join(&site, &elsewhere, &elsewhere.host, "Dee").await;
    assert_eq!(elsewhere.give(&vote("no")).await, Err(ErrorCode::UnknownPoll));

    let close = format!(r#""close_poll","poll":{poll}"#);
    assert_eq!(bo.moderate(&close).await, Err(ErrorCode::NotAllowed));
    host.see(|room| room.poll.as_ref().is_some_and(|poll| poll.voted == 2)).await;
    assert_eq!(host.room.poll.as_ref().and_then(|poll| poll.result), None);
    assert_eq!(host.moderate(&close).await, Ok(()));
    let result = Some(PollResult { yes: 1, no: 1, abstain: 0 });
    bo.see(|room| room.poll.as_ref().is_some_and(|poll| poll.result == result)).await;
    assert_eq!(bo.give(&vote("yes")).await, Err(ErrorCode::UnknownPoll));
    let late = Person::join(&site, &links, &links.guest, "Late").await;
    assert_eq!(late.room.poll, bo.room.poll);
}

#[tokio::test]
async fn a_recording_is_told_to_all_and_refused_where_it_is_forbidden() {
    let site = Site::start().await;
    let (_links, [mut host, mut bo, mut cy]) = three(&site).await;
    let record = r#""kind":"record","on":true"#;
    assert_eq!(bo.give(record).await, Ok(()));
    let is_recording = |heard: &[ServerBody], id| {
        let told = heard.iter().rev().find_map(|body| match body {
            ServerBody::ParticipantChanged { participant } if participant.id == id => {
                Some(participant.recording)
            }
            _ => None,
        });
        told.unwrap_or(false)
    };
    cy.catch_up().await;
    assert!(is_recording(&cy.heard, bo.id()));
    let rules = r#""set_rules","rules":{"recording":false}"#;
    assert_eq!(host.moderate(rules).await, Ok(()));
    assert_eq!(cy.give(record).await, Err(ErrorCode::NotAllowed));
    assert!(!is_recording(&cy.heard, bo.id()), "a rule ends what it forbids");
    assert_eq!(host.give(record).await, Ok(()));
    cy.catch_up().await;
    assert!(is_recording(&cy.heard, host.id()) && !is_recording(&cy.heard, cy.id()));
}

#[tokio::test]
async fn guests_write_to_hosts_alone_where_chat_is_forbidden() {
    let site = Site::start().await;
    let (_links, [mut host, mut bo, mut cy]) = three(&site).await;
    let rules = r#""set_rules","rules":{"chat":false,"private_chat":false}"#;
    assert_eq!(host.moderate(rules).await, Ok(()));
    let write = |to: Option<ParticipantId>| {
        let to = to.map_or("null".to_owned(), |to| to.0.to_string());
        format!(r#""kind":"chat","text":"Bonjour","to":{to}"#)
    };
    assert_eq!(bo.give(&write(None)).await, Err(ErrorCode::NotAllowed));
    assert_eq!(bo.give(&write(Some(cy.id()))).await, Err(ErrorCode::NotAllowed));
    bo.client.command(&write(Some(host.id()))).await;
    while !matches!(bo.hear().await, ServerBody::Chat(_)) {}
    let chats = |person: &Person| {
        person.heard.iter().filter(|body| matches!(body, ServerBody::Chat(_))).count()
    };
    host.catch_up().await;
    cy.catch_up().await;
    assert_eq!((chats(&host), chats(&cy)), (1, 0));
}

#[tokio::test]
async fn guests_set_no_timer_show_nothing_and_learn_of_nobodys_stay() {
    let site = Site::start().await;
    let (_links, [mut host, mut bo, cy]) = three(&site).await;
    let stage = format!(r#"{{"stage":{{"participant":{},"source":"camera"}}}}"#, cy.id().0);
    for action in [
        r#""set_timer","seconds":60"#.to_owned(),
        format!(r#""set_focus","focus":{stage}"#),
        r#""take_attendance""#.to_owned(),
    ] {
        assert_eq!(bo.moderate(&action).await, Err(ErrorCode::NotAllowed), "{action}");
    }
    host.catch_up().await;
    assert_eq!(host.room, RoomState::default());
    let re = host.client.command(r#""kind":"moderate","action":"take_attendance""#).await;
    let ServerBody::Attendance { re: of, stays, .. } = host.hear().await else {
        panic!("no attendance: {:?}", host.heard.last());
    };
    assert_eq!(of, re);
    let stays: Vec<_> = stays.iter().map(|stay| (stay.name.as_str(), stay.role)).collect();
    assert_eq!(stays, [("Ana", Role::Host), ("Bo", Role::Guest), ("Cy", Role::Guest)]);
    assert_eq!(host.moderate(&format!(r#""set_focus","focus":{stage}"#)).await, Ok(()));
    bo.see(|room| room.focus.is_some()).await;
}

#[tokio::test]
async fn reactions_in_a_stream_are_refused() {
    let site = Site::start().await;
    let (_links, [_host, mut bo, _cy]) = three(&site).await;
    let react = r#""kind":"react","reaction":"laugh""#;
    // Four within less than two seconds: at least one comes within half a second of the one before.
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(bo.give(react).await);
    }
    assert_eq!(answers[0], Ok(()));
    assert!(answers.contains(&Err(ErrorCode::TooFast)), "{answers:?}");
    assert_eq!(bo.give(r#""kind":"react","reaction":"rude""#).await, Err(ErrorCode::BadMessage));
}
