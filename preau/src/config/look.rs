//! How the site looks and what it allows: the tables `[site]`, `[rooms]` and `[media]`.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use protocol::client::order::Rules;
use serde::{Deserialize, Serialize};
use sfu_node::CameraLimit;
use signaling_service::{Colour, RoomCreation, SiteConfig, is_language};

use super::{
    ConfigError, Layer,
    values::{BadValue, Email, Text},
};

/// The tables whose keys stand as `TABLE_KEY` in [`Layer`].
pub(super) const TABLES: [&str; 3] = ["site", "rooms", "media"];

/// A layer's key as it stands in a file: `site_name` is `site.name`.
pub(crate) fn in_file(key: &str) -> String {
    match key.split_once('_') {
        Some((table, rest)) if TABLES.contains(&table) => format!("{table}.{rest}"),
        Some(_) | None => key.to_owned(),
    }
}

/// How the site looks, with files still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// What the site is called. Default `Préau`; 1 to 60 characters.
    pub(crate) name: String,
    /// SVG, PNG or WebP of at most 100 kB. Default none.
    pub(crate) logo: Option<PathBuf>,
    /// The same for dark ground. Default `logo`.
    pub(crate) logo_dark: Option<PathBuf>,
    /// Of buttons and links. Default the colour of roof tiles. One that cannot be read is moved
    /// until it can.
    pub(crate) accent: Option<Colour>,
    /// The same on dark ground. Default made of `accent`.
    pub(crate) accent_dark: Option<Colour>,
    /// Default none: the language of each browser.
    pub(crate) language: Option<String>,
    /// Default none: nobody is named.
    pub(crate) contact: Option<Contact>,
    /// Default none: `/source` says to ask the operator.
    pub(crate) source: Option<WebAddress>,
    /// Texts, each named by its language. Default none: there is no notice.
    pub(crate) legal: Vec<PathBuf>,
    /// The same. Default: a text made of this configuration.
    pub(crate) privacy: Vec<PathBuf>,
    /// Default `open`.
    pub(crate) creation: Creation,
    /// What guests may do in a new room. Default everything, without a lobby.
    pub(crate) rules: Rules,
    /// What cameras are asked for and may take, in pixels. Default 720, from 90 to 1080. A higher
    /// one takes more of everybody's processor and line.
    pub(crate) max_height: u32,
    /// The same in pictures per second. Default 30, from 5 to 60.
    pub(crate) max_frame_rate: u32,
}

impl Look {
    /// What the node lets cameras take.
    pub(crate) fn camera_limit(&self) -> CameraLimit {
        CameraLimit {
            height: u16::try_from(self.max_height).unwrap_or(u16::MAX),
            frame_rate: u8::try_from(self.max_frame_rate).unwrap_or(u8::MAX),
        }
    }
}

pub(super) fn decide(layer: &Layer) -> Result<Look, ConfigError> {
    let name = layer.site_name.clone().unwrap_or_default();
    let is_fine = |name: &str| {
        let length = name.chars().count();
        (1..=SiteConfig::NAME_CHARACTERS_MAX).contains(&length)
            && name.trim() == name
            && !name.chars().any(char::is_control)
    };
    if !is_fine(&name) {
        let most = SiteConfig::NAME_CHARACTERS_MAX;
        let rule = format!("expected 1 to {most} characters without space around them");
        return Err(ConfigError::BadLook { key: "site.name", rule });
    }
    let within = |key, value: Option<u32>, least, most| match value {
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(_) | None => {
            let rule = format!("expected a number from {least} to {most}");
            Err(ConfigError::BadLook { key, rule })
        }
    };
    Ok(Look {
        name,
        logo: layer.site_logo.clone(),
        logo_dark: layer.site_logo_dark.clone(),
        accent: layer.site_accent.map(|Text(colour)| colour),
        accent_dark: layer.site_accent_dark.map(|Text(colour)| colour),
        language: layer.site_language.clone().map(|Text(LanguageTag(tag))| tag),
        contact: layer.site_contact.clone().map(|Text(contact)| contact),
        source: layer.site_source.clone().map(|Text(source)| source),
        legal: layer.site_legal.clone().unwrap_or_default(),
        privacy: layer.site_privacy.clone().unwrap_or_default(),
        creation: layer.rooms_creation.unwrap_or_default(),
        rules: layer.rooms_rules.unwrap_or_default().0,
        max_height: within("media.max_height", layer.media_max_height, 90, 1080)?,
        max_frame_rate: within("media.max_frame_rate", layer.media_max_frame_rate, 5, 60)?,
    })
}

/// Who may open rooms, as one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Creation {
    /// Everybody who reaches the site.
    #[default]
    Open,
    /// `preau link --create` alone.
    Closed,
}

impl From<Creation> for RoomCreation {
    fn from(creation: Creation) -> RoomCreation {
        match creation {
            Creation::Open => RoomCreation::Open,
            Creation::Closed => RoomCreation::Closed,
        }
    }
}

/// A BCP 47 tag in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LanguageTag(String);

impl FromStr for LanguageTag {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if is_language(text) {
            Ok(LanguageTag(text.to_ascii_lowercase()))
        } else {
            Err(BadValue::Language)
        }
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address of the web, in characters that a header can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebAddress(String);

impl FromStr for WebAddress {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
        match rest {
            Some(rest)
                if !rest.is_empty() && !rest.starts_with('/') && text.bytes().all(is_plain) =>
            {
                Ok(WebAddress(text.to_owned()))
            }
            Some(_) | None => Err(BadValue::WebAddress),
        }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where people can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// By mail.
    Mail(Email),
    /// On a page.
    Page(WebAddress),
}

impl Contact {
    /// As a link leads there.
    pub(crate) fn href(&self) -> String {
        match self {
            Contact::Mail(address) => format!("mailto:{address}"),
            Contact::Page(address) => address.to_string(),
        }
    }
}

impl FromStr for Contact {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let page = text.parse().map(Contact::Page);
        page.or_else(|_| text.parse().map(Contact::Mail)).map_err(|_| BadValue::Contact)
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contact::Mail(address) => address.fmt(f),
            Contact::Page(address) => address.fmt(f),
        }
    }
}

/// Rules of new rooms: in a file a table, elsewhere `lobby=true,chat=false`. Those that are not
/// named are as in an open room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, bool>")]
pub(crate) struct RoomRules(Rules);

impl TryFrom<BTreeMap<String, bool>> for RoomRules {
    type Error = BadValue;

    fn try_from(named: BTreeMap<String, bool>) -> Result<Self, BadValue> {
        let mut rules = Rules::default();
        for (name, allows) in named {
            let rule = match name.as_str() {
                "lobby" => &mut rules.lobby,
                "locked" => &mut rules.locked,
                "microphone" => &mut rules.microphone,
                "camera" => &mut rules.camera,
                "screen" => &mut rules.screen,
                "chat" => &mut rules.chat,
                "private_chat" => &mut rules.private_chat,
                "recording" => &mut rules.recording,
                _ => return Err(BadValue::Rules),
            };
            *rule = allows;
        }
        Ok(RoomRules(rules))
    }
}

impl FromStr for RoomRules {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let named = text.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(|rule| {
            let (name, allows) = rule.split_once('=').ok_or(BadValue::Rules)?;
            let allows = allows.trim().parse().map_err(|_| BadValue::Rules)?;
            Ok((name.trim().to_owned(), allows))
        });
        RoomRules::try_from(named.collect::<Result<BTreeMap<_, _>, _>>()?)
    }
}
