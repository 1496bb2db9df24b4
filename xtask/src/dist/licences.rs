//! The licences of what the program contains: most ask to be passed on with their names.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::{failure::Result, shell, workspace};

/// How files begin that hold a licence or the names that it asks to keep.
const BEGINNINGS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// Every package in the program with its licence, then each text once, with who is under it.
///
/// # Errors
/// Cargo cannot tell, or the sources of a package are not there.
pub(super) fn third_party() -> Result<String> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, licence, folder) in [crates()?, web_packages()?].concat() {
        writeln!(list, "{name}: {licence}").ok();
        for text in licence_texts(&folder) {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut all = format!("Préau contains work of others:\n\n{list}");
    for (text, names) in texts {
        write!(all, "\n{:=<78}\n{}\n\n{text}\n", "", names.join(", ")).ok();
    }
    Ok(all)
}

type Package = (String, String, PathBuf);

/// The crates that are linked in; our own are the program itself.
fn crates() -> Result<Vec<Package>> {
    let tree = ["tree", "--package", "preau", "--edges", "normal", "--prefix", "none", "--locked"];
    let mut cargo = shell::cargo(&tree);
    cargo.args(["--format", "{p}|{l}"]);
    let output = cargo.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    let mut lines: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    let sources = sources()?;
    let mut found = Vec::new();
    for line in lines {
        let Some((package, licence)) = line.split_once('|') else { continue };
        // `ring v0.17.14 (*)`; a crate of ours has its folder in parentheses.
        if package.contains("(/") {
            continue;
        }
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let folder = format!("{name}-{}", version.trim_start_matches('v'));
        let folder = sources.iter().map(|source| source.join(&folder)).find(|path| path.is_dir());
        let folder = folder.ok_or_else(|| format!("the sources of {name} are not there"))?;
        let licence = licence.trim_end_matches(" (*)").to_owned();
        let entry = (format!("{name} {}", version.trim_start_matches('v')), licence, folder);
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    if found.is_empty() {
        return Err("cargo names no crate that is linked in".into());
    }
    Ok(found)
}

/// Where cargo unpacks registries.
fn sources() -> Result<Vec<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .ok_or("neither CARGO_HOME nor HOME is set")?;
    let entries = fs::read_dir(home.join("registry/src"))
        .map_err(|error| format!("cargo has no sources: {error}"))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// What the pages contain: `dependencies` of the web client, and what these bring.
fn web_packages() -> Result<Vec<Package>> {
    let names = ["preact", "@preact/signals", "@preact/signals-core"];
    let folder = workspace::root().join("web-client/node_modules");
    let package = |name: &str| {
        let folder = folder.join(name);
        let manifest = fs::read_to_string(folder.join("package.json"))
            .map_err(|_| format!("{name} is not in web-client/node_modules"))?;
        let field = |key: &str| {
            let (_, behind) = manifest.split_once(&format!("\"{key}\": \""))?;
            behind.split_once('"').map(|(value, _)| value.to_owned())
        };
        let version = field("version").unwrap_or_default();
        Ok((format!("{name} {version}"), field("license").unwrap_or_default(), folder))
    };
    names.into_iter().map(package).collect()
}

fn licence_texts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().to_uppercase();
            BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    texts.map(|text| text.trim().to_owned()).collect()
}
