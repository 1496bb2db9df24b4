//! Purity as the source shows it: no clock, no socket, no thread, no unsafe code out of place.
//!
//! Clippy knows paths and types; these rules also hold in code that clippy does not compile, and
//! see that no crate quietly loosens its `clippy.toml`.

use super::{Finding, crates::pure_folders, tree::Tree};

/// What a pure crate's code never says, tests included.
const IMPURE_WORDS: [(&str, &str); 10] = [
    ("Instant::now", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("thread::", "threads belong to the shells"),
    ("std::fs", "files belong to the shells"),
    ("std::env", "the environment belongs to the binary"),
    ("UdpSocket", "sockets belong to the shells"),
    ("TcpStream", "sockets belong to the shells"),
    ("TcpListener", "sockets belong to the shells"),
    ("async fn", "a core answers at once"),
    ("thread_rng", "randomness is a seeded argument"),
];

/// The pure crates share one `clippy.toml`, byte for byte.
pub(super) fn clippy_files(tree: &Tree) -> Vec<Finding> {
    let path_in = |folder: &str| format!("{folder}/clippy.toml");
    let first = pure_folders().find_map(|folder| tree.file(&path_in(folder)));
    let mut findings = Vec::new();
    for folder in pure_folders() {
        let path = path_in(folder);
        match (tree.file(&path), first) {
            (Some(file), Some(first)) if file.text != first.text => {
                let sentence = format!("it differs from {}; they are the same", first.path);
                findings.push(Finding::new(&path, 0, sentence));
            }
            (Some(_), _) => {}
            (None, _) => findings.push(Finding::new(&path, 0, "a pure crate needs its bans")),
        }
    }
    findings
}

/// Pure crates name no clock, socket, file, thread or chance. Their integration tests may: those
/// are programs.
pub(super) fn sources(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in pure_folders() {
        let source = format!("{folder}/src");
        for file in tree.below(&source) {
            for (number, line) in file.lines() {
                let code = code_of(line);
                for (word, reason) in IMPURE_WORDS {
                    if code.contains(word) {
                        let sentence = format!("`{word}` in a pure crate: {reason}");
                        findings.push(Finding::new(&file.path, number, sentence));
                    }
                }
            }
        }
    }
    findings
}

/// Unsafe code stands in the socket module and in the counting allocators of tests.
pub(super) fn unsafe_code(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_endings(&["rs"]) {
        let is_socket_module =
            file.path.starts_with("sfu/node/src/net/") || file.path == "sfu/node/src/net.rs";
        let is_counting_allocator = file.is_test() && file.text.contains("GlobalAlloc");
        if is_socket_module || is_counting_allocator {
            continue;
        }
        for (number, line) in file.lines().filter(|(_, line)| is_unsafe(code_of(line))) {
            let sentence = format!(
                "unsafe code stands in sfu/node/src/net and in counting allocators only: `{}`",
                line.trim()
            );
            findings.push(Finding::new(&file.path, number, sentence));
        }
    }
    findings
}

/// The line without a `//` comment. A `//` inside a string cuts too much, which these rules bear.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Whether the keyword opens something, as against standing in a lint's name or a string.
fn is_unsafe(code: &str) -> bool {
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "#[unsafe("]
        .iter()
        .any(|opening| code.contains(opening) && !code.contains(&format!("\"{opening}")))
}
