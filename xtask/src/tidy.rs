//! `cargo xtask tidy`: the rules that compilers and linters do not know.
//!
//! A rule is a function from the checkout's texts to findings; it reads no file itself, so its
//! tests hand it a bad tree and see it complain. It never changes a file.

mod crates;
mod locales;
mod manifest;
mod purity;
mod records;
mod shape;
mod tree;

use std::path::Path;

use crate::{
    failure::{Failure, Result},
    workspace::root,
};
use tree::Tree;

/// Checks the checkout and prints each finding.
///
/// # Errors
/// A rule is broken, or the checkout cannot be read.
pub(crate) fn run(_arguments: &[String]) -> Result<()> {
    let outcome = check(root())?;
    println!("{} rules kept, {} broken", outcome.kept, outcome.broken);
    if outcome.broken > 0 { Err(Failure::already_said()) } else { Ok(()) }
}

/// How many rules hold.
pub(crate) struct Outcome {
    pub(crate) kept: u32,
    pub(crate) broken: u32,
}

/// Applies every rule to the files below `folder`, printing each finding.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn check(folder: &Path) -> Result<Outcome> {
    let tree = Tree::read(folder)?;
    let mut outcome = Outcome { kept: 0, broken: 0 };
    for rule in &RULES {
        let findings = (rule.check)(&tree);
        for finding in &findings {
            println!("{finding} [{}]", rule.name);
        }
        if findings.is_empty() {
            outcome.kept += 1;
        } else {
            outcome.broken += 1;
        }
    }
    Ok(outcome)
}

/// A promise about the whole checkout.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: [Rule; 15] = [
    Rule { name: "arrows", check: crates::arrows },
    Rule { name: "pure dependencies", check: crates::pure_dependencies },
    Rule { name: "named libraries", check: crates::named_libraries },
    Rule { name: "manifests", check: crates::manifests },
    Rule { name: "clippy.toml of pure crates", check: purity::clippy_files },
    Rule { name: "pure sources", check: purity::sources },
    Rule { name: "unsafe", check: purity::unsafe_code },
    Rule { name: "columns", check: shape::columns },
    Rule { name: "file length", check: shape::file_length },
    Rule { name: "first lines", check: shape::first_lines },
    Rule { name: "left over", check: shape::left_over },
    Rule { name: "locales", check: locales::complete },
    Rule { name: "decision records", check: records::decisions },
    Rule { name: "root texts", check: records::root_texts },
    Rule { name: "bindings", check: records::bindings },
];

/// A place that breaks a rule, with what to do.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 is the file as a whole.
    line: usize,
    /// What is wrong and what to do, in one sentence without full stop.
    sentence: String,
}

impl Finding {
    fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.sentence),
            line => write!(f, "{}:{line}: {}", self.path, self.sentence),
        }
    }
}

#[cfg(test)]
mod tests;
