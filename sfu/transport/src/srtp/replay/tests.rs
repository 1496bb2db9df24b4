use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

type Window = ReplayWindow<2>;

/// RFC 3711 §3.3.1's pseudo-code, in its own words and signed numbers.
fn guess_by_the_rfc(highest: u64, seq: u16) -> i64 {
    let (roc, s_l, seq) = ((highest >> 16) as i64, (highest & 0xFFFF) as i64, i64::from(seq));
    let v = if s_l < 32_768 {
        if seq - s_l > 32_768 { roc - 1 } else { roc }
    } else if s_l - 32_768 > seq {
        roc + 1
    } else {
        roc
    };
    (v << 16) + seq
}

#[test]
fn the_rollover_counter_is_guessed_across_both_edges() {
    for (highest, seq, index) in [
        (0x0_FFFF, 0x0000, Some(0x1_0000)),
        (0x0_FFFF, 0x7FFE, Some(0x1_7FFE)),
        (0x0_FFFF, 0x7FFF, Some(0x0_7FFF)),
        (0x1_0000, 0xFFFF, Some(0x0_FFFF)),
        (0x1_0000, 0x8001, Some(0x0_8001)),
        (0x1_0000, 0x8000, Some(0x1_8000)),
        (0x1_8000, 0x0000, Some(0x1_0000)),
        (0x0_0000, 0xFFFF, None),
        (0x0_0000, 0x8000, Some(0x0_8000)),
        (INDEX_MAX, 0x0000, None),
    ] {
        assert_eq!(guess_index(highest, seq), index, "{highest:#x} {seq:#x}");
    }
}

#[test]
fn a_packet_is_fresh_until_it_is_accepted() {
    let mut window = Window::starting_at(1000);
    assert_eq!(window.freshness(1000), Freshness::Replayed);
    assert_eq!(window.freshness(999), Freshness::Fresh);
    window.accept(999);
    assert_eq!(window.freshness(999), Freshness::Replayed);
    assert_eq!(window.freshness(1000 - Window::WIDTH + 1), Freshness::Fresh);
    assert_eq!(window.freshness(1000 - Window::WIDTH), Freshness::TooOld);
}

#[test]
fn a_jump_forgets_what_has_left_the_window_and_nothing_else() {
    for jump in [1, 63, 64, 65, 127, 128, 129, 1000, 1 << 40] {
        let mut window = Window::starting_at(500);
        window.accept(500 + jump);
        let expected = if jump < Window::WIDTH { Freshness::Replayed } else { Freshness::TooOld };
        assert_eq!(window.freshness(500), expected, "{jump}");
        if jump > 1 {
            assert_eq!(window.freshness(500 + jump - 1), Freshness::Fresh, "{jump}");
        }
    }
}

#[test]
fn a_resumed_window_delivers_nothing_twice() {
    let window = Window::resumed_after(70_000);
    for index in 69_000..=70_000 {
        assert_ne!(window.freshness(index), Freshness::Fresh, "{index}");
    }
    assert_eq!(window.freshness(70_001), Freshness::Fresh);
}

proptest! {
    #[test]
    fn the_guess_is_that_of_the_rfc(highest in 0..=INDEX_MAX, seq: u16) {
        let expected = u64::try_from(guess_by_the_rfc(highest, seq)).ok();
        prop_assert_eq!(guess_index(highest, seq), expected.filter(|index| *index <= INDEX_MAX));
    }

    /// Against a set that remembers everything.
    #[test]
    fn a_window_remembers_what_a_set_does(
        first in 0..10_000_u64,
        steps in proptest::collection::vec(-200..200_i64, 1..400),
    ) {
        let mut window = Window::starting_at(first);
        let mut delivered = BTreeSet::from([first]);
        for step in steps {
            let highest = window.highest();
            let Some(index) = highest.checked_add_signed(step) else { continue };
            let freshness = window.freshness(index);
            if index + Window::WIDTH <= highest {
                prop_assert_eq!(freshness, Freshness::TooOld);
                continue;
            }
            prop_assert_eq!(freshness == Freshness::Fresh, !delivered.contains(&index));
            if freshness == Freshness::Fresh {
                window.accept(index);
                delivered.insert(index);
            }
            prop_assert_eq!(window.highest(), highest.max(index));
        }
    }
}
