//! What needs a file or the environment, which the crate itself never touches.

/// `cargo xtask bindings` runs this with `PREAU_WRITE_BINDINGS` set.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the bindings are a file, and the command asks by the environment to write it"
)]
fn bindings_in_the_web_client_are_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../web-client/src/call/protocol.gen.ts");
    let wanted = protocol::typescript::module();
    if std::env::var_os("PREAU_WRITE_BINDINGS").is_some() {
        std::fs::write(path, &wanted).expect("the web client's folder is there");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == wanted, "run `cargo xtask bindings` and commit the result");
}
