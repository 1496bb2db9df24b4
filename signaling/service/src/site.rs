//! How the operator has the pages look, and what they tell people: name, logo, colours, legal
//! texts, language, and what cameras are asked for.
//!
//! All of it becomes files beside those of the web client ([`Site::dress`]), so that it is shown
//! without a rebuild. What an operator writes is text to us as well: nothing of it becomes markup.
//! Bounded by the sizes below; tests in `site/tests.rs`, and with a server in `tests/it/look.rs`.

mod colour;
mod facts;
mod logo;
mod texts;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::client::order::Rules;
use ring::digest;
use serde::Serialize;

use crate::{Origin, ServiceConfig};

pub use colour::{BadColour, Colour};
pub use logo::{BadLogo, Logo};
pub use texts::{BadText, Texts, is_language};

/// What the operator wishes.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// What the site is called; 1 to [`SiteConfig::NAME_CHARACTERS_MAX`] characters.
    pub name: String,
    /// Shown beside the name.
    pub logo: Option<Logo>,
    /// Shown in its place on dark ground.
    pub logo_dark: Option<Logo>,
    /// The colour of buttons and links on light ground.
    pub accent: Option<Colour>,
    /// The same on dark ground. `None`: made of `accent`.
    pub accent_dark: Option<Colour>,
    /// The pages' language until a person chooses another. `None`: that of their browser.
    pub language: Option<String>,
    /// Where people can ask: `mailto:…` or `https://…`.
    pub contact: Option<String>,
    /// Where the source code of this very program is (AGPL-3.0 §13). `None`: `/source` says that
    /// the operator knows.
    pub source: Option<String>,
    /// The legal notice.
    pub legal: Texts,
    /// What happens to personal data. Languages that it lacks are told by a text of our own.
    pub privacy: Texts,
    /// Whether the log holds addresses, which the text of our own says.
    pub logs_addresses: bool,
    /// Who may open rooms.
    pub creation: RoomCreation,
    /// What cameras are asked for, in pixels.
    pub max_height: u32,
    /// The same in pictures per second.
    pub max_frame_rate: u32,
}

/// Who may open rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomCreation {
    /// Everybody who reaches the site.
    #[default]
    Open,
    /// The operator alone, from the command line.
    Closed,
}

impl SiteConfig {
    /// The longest name.
    pub const NAME_CHARACTERS_MAX: usize = 60;
}

impl Default for SiteConfig {
    fn default() -> Self {
        SiteConfig {
            name: String::from("Préau"),
            logo: None,
            logo_dark: None,
            accent: None,
            accent_dark: None,
            language: None,
            contact: None,
            source: None,
            legal: Texts::default(),
            privacy: Texts::default(),
            logs_addresses: false,
            creation: RoomCreation::Open,
            max_height: 720,
            max_frame_rate: 30,
        }
    }
}

/// What pages read of it: `GET /api/v1/site`, and the element `#site` of every page.
#[derive(Debug, Serialize)]
struct Told<'a> {
    name: &'a str,
    logo: Option<String>,
    logo_dark: Option<String>,
    language: Option<&'a str>,
    contact: Option<&'a str>,
    /// The languages in which there is a legal notice; none where there is no notice.
    legal: Vec<&'a str>,
    privacy: Vec<&'a str>,
    rooms: ToldRooms,
    media: ToldMedia,
    /// Sites other than this one that may embed a room and speak with it.
    embedders: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct ToldRooms {
    creation: RoomCreation,
    rules: Rules,
}

#[derive(Debug, Serialize)]
struct ToldMedia {
    max_height: u32,
    max_frame_rate: u32,
}

/// A file that a site adds to those of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteFile {
    /// Without the leading slash.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Where colours and pictures of the operator's are; their names carry a hash.
pub(crate) const FOLDER: &str = "site/";

/// A site laid out: its files, and what it changes in the client's.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    files: Vec<SiteFile>,
    name: String,
    /// JSON without `<`, so that no script element ends in it.
    told: String,
    style: Option<String>,
}

impl Site {
    /// Lays out what `config` says. Says in the log which colours had to change to be read.
    pub(crate) fn of(config: &ServiceConfig) -> Site {
        let site = &config.site;
        let palette = colour::Palette::of(site.accent, site.accent_dark);
        for change in palette.iter().flat_map(colour::Palette::changes) {
            tracing::warn!(
                colour = change.key,
                asked = %change.asked,
                used = %change.used,
                "a colour is too near to its ground to be read; a neighbour of it is used"
            );
        }
        let mut files = Vec::new();
        let mut add = |path: String, content_type, bytes| {
            let address = format!("/{path}");
            files.push(SiteFile { path, content_type, bytes });
            address
        };
        let style = palette.map(|palette| {
            let css = palette.css().into_bytes();
            add(format!("{FOLDER}colours-{}.css", hash(&css)), "text/css; charset=utf-8", css)
        });
        let mut logo = |logo: Option<&Logo>| {
            let logo = logo?;
            let path = format!("{FOLDER}logo-{}.{}", hash(logo.bytes()), logo.extension());
            Some(add(path, logo.content_type(), logo.bytes().to_vec()))
        };
        let (light, dark) = (logo(site.logo.as_ref()), logo(site.logo_dark.as_ref()));
        let privacy = facts::with_our_own(config);
        for (kind, texts) in [("legal", &site.legal), ("privacy", &privacy)] {
            for (language, text) in texts.iter() {
                let path = format!("api/v1/site/{kind}.{language}.md");
                add(path, "text/markdown; charset=utf-8", text.as_bytes().to_vec());
            }
        }
        let told = told(config, light, dark, &privacy);
        add(String::from("api/v1/site"), "application/json", told.clone().into_bytes());
        Site { files, name: site.name.clone(), told, style }
    }

    /// The site's own files.
    pub(crate) fn files(&self) -> &[SiteFile] {
        &self.files
    }

    /// What a file of the client becomes on this site: its pages carry the name and the rest of
    /// what is told, so that nothing is drawn before it is known.
    pub(crate) fn dress(&self, path: &str, bytes: Vec<u8>) -> Vec<u8> {
        match path {
            "index.html" => self.dress_page(bytes),
            "manifest.webmanifest" => self.dress_manifest(bytes),
            _ => bytes,
        }
    }

    fn dress_page(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(page) = String::from_utf8(bytes) else {
            return Vec::new();
        };
        let style = self.style.as_ref();
        let style = style.map(|path| format!("<link rel=\"stylesheet\" href=\"{path}\">\n"));
        let told = format!(
            "{}<script type=\"application/json\" id=\"site\">{}</script>\n</head>",
            style.unwrap_or_default(),
            self.told
        );
        let title = format!("<title>{}</title>", escaped(&self.name));
        let page = page.replacen("<title>Préau</title>", &title, 1);
        page.replacen("</head>", &told, 1).into_bytes()
    }

    fn dress_manifest(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(serde_json::Value::Object(mut manifest)) = serde_json::from_slice(&bytes) else {
            return bytes;
        };
        for key in ["name", "short_name"] {
            manifest.insert(key.to_owned(), self.name.clone().into());
        }
        serde_json::to_vec(&manifest).unwrap_or(bytes)
    }
}

fn told(
    config: &ServiceConfig,
    logo: Option<String>,
    logo_dark: Option<String>,
    privacy: &Texts,
) -> String {
    let site = &config.site;
    let told = Told {
        name: &site.name,
        logo,
        logo_dark,
        language: site.language.as_deref(),
        contact: site.contact.as_deref(),
        legal: site.legal.iter().map(|(language, _)| language).collect(),
        privacy: privacy.iter().map(|(language, _)| language).collect(),
        rooms: ToldRooms { creation: site.creation, rules: config.rules },
        media: ToldMedia { max_height: site.max_height, max_frame_rate: site.max_frame_rate },
        embedders: config.allowed_origins.iter().map(Origin::as_str).collect(),
    };
    // Nothing in it can fail to be JSON.
    serde_json::to_string(&told).unwrap_or_default().replace('<', "\\u003c")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn hash(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9])
}

#[cfg(test)]
mod tests;
