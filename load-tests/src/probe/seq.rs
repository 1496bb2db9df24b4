//! Op `seq`: the outgoing sequence numbers of one slot, packet by packet.

use protocol::{Instant, media::SeqNo};
use serde::Deserialize;
use serde_json::json;
use sfu_core::sequence::{Placed, Sequence};

use super::{Event, Machine, Op, Outcome};

pub(super) const OP: Op = Op {
    name: "seq",
    what: "rewrites sequence numbers: each `forward`ed or `skip`ped, and streams that `restart`",
    example: r#"{"t":0,"op":"seq","forward":65534}"#,
};

/// What happens to one packet, or to the slot.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The slot begins anew: its first packet gets the number after this one.
    After(u16),
    /// A packet goes out.
    Forward(u16),
    /// A packet is left out on purpose; the numbers close over it.
    Skip(u16),
    /// Another stream begins with this packet.
    Restart(u16),
}

/// One slot's numbers.
#[derive(Debug)]
pub(super) struct Seq {
    sequence: Sequence,
    /// Whether a packet has come: the first one begins a stream.
    has_begun: bool,
}

impl Default for Seq {
    /// The first packet gets number 0.
    fn default() -> Self {
        Seq { sequence: Sequence::new(SeqNo(u16::MAX)), has_begun: false }
    }
}

impl Machine for Seq {
    type Line = Line;

    fn take(&mut self, _now: Instant, line: Line) -> Outcome {
        if let (false, Line::Forward(first) | Line::Skip(first)) = (self.has_begun, line) {
            self.begin(first);
        }
        let event = match line {
            Line::After(last) => {
                *self = Seq { sequence: Sequence::new(SeqNo(last)), has_begun: false };
                return Ok(Vec::new());
            }
            Line::Restart(first) => {
                self.begin(first);
                return Ok(Vec::new());
            }
            Line::Skip(seq) => {
                self.sequence.skip(SeqNo(seq));
                Event("skipped", json!({ "in": seq, "last": self.sequence.last().0 }))
            }
            Line::Forward(seq) => match self.sequence.place(SeqNo(seq)) {
                Ok(Placed::Newest(out)) => {
                    Event("seq", json!({ "in": seq, "out": out.0, "order": "newest" }))
                }
                Ok(Placed::Late(out)) => {
                    Event("seq", json!({ "in": seq, "out": out.0, "order": "late" }))
                }
                Err(reason) => Event("drop", json!({ "in": seq, "reason": reason.name() })),
            },
        };
        Ok(vec![event])
    }
}

impl Seq {
    fn begin(&mut self, first: u16) {
        self.sequence.restart(SeqNo(first));
        self.has_begun = true;
    }
}
