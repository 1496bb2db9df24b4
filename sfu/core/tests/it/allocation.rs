//! What an allocation costs.

use std::time::Instant;

use sfu_core::allocation::{Budget, Choice, Content, Demand, Layer, Place, allocate};

#[test]
#[expect(clippy::disallowed_methods, reason = "it measures, and asserts nothing of the clock")]
fn fifty_sources_of_nine_layers_are_allocated_without_the_heap() {
    let layers: Vec<Vec<Layer>> = (0..50_u64).map(nine_layers).collect();
    let demands: Vec<Demand<'_>> = layers
        .iter()
        .enumerate()
        .map(|(place, layers)| Demand {
            content: if place == 7 { Content::Screen } else { Content::Person },
            place: if place == 9 { Place::Stage } else { Place::Tile },
            max_height: if place % 3 == 0 { 360 } else { 720 },
            max_frame_rate: u8::MAX,
            layers,
            previous: None,
        })
        .collect();
    let mut choices = [Choice::default(); 50];
    let began = Instant::now();
    const RUNS: u32 = 1_000;
    let mut shown = 0;
    let used = allocation_counter::measure(|| {
        for run in 0..RUNS {
            let budget = Budget::even(5_000_000 + 30_000 * u64::from(run));
            shown += allocate(&demands, None, budget, &mut choices).shown;
        }
    });
    assert_eq!(used.count_total, 0);
    let micros = began.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS);
    println!("{{\"allocationMicros\":{micros:.1}}}");
    assert!(shown > 0, "something was chosen");
}

fn nine_layers(source: u64) -> Vec<Layer> {
    let heights = [(180, 50_000), (360, 170_000), (720, 660_000)];
    let rates = [(8, 1), (15, 2), (30, 3)];
    let layers = heights.iter().flat_map(|height| rates.iter().map(move |rate| (height, rate)));
    layers
        .enumerate()
        .map(|(id, (&(height, bits), &(frame_rate, factor)))| Layer {
            id: id as u8,
            height,
            frame_rate,
            bits_per_second: bits * factor + source * 997,
        })
        .collect()
}
