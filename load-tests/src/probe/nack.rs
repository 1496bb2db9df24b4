//! Op `nack`: which packets of a publisher's stream are asked for again, and when.

use protocol::{Duration, Instant, media::SeqNo};
use serde::Deserialize;
use serde_json::json;
use sfu_core::recovery::{Arrival, MissingList};

use super::{Event, Machine, Op, Outcome, millis};

pub(super) const OP: Op = Op {
    name: "nack",
    what: "finds missing packets: each `received` number, and what is asked for as time goes by",
    example: r#"{"t":0,"op":"nack","received":65534}"#,
};

/// The round trip until a line tells another one.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// Numbers in one request.
const ASKED_MAX: usize = 1_000;

/// What happens.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A packet arrives.
    Received(u16),
    /// A keyframe begins with this packet: what is missing before it is of no use.
    Keyframe(u16),
    /// The round trip to the publisher, in milliseconds.
    RoundTrip(u32),
    /// Nothing happens, but time has gone by.
    Wait(()),
}

/// One stream.
#[derive(Debug)]
pub(super) struct Nack {
    missing: MissingList,
    round_trip: Duration,
}

impl Default for Nack {
    fn default() -> Self {
        Nack { missing: MissingList::new(), round_trip: ROUND_TRIP }
    }
}

impl Machine for Nack {
    type Line = Line;

    fn take(&mut self, now: Instant, line: Line) -> Outcome {
        let mut events = Vec::new();
        while let Some(due) = self.missing.poll_timeout().filter(|due| *due <= now) {
            let mut asked = [SeqNo(0); ASKED_MAX];
            let count = self.missing.ask(due, self.round_trip, &mut asked);
            if count > 0 {
                let seqs: Vec<u16> = asked[..count].iter().map(|seq| seq.0).collect();
                events.push(Event("nack", json!({ "t": millis(due), "seqs": seqs })));
            }
        }
        match line {
            Line::Received(seq) => {
                let arrival = word(self.missing.note(now, SeqNo(seq)));
                let missing = self.missing.len();
                let body = json!({ "seq": seq, "is": arrival, "missing": missing });
                events.push(Event("arrival", body));
            }
            Line::Keyframe(seq) => self.missing.forget_before(SeqNo(seq)),
            Line::RoundTrip(millis) => self.round_trip = Duration::from_millis(millis.into()),
            Line::Wait(()) => {}
        }
        Ok(events)
    }
}

const fn word(arrival: Arrival) -> &'static str {
    match arrival {
        Arrival::Next => "next",
        Arrival::AfterHole => "after_hole",
        Arrival::Found => "found",
        Arrival::Old => "old",
        Arrival::Overflow => "overflow",
        Arrival::Anew => "anew",
    }
}
