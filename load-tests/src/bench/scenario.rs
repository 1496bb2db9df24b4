//! What participants do in each comparison.

use super::{
    contender::{Contender, Trains},
    lab::Lab,
};

/// One comparison.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Arguments of `preau-load call`.
    shape: &'static [&'static str],
    /// Whether peers can do the same: their participants either send or watch.
    is_one_way: bool,
    /// Whether rooms are added step by step.
    pub(super) is_rising: bool,
}

/// All of them, the shortest first.
pub(super) fn all() -> Vec<Scenario> {
    let [audience, meeting] = rising();
    let of = |rows: Vec<Row>, is_one_way, is_rising| {
        rows.into_iter().map(move |(name, about, shape)| Scenario {
            name,
            about,
            shape,
            is_one_way,
            is_rising,
        })
    };
    let mut all: Vec<Scenario> = of(audiences(), true, false).collect();
    all.extend(of(meetings(), false, false));
    all.extend(of(subscriptions(), false, false));
    all.extend(of(vec![audience], true, true));
    all.extend(of(vec![meeting], false, true));
    all
}

/// Name, explanation, and arguments of `preau-load call`.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// Some send and others watch.
fn audiences() -> Vec<Row> {
    vec![
        (
            "audience-10",
            "One sends a camera of 1.5 Mb/s and a microphone to 10",
            &["--publishers", "1", "--subscribers", "10", "--layout", "speaker"],
        ),
        (
            "audience-30",
            "One sends a camera of 1.5 Mb/s and a microphone to 30",
            &["--publishers", "1", "--subscribers", "30", "--layout", "speaker"],
        ),
        (
            "audience-100",
            "One sends a camera of 1.5 Mb/s and a microphone to 100",
            &["--publishers", "1", "--subscribers", "100", "--layout", "speaker", "--ramp", "50"],
        ),
        (
            "audiences-10x30",
            "Ten rooms in which one sends a camera and a microphone to 30",
            &[
                "--rooms",
                "10",
                "--publishers",
                "1",
                "--subscribers",
                "30",
                "--layout",
                "speaker",
                "--ramp",
                "100",
            ],
        ),
        (
            "voice-30",
            "One sends a microphone to 30: no packet waits for another",
            &["--publishers", "1", "--subscribers", "30", "--content", "sound"],
        ),
    ]
}

/// Most send and watch.
fn meetings() -> Vec<Row> {
    vec![
        (
            "meeting-30",
            "30 send, and see nine and hear three of each other",
            &["--publishers", "30", "--layout", "3x3"],
        ),
        (
            "keyframe-storm",
            "The meeting of 30, in which all ask for all keyframes each second",
            &["--publishers", "30", "--layout", "3x3", "--keyframe-storm"],
        ),
        (
            "small-rooms-200",
            "200 rooms of two",
            &["--rooms", "200", "--publishers", "2", "--layout", "4x4", "--ramp", "100"],
        ),
        (
            "audio-500",
            "25 rooms in which five speak and fifteen listen",
            &[
                "--rooms",
                "25",
                "--publishers",
                "5",
                "--subscribers",
                "15",
                "--content",
                "sound",
                "--ramp",
                "100",
            ],
        ),
        (
            "join-storm-500",
            "500 come at once to 25 rooms in which four are",
            &[
                "--rooms",
                "25",
                "--publishers",
                "1",
                "--subscribers",
                "3",
                "--storm",
                "500",
                "--ramp",
                "500",
                "--layout",
                "4x4",
            ],
        ),
    ]
}

/// Scenarios between which the number of subscriptions alone grows.
fn subscriptions() -> Vec<Row> {
    vec![
        (
            "subscriptions-10",
            "Four send three small frames a second to each other: 12 subscriptions",
            &["--publishers", "4", "--content", "trickle", "--layout", "5x5"],
        ),
        (
            "subscriptions-10000",
            "16 rooms of 26 who do: 10 400 subscriptions",
            &[
                "--rooms",
                "16",
                "--publishers",
                "26",
                "--ramp",
                "50",
                "--content",
                "trickle",
                "--layout",
                "5x5",
            ],
        ),
    ]
}

/// Rooms of which more and more are added.
fn rising() -> [Row; 2] {
    [
        (
            "rising-audiences",
            "More and more rooms in which one sends a camera and a microphone to 30",
            &["--publishers", "1", "--subscribers", "30", "--layout", "speaker", "--ramp", "100"],
        ),
        (
            "rising-meetings",
            "More and more meetings of 30 who see nine and hear three of each other",
            &["--publishers", "30", "--layout", "3x3", "--ramp", "60"],
        ),
    ]
}

/// Their names, for a person who has named none of them.
pub(super) fn names() -> String {
    let names: Vec<&str> = all().iter().map(|scenario| scenario.name).collect();
    names.join(", ")
}

impl Scenario {
    pub(super) fn suits(&self, contender: &Contender) -> bool {
        match contender {
            Contender::Preau(_) => true,
            // It has no keyframes to give and no joins worth the name.
            Contender::NullForwarder(_, Trains::Natural) => !self.name.contains("storm"),
            Contender::NullForwarder(_, Trains::SameAsPreau) => {
                !self.name.contains("storm") && !self.is_rising
            }
            Contender::Peer(_) => self.is_one_way,
        }
    }

    /// Arguments of `preau-load call` beside the server's; `rooms` if rooms are added.
    pub(super) fn arguments(&self, lab: &Lab, rooms: Option<usize>) -> Vec<String> {
        let mut arguments: Vec<String> = self.shape.iter().map(|it| (*it).to_owned()).collect();
        if let Some(rooms) = rooms {
            arguments.extend(["--rooms".to_owned(), rooms.to_string()]);
        }
        arguments.extend(["--light".to_owned(), "--duration".to_owned()]);
        arguments.push(lab.seconds.to_string());
        for address in &lab.load_addresses {
            arguments.extend(["--from".to_owned(), address.to_string()]);
        }
        arguments
    }
}
