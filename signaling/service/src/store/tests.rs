use std::os::unix::fs::PermissionsExt as _;

use signaling_core::{BrowserKey, StoredBan};

use super::*;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn named(name: &str) -> NewRoom {
    NewRoom { name: Some(room(name)), ..NewRoom::default() }
}

fn room(name: &str) -> RoomName {
    RoomName::try_from(name.to_owned()).expect("a room name")
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(&dir.path().join("data")).expect("a store");
    (dir, store)
}

/// What a link's secret opens.
fn check_link(
    store: &Store,
    now: SystemTime,
    room: &RoomName,
    secret: &str,
) -> Result<Grant, LinkRefusal> {
    store.check(now, room, &Proof::Secret(secret.to_owned()), None)
}

/// The code that a host is told.
fn code_of(store: &Store, created: &CreatedRoom) -> RoomCode {
    let grant = check_link(store, now(), &created.room, &created.host.to_string());
    grant.expect("the host comes in").code.expect("a code")
}

#[test]
fn links_open_their_room_with_their_role_and_hosts_learn_the_guest_secret() {
    let (_dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let host = check_link(&store, now(), &created.room, &created.host.to_string());
    let guest = check_link(&store, now(), &created.room, &created.guest.to_string());
    let host = host.expect("the host comes in");
    assert_eq!((host.role, host.guest_secret), (Role::Host, Some(created.guest.to_string())));
    assert_eq!(guest, Ok(Grant::of(Role::Guest)));
    assert_eq!(store.guest_secret(&created.room).ok(), Some(created.guest));
}

#[test]
fn a_wrong_secret_an_absent_room_and_another_rooms_secret_are_alike() {
    let (_dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let other = store.create_room(now(), &named("music")).expect("made");
    for (name, secret) in [
        ("math", "wrong".to_owned()),
        ("math", String::new()),
        ("math", other.host.to_string()),
        ("absent", created.host.to_string()),
    ] {
        let refused = check_link(&store, now(), &room(name), &secret);
        assert_eq!(refused, Err(LinkRefusal::Unknown), "{name}");
    }
}

#[test]
fn a_new_host_link_revokes_the_old_one_and_leaves_guests_alone() {
    let (_dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let newer = store.new_host_link(now(), &created.room).expect("made");
    let check = |secret: &LinkSecret| {
        check_link(&store, now(), &created.room, &secret.to_string()).map(|grant| grant.role)
    };
    assert_eq!(check(&created.host), Err(LinkRefusal::Expired));
    assert_eq!(check(&newer), Ok(Role::Host));
    assert_eq!(check(&created.guest), Ok(Role::Guest));
    let absent = store.new_host_link(now(), &room("absent"));
    assert!(matches!(absent, Err(StoreError::UnknownRoom)));
}

#[test]
fn links_end_with_their_room_and_are_forgotten_a_month_later() {
    let (_dir, store) = store();
    let wish = NewRoom { lifetime: Some(Store::SHORT_LIVED_KEPT), ..named("math") };
    let created = store.create_room(now(), &wish).expect("made");
    let check = |at| {
        check_link(&store, at, &created.room, &created.guest.to_string()).map(|grant| grant.role)
    };
    let end = now() + Store::SHORT_LIVED_KEPT;
    assert_eq!(check(end - Duration::from_secs(1)), Ok(Role::Guest));
    assert_eq!(check(end), Err(LinkRefusal::Expired));
    assert!(matches!(store.create_room(end, &named("math")), Err(StoreError::NameTaken)));
    let forgotten = end + Store::EXPIRED_KEPT + Duration::from_secs(1);
    store.create_room(forgotten, &named("math")).expect("the name is free again");
    assert_eq!(check(forgotten), Err(LinkRefusal::Unknown));
}

#[test]
fn rooms_that_were_made_for_a_test_are_forgotten_a_day_later() {
    let (_dir, store) = store();
    let wish = NewRoom { lifetime: Some(Duration::from_secs(120)), ..NewRoom::default() };
    for _ in 0..3 {
        store.create_room(now(), &wish).expect("made");
    }
    let lasting = store.create_room(now(), &named("math")).expect("made").room;
    let names = |store: &Store| -> Vec<_> {
        store.rooms().expect("a list").into_iter().map(|record| record.room).collect()
    };
    let end = now() + Duration::from_secs(120);
    store.create_room(end, &named("music")).expect("made");
    assert_eq!(names(&store).len(), 5);
    let forgotten = end + Store::SHORT_LIVED_KEPT + Duration::from_secs(1);
    store.create_room(forgotten, &named("poetry")).expect("made");
    assert_eq!(names(&store), [lasting, room("music"), room("poetry")]);
}

#[test]
fn a_name_is_given_once_and_random_names_differ() {
    let (_dir, store) = store();
    store.create_room(now(), &named("math")).expect("made");
    assert!(matches!(store.create_room(now(), &named("math")), Err(StoreError::NameTaken)));
    for _ in 0..50 {
        let created = store.create_room(now(), &NewRoom::default()).expect("made");
        assert_eq!(created.room.as_str().len(), "bado-lumi-tevo".len());
    }
    let names = store.rooms().expect("a list");
    assert_eq!(names.len(), 51);
}

#[test]
fn rooms_are_there_after_opening_again_beside_another_process() {
    let (dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    // The first one stays open: two processes share the file, and none of them says good-bye.
    let again = Store::open(&dir.path().join("data")).expect("a store");
    let grant = check_link(&again, now(), &created.room, &created.host.to_string());
    assert_eq!(grant.map(|grant| grant.guest_secret), Ok(Some(created.guest.to_string())));
    let newer = again.new_host_link(now(), &created.room).expect("made");
    let old = check_link(&store, now(), &created.room, &created.host.to_string());
    assert_eq!(old, Err(LinkRefusal::Expired));
    let new = check_link(&store, now(), &created.room, &newer.to_string());
    assert_eq!(new.map(|grant| grant.role), Ok(Role::Host));
}

#[test]
fn no_secret_stands_in_the_files_and_the_key_is_its_owners() {
    let (dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let data = dir.path().join("data");
    for entry in std::fs::read_dir(&data).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        for secret in [&created.host, &created.guest] {
            let text = secret.to_string();
            let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
            assert!(!holds(secret.as_bytes()) && !holds(text.as_bytes()), "{path:?}");
        }
    }
    let mode = |path: &Path| path.metadata().expect("metadata").permissions().mode() & 0o777;
    for file in ["secret.key", "preau.sqlite", "preau.sqlite-wal"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&data), 0o700);
}

#[test]
fn a_lost_key_costs_the_invitation_alone_and_a_broken_one_is_named() {
    let (dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let data = dir.path().join("data");
    std::fs::remove_file(data.join("secret.key")).expect("removed");
    let again = Store::open(&data).expect("a store");
    let grant = check_link(&again, now(), &created.room, &created.host.to_string());
    assert_eq!(grant, Ok(Grant::of(Role::Host)));
    std::fs::write(data.join("secret.key"), "no key").expect("written");
    assert!(matches!(Store::open(&data), Err(StoreError::BadKey { .. })));
}

#[test]
fn a_code_opens_its_own_room_as_guest_and_is_told_to_hosts_alone() {
    let (_dir, store) = store();
    let math = store.create_room(now(), &named("math")).expect("made");
    let music = store.create_room(now(), &named("music")).expect("made");
    let code = code_of(&store, &math);
    let guest = check_link(&store, now(), &math.room, &math.guest.to_string());
    assert_eq!(guest.map(|grant| grant.code), Ok(None));
    let by_code = |at, name: &str, code| store.check(at, &room(name), &Proof::Code(code), None);
    assert_eq!(by_code(now(), "math", code), Ok(Grant::of(Role::Guest)));
    let wrong = RoomCode::try_new((code.number() + 1) % RoomCode::COUNT).expect("a code");
    for (name, code) in [("math", wrong), ("absent", code)] {
        assert_eq!(by_code(now(), name, code), Err(LinkRefusal::Unknown), "{name}");
    }
    // One in a million is the same.
    if code != code_of(&store, &music) {
        assert_eq!(by_code(now(), "music", code), Err(LinkRefusal::Unknown));
    }
}

#[test]
fn the_code_of_an_ended_room_says_so_and_a_wrong_one_does_not() {
    let (_dir, store) = store();
    let wish = NewRoom { lifetime: Some(Duration::from_secs(60)), ..named("math") };
    let code = code_of(&store, &store.create_room(now(), &wish).expect("made"));
    let end = now() + Duration::from_secs(60);
    let check = |code| store.check(end, &room("math"), &Proof::Code(code), None);
    assert_eq!(check(code), Err(LinkRefusal::Expired));
    let wrong = RoomCode::try_new((code.number() + 1) % RoomCode::COUNT).expect("a code");
    assert_eq!(check(wrong), Err(LinkRefusal::Unknown));
}

#[test]
fn a_room_begins_with_the_rules_that_it_was_made_with() {
    let (dir, store) = store();
    let rules = Rules { lobby: true, chat: false, ..Rules::default() };
    let strict = NewRoom { rules: Some(rules), ..named("math") };
    let strict = store.create_room(now(), &strict).expect("made");
    let plain = store.create_room(now(), &named("music")).expect("made");
    let again = Store::open(&dir.path().join("data")).expect("a store");
    for store in [&store, &again] {
        for (created, rules) in [(&strict, Some(rules)), (&plain, None)] {
            let guest = check_link(store, now(), &created.room, &created.guest.to_string());
            assert_eq!(guest.map(|grant| grant.rules), Ok(rules));
        }
    }
}

#[test]
fn a_ban_binds_guests_of_one_room_by_their_browser_and_outlives_the_process() {
    let (dir, store) = store();
    let math = store.create_room(now(), &named("math")).expect("made");
    let music = store.create_room(now(), &named("music")).expect("made");
    let check = |store: &Store, created: &CreatedRoom, secret: &LinkSecret, browser: &str| {
        let proof = Proof::Secret(secret.to_string());
        store.check(now(), &created.room, &proof, Some(browser))
    };
    let grant = check(&store, &math, &math.guest, "bo").expect("nobody is banned");
    let bo = grant.browser.expect("a key");
    assert_eq!(check(&store, &math, &math.guest, "bo").map(|grant| grant.browser), Ok(Some(bo)));
    let elsewhere = check(&store, &music, &music.guest, "bo").map(|grant| grant.browser);
    assert_ne!(elsewhere, Ok(Some(bo)), "no two rooms know a browser by the same key");
    store.ban(now(), &math.room, bo, "Bo").expect("stored");
    store.ban(now(), &math.room, bo, "Bô Bannister").expect("stored once more");
    store.ban(now(), &room("absent"), bo, "Bo").expect("of no effect");
    let again = Store::open(&dir.path().join("data")).expect("a store");
    for store in [&store, &again] {
        let banned = Err(LinkRefusal::Banned);
        assert_eq!(check(store, &math, &math.guest, "bo"), banned);
        let code = Proof::Code(code_of(store, &math));
        assert_eq!(store.check(now(), &math.room, &code, Some("bo")), banned);
        let host = check(store, &math, &math.host, "bo").expect("who has the host's link is one");
        assert_eq!(host.bans, [StoredBan { browser: bo, name: "Bô Bannister".to_owned() }]);
        let cy = check(store, &math, &math.guest, "cy").expect("another browser");
        assert_eq!(cy.bans, [], "guests are told of none");
        assert!(check(store, &music, &music.guest, "bo").is_ok());
        assert_eq!(check(store, &music, &music.host, "bo").map(|grant| grant.bans), Ok(vec![]));
    }
    let bytes = std::fs::read(dir.path().join("data/preau.sqlite-wal")).expect("a file");
    assert!(bytes.windows(16).any(|part| part == bo.0), "it is there");
    let name = "Bannister".as_bytes();
    assert!(!bytes.windows(name.len()).any(|part| part == name), "a name is sealed");
    store.lift_ban(&math.room, bo).expect("lifted");
    store.lift_ban(&math.room, bo).expect("of no effect");
    for store in [&store, &again] {
        assert!(check(store, &math, &math.guest, "bo").is_ok());
        assert_eq!(check(store, &math, &math.host, "bo").map(|grant| grant.bans), Ok(vec![]));
    }
}

#[test]
fn a_ban_of_a_store_without_names_is_listed_without_one() {
    let (dir, store) = store();
    let math = store.create_room(now(), &named("math")).expect("made");
    let bo = BrowserKey([7; 16]);
    store.ban(now(), &math.room, bo, "Bo").expect("stored");
    // As the version before wrote it.
    let back = "ALTER TABLE bans DROP COLUMN name; PRAGMA user_version = 2;";
    store.writer().execute_batch(back).expect("an older store");
    drop(store);
    let store = Store::open(&dir.path().join("data")).expect("a store");
    let host = check_link(&store, now(), &math.room, &math.host.to_string()).expect("a host");
    assert_eq!(host.bans, [StoredBan { browser: bo, name: String::new() }]);
}

#[test]
fn the_oldest_ban_of_a_room_ends_where_there_are_too_many() {
    let (_dir, store) = store();
    let math = store.create_room(now(), &named("math")).expect("made");
    let proof = Proof::Secret(math.guest.to_string());
    let check = |n: u32| store.check(now(), &math.room, &proof, Some(&n.to_string()));
    for n in 0..=Store::BANS_PER_ROOM_MAX {
        let browser = check(n).expect("not banned").browser.expect("a key");
        let at = now() + Duration::from_secs(n.into());
        store.ban(at, &math.room, browser, &format!("guest {n}")).expect("stored");
    }
    assert!(check(0).is_ok());
    for n in 1..=Store::BANS_PER_ROOM_MAX {
        assert_eq!(check(n), Err(LinkRefusal::Banned), "{n}");
    }
    let host = check_link(&store, now(), &math.room, &math.host.to_string()).expect("a host");
    let listed: Vec<_> = host.bans.iter().map(|ban| ban.name.clone()).collect();
    let newest: Vec<_> = (1..=Store::BANS_PER_ROOM_MAX).map(|n| format!("guest {n}")).collect();
    assert_eq!(listed, newest);
}

#[test]
fn a_store_without_codes_is_given_them_and_keeps_its_links() {
    let (dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    // As the first version wrote it.
    let back = "ALTER TABLE rooms DROP COLUMN code; ALTER TABLE rooms DROP COLUMN rules;
                DROP TABLE bans; PRAGMA user_version = 1;";
    store.writer().execute_batch(back).expect("an older store");
    drop(store);
    let store = Store::open(&dir.path().join("data")).expect("a store");
    let code = code_of(&store, &created);
    let by_code = store.check(now(), &created.room, &Proof::Code(code), None);
    assert_eq!(by_code, Ok(Grant::of(Role::Guest)));
    let guest = check_link(&store, now(), &created.room, &created.guest.to_string());
    assert_eq!(guest, Ok(Grant::of(Role::Guest)));
    let again = Store::open(&dir.path().join("data")).expect("a store");
    assert_eq!(code_of(&again, &created), code, "it is given once");
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let (dir, store) = store();
    store.writer().pragma_update(None, "user_version", 99).expect("written");
    drop(store);
    let again = Store::open(&dir.path().join("data"));
    assert!(matches!(again, Err(StoreError::TooNew { found: 99, .. })));
}

#[test]
fn readiness_is_a_write() {
    let (_dir, store) = store();
    store.check_writable(now()).expect("writable");
    store.writer().pragma_update(None, "query_only", true).expect("set");
    assert!(store.check_writable(now()).is_err());
}
