//! Thin lines: what pictures get of them, and what people hear of it.

use protocol::{client::PictureState, media::Source};

use crate::scene::{Person, Scene, ssrc_of, tile};

const CAMERA: Source = Source::Camera;

/// Lets `millis` go by in which `people` send their cameras' three layers at 10 frames a second,
/// about 65, 130 and 520 kb/s, with a keyframe where it was asked for and every 2 s, and speak. How
/// many keyframes were asked for.
fn talk(scene: &mut Scene, people: &[Person], millis: u64) -> usize {
    let mut keyframes = 0;
    for _ in 0..millis / 100 {
        let is_periodic = scene.now.as_micros() % 2_000_000 < 100_000;
        let asked = std::mem::take(&mut scene.asked);
        keyframes += asked.len();
        for &person in people {
            for layer in 0..3 {
                let ssrc = ssrc_of(CAMERA, layer);
                let is_asked = asked.iter().any(|&(_, whom, it)| (whom, it) == (person, ssrc));
                let keyframe = is_asked || is_periodic;
                let bytes = [800, 1_600, 6_500][usize::from(layer)];
                scene.large_frame(person, CAMERA, layer, keyframe, bytes);
            }
            for _ in 0..5 {
                let _ = scene.speak(person, 20);
            }
        }
        scene.wait(100);
    }
    keyframes
}

/// Which layers have arrived at `receiver`, and how many packets of sound.
fn arrived(scene: &mut Scene, receiver: Person) -> (Vec<u8>, usize) {
    let mut layers = Vec::new();
    let mut sounds = 0;
    for packet in scene.take().iter().filter(|packet| packet.to == receiver) {
        if packet.header.pt.0 == 100 {
            sounds += 1;
        } else {
            layers.push(packet.names().1);
        }
    }
    layers.sort_unstable();
    layers.dedup();
    (layers, sounds)
}

#[test]
fn a_line_gets_thinner_and_the_stage_smaller() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, Some(tile(0, CAMERA, 720)), &[tile(0, CAMERA, 720)]);
    scene.line(1, 2_000);
    talk(&mut scene, &[0], 8_000);
    scene.take();
    talk(&mut scene, &[0], 1_000);
    assert_eq!(arrived(&mut scene, 1).0, [2], "720p");
    scene.line(1, 300);
    talk(&mut scene, &[0], 1_000);
    scene.take();
    talk(&mut scene, &[0], 1_000);
    assert_eq!(arrived(&mut scene, 1).0, [1], "360p");
    scene.line(1, 150);
    talk(&mut scene, &[0], 1_000);
    scene.take();
    talk(&mut scene, &[0], 1_000);
    assert_eq!(arrived(&mut scene, 1).0, [0], "180p");
}

#[test]
fn where_no_picture_fits_sound_goes_on_and_the_slots_say_that_they_are_empty() {
    let mut scene = Scene::new(3, 4);
    for person in 0..2 {
        scene.turn_on(person, CAMERA);
        scene.turn_on(person, Source::Microphone);
    }
    scene.line(2, 2_000);
    talk(&mut scene, &[0, 1], 3_000);
    let carried = scene.carried(2);
    scene.line(2, 100);
    talk(&mut scene, &[0, 1], 500);
    scene.take();
    scene.changed(2);
    talk(&mut scene, &[0, 1], 5_000);
    assert_eq!(arrived(&mut scene, 2), (Vec::new(), 500), "sound alone, and all of it");
    let voices: Vec<_> = carried.iter().filter(|it| it.2 != CAMERA).cloned().collect();
    assert_eq!(scene.carried(2), voices);
    assert_eq!(scene.changed(2), [], "each was told once");
    let told: Vec<_> = scene.connections.iter().filter(|it| it.1 == 2).map(|it| it.2).collect();
    assert!(told.iter().any(|it| it.pictures == PictureState::Paused), "{told:?}");
    assert!(scene.connections.iter().all(|it| it.1 != 1 || it.2.pictures == PictureState::Full));
    // It gets better: the pictures come back, after a while and with a keyframe.
    scene.connections.clear();
    scene.line(2, 2_000);
    talk(&mut scene, &[0, 1], 6_000);
    let (layers, _) = arrived(&mut scene, 2);
    assert!(!layers.is_empty(), "{layers:?}");
    assert_eq!(scene.carried(2), carried, "the same people in the same slots");
    let last = scene.connections.iter().rfind(|it| it.1 == 2).map(|it| it.2.pictures);
    assert_eq!(last, Some(PictureState::Full));
}

#[test]
fn a_wavering_line_does_not_let_pictures_come_and_go() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    scene.line(1, 200);
    talk(&mut scene, &[0], 6_000);
    let mut asked = 0;
    for second in 0..30_u64 {
        scene.line(1, 180 + second * 7 % 40);
        asked += talk(&mut scene, &[0], 1_000);
    }
    assert_eq!(asked, 0, "a switch asks for a keyframe");
}

#[test]
fn what_somebody_hears_of_a_line_is_at_most_one_word_a_second() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    for step in 0..400_u64 {
        // Five seconds of each, and in between a quick to and fro.
        let is_thin = if step % 100 < 50 { step % 200 < 100 } else { step % 2 == 0 };
        scene.line(1, if is_thin { 80 } else { 3_000 });
        talk(&mut scene, &[0], 100);
    }
    let told: Vec<_> = scene.connections.iter().filter(|it| it.1 == 1).map(|it| it.0).collect();
    let apart = told.windows(2).map(|two| two[1].saturating_duration_since(two[0]));
    assert!(told.len() > 4, "{told:?}");
    assert!(apart.min().is_some_and(|least| least.as_millis() >= 1_000), "{told:?}");
}

#[test]
fn others_feel_nothing_of_a_thin_line() {
    let mut scene = Scene::new(16, 9);
    for person in 0..15 {
        scene.turn_on(person, CAMERA);
    }
    scene.line(15, 300);
    let people: Vec<Person> = (0..15).collect();
    talk(&mut scene, &people, 4_000);
    scene.take();
    talk(&mut scene, &people, 1_000);
    let arrived = scene.take();
    let shown = |receiver: Person| {
        let mut shown: Vec<u32> = arrived
            .iter()
            .filter(|packet| packet.to == receiver && packet.header.pt.0 == 120)
            .map(|packet| packet.csrc)
            .collect();
        shown.sort_unstable();
        shown.dedup();
        shown.len()
    };
    assert_eq!(shown(14), 9, "a bystander sees all tiles");
    assert!((1..=4).contains(&shown(15)), "{} tiles in 300 kb/s", shown(15));
}

#[test]
fn a_camera_stops_whose_only_watcher_has_no_room_for_it() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.turn_on(0, Source::Microphone);
    scene.line(1, 100);
    talk(&mut scene, &[0], 8_000);
    let told = |scene: &mut Scene| {
        let told = std::mem::take(&mut scene.constrained);
        told.iter().filter(|it| it.1 == 0).map(|it| it.2.encodings).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut scene), [0]);
    scene.line(1, 2_000);
    talk(&mut scene, &[0], 3_000);
    assert_eq!(told(&mut scene), [1], "it is asked for as soon as it has room");
}
