//! The two languages of what commands say to a person.
//!
//! A sentence stands once in the code, in both languages side by side ([`both!`]): one that lacks a
//! language does not compile. Which is printed is decided where it is printed.

use std::ffi::OsString;

use serde::Serialize;

/// A language of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// French.
    #[value(name = "fr")]
    French,
    /// English.
    #[value(name = "en")]
    English,
}

impl Language {
    /// The language of the person at the terminal, as POSIX's variables tell it: the first that is
    /// set of `LC_ALL`, `LC_MESSAGES` and `LANG` (XBD §8.2). English unless it is French.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<OsString>) -> Language {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|locale| !locale.is_empty());
        let is_french = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale == "fr" || locale.starts_with("fr_") || locale.starts_with("fr.")
        });
        if is_french { Language::French } else { Language::English }
    }
}

/// [`Language::of_environment`] of this process.
pub(crate) fn at_the_terminal() -> Language {
    Language::of_environment(|name| std::env::var_os(name))
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bilingual {
    /// French, with its spaces before double punctuation made unbreakable.
    fr: String,
    /// English.
    en: String,
}

impl Bilingual {
    /// [`both!`] is shorter.
    pub(crate) fn new(french: &str, english: String) -> Bilingual {
        Bilingual { fr: typeset(french), en: english }
    }

    /// The text in French.
    pub(crate) fn french(&self) -> &str {
        &self.fr
    }

    /// The text in English.
    pub(crate) fn english(&self) -> &str {
        &self.en
    }

    /// The text in `language`.
    pub(crate) fn text(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }
}

/// A [`Bilingual`] of two format strings, French first; both see the same variables.
macro_rules! both {
    ($french:literal, $english:literal $(,)?) => {
        $crate::language::Bilingual::new(&format!($french), format!($english))
    };
}
pub(crate) use both;

/// French wants no line to end before `:`, `;`, `?`, `!`, `»` or `%`, nor after `«` (Lexique des
/// règles typographiques en usage à l'Imprimerie nationale). A sign inside of a word is no
/// punctuation: `ss -tlpn 'sport = :443'` stays as it is typed.
fn typeset(french: &str) -> String {
    let mut set = String::with_capacity(french.len() + 8);
    let mut rest = french.chars().peekable();
    let mut before = None;
    while let Some(sign) = rest.next() {
        let next = rest.peek().copied();
        let is_unbreakable = sign == ' '
            && (before == Some('«') || next.is_some_and(|next| stands_alone(next, &rest)));
        set.push(if is_unbreakable { '\u{a0}' } else { sign });
        before = Some(sign);
    }
    set
}

/// Whether `sign`, the next of `rest`, is punctuation that ends what stands before it.
fn stands_alone(sign: char, rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let after = rest.clone().nth(1);
    [':', ';', '?', '!', '»', '%'].contains(&sign)
        && after.is_none_or(|after| after.is_whitespace() || ",.)".contains(after))
}

#[cfg(test)]
mod tests {
    use super::{Language, typeset};

    fn spoken(pairs: &[(&str, &str)]) -> Language {
        Language::of_environment(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn the_language_is_that_of_the_terminal() {
        assert_eq!(spoken(&[("LANG", "fr_FR.UTF-8")]), Language::French);
        assert_eq!(spoken(&[("LANG", "fr_CA.UTF-8"), ("LC_ALL", "")]), Language::French);
        assert_eq!(spoken(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(spoken(&[("LANG", "fro")]), Language::English);
        assert_eq!(spoken(&[]), Language::English);
    }

    #[test]
    fn french_punctuation_is_not_torn_off_and_commands_stay_as_typed() {
        assert_eq!(
            typeset("Voici : « 5 % » ; oui !"),
            "Voici\u{a0}: «\u{a0}5\u{a0}%\u{a0}»\u{a0}; oui\u{a0}!"
        );
        assert_eq!(typeset("ss 'sport = :443'"), "ss 'sport = :443'");
    }
}
