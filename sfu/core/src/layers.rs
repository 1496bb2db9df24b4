//! Which simulcast layer a tile of some height gets.
//!
//! The smallest layer that is at least three quarters as high as the tile: a quarter of upscaling
//! is hardly seen, the next layer costs four times as much. Only layers that flow count; of them
//! the nearest to the wanted one, the lower one first.

use protocol::{Duration, Instant};

/// Encodings of one source at most (RID `q`, `h`, `f`).
pub(crate) const LAYERS_MAX: usize = 3;

/// Height that is assumed where a publisher does not say.
const HEIGHT_UNKNOWN: u16 = 720;

/// A layer without a packet for this long does not flow.
pub(crate) const ALIVE: Duration = Duration::from_secs(1);

/// Whether a layer whose newest packet came at `last` flows at `now`.
pub(crate) fn is_alive(last: Option<Instant>, now: Instant) -> bool {
    last.is_some_and(|last| now.saturating_duration_since(last) <= ALIVE)
}

/// The layer, 0 the smallest of `count`, for a tile of `tile` pixels in height.
///
/// `captured` is the height of the largest layer, 0 where unknown; each smaller one is half as
/// high. Bit n of `alive` says that layer n flows; none at all counts as all.
pub(crate) fn choose(count: usize, alive: u8, captured: u16, tile: u16) -> u8 {
    let height = u32::from(if captured == 0 { HEIGHT_UNKNOWN } else { captured });
    let top = count.clamp(1, LAYERS_MAX) as u8 - 1;
    let suffices = |layer: &u8| 4 * (height >> (top - layer)) >= 3 * u32::from(tile);
    let wanted = (0..=top).find(suffices).unwrap_or(top);
    (0..=top)
        .filter(|layer| alive & 1 << layer != 0)
        .min_by_key(|layer| (layer.abs_diff(wanted), *layer))
        .unwrap_or(wanted)
}

#[cfg(test)]
mod tests;
