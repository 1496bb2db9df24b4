//! The checkout's texts, read once.

use std::{fs, path::Path};

use crate::failure::Result;

/// All text files, sorted by path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<File>,
}

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    /// Reads what is below `root`, but for what is built or fetched.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.add_folder(root, root)?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A tree of these files, for tests.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self { files: files.iter().map(file).collect() }
    }

    /// The file at this path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// All files whose name has one of these endings, without the dot.
    pub(super) fn with_endings<'a>(
        &'a self,
        endings: &'a [&str],
    ) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| {
            let ending = file.path.rsplit_once('.').map(|(_, ending)| ending);
            ending.is_some_and(|ending| endings.contains(&ending))
        })
    }

    /// All files below a folder, which is given without a slash at its end.
    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| {
            file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    fn add_folder(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let cannot = |error| format!("cannot read {}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                self.add_folder(root, &path)?;
            } else if let Ok(text) = fs::read_to_string(&path) {
                // What is not UTF-8 is a picture or a recording.
                let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                self.files.push(File { path, text });
            }
        }
        Ok(())
    }
}

/// Folders that are built or fetched.
const NOT_OURS: [&str; 4] = [".git", "dist", "node_modules", "target"];

impl File {
    /// Lines with their numbers from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether it holds tests or what only tests use.
    pub(super) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let in_folder = |folder| self.path.split('/').any(|part| part == folder);
        name == "tests.rs"
            || name.ends_with(".test.ts")
            || name.ends_with(".test.tsx")
            || ["tests", "browser-tests", "fuzz"].into_iter().any(in_folder)
    }

    /// Whether a command writes it.
    pub(super) fn is_generated(&self) -> bool {
        self.path.contains(".gen.")
    }
}
