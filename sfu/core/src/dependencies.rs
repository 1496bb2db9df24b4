//! The structures of one endpoint's pictures: a [`Dependencies`] for each encoding of an m-line
//! that negotiated dependency descriptors. None where there are none, so that they cost nothing.

use protocol::media::{PublishSection, Source};

use crate::{codec::dependency::Dependencies, layers::LAYERS_MAX};

/// The structures of camera and screen; see the module.
#[derive(Debug, Default)]
pub(crate) struct DependencyTable {
    camera: Box<[Dependencies]>,
    screen: Box<[Dependencies]>,
}

impl DependencyTable {
    /// Makes the memory for `sections`.
    pub(crate) fn new(sections: &[PublishSection]) -> Self {
        let of = |source: Source| {
            let section = sections.iter().find(|section| {
                section.source == source && section.extensions.dependency_descriptor.is_some()
            });
            let count = section.map_or(0, |section| section.rids.len().clamp(1, LAYERS_MAX));
            vec![Dependencies::default(); count].into_boxed_slice()
        };
        DependencyTable { camera: of(Source::Camera), screen: of(Source::Screen) }
    }

    /// The structure of an encoding.
    pub(crate) fn of(&mut self, source: Source, layer: u8) -> Option<&mut Dependencies> {
        self.encodings(source)?.get_mut(usize::from(layer))
    }

    /// Goes on with what `old` knows.
    pub(crate) fn continue_from(&mut self, old: &mut DependencyTable) {
        for source in [Source::Camera, Source::Screen] {
            let (Some(present), Some(old)) = (self.encodings(source), old.encodings(source)) else {
                continue;
            };
            for (present, old) in present.iter_mut().zip(old) {
                std::mem::swap(present, old);
            }
        }
    }

    fn encodings(&mut self, source: Source) -> Option<&mut [Dependencies]> {
        match source {
            Source::Camera => Some(&mut self.camera),
            Source::Screen => Some(&mut self.screen),
            Source::Microphone | Source::ScreenAudio => None,
        }
    }
}
