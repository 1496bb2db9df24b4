//! Heights of simulcast layers, and which of them are of use to a tile.

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

/// The height of layer `layer` of `count`, 0 the smallest: the largest is as high as what is
/// captured, each other half as high as the next.
pub(crate) fn height(count: u8, captured: u16, layer: u8) -> u16 {
    let captured = if captured == 0 { HEIGHT_UNKNOWN } else { captured };
    captured >> count.saturating_sub(1).saturating_sub(layer)
}

/// The layer, 0 the smallest of `count`, for a tile of `tile` pixels in height: the smallest that
/// is at least three quarters as high, because a quarter of upscaling is hardly seen and the next
/// layer costs four times as much.
pub(crate) fn sufficient(count: u8, captured: u16, tile: u16) -> u8 {
    let top = count.clamp(1, LAYERS_MAX as u8) - 1;
    let suffices =
        |&layer: &u8| 4 * u32::from(height(top + 1, captured, layer)) >= 3 * u32::from(tile);
    (0..=top).find(suffices).unwrap_or(top)
}

/// The layer that flows in place of `wanted`: the nearest of those that do, the lower one first;
/// `wanted` itself if none does. Bit n of `alive` says that layer n flows.
pub(crate) fn nearest(wanted: u8, alive: u8) -> u8 {
    (0..LAYERS_MAX as u8)
        .filter(|layer| alive & 1 << layer != 0)
        .min_by_key(|layer| (layer.abs_diff(wanted), *layer))
        .unwrap_or(wanted)
}

#[cfg(test)]
mod tests;
