//! Where things are in the checkout.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::failure::Result;

/// The TypeScript types of the wire messages, from the root.
pub(crate) const BINDINGS: &str = "web-client/src/call/protocol.gen.ts";

/// The folder of the root manifest.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The text of a file named from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = root().join(path);
    fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

/// Where cargo put this very program, and so where it puts what is built beside it.
pub(crate) fn debug_folder() -> Result<PathBuf> {
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    Ok(program.parent().unwrap_or(root()).to_owned())
}

/// What `cargo build --release` made.
pub(crate) fn release_program() -> Result<PathBuf> {
    let debug = debug_folder()?;
    let program = debug.parent().unwrap_or(&debug).join("release/preau");
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not there", program.display()).into())
    }
}

/// A folder for what commands leave behind, below the target folder and never committed.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let debug = debug_folder()?;
    let folder = debug.parent().unwrap_or(&debug).join("xtask").join(name);
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}

/// The folders of all crates, as the root manifest lists them.
pub(crate) fn members() -> Result<Vec<String>> {
    let manifest = read("Cargo.toml")?;
    let (_, after) = manifest.split_once("members = [").ok_or("Cargo.toml lists no members")?;
    let (list, _) = after.split_once(']').ok_or("the list of members does not end")?;
    Ok(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}
