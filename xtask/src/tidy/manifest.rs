//! The little of a Cargo manifest that the rules ask for.

/// What a manifest says.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// `package.name`.
    pub(super) name: String,
    /// Everything the crate depends on.
    pub(super) dependencies: Vec<Dependency>,
    /// Whether `[lints] workspace = true` is there.
    pub(super) has_workspace_lints: bool,
    /// The lines of its own lint tables, each behind its table's name: `clippy.panic = "warn"`.
    pub(super) lints: Vec<String>,
}

/// One line of a dependency table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) kind: DependencyKind,
    /// Whether the version comes from the root manifest.
    pub(super) from_workspace: bool,
}

/// Which table a dependency stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DependencyKind {
    /// Part of the product.
    Normal,
    /// For tests alone.
    Development,
    /// For the build script alone.
    Build,
}

impl Manifest {
    /// Reads the tables as this workspace writes them: a dependency a line.
    pub(super) fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut table = "";
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(header) = line.strip_prefix('[') {
                table = header.trim_end_matches(']');
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if table == "package" && key == "name" {
                manifest.name = value.trim_matches('"').to_owned();
            }
            if table == "lints" && key == "workspace" {
                manifest.has_workspace_lints = value == "true";
            }
            if let Some((_, tool)) = table.split_once("lints.") {
                manifest.lints.push(format!("{tool}.{key} = {value}"));
            }
            if let Some(kind) = dependency_kind(table) {
                let (name, field) = key.split_once('.').unwrap_or((key, ""));
                manifest.dependencies.push(Dependency {
                    name: name.to_owned(),
                    line: index + 1,
                    kind,
                    from_workspace: field == "workspace" || value.contains("workspace = true"),
                });
            }
        }
        manifest
    }

    /// The dependencies of one kind.
    pub(super) fn of_kind(&self, kind: DependencyKind) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(move |dependency| dependency.kind == kind)
    }
}

/// `dependencies` or `target.'cfg(…)'.dependencies`, and the same of the other two.
fn dependency_kind(table: &str) -> Option<DependencyKind> {
    match table.rsplit('.').next()? {
        "dependencies" if table != "workspace.dependencies" => Some(DependencyKind::Normal),
        "dev-dependencies" => Some(DependencyKind::Development),
        "build-dependencies" => Some(DependencyKind::Build),
        _ => None,
    }
}
