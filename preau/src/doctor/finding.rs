//! What the doctor says about one thing: how bad it is, one sentence, and the cure.

use serde::Serialize;

use crate::language::{Bilingual, both};

/// How bad it is. The worst one of a report decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Works, but not for everybody, not always, or not as well as it could.
    Warning,
    /// People cannot meet, or soon will not.
    Error,
}

impl Level {
    /// As it stands before a finding.
    pub(super) fn name(self) -> Bilingual {
        match self {
            Level::Ok => both!("bon", "ok"),
            Level::Warning => both!("attention", "warning"),
            Level::Error => both!("erreur", "error"),
        }
    }
}

/// What was looked at, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topic {
    /// The settings themselves.
    Configuration,
    /// The public host name, in the DNS.
    Name,
    /// The certificate for HTTPS.
    Certificate,
    /// The machine's clock.
    Clock,
    /// The port, TCP and UDP.
    Port,
    /// The addresses that browsers are told to send media to.
    Addresses,
    /// Socket buffers.
    Buffers,
    /// How many files and sockets the program may open.
    Files,
    /// Whether the kernel cuts trains of datagrams.
    Offload,
    /// The running program.
    Service,
}

impl Topic {
    /// As it stands before a finding.
    pub(super) fn name(self) -> Bilingual {
        match self {
            Topic::Configuration => both!("réglages", "settings"),
            Topic::Name => both!("nom", "name"),
            Topic::Certificate => both!("certificat", "certificate"),
            Topic::Clock => both!("horloge", "clock"),
            Topic::Port => both!("port", "port"),
            Topic::Addresses => both!("adresses", "addresses"),
            Topic::Buffers => both!("tampons", "buffers"),
            Topic::Files => both!("fichiers", "files"),
            Topic::Offload => both!("envoi", "sending"),
            Topic::Service => both!("service", "service"),
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) topic: Topic,
    /// What was found, for scripts: it does not change with the wording.
    pub(crate) code: &'static str,
    /// How bad it is.
    pub(crate) level: Level,
    /// What is so, or what is wrong.
    pub(crate) text: Bilingual,
    /// How to mend it; absent where nothing is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cure: Option<Bilingual>,
}

impl Topic {
    /// All is well.
    pub(super) fn ok(self, code: &'static str, text: Bilingual) -> Finding {
        Finding { topic: self, code, level: Level::Ok, text, cure: None }
    }

    /// Something could be better.
    pub(super) fn warning(self, code: &'static str, text: Bilingual, cure: Bilingual) -> Finding {
        Finding { topic: self, code, level: Level::Warning, text, cure: Some(cure) }
    }

    /// Something is broken.
    pub(super) fn error(self, code: &'static str, text: Bilingual, cure: Bilingual) -> Finding {
        Finding { topic: self, code, level: Level::Error, text, cure: Some(cure) }
    }
}
