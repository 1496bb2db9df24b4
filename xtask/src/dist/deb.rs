//! The Debian package: a tree of files, control files around it, `dpkg-deb`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::licences;
use crate::{failure::Result, shell, workspace};

/// A file of the package: where from, below the checkout; where to; with which rights.
struct Entry {
    from: &'static str,
    to: &'static str,
}

/// What is copied as it is. Nothing here is a conffile: settings are written by `preau setup`, and
/// a file that a program changes must be none (Debian Policy §10.7.3); what an administrator wants
/// otherwise stands in `/etc` above these, as systemd has it.
const FILES: [Entry; 14] = [
    Entry { from: "deploy/preau.service", to: "usr/lib/systemd/system/preau.service" },
    Entry { from: "deploy/preau.sysusers", to: "usr/lib/sysusers.d/preau.conf" },
    Entry { from: "deploy/90-preau.conf", to: "usr/lib/sysctl.d/90-preau.conf" },
    Entry { from: "deploy/debian/copyright", to: "usr/share/doc/preau/copyright" },
    Entry { from: "LICENSE", to: "usr/share/doc/preau/LICENSE" },
    Entry { from: "docs/fr/demarrage.md", to: "usr/share/doc/preau/demarrage.md" },
    Entry { from: "docs/en/quick-start.md", to: "usr/share/doc/preau/quick-start.md" },
    Entry { from: "deploy/preau.toml", to: "usr/share/doc/preau/examples/preau.toml" },
    Entry { from: "deploy/preau.fr.toml", to: "usr/share/doc/preau/examples/preau.fr.toml" },
    Entry { from: "deploy/proxies/README.md", to: "usr/share/doc/preau/examples/proxy.md" },
    Entry { from: "deploy/proxies/nginx.conf", to: "usr/share/doc/preau/examples/nginx.conf" },
    Entry { from: "deploy/proxies/Caddyfile", to: "usr/share/doc/preau/examples/Caddyfile" },
    Entry { from: "deploy/proxies/apache.conf", to: "usr/share/doc/preau/examples/apache.conf" },
    Entry { from: "deploy/proxies/haproxy.cfg", to: "usr/share/doc/preau/examples/haproxy.cfg" },
];

/// What is compressed (Debian Policy §12.1, §12.7).
const COMPRESSED: [Entry; 3] = [
    Entry { from: "CHANGELOG.md", to: "usr/share/doc/preau/changelog" },
    Entry { from: "deploy/debian/preau.1", to: "usr/share/man/man1/preau.1" },
    Entry { from: "deploy/debian/preau.fr.1", to: "usr/share/man/fr/man1/preau.1" },
];

const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// The version in the manifest, first packaging.
pub(super) fn version() -> Result<String> {
    let manifest = workspace::read("Cargo.toml")?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let version =
        line.and_then(|line| line.strip_suffix('"')).ok_or("Cargo.toml names no version")?;
    Ok(format!("{version}-1"))
}

/// Makes the package in `folder` and answers its path.
pub(super) fn make(program: &Path, version: &str, folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("deb");
    let _nothing_there = fs::remove_dir_all(&tree);
    put(&tree, "usr/bin/preau", &bytes(program)?, 0o755)?;
    for Entry { from, to } in FILES {
        put(&tree, to, &bytes(&workspace::root().join(from))?, 0o644)?;
    }
    for Entry { from, to } in COMPRESSED {
        put(&tree, to, &bytes(&workspace::root().join(from))?, 0o644)?;
        compress(&tree.join(to))?;
    }
    let third_party = "usr/share/doc/preau/third-party.txt";
    put(&tree, third_party, licences::third_party()?.as_bytes(), 0o644)?;
    compress(&tree.join(third_party))?;
    let architecture = shell::output("dpkg", &["--print-architecture"])?;
    let control = workspace::read("deploy/debian/control")?
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", &architecture)
        .replace("@INSTALLED_KIB@", &kibibytes(&tree)?.to_string());
    put(&tree, "DEBIAN/md5sums", sums(&tree)?.as_bytes(), 0o644)?;
    put(&tree, "DEBIAN/control", control.as_bytes(), 0o644)?;
    for script in SCRIPTS {
        let text = workspace::read(format!("deploy/debian/{script}"))?;
        put(&tree, &format!("DEBIAN/{script}"), text.as_bytes(), 0o755)?;
    }
    let package = folder.join(format!("preau_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    build.args(["--build", "--root-owner-group", "-Zxz"]).arg(&tree).arg(&package);
    if let Ok(committed) = shell::output("git", &["log", "-1", "--format=%ct"]) {
        // The same checkout makes the same package (deb-reproducible(7)).
        build.env("SOURCE_DATE_EPOCH", committed);
    }
    shell::run(build)?;
    Ok(package)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

/// Writes a file below `tree`, folders and all. The umask has no say.
fn put(tree: &Path, to: &str, content: &[u8], mode: u32) -> Result<()> {
    let path = tree.join(to);
    let written = || {
        let mut folder = tree.to_owned();
        fs::create_dir_all(&folder)?;
        for part in Path::new(to).parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            fs::create_dir_all(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        }
        fs::set_permissions(tree, fs::Permissions::from_mode(0o755))?;
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
    };
    written().map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// Without name and time, so that the same text gives the same file.
fn compress(path: &Path) -> Result<()> {
    let path = path.to_string_lossy();
    shell::output("gzip", &["--best", "--no-name", "--force", &path]).map(|_nothing| ())
}

/// `Installed-Size` (Debian Policy §5.6.20).
fn kibibytes(tree: &Path) -> Result<u64> {
    let mut total = 0;
    for file in files(tree)? {
        let metadata = fs::metadata(&file).map_err(|error| error.to_string())?;
        total += metadata.len().div_ceil(1024);
    }
    Ok(total)
}

/// deb-md5sums(5).
fn sums(tree: &Path) -> Result<String> {
    let mut text = String::new();
    for file in files(tree)? {
        let sum = shell::output("md5sum", &[&file.to_string_lossy()])?;
        let hash = sum.split(' ').next().unwrap_or_default();
        let name = file.strip_prefix(tree).unwrap_or(&file).to_string_lossy().into_owned();
        text.push_str(&format!("{hash}  {name}\n"));
    }
    Ok(text)
}

/// Every file below, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
