//! Few changes, the stage in front, nothing twice.

use proptest::prelude::*;

use super::*;

fn placed(present: &str, wanted: &str, stage: Option<char>) -> String {
    let present: Vec<Option<char>> = present.chars().map(|c| (c != '.').then_some(c)).collect();
    let wanted: Vec<char> = wanted.chars().collect();
    let mut planned = vec![None; present.len()];
    place(&present, &wanted, stage, &mut planned);
    planned.into_iter().map(|content| content.unwrap_or('.')).collect()
}

#[test]
fn slots_change_as_little_as_the_wishes_allow() {
    // (present, wanted, stage, planned)
    let cases = [
        ("....", "ab", None, ".ab."),
        (".ab.", "ba", None, ".ab."),
        (".ab.", "bc", None, "..bc"),
        ("....", "abcd", None, "dabc"),
        ("....", "abc", Some('b'), "bac."),
        (".ab.", "abc", Some('b'), "ba.c"),
        ("bac.", "abc", Some('a'), "abc."),
        ("bac.", "abc", None, "bac."),
        ("bac.", "ac", None, ".ac."),
        ("dabc", "eabc", Some('e'), "eabc"),
        ("dabc", "abce", Some('e'), "eabc"),
        ("dabc", "dabe", Some('e'), "eabd"),
        ("", "ab", Some('a'), ""),
        (".", "ab", None, "a"),
        ("..", "", None, ".."),
    ];
    for (present, wanted, stage, planned) in cases {
        let found = placed(present, wanted, stage);
        assert_eq!(found, planned, "{present} + {wanted} with {stage:?}");
    }
}

proptest! {
    #[test]
    fn everything_wanted_is_placed_once_and_stays_where_it_was(
        present in prop::collection::vec(prop::option::of(0..12_u8), 1..9),
        wanted in prop::collection::hash_set(0..12_u8, 0..9),
        stage: prop::sample::Index,
        has_stage: bool,
    ) {
        let mut seen = std::collections::HashSet::new();
        let present: Vec<_> =
            present.into_iter().map(|c| c.filter(|c| seen.insert(*c))).collect();
        let wanted: Vec<u8> = wanted.into_iter().take(present.len()).collect();
        let stage = (has_stage && !wanted.is_empty()).then(|| wanted[stage.index(wanted.len())]);
        let mut planned = vec![None; present.len()];
        place(&present, &wanted, stage, &mut planned);
        for content in &wanted {
            let places = planned.iter().filter(|c| **c == Some(*content)).count();
            prop_assert_eq!(places, 1, "{} in {:?}", content, planned);
        }
        prop_assert_eq!(planned.iter().flatten().count(), wanted.len());
        if stage.is_some() {
            prop_assert_eq!(planned[0], stage);
        }
        let moved = (0..present.len())
            .filter(|&slot| present[slot].is_some_and(|c| wanted.contains(&c)))
            .filter(|&slot| planned[slot] != present[slot])
            .count();
        prop_assert!(moved <= 2 * usize::from(stage.is_some()), "{present:?} → {planned:?}");
    }
}
