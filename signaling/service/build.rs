//! Makes sure that the folder of the built web client is there to be embedded: a plain build, which
//! needs no Node, embeds an empty one, and the program then says how to build the client.

use std::{fs, path::Path};

fn main() {
    let built_client = Path::new("../../web-client/dist");
    // Where the sources are read-only the folder stays absent, which embeds nothing just as well.
    let _ = fs::create_dir_all(built_client);
    println!("cargo:rerun-if-changed={}", built_client.display());
}
