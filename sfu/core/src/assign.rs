//! Which slot carries what: as few changes as the wishes allow.
//!
//! A remap costs a keyframe or a breath of sound, so whatever is wanted and already in a slot stays
//! there. Only the stage may displace: it belongs into the first slot, whose sound and picture the
//! browser aligns, and what was there takes the place that it leaves.

/// Places `wanted` into the slots that hold `present`; `planned` receives the outcome.
///
/// `wanted` has no duplicates and no more entries than there are slots; surplus ones are left out.
/// `stage` is an entry of `wanted`. Places that nothing wanted held are filled from the second slot
/// on, so that the first is free for a stage as long as possible.
pub(crate) fn place<T: Copy + PartialEq>(
    present: &[Option<T>],
    wanted: &[T],
    stage: Option<T>,
    planned: &mut [Option<T>],
) {
    debug_assert_eq!(present.len(), planned.len(), "one outcome for each slot");
    let kept = |content: &Option<T>| content.filter(|content| wanted.contains(content));
    for (plan, content) in planned.iter_mut().zip(present) {
        *plan = kept(content);
    }
    if let Some(stage) = stage {
        take_first(planned, stage);
    }
    for &content in wanted {
        if planned.contains(&Some(content)) {
            continue;
        }
        // An empty place that held nothing before is free of a picture that would have to go.
        let empty = |slot: &usize| planned[*slot].is_none();
        let order = || (1..planned.len()).chain(0..planned.len().min(1));
        let slot = order()
            .filter(empty)
            .find(|&slot| present[slot].is_none())
            .or_else(|| order().find(empty));
        let Some(slot) = slot else {
            return;
        };
        planned[slot] = Some(content);
    }
}

/// Puts the stage into the first slot; what was there takes the stage's place, or any empty one.
fn take_first<T: Copy + PartialEq>(planned: &mut [Option<T>], stage: T) {
    let Some(&first) = planned.first() else {
        return;
    };
    if first == Some(stage) {
        return;
    }
    let place = planned.iter().position(|&content| content == Some(stage));
    planned[0] = Some(stage);
    if let Some(place) = place {
        planned[place] = first;
    } else if let Some(place) = planned.iter().position(Option::is_none) {
        planned[place] = first;
    }
}

#[cfg(test)]
mod tests;
