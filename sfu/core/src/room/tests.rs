//! Members come and go in one table.

use super::*;

const HERE: RoomIndex = RoomIndex(1);
const THERE: RoomIndex = RoomIndex(2);

fn rooms() -> Rooms {
    let mut rooms = Rooms::new(3, 4);
    assert!(rooms.open(HERE) && rooms.open(THERE));
    rooms
}

fn participants(rooms: &Rooms, room: RoomIndex) -> Vec<u32> {
    rooms.members(room).map(|member| member.participant().get()).collect()
}

#[test]
fn members_stand_in_the_order_of_joining_and_rooms_apart() {
    let mut rooms = rooms();
    for (participant, endpoint) in [(5, 9), (u32::MAX, 3), (2, 0x00FF_FFFF)] {
        rooms.enter(HERE, ParticipantId(participant), EndpointIndex(endpoint), 0).expect("room");
    }
    rooms.enter(THERE, ParticipantId(5), EndpointIndex(4), 0).expect("room");
    assert_eq!(participants(&rooms, HERE), [2, 5, u32::MAX]);
    assert_eq!(participants(&rooms, THERE), [5]);
    let found = rooms.find(HERE, ParticipantId(2)).expect("a member");
    assert_eq!(found.endpoint(), EndpointIndex(0x00FF_FFFF));
    rooms.leave(HERE, ParticipantId(5));
    rooms.leave(HERE, ParticipantId(7));
    assert_eq!(participants(&rooms, HERE), [2, u32::MAX]);
    assert_eq!(participants(&rooms, THERE), [5]);
}

#[test]
fn a_room_takes_its_limit_and_each_participant_once() {
    let mut rooms = rooms();
    for number in 0..4 {
        rooms.enter(HERE, ParticipantId(number), EndpointIndex(number), 0).expect("room");
    }
    let enter = |rooms: &mut Rooms, room, participant| {
        rooms.enter(room, ParticipantId(participant), EndpointIndex(9), 0)
    };
    assert_eq!(enter(&mut rooms, HERE, 9), Err(EnterError::Full));
    assert_eq!(enter(&mut rooms, HERE, 2), Err(EnterError::Duplicate));
    assert_eq!(enter(&mut rooms, RoomIndex(0), 9), Err(EnterError::NotOpen));
    assert_eq!(enter(&mut rooms, RoomIndex(77), 9), Err(EnterError::NotOpen));
}

#[test]
fn only_an_empty_room_closes() {
    let mut rooms = rooms();
    rooms.enter(HERE, ParticipantId(1), EndpointIndex(1), 0).expect("room");
    assert!(!rooms.close(HERE));
    rooms.leave(HERE, ParticipantId(1));
    assert!(rooms.close(HERE));
    assert!(!rooms.close(HERE));
    assert!(!rooms.open(RoomIndex(3)));
}

#[test]
fn sources_are_noted_and_sharers_of_sound_found() {
    let mut rooms = rooms();
    let sound = 1 << Source::ScreenAudio.index();
    for (participant, sources) in [(1, 0), (2, sound), (3, 0), (4, 0)] {
        let endpoint = EndpointIndex(participant * 10);
        rooms.enter(HERE, ParticipantId(participant), endpoint, sources).expect("room");
    }
    rooms.set_sources(HERE, ParticipantId(4), sound | 1);
    rooms.find_programmes(HERE);
    let room = rooms.room(HERE).expect("open");
    let sharing: Vec<_> = room.programmes.iter().flatten().map(|m| m.participant().get()).collect();
    assert_eq!(sharing, [2, 4]);
    let member = rooms.find(HERE, ParticipantId(4)).expect("a member");
    assert!(member.has(Source::Microphone) && !member.has(Source::Camera));
    assert_eq!(member.endpoint(), EndpointIndex(40));
}
