//! Each rule is shown a tree that breaks it, and one that does not.

use super::*;

const PURE_MANIFEST: &str = "[package]\nname = \"sfu-core\"\n[lints]\nworkspace = true\n\
                             [dependencies]\nprotocol.workspace = true\n";

fn sentences(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn an_arrow_that_the_table_does_not_have_is_found() {
    let bad = PURE_MANIFEST.to_owned() + "signaling-core.workspace = true\n";
    let tree = Tree::of(&[("sfu/core/Cargo.toml", &bad)]);
    assert_eq!(
        sentences(&crates::arrows(&tree)),
        ["sfu/core/Cargo.toml:7: sfu-core must not import signaling-core"]
    );
    let good = Tree::of(&[("sfu/core/Cargo.toml", PURE_MANIFEST)]);
    assert_eq!(crates::arrows(&good), []);
}

#[test]
fn arrows_of_tests_are_free() {
    let text = PURE_MANIFEST.to_owned() + "[dev-dependencies]\nsfu-transport.workspace = true\n";
    assert_eq!(crates::arrows(&Tree::of(&[("sfu/core/Cargo.toml", &text)])), []);
}

#[test]
fn a_crate_without_a_row_is_found() {
    let tree = Tree::of(&[("sfu/relay/Cargo.toml", "[package]\nname = \"sfu-relay\"\n")]);
    assert_eq!(crates::arrows(&tree).len(), 1);
}

#[test]
fn a_pure_crate_with_sockets_is_found_however_the_table_is_written() {
    for line in [
        "[dependencies]\ntokio.workspace = true",
        "[dependencies]\nlibc = { workspace = true }",
        "[target.'cfg(unix)'.dependencies]\naxum.workspace = true",
    ] {
        let text = format!("{PURE_MANIFEST}{line}\n");
        let tree = Tree::of(&[("sfu/core/Cargo.toml", &text)]);
        assert_eq!(crates::pure_dependencies(&tree).len(), 1, "{line}");
    }
    let shell = Tree::of(&[("sfu/node/Cargo.toml", "[dependencies]\ntokio.workspace = true\n")]);
    assert_eq!(crates::pure_dependencies(&shell), []);
}

#[test]
fn a_library_away_from_its_home_is_found() {
    let line = "[dependencies]\nrtc-dtls.workspace = true\n";
    let away = Tree::of(&[("signaling/service/Cargo.toml", line)]);
    assert_eq!(crates::named_libraries(&away).len(), 1);
    let home = Tree::of(&[("sfu/transport/Cargo.toml", line)]);
    assert_eq!(crates::named_libraries(&home), []);
}

#[test]
fn a_version_outside_the_root_manifest_is_found() {
    let text = "[lints]\nworkspace = true\n[dependencies]\nserde = \"1\"\n";
    assert_eq!(crates::manifests(&Tree::of(&[("preau/Cargo.toml", text)])).len(), 1);
    let missing_lints = Tree::of(&[("preau/Cargo.toml", "[package]\nname = \"preau\"\n")]);
    assert_eq!(crates::manifests(&missing_lints).len(), 1);
    let root = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n";
    let repeated = "[lints.rust]\nunsafe_code = \"deny\"\nmissing_docs = \"warn\"\n";
    let fewer = "[lints.rust]\nunsafe_code = \"deny\"\n";
    let of = |own| Tree::of(&[("Cargo.toml", root), ("sfu/node/Cargo.toml", own)]);
    assert_eq!(crates::manifests(&of(repeated)), []);
    assert_eq!(crates::manifests(&of(fewer)).len(), 1);
    let tool = "[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n";
    assert_eq!(crates::manifests(&Tree::of(&[("xtask/Cargo.toml", tool)])).len(), 1);
}

#[test]
fn a_loosened_clippy_file_is_found() {
    let paths: Vec<String> =
        crates::pure_folders().map(|folder| format!("{folder}/clippy.toml")).collect();
    let mut files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "bans")).collect();
    assert_eq!(purity::clippy_files(&Tree::of(&files)), []);
    files[2].1 = "fewer bans";
    assert_eq!(purity::clippy_files(&Tree::of(&files)).len(), 1);
    files.remove(2);
    assert_eq!(purity::clippy_files(&Tree::of(&files)).len(), 1);
}

#[test]
fn a_clock_in_a_pure_crate_is_found_and_one_in_a_comment_is_not() {
    let text = "//! Example.\nlet now = std::time::Instant::now();\n// Never Instant::now here.\n";
    let findings = purity::sources(&Tree::of(&[("signaling/core/src/room.rs", text)]));
    assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
    assert_eq!(purity::sources(&Tree::of(&[("sfu/node/src/loop.rs", text)])), []);
}

#[test]
fn unsafe_code_out_of_place_is_found() {
    let block = ["//! Example.\nuns", "afe { call() }\n"].concat();
    assert_eq!(purity::unsafe_code(&Tree::of(&[("sfu/core/src/lib.rs", &block)])).len(), 1);
    assert_eq!(purity::unsafe_code(&Tree::of(&[("sfu/node/src/net/udp.rs", &block)])), []);
    let allocator = ["uns", "afe impl GlobalAlloc for Counting {}\n"].concat();
    assert_eq!(purity::unsafe_code(&Tree::of(&[("sfu/node/tests/alloc.rs", &allocator)])), []);
    assert_eq!(purity::unsafe_code(&Tree::of(&[("sfu/node/src/alloc.rs", &allocator)])).len(), 1);
    assert_eq!(purity::unsafe_code(&Tree::of(&[("Cargo.toml", "unsafe_code = \"forbid\"")])), []);
}

#[test]
fn wide_code_is_found_in_sources_and_in_examples_of_texts() {
    let wide = "é".repeat(101);
    let fits = "é".repeat(100);
    assert_eq!(shape::columns(&Tree::of(&[("a.rs", &wide), ("b.ts", &fits)])).len(), 1);
    let prose = format!("{wide}\n```\n{wide}\n```\n{wide}\n");
    let lines: Vec<_> = shape::columns(&Tree::of(&[("a.md", &prose)]));
    assert_eq!(lines.iter().map(|finding| finding.line).collect::<Vec<_>>(), [3]);
    let address = format!("// https://{wide}\n");
    assert_eq!(shape::columns(&Tree::of(&[("a.rs", &address)])), []);
}

#[test]
fn a_long_file_is_found_unless_it_gives_a_reason_or_tests() {
    let long = "//! Example.\n".to_owned() + &"line\n".repeat(600);
    assert_eq!(shape::file_length(&Tree::of(&[("a.rs", &long)])).len(), 1);
    let reason = format!("//! tidy: long because it is one table.\n{long}");
    assert_eq!(shape::file_length(&Tree::of(&[("a.rs", &reason)])), []);
    assert_eq!(shape::file_length(&Tree::of(&[("a/tests.rs", &long)])), []);
    assert_eq!(shape::file_length(&Tree::of(&[("a/tests/it/main.rs", &long)])), []);
    let tested = "line\n".repeat(500) + "#[cfg(test)]\nmod tests {\n" + &"line\n".repeat(500);
    assert_eq!(shape::file_length(&Tree::of(&[("a.rs", &tested)])), []);
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_found() {
    let files = [
        ("a.rs", "use std::fs;\n"),
        ("b.rs", "//! Says it.\n"),
        ("c.ts", "import {};\n"),
        ("d.ts", "// Says it.\n"),
        ("e.mjs", "#!/usr/bin/env node\n"),
        ("a/tests.rs", "use super::*;\n"),
    ];
    let findings = shape::first_lines(&Tree::of(&files));
    assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["a.rs", "c.ts"]);
}

#[test]
fn what_is_left_for_later_is_found() {
    let debt = ["//! Example.\n// TO", "DO: all of it\n"].concat();
    let off = ["//! Example.\n#[ign", "ore]\n"].concat();
    let skipped = ["// Example.\ntest.sk", "ip('x')\n"].concat();
    let tree = Tree::of(&[("a.rs", &debt), ("b.rs", &off), ("c.mjs", &skipped), ("d.md", &debt)]);
    assert_eq!(shape::left_over(&tree).len(), 3);
}

#[test]
fn a_language_with_a_missing_stray_or_empty_text_is_found() {
    let english = "export const en = {\n  'a.b': 'One: {n}', // 'no': 'text'\n  c: { d: `Two` },\n\
                   people: { one: 'one', other: 'many' },\n} as const;\n";
    let french = "import type { Key } from './en';\nexport const fr: Record<Key, string> = {\n\
                  'a.b': 'Un : {n}',\n  c: { d: '' },\n  e: 'De trop',\n};\n";
    let files = [("w/locales/en.ts", english), ("w/locales/fr.ts", french)];
    assert_eq!(
        sentences(&locales::complete(&Tree::of(&files))),
        [
            "w/locales/fr.ts: `people` is missing",
            "w/locales/fr.ts: `e` is not in English",
            "w/locales/fr.ts:4: `c.d` is empty",
        ]
    );
}

#[test]
fn complete_languages_are_left_alone_and_a_missing_one_is_found() {
    let english = "export const en = { a: 'It\\'s', /* b: 'x' */ c: \"C\",\n\
                   d: (n: number, m: number) => (n === 1 ? 'one' : `${n} of ${m}`), e: 'E' };";
    let french = "export const fr = { a: \"L'a\", c: 'C', e: 'E', d: (n) => `${n}` } satisfies T;";
    let both = [("w/locales/en.ts", english), ("w/locales/fr.ts", french)];
    assert_eq!(locales::complete(&Tree::of(&both)), []);
    assert_eq!(locales::complete(&Tree::of(&both[..1])).len(), 1);
    assert_eq!(locales::complete(&Tree::of(&[])).len(), 1);
}

#[test]
fn a_hole_in_the_decision_records_is_found() {
    let files = [
        ("docs/adr/0001-one.md", "# 0001. One\n"),
        ("docs/adr/0003-three.md", "# 0003. Three\n"),
        ("docs/adr/README.md", "0001-one.md 0003-three.md"),
    ];
    let findings = records::decisions(&Tree::of(&files));
    assert!(findings.iter().all(|finding| finding.path == "docs/adr/0003-three.md"));
    assert_eq!(findings.len(), 2);
    assert_eq!(records::decisions(&Tree::of(&[files[0], files[2]])), []);
    assert_eq!(records::decisions(&Tree::of(&files[..1])).len(), 1, "the index does not name it");
}

#[test]
fn a_missing_root_text_and_a_map_that_is_a_book_are_found() {
    let book = "never\n".repeat(300);
    let tree = Tree::of(&[("ARCHITECTURE.md", &book), ("README.md", "hello")]);
    let findings = sentences(&records::root_texts(&tree));
    assert!(findings.contains(&"LICENSE: it is missing".to_owned()));
    assert!(findings.contains(&"README.md: it does not say `cargo xtask run`".to_owned()));
    assert!(findings.iter().any(|finding| finding.contains("300 lines")));
}

#[test]
fn bindings_by_hand_are_found() {
    let path = crate::workspace::BINDINGS;
    assert_eq!(records::bindings(&Tree::of(&[(path, "export type A = string;")])).len(), 1);
    let made = Tree::of(&[(path, "// `cargo xtask bindings` writes it.\n")]);
    assert_eq!(records::bindings(&made), []);
}

#[test]
fn the_table_of_crates_lists_the_workspace() {
    let tree = Tree::read(root()).expect("the checkout can be read");
    assert_eq!(crates::arrows(&tree), []);
    for member in crate::workspace::members().expect("the root manifest is there") {
        assert!(tree.file(&format!("{member}/Cargo.toml")).is_some(), "{member}");
    }
}
