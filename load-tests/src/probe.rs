//! The probe: the parts that decide, fed from lines of JSON.
//!
//! Each line in is an object with `t` (milliseconds), `op`, and what the op needs; each line out
//! has `t`, `ev`, and what there is to say. So any table of packets, levels or layers that somebody
//! has published can be a test. A line that is wrong gets an `error` line and changes nothing.
//!
//! Several machines of one op run side by side under different values of `id`, at most
//! [`INSTANCES_MAX`]. The format is described in `docs/probe.md`, whose examples are run as tests.

mod alloc;
mod forward;
mod hex;
mod level;
mod nack;
mod parse;
mod seq;
mod sim;
mod twcc;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
};

use protocol::{Duration, Instant};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Machines of one op that run side by side.
pub const INSTANCES_MAX: usize = 64;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// One thing that the probe can do.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// The word that names it in a line.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub what: &'static str,
    /// A line that it understands.
    pub example: &'static str,
}

/// Everything that the probe can do.
pub const OPS: &[Op] =
    &[alloc::OP, level::OP, nack::OP, seq::OP, twcc::OP, parse::OP, forward::OP, sim::OP];

/// The ops with an example each, for a person to read.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Ops, each with an example (docs/probe.md has them all):\n");
    for op in OPS {
        text.push_str(&format!("\n  {:8} {}\n           {}\n", op.name, op.what, op.example));
    }
    text
}

/// Reads lines to the end of `input` and writes what comes of them.
///
/// # Errors
/// If `input` cannot be read or `output` cannot be written.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut probe = Probe::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        for event in probe.handle_line(&line) {
            writeln!(output, "{event}")?;
        }
    }
}

/// Something that the probe says: its name, and what there is to say in an object. What was before
/// the line has a `t` of its own.
#[derive(Clone, Debug)]
struct Event(&'static str, Value);

/// What comes of a line, or what is wrong with it.
type Outcome = Result<Vec<Event>, String>;

/// A machine that one op feeds.
trait Machine: Default {
    /// What a line of the op holds beside `t`, `op` and `id`.
    type Line: DeserializeOwned;

    fn take(&mut self, now: Instant, line: Self::Line) -> Outcome;
}

/// All machines; see the module.
#[derive(Debug, Default)]
pub struct Probe {
    now: Instant,
    lines: u64,
    alloc: Instances<alloc::Alloc>,
    level: Instances<level::Level>,
    nack: Instances<nack::Nack>,
    seq: Instances<seq::Seq>,
    twcc: Instances<twcc::Twcc>,
    parse: Instances<parse::Parse>,
    forward: Instances<forward::Forward>,
    sim: Instances<sim::Sim>,
}

impl Probe {
    /// Takes a line; returns the lines that come of it. Empty lines, and those that begin with `#`,
    /// are nothing.
    pub fn handle_line(&mut self, line: &[u8]) -> Vec<String> {
        self.lines += 1;
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            return Vec::new();
        }
        let (id, outcome) = self.understand(line);
        let events = outcome.unwrap_or_else(|reason| {
            vec![Event("error", json!({ "line": self.lines, "reason": reason }))]
        });
        events.into_iter().map(|event| write(self.now, &id, event)).collect()
    }

    /// Finds the time, the op and the machine that a line is for.
    fn understand(&mut self, line: &[u8]) -> (String, Outcome) {
        match self.open(line) {
            Ok((op, id, rest)) => {
                let outcome = self.dispatch(&op, &id, rest);
                (id, outcome)
            }
            Err(reason) => (String::new(), Err(reason)),
        }
    }

    fn open(&mut self, line: &[u8]) -> Result<(String, String, Value), String> {
        if line.len() > LINE_BYTES_MAX {
            return Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"));
        }
        let value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let Value::Object(mut fields) = value else {
            return Err("the line is not an object".to_owned());
        };
        let t = fields.remove("t").ok_or("`t` is missing")?;
        let now = instant(&t).ok_or("`t` is not a number of milliseconds from 0 up")?;
        let op = word(&mut fields, "op")?.ok_or("`op` is missing")?;
        let id = word(&mut fields, "id")?.unwrap_or_default();
        if now < self.now {
            return Err("`t` is before the line above".to_owned());
        }
        self.now = now;
        Ok((op, id, Value::Object(fields)))
    }

    fn dispatch(&mut self, op: &str, id: &str, rest: Value) -> Outcome {
        let now = self.now;
        match op {
            "alloc" => self.alloc.take(now, id, rest),
            "level" => self.level.take(now, id, rest),
            "nack" => self.nack.take(now, id, rest),
            "seq" => self.seq.take(now, id, rest),
            "twcc" => self.twcc.take(now, id, rest),
            "parse" => self.parse.take(now, id, rest),
            "forward" => self.forward.take(now, id, rest),
            "sim" => self.sim.take(now, id, rest),
            _ => {
                let known: Vec<&str> = OPS.iter().map(|op| op.name).collect();
                Err(format!("unknown op `{op}`, there are: {}", known.join(", ")))
            }
        }
    }
}

/// The machines of one op, by id.
#[derive(Debug)]
struct Instances<M>(BTreeMap<String, M>);

impl<M> Default for Instances<M> {
    fn default() -> Self {
        Instances(BTreeMap::new())
    }
}

impl<M: Machine> Instances<M> {
    fn take(&mut self, now: Instant, id: &str, rest: Value) -> Outcome {
        let line = serde_json::from_value(rest).map_err(|error| error.to_string())?;
        if !self.0.contains_key(id) && self.0.len() == INSTANCES_MAX {
            return Err(format!("more than {INSTANCES_MAX} ids of one op"));
        }
        self.0.entry(id.to_owned()).or_default().take(now, line)
    }
}

/// A line out: time and name first, then the rest in the order of the alphabet.
fn write(now: Instant, id: &str, Event(name, mut body): Event) -> String {
    let own_time = body.as_object_mut().and_then(|fields| fields.remove("t"));
    let t = own_time.unwrap_or_else(|| millis(now));
    let mut line = format!("{{\"t\":{t},\"ev\":{}", json!(name));
    if !id.is_empty() {
        line.push_str(&format!(",\"id\":{}", json!(id)));
    }
    if let Value::Object(fields) = body {
        for (key, value) in fields {
            line.push_str(&format!(",{}:{value}", json!(key)));
        }
    }
    line.push('}');
    line
}

/// Milliseconds, whole where they are whole.
fn millis(at: Instant) -> Value {
    let micros = at.as_micros();
    if micros.is_multiple_of(1_000) {
        json!(micros / 1_000)
    } else {
        json!(micros as f64 / 1_000.0)
    }
}

fn instant(value: &Value) -> Option<Instant> {
    let millis = value.as_f64().filter(|millis| (0.0..1e12).contains(millis))?;
    Some(Instant::ZERO + Duration::from_micros((millis * 1_000.0).round() as u64))
}

fn word(fields: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match fields.remove(key) {
        None => Ok(None),
        Some(Value::String(word)) => Ok(Some(word)),
        Some(_) => Err(format!("`{key}` is not a string")),
    }
}

#[cfg(test)]
mod tests;
