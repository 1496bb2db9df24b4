use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn named(name: &str) -> NewRoom {
    NewRoom { name: Some(room(name)), lifetime: None }
}

fn room(name: &str) -> RoomName {
    RoomName::try_from(name.to_owned()).expect("a room name")
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(&dir.path().join("data")).expect("a store");
    (dir, store)
}

#[test]
fn links_open_their_room_with_their_role_and_hosts_learn_the_guest_secret() {
    let (_dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let host = store.check_link(now(), &created.room, &created.host.to_string());
    let guest = store.check_link(now(), &created.room, &created.guest.to_string());
    assert_eq!(host, Ok(Grant { role: Role::Host, guest_secret: Some(created.guest.to_string()) }));
    assert_eq!(guest, Ok(Grant { role: Role::Guest, guest_secret: None }));
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
        let refused = store.check_link(now(), &room(name), &secret);
        assert_eq!(refused, Err(LinkRefusal::Unknown), "{name}");
    }
}

#[test]
fn a_new_host_link_revokes_the_old_one_and_leaves_guests_alone() {
    let (_dir, store) = store();
    let created = store.create_room(now(), &named("math")).expect("made");
    let newer = store.new_host_link(now(), &created.room).expect("made");
    let check = |secret: &LinkSecret| {
        store.check_link(now(), &created.room, &secret.to_string()).map(|grant| grant.role)
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
    let wish = NewRoom { lifetime: Some(Duration::from_secs(60)), ..named("math") };
    let created = store.create_room(now(), &wish).expect("made");
    let check = |at| {
        store.check_link(at, &created.room, &created.guest.to_string()).map(|grant| grant.role)
    };
    let end = now() + Duration::from_secs(60);
    assert_eq!(check(end - Duration::from_secs(1)), Ok(Role::Guest));
    assert_eq!(check(end), Err(LinkRefusal::Expired));
    assert!(matches!(store.create_room(end, &named("math")), Err(StoreError::NameTaken)));
    let forgotten = end + Store::EXPIRED_KEPT + Duration::from_secs(1);
    store.create_room(forgotten, &named("math")).expect("the name is free again");
    assert_eq!(check(forgotten), Err(LinkRefusal::Unknown));
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
    let grant = again.check_link(now(), &created.room, &created.host.to_string());
    assert_eq!(grant.map(|grant| grant.guest_secret), Ok(Some(created.guest.to_string())));
    let newer = again.new_host_link(now(), &created.room).expect("made");
    let old = store.check_link(now(), &created.room, &created.host.to_string());
    assert_eq!(old, Err(LinkRefusal::Expired));
    let new = store.check_link(now(), &created.room, &newer.to_string());
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
    let grant = again.check_link(now(), &created.room, &created.host.to_string());
    assert_eq!(grant, Ok(Grant { role: Role::Host, guest_secret: None }));
    std::fs::write(data.join("secret.key"), "no key").expect("written");
    assert!(matches!(Store::open(&data), Err(StoreError::BadKey { .. })));
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
