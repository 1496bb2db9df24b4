//! A report of findings: as text for a person, as JSON for a script.

use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Finding, Level};
use crate::language::{Bilingual, Language, both};

/// All findings, and what cannot be found out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The program's version.
    pub(super) version: &'static str,
    /// The worst level among the findings.
    pub(super) worst: Level,
    /// In the order of [`super::finding::Topic`].
    pub(super) findings: Vec<Finding>,
    /// What cannot be seen from inside.
    pub(super) unseen: Bilingual,
}

/// Columns of the text, as of a terminal.
const COLUMNS: usize = 96;

impl Report {
    /// Makes a report of `findings` about `port` of `place`, an address to open.
    pub(super) fn new(findings: Vec<Finding>, place: &str, port: u16) -> Report {
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        let unseen = both!(
            "Ce qui ne se voit pas d’ici : si le pare-feu du fournisseur, du routeur ou de l’école \
             laisse entrer le port {port}, en TCP et en UDP. Pour le savoir, ouvrez {place} avec \
             un téléphone sans Wi-Fi et entrez à deux dans une salle.",
            "What cannot be seen from here: whether the firewall of the provider, the router or \
             the school lets port {port} in, on TCP and on UDP. To know it, open {place} with a \
             phone off Wi-Fi and enter a room, two of you.",
        );
        Report { version: env!("CARGO_PKG_VERSION"), worst, findings, unseen }
    }

    /// As 0, 1 or 2: all is well, something could be better, something is broken.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.worst {
            Level::Ok => 0,
            Level::Warning => 1,
            Level::Error => 2,
        }
    }

    /// The worst level among the findings.
    pub(crate) fn worst(&self) -> Level {
        self.worst
    }

    /// For a person.
    pub(crate) fn text(&self, language: Language) -> String {
        let mut text = self.list(language);
        text.push('\n');
        wrapped(&mut text, "", self.unseen.text(language));
        text.push('\n');
        wrapped(&mut text, "", self.summary().text(language));
        text
    }

    /// The findings alone.
    pub(crate) fn list(&self, language: Language) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let level = finding.level.name();
            let topic = finding.topic.name();
            let head = format!("{:<10} {:<12} ", level.text(language), topic.text(language));
            wrapped(&mut text, &head, finding.text.text(language));
            if let Some(cure) = &finding.cure {
                wrapped(&mut text, &format!("{:<23} → ", ""), cure.text(language));
            }
        }
        text
    }

    /// For a script, with every text in both languages.
    ///
    /// # Errors
    ///
    /// None that is known: all of it has a form in JSON.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    fn summary(&self) -> Bilingual {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        if errors + warnings == 0 {
            return both!("Tout est bon.", "All is well.");
        }
        let plural = |count, word: &str, is_many: bool| {
            let s = if is_many { "s" } else { "" };
            format!("{count} {word}{s}")
        };
        // Nothing is singular in French and plural in English.
        let fr =
            (plural(errors, "erreur", errors > 1), plural(warnings, "avertissement", warnings > 1));
        let en = (plural(errors, "error", errors != 1), plural(warnings, "warning", warnings != 1));
        Bilingual::new(&format!("{}, {}.", fr.0, fr.1), format!("{}, {}.", en.0, en.1))
    }
}

/// Writes `text` behind `head`, its further lines below its first word, none longer than
/// [`COLUMNS`] unless a single word is. Words end at plain spaces alone.
fn wrapped(out: &mut String, head: &str, text: &str) {
    let indent = head.chars().count();
    out.push_str(head);
    let mut column = indent;
    for (index, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 {
            if column + 1 + width > COLUMNS {
                write!(out, "\n{:indent$}", "").ok();
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}
