//! People in rooms.

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use protocol::{
    client::{
        CHAT_CHARACTERS_MAX, ChatMessage, EndReason, ErrorCode, FRAME_BYTES_MAX, Joined, SdpBody,
        ServerBody, SlotMapping,
    },
    node::{NodeCommand, NodeEventBody},
};

use crate::{client::Client, site::Site};

/// The answer to a resume on a plain listener.
fn resumed(last_id: u64) -> ServerBody {
    ServerBody::Resumed { last_id, ice_servers: vec![] }
}

#[tokio::test]
async fn two_people_see_each_other_come_change_and_go() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, ana_joined) = Client::join(&site, &links, &links.host, "Ana").await;
    let answer = format!("v=0 answer for {:?}", ana_joined.you);
    assert_eq!(ana_joined.answer, SdpBody::Plain(answer));
    let (mut bo, bo_joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    let ServerBody::ParticipantJoined { participant } = ana.hear().await else {
        panic!("Ana hears nothing of Bo");
    };
    assert_eq!((participant.id, participant.name.as_str()), (bo_joined.you, "Bo"));
    assert_eq!(bo_joined.participants[0].name, "Ana");

    bo.command(r#""kind":"publish","source":"camera","state":{"width":640,"height":360}"#).await;
    for client in [&mut ana, &mut bo] {
        let ServerBody::ParticipantChanged { participant } = client.hear().await else {
            panic!("the camera is not seen");
        };
        assert_eq!(participant.sources[0].state.width, 640);
    }
    bo.command(r#""kind":"leave""#).await;
    assert_eq!(bo.ended().await, EndReason::Left);
    assert_eq!(bo.close().await.map(u16::from), Some(1000));
    let left = ServerBody::ParticipantLeft { participant: bo_joined.you };
    assert_eq!(ana.hear().await, left);
    ana.assert_quiet().await;
    let requests = site.node.requests();
    assert!(requests.iter().any(|request| matches!(
        request.command,
        NodeCommand::RemoveEndpoint { participant } if participant == bo_joined.you
    )));
}

#[tokio::test]
async fn a_cut_socket_loses_and_doubles_nothing() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (ana, joined) = Client::join(&site, &links, &links.host, "Ana").await;
    let seen = ana.last_seq;
    ana.cut();
    let (mut bo, bo_joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    bo.command(r#""kind":"publish","source":"microphone","state":{}"#).await;
    assert!(matches!(bo.hear().await, ServerBody::ParticipantChanged { .. }));

    let mut ana = Client::resume(&site, &joined.ticket, seen).await;
    assert_eq!(ana.hear().await, resumed(1));
    assert!(matches!(ana.hear().await, ServerBody::ParticipantJoined { .. }));
    assert!(matches!(ana.hear().await, ServerBody::ParticipantChanged { .. }));
    ana.assert_quiet().await;
    let publish = r#""kind":"publish","source":"camera","state":{"width":320}"#;
    ana.command(publish).await;
    assert!(matches!(ana.hear().await, ServerBody::ParticipantChanged { .. }));
    let seen = ana.last_seq;
    // Replaced before the server has noticed that the old socket is dead.
    let mut again = Client::resume(&site, &joined.ticket, seen).await;
    assert_eq!(again.hear().await, resumed(2));
    assert_eq!(ana.ended().await, EndReason::Replaced);
    again.say(&format!(r#"{{"id":2,{publish}}}"#)).await;
    again.assert_quiet().await;

    let camera = |request: &protocol::node::NodeRequest| {
        matches!(
            request.command,
            NodeCommand::SetSource { participant, .. } if participant == joined.you
        )
    };
    assert_eq!(site.node.requests().iter().filter(|r| camera(r)).count(), 1);
    let removed = |request: &protocol::node::NodeRequest| {
        matches!(request.command, NodeCommand::RemoveEndpoint { .. })
    };
    assert!(!site.node.requests().iter().any(removed), "the media went on");
    assert_ne!(bo_joined.you, joined.you);
}

#[tokio::test]
async fn a_page_that_goes_leaves_nobody_behind_and_a_socket_that_closes_does() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, _) = Client::join(&site, &links, &links.host, "Ana").await;
    for (code, is_gone) in [(CloseCode::Normal, false), (CloseCode::Away, true)] {
        let (mut bo, joined) = Client::join(&site, &links, &links.guest, "Bo").await;
        assert!(matches!(ana.hear().await, ServerBody::ParticipantJoined { .. }));
        bo.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
        if is_gone {
            assert_eq!(ana.hear().await, ServerBody::ParticipantLeft { participant: joined.you });
        } else {
            ana.assert_quiet().await;
        }
    }
}

#[tokio::test]
async fn two_people_write_to_each_other_and_a_cut_socket_loses_nothing() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, ana_joined) = Client::join(&site, &links, &links.host, "Ana").await;
    let (mut bo, bo_joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    ana.hear().await;
    let written = |from: &Joined, to: Option<&Joined>, text: &str, re| {
        let to = to.map(|to| to.you);
        ServerBody::Chat(ChatMessage {
            from: from.you,
            to,
            text: text.to_owned(),
            caption: false,
            re,
        })
    };
    let re = ana.command(r#""kind":"chat","text":"  Bonjour,\nça va ? ""#).await;
    assert_eq!(ana.hear().await, written(&ana_joined, None, "Bonjour,\nça va ?", re));
    assert_eq!(bo.hear().await, written(&ana_joined, None, "Bonjour,\nça va ?", 0));

    let seen = ana.last_seq;
    ana.cut();
    bo.command(r#""kind":"chat","text":"one""#).await;
    let private = format!(r#""kind":"chat","text":"two","to":{}"#, ana_joined.you.0);
    bo.command(&private).await;
    for (re, to, text) in [(2, None, "one"), (3, Some(&ana_joined), "two")] {
        assert_eq!(bo.hear().await, written(&bo_joined, to, text, re));
    }
    let mut ana = Client::resume(&site, &ana_joined.ticket, seen).await;
    assert_eq!(ana.hear().await, resumed(2));
    assert_eq!(ana.hear().await, written(&bo_joined, None, "one", 0));
    assert_eq!(ana.hear().await, written(&bo_joined, Some(&ana_joined), "two", 0));
    // The command that arrived before the cut comes again, and is not passed on again.
    ana.say(r#"{"id":2,"kind":"chat","text":"Bonjour"}"#).await;
    ana.assert_quiet().await;
    bo.assert_quiet().await;
}

#[tokio::test]
async fn a_text_or_an_addressee_that_is_none_is_named() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, _) = Client::join(&site, &links, &links.host, "Ana").await;
    let (mut bo, bo_joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    ana.hear().await;
    bo.command(r#""kind":"leave""#).await;
    ana.hear().await;
    let chat = |text: &str| format!(r#""kind":"chat","text":"{text}""#);
    let to = |id: u32| format!(r#"{},"to":{id}"#, chat("psst"));
    let longest = "é".repeat(CHAT_CHARACTERS_MAX);
    for (fields, code) in [
        (chat(" \\n "), ErrorCode::BadText),
        (chat(&format!("{longest}é")), ErrorCode::BadText),
        (chat("\\u0007"), ErrorCode::BadText),
        (chat(&"x".repeat(FRAME_BYTES_MAX)), ErrorCode::TooLong),
        (to(bo_joined.you.0), ErrorCode::UnknownParticipant),
        (to(77), ErrorCode::UnknownParticipant),
        (r#""kind":"chat","text":7"#.to_owned(), ErrorCode::BadMessage),
        (r#""kind":"chat""#.to_owned(), ErrorCode::BadMessage),
    ] {
        let re = ana.command(&fields).await;
        let ServerBody::Error { re: of, code: why, .. } = ana.hear().await else {
            panic!("not refused: {code:?}");
        };
        assert_eq!((of, why), (re, code));
    }
    ana.command(&chat(&longest)).await;
    assert!(matches!(ana.hear().await, ServerBody::Chat(message) if message.text == longest));
}

#[tokio::test]
async fn what_the_node_says_reaches_the_client() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, joined) = Client::join(&site, &links, &links.host, "Ana").await;
    let participant = joined.you;
    let slots = vec![SlotMapping { mid: "2".to_owned(), carries: None }];
    site.node.say(NodeEventBody::Slots { participant, slots: slots.clone() }).await;
    assert_eq!(ana.hear().await, ServerBody::Slots { slots });
    site.node.say(NodeEventBody::RestartIce { participant }).await;
    assert_eq!(ana.hear().await, ServerBody::RestartIce);
    let offer = r#""kind":"offer","offer":{"plain":"v=0"},"sections":[]"#;
    let re = ana.command(offer).await;
    let answer = SdpBody::Plain(format!("v=0 answer for {participant:?}"));
    assert_eq!(ana.hear().await, ServerBody::Answer { re, answer });
    site.node.say(NodeEventBody::Ended { participant }).await;
    assert_eq!(ana.ended().await, EndReason::MediaLost);
}

#[tokio::test]
async fn who_does_not_read_is_cut_and_resumes_with_the_state() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (deaf, joined) = Client::join(&site, &links, &links.host, "Ana").await;
    let (mut bo, _) = Client::join(&site, &links, &links.guest, "Bo").await;
    let participant = joined.you;
    let mids = |n: usize| {
        let mapping = |place| SlotMapping { mid: format!("{n}-{place}"), carries: None };
        (0..500).map(mapping).collect::<Vec<_>>()
    };
    for n in 0..1500 {
        site.node.say(NodeEventBody::Slots { participant, slots: mids(n % 2) }).await;
    }
    bo.assert_quiet().await;
    let mut back = Client::resume(&site, &joined.ticket, deaf.last_seq).await;
    assert_eq!(back.hear().await, resumed(1));
    let ServerBody::Snapshot { participants, slots, .. } = back.hear().await else {
        panic!("no snapshot");
    };
    assert_eq!((participants.len(), slots.len()), (2, 1000));
    back.assert_quiet().await;
    assert!(site.metrics().contains(r#"signaling_sockets_closed_total{reason="slow"} 1"#));
}

#[tokio::test]
async fn a_stop_is_told_to_everybody() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, _) = Client::join(&site, &links, &links.host, "Ana").await;
    let mut waiting = Client::open(&site).await;
    waiting.assert_quiet().await;
    let told = async {
        for client in [&mut ana, &mut waiting] {
            assert_eq!(client.ended().await, EndReason::ServerStopping);
            assert_eq!(client.close().await.map(u16::from), Some(1001));
        }
    };
    tokio::join!(site.stop(), told);
}

#[tokio::test]
async fn a_client_that_does_not_hear_the_stop_delays_it_by_a_second_at_most() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (_deaf, _) = Client::join(&site, &links, &links.host, "Ana").await;
    let idle = tokio::net::TcpStream::connect(site.address).await.expect("a connection");
    let begin = std::time::Instant::now();
    site.stop().await;
    // A second by design; the rest is for a machine that does much else.
    assert!(begin.elapsed().as_secs() < 4, "{:?}", begin.elapsed());
    drop(idle);
}

#[tokio::test]
async fn numbers_show_what_happened() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut ana, joined) = Client::join(&site, &links, &links.host, "Ana").await;
    ana.assert_quiet().await;
    let mut stranger = Client::resume(&site, "0.0.0", 0).await;
    stranger.error().await;
    let mut back = Client::resume(&site, &joined.ticket, ana.last_seq).await;
    back.hear().await;
    back.command(r#""kind":"leave""#).await;
    back.ended().await;
    // Whatever happens next, happens after the numbers were set.
    Client::open(&site).await.assert_quiet().await;
    let metrics = site.metrics();
    for line in [
        "signaling_rooms_created_total 1",
        r#"signaling_joins_total{result="joined"} 1"#,
        r#"signaling_resumes_total{result="ring"} 1"#,
        r#"signaling_resumes_total{result="gone"} 1"#,
        r#"signaling_leaves_total{cause="left"} 1"#,
        "signaling_rooms 1",
        "signaling_sessions 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is not in\n{metrics}");
    }
    let names: Vec<_> = metrics
        .lines()
        .filter(|line| !line.starts_with("# HELP"))
        .map(|line| line.rsplit_once(' ').map_or(line, |(name, _)| name))
        .collect();
    insta::assert_snapshot!("metric_names", names.join("\n"));
}
