//! A text in several languages, in the few signs of Markdown that pages know.

use std::collections::BTreeMap;

/// A text by language (BCP 47, lower case).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, String>);

/// Why a text cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadText {
    /// The name does not say in which language it is.
    #[error("its name must end in its language, such as legal.fr.md or legal.en.md")]
    Language,
    /// Two for one language.
    #[error("there is another text in the language {0}")]
    Twice(String),
    /// Nobody reads so much.
    #[error("it has more than {} kB", Texts::BYTES_MAX / 1000)]
    TooLong,
    /// Not UTF-8.
    #[error("it is not UTF-8 text")]
    Encoding,
}

impl Texts {
    /// The longest text.
    pub const BYTES_MAX: usize = 100_000;

    /// Adds the content of a file, whose name tells the language: `NAME.LANGUAGE.md` or `.txt`.
    ///
    /// # Errors
    /// [`BadText`] says what to change.
    pub fn add(&mut self, file_name: &str, bytes: Vec<u8>) -> Result<(), BadText> {
        if bytes.len() > Texts::BYTES_MAX {
            return Err(BadText::TooLong);
        }
        let language = language_of(file_name).ok_or(BadText::Language)?;
        let text = String::from_utf8(bytes).map_err(|_| BadText::Encoding)?;
        match self.0.insert(language.clone(), text) {
            Some(_) => Err(BadText::Twice(language)),
            None => Ok(()),
        }
    }

    /// Adds a text where there is none in its language.
    pub(super) fn or(&mut self, language: &str, text: impl FnOnce() -> String) {
        self.0.entry(language.to_owned()).or_insert_with(text);
    }

    /// Languages and texts, in the order of the tags.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `legal.fr.md` is in French.
fn language_of(file_name: &str) -> Option<String> {
    let (stem, _) = file_name.rsplit_once('.')?;
    let (_, language) = stem.rsplit_once('.')?;
    is_language(language).then(|| language.to_ascii_lowercase())
}

/// Whether a text has the shape of a BCP 47 tag: a language of two or three letters, and short
/// subtags.
#[must_use]
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or("");
    let is_first = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let is_part = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    is_first && parts.all(is_part)
}
