//! Lists against a model, through any order of adding and removing.

use proptest::{prelude::*, sample::Index};

use super::*;

const LISTS: usize = 3;

fn entry(number: u32) -> Entry {
    Entry { endpoint: EndpointIndex(number), slot: (number % 7) as u8, layers: 1, codecs: 0 }
}

fn walked(fanout: &Fanout, list: &List) -> Vec<u32> {
    let mut cursor = fanout.first(list);
    std::iter::from_fn(|| fanout.next(&mut cursor)).map(|entry| entry.endpoint.get()).collect()
}

#[test]
fn a_pool_that_is_used_up_refuses() {
    let mut fanout = Fanout::new(CHUNK_ENTRIES, 0);
    let mut list = List::default();
    for number in 0..CHUNK_ENTRIES as u32 {
        assert!(fanout.push(&mut list, entry(number)).is_some());
    }
    assert_eq!(fanout.push(&mut list, entry(99)), None);
    assert_eq!(walked(&fanout, &list).len(), CHUNK_ENTRIES);
}

#[test]
fn an_entry_is_eight_bytes_and_a_chunk_two_cache_lines() {
    assert_eq!(size_of::<Entry>(), 8);
    assert_eq!(size_of::<Chunk>(), 128);
}

proptest! {
    #[test]
    fn every_list_holds_what_was_added_and_not_removed(
        steps in prop::collection::vec((0..LISTS, any::<bool>(), any::<Index>()), 1..600),
    ) {
        let entries = 400;
        let mut fanout = Fanout::new(entries, LISTS);
        let mut lists = [List::default(); LISTS];
        let mut model: Vec<Vec<(u32, Position)>> = vec![Vec::new(); LISTS];
        let mut number = 0;
        for (which, adds, index) in steps {
            let held: usize = model.iter().map(Vec::len).sum();
            if (adds || model[which].is_empty()) && held < entries {
                let position = fanout.push(&mut lists[which], entry(number));
                model[which].push((number, position.expect("the pool is large enough")));
                number += 1;
            } else if !model[which].is_empty() {
                let place = index.index(model[which].len());
                let (_, position) = model[which].swap_remove(place);
                if let Some(moved) = fanout.remove(&mut lists[which], position) {
                    let known = model[which]
                        .iter_mut()
                        .find(|(number, _)| *number == moved.entry.endpoint.get())
                        .expect("what moved is in the list");
                    prop_assert_eq!(known.1, moved.from);
                    known.1 = moved.to;
                }
            }
            for (list, model) in lists.iter().zip(&model) {
                let mut expected: Vec<u32> = model.iter().map(|(number, _)| *number).collect();
                let mut found = walked(&fanout, list);
                expected.sort_unstable();
                found.sort_unstable();
                prop_assert_eq!(&found, &expected);
            }
        }
        prop_assert!(fanout.chunks.len() <= entries / CHUNK_ENTRIES + 1 + LISTS);
    }
}
