//! A stream's structure, and reading descriptors against it.

use super::{
    BitReader, Descriptor, FLAG_BITS, FrameDependencies, FrameDiffs, HAS_ACTIVE_TARGETS,
    HAS_CHAINS, HAS_FRAME_DIFFS, HAS_INDICATIONS, HAS_STRUCTURE, Indications, MANDATORY_BITS,
    Malformed, SPATIAL_LAYERS_MAX, TARGETS_MAX, TEMPLATES_MAX, TEMPORAL_LAYERS_MAX,
};
use crate::codec::{LayerLimit, bits::BitWriter};

/// Bytes of the longest structure: an extension has 255, of which 3 are the mandatory fields.
const STRUCTURE_LENGTH_MAX: usize = 252;

/// Bytes of an outgoing header with all its other extensions.
const HEADER_LENGTH_MAX: usize = 32;

/// Bytes of a descriptor besides its structure: mandatory fields, flags, targets, and a definition
/// as the ones that browsers send.
const OWN_LENGTH_MAX: usize = 16;

/// A structure of a frame up to this many frames old does not replace a newer one.
const LATE_FRAMES_MAX: u16 = 300;

/// A kind of frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its spatial layer, 0 to 3.
    pub spatial: u8,
    /// Its temporal layer, 0 to 7.
    pub temporal: u8,
    /// What it is to each decode target.
    pub indications: Indications,
    /// Bit n: it refers to the frame n + 1 before it.
    frame_diffs: u16,
    /// How many frames back each chain's last frame is, 0 to 15; 0 begins the chain.
    chain_diffs: [u8; TARGETS_MAX / 2],
}

impl Template {
    /// How many frames back its references are.
    pub fn frame_diffs(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=16).filter(|diff| self.frame_diffs & 1 << (diff - 1) != 0)
    }

    /// How many frames back the last frame of `chain` is, below 32.
    #[must_use]
    pub const fn chain_diff(&self, chain: u8) -> u8 {
        let pair = self.chain_diffs[(chain & 31) as usize / 2];
        if chain & 1 == 0 { pair & 0x0F } else { pair >> 4 }
    }
}

/// What descriptors of one stream refer to: the newest structure, and what follows from it.
#[derive(Clone, Debug)]
pub struct Dependencies {
    /// Counts structures that differ; 0 before the first.
    version: u16,
    /// The frame that brought the structure.
    frame_number: u16,
    first_template_id: u8,
    template_count: u8,
    target_count: u8,
    chain_count: u8,
    /// Decode targets that the stream sends at present.
    active: u32,
    templates: [Template; TEMPLATES_MAX],
    /// The highest layers of each decode target.
    layers: [LayerLimit; TARGETS_MAX],
    /// The chain of each decode target.
    chains: [u8; TARGETS_MAX],
    /// Bit n of each: all frames of target n are frames of this target.
    covers: [u32; TARGETS_MAX],
    resolutions: [Option<(u16, u16)>; SPATIAL_LAYERS_MAX],
    bits: [u8; STRUCTURE_LENGTH_MAX],
    bit_count: u16,
}

impl Default for Dependencies {
    fn default() -> Self {
        Dependencies {
            version: 0,
            frame_number: 0,
            first_template_id: 0,
            template_count: 0,
            target_count: 0,
            chain_count: 0,
            active: 0,
            templates: [Template::default(); TEMPLATES_MAX],
            layers: [LayerLimit { spatial: 0, temporal: 0 }; TARGETS_MAX],
            chains: [0; TARGETS_MAX],
            covers: [0; TARGETS_MAX],
            resolutions: [None; SPATIAL_LAYERS_MAX],
            bits: [0; STRUCTURE_LENGTH_MAX],
            bit_count: 0,
        }
    }
}

impl Dependencies {
    /// Reads the descriptor of one packet, and takes in the structure that it may bring.
    ///
    /// # Errors
    /// [`Malformed`] if the frame cannot be read.
    pub fn read<'d>(&mut self, bytes: &'d [u8]) -> Result<Descriptor<'d>, Malformed> {
        self.try_read(bytes).ok_or(Malformed)
    }

    /// Another stream follows: its frames have nothing to do with the structure that was read.
    pub fn forget(&mut self) {
        self.template_count = 0;
        self.target_count = 0;
        self.chain_count = 0;
        self.active = 0;
        self.bit_count = 0;
    }

    /// The kinds of frames of the newest structure.
    #[must_use]
    pub fn templates(&self) -> &[Template] {
        &self.templates[..usize::from(self.template_count)]
    }

    /// Counts structures: it changes when the stream brings another one; 0 before the first.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// How many decode targets there are.
    #[must_use]
    pub const fn target_count(&self) -> u8 {
        self.target_count
    }

    /// How many chains there are.
    #[must_use]
    pub const fn chain_count(&self) -> u8 {
        self.chain_count
    }

    /// The chain that `target` cannot do without; `None` without chains.
    #[must_use]
    pub fn chain_of(&self, target: u8) -> Option<u8> {
        let chain = self.chains[..usize::from(self.target_count)].get(usize::from(target));
        chain.copied().filter(|_| self.chain_count > 0)
    }

    /// Bit n: the stream sends decode target n at present.
    #[must_use]
    pub const fn active_targets(&self) -> u32 {
        self.active
    }

    /// Width and height of a spatial layer, if the structure tells.
    #[must_use]
    pub fn resolution(&self, spatial: u8) -> Option<(u16, u16)> {
        self.resolutions.get(usize::from(spatial)).copied().flatten()
    }

    /// How many frames back the last frame of `chain` is, 0 to 255, from the frame of
    /// `descriptor`, which was read with this structure; `None` if there is no such chain.
    #[must_use]
    pub fn chain_diff(&self, descriptor: &Descriptor<'_>, chain: u8) -> Option<u8> {
        let template = self.template(descriptor.template_id)?;
        if descriptor.frame.is_none() || chain >= self.chain_count {
            return None;
        }
        if !descriptor.has(HAS_CHAINS) {
            return Some(template.chain_diff(chain));
        }
        // The frame's own chains are the last of its definition, eight bits each.
        let behind = 8 * usize::from(self.chain_count - chain);
        let at = usize::from(descriptor.definition.1).checked_sub(behind)?;
        BitReader::new(descriptor.bytes, at).take(8).map(|diff| diff as u8)
    }

    /// The highest layers of `target`.
    #[must_use]
    pub fn layers_of(&self, target: u8) -> LayerLimit {
        self.layers[usize::from(target) % TARGETS_MAX]
    }

    /// The best decode target within `limit`: the active one of the highest spatial, then temporal
    /// layer; the lowest of all if none is within it.
    #[must_use]
    pub fn best_target(&self, limit: LayerLimit) -> Option<u8> {
        let rank = |target: u8| {
            let LayerLimit { spatial, temporal } = self.layers_of(target);
            (spatial, temporal)
        };
        let active = || (0..self.target_count).filter(|target| self.active & 1 << target != 0);
        active()
            .filter(|&target| self.layers_of(target).is_within(limit))
            .max_by_key(|&target| rank(target))
            .or_else(|| active().min_by_key(|&target| rank(target)))
    }

    /// Whether whoever gets the frames of `target` gets all frames of `other`.
    #[must_use]
    pub fn covers(&self, target: u8, other: u8) -> bool {
        self.covered_by(target) & 1_u32.checked_shl(other.into()).unwrap_or(0) != 0
    }

    /// Bit n: all frames of target n are frames of `target`.
    pub(crate) fn covered_by(&self, target: u8) -> u32 {
        self.covers[usize::from(target) % TARGETS_MAX]
    }

    /// Every decode target.
    pub(crate) const fn all_targets(&self) -> u32 {
        targets_mask(self.target_count)
    }

    /// Bytes of header and longest descriptor that bring the structure.
    pub(crate) fn attached_length(&self) -> usize {
        HEADER_LENGTH_MAX + OWN_LENGTH_MAX + usize::from(self.bit_count).div_ceil(8)
    }

    /// The bits of the structure.
    pub(super) fn structure(&self) -> (&[u8], usize) {
        (&self.bits, usize::from(self.bit_count))
    }

    fn try_read<'d>(&mut self, bytes: &'d [u8]) -> Option<Descriptor<'d>> {
        let mut reader = BitReader::new(bytes, 0);
        let mut descriptor = Descriptor {
            bytes,
            starts_frame: reader.flag()?,
            ends_frame: reader.flag()?,
            template_id: reader.take(6)? as u8,
            frame_number: reader.take(16)? as u16,
            active_targets: None,
            structure: (MANDATORY_BITS as u16, MANDATORY_BITS as u16),
            definition: (MANDATORY_BITS as u16, MANDATORY_BITS as u16),
            flags: 0,
            frame: None,
        };
        if bytes.len() * 8 > MANDATORY_BITS {
            descriptor.flags = reader.take(FLAG_BITS as u32)? as u8;
            let begin = reader.at() as u16;
            descriptor.structure = (begin, begin);
            if descriptor.has(HAS_STRUCTURE) && !self.take_in(&mut descriptor, &mut reader)? {
                return Some(descriptor);
            }
            if descriptor.has(HAS_ACTIVE_TARGETS) {
                if self.template_count == 0 {
                    return Some(descriptor);
                }
                descriptor.active_targets = Some(reader.take(self.target_count.into())?);
            }
            let begin = reader.at() as u16;
            descriptor.definition = (begin, begin);
        }
        let Some(&template) = self.template(descriptor.template_id) else {
            descriptor.active_targets = None;
            return Some(descriptor);
        };
        descriptor.frame = Some(self.define(&descriptor, &template, &mut reader)?);
        descriptor.definition.1 = reader.at() as u16;
        if let Some(active) = descriptor.active_targets {
            self.active = active;
        }
        Some(descriptor)
    }

    /// Reads the structure of `descriptor` and puts it in place of the present one; `false` if the
    /// present one is newer.
    fn take_in<'d>(
        &mut self,
        descriptor: &mut Descriptor<'d>,
        reader: &mut BitReader<'d>,
    ) -> Option<bool> {
        let begin = reader.at();
        if self.is_next_in(descriptor.bytes, begin) {
            *reader = BitReader::new(descriptor.bytes, begin + usize::from(self.bit_count));
        } else {
            let late_by = self.frame_number.wrapping_sub(descriptor.frame_number);
            let is_late = self.template_count > 0 && (1..=LATE_FRAMES_MAX).contains(&late_by);
            let mut next = Dependencies::default();
            next.parse(reader)?;
            next.keep_bits(descriptor.bytes, begin, reader.at())?;
            descriptor.structure = (begin as u16, reader.at() as u16);
            if is_late {
                return Some(false);
            }
            next.version = self.version.wrapping_add(1).max(1);
            *self = next;
        }
        self.frame_number = descriptor.frame_number;
        self.active = self.all_targets();
        descriptor.structure = (begin as u16, reader.at() as u16);
        Some(true)
    }

    /// Whether the bits at `begin` are the present structure's; a structure says itself where it
    /// ends.
    fn is_next_in(&self, bytes: &[u8], begin: usize) -> bool {
        let mut known = BitReader::new(&self.bits, 0);
        let mut read = BitReader::new(bytes, begin);
        let mut left = u32::from(self.bit_count);
        while left > 0 {
            let count = left.min(32);
            let same = known.take(count);
            if same.is_none() || same != read.take(count) {
                return false;
            }
            left -= count;
        }
        self.bit_count > 0
    }

    fn keep_bits(&mut self, bytes: &[u8], begin: usize, end: usize) -> Option<()> {
        let mut writer = BitWriter::new(&mut self.bits, 0);
        writer.copy(bytes, begin, end);
        writer.finish()?;
        self.bit_count = (end - begin) as u16;
        Some(())
    }

    /// Reads `template_dependency_structure` (A.8.2).
    fn parse(&mut self, reader: &mut BitReader<'_>) -> Option<()> {
        self.first_template_id = reader.take(6)? as u8;
        self.target_count = reader.take(5)? as u8 + 1;
        let max_spatial = self.parse_layers(reader)?;
        let count = usize::from(self.template_count);
        for template in &mut self.templates[..count] {
            template.indications = Indications::read(reader, self.target_count)?;
        }
        for template in &mut self.templates[..count] {
            while reader.flag()? {
                template.frame_diffs |= 1 << reader.take(4)?;
            }
        }
        self.parse_chains(reader)?;
        if reader.flag()? {
            for resolution in &mut self.resolutions[..=usize::from(max_spatial)] {
                let (width, height) = (reader.take(16)?, reader.take(16)?);
                // A side of 65 536 does not fit, and nobody sends it.
                let side = |less_one: u32| (less_one as u16).saturating_add(1);
                *resolution = Some((side(width), side(height)));
            }
        }
        self.derive();
        Some(())
    }

    /// Reads `template_layers`; returns the highest spatial layer.
    fn parse_layers(&mut self, reader: &mut BitReader<'_>) -> Option<u8> {
        let (mut spatial, mut temporal) = (0_u8, 0_u8);
        loop {
            let template = self.templates.get_mut(usize::from(self.template_count))?;
            template.spatial = spatial;
            template.temporal = temporal;
            self.template_count += 1;
            match reader.take(2)? {
                0 => {}
                1 => temporal += 1,
                2 => {
                    spatial += 1;
                    temporal = 0;
                }
                _ => return Some(spatial),
            }
            let fits = usize::from(spatial) < SPATIAL_LAYERS_MAX
                && usize::from(temporal) < TEMPORAL_LAYERS_MAX;
            if !fits {
                return None;
            }
        }
    }

    /// Reads `template_chains`.
    fn parse_chains(&mut self, reader: &mut BitReader<'_>) -> Option<()> {
        self.chain_count = reader.below(u32::from(self.target_count) + 1)? as u8;
        if self.chain_count == 0 {
            return Some(());
        }
        for chain in &mut self.chains[..usize::from(self.target_count)] {
            *chain = reader.below(self.chain_count.into())? as u8;
        }
        for template in &mut self.templates[..usize::from(self.template_count)] {
            for chain in 0..self.chain_count {
                let diff = reader.take(4)? as u8;
                template.chain_diffs[usize::from(chain) / 2] |= diff << (4 * (chain & 1));
            }
        }
        Some(())
    }

    /// Finds the layers of each decode target (A.8.2, `decode_target_layers`) and which targets
    /// are parts of others.
    fn derive(&mut self) {
        let all = self.all_targets();
        self.covers = [all; TARGETS_MAX];
        for template in &self.templates[..usize::from(self.template_count)] {
            let present = template.indications.present(self.target_count);
            for target in 0..self.target_count {
                let place = usize::from(target);
                if present & 1 << target == 0 {
                    self.covers[place] &= !present;
                } else {
                    let layers = &mut self.layers[place];
                    layers.spatial = layers.spatial.max(template.spatial);
                    layers.temporal = layers.temporal.max(template.temporal);
                }
            }
        }
        self.active = all;
    }

    fn template(&self, id: u8) -> Option<&Template> {
        let place = (id + 64 - self.first_template_id) % 64;
        self.templates().get(usize::from(place))
    }

    /// Reads `frame_dependency_definition` (A.8.2).
    fn define(
        &self,
        descriptor: &Descriptor<'_>,
        template: &Template,
        reader: &mut BitReader<'_>,
    ) -> Option<FrameDependencies> {
        let indications = if descriptor.has(HAS_INDICATIONS) {
            Indications::read(reader, self.target_count)?
        } else {
            template.indications
        };
        let mut frame_diffs = FrameDiffs::default();
        if descriptor.has(HAS_FRAME_DIFFS) {
            loop {
                let nibbles = reader.take(2)?;
                if nibbles == 0 {
                    break;
                }
                frame_diffs.push(reader.take(4 * nibbles)? as u16 + 1)?;
            }
        } else {
            for diff in template.frame_diffs() {
                frame_diffs.push(diff)?;
            }
        }
        if descriptor.has(HAS_CHAINS) {
            for _ in 0..self.chain_count {
                reader.take(8)?;
            }
        }
        Some(FrameDependencies {
            spatial: template.spatial,
            temporal: template.temporal,
            indications,
            frame_diffs,
        })
    }
}

const fn targets_mask(count: u8) -> u32 {
    if count >= 32 { u32::MAX } else { (1 << count) - 1 }
}
