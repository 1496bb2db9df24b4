//! Cameras and screens: slots, layers, keyframes.

use protocol::{
    EndpointIndex,
    client::{SlotContent, SourceState},
    media::{Pt, Source},
};
use sfu_core::ForwardDrop;

use crate::scene::{RECEIVER_IDS, Scene, participant, slot_ssrc, tile};

const CAMERA: Source = Source::Camera;

/// All three layers of a camera, one frame each.
fn frames(scene: &mut Scene, person: u32, keyframe: bool) {
    for layer in 0..3 {
        scene.frame(person, CAMERA, layer, keyframe);
    }
}

fn layers_at(scene: &mut Scene, receiver: u32) -> Vec<u8> {
    let arrived = scene.take();
    let mut layers: Vec<u8> =
        arrived.iter().filter(|a| a.to == receiver).map(|a| a.names().1).collect();
    layers.dedup();
    layers
}

#[test]
fn a_picture_arrives_with_the_receivers_numbers() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    let arrived = scene.take();
    assert_eq!(arrived.len(), 2);
    for packet in &arrived {
        assert_eq!((packet.to, packet.header.pt, packet.csrc), (1, Pt(120), 1));
        assert_eq!(packet.names(), (0, 0));
    }
    assert!(arrived[1].header.marker && !arrived[0].header.marker);
    assert_eq!(arrived[0].extensions, []);
    let orientation = RECEIVER_IDS.orientation.expect("negotiated");
    assert_eq!(arrived[1].extensions, [(orientation, vec![1])], "and neither MID nor RID");
}

#[test]
fn without_a_view_cameras_fill_the_slots_in_the_order_of_joining() {
    let mut scene = Scene::new(6, 3);
    for person in (0..6).rev() {
        scene.turn_on(person, CAMERA);
    }
    for person in 0..6 {
        scene.frame(person, CAMERA, 0, true);
    }
    let people = |scene: &Scene, person| {
        let mut people: Vec<_> = scene.carried(person).into_iter().map(|(_, who, _)| who).collect();
        people.sort_unstable();
        people
    };
    assert_eq!(people(&scene, 5), [0, 1, 2]);
    assert_eq!(people(&scene, 0), [1, 2, 3]);
}

#[test]
fn tiles_that_are_not_in_the_view_cost_nothing() {
    let mut scene = Scene::new(5, 4);
    for person in 0..5 {
        scene.turn_on(person, CAMERA);
    }
    scene.view(0, None, &[tile(1, CAMERA, 180), tile(3, CAMERA, 180)]);
    scene.view(4, None, &[tile(1, CAMERA, 0)]);
    for person in 0..5 {
        frames(&mut scene, person, true);
    }
    let mut seen = vec![Vec::new(); 5];
    for arrived in scene.take() {
        seen[arrived.to as usize].push(arrived.csrc - 1);
    }
    seen[0].dedup();
    assert_eq!(seen[0], [1, 3]);
    assert_eq!(seen[4], [0_u32; 0], "a view of hidden tiles");
    assert!(!seen[1].is_empty() && !seen[2].is_empty() && !seen[3].is_empty());
}

#[test]
fn the_layer_follows_the_tile() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    for (height, layer) in [(180, 0), (360, 1), (1_000, 2), (360, 1), (90, 0)] {
        scene.view(1, None, &[tile(0, CAMERA, height)]);
        scene.wait(510);
        frames(&mut scene, 0, false);
        frames(&mut scene, 0, true);
        frames(&mut scene, 0, false);
        let layers = layers_at(&mut scene, 1);
        assert_eq!(layers.last(), Some(&layer), "a tile of {height}: {layers:?}");
    }
}

#[test]
fn the_captured_height_moves_the_layers() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 360)]);
    frames(&mut scene, 0, true);
    assert_eq!(layers_at(&mut scene, 1).last(), Some(&1), "360 of 720");
    scene.set_source(0, CAMERA, Some(SourceState { width: 640, height: 360 }));
    scene.wait(250);
    frames(&mut scene, 0, true);
    frames(&mut scene, 0, false);
    assert_eq!(layers_at(&mut scene, 1).last(), Some(&2), "360 of 360");
}

#[test]
fn the_old_layer_flows_until_the_new_ones_keyframe() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 180)]);
    frames(&mut scene, 0, true);
    scene.take();
    scene.wait(600);
    frames(&mut scene, 0, false);
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    scene.take();
    for _ in 0..3 {
        scene.wait(33);
        frames(&mut scene, 0, false);
    }
    assert_eq!(layers_at(&mut scene, 1), [0]);
    scene.wait(33);
    frames(&mut scene, 0, true);
    assert_eq!(layers_at(&mut scene, 1), [0, 2], "layer 0 first: its packet came first");
    scene.wait(33);
    frames(&mut scene, 0, false);
    assert_eq!(layers_at(&mut scene, 1), [2]);
}

#[test]
fn a_layer_that_stops_is_replaced_by_the_nearest() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    frames(&mut scene, 0, true);
    frames(&mut scene, 0, false);
    assert_eq!(layers_at(&mut scene, 1).last(), Some(&2));
    // The publisher's bandwidth falls: it sends its two smaller layers only.
    let mut layers = Vec::new();
    for _ in 0..60 {
        scene.wait(33);
        let asked = !scene.asked.is_empty();
        scene.asked.clear();
        for layer in 0..2 {
            scene.frame(0, CAMERA, layer, asked);
        }
        layers.extend(layers_at(&mut scene, 1));
    }
    layers.dedup();
    assert_eq!(layers, [1]);
    // And it comes back.
    for _ in 0..20 {
        scene.wait(33);
        let asked = !scene.asked.is_empty();
        scene.asked.clear();
        frames(&mut scene, 0, asked);
    }
    assert_eq!(layers_at(&mut scene, 1).last(), Some(&2));
}

#[test]
fn a_slot_that_shows_nothing_takes_a_smaller_layers_keyframe() {
    let mut scene = Scene::new(2, 4);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    frames(&mut scene, 0, false);
    scene.frame(0, CAMERA, 0, true);
    assert_eq!(layers_at(&mut scene, 1), [0]);
    scene.frame(0, CAMERA, 2, true);
    scene.frame(0, CAMERA, 0, false);
    assert_eq!(layers_at(&mut scene, 1), [2]);
}

#[test]
fn the_former_source_flows_until_the_new_ones_keyframe_and_the_map_says_so() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, CAMERA);
    scene.turn_on(1, CAMERA);
    scene.view(2, Some(tile(0, CAMERA, 180)), &[]);
    scene.frame(0, CAMERA, 0, true);
    let carried = SlotContent { participant: participant(0), source: CAMERA };
    assert_eq!(scene.changed(2), [("v0".to_owned(), Some(carried))]);
    scene.take();
    scene.view(2, Some(tile(1, CAMERA, 180)), &[]);
    scene.wait(33);
    scene.frame(0, CAMERA, 0, false);
    scene.frame(1, CAMERA, 0, false);
    let arrived = scene.take();
    assert!(!arrived.is_empty() && arrived.iter().all(|a| a.to != 2 || a.csrc == 1));
    assert_eq!(scene.changed(2), []);
    scene.wait(33);
    scene.frame(1, CAMERA, 0, true);
    scene.frame(0, CAMERA, 0, false);
    let arrived: Vec<_> = scene.take().into_iter().filter(|a| a.to == 2).collect();
    assert_eq!(arrived.len(), 2);
    assert!(arrived.iter().all(|a| a.csrc == 2));
    let carried = SlotContent { participant: participant(1), source: CAMERA };
    assert_eq!(scene.changed(2), [("v0".to_owned(), Some(carried))]);
}

#[test]
fn a_source_does_not_linger_where_the_new_one_never_comes() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, CAMERA);
    scene.turn_on(1, CAMERA);
    scene.view(2, Some(tile(0, CAMERA, 180)), &[]);
    scene.frame(0, CAMERA, 0, true);
    scene.view(2, Some(tile(1, CAMERA, 180)), &[]);
    scene.take();
    let mut lingered = 0;
    for _ in 0..100 {
        scene.wait(33);
        scene.frame(0, CAMERA, 0, false);
        lingered += scene.take().iter().filter(|a| a.to == 2).count();
    }
    assert!((60..=80).contains(&lingered), "{lingered} packets in about 1.1 s");
    assert_eq!(scene.carried(2), []);
}

#[test]
fn going_back_before_the_keyframe_goes_on_without_one() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, CAMERA);
    scene.turn_on(1, CAMERA);
    scene.view(2, Some(tile(0, CAMERA, 180)), &[]);
    scene.frame(0, CAMERA, 0, true);
    scene.take();
    scene.view(2, Some(tile(1, CAMERA, 180)), &[]);
    scene.view(2, Some(tile(0, CAMERA, 180)), &[]);
    scene.frame(0, CAMERA, 0, false);
    assert_eq!(scene.take().iter().filter(|a| a.to == 2).count(), 2);
    scene.frame(1, CAMERA, 0, true);
    assert_eq!(scene.take().iter().filter(|a| a.to == 2).count(), 0);
}

#[test]
fn the_stage_takes_the_first_slot_and_the_rest_stay() {
    let mut scene = Scene::new(6, 4);
    for person in 0..6 {
        scene.turn_on(person, CAMERA);
    }
    let tiles: Vec<_> = (0..4).map(|person| tile(person, CAMERA, 180)).collect();
    scene.view(5, Some(tiles[0]), &tiles);
    let show = |scene: &mut Scene| {
        scene.wait(600);
        for person in 0..6 {
            scene.frame(person, CAMERA, 0, true);
        }
        scene.carried(5)
    };
    let before = show(&mut scene);
    assert_eq!(before[0], ("v0".to_owned(), 0, CAMERA));
    scene.view(5, Some(tiles[2]), &tiles);
    let after = show(&mut scene);
    assert_eq!(after[0], ("v0".to_owned(), 2, CAMERA));
    let kept = before.iter().filter(|slot| after.contains(slot)).count();
    assert_eq!(kept, 2, "two change places: {before:?} → {after:?}");
}

#[test]
fn a_screen_goes_before_cameras_where_slots_are_few() {
    let mut scene = Scene::new(5, 2);
    for person in 0..4 {
        scene.turn_on(person, CAMERA);
    }
    scene.turn_on(3, Source::Screen);
    let tiles = [
        tile(0, CAMERA, 180),
        tile(1, CAMERA, 180),
        tile(2, CAMERA, 180),
        tile(3, Source::Screen, 180),
    ];
    scene.view(4, None, &tiles);
    for person in 0..4 {
        scene.frame(person, CAMERA, 0, true);
    }
    scene.frame(3, Source::Screen, 0, true);
    let mut carried: Vec<_> =
        scene.carried(4).into_iter().map(|(_, who, what)| (who, what)).collect();
    carried.sort_unstable();
    assert_eq!(carried, [(0, CAMERA), (3, Source::Screen)]);
}

#[test]
fn the_same_ssrcs_at_two_publishers_do_not_mix() {
    let mut scene = Scene::new(3, 2);
    scene.turn_on(0, CAMERA);
    scene.turn_on(1, CAMERA);
    for _ in 0..10 {
        scene.frame(0, CAMERA, 0, true);
        scene.frame(1, CAMERA, 0, true);
        scene.wait(33);
    }
    for arrived in scene.take() {
        assert_eq!(arrived.names().0 + 1, arrived.csrc);
        assert_ne!(arrived.to + 1, arrived.csrc);
    }
}

#[test]
fn an_outgoing_ssrc_stays_below_its_rate() {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, Source::Screen);
    scene.frame(0, Source::Screen, 0, true);
    let mut sent = 0;
    for _ in 0..11_000 {
        scene.frame(0, Source::Screen, 0, false);
        scene.wait(1);
        sent += scene.take().len();
    }
    assert!(sent <= 19_700, "{sent} packets in 11 s");
    assert!(scene.forwarder.counters().drops(ForwardDrop::OverSlotRate) > 0);
}

#[test]
fn a_keyframe_that_the_slots_rate_cut_off_is_asked_for_again() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, Source::Screen);
    scene.turn_on(1, Source::Screen);
    scene.view(2, None, &[tile(0, Source::Screen, 180)]);
    scene.frame(0, Source::Screen, 0, true);
    scene.frame(1, Source::Screen, 0, true);
    scene.wait(900);
    scene.frame(1, Source::Screen, 0, false);
    for _ in 0..600 {
        scene.frame(0, Source::Screen, 0, false);
    }
    scene.asked.clear();
    scene.view(2, None, &[tile(1, Source::Screen, 180)]);
    assert_eq!(scene.asked.len(), 1);
    scene.frame(1, Source::Screen, 0, true);
    assert!(scene.take().iter().all(|a| a.to != 2 || a.csrc == 1), "the slot's rate is used up");
    scene.asked.clear();
    for _ in 0..40 {
        scene.wait(33);
        let asked = scene.asked.iter().any(|&(_, who, _)| who == 1);
        scene.frame(1, Source::Screen, 0, asked);
    }
    assert!(scene.take().iter().any(|a| a.to == 2 && a.csrc == 2));
}

#[test]
fn the_first_keyframe_of_the_only_layer_that_flows_is_shown() {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 90)]);
    scene.frame(0, CAMERA, 2, true);
    assert_eq!(layers_at(&mut scene, 1), [2]);
}

#[test]
fn packets_of_nothing_but_padding_leave_no_hole() {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, Source::Screen);
    scene.frame(0, Source::Screen, 0, true);
    let [mut padding, _] = scene.frame_packets(0, Source::Screen, 0, false);
    let length = padding.len();
    let header = protocol::rtp::RtpHeader::parse(&padding).expect("a packet");
    padding[0] |= 0x20;
    padding[length - 1] = (length - usize::from(header.payload_offset)) as u8;
    assert_eq!(scene.send_raw(0, &padding), Ok(()));
    // The second packet of that frame was lost on the way: one hole.
    scene.frame(0, Source::Screen, 0, false);
    let numbers: Vec<u16> = scene.take().iter().map(|a| a.seq().0).collect();
    let steps: Vec<u16> = numbers.windows(2).map(|n| n[1].wrapping_sub(n[0])).collect();
    assert_eq!(steps, [1, 2, 1]);
    assert_eq!(scene.forwarder.counters().drops(ForwardDrop::Empty), 1);
}

#[test]
fn a_receiver_without_the_codec_gets_nothing_and_it_is_counted() {
    let mut scene = Scene::empty(*Scene::new(2, 1).forwarder.limits());
    scene.join(0, &crate::scene::plan(0, 1));
    let mut plan = crate::scene::plan(1, 1);
    for slot in &mut plan.slots {
        slot.payloads.retain(|payload| payload.codec != protocol::media::Codec::Vp8);
    }
    scene.join(1, &plan);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    assert_eq!(scene.take_counts(), [0, 0]);
    assert!(scene.forwarder.counters().drops(ForwardDrop::NoCodec) > 0);
    scene.asked.clear();
    for _ in 0..100 {
        scene.frame(0, CAMERA, 0, false);
        scene.wait(33);
    }
    assert_eq!(scene.asked, [], "no keyframe will help");
}

#[test]
fn a_keyframe_request_for_a_foreign_ssrc_asks_nobody() {
    let mut scene = Scene::new(3, 2);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene.wait(3_000);
    scene.asked.clear();
    let foreign = slot_ssrc(1, "v1");
    scene.forwarder.handle_keyframe_request(scene.now, EndpointIndex(2), foreign);
    scene.drain();
    assert_eq!(scene.asked, []);
}
