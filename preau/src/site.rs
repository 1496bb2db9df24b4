//! The files that the look of the site is made of, read once at the start.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use signaling_service::{Logo, SiteConfig, Texts};

use crate::config::{Config, Look};

/// Reads logo and texts.
///
/// # Errors
///
/// A sentence that names the setting, the file, and what to change.
pub(crate) fn read(config: &Config) -> anyhow::Result<SiteConfig> {
    let Look { name, logo, logo_dark, accent, accent_dark, language, .. } = &config.look;
    Ok(SiteConfig {
        name: name.clone(),
        logo: logo.as_deref().map(|path| read_logo("site.logo", path)).transpose()?,
        logo_dark: logo_dark
            .as_deref()
            .map(|path| read_logo("site.logo_dark", path))
            .transpose()?,
        accent: *accent,
        accent_dark: *accent_dark,
        language: language.clone(),
        contact: config.look.contact.as_ref().map(|contact| contact.href()),
        source: config.look.source.as_ref().map(ToString::to_string),
        legal: read_texts("site.legal", &config.look.legal)?,
        privacy: read_texts("site.privacy", &config.look.privacy)?,
        // Addresses are written at DEBUG and below.
        logs_addresses: ["debug", "trace"].iter().any(|level| config.log.contains(level)),
        creation: config.look.creation.into(),
        max_height: config.look.max_height,
        max_frame_rate: config.look.max_frame_rate,
    })
}

fn read_logo(key: &str, path: &Path) -> anyhow::Result<Logo> {
    let bytes = read_file(key, path)?;
    Logo::try_new(bytes).map_err(|error| anyhow!("`{key}`: {}: {error}", path.display()))
}

fn read_texts(key: &str, paths: &[PathBuf]) -> anyhow::Result<Texts> {
    let mut texts = Texts::default();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let added = texts.add(&name, read_file(key, path)?);
        added.map_err(|error| anyhow!("`{key}`: {}: {error}", path.display()))?;
    }
    Ok(texts)
}

fn read_file(key: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("`{key}`: cannot read {}", path.display()))
}
