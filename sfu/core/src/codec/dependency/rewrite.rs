//! Writing a descriptor for a receiver: its own frame number, and where needed the structure that
//! it has not got and the decode targets that it gets.

use super::{
    Dependencies, Descriptor, FLAG_BITS, HAS_ACTIVE_TARGETS, HAS_STRUCTURE, MANDATORY_BITS,
};
use crate::codec::bits::BitWriter;

/// What differs from the publisher's descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) frame_number: u16,
    /// Bring the structure, although the publisher's descriptor does not.
    pub(crate) attach_structure: bool,
    /// Say which decode targets are sent.
    pub(crate) active_targets: Option<u32>,
}

/// Writes `descriptor`, which was read with `dependencies`, with `changes` into `out`, and returns
/// its length; `None` if it does not fit.
pub(crate) fn write(
    descriptor: &Descriptor<'_>,
    dependencies: &Dependencies,
    changes: Changes,
    out: &mut [u8],
) -> Option<usize> {
    let bytes = descriptor.bytes;
    let same_targets = changes.active_targets == descriptor.active_targets;
    // What cannot be read cannot be laid out anew either.
    if descriptor.frame.is_none() || same_targets && !changes.attach_structure {
        let out = out.get_mut(..bytes.len())?;
        out.copy_from_slice(bytes);
        out.get_mut(1..3)?.copy_from_slice(&changes.frame_number.to_be_bytes());
        return Some(bytes.len());
    }
    let attaches = changes.attach_structure && !descriptor.has_structure();
    let mut flags = descriptor.flags & !HAS_ACTIVE_TARGETS;
    if attaches {
        flags |= HAS_STRUCTURE;
    }
    if changes.active_targets.is_some() {
        flags |= HAS_ACTIVE_TARGETS;
    }
    out.fill(0);
    out.get_mut(..1)?.copy_from_slice(bytes.get(..1)?);
    out.get_mut(1..3)?.copy_from_slice(&changes.frame_number.to_be_bytes());
    let mut writer = BitWriter::new(out, MANDATORY_BITS);
    writer.put(flags.into(), FLAG_BITS as u32);
    if attaches {
        let (bits, count) = dependencies.structure();
        writer.copy(bits, 0, count);
    } else {
        let (begin, end) = descriptor.structure;
        writer.copy(bytes, begin.into(), end.into());
    }
    if let Some(active) = changes.active_targets {
        writer.put(active, dependencies.target_count().into());
    }
    let (begin, end) = descriptor.definition;
    writer.copy(bytes, begin.into(), end.into());
    writer.finish()
}
