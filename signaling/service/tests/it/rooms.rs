//! Making rooms, and the links that open them.

use std::time::{Duration, SystemTime};

use protocol::{
    RoomName,
    client::{ErrorCode, Role},
};
use signaling_service::NewRoom;

use crate::{
    client::{Client, join_text},
    site::{Links, Site},
};

#[tokio::test]
async fn a_room_is_made_with_two_links() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let words: Vec<_> = links.room.split('-').collect();
    assert_eq!(words.iter().map(|word| word.len()).collect::<Vec<_>>(), [4, 4, 4]);
    let begin = format!("http://{}/{}#", site.address, links.room);
    for link in [&links.host, &links.guest] {
        assert!(link.starts_with(&begin), "{link}");
        assert_eq!(Links::secret(link).len(), 22, "128 bits in base64url");
    }
    assert_ne!(links.host, links.guest);
    let named = site.create_room(r#"{"name":"cm2-maths","expires_in_s":3600}"#).await;
    assert_eq!(named.room, "cm2-maths");
}

#[tokio::test]
async fn links_begin_with_the_public_url_or_what_a_trusted_proxy_says() {
    let site = Site::start_with(|config| {
        config.public_url = "https://meet.example".parse().ok();
    })
    .await;
    let links = site.create_room("{}").await;
    assert!(links.host.starts_with("https://meet.example/"), "{}", links.host);

    let behind = |proxy: &'static str| async move {
        let site = Site::start_with(|config| {
            config.behind_proxy = vec![proxy.parse().expect("a range")];
        })
        .await;
        let headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "meet.example:8443")];
        site.post("/api/v1/rooms", &headers, "").await.body
    };
    assert!(behind("127.0.0.0/8").await.contains("https://meet.example:8443/"));
    assert!(behind("10.0.0.0/8").await.contains("http://127.0.0.1:"));
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_by_its_name() {
    let site = Site::start().await;
    site.create_room(r#"{"name":"math"}"#).await;
    let long = format!(r#"{{"name":"math","padding":"{}"}}"#, "x".repeat(11 * 1024));
    for (body, status, code) in [
        (r#"{"name":"math"}"#, 409, "name_taken"),
        (r#"{"name":"Math"}"#, 400, "bad_name"),
        (r#"{"name":""}"#, 400, "bad_name"),
        (r#"{"name":"healthz"}"#, 400, "bad_name"),
        (r#"{"nam":"math"}"#, 400, "bad_json"),
        ("[1]", 400, "bad_json"),
        ("{", 400, "bad_json"),
        (r#"{"expires_in_s":0}"#, 400, "bad_expiry"),
        (r#"{"expires_in_s":18446744073709551615}"#, 400, "bad_expiry"),
        (&long, 413, "too_long"),
    ] {
        let answer = site.post("/api/v1/rooms", &[], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body:.40}");
    }
    let foreign = [("Origin", "https://evil.example")];
    let answer = site.post("/api/v1/rooms", &foreign, "").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "foreign_origin"));
    let hostless = site.post("/api/v1/rooms", &[("Host", "a b")], "").await;
    assert_eq!(hostless.status, 400);
}

#[tokio::test]
async fn one_address_cannot_fill_the_disk() {
    let site = Site::start().await;
    let mut last = 0;
    for _ in 0..70 {
        last = site.post("/api/v1/rooms", &[], "").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_link_opens_its_room_after_a_kill_and_a_restart() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let dir = site.kill().await;
    let site = Site::start_in(dir, |_| {}).await;
    let (_ana, joined) = Client::join(&site, &links, &links.host, "Ana").await;
    assert_eq!(joined.role, Role::Host);
    assert_eq!(joined.guest_secret.as_deref(), Some(Links::secret(&links.guest)));
    let (_bo, joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    assert_eq!((joined.role, joined.participants.len()), (Role::Guest, 2));
}

#[tokio::test]
async fn a_new_host_link_revokes_the_old_one() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let room = RoomName::try_from(links.room.clone()).expect("a name");
    let newer = site.store.new_host_link(SystemTime::now(), &room).expect("a link");
    let mut old = Client::open(&site).await;
    old.say(&join_text(&links.room, Links::secret(&links.host), "Ana")).await;
    assert_eq!(old.error().await, ErrorCode::ExpiredLink);
    let mut new = Client::open(&site).await;
    new.say(&join_text(&links.room, &newer.to_string(), "Ana")).await;
    assert_eq!(new.joined().await.role, Role::Host);
    let (_guest, joined) = Client::join(&site, &links, &links.guest, "Bo").await;
    assert_eq!(joined.role, Role::Guest);
}

#[tokio::test]
async fn an_ended_link_says_so_and_a_wrong_one_tells_nothing() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let lifetime = Some(Duration::from_secs(1));
    let past = SystemTime::now() - Duration::from_secs(60);
    let ended =
        site.store.create_room(past, &NewRoom { lifetime, ..NewRoom::default() }).expect("made");
    let guest = Links::secret(&links.guest).to_owned();
    for (room, secret, code) in [
        (ended.room.to_string(), ended.guest.to_string(), ErrorCode::ExpiredLink),
        (ended.room.to_string(), guest.clone(), ErrorCode::UnknownLink),
        (links.room.clone(), "wrong".to_owned(), ErrorCode::UnknownLink),
        ("absent".to_owned(), guest.clone(), ErrorCode::UnknownLink),
        ("No Such Room".to_owned(), guest, ErrorCode::UnknownLink),
    ] {
        let mut client = Client::open(&site).await;
        client.say(&join_text(&room, &secret, "Ana")).await;
        assert_eq!(client.error().await, code, "{room}");
        assert_eq!(client.close().await.map(u16::from), Some(1000));
    }
}
