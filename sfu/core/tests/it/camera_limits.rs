//! What the operator lets cameras take holds whatever a publisher sends.

use protocol::{
    client::{SendConstraint, SourceState},
    media::Source,
};
use sfu_core::{CameraLimit, ForwardDrop, Limits};

use crate::scene::{Scene, plan, tile};

const CAMERA: Source = Source::Camera;

/// Two publishers and somebody who shows them as large as they go, where 360 lines are allowed.
fn sober() -> Scene {
    let camera = CameraLimit { height: 360, frame_rate: 15 };
    let limits = Limits { endpoints: 4, rooms: 2, participants_per_room: 4, ..Limits::default() };
    let mut scene = Scene::empty(Limits { camera, ..limits });
    for person in 0..3 {
        scene.join(person, &plan(person, 4));
    }
    let large = |source, person| tile(person, source, 1_080);
    let tiles = [large(CAMERA, 0), large(CAMERA, 1), large(Source::Screen, 0)];
    scene.view(2, Some(large(CAMERA, 0)), &tiles);
    for publisher in [0, 1] {
        scene.set_source(publisher, CAMERA, Some(SourceState { width: 1_280, height: 720 }));
    }
    scene
}

/// Lets seconds go by in which each of `layers` of both cameras sends ten frames of `bytes`, a
/// keyframe each second. Gives what arrived of person 0's camera, by layer.
fn send(scene: &mut Scene, seconds: u32, layers: &[u8], bytes: usize) -> [usize; 3] {
    let mut arrived = [0; 3];
    for frame in 0..seconds * 10 {
        for &layer in layers {
            scene.large_frame(0, CAMERA, layer, frame % 10 == 0, bytes);
        }
        scene.frame(1, CAMERA, 0, frame % 10 == 0);
        scene.wait(100);
        for packet in scene.take() {
            if let (0, layer) = packet.names() {
                arrived[usize::from(layer)] += 1;
            }
        }
    }
    arrived
}

#[test]
fn of_a_camera_that_is_too_large_the_allowed_encoding_is_passed_on_and_asked_for() {
    let mut scene = sober();
    let [_, allowed, large] = send(&mut scene, 10, &[0, 1, 2], 2_000);
    assert!(allowed > 100, "{allowed}");
    assert_eq!(large, 0);
    let told = scene.constrained.iter().filter(|(_, whom, _)| *whom == 0);
    let last = told.map(|(_, _, told)| *told).next_back();
    let wanted = SendConstraint { source: CAMERA, encodings: 2, max_height: 360, codec: None };
    assert_eq!(last, Some(wanted));
}

#[test]
fn what_takes_more_than_is_allowed_goes_to_nobody_until_it_takes_less() {
    // Two encodings are said to be small and take 3 Mb/s each; that of person 1 is as it should be.
    let mut scene = sober();
    scene.set_source(0, CAMERA, Some(SourceState { width: 320, height: 180 }));
    send(&mut scene, 2, &[0, 2], 37_500);
    let before = scene.forwarder.counters().drops(ForwardDrop::OverCameraLimit);
    let counts = (0..4).fold([0; 3], |sum: [usize; 3], _| {
        let arrived = send(&mut scene, 1, &[0, 2], 37_500);
        std::array::from_fn(|layer| sum[layer] + arrived[layer])
    });
    assert_eq!(counts, [0, 0, 0]);
    assert!(scene.forwarder.counters().drops(ForwardDrop::OverCameraLimit) > before + 2_000);

    let others = |scene: &mut Scene| {
        scene.frame(1, CAMERA, 0, true);
        scene.take().iter().filter(|packet| packet.names() == (1, 0)).count()
    };
    assert_eq!(others(&mut scene), 2 * 2, "nobody else pays for it");

    send(&mut scene, 8, &[0, 2], 2_000);
    let again = send(&mut scene, 2, &[0, 2], 2_000);
    assert!(again.iter().sum::<usize>() > 20, "{again:?}");
}

#[test]
fn screens_are_as_sharp_as_they_come() {
    let mut scene = sober();
    scene.set_source(0, Source::Screen, Some(SourceState { width: 1_920, height: 1_080 }));
    let mut arrived = 0;
    for frame in 0..50 {
        scene.large_frame(0, Source::Screen, 0, frame % 10 == 0, 30_000);
        scene.wait(100);
        arrived += usize::from(!scene.take().is_empty());
    }
    assert!(arrived > 40, "{arrived}");
    assert_eq!(scene.forwarder.counters().drops(ForwardDrop::OverCameraLimit), 0);
}
