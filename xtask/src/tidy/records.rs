//! The records beside the code: decisions, root texts, generated bindings.

use super::{Finding, tree::Tree};
use crate::workspace::BINDINGS;

/// Lines of the map.
const ARCHITECTURE_LINES_MAX: usize = 300;

/// Texts at the root, and words that each must hold.
const ROOT_TEXTS: [(&str, &str); 7] = [
    ("README.md", "cargo xtask run"),
    ("ARCHITECTURE.md", "never"),
    ("CONTRIBUTING.md", "cargo xtask test"),
    ("SECURITY.md", "report"),
    ("CHANGELOG.md", "## "),
    ("LICENSE", "GNU AFFERO GENERAL PUBLIC LICENSE"),
    ("deny.toml", "[licenses]"),
];

/// Decision records are numbered 0001, 0002, … without holes, begin with their number, and stand in
/// the index.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    const FOLDER: &str = "docs/adr";
    const INDEX: &str = "docs/adr/README.md";
    let index = tree.file(INDEX).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    let records = tree.below(FOLDER).filter(|file| file.path != INDEX);
    for (position, file) in records.enumerate() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let number = format!("{:04}", position + 1);
        if !name.starts_with(&format!("{number}-")) || !name.ends_with(".md") {
            let sentence = format!("records are numbered without holes: this one is {number}-….md");
            findings.push(Finding::new(&file.path, 0, sentence));
        }
        if !file.text.starts_with(&format!("# {number}. ")) {
            let sentence = format!("a record begins with its title: `# {number}. …`");
            findings.push(Finding::new(&file.path, 1, sentence));
        }
        if !index.contains(name) {
            findings.push(Finding::new(&file.path, 0, format!("{INDEX} does not name it")));
        }
    }
    if tree.below(FOLDER).next().is_none() {
        findings.push(Finding::new(FOLDER, 0, "there is no record"));
    }
    findings
}

/// The texts that people look for at the root are there, and the map is short enough to read.
pub(super) fn root_texts(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, words) in ROOT_TEXTS {
        match tree.file(path) {
            None => findings.push(Finding::new(path, 0, "it is missing")),
            Some(file) if !file.text.contains(words) => {
                findings.push(Finding::new(path, 0, format!("it does not say `{words}`")));
            }
            Some(_) => {}
        }
    }
    let lines = tree.file("ARCHITECTURE.md").map_or(0, |file| file.text.lines().count());
    if lines >= ARCHITECTURE_LINES_MAX {
        let sentence = format!("{lines} lines; a map has fewer than {ARCHITECTURE_LINES_MAX}");
        findings.push(Finding::new("ARCHITECTURE.md", 0, sentence));
    }
    findings
}

/// The committed bindings are those that the command writes. Whether they are fresh, a test of
/// `protocol` sees.
pub(super) fn bindings(tree: &Tree) -> Vec<Finding> {
    let is_made =
        tree.file(BINDINGS).is_some_and(|file| file.text.contains("`cargo xtask bindings`"));
    if is_made {
        Vec::new()
    } else {
        vec![Finding::new(BINDINGS, 0, "it is not the work of `cargo xtask bindings`")]
    }
}
