//! The rules of the allocation, as tables and as properties.

use proptest::{collection::vec, prelude::*};
use protocol::{Duration, Instant};

use super::*;

/// Three encodings of three temporal layers with the rates of Jitsi's `BitrateControllerTest.kt`:
/// 180p, 360p and 720p at 7.5, 15 and 30 frames per second. In tables `a` to `i` in this order.
const NINE: [Layer; 9] = [
    layer(0, 180, 8, 49_500),
    layer(1, 180, 15, 99_000),
    layer(2, 180, 30, 150_000),
    layer(3, 360, 8, 165_000),
    layer(4, 360, 15, 330_000),
    layer(5, 360, 30, 500_000),
    layer(6, 720, 8, 660_000),
    layer(7, 720, 15, 1_320_000),
    layer(8, 720, 30, 2_000_000),
];

#[test]
fn the_stage_climbs_to_360p_before_a_tile_begins_and_then_in_turns() {
    // Jitsi's stage view of four, from where the stage has 360p30; below that its bridge shows no
    // tile at all, and this one what fits.
    let demands = [on_stage(720), tile(180), tile(180), tile(180)];
    check(
        &demands,
        &[
            (49, "...."),
            (50, "a..."),
            (100, "b..."),
            (150, "c..."),
            (200, "ca.."),
            (300, "caaa"),
            (490, "cbbb"),
            (499, "ccbb"),
            (500, "f..."),
            (550, "fa.."),
            (600, "faa."),
            (650, "faaa"),
            (700, "fbaa"),
            (750, "fbba"),
            (800, "fbbb"),
            (850, "fcbb"),
            (900, "fccb"),
            (960, "fccc"),
            (2_150, "iaaa"),
            (2_200, "ibaa"),
            (2_460, "iccc"),
            (9_999, "iccc"),
        ],
    );
}

#[test]
fn tiles_get_one_layer_each_and_then_climb_in_turns() {
    // Jitsi's tile views of four, of 180 and of 360 lines.
    let begin = [
        (50, "a..."),
        (100, "aa.."),
        (150, "aaa."),
        (200, "aaaa"),
        (250, "baaa"),
        (300, "bbaa"),
        (350, "bbba"),
        (400, "bbbb"),
        (450, "cbbb"),
        (500, "ccbb"),
        (550, "cccb"),
        (610, "cccc"),
    ];
    let goes_on = [(960, "fccc"), (1_310, "ffcc"), (1_660, "fffc"), (2_010, "ffff")];
    check(&[tile(180); 4], &begin);
    check(&[tile(360); 4], &begin);
    check(&[tile(360); 4], &goes_on);
    check(&[tile(180); 4], &[(9_999, "cccc")]);
}

#[test]
fn a_screen_becomes_sharp_before_it_becomes_smooth_and_before_tiles() {
    let screen = Demand { content: Content::Screen, ..on_stage(720) };
    check(
        &[screen, tile(180)],
        &[
            (49, ".."),
            (50, "a."),
            (165, "d."),
            (215, "da"),
            (660, "g."),
            (710, "ga"),
            (1_370, "ha"),
            (2_050, "hc"),
            (2_100, "ib"),
            (2_150, "ic"),
        ],
    );
    // A screen that is a tile goes before tiles too, but not before the stage.
    let among_tiles = Demand { place: Place::Tile, ..screen };
    check(&[tile(180), among_tiles], &[(660, ".g"), (710, "ag")]);
    check(&[among_tiles, on_stage(360)], &[(500, ".f"), (665, "df"), (1_160, "gf")]);
}

#[test]
fn what_is_hidden_or_has_nothing_to_show_gets_nothing() {
    let empty = Demand { layers: &[], ..tile(360) };
    let summary = check(&[tile(0), tile(180), empty], &[(9_999, ".c.")]);
    assert_eq!((summary.wanted, summary.shown, summary.reduced), (1, 1, 0));
}

#[test]
fn a_small_tile_gets_the_smallest_layer_and_a_low_frame_rate_the_slowest() {
    check(&[tile(90)], &[(9_999, "c")]);
    check(&[Demand { max_frame_rate: 15, ..tile(720) }], &[(9_999, "h")]);
    check(&[Demand { max_frame_rate: 5, ..tile(720) }], &[(9_999, "g")]);
}

#[test]
fn last_n_counts_the_stage_first_then_screens_selected_tiles_and_the_others() {
    let selected = Demand { place: Place::Selected, ..tile(180) };
    let screen = Demand { content: Content::Screen, ..tile(180) };
    let empty = Demand { layers: &[], ..on_stage(360) };
    let demands = [tile(180), selected, screen, on_stage(360), empty, tile(180)];
    let shown =
        ["......", "...f..", "..cf..", ".ccf..", "cccf..", "cccf.c"].into_iter().enumerate();
    for (last_n, expected) in shown {
        let budget = Budget::even(9_999_000);
        assert_eq!(run(&demands, Some(last_n), budget).0, expected, "last {last_n}");
    }
}

#[test]
fn of_tiles_alike_the_larger_goes_first() {
    check(&[tile(180), tile(360)], &[(50, ".a"), (150, "ab"), (650, "cf")]);
}

#[test]
fn a_better_layer_that_costs_no_more_is_jumped_to() {
    let layers = [
        layer(0, 180, 30, 150_000),
        layer(1, 360, 30, 700_000),
        layer(2, 720, 30, 600_000),
        layer(3, 1_080, 30, 600_000),
    ];
    let demand = Demand { layers: &layers, ..on_stage(1_080) };
    check(&[demand], &[(150, "a"), (599, "a"), (600, "d")]);
}

#[test]
fn a_source_that_reaches_15_frames_per_second_is_not_kept_small() {
    let dim = [
        layer(0, 180, 8, 60_000),
        layer(1, 180, 15, 90_000),
        layer(2, 720, 8, 500_000),
        layer(3, 720, 14, 900_000),
    ];
    let demand = Demand { layers: &dim, ..on_stage(720) };
    check(&[demand], &[(9_999, "d")]);
    let unknown = [layer(0, 180, 0, 60_000), layer(1, 720, 0, 900_000)];
    check(&[Demand { layers: &unknown, ..on_stage(720) }], &[(9_999, "b")]);
}

#[test]
fn a_frame_rate_that_wavers_does_not_take_a_layer_away() {
    let of = |frame_rate| [layer(0, 180, 30, 100_000), layer(1, 720, frame_rate, 900_000)];
    for (frame_rate, as_new, as_current) in
        [(28, "b", "b"), (23, "b", "b"), (22, "a", "b"), (18, "a", "b"), (17, "a", "a")]
    {
        let layers = of(frame_rate);
        let demand = Demand { layers: &layers, ..on_stage(720) };
        check(&[demand], &[(9_999, as_new)]);
        check(&[Demand { previous: Some(1), ..demand }], &[(9_999, as_current)]);
    }
}

#[test]
fn an_encoding_slower_than_the_others_is_a_step_all_the_same() {
    // Chromium on a busy machine, with a camera of 15 frames per second.
    let busy = [
        layer(0, 135, 3, 72_000),
        layer(1, 135, 6, 114_000),
        layer(2, 135, 10, 175_000),
        layer(3, 270, 3, 156_000),
        layer(4, 270, 5, 245_000),
        layer(5, 270, 8, 400_000),
        layer(6, 540, 4, 690_000),
        layer(7, 540, 7, 1_117_000),
        layer(8, 540, 15, 1_943_000),
    ];
    check(&[Demand { layers: &busy, ..tile(540) }], &[(399, "c"), (400, "f"), (1_943, "i")]);
}

#[test]
fn a_layer_that_does_not_flow_is_not_chosen_unless_none_does() {
    let mut layers = NINE;
    layers[5].bits_per_second = 0;
    check(&[Demand { layers: &layers, ..tile(360) }], &[(9_999, "c")]);
    let silent = NINE.map(|layer| Layer { bits_per_second: 0, ..layer });
    check(&[Demand { layers: &silent, ..tile(360) }], &[(0, "a")]);
}

#[test]
fn a_new_layer_must_fit_the_conservative_budget_and_a_current_one_the_present() {
    let budget = Budget { present: 600_000, conservative: 200_000 };
    let was = |previous| Demand { previous: Some(previous), ..tile(360) };
    assert_eq!(run(&[tile(360)], None, budget).0, "c");
    assert_eq!(run(&[was(5)], None, budget).0, "f");
    assert_eq!(run(&[was(1)], None, budget).0, "c", "better than before is new");
    assert_eq!(run(&[was(5), tile(180)], None, budget).0, "fb");
    let tight = Budget { present: 520_000, conservative: 200_000 };
    assert_eq!(run(&[was(5), tile(180)], None, tight).0, "cb", "a base goes before a climb");
    let above = Budget { present: 100_000, conservative: 900_000 };
    assert_eq!(run(&[tile(360)], None, above).0, "b", "the present budget holds for all");
}

#[test]
fn the_next_step_is_the_most_wanted_one_that_did_not_fit() {
    let demands = [on_stage(720), tile(180)];
    let summary = run(&demands, None, Budget::even(600_000)).1;
    assert_eq!(summary.target_bits_per_second, 599_000);
    assert_eq!(summary.next_step_bits_per_second, Some(1_500_000), "the stage's");
    assert_eq!(summary.ideal_bits_per_second, 2_150_000);
    assert_eq!((summary.wanted, summary.shown, summary.reduced), (2, 2, 2));
    let summary = run(&demands, None, Budget::even(9_000_000)).1;
    assert_eq!(summary.next_step_bits_per_second, None);
}

#[test]
fn a_target_that_wavers_by_a_tenth_moves_nothing() {
    let demands = [on_stage(720), tile(180), tile(180), tile(180)];
    for middle in (100_000..3_000_000).step_by(37_000) {
        let mut window = BudgetWindow::default();
        let mut previous = [None; 4];
        let mut changes = 0;
        for tick in 0..240_u64 {
            let now = Instant::ZERO + Duration::from_millis(250 * tick);
            let waver = tick.wrapping_mul(7_919) % 21;
            let budget = window.update(now, middle / 100 * (90 + waver));
            let mut choices = [Choice::default(); 4];
            let with_previous: Vec<_> = demands
                .iter()
                .zip(previous)
                .map(|(demand, previous)| Demand { previous, ..*demand })
                .collect();
            allocate(&with_previous, None, budget, &mut choices);
            let chosen = choices.map(|choice| choice.layer());
            // Both generations are full after 5 s.
            changes += u32::from(tick > 20 && chosen != previous);
            previous = chosen;
        }
        assert_eq!(changes, 0, "around {middle}");
    }
}

#[test]
fn a_window_falls_at_once_and_rises_after_two_generations() {
    let mut window = BudgetWindow::default();
    let at = |ms| Instant::ZERO + Duration::from_millis(ms);
    let mut conservative = |ms, target| window.update(at(ms), target).conservative;
    assert_eq!(conservative(10_000, 1_000_000), 900_000);
    assert_eq!(conservative(10_100, 500_000), 450_000);
    assert_eq!(conservative(12_600, 800_000), 450_000);
    assert_eq!(conservative(15_000, 800_000), 450_000);
    assert_eq!(conservative(15_200, 1_000_000), 720_000);
    assert_eq!(conservative(17_000, 3_000_000), 1_500_000, "half of what has doubled, at once");
    assert_eq!(conservative(60_000, 800_000), 720_000, "what is long ago does not count");
}

#[derive(Clone, Debug)]
struct AnyDemand {
    layers: Vec<Layer>,
    is_screen: bool,
    place: u8,
    max_height: u16,
    max_frame_rate: u8,
    previous: Option<u8>,
}

impl AnyDemand {
    fn demand(&self) -> Demand<'_> {
        Demand {
            content: if self.is_screen { Content::Screen } else { Content::Person },
            place: [Place::Tile, Place::Selected, Place::Stage][usize::from(self.place)],
            max_height: self.max_height,
            max_frame_rate: self.max_frame_rate,
            layers: &self.layers,
            previous: self.previous,
        }
    }
}

fn any_demands() -> impl Strategy<Value = Vec<AnyDemand>> {
    let heights = prop_oneof![Just(90_u16), Just(180), Just(360), Just(720), Just(1_080)];
    let rates = prop_oneof![Just(0_u8), Just(8), Just(15), Just(30), Just(60)];
    let layers = vec((heights, rates, 0..2_000_000_u64), 0..12).prop_map(|layers| {
        let numbered = layers.into_iter().enumerate();
        numbered.map(|(id, (height, rate, bits))| layer(id as u8, height, rate, bits)).collect()
    });
    let max_heights = prop_oneof![Just(0_u16), Just(100), Just(180), Just(400), Just(2_160)];
    let max_rates = prop_oneof![Just(u8::MAX), Just(15_u8), Just(30)];
    let demand =
        (layers, any::<bool>(), 0..3_u8, max_heights, max_rates, proptest::option::of(0..12_u8));
    let any_demand =
        demand.prop_map(|(layers, is_screen, place, max_height, max_frame_rate, previous)| {
            AnyDemand { layers, is_screen, place, max_height, max_frame_rate, previous }
        });
    vec(any_demand, 0..60)
}

proptest! {
    #[test]
    fn never_over_budget_and_every_choice_is_one_that_was_offered(
        demands in any_demands(),
        last_n in proptest::option::of(0..60_usize),
        present in 0..20_000_000_u64,
        conservative in 0..20_000_000_u64,
    ) {
        let demands: Vec<_> = demands.iter().map(AnyDemand::demand).collect();
        let mut choices = vec![Choice::default(); demands.len()];
        let budget = Budget { present, conservative };
        let summary = allocate(&demands, last_n, budget, &mut choices);
        let spent: u64 = choices.iter().map(Choice::bits_per_second).sum();
        prop_assert_eq!(spent, summary.target_bits_per_second);
        prop_assert!(spent <= present);
        prop_assert!(summary.shown <= last_n.unwrap_or(usize::MAX));
        for (demand, choice) in demands.iter().zip(&choices) {
            let offered = demand.layers.iter().take(LAYERS_PER_SOURCE_MAX);
            let chosen = offered.clone().find(|layer| Some(layer.id) == choice.layer());
            prop_assert_eq!(chosen.is_some(), choice.layer().is_some());
            if let Some(chosen) = chosen {
                prop_assert_eq!(chosen.bits_per_second, choice.bits_per_second());
                prop_assert!(demand.max_height > 0);
                let smallest = offered.filter(|it| it.bits_per_second > 0).map(|it| it.height);
                let smallest = smallest.min().unwrap_or(0);
                prop_assert!(chosen.height <= demand.max_height.max(smallest).max(1_080));
                prop_assert!(chosen.height <= demand.max_height || chosen.height == smallest
                    || smallest == 0);
            }
        }
    }

    #[test]
    fn more_budget_never_undoes_an_earlier_step(
        demands in any_demands(),
        budget in 0..10_000_000_u64,
        more in 0..5_000_000_u64,
    ) {
        let demands: Vec<_> = demands.iter().map(AnyDemand::demand).collect();
        let steps = |budget| {
            let mut choices = vec![Choice::default(); demands.len()];
            allocate(&demands, None, Budget::even(budget), &mut choices);
            steps_in_order(&choices)
        };
        prop_assert!(steps(budget) <= steps(budget + more));
    }

    #[test]
    fn what_was_chosen_is_chosen_again(
        demands in any_demands(),
        budget in 0..10_000_000_u64,
    ) {
        let mut demands: Vec<_> = demands.iter().map(AnyDemand::demand).collect();
        for demand in &mut demands {
            demand.previous = None;
        }
        let mut choices = vec![Choice::default(); demands.len()];
        allocate(&demands, None, Budget::even(budget), &mut choices);
        let first: Vec<_> = choices.iter().map(Choice::layer).collect();
        for (demand, layer) in demands.iter_mut().zip(&first) {
            demand.previous = *layer;
        }
        // Nothing new fits, and all that was chosen is current.
        let steady = Budget { present: budget, conservative: 0 };
        allocate(&demands, None, steady, &mut choices);
        let second: Vec<_> = choices.iter().map(Choice::layer).collect();
        prop_assert_eq!(first, second);
    }
}

/// Every possible step in the order in which it is tried, and whether it was taken.
fn steps_in_order(choices: &[Choice]) -> Vec<bool> {
    let ordered = || choices.iter().map(|choice| &choices[usize::from(choice.order)]);
    let mut steps = Vec::new();
    for choice in ordered() {
        steps.extend((1..=choice.ladder.essential()).map(|rung| choice.climbed >= rung));
    }
    steps.extend(ordered().map(|choice| choice.climbed >= 1));
    for round in 1..=LAYERS_PER_SOURCE_MAX as u8 {
        for choice in ordered() {
            let begun = choice.ladder.essential().max(1);
            steps.push(choice.climbed >= begun + round);
        }
    }
    steps
}

const fn layer(id: u8, height: u16, frame_rate: u8, bits_per_second: u64) -> Layer {
    Layer { id, height, frame_rate, bits_per_second }
}

const fn tile(max_height: u16) -> Demand<'static> {
    Demand {
        content: Content::Person,
        place: Place::Tile,
        max_height,
        max_frame_rate: u8::MAX,
        layers: &NINE,
        previous: None,
    }
}

const fn on_stage(max_height: u16) -> Demand<'static> {
    Demand { place: Place::Stage, ..tile(max_height) }
}

/// Checks budgets in kb/s against the layers chosen: a letter each, a dot for none.
fn check(demands: &[Demand<'_>], table: &[(u64, &str)]) -> Summary {
    let mut last = Summary::default();
    for &(kilobits, expected) in table {
        let (chosen, summary) = run(demands, None, Budget::even(kilobits * 1_000));
        assert_eq!(chosen, expected, "at {kilobits} kb/s");
        last = summary;
    }
    last
}

fn run(demands: &[Demand<'_>], last_n: Option<usize>, budget: Budget) -> (String, Summary) {
    let mut choices = vec![Choice::default(); demands.len()];
    let summary = allocate(demands, last_n, budget, &mut choices);
    let letter = |layer: u8| char::from(b'a' + layer);
    (choices.iter().map(|choice| choice.layer().map_or('.', letter)).collect(), summary)
}
