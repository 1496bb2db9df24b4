//! What is on offer of layers that flow, that were stopped for us, and that are not sent.

use protocol::{Duration, client::SourceState, media::RtpTime};

use super::*;

fn at(ms: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(100_000 + ms)
}

/// A camera of 720 lines in three encodings, turned on at 0.
fn camera() -> Publication {
    let state = Some(SourceState { width: 1_280, height: 720 });
    let mut camera = Publication { state, layer_count: 3, ..Publication::default() };
    camera.constraint.begin(at(0));
    camera
}

/// Lets an encoding flow until `until_ms` with 10 frames a second of 1 000 bytes, every second of
/// them in the upper temporal layer if there are two.
fn flow(camera: &mut Publication, encoding: u8, until_ms: u64, temporal_layers: u8) {
    for frame in 0..=until_ms / 100 {
        let now = at(frame * 100);
        let layer = &mut camera.layers[usize::from(encoding)];
        layer.last_packet_at = Some(now);
        let temporal = (frame % u64::from(temporal_layers)) as u8;
        layer.meter.count(now, 1_000, temporal, RtpTime(frame as u32));
    }
}

/// Id, height and kb/s of what is on offer.
fn offered(camera: &Publication, now: Instant, declared: &LayersAllocation) -> Vec<(u8, u16, u64)> {
    let offer = camera.offer(now, declared);
    let layers = offer.as_slice().iter();
    layers.map(|layer| (layer.id, layer.height, layer.bits_per_second / 1_000)).collect()
}

const WHOLE: [u8; 3] = [2, 5, 8];

#[test]
fn before_anything_came_a_picture_of_the_size_is_taken_for_the_usual_rate() {
    let expected = [(WHOLE[0], 180, 150), (WHOLE[1], 360, 500), (WHOLE[2], 720, 2_500)];
    assert_eq!(offered(&camera(), at(100), &LayersAllocation::default()), expected);
    assert_eq!(nominal(2_160), 4_000_000);
}

#[test]
fn what_a_publisher_declares_counts_until_its_layers_are_measured() {
    // Two streams of one spatial layer each: 100 and 300 kb/s.
    let declared = LayersAllocation::parse(&[0b0001_0001, 0, 100, 0xAC, 0x02]);
    let declared = declared.expect("two streams");
    let mut camera = camera();
    camera.layer_count = 2;
    assert_eq!(offered(&camera, at(100), &declared), [(2, 360, 100), (5, 720, 300)]);
    flow(&mut camera, 0, 1_000, 1);
    assert_eq!(offered(&camera, at(1_000), &declared), [(2, 360, 80), (5, 720, 300)]);
}

#[test]
fn temporal_layers_are_on_offer_as_they_are_measured() {
    let mut camera = camera();
    flow(&mut camera, 0, 3_000, 1);
    flow(&mut camera, 1, 3_000, 2);
    let offer = offered(&camera, at(3_000), &LayersAllocation::default());
    assert_eq!(offer[..3], [(WHOLE[0], 180, 80), (3, 360, 40), (WHOLE[1], 360, 80)]);
    assert_eq!(LayerName::from_id(3).limit(), LayerLimit { temporal: 0, ..LayerLimit::NONE });
    assert_eq!(LayerName::from_id(WHOLE[1]).limit(), LayerLimit::NONE);
}

#[test]
fn an_encoding_that_is_asked_for_and_does_not_come_costs_what_comes_in_its_place() {
    let mut camera = camera();
    flow(&mut camera, 0, 6_000, 1);
    flow(&mut camera, 1, 3_000, 1);
    let offer = offered(&camera, at(3_900), &LayersAllocation::default());
    assert_eq!(offer[2], (WHOLE[2], 720, 2_500), "it cannot be here yet");
    let offer = offered(&camera, at(6_000), &LayersAllocation::default());
    assert_eq!(offer, [(WHOLE[0], 180, 80), (WHOLE[1], 360, 80), (WHOLE[2], 720, 80)]);
}

#[test]
fn an_encoding_that_was_stopped_for_us_costs_what_it_took() {
    let mut camera = camera();
    flow(&mut camera, 0, 20_000, 1);
    flow(&mut camera, 1, 3_000, 1);
    let small = camera.wanted(0, 180);
    camera.constraint.settle(at(3_000), small);
    camera.constraint.settle(at(8_000), small);
    let offer = offered(&camera, at(20_000), &LayersAllocation::default());
    assert_eq!(offer, [(WHOLE[0], 180, 80), (WHOLE[1], 360, 80), (WHOLE[2], 720, 2_500)]);
}

#[test]
fn nothing_that_flows_means_that_nothing_can_stand_in() {
    let mut camera = camera();
    flow(&mut camera, 0, 1_000, 1);
    let offer = offered(&camera, at(60_000), &LayersAllocation::default());
    assert_eq!(offer, [(WHOLE[0], 180, 80), (WHOLE[1], 360, 500), (WHOLE[2], 720, 2_500)]);
}

#[test]
fn of_an_encoding_that_is_left_the_part_goes_that_fits() {
    let mut camera = camera();
    flow(&mut camera, 0, 1_000, 1);
    flow(&mut camera, 2, 1_000, 2);
    let offer = camera.offer(at(1_000), &LayersAllocation::default());
    let rates = offer.as_slice().iter().filter(|it| it.height == 720).map(|it| it.bits_per_second);
    let rates: Vec<u64> = rates.collect();
    let part = |bits_per_second| offer.part_within(2, bits_per_second).temporal;
    assert_eq!(part(rates[1]), LayerLimit::NONE.temporal, "the whole of it");
    assert_eq!(part(rates[1] - 1), 0);
    assert_eq!(part(rates[0]), 0);
    assert_eq!(part(0), 0, "the least of it goes on, or nothing would");
    assert_eq!(offer.part_within(0, 0), LayerLimit::NONE, "it has no parts");
}
