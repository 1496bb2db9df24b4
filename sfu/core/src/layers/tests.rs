//! Tile heights against layers.

use super::*;

#[test]
fn the_smallest_layer_that_fills_three_quarters_of_the_tile_is_sufficient() {
    // 720p in three layers: 180, 360, 720.
    let cases =
        [(1, 0), (180, 0), (240, 0), (241, 1), (360, 1), (480, 1), (481, 2), (720, 2), (2_160, 2)];
    for (tile, layer) in cases {
        assert_eq!(sufficient(3, 720, tile), layer, "a tile of {tile}");
        assert_eq!(sufficient(3, 0, tile), layer, "a tile of {tile}, capture unknown");
    }
}

#[test]
fn the_captured_height_and_the_number_of_layers_count() {
    // (layers, captured, tile) → layer
    let cases = [
        (3, 1_080, 360, 0), // 270 is three quarters of it
        (3, 1_080, 361, 1),
        (3, 360, 180, 1), // 90, 180, 360
        (2, 720, 480, 0), // 360, 720
        (2, 720, 481, 1),
        (1, 720, 50, 0),
        (0, 720, 50, 0),
    ];
    for (count, captured, tile, layer) in cases {
        assert_eq!(sufficient(count, captured, tile), layer, "{count} {captured} {tile}");
    }
}

#[test]
fn a_layer_that_does_not_flow_is_replaced_by_the_nearest_and_the_lower_first() {
    // (alive, wanted) → layer
    let cases =
        [(0b001, 2, 0), (0b011, 2, 1), (0b100, 0, 2), (0b110, 0, 1), (0b101, 1, 0), (0b000, 1, 1)];
    for (alive, wanted, layer) in cases {
        assert_eq!(nearest(wanted, alive), layer, "{alive:03b} {wanted}");
    }
}

#[test]
fn each_layer_is_half_as_high_as_the_next() {
    assert_eq!([0, 1, 2].map(|layer| height(3, 1_080, layer)), [270, 540, 1_080]);
    assert_eq!([0, 1, 2].map(|layer| height(3, 0, layer)), [180, 360, 720]);
    assert_eq!(height(1, 360, 0), 360);
    assert_eq!(height(0, 360, 0), 360);
}

#[test]
fn a_layer_is_alive_for_a_second() {
    let last = Instant::from_micros(500);
    assert!(!is_alive(None, last));
    assert!(is_alive(Some(last), last + Duration::from_millis(1_000)));
    assert!(!is_alive(Some(last), last + Duration::from_millis(1_001)));
}
