//! Allocations as the extension's description lays them out, and anything at all.

use proptest::prelude::*;

use super::*;

#[test]
fn three_encodings_of_different_temporal_layers_are_read() {
    let value = [
        0b0110_0001,   // stream 1 of three, each with spatial layer 0
        0b10_01_00_00, // 3, 2 and 1 temporal layers
        50,
        80,
        100, // encoding 0
        0x96,
        0x01,
        0xC8,
        0x01, // encoding 1: 150, 200
        0x84,
        0x07, // encoding 2: 900
        0,
        159,
        0,
        89,
        15,
        1,
        0x3F,
        0,
        179,
        30,
        2,
        0x7F,
        1,
        0x67,
        30,
    ];
    let allocation = LayersAllocation::parse(&value).expect("well-formed");
    assert_eq!((allocation.stream, allocation.stream_count), (1, 3));
    let layer = |stream| *allocation.layer(stream, 0).expect("it is sent");
    assert_eq!(layer(0).rates_kbps(), [50, 80, 100]);
    assert_eq!(layer(1).rates_kbps(), [150, 200]);
    assert_eq!(layer(2).rates_kbps(), [900]);
    let pictures = [0, 1, 2].map(|stream| layer(stream).picture.expect("it is said"));
    assert_eq!(pictures.map(|picture| picture.width), [160, 320, 640]);
    assert_eq!(pictures.map(|picture| picture.height), [90, 180, 360]);
    assert_eq!(pictures.map(|picture| picture.frame_rate), [15, 30, 30]);
    assert_eq!(allocation.layer(0, 1), None);
    assert_eq!(allocation.layer(3, 0), None);
}

#[test]
fn encodings_with_different_spatial_layers_have_masks_of_their_own() {
    // Three streams; the second is paused, the third has layers 0 and 2.
    let value = [0b0010_0000, 0x10, 0x50, 0b00_00_00_00, 10, 20, 30];
    let allocation = LayersAllocation::parse(&value).expect("well-formed");
    let sent: Vec<(usize, usize)> = (0..4)
        .flat_map(|stream| (0..4).map(move |spatial| (stream, spatial)))
        .filter(|&(stream, spatial)| allocation.layer(stream, spatial).is_some())
        .collect();
    assert_eq!(sent, [(0, 0), (2, 0), (2, 2)]);
    assert_eq!(allocation.layer(2, 2).expect("sent").rates_kbps(), [30]);
    assert_eq!(allocation.layer(2, 2).expect("sent").picture, None);
}

#[test]
fn nothing_sent_is_one_zero_byte() {
    let allocation = LayersAllocation::parse(&[0]).expect("well-formed");
    assert_eq!(allocation.stream_count, 1);
    assert_eq!(allocation.layer(0, 0), None);
}

#[test]
fn what_is_cut_short_or_too_long_is_refused() {
    let whole = [0b0000_0001, 0b01_00_00_00, 50, 0x96, 0x01, 1, 0x3F, 0, 179, 30];
    assert!(LayersAllocation::parse(&whole).is_some());
    for length in 0..whole.len() {
        let is_without_picture = length == 5;
        let parsed = LayersAllocation::parse(&whole[..length]);
        assert_eq!(parsed.is_some(), is_without_picture, "{length} bytes");
    }
    assert_eq!(LayersAllocation::parse(&[&whole[..], &[0]].concat()), None);
    let endless_rate = [0b0000_0001, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0];
    assert_eq!(LayersAllocation::parse(&endless_rate), None);
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_reach_outside(value in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(allocation) = LayersAllocation::parse(&value) {
            prop_assert!((1..=4).contains(&allocation.stream_count));
            for stream in 0..5 {
                for spatial in 0..5 {
                    if let Some(layer) = allocation.layer(stream, spatial) {
                        prop_assert!(stream < usize::from(allocation.stream_count));
                        prop_assert!((1..=4).contains(&layer.rates_kbps().len()));
                    }
                }
            }
        }
    }
}
