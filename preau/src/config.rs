//! Configuration: defaults, then a TOML file, then `PREAU_*`, then flags; the last one wins.
//!
//! It is parsed once into types, checked as a whole, and handed down explicitly. An error names the
//! key and the cure. Tests: `config/tests.rs`, `tests/it/configuration.rs`.

mod layer;
mod look;
mod tls;
mod values;

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fmt::Write as _,
    net::{Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use protocol::media::{BadCodecSet, CodecSet};
use signaling_service::{Cidr, Directory, Origin};

pub(crate) use layer::Layer;
pub(crate) use look::{Look, in_file};
pub(crate) use tls::Tls;
use values::AcmeChallenge;
pub(crate) use values::{Advertised, Email, SideListener, Text, TlsMode};

/// What the program runs with: every setting decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Address of the TCP listener and of the UDP socket, which share the port number.
    /// Default `[::]:8080`; port 0 takes a free one. A wildcard address serves every interface.
    /// Where IPv6 is off, `[::]` means `0.0.0.0`.
    pub(crate) listen: SocketAddr,
    /// Addresses put into SDP answers, at most 6 used, in this order.
    /// Default empty: usable interface addresses and what the host of `public_url` resolves to.
    /// Each further one is another path that browsers try.
    pub(crate) advertise: Vec<Advertised>,
    /// Scheme and host at the beginning of links.
    /// Default none: links begin with the address of the page on which the room was made. With
    /// certificates of an authority it is the first of their names.
    pub(crate) public_url: Option<Origin>,
    /// Address of metrics and operator commands, which ask for no password.
    /// Default `127.0.0.1:9600`. Elsewhere than on loopback, whoever reaches it can end calls.
    pub(crate) metrics_listen: SideListener,
    /// Folder of the store. Default `$STATE_DIRECTORY`, else the user's data folder.
    /// Made if it is missing, readable by this user only.
    pub(crate) data: PathBuf,
    /// Who speaks HTTPS, with which certificate. Default: nobody.
    pub(crate) tls: Tls,
    /// Where plain HTTP is sent on to HTTPS, and where an authority is answered by HTTP-01.
    /// Default `off`; with `acme_challenge = "http-01"` `[::]:80`.
    pub(crate) http_listen: SideListener,
    /// The codecs of every room, the most wanted first. Default Opus, RED and VP8.
    /// A room negotiates all of them with everybody; each further one lengthens what is sent when
    /// joining by some 20 lines for each picture.
    pub(crate) codecs: CodecSet,
    /// Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default none.
    /// Each further one can claim to be any person's address.
    pub(crate) behind_proxy: Vec<Cidr>,
    /// Filter of the log, in the syntax of `tracing-subscriber`'s `EnvFilter`. Default `info`;
    /// `debug` writes addresses of participants.
    pub(crate) log: String,
    /// Other sites that may embed rooms, load the SDK and open the WebSocket. Default none.
    /// Each further one learns who has the floor in the rooms that it embeds.
    pub(crate) allowed_origins: Vec<Origin>,
    /// How the site looks and what it allows.
    pub(crate) look: Look,
}

impl Config {
    /// The host of `public_url`, without its port.
    pub(crate) fn public_host(&self) -> Option<Advertised> {
        let authority = self.public_url.as_ref()?.authority();
        let host = match authority.rsplit_once(':') {
            // `[2001:db8::1]` has colons and no port.
            Some((host, port)) if !port.ends_with(']') => host,
            Some(_) | None => authority,
        };
        host.parse().ok()
    }
}

/// A mistake in the configuration; the text names the key and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}; check --config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{} is not valid TOML, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing.
    #[error("{}: unknown setting `{key}`; did you mean `{nearest}`?", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// As written.
        key: String,
        /// The known key that looks most like it.
        nearest: String,
    },
    /// A value of the wrong kind.
    #[error("{}: setting `{key}`: {message}", path.display())]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The rule that is broken.
        message: String,
    },
    /// Settings of HTTPS that contradict each other, or lack one.
    #[error(transparent)]
    Tls(#[from] tls::BadTls),
    /// Codecs that are no set for a room.
    #[error("`codecs`: {0}")]
    BadCodecs(#[from] BadCodecSet),
    /// A filter that cannot be read.
    #[error("`log`: `{text}` is not a log filter ({message}); write for example `info`")]
    BadLogFilter {
        /// As written.
        text: String,
        /// Why not.
        message: String,
    },
    /// A look that cannot be.
    #[error("`{key}`: {rule}")]
    BadLook {
        /// As in a file.
        key: &'static str,
        /// What is expected.
        rule: String,
    },
    /// No place for data.
    #[error("no folder for data is known here ($HOME is not set): name one with `--data DIR`")]
    NoDataFolder,
    /// A path that cannot be written as text.
    #[error("the configuration cannot be shown: {0}")]
    Unshowable(#[from] serde_json::Error),
}

impl ConfigError {
    /// Explains what the parser says of the `text` of `path`.
    pub(crate) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
        let start = error.span().map_or(0, |span| span.start);
        ConfigError::Syntax {
            path: path.into(),
            line: 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count(),
            message: error.message().to_owned(),
        }
    }
}

/// The layers before they are decided, kept apart so that `show` can tell where a value is from.
#[derive(Debug)]
pub(crate) struct Sources {
    defaults: Layer,
    file: Layer,
    arguments: Layer,
}

impl Sources {
    /// Reads the file, if one is named, under `arguments`: flags, and variables where no flag is.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub(crate) fn read(arguments: Layer, file: Option<&Path>) -> Result<Sources, ConfigError> {
        Ok(Sources {
            defaults: defaults(|name| std::env::var_os(name)),
            file: file.map(read_file).transpose()?.unwrap_or_default(),
            arguments,
        })
    }

    /// The settings of a file with this text, under no arguments.
    ///
    /// # Errors
    ///
    /// What is wrong with it; `path` names it there.
    pub(crate) fn of_text(path: &Path, text: &str) -> Result<Sources, ConfigError> {
        Ok(Sources {
            defaults: defaults(|name| std::env::var_os(name)),
            file: parse(path, text)?,
            arguments: Layer::default(),
        })
    }

    /// Decides every setting and checks them together.
    ///
    /// # Errors
    ///
    /// Settings that contradict each other, or lack one.
    pub(crate) fn decide(&self) -> Result<Config, ConfigError> {
        let layer = self.effective();
        let http_listen = tls::decide_plain(&layer)?;
        let tls = tls::decide(&layer)?;
        let look = look::decide(&layer)?;
        let log = layer.log.unwrap_or_default();
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log) {
            return Err(ConfigError::BadLogFilter { text: log, message: error.to_string() });
        }
        Ok(Config {
            listen: layer.listen.unwrap_or(LISTEN_DEFAULT),
            advertise: bare(layer.advertise),
            public_url: layer.public_url.map(|Text(origin)| origin),
            metrics_listen: layer.metrics_listen.map_or(SideListener::Off, |Text(at)| at),
            data: layer.data.ok_or(ConfigError::NoDataFolder)?,
            tls,
            http_listen,
            codecs: CodecSet::try_new(bare(layer.codecs))?,
            behind_proxy: bare(layer.behind_proxy),
            log,
            allowed_origins: bare(layer.allowed_origins),
            look,
        })
    }

    /// The decided settings as TOML, each with its origin; what is unset stands as a comment.
    ///
    /// `from_environment` names the keys whose argument came from the environment.
    ///
    /// # Errors
    ///
    /// As [`Sources::decide`], and paths that are not UTF-8.
    pub(crate) fn show(&self, from_environment: &BTreeSet<String>) -> Result<String, ConfigError> {
        self.decide()?;
        let arguments = self.arguments.entries()?;
        let file = self.file.entries()?;
        let is_set = |entries: &layer::Entries, key: &str| {
            entries.get(key).is_some_and(|value| !value.is_null())
        };
        let mut text = String::new();
        for (key, value) in self.effective().entries()? {
            let origin = if is_set(&arguments, &key) {
                if from_environment.contains(&key) { "environment" } else { "flag" }
            } else if is_set(&file, &key) {
                "file"
            } else {
                "default"
            };
            let key = in_file(&key);
            let line = match toml::Value::try_from(&value) {
                Ok(value) => format!("{key} = {value}  # {origin}"),
                Err(_) => format!("# {key} is not set"), // TOML has no null.
            };
            writeln!(text, "{line}").ok();
        }
        Ok(text)
    }

    fn effective(&self) -> Layer {
        let upper = self.arguments.clone().over(self.file.clone());
        tls::with_derived_defaults(upper.over(self.defaults.clone()))
    }
}

/// Variables that look like settings and are none, each with the nearest real one.
///
/// They are worth a warning, not an error: Kubernetes puts `PREAU_PORT` and more into every
/// container beside a service named `preau`.
pub(crate) fn unknown_variables(
    names: impl IntoIterator<Item = OsString>,
) -> Vec<(String, String)> {
    let known: Vec<String> = Layer::keys()
        .into_iter()
        .chain([String::from("config")])
        .map(|key| format!("PREAU_{}", key.to_uppercase()))
        .collect();
    let mut unknown = Vec::new();
    for name in names {
        let Ok(name) = name.into_string() else {
            continue;
        };
        if name.starts_with("PREAU_") && !known.contains(&name) {
            let nearest = nearest(&name, &known).to_owned();
            unknown.push((name, nearest));
        }
    }
    unknown
}

const LISTEN_DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 8080);

/// The lowest layer; `environment` looks up a variable.
fn defaults(environment: impl Fn(&str) -> Option<OsString>) -> Layer {
    Layer {
        listen: Some(LISTEN_DEFAULT),
        advertise: Some(Vec::new()),
        metrics_listen: Some(Text(SideListener::At(SocketAddr::from(([127, 0, 0, 1], 9600))))),
        data: default_data_folder(environment),
        tls: Some(TlsMode::Off),
        domains: Some(Vec::new()),
        acme_directory: Some(Text(Directory::default())),
        acme_challenge: Some(AcmeChallenge::TlsAlpn01),
        codecs: Some(CodecSet::default().as_slice().iter().copied().map(Text).collect()),
        behind_proxy: Some(Vec::new()),
        log: Some(String::from("info")),
        allowed_origins: Some(Vec::new()),
        site_name: Some(String::from("Préau")),
        site_legal: Some(Vec::new()),
        site_privacy: Some(Vec::new()),
        rooms_creation: Some(Default::default()),
        rooms_rules: Some(Default::default()),
        media_max_height: Some(720),
        media_max_frame_rate: Some(30),
        ..Layer::default()
    }
}

/// systemd.exec(5) `StateDirectory=`, else the XDG Base Directory Specification.
fn default_data_folder(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| {
        // The specification ignores relative paths; an empty variable counts as unset.
        let value = environment(name)?.into_string().ok()?;
        let first = PathBuf::from(value.split(':').next()?);
        first.is_absolute().then_some(first)
    };
    if let Some(state) = folder("STATE_DIRECTORY") {
        return Some(state);
    }
    let data_home = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    Some(data_home?.join("preau"))
}

fn read_file(path: &Path) -> Result<Layer, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let table: toml::Table =
        text.parse().map_err(|error| ConfigError::syntax(path, text, &error))?;
    let keys = Layer::keys();
    let known: Vec<String> = keys.iter().map(|key| in_file(key)).collect();
    let mut layer = Layer::default();
    for (key, value) in flat(table) {
        let Some(at) = known.iter().position(|known| *known == key) else {
            return Err(ConfigError::UnknownKey {
                path: path.into(),
                nearest: nearest(&key, &known).to_owned(),
                key,
            });
        };
        // One key at a time, so that the error can name it.
        let single = toml::Table::from_iter([(keys[at].clone(), value)]);
        let single: Layer = single.try_into().map_err(|error: toml::de::Error| {
            ConfigError::BadValue { path: path.into(), key, message: error.message().to_owned() }
        })?;
        layer = layer.over(single);
    }
    Ok(layer)
}

/// `[site]` with `name` becomes `site.name`.
fn flat(table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut flat = Vec::with_capacity(table.len());
    for (key, value) in table {
        if let (toml::Value::Table(inner), true) = (&value, look::TABLES.contains(&key.as_str())) {
            let inner = inner.iter().map(|(name, value)| (format!("{key}.{name}"), value.clone()));
            flat.extend(inner);
        } else {
            flat.push((key, value));
        }
    }
    flat
}

fn bare<T>(list: Option<Vec<Text<T>>>) -> Vec<T> {
    let list = list.unwrap_or_default().into_iter();
    list.map(|Text(value)| value).collect()
}

/// The member of `known` with the fewest edits to `text`.
fn nearest<'k>(text: &str, known: &'k [String]) -> &'k str {
    let distance = |key: &&String| edits(&text.to_lowercase(), &key.to_lowercase());
    known.iter().min_by_key(distance).map_or("", String::as_str)
}

/// Levenshtein's distance: insertions, deletions and substitutions between two short texts.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let substitution = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests;
