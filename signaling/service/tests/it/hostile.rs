//! What is sent by mistake or by malice: a clear answer, and nobody else notices.

use protocol::client::{ErrorCode, FRAME_BYTES_MAX, SDP_BYTES_MAX, ServerBody};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Duration, timeout},
};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::{
    client::{Client, PREAU, join_text},
    site::{Links, PATIENCE, Site},
};

fn status(refused: Result<Client, Error>) -> u16 {
    match refused {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("not an HTTP answer: {other}"),
        Ok(_) => panic!("the socket opened"),
    }
}

#[tokio::test]
async fn a_socket_needs_our_subprotocol_and_an_origin_that_may() {
    let site = Site::start_with(|config| {
        config.allowed_origins = vec!["https://school.example".parse().expect("an origin")];
    })
    .await;
    let proto = PREAU[0];
    assert_eq!(status(Client::try_open(&site, &[]).await), 400);
    let other = [("Sec-WebSocket-Protocol", "soap")];
    assert_eq!(status(Client::try_open(&site, &other).await), 400);
    let own = format!("http://{}", site.address);
    for origin in [own.as_str(), "https://school.example"] {
        let opened = Client::try_open(&site, &[proto, ("Origin", origin)]).await;
        opened.expect("an open socket").assert_quiet().await;
    }
    for origin in ["https://evil.example", "null", "http://school.example"] {
        let refused = Client::try_open(&site, &[proto, ("Origin", origin)]).await;
        assert_eq!(status(refused), 403, "{origin}");
    }
    assert_eq!(site.get("/ws", &[]).await.status, 400);
}

#[tokio::test]
async fn garbage_is_answered_and_the_socket_lives_on() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut bystander, _) = Client::join(&site, &links, &links.host, "Ana").await;
    let mut client = Client::open(&site).await;
    for garbage in ["", "garbage", "{}", "[[[[", r#"{"id":1,"kind":"join"}"#, "\u{0}"] {
        client.say(garbage).await;
        assert_eq!(client.error().await, ErrorCode::BadMessage, "{garbage:?}");
    }
    client.send(Message::Binary(Bytes::from_static(b"\x00\xff"))).await;
    assert_eq!(client.error().await, ErrorCode::BadMessage);
    client.say(r#"{"id":1,"kind":"dance"}"#).await;
    assert_eq!(client.error().await, ErrorCode::Unsupported);
    client.say(r#"{"id":1,"kind":"leave"}"#).await;
    assert_eq!(client.error().await, ErrorCode::NotJoined);
    client.say(&join_text(&links.room, Links::secret(&links.guest), "Bo")).await;
    client.joined().await;
    assert!(matches!(bystander.hear().await, ServerBody::ParticipantJoined { .. }));
    bystander.assert_quiet().await;
}

#[tokio::test]
async fn names_have_their_limit() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    for name in ["", " ", &"é".repeat(65), "two\nlines"] {
        let mut client = Client::open(&site).await;
        client.say(&join_text(&links.room, Links::secret(&links.guest), name)).await;
        assert_eq!(client.error().await, ErrorCode::BadName, "{name:?}");
    }
    let (_client, joined) = Client::join(&site, &links, &links.guest, &"é".repeat(64)).await;
    assert_eq!(joined.participants.len(), 1);
}

#[tokio::test]
async fn long_frames_are_refused_and_endless_ones_end_the_socket() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut bystander, _) = Client::join(&site, &links, &links.host, "Ana").await;
    let (mut client, joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    bystander.hear().await;
    let padding = "x".repeat(FRAME_BYTES_MAX);
    client.say(&format!(r#"{{"id":2,"kind":"leave","padding":"{padding}"}}"#)).await;
    assert_eq!(client.error().await, ErrorCode::TooLong);
    client.assert_quiet().await;
    let offer = "x".repeat(SDP_BYTES_MAX - 1000);
    let fields = format!(r#""id":3,"kind":"offer","offer":{{"plain":"{offer}"}},"sections":[]"#);
    client.say(&format!("{{{fields}}}")).await;
    assert!(matches!(client.hear().await, ServerBody::Answer { re: 3, .. }));
    client.say(&"x".repeat(SDP_BYTES_MAX + 1)).await;
    assert_eq!(client.error().await, ErrorCode::TooLong);
    assert_eq!(client.close().await.map(u16::from), Some(1008));
    bystander.assert_quiet().await;
    let mut back = Client::resume(&site, &joined.ticket, client.last_seq).await;
    assert!(matches!(back.hear().await, ServerBody::Resumed { .. }));
}

#[tokio::test]
async fn an_offer_that_inflates_without_end_is_refused() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let bomb = deflated(&vec![b'a'; 100 * SDP_BYTES_MAX]);
    assert!(bomb.len() < FRAME_BYTES_MAX);
    let mut client = Client::open(&site).await;
    let text = join_text(&links.room, Links::secret(&links.guest), "Bo");
    let text = text.replace(r#"{"plain":"v=0 offer"}"#, &format!(r#"{{"deflated":"{bomb}"}}"#));
    client.say(&text).await;
    assert_eq!(client.error().await, ErrorCode::TooLong);
}

#[tokio::test]
async fn who_floods_is_told_and_then_closed() {
    let site = Site::start().await;
    let mut client = Client::open(&site).await;
    for _ in 0..500 {
        client.say("garbage").await;
    }
    let mut codes = Vec::new();
    while let Some(body) = client.try_hear().await {
        let ServerBody::Error { code, .. } = body else {
            panic!("not an error: {body:?}");
        };
        codes.push(code);
    }
    assert!(codes.contains(&ErrorCode::BadMessage) && codes.contains(&ErrorCode::TooFast));
    assert!(codes.len() < 150, "{}", codes.len());
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let site = Site::start_with(|config| {
        config.limits.hello = Duration::from_millis(50);
    })
    .await;
    let mut client = Client::open(&site).await;
    assert_eq!(client.error().await, ErrorCode::TooSlow);
    assert_eq!(client.close().await.map(u16::from), Some(1008));
}

#[tokio::test]
async fn a_silent_node_is_named_to_the_newcomer_and_in_readiness() {
    let site = Site::start_with(|config| {
        config.limits.node_answer = Duration::from_millis(100);
    })
    .await;
    let links = site.create_room("").await;
    assert_eq!(site.get("/readyz", &[]).await.status, 200);
    site.node.fall_silent();
    let mut client = Client::open(&site).await;
    client.say(&join_text(&links.room, Links::secret(&links.guest), "Bo")).await;
    assert_eq!(client.error().await, ErrorCode::MediaUnavailable);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let answer = site.get("/readyz", &[]).await;
    assert_eq!((answer.status, answer.body.trim()), (503, "the media node does not answer"));
    assert_eq!(site.get("/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn http_that_is_none_or_too_much_is_refused() {
    let site = Site::start().await;
    for (text, answer) in [
        ("\x16\x03\x01 not http\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024)), "HTTP/1.1 431"),
    ] {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        stream.write_all(text.as_bytes()).await.expect("written");
        let mut read = vec![0; 12];
        let count = timeout(PATIENCE, stream.read(&mut read)).await.expect("in time");
        assert_eq!(String::from_utf8_lossy(&read[..count.expect("read")]), answer);
    }
}

fn deflated(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use std::io::Write as _;

    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("a Vec takes it");
    let bytes = encoder.finish().expect("a Vec takes it");
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
