//! The header extension `video-layers-allocation00`: which layers a publisher sends, and their
//! target rates (libwebrtc `docs/native-code/rtp-hdrext/video-layers-allocation00/README.md`).
//!
//! It is the publisher's own word, sent with keyframes and on changes, so it is there before a
//! layer has been measured.

use super::bytes::ByteReader;

/// RTP streams of one source at most (two bits).
pub const STREAMS_MAX: usize = 4;

/// Spatial layers of one stream at most (four bits, one each).
pub const SPATIAL_LAYERS_MAX: usize = 4;

/// Temporal layers of one spatial layer at most (two bits).
pub const TEMPORAL_LAYERS_MAX: usize = 4;

/// Bytes of resolution and frame rate of one layer.
const RESOLUTION_LENGTH: usize = 5;

/// The layers of all streams of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayersAllocation {
    /// Which stream it came with: in the order of the encodings.
    pub stream: u8,
    /// How many streams there are, 1 to 4; 0 before the first extension.
    pub stream_count: u8,
    layers: [[Option<SpatialLayer>; SPATIAL_LAYERS_MAX]; STREAMS_MAX],
}

/// One spatial layer that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpatialLayer {
    rates_kbps: [u32; TEMPORAL_LAYERS_MAX],
    temporal_count: u8,
    /// Width and height in pixels and frames a second; `None` where the publisher does not say.
    pub picture: Option<Picture>,
}

/// What one spatial layer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels, 1 to 65 535.
    pub width: u16,
    /// Pixels, 1 to 65 535.
    pub height: u16,
    /// Frames a second at most.
    pub frame_rate: u8,
}

impl SpatialLayer {
    /// Target rate in kilobits a second with each temporal layer, lower ones included.
    #[must_use]
    pub fn rates_kbps(&self) -> &[u32] {
        &self.rates_kbps[..usize::from(self.temporal_count)]
    }
}

impl LayersAllocation {
    /// Reads the extension's value; `None` if it contradicts itself.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        if value == [0] {
            return Some(LayersAllocation { stream_count: 1, ..LayersAllocation::default() });
        }
        let mut reader = ByteReader::new(value);
        let head = reader.byte()?;
        let stream_count = (head >> 4 & 0x03) + 1;
        let mut masks = [head & 0x0F; STREAMS_MAX];
        if head & 0x0F == 0 {
            for pair in 0..usize::from(stream_count).div_ceil(2) {
                let byte = reader.byte()?;
                masks[2 * pair] = byte >> 4;
                masks[2 * pair + 1] = byte & 0x0F;
            }
        }
        let mut allocation =
            LayersAllocation { stream: head >> 6, stream_count, ..LayersAllocation::default() };
        let sent = allocation.layers.iter_mut().take(stream_count.into()).zip(masks);
        for (layers, mask) in sent {
            for (place, layer) in layers.iter_mut().enumerate() {
                *layer = (mask & 1 << place != 0).then(SpatialLayer::default);
            }
        }
        allocation.read_temporal_counts(&mut reader)?;
        for layer in allocation.sent_mut() {
            for rate in &mut layer.rates_kbps[..usize::from(layer.temporal_count)] {
                *rate = reader.leb128()?;
            }
        }
        allocation.read_pictures(&mut reader)?;
        Some(allocation)
    }

    /// A spatial layer of a stream, if it is sent.
    #[must_use]
    pub fn layer(&self, stream: usize, spatial: usize) -> Option<&SpatialLayer> {
        self.layers.get(stream)?.get(spatial)?.as_ref()
    }

    fn sent_mut(&mut self) -> impl Iterator<Item = &mut SpatialLayer> {
        self.layers.iter_mut().flatten().flatten()
    }

    /// Two bits for each layer, four in a byte.
    fn read_temporal_counts(&mut self, reader: &mut ByteReader<'_>) -> Option<()> {
        let mut byte = 0;
        for (place, layer) in self.sent_mut().enumerate() {
            if place % 4 == 0 {
                byte = reader.byte()?;
            }
            layer.temporal_count = (byte >> (6 - 2 * (place % 4)) & 0x03) + 1;
        }
        Some(())
    }

    /// Resolutions are there for all layers or for none.
    fn read_pictures(&mut self, reader: &mut ByteReader<'_>) -> Option<()> {
        let count = self.sent_mut().count();
        if reader.rest().len() != count * RESOLUTION_LENGTH {
            return reader.rest().is_empty().then_some(());
        }
        for layer in self.sent_mut() {
            let width = reader.u16()?.saturating_add(1);
            let height = reader.u16()?.saturating_add(1);
            layer.picture = Some(Picture { width, height, frame_rate: reader.byte()? });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
