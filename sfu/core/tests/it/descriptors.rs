//! Dependency descriptors, written bit by bit from AV1 RTP specification A.8.2.
//!
//! Structures are those that libwebrtc's encoders announce
//! (`modules/video_coding/svc/scalability_structure_*.cc`).

/// A kind of frame: indications as in the specification (`-`, `D`, `S`, `R`).
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    pub(crate) indications: &'static str,
    pub(crate) chains: &'static [u8],
    pub(crate) diffs: &'static [u8],
}

const fn kind(
    spatial: u8,
    temporal: u8,
    indications: &'static str,
    chains: &'static [u8],
    diffs: &'static [u8],
) -> Kind {
    Kind { spatial, temporal, indications, chains, diffs }
}

/// What a stream announces with a keyframe.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    pub(crate) first_id: u8,
    pub(crate) kinds: Vec<Kind>,
    /// The chain of each decode target.
    pub(crate) protected_by: &'static [u8],
    pub(crate) resolutions: &'static [(u16, u16)],
}

/// One spatial layer, three temporal ones.
pub(crate) fn l1t3() -> Structure {
    Structure {
        first_id: 0,
        kinds: vec![
            kind(0, 0, "SSS", &[0], &[]),
            kind(0, 0, "SSS", &[4], &[4]),
            kind(0, 1, "-DS", &[2], &[2]),
            kind(0, 2, "--D", &[1], &[1]),
            kind(0, 2, "--D", &[3], &[1]),
        ],
        protected_by: &[0, 0, 0],
        resolutions: &[],
    }
}

/// Two spatial layers that predict each other, two temporal ones.
pub(crate) fn l2t2() -> Structure {
    Structure {
        first_id: 11,
        kinds: vec![
            kind(0, 0, "SSSS", &[0, 0], &[]),
            kind(0, 0, "SSRR", &[4, 3], &[4]),
            kind(0, 1, "-D-R", &[2, 1], &[2]),
            kind(1, 0, "--SS", &[1, 1], &[1]),
            kind(1, 0, "--RR", &[1, 1], &[1, 4]),
            kind(1, 1, "---D", &[3, 3], &[1, 2]),
        ],
        protected_by: &[0, 0, 1, 1],
        resolutions: &[(320, 180), (640, 360)],
    }
}

/// Two spatial layers of which the higher one predicts from the lower one in keyframes alone, two
/// temporal ones.
pub(crate) fn l2t2_key() -> Structure {
    Structure {
        first_id: 60,
        kinds: vec![
            kind(0, 0, "SSSS", &[0, 0], &[]),
            kind(0, 0, "SS--", &[4, 3], &[4]),
            kind(0, 1, "-D--", &[2, 1], &[2]),
            kind(1, 0, "--SS", &[1, 1], &[1]),
            kind(1, 0, "--SS", &[1, 4], &[4]),
            kind(1, 1, "---D", &[3, 2], &[2]),
        ],
        protected_by: &[0, 0, 1, 1],
        resolutions: &[(320, 180), (640, 360)],
    }
}

/// Two pictures in one stream of which none needs the other.
pub(crate) fn s2t1() -> Structure {
    Structure {
        first_id: 5,
        kinds: vec![
            kind(0, 0, "S-", &[2, 1], &[2]),
            kind(0, 0, "S-", &[0, 0], &[]),
            kind(1, 0, "-S", &[1, 2], &[2]),
            kind(1, 0, "-S", &[1, 0], &[]),
        ],
        protected_by: &[0, 1],
        resolutions: &[],
    }
}

/// The descriptor of one packet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Descriptor<'s> {
    pub(crate) starts_frame: bool,
    pub(crate) ends_frame: bool,
    /// Place among the structure's kinds.
    pub(crate) kind: usize,
    pub(crate) number: u16,
    pub(crate) structure: Option<&'s Structure>,
    pub(crate) active: Option<u32>,
    pub(crate) indications: Option<&'s str>,
    pub(crate) diffs: Option<&'s [u16]>,
    pub(crate) chains: Option<&'s [u8]>,
}

impl Descriptor<'_> {
    /// Its bytes, where `known` is the structure that holds.
    pub(crate) fn bytes(&self, known: &Structure) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.put(self.starts_frame.into(), 1);
        bits.put(self.ends_frame.into(), 1);
        bits.put((u32::from(known.first_id) + self.kind as u32) % 64, 6);
        bits.put(self.number.into(), 16);
        let custom = [self.indications.is_some(), self.diffs.is_some(), self.chains.is_some()];
        if self.structure.is_none() && self.active.is_none() && custom == [false; 3] {
            return bits.bytes();
        }
        bits.put(self.structure.is_some().into(), 1);
        bits.put(self.active.is_some().into(), 1);
        for is_custom in custom {
            bits.put(is_custom.into(), 1);
        }
        if let Some(structure) = self.structure {
            structure.write(&mut bits);
        }
        if let Some(active) = self.active {
            bits.put(active, known.protected_by.len() as u32);
        }
        if let Some(indications) = self.indications {
            bits.indications(indications);
        }
        if let Some(diffs) = self.diffs {
            for diff in diffs {
                let nibbles = match diff - 1 {
                    0..16 => 1,
                    16..256 => 2,
                    _ => 3,
                };
                bits.put(nibbles, 2);
                bits.put(u32::from(diff - 1), 4 * nibbles);
            }
            bits.put(0, 2);
        }
        for chain in self.chains.unwrap_or_default() {
            bits.put((*chain).into(), 8);
        }
        bits.bytes()
    }
}

impl Structure {
    fn write(&self, bits: &mut Bits) {
        let targets = self.protected_by.len() as u32;
        bits.put(self.first_id.into(), 6);
        bits.put(targets - 1, 5);
        for (place, kind) in self.kinds.iter().enumerate() {
            let next = match self.kinds.get(place + 1) {
                None => 3,
                Some(next) if next.spatial > kind.spatial => 2,
                Some(next) if next.temporal > kind.temporal => 1,
                Some(_) => 0,
            };
            bits.put(next, 2);
        }
        for kind in &self.kinds {
            bits.indications(kind.indications);
        }
        for kind in &self.kinds {
            for diff in kind.diffs {
                bits.put(1, 1);
                bits.put(u32::from(diff - 1), 4);
            }
            bits.put(0, 1);
        }
        let chains = self.kinds[0].chains.len() as u32;
        bits.below(chains, targets + 1);
        if chains > 0 {
            for chain in self.protected_by {
                bits.below((*chain).into(), chains);
            }
            for kind in &self.kinds {
                for diff in kind.chains {
                    bits.put((*diff).into(), 4);
                }
            }
        }
        bits.put((!self.resolutions.is_empty()).into(), 1);
        for (width, height) in self.resolutions {
            bits.put(u32::from(width - 1), 16);
            bits.put(u32::from(height - 1), 16);
        }
    }
}

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    /// AV1 specification §4.10.7, `ns(count)`.
    fn below(&mut self, value: u32, count: u32) {
        let width = count.ilog2() + 1;
        let short = (1 << width) - count;
        if value < short {
            self.put(value, width - 1);
        } else {
            self.put(value + short, width);
        }
    }

    fn indications(&mut self, indications: &str) {
        for indication in indications.chars() {
            let value = "-DSR".find(indication).expect("an indication");
            self.put(value as u32, 2);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| {
            bits.iter()
                .enumerate()
                .fold(0, |byte, (place, &bit)| byte | u8::from(bit) << (7 - place))
        };
        self.0.chunks(8).map(byte).collect()
    }
}
