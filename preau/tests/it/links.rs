//! `preau link` beside a running service.

use crate::program::{DataFolder, Program, run, secret};

#[test]
fn a_new_host_link_revokes_the_old_one_at_once() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    let room = program.create_room();
    let url = program.url.as_str();
    let (code, link, stderr) = run(&[
        "link",
        &room.room,
        "--host",
        "--public-url",
        url,
        "--data",
        data.path().to_str().unwrap(),
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(link.starts_with(&format!("{url}/{}#", room.room)), "{link}");

    let refusal = |link: &str| program.join_refusal(&room.room, secret(link));
    assert_eq!(refusal(&link), "bad_offer", "the new link opens the room");
    assert_eq!(refusal(&room.host_link), "expired_link");
    assert_eq!(refusal(&room.guest_link), "bad_offer");
}

#[test]
fn the_guest_link_can_be_read_again() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    let room = program.create_room();
    let data = data.path();
    let (code, link, stderr) =
        run(&["link", &room.room, "--guest", "--data", data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(secret(&link), secret(&room.guest_link));
}

#[test]
fn a_room_that_is_not_there_has_no_link() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    let data = data.path();
    let (code, _, stderr) = run(&["link", "nowhere", "--host", "--data", data.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert_eq!(stderr, "error: cannot make a link to `nowhere`: there is no room of this name\n");
    drop(program);
}

#[test]
fn a_wrong_data_folder_stays_untouched() {
    let data = DataFolder::new();
    let path = data.path();
    let (code, _, stderr) = run(&["link", "room", "--host", "--data", path.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("--data"), "{stderr}");
    assert!(!path.exists());
}
