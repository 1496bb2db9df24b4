//! Keyframe requests at the publisher, whatever receivers do.

use protocol::{Duration, EndpointIndex, media::Source};

use crate::scene::{Scene, plan, slot_ssrc, ssrc_of, tile};

const CAMERA: Source = Source::Camera;

#[test]
fn a_new_tile_asks_at_once_and_again_until_the_picture_comes() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, false);
    let start = scene.now;
    scene.wait(700);
    let times: Vec<_> = scene
        .asked
        .iter()
        .map(|(at, who, ssrc)| {
            assert_eq!((*who, *ssrc), (0, ssrc_of(CAMERA, 0)));
            at.saturating_duration_since(start).as_millis()
        })
        .collect();
    assert_eq!(times, [0, 150, 300, 450]);
    scene.frame(0, CAMERA, 0, true);
    scene.asked.clear();
    scene.wait(5_000);
    assert_eq!(scene.asked, []);
}

#[test]
fn a_joiner_of_a_running_call_asks_with_no_delay() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene.wait(2_000);
    scene.frame(0, CAMERA, 0, false);
    scene.asked.clear();
    let at = scene.now;
    let limits = *scene.forwarder.limits();
    let id = protocol::ParticipantId(9);
    let joiner =
        sfu_core::Endpoint::new(EndpointIndex(2), crate::scene::ROOM, id, &plan(2, 4), &limits, 5);
    scene.add(joiner);
    assert_eq!(scene.asked, [(at, 0, ssrc_of(CAMERA, 0))]);
}

#[test]
fn a_thousand_requests_a_second_cost_the_publisher_one_in_500_ms() {
    let mut scene = Scene::new(3, 4);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene.wait(1_000);
    scene.asked.clear();
    let mut answered = 0;
    let mut served_at = None;
    for tick in 0..10_000_u32 {
        let flooded = slot_ssrc(1, "v1");
        scene.forwarder.handle_keyframe_request(scene.now, EndpointIndex(1), flooded);
        if tick == 5_000 {
            // Somebody else has a good reason.
            let slot = slot_ssrc(2, "v1");
            scene.forwarder.handle_keyframe_request(scene.now, EndpointIndex(2), slot);
        }
        scene.drain();
        if scene.asked.len() > answered && tick % 50 == 49 {
            answered = scene.asked.len();
            scene.frame(0, CAMERA, 0, true);
            if tick > 5_000 {
                served_at.get_or_insert(tick - 5_000);
            }
        }
        scene.wait(1);
    }
    let apart = scene.asked.windows(2).map(|two| two[1].0.saturating_duration_since(two[0].0));
    for apart in apart {
        assert!(apart >= Duration::from_millis(500), "{apart:?}");
    }
    assert!(served_at.is_some_and(|after| after <= 1_000), "{served_at:?} ms");
    assert!(scene.forwarder.counters().keyframe_requests_refused > 9_900);
}

#[test]
fn five_hundred_joiners_in_ten_seconds_cost_the_publisher_two_a_second() {
    let mut scene = Scene::new(600, 1);
    scene.turn_on(0, CAMERA);
    for person in 1..600 {
        scene.view(person, None, &[tile(0, CAMERA, 0)]);
    }
    scene.frame(0, CAMERA, 0, true);
    scene.wait(1_000);
    scene.asked.clear();
    let mut answered = 0;
    for joiner in 1..=500 {
        scene.view(joiner, None, &[tile(0, CAMERA, 180)]);
        scene.wait(20);
        if scene.asked.len() > answered {
            answered = scene.asked.len();
            scene.frame(0, CAMERA, 0, true);
        } else {
            scene.frame(0, CAMERA, 0, false);
        }
    }
    assert!((15..=21).contains(&scene.asked.len()), "{} requests", scene.asked.len());
    scene.wait(600);
    scene.frame(0, CAMERA, 0, true);
    for joiner in 1..=500 {
        assert_eq!(scene.carried(joiner).len(), 1, "{joiner} sees");
    }
}

#[test]
fn nobody_is_asked_for_what_nobody_watches() {
    let mut scene = Scene::new(3, 4);
    scene.turn_on(0, CAMERA);
    for person in 1..3 {
        scene.view(person, None, &[tile(0, CAMERA, 0)]);
    }
    scene.asked.clear();
    for _ in 0..100 {
        scene.frame(0, CAMERA, 0, false);
        scene.wait(33);
    }
    assert_eq!(scene.asked, []);
    assert_eq!(scene.take_counts(), [0, 0, 0]);
}

#[test]
fn a_publisher_whose_media_comes_back_is_asked_at_once() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, false);
    let index = EndpointIndex(0);
    scene.forwarder.set_media_ready(scene.now, index, false);
    scene.wait(5_100);
    scene.asked.clear();
    scene.forwarder.set_media_ready(scene.now, index, true);
    scene.drain();
    assert_eq!(scene.asked, [(scene.now, 0, ssrc_of(CAMERA, 0))]);
}
