//! Why a command ended without doing its work, as a sentence that also names the cure.

use std::fmt;

/// What every step answers.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// A sentence for the person who ran the command. Nothing here acts on its kind.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// For a command whose own output ends with what went wrong.
    pub(crate) fn already_said() -> Self {
        Self(String::new())
    }

    /// Whether there is a sentence left to print.
    pub(crate) fn is_already_said(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

impl From<&str> for Failure {
    fn from(sentence: &str) -> Self {
        Self(sentence.to_owned())
    }
}
