//! What a receiver is to get by what it shows.

use protocol::{EndpointIndex, media::Source};

use super::*;

const ROOM: RoomIndex = RoomIndex(0);
const ME: ParticipantId = ParticipantId(1);
const CAMERA: u8 = 1 << Source::Camera.index();
const SCREEN: u8 = 1 << Source::Screen.index();

/// A room of 1 to 5, all with cameras; 4 shares a screen and 5 shows nothing.
fn rooms() -> Rooms {
    let mut rooms = Rooms::new(1, 10);
    rooms.open(ROOM);
    for (participant, sources) in
        [(1, CAMERA), (2, CAMERA), (3, CAMERA), (4, CAMERA | SCREEN), (5, 0)]
    {
        let id = ParticipantId(participant);
        rooms.enter(ROOM, id, EndpointIndex(participant), sources).expect("room");
    }
    rooms
}

fn tile(participant: u32, source: Source, height: u16) -> Tile {
    Tile { participant: ParticipantId(participant), source, height }
}

fn collected(view: &View, slots: usize) -> Vec<(u32, Source, u16)> {
    let mut wishes = Wishes::NONE;
    wishes.set(view);
    let list = WantedList::collect(&rooms(), ROOM, ME, &wishes, slots);
    let flat = |w: &Wanted| (w.content.participant.get(), w.content.source, w.height);
    list.as_slice().iter().map(flat).collect()
}

#[test]
fn who_names_nothing_sees_screens_then_cameras_in_the_order_of_joining() {
    let expected = [
        (4, Source::Screen, 720),
        (2, Source::Camera, 180),
        (3, Source::Camera, 180),
        (4, Source::Camera, 180),
    ];
    assert_eq!(collected(&View::default(), 9), expected);
    assert_eq!(collected(&View::default(), 2), expected[..2]);
}

#[test]
fn only_what_is_shown_and_there_is_wanted() {
    let view = View {
        stage: None,
        tiles: vec![
            tile(3, Source::Camera, 200),
            tile(5, Source::Camera, 200),     // off
            tile(77, Source::Camera, 200),    // not here
            tile(1, Source::Camera, 200),     // oneself
            tile(2, Source::Microphone, 200), // no picture
            tile(2, Source::Camera, 0),       // hidden
        ],
    };
    assert_eq!(collected(&view, 9), [(3, Source::Camera, 200)]);
}

#[test]
fn a_view_of_hidden_tiles_wants_nothing() {
    let view = View { stage: None, tiles: vec![tile(2, Source::Camera, 0)] };
    assert_eq!(collected(&view, 9), []);
}

#[test]
fn the_stage_comes_first_and_once_and_screens_survive_the_cut() {
    let view = View {
        stage: Some(tile(3, Source::Camera, 700)),
        tiles: vec![
            tile(2, Source::Camera, 100),
            tile(3, Source::Camera, 900),
            tile(4, Source::Camera, 100),
            tile(4, Source::Screen, 300),
        ],
    };
    assert_eq!(collected(&view, 2), [(3, Source::Camera, 900), (4, Source::Screen, 300)]);
    assert_eq!(
        collected(&view, 9),
        [
            (3, Source::Camera, 900),
            (4, Source::Screen, 300),
            (2, Source::Camera, 100),
            (4, Source::Camera, 100),
        ]
    );
}

#[test]
fn a_receiver_is_concerned_by_what_it_names() {
    let mut wishes = Wishes::NONE;
    let of = |participant, source| SlotContent { participant: ParticipantId(participant), source };
    assert!(wishes.concern(of(2, Source::Camera)), "it takes what comes");
    wishes.set(&View {
        stage: Some(tile(3, Source::Screen, 700)),
        tiles: vec![tile(2, Source::Camera, 100)],
    });
    assert!(wishes.concern(of(2, Source::Camera)));
    assert!(wishes.concern(of(3, Source::Screen)));
    assert!(!wishes.concern(of(3, Source::Camera)));
}

#[test]
fn a_view_longer_than_its_limit_is_cut() {
    let mut wishes = Wishes::NONE;
    let tiles = (0..1_000).map(|n| tile(n, Source::Camera, 1)).collect();
    wishes.set(&View { stage: None, tiles });
    assert_eq!(wishes.tiles().len(), View::TILES_MAX);
}
