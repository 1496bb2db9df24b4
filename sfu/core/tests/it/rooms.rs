//! Joining and leaving: tables stay right, and nobody gets what is not theirs.

use protocol::{EndpointIndex, ParticipantId, media::Source};
use sfu_core::{AddError, Endpoint, EndpointPlan, ForwardDrop, Limits, Removal, RoomIndex};

use crate::scene::{ROOM, Scene, plan, tile};

#[test]
fn an_endpoint_that_cannot_be_added_comes_back_with_the_reason() {
    let limits = Limits {
        endpoints: 3,
        rooms: 2,
        participants_per_room: 2,
        slots_per_endpoint: 53,
        ..Limits::default()
    };
    let mut scene = Scene::empty(limits);
    let endpoint = |index, room, participant| {
        let id = ParticipantId(participant);
        Endpoint::new(EndpointIndex(index), RoomIndex(room), id, &plan(0, 2), &limits, 1)
    };
    let cases = [
        (endpoint(0, 1, 1), Err(AddError::RoomNotOpen)),
        (endpoint(3, 0, 1), Err(AddError::NoPlace)),
        (endpoint(0, 0, 1), Ok(())),
        (endpoint(0, 0, 2), Err(AddError::NoPlace)),
        (endpoint(1, 0, 1), Err(AddError::Duplicate)),
        (endpoint(1, 0, 2), Ok(())),
        (endpoint(2, 0, 3), Err(AddError::RoomFull)),
    ];
    for (endpoint, expected) in cases {
        let result = scene.forwarder.add_endpoint(scene.now, endpoint);
        assert_eq!(result.map_err(|refused| refused.reason), expected);
    }
    assert!(!scene.forwarder.close_room(ROOM), "two are in it");
    assert!(
        scene.forwarder.remove_endpoint(scene.now, EndpointIndex(0), Removal::ForGood).is_some()
    );
    assert!(
        scene.forwarder.remove_endpoint(scene.now, EndpointIndex(0), Removal::ForGood).is_none()
    );
    assert!(
        scene.forwarder.remove_endpoint(scene.now, EndpointIndex(1), Removal::ForGood).is_some()
    );
    assert_eq!(scene.forwarder.poll_timeout(), None, "an empty engine sleeps");
    assert!(scene.forwarder.close_room(ROOM));
}

#[test]
fn an_endpoint_that_is_not_ready_gets_nothing_and_then_all() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, Source::Camera);
    scene.forwarder.set_media_ready(scene.now, EndpointIndex(1), false);
    assert_eq!(scene.speak(0, 30), Ok(()));
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 0]);
    scene.forwarder.set_media_ready(scene.now, EndpointIndex(1), true);
    scene.drain();
    assert_eq!(scene.asked.len(), 1, "a keyframe is asked for at once");
    assert_eq!(scene.speak(0, 30), Ok(()));
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 3]);
}

#[test]
fn what_is_off_or_gone_reaches_nobody() {
    let mut scene = Scene::new(3, 4);
    assert_eq!(scene.speak(0, 30), Err(ForwardDrop::SourceOff));
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, Source::Camera);
    assert_eq!(scene.speak(0, 30), Ok(()));
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 3, 3]);
    scene.turn_off(0, Source::Microphone);
    scene.turn_off(0, Source::Camera);
    assert_eq!(scene.speak(0, 30), Err(ForwardDrop::SourceOff));
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 0, 0]);
    for person in 0..3 {
        assert_eq!(scene.carried(person), []);
    }
    scene.leave(0);
    assert_eq!(scene.speak(0, 30), Err(ForwardDrop::UnknownEndpoint));
    assert_eq!(scene.forwarder.counters().drops(ForwardDrop::UnknownEndpoint), 1);
}

#[test]
fn a_camera_that_comes_back_is_seen_from_its_keyframe_on() {
    let mut scene = Scene::new(2, 4);
    for _ in 0..3 {
        scene.turn_on(0, Source::Camera);
        scene.frame(0, Source::Camera, 0, false);
        assert_eq!(scene.take_counts(), [0, 0], "nothing before a keyframe");
        scene.frame(0, Source::Camera, 0, true);
        assert_eq!(scene.take_counts(), [0, 2]);
        assert_eq!(scene.carried(1), [("v1".to_owned(), 0, Source::Camera)]);
        scene.turn_off(0, Source::Camera);
        assert_eq!(scene.carried(1), []);
        scene.wait(700);
    }
}

#[test]
fn another_room_gets_nothing() {
    let mut scene = Scene::new(3, 4);
    assert!(scene.forwarder.open_room(RoomIndex(1)));
    let limits = *scene.forwarder.limits();
    let id = ParticipantId(1); // the same number as person 0 in the first room
    let stranger = Endpoint::new(EndpointIndex(3), RoomIndex(1), id, &plan(3, 4), &limits, 9);
    scene.add(stranger);
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, Source::Camera);
    scene.turn_on(3, Source::Camera);
    assert_eq!(scene.speak(0, 30), Ok(()));
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 3, 3, 0]);
    scene.frame(3, Source::Camera, 0, true);
    assert_eq!(scene.take_counts(), [0, 0, 0, 0]);
}

#[test]
fn more_slots_come_without_a_break_of_the_old_ones() {
    let mut scene = Scene::new(5, 2);
    for person in 1..5 {
        scene.turn_on(person, Source::Camera);
        scene.turn_on(person, Source::Microphone);
        assert_eq!(scene.speak(person, 30), Ok(()));
        scene.frame(person, Source::Camera, 0, true);
    }
    let before: Vec<_> = scene.take().into_iter().filter(|arrived| arrived.to == 0).collect();
    let carried = scene.carried(0);
    assert_eq!(carried.len(), 2 + 3);
    scene.changed(0);
    let limits = *scene.forwarder.limits();
    let new = EndpointPlan::new(&plan(0, 6), &limits, 77);
    drop(scene.forwarder.replace_plan(scene.now, EndpointIndex(0), new));
    scene.drain();
    assert_eq!(scene.changed(0), [], "nothing changed for the old slots");
    for person in 1..5 {
        assert!(scene.speak(person, 30).is_ok());
        scene.frame(person, Source::Camera, 0, false);
    }
    for arrived in scene.take().iter().filter(|arrived| arrived.to == 0) {
        let same = |old: &&crate::scene::Arrived| old.header.ssrc == arrived.header.ssrc;
        let old = before.iter().rev().find(same).expect("an old slot: the rest needs a keyframe");
        assert_eq!(old.csrc, arrived.csrc);
        assert!((1..=2).contains(&arrived.seq().distance_from(old.seq())));
    }
    scene.wait(500);
    for person in 1..5 {
        scene.frame(person, Source::Camera, 0, true);
    }
    assert_eq!(scene.carried(0).len(), 4 + 3);
}

#[test]
fn joining_and_leaving_without_end_leaves_the_tables_as_they_were() {
    let mut scene = Scene::new(12, 4);
    for person in 0..12 {
        scene.turn_on(person, Source::Camera);
        scene.turn_on(person, Source::Microphone);
    }
    let mut random = 1_u32;
    let mut here = [true; 12];
    for _ in 0..3_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let person = (random >> 8) % 12;
        let other = (random >> 16) % 12;
        match random >> 29 {
            0 if here[person as usize] => {
                scene.leave(person);
                here[person as usize] = false;
            }
            0 | 1 if !here[person as usize] => {
                scene.join(person, &plan(person, 4));
                scene.turn_on(person, Source::Camera);
                scene.turn_on(person, Source::Microphone);
                here[person as usize] = true;
            }
            2 => scene.turn_off(person, Source::Camera),
            3 => scene.turn_on(person, Source::Camera),
            4 => {
                let stage = Some(tile(other, Source::Camera, 700));
                scene.view(person, stage, &[tile(person ^ 1, Source::Camera, 100)]);
            }
            5 => scene.view(person, None, &[]),
            _ => {
                let _ = scene.speak(person, (random >> 3) as u8 & 0x7F);
                scene.frame(person, Source::Camera, (other % 3) as u8, random & 4 == 0);
            }
        }
        scene.wait(u64::from(random % 40));
        for arrived in scene.take() {
            assert!(here[arrived.to as usize], "nothing goes to who is gone");
            assert_ne!(arrived.csrc, arrived.to + 1, "nobody gets their own");
            let named = u32::from(arrived.payload[arrived.payload.len() - 2]);
            assert_eq!(arrived.csrc, named + 1, "the CSRC is true");
        }
        for person in (0..12).filter(|&person| here[person as usize]) {
            for (_, whose, _) in scene.carried(person) {
                assert!(here[whose as usize] && whose != person);
            }
        }
    }
    for person in (0..12).filter(|&person| here[person as usize]) {
        scene.leave(person);
    }
    assert!(scene.forwarder.close_room(ROOM));
}
