//! Which crate may depend on which: the arrows of ARCHITECTURE.md, as a table.

use super::{
    Finding,
    manifest::{DependencyKind, Manifest},
    tree::{File, Tree},
};

/// One crate of the workspace.
struct Crate {
    folder: &'static str,
    name: &'static str,
    nature: Nature,
    /// Our crates it may name in `[dependencies]`. Tests may name others.
    may_import: &'static [&'static str],
}

/// What a crate may touch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Decides, and touches nothing.
    Pure,
    /// Touches sockets, clocks, files and threads.
    Shell,
    /// Not part of the product.
    Tool,
}

const CRATES: [Crate; 10] = [
    Crate { folder: "protocol", name: "protocol", nature: Nature::Pure, may_import: &[] },
    Crate { folder: "sfu/core", name: "sfu-core", nature: Nature::Pure, may_import: &["protocol"] },
    Crate {
        folder: "sfu/transport",
        name: "sfu-transport",
        nature: Nature::Pure,
        may_import: &["protocol"],
    },
    Crate {
        folder: "sfu/worker",
        name: "sfu-worker",
        nature: Nature::Pure,
        may_import: &["protocol", "sfu-core", "sfu-transport"],
    },
    Crate {
        folder: "sfu/node",
        name: "sfu-node",
        nature: Nature::Shell,
        may_import: &["protocol", "sfu-worker"],
    },
    Crate {
        folder: "signaling/core",
        name: "signaling-core",
        nature: Nature::Pure,
        may_import: &["protocol"],
    },
    Crate {
        folder: "signaling/service",
        name: "signaling-service",
        nature: Nature::Shell,
        may_import: &["protocol", "signaling-core"],
    },
    Crate {
        folder: "preau",
        name: "preau",
        nature: Nature::Shell,
        may_import: &[
            "protocol",
            "sfu-core",
            "sfu-node",
            "sfu-transport",
            "sfu-worker",
            "signaling-core",
            "signaling-service",
        ],
    },
    Crate {
        folder: "load-tests",
        name: "load-tests",
        nature: Nature::Tool,
        may_import: &[
            "preau",
            "protocol",
            "sfu-core",
            "sfu-node",
            "sfu-transport",
            "sfu-worker",
            "signaling-core",
            "signaling-service",
        ],
    },
    Crate { folder: "xtask", name: "xtask", nature: Nature::Tool, may_import: &[] },
];

/// What no pure crate depends on: each brings a clock, a socket, a file, a thread or chance.
const IMPURE: [&str; 19] = [
    "async-nats",
    "axum",
    "chrono",
    "futures-util",
    "getrandom",
    "if-addrs",
    "libc",
    "mio",
    "parking_lot",
    "prometheus",
    "rand",
    "rusqlite",
    "rustix",
    "rustls",
    "socket2",
    "tempfile",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
];

/// Libraries with one home, so that another can take their place there.
const NAMED_LIBRARIES: [(&str, &str); 8] = [
    ("aes", "sfu/transport"),
    ("ctr", "sfu/transport"),
    ("rtc-crypto", "sfu/transport"),
    ("rtc-dtls", "sfu/transport"),
    ("rtc-sdp", "sfu/transport"),
    ("rtc-shared", "sfu/transport"),
    ("rusqlite", "signaling/service"),
    ("webrtc", "load-tests"),
];

/// The folders of the pure crates.
pub(super) fn pure_folders() -> impl Iterator<Item = &'static str> {
    CRATES.iter().filter(|row| row.nature == Nature::Pure).map(|row| row.folder)
}

/// Each crate imports only those of ours that its row allows, and has a row.
pub(super) fn arrows(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests_of(tree) {
        let Some(row) = CRATES.iter().find(|row| row.folder == folder) else {
            let sentence =
                "a new crate needs a row in xtask/src/tidy/crates.rs and a record in docs/adr";
            findings.push(Finding::new(&file.path, 0, sentence));
            continue;
        };
        if manifest.name != row.name {
            let sentence = format!("the crate is called {}, not {}", row.name, manifest.name);
            findings.push(Finding::new(&file.path, 0, sentence));
        }
        for dependency in manifest.of_kind(DependencyKind::Normal) {
            let is_ours = CRATES.iter().any(|other| other.name == dependency.name);
            if is_ours && !row.may_import.contains(&dependency.name.as_str()) {
                let sentence = format!("{} must not import {}", row.name, dependency.name);
                findings.push(Finding::new(&file.path, dependency.line, sentence));
            }
        }
    }
    findings
}

/// No pure crate depends on what touches the world.
pub(super) fn pure_dependencies(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests_of(tree) {
        if !pure_folders().any(|pure| pure == folder) {
            continue;
        }
        for dependency in manifest.of_kind(DependencyKind::Normal) {
            if IMPURE.contains(&dependency.name.as_str()) {
                let sentence = format!("a pure crate does not depend on {}", dependency.name);
                findings.push(Finding::new(&file.path, dependency.line, sentence));
            }
        }
    }
    findings
}

/// Libraries with one home are named nowhere else.
pub(super) fn named_libraries(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests_of(tree) {
        for dependency in &manifest.dependencies {
            let home = NAMED_LIBRARIES.iter().find(|(name, _)| *name == dependency.name);
            if let Some((name, home)) = home.filter(|(_, home)| *home != folder) {
                let sentence = format!("{name} is named in {home} alone");
                findings.push(Finding::new(&file.path, dependency.line, sentence));
            }
        }
    }
    findings
}

/// Versions stand in the root manifest, lints are those of the root, and xtask needs nothing.
pub(super) fn manifests(tree: &Tree) -> Vec<Finding> {
    let root = tree.file("Cargo.toml").map(|file| Manifest::parse(&file.text)).unwrap_or_default();
    let mut findings = Vec::new();
    for (file, folder, manifest) in manifests_of(tree) {
        // Who lifts `unsafe_code` must repeat the tables, because Cargo cannot change one line.
        let is_missing = |lint: &&String| {
            !manifest.lints.contains(lint) && !lint.starts_with("rust.unsafe_code")
        };
        let repeats =
            !manifest.lints.is_empty() && !root.lints.iter().any(|lint| is_missing(&lint));
        if !manifest.has_workspace_lints && !repeats {
            let sentence = "write `[lints] workspace = true`, or repeat the root's tables in full";
            findings.push(Finding::new(&file.path, 0, sentence));
        }
        for dependency in &manifest.dependencies {
            if folder == "xtask" {
                let sentence = "xtask depends on std alone, to build before anything else does";
                findings.push(Finding::new(&file.path, dependency.line, sentence));
            } else if !dependency.from_workspace {
                let name = &dependency.name;
                let sentence = format!("the version of {name} belongs in the root manifest");
                findings.push(Finding::new(&file.path, dependency.line, sentence));
            }
        }
    }
    findings
}

/// Every crate's manifest with its folder.
fn manifests_of(tree: &Tree) -> impl Iterator<Item = (&File, &str, Manifest)> {
    tree.with_endings(&["toml"]).filter_map(|file| {
        let folder = file.path.strip_suffix("/Cargo.toml")?;
        Some((file, folder, Manifest::parse(&file.text)))
    })
}
