//! Every language says everything: the files of a `locales` folder hold the same keys.
//!
//! TypeScript sees a missing key as well; this rule also sees an empty text, and keeps its word if
//! the types are ever loosened.

use std::collections::BTreeMap;

use super::{Finding, tree::Tree};

/// The languages that are complete, always.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// French and English have the same keys, and no text is empty.
pub(super) fn complete(tree: &Tree) -> Vec<Finding> {
    let Some(english) =
        tree.with_endings(&["ts"]).find(|file| file.path.ends_with("/locales/en.ts"))
    else {
        return vec![Finding::new("web-client/src", 0, "there is no locales/en.ts")];
    };
    let folder = english.path.trim_end_matches("en.ts");
    let mut findings = Vec::new();
    let keys = texts(&english.text);
    if keys.is_empty() {
        findings.push(Finding::new(&english.path, 0, "no text was found in it"));
    }
    for language in LANGUAGES {
        let path = format!("{folder}{language}.ts");
        let Some(file) = tree.file(&path) else {
            findings.push(Finding::new(&path, 0, "this language is missing"));
            continue;
        };
        let own = texts(&file.text);
        for key in keys.keys().filter(|key| !own.contains_key(*key)) {
            findings.push(Finding::new(&path, 0, format!("`{key}` is missing")));
        }
        for key in own.keys().filter(|key| !keys.contains_key(*key)) {
            findings.push(Finding::new(&path, 0, format!("`{key}` is not in English")));
        }
        for (key, text) in own.iter().filter(|(_, text)| text.words.trim().is_empty()) {
            findings.push(Finding::new(&path, text.line, format!("`{key}` is empty")));
        }
    }
    findings
}

/// A text and the line on which it stands.
#[derive(Debug, PartialEq, Eq)]
struct Text {
    line: usize,
    words: String,
}

/// The texts of a module by key, nested keys joined by dots.
///
/// Understands what a locale file is made of: keys, strings, functions, nested objects, comments. A
/// function counts as its first string. Plural forms count as one text, because languages differ in
/// them.
fn texts(module: &str) -> BTreeMap<String, Text> {
    let mut found = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    let mut parentheses = 0_usize;
    let mut key: Option<String> = None;
    let mut word = None;
    for (line, token) in (Tokens { rest: module, line: 1 }) {
        match token {
            // Outside of every object a colon begins a type, and behind a key one of a parameter.
            Token::Mark(':') if !path.is_empty() && key.is_none() => key = word.take(),
            Token::String(words) if key.is_some() => {
                let names = path.iter().chain(&key).map(String::as_str);
                let shown = names.filter(|name| !name.is_empty() && !PLURAL_FORMS.contains(name));
                let full = shown.collect::<Vec<_>>().join(".");
                found.entry(full).or_insert(Text { line, words });
                (key, word) = (None, None);
            }
            Token::String(text) | Token::Word(text) => word = Some(text),
            Token::Mark('{') => path.push(key.take().unwrap_or_default()),
            Token::Mark('}') => {
                path.pop();
                key = None;
            }
            Token::Mark('(') => parentheses += 1,
            Token::Mark(')') => parentheses = parentheses.saturating_sub(1),
            Token::Mark(',') if parentheses == 0 => (key, word) = (None, None),
            Token::Mark(_) => {}
        }
    }
    found
}

/// CLDR's names, which `Intl.PluralRules` answers with.
const PLURAL_FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// A piece of a module that matters here.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A literal in any of the three quotes, as written between them.
    String(String),
    /// A name or a number.
    Word(String),
    /// Any other sign.
    Mark(char),
}

/// The pieces of a module with their lines, without blanks and comments.
struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

impl Iterator for Tokens<'_> {
    type Item = (usize, Token);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = self.rest.chars().next()?;
            if first.is_whitespace() {
                self.take(first.len_utf8());
            } else if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.take(self.rest.find("*/").map_or(self.rest.len(), |at| at + 2));
            } else {
                break;
            }
        }
        let line = self.line;
        let first = self.rest.chars().next()?;
        let token = if matches!(first, '"' | '\'' | '`') {
            let length = literal_length(self.rest, first);
            let literal = self.take(length);
            let inside = literal.trim_start_matches(first).trim_end_matches(first);
            Token::String(inside.to_owned())
        } else if is_of_word(first) {
            let length = self.rest.find(|c| !is_of_word(c)).unwrap_or(self.rest.len());
            Token::Word(self.take(length).to_owned())
        } else {
            self.take(first.len_utf8());
            Token::Mark(first)
        };
        Some((line, token))
    }
}

impl<'a> Tokens<'a> {
    /// Moves on by `length` bytes and answers with them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The bytes of the literal at the start of `text`, with both quotes.
fn literal_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}
