//! What a publication has to offer to a receiver's allocation.
//!
//! A layer that flows costs what is measured of it, and before that what its publisher says that it
//! will (video-layers-allocation): a target says what may come, and a still screen would be taken
//! for an expensive one. A layer that does not flow is one of two
//! things:
//!
//! * *paused for us*, because nobody wanted it, or asked for so lately that it cannot be here yet:
//!   it costs what it took when it last flowed, or what such a picture takes;
//! * *not sent* although it is asked for, because its publisher's own line or machine is too weak:
//!   the layer that flows in its place is what it costs. It stays on offer, so that it is asked for
//!   as long as it is wanted, and is found as soon as it comes.

use protocol::{Instant, media::Source};

use crate::{
    allocation::{LAYERS_PER_SOURCE_MAX, Layer},
    camera_limit::CameraLimit,
    codec::{
        LayerLimit,
        layers_allocation::{LayersAllocation, SPATIAL_LAYERS_MAX},
    },
    constraint::Wanted,
    layers::{self, LAYERS_MAX},
    publication::Publication,
};

/// Layers of one encoding: its temporal layers.
const PER_ENCODING: u8 = (LAYERS_PER_SOURCE_MAX / LAYERS_MAX) as u8;

/// Height and rate in bits per second of a picture that has not been measured: the targets of
/// libwebrtc's `kSimulcastFormatsVP8` (`video/config/simulcast.cc`).
const NOMINAL: [(u16, u64); 6] = [
    (180, 150_000),
    (270, 350_000),
    (360, 500_000),
    (540, 1_200_000),
    (720, 2_500_000),
    (1_080, 4_000_000),
];

/// A layer as allocation names it: an encoding and the temporal layers of it that go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerName {
    pub(crate) encoding: u8,
    pub(crate) temporal: u8,
}

impl LayerName {
    const fn whole(encoding: u8) -> Self {
        LayerName { encoding, temporal: PER_ENCODING - 1 }
    }

    pub(crate) const fn from_id(id: u8) -> Self {
        LayerName { encoding: id / PER_ENCODING, temporal: id % PER_ENCODING }
    }

    const fn id(self) -> u8 {
        self.encoding * PER_ENCODING + self.temporal
    }

    /// What it means for the packets of the encoding.
    pub(crate) const fn limit(self) -> LayerLimit {
        if self.temporal + 1 == PER_ENCODING {
            return LayerLimit::NONE;
        }
        LayerLimit { temporal: self.temporal, ..LayerLimit::NONE }
    }
}

/// The layers of one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    layers: [Layer; LAYERS_PER_SOURCE_MAX],
    count: usize,
}

impl Offer {
    pub(crate) const NONE: Offer = Offer {
        layers: [Layer { id: 0, height: 0, frame_rate: 0, bits_per_second: 0 };
            LAYERS_PER_SOURCE_MAX],
        count: 0,
    };

    pub(crate) fn as_slice(&self) -> &[Layer] {
        &self.layers[..self.count]
    }

    /// What may go of an encoding whose successor is awaited, where it may take so many bits per
    /// second: its best part within that, or else its least.
    pub(crate) fn part_within(&self, encoding: u8, bits_per_second: u64) -> LayerLimit {
        let name = |layer: &&Layer| LayerName::from_id(layer.id);
        let parts = || self.as_slice().iter().filter(move |it| name(it).encoding == encoding);
        let fitting = parts().filter(|part| part.bits_per_second <= bits_per_second);
        let best = fitting.max_by_key(|part| part.id).or_else(|| parts().min_by_key(|it| it.id));
        best.map_or(LayerLimit::NONE, |part| LayerName::from_id(part.id).limit())
    }

    fn add(&mut self, name: LayerName, height: u16, frame_rate: u8, bits_per_second: u64) {
        if let Some(layer) = self.layers.get_mut(self.count) {
            *layer = Layer { id: name.id(), height, frame_rate, bits_per_second };
            self.count += 1;
        }
    }
}

impl Publication {
    /// What it has to offer at `now`; `declared` is what the publisher itself says.
    pub(crate) fn offer(&self, now: Instant, declared: &LayersAllocation) -> Offer {
        let alive = self.alive_at(now);
        let mut offer = Offer::NONE;
        for encoding in 0..self.layer_count {
            let height = self.height_of(encoding);
            let is_alive = alive & 1 << encoding != 0;
            if !is_alive && alive != 0 && self.constraint.is_overdue(now, encoding) {
                let (bits_per_second, frame_rate) =
                    self.figures(layers::nearest(encoding, alive), declared);
                offer.add(LayerName::whole(encoding), height, frame_rate, bits_per_second);
                continue;
            }
            let meter = &self.layers[usize::from(encoding)].meter;
            let parts = meter.cumulated().count();
            if !is_alive || parts <= 1 {
                let (bits_per_second, frame_rate) = self.figures(encoding, declared);
                offer.add(LayerName::whole(encoding), height, frame_rate, bits_per_second);
                continue;
            }
            for (temporal, it) in meter.cumulated().enumerate() {
                let name = match temporal + 1 == parts {
                    true => LayerName::whole(encoding),
                    false => LayerName { encoding, temporal: temporal as u8 },
                };
                offer.add(name, height, it.frame_rate, it.bits_per_second);
            }
        }
        offer
    }

    /// The tallest picture that is of use to a tile of `tile` pixels in height.
    pub(crate) fn height_for(&self, tile: u16) -> u16 {
        self.height_of(layers::sufficient(self.layer_count, self.captured_height(), tile))
    }

    /// The tallest picture that the operator lets it be.
    pub(crate) fn height_within(&self, source: Source, camera: CameraLimit) -> u16 {
        match source {
            Source::Camera => camera.height_of(self.state.unwrap_or_default()),
            Source::Screen | Source::Microphone | Source::ScreenAudio => u16::MAX,
        }
    }

    pub(crate) fn height_of(&self, encoding: u8) -> u16 {
        layers::height(self.layer_count, self.captured_height(), encoding)
    }

    /// What a tile of `tile` pixels in height wants of it that was given `encoding`.
    pub(crate) fn wanted(&self, encoding: u8, tile: u16) -> Wanted {
        let top = self.height_of(self.layer_count - 1);
        let height = if self.layer_count > 1 { self.height_of(encoding) } else { tile };
        Wanted::of_publication(encoding, height, self.layer_count, top)
    }

    fn captured_height(&self) -> u16 {
        self.state.map_or(0, |state| state.height)
    }

    /// Rate and frame rate of an encoding: measured, declared or nominal.
    fn figures(&self, encoding: u8, declared: &LayersAllocation) -> (u64, u8) {
        let measured = self.layers[usize::from(encoding)].meter.cumulated().last();
        let measured = measured.map(|it| (it.bits_per_second, it.frame_rate));
        measured
            .or_else(|| figures_declared(encoding, declared))
            .unwrap_or_else(|| (nominal(self.height_of(encoding)), 0))
    }
}

/// Rate and frame rate of an encoding as its publisher says, spatial layers together.
fn figures_declared(encoding: u8, declared: &LayersAllocation) -> Option<(u64, u8)> {
    let spatial = |layer| declared.layer(usize::from(encoding), layer);
    let layers = (0..SPATIAL_LAYERS_MAX).filter_map(spatial);
    let (kilobits, frame_rate) = layers.fold((0, 0), |(kilobits, frame_rate), layer| {
        let rate = layer.rates_kbps().last().copied().unwrap_or(0);
        let frames = layer.picture.map_or(0, |picture| picture.frame_rate);
        (kilobits + u64::from(rate), frames.max(frame_rate))
    });
    (kilobits > 0).then_some((kilobits * 1_000, frame_rate))
}

/// What a picture of `height` takes, as far as its height tells.
pub(crate) fn nominal(height: u16) -> u64 {
    let at_least = NOMINAL.iter().find(|(known, _)| height <= *known);
    at_least.or(NOMINAL.last()).map_or(0, |(_, rate)| *rate)
}

/// Whether the source is a picture.
pub(crate) const PICTURES: [Source; 2] = [Source::Camera, Source::Screen];

#[cfg(test)]
mod tests;
