//! The shape of a file: how wide, how long, how it begins, what must not stay in it.

use super::{
    Finding,
    tree::{File, Tree},
};

/// Columns of code.
const COLUMNS_MAX: usize = 100;

/// Lines of a file, not counting tests.
const LINES_MAX: usize = 600;

/// How a long file says why it is long, in its module documentation.
const LONG_BECAUSE: &str = "tidy: long because ";

const CODE: [&str; 7] = ["css", "js", "mjs", "rs", "sh", "ts", "tsx"];

/// Code is at most 100 columns wide. A line with an address in it cannot be broken and is exempt;
/// so is prose, which has one sentence a line, and with it the texts of the locales; so are blocks
/// of JSON, in which a line may be an object.
pub(super) fn columns(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_prose = |file: &File| file.is_generated() || file.path.contains("/locales/");
    for file in tree.with_endings(&CODE).filter(|file| !is_prose(file)) {
        for (number, line) in file.lines() {
            findings.extend(too_wide(file, number, line));
        }
    }
    for file in tree.with_endings(&["md"]) {
        let (mut in_code, mut is_data) = (false, false);
        for (number, line) in file.lines() {
            if line.trim_start().starts_with("```") {
                is_data = ["```json", "```jsonl"].contains(&line.trim());
                in_code = !in_code;
            } else if in_code && !is_data {
                findings.extend(too_wide(file, number, line));
            }
        }
    }
    findings
}

fn too_wide(file: &File, number: usize, line: &str) -> Option<Finding> {
    let columns = line.chars().count();
    let sentence = format!("{columns} columns; {COLUMNS_MAX} are allowed");
    (columns > COLUMNS_MAX && !line.contains("://"))
        .then(|| Finding::new(&file.path, number, sentence))
}

/// A file of code has at most 600 lines without its tests, or says why it has more.
pub(super) fn file_length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_endings(&CODE) {
        if file.is_test() || file.is_generated() || gives_a_reason(file) {
            continue;
        }
        let lines = lines_without_tests(file);
        if lines > LINES_MAX {
            let sentence = format!(
                "{lines} lines; {LINES_MAX} are allowed: split it, or give a reason in its \
                 documentation with `{LONG_BECAUSE}…`"
            );
            findings.push(Finding::new(&file.path, 0, sentence));
        }
    }
    findings
}

fn gives_a_reason(file: &File) -> bool {
    file.text.lines().any(|line| {
        let text = line.trim_start_matches(['/', '!', '*', ' ']);
        line.starts_with("//") && text.starts_with(LONG_BECAUSE)
    })
}

/// Tests inside a Rust file stand at its end, behind `#[cfg(test)]` on `mod tests {`.
fn lines_without_tests(file: &File) -> usize {
    let all = file.text.lines().count();
    let tests = file.text.find("#[cfg(test)]\nmod tests {");
    tests.map_or(all, |at| file.text[..at].lines().count())
}

/// A file of code says first what it is for. A `tests.rs` is for the module beside it.
pub(super) fn first_lines(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_endings(&["mjs", "rs", "ts", "tsx"]) {
        if file.path.ends_with("/tests.rs") {
            continue;
        }
        let first = file.text.lines().next().unwrap_or_default();
        let (wanted, is_there) = if file.path.ends_with(".rs") {
            ("//! …", first.starts_with("//! ") || first.starts_with("#!/"))
        } else {
            (
                "// …",
                first.starts_with("// ") || first.starts_with("/*") || first.starts_with("#!/"),
            )
        };
        if !is_there {
            let sentence = format!("the first line says what the file is for: `{wanted}`");
            findings.push(Finding::new(&file.path, 1, sentence));
        }
    }
    findings
}

/// Nothing is left for later: no marked debts, no test that is switched off.
pub(super) fn left_over(tree: &Tree) -> Vec<Finding> {
    // Put together here, so that this file does not accuse itself.
    let marks =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["#[ign", "ore"]].map(|parts| parts.concat());
    let switched_off = ["it.sk", "test.sk", "describe.sk"].map(|call| format!("{call}ip("));
    let mut findings = Vec::new();
    for file in tree.with_endings(&CODE).filter(|file| !file.is_generated()) {
        for (number, line) in file.lines() {
            let words = marks.iter().chain(&switched_off);
            for word in words.filter(|word| line.contains(word.as_str())) {
                let sentence =
                    format!("`{word}`: do it, or write down elsewhere that it is missing");
                findings.push(Finding::new(&file.path, number, sentence));
            }
        }
    }
    findings
}
