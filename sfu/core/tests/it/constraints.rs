//! What nobody watches is not sent.

use protocol::{
    client::{SendConstraint, SourceState},
    media::Source,
};

use crate::scene::{Person, Scene, plan, tile};

const CAMERA: Source = Source::Camera;

/// What `person` was told since the last time: source, encodings, height.
fn told(scene: &mut Scene, person: Person) -> Vec<(Source, u8, u16)> {
    let told = std::mem::take(&mut scene.constrained);
    let theirs = told.into_iter().filter(|(_, whom, _)| *whom == person);
    theirs
        .map(|(_, _, SendConstraint { source, encodings, max_height, .. })| {
            (source, encodings, max_height)
        })
        .collect()
}

/// Lets `seconds` go by in which all three layers of a camera flow.
fn send(scene: &mut Scene, person: Person, seconds: u64) {
    for _ in 0..seconds * 10 {
        for layer in 0..3 {
            scene.frame(person, CAMERA, layer, false);
        }
        scene.wait(100);
    }
}

#[test]
fn a_camera_that_nobody_watches_stops_after_5_seconds_and_starts_at_once() {
    let mut scene = Scene::new(2, 4);
    scene.view(1, None, &[tile(0, CAMERA, 0)]);
    scene.turn_on(0, CAMERA);
    scene.wait(4_900);
    assert_eq!(told(&mut scene, 0), []);
    scene.wait(2_000);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 0, 0)]);
    scene.wait(60_000);
    assert_eq!(told(&mut scene, 0), []);
    scene.view(1, None, &[tile(0, CAMERA, 360)]);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 2, 360)]);
}

#[test]
fn the_largest_tile_of_anybody_decides_how_many_encodings_are_sent() {
    let mut scene = Scene::new(3, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 180)]);
    scene.view(2, None, &[tile(0, CAMERA, 360)]);
    send(&mut scene, 0, 7);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 2, 360)]);
    scene.leave(2);
    send(&mut scene, 0, 7);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 1, 180)]);
    scene.view(1, Some(tile(0, CAMERA, 720)), &[tile(0, CAMERA, 720)]);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 3, u16::MAX)]);
    assert_eq!(told(&mut scene, 1), []);
}

#[test]
fn a_layer_that_was_stopped_for_us_is_asked_for_and_taken_when_it_comes() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 180)]);
    send(&mut scene, 0, 7);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 1, 180)]);
    for _ in 0..50 {
        scene.frame(0, CAMERA, 0, false);
        scene.wait(100);
    }
    scene.frame(0, CAMERA, 0, true);
    scene.take();
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 3, u16::MAX)]);
    scene.frame(0, CAMERA, 0, false);
    assert_eq!(scene.take().last().map(|it| it.names()), Some((0, 0)), "the small one goes on");
    scene.frame(0, CAMERA, 2, true);
    assert_eq!(scene.take().last().map(|it| it.names()), Some((0, 2)));
}

#[test]
fn a_picture_without_layers_is_asked_for_as_high_as_the_largest_tile() {
    let mut scene = Scene::new(2, 4);
    let full = SourceState { width: 1_920, height: 1_080 };
    scene.set_source(0, Source::Screen, Some(full));
    scene.view(1, None, &[tile(0, Source::Screen, 300)]);
    scene.wait(7_000);
    assert_eq!(told(&mut scene, 0), [(Source::Screen, 1, 360)]);
    scene.view(1, None, &[tile(0, Source::Screen, 340)]);
    assert_eq!(told(&mut scene, 0), [], "a few lines more are not news");
    scene.view(1, None, &[tile(0, Source::Screen, 1_080)]);
    assert_eq!(told(&mut scene, 0), [(Source::Screen, 1, u16::MAX)]);
}

#[test]
fn whoever_comes_finds_what_a_stopped_camera_shows() {
    let mut scene = Scene::new(1, 4);
    scene.turn_on(0, CAMERA);
    scene.wait(7_000);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 0, 0)], "alone in the room");
    scene.join(1, &plan(1, 4));
    assert_eq!(told(&mut scene, 0), [(CAMERA, 1, 180)], "before they have said what they show");
}

#[test]
fn a_source_that_is_turned_on_again_is_asked_for_whole() {
    let mut scene = Scene::new(1, 4);
    scene.turn_on(0, CAMERA);
    scene.wait(7_000);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 0, 0)]);
    scene.turn_off(0, CAMERA);
    scene.turn_on(0, CAMERA);
    assert_eq!(told(&mut scene, 0), [(CAMERA, 3, u16::MAX)]);
}
