//! Versions as tools print them.

use super::*;

#[test]
fn versions_are_found_in_what_the_tools_print() {
    assert_eq!(Version::find("cargo 1.95.0 (f2d3ce0bd 2026-03-21)"), Some(Version(1, 95)));
    assert_eq!(Version::find("v20.19.2"), Some(Version(20, 19)));
    assert_eq!(Version::find("11.19.1"), Some(Version(11, 19)));
    assert_eq!(Version::find("no number"), None);
}

#[test]
fn minor_versions_compare_as_numbers() {
    assert!(Version(1, 100) > Version(1, 95));
    assert!(Version(22, 0) > NODE_MIN);
    assert!(Version(18, 20) < NODE_MIN);
}

#[test]
fn an_old_or_missing_tool_is_answered_with_the_cure() {
    let old = require("sh", Version(0, 0), "the cure").expect_err("dash has no --version");
    assert!(old.to_string().contains("the cure"), "{old}");
    let missing = require("preau-no-such-tool", Version(0, 0), "the cure").expect_err("not there");
    assert!(missing.to_string().ends_with("is not here; the cure"), "{missing}");
    let too_old = require("cargo", Version(99, 0), "the cure").expect_err("99 is far away");
    assert!(too_old.to_string().contains("too old; the cure"), "{too_old}");
}

#[test]
fn the_root_manifest_names_the_version() {
    let manifest = workspace::read("Cargo.toml").expect("the root manifest is there");
    assert!(rust_version(&manifest).is_some());
}
