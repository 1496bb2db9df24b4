//! `cargo xtask dist`: the packages that people install.
//!
//! A release build, checked for what it asks of a system, and the Debian package around it, made by
//! `dpkg-deb` from the files in `deploy/`. `--program FILE` packs a program that is built already.
//! `cargo xtask trial` installs the package on a bare system.

mod deb;
mod licences;
mod program;

use std::path::{Path, PathBuf};

use crate::{failure::Result, shell, versions, web, workspace};

/// Makes the packages and prints where they are.
///
/// # Errors
/// Something does not build, or the program asks for more than it may.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let program = match arguments {
        [] => build()?,
        [flag, file] if flag == "--program" => PathBuf::from(file),
        _ => return Err("usage: cargo xtask dist [--program FILE]".into()),
    };
    let package = package(&program, &deb::version()?)?;
    println!("{}", package.display());
    Ok(())
}

/// The Debian package around `program`, as `version`.
pub(crate) fn package(program: &Path, version: &str) -> Result<PathBuf> {
    program::check(program)?;
    deb::make(program, version, &workspace::scratch("dist")?)
}

/// The version of the package that [`run`] makes.
pub(crate) fn version() -> Result<String> {
    deb::version()
}

fn build() -> Result<PathBuf> {
    versions::check()?;
    web::install()?;
    web::build()?;
    shell::run(shell::cargo(&["build", "--release", "--package", "preau", "--locked"]))?;
    workspace::release_program()
}
