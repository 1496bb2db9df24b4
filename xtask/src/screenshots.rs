//! `cargo xtask screenshots`: the main views as pictures, for people to look at.
//!
//! A script of the browser tests drives Chromium through a visit and says how many pictures it took
//! and where they are. Nothing compares them: what a teacher would stumble over, no program sees.

use crate::{failure::Result, shell, versions, web, workspace};

/// Builds the web client and the program, and takes the pictures.
///
/// # Errors
/// A tool is missing, something does not build, or a view cannot be reached.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    versions::check()?;
    web::install()?;
    web::build()?;
    shell::run(shell::cargo(&["build", "--package", "preau", "--locked"]))?;
    let debug = workspace::debug_folder()?;
    let mut node = web::command("node", &["browser-tests/screenshots.mjs"]);
    node.args(arguments)
        .env("PREAU_BINARY", debug.join("preau"))
        .env("PREAU_SCREENSHOTS", debug.with_file_name("screenshots"));
    shell::run(node)
}
