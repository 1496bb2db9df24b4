//! What one source of configuration says: a file, or the environment and flags together.
//!
//! Every field is optional here; [`super::Config`] documents what each means once all are decided.
//! The doc lines of this struct are the texts of `--help`.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use protocol::media::Codec;
use serde::{Deserialize, Serialize};
use signaling_service::{Cidr, Colour, Directory, Origin};

use super::{
    look::{Contact, Creation, LanguageTag, RoomRules, WebAddress},
    values::{AcmeChallenge, Advertised, Domain, Email, SideListener, Text, TlsMode},
};

/// The settings of one source; `None` where it is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Layer {
    /// Where people connect: TCP for pages and UDP for media, on the same port number.
    /// [default: [::]:8080, which serves IPv4 too; 0.0.0.0:8080 where IPv6 is off]
    #[arg(long, global = true, env = "PREAU_LISTEN", hide_env = true)]
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// An address at which browsers reach this machine, such as the public one in front of a NAT.
    /// Repeatable. [default: the machine's usable addresses and those of the public host name]
    #[arg(long, global = true, env = "PREAU_ADVERTISE", hide_env = true)]
    #[arg(value_name = "IP|NAME", value_delimiter = ',')]
    pub(crate) advertise: Option<Vec<Text<Advertised>>>,

    /// The address that people type, such as https://meet.example.org; links begin with it.
    /// [default: the address of the page on which a room was made]
    #[arg(long, global = true, env = "PREAU_PUBLIC_URL", hide_env = true)]
    #[arg(value_name = "URL")]
    pub(crate) public_url: Option<Text<Origin>>,

    /// Where Prometheus and the operator connect, or "off". It asks for no password: keep it
    /// private. [default: 127.0.0.1:9600]
    #[arg(long, global = true, env = "PREAU_METRICS_LISTEN", hide_env = true)]
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) metrics_listen: Option<Text<SideListener>>,

    /// The folder of everything that must outlive a restart: rooms and links.
    /// [default: $STATE_DIRECTORY, else $XDG_DATA_HOME/preau, else ~/.local/share/preau]
    #[arg(long, global = true, env = "PREAU_DATA", hide_env = true)]
    #[arg(value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// "acme" gets a certificate for --domains from Let's Encrypt and renews it; setting it accepts
    /// the terms of service. "self-signed" makes one for a LAN; browsers warn about it once.
    /// [default: off]
    #[arg(long, global = true, env = "PREAU_TLS", hide_env = true)]
    #[arg(value_name = "MODE", hide_possible_values = true)]
    pub(crate) tls: Option<TlsMode>,

    /// The certificate chain for HTTPS, in PEM; reread when it changes.
    #[arg(long, global = true, env = "PREAU_TLS_CERT", hide_env = true)]
    #[arg(value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key of that certificate, in PEM.
    #[arg(long, global = true, env = "PREAU_TLS_KEY", hide_env = true)]
    #[arg(value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// A public host name of this machine, for "--tls acme". Repeatable; links begin with the
    /// first.
    #[arg(long, global = true, env = "PREAU_DOMAINS", hide_env = true)]
    #[arg(value_name = "NAME", value_delimiter = ',')]
    pub(crate) domains: Option<Vec<Text<Domain>>>,

    /// Where the certificate authority may write to about trouble. [default: none]
    #[arg(long, global = true, env = "PREAU_ACME_EMAIL", hide_env = true)]
    #[arg(value_name = "ADDRESS")]
    pub(crate) acme_email: Option<Text<Email>>,

    /// The directory of another certificate authority that speaks ACME.
    /// [default: that of Let's Encrypt]
    #[arg(long, global = true, env = "PREAU_ACME_DIRECTORY", hide_env = true)]
    #[arg(value_name = "URL")]
    pub(crate) acme_directory: Option<Text<Directory>>,

    /// The root by which a private authority's own HTTPS is known, in PEM.
    #[arg(long, global = true, env = "PREAU_ACME_CA", hide_env = true)]
    #[arg(value_name = "FILE")]
    pub(crate) acme_ca: Option<PathBuf>,

    /// How the authority checks that the names lead here: "tls-alpn-01" on port 443, which people
    /// use too, or "http-01" on port 80. [default: tls-alpn-01]
    #[arg(long, global = true, env = "PREAU_ACME_CHALLENGE", hide_env = true)]
    #[arg(value_name = "WAY", hide_possible_values = true)]
    pub(crate) acme_challenge: Option<AcmeChallenge>,

    /// Where plain HTTP is sent on to HTTPS and "http-01" is answered, or "off".
    /// [default: off, with http-01 [::]:80]
    #[arg(long, global = true, env = "PREAU_HTTP_LISTEN", hide_env = true)]
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) http_listen: Option<Text<SideListener>>,

    /// What sound and picture are coded in, the most wanted first, of: opus, red, vp8, vp9, h264,
    /// av1. Every room needs opus and vp8. [default: opus,red,vp8]
    #[arg(long, global = true, env = "PREAU_CODECS", hide_env = true)]
    #[arg(value_name = "LIST", value_delimiter = ',')]
    pub(crate) codecs: Option<Vec<Text<Codec>>>,

    /// The network of a reverse proxy whose X-Forwarded-For and -Proto are believed. Repeatable.
    /// [default: none]
    #[arg(long, global = true, env = "PREAU_BEHIND_PROXY", hide_env = true)]
    #[arg(value_name = "CIDR", value_delimiter = ',')]
    pub(crate) behind_proxy: Option<Vec<Text<Cidr>>>,

    /// What is logged, such as "info", "debug" or "warn,signaling_service=debug".
    /// [default: info]
    #[arg(long, global = true, env = "PREAU_LOG", hide_env = true)]
    #[arg(value_name = "FILTER")]
    pub(crate) log: Option<String>,

    /// Another site that may embed rooms, load the SDK and open the WebSocket, such as
    /// https://school.example. Repeatable. [default: none]
    #[arg(
        long,
        global = true,
        env = "PREAU_ALLOWED_ORIGINS",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "URL", value_delimiter = ',')]
    pub(crate) allowed_origins: Option<Vec<Text<Origin>>>,

    /// What the site is called. [default: Préau]
    #[arg(long, global = true, env = "PREAU_SITE_NAME", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "TEXT")]
    pub(crate) site_name: Option<String>,

    /// A picture beside the name: SVG, PNG or WebP of at most 100 kB. [default: none]
    #[arg(long, global = true, env = "PREAU_SITE_LOGO", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "FILE")]
    pub(crate) site_logo: Option<PathBuf>,

    /// The same for dark ground. [default: the other one]
    #[arg(
        long,
        global = true,
        env = "PREAU_SITE_LOGO_DARK",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "FILE")]
    pub(crate) site_logo_dark: Option<PathBuf>,

    /// The colour of buttons and links, such as #0b4f9e. One that words cannot be read in is moved
    /// until they can. [default: that of roof tiles]
    #[arg(long, global = true, env = "PREAU_SITE_ACCENT", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "COLOUR")]
    pub(crate) site_accent: Option<Text<Colour>>,

    /// The same on dark ground. [default: made of the other one]
    #[arg(
        long,
        global = true,
        env = "PREAU_SITE_ACCENT_DARK",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "COLOUR")]
    pub(crate) site_accent_dark: Option<Text<Colour>>,

    /// The language of the pages until a person chooses another. [default: that of their browser]
    #[arg(
        long,
        global = true,
        env = "PREAU_SITE_LANGUAGE",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "TAG")]
    pub(crate) site_language: Option<Text<LanguageTag>>,

    /// Where people can ask: a mail address, or https://…. [default: none]
    #[arg(
        long,
        global = true,
        env = "PREAU_SITE_CONTACT",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "ADDRESS")]
    pub(crate) site_contact: Option<Text<Contact>>,

    /// Where the source code of this program is, for the link that its licence asks for.
    /// [default: none]
    #[arg(long, global = true, env = "PREAU_SITE_SOURCE", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "URL")]
    pub(crate) site_source: Option<Text<WebAddress>>,

    /// A legal notice in Markdown, named by its language: legal.fr.md. Repeatable. [default: none]
    #[arg(long, global = true, env = "PREAU_SITE_LEGAL", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "FILE", value_delimiter = ',')]
    pub(crate) site_legal: Option<Vec<PathBuf>>,

    /// The privacy page in the same way. [default: one made of this configuration]
    #[arg(
        long,
        global = true,
        env = "PREAU_SITE_PRIVACY",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "FILE", value_delimiter = ',')]
    pub(crate) site_privacy: Option<Vec<PathBuf>>,

    /// Who may open rooms: "open" for everybody, "closed" for "preau link --create" alone.
    /// [default: open]
    #[arg(
        long,
        global = true,
        env = "PREAU_ROOMS_CREATION",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "WHO", hide_possible_values = true)]
    pub(crate) rooms_creation: Option<Creation>,

    /// What guests may do in a new room, such as lobby=true,screen=false.
    /// [default: everything, without a lobby]
    #[arg(long, global = true, env = "PREAU_ROOMS_RULES", hide_env = true, hide_short_help = true)]
    #[arg(value_name = "RULES")]
    pub(crate) rooms_rules: Option<RoomRules>,

    /// The height of cameras' pictures, in pixels: asked for, and passed on at most; 360 is sober.
    /// [default: 720]
    #[arg(
        long,
        global = true,
        env = "PREAU_MEDIA_MAX_HEIGHT",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "PIXELS")]
    pub(crate) media_max_height: Option<u32>,

    /// The pictures per second of cameras: asked for, and passed on at most where there are slower
    /// ones; 15 is sober. [default: 30]
    #[arg(
        long,
        global = true,
        env = "PREAU_MEDIA_MAX_FRAME_RATE",
        hide_env = true,
        hide_short_help = true
    )]
    #[arg(value_name = "RATE")]
    pub(crate) media_max_frame_rate: Option<u32>,
}

impl Layer {
    /// Fills what this layer leaves open from `lower`.
    pub(crate) fn over(self, lower: Layer) -> Layer {
        Layer {
            listen: self.listen.or(lower.listen),
            advertise: self.advertise.or(lower.advertise),
            public_url: self.public_url.or(lower.public_url),
            metrics_listen: self.metrics_listen.or(lower.metrics_listen),
            data: self.data.or(lower.data),
            tls: self.tls.or(lower.tls),
            tls_cert: self.tls_cert.or(lower.tls_cert),
            tls_key: self.tls_key.or(lower.tls_key),
            domains: self.domains.or(lower.domains),
            acme_email: self.acme_email.or(lower.acme_email),
            acme_directory: self.acme_directory.or(lower.acme_directory),
            acme_ca: self.acme_ca.or(lower.acme_ca),
            acme_challenge: self.acme_challenge.or(lower.acme_challenge),
            http_listen: self.http_listen.or(lower.http_listen),
            codecs: self.codecs.or(lower.codecs),
            behind_proxy: self.behind_proxy.or(lower.behind_proxy),
            log: self.log.or(lower.log),
            allowed_origins: self.allowed_origins.or(lower.allowed_origins),
            site_name: self.site_name.or(lower.site_name),
            site_logo: self.site_logo.or(lower.site_logo),
            site_logo_dark: self.site_logo_dark.or(lower.site_logo_dark),
            site_accent: self.site_accent.or(lower.site_accent),
            site_accent_dark: self.site_accent_dark.or(lower.site_accent_dark),
            site_language: self.site_language.or(lower.site_language),
            site_contact: self.site_contact.or(lower.site_contact),
            site_source: self.site_source.or(lower.site_source),
            site_legal: self.site_legal.or(lower.site_legal),
            site_privacy: self.site_privacy.or(lower.site_privacy),
            rooms_creation: self.rooms_creation.or(lower.rooms_creation),
            rooms_rules: self.rooms_rules.or(lower.rooms_rules),
            media_max_height: self.media_max_height.or(lower.media_max_height),
            media_max_frame_rate: self.media_max_frame_rate.or(lower.media_max_frame_rate),
        }
    }

    /// Every key with its value, in alphabetical order; `Null` where this layer is silent.
    ///
    /// # Errors
    ///
    /// A path that is not UTF-8 has no text.
    pub(crate) fn entries(&self) -> Result<Entries, serde_json::Error> {
        serde_json::to_value(self).and_then(serde_json::from_value)
    }

    /// The names of all keys.
    pub(crate) fn keys() -> Vec<String> {
        let entries = Layer::default().entries().unwrap_or_default();
        entries.into_keys().collect()
    }
}

/// Settings by key, as JSON values because these have a `Null`.
pub(crate) type Entries = BTreeMap<String, serde_json::Value>;
