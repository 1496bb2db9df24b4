//! What this site does with personal data, told from how it is set up: the privacy page of whoever
//! wrote none.
//!
//! The texts are `privacy.LANGUAGE.md`. A line that begins with `?FACT ` stands only where the fact
//! holds, and `{FACT}` is its value.

use super::Texts;
use crate::{Origin, ServiceConfig};

const OURS: [(&str, &str); 2] =
    [("en", include_str!("privacy.en.md")), ("fr", include_str!("privacy.fr.md"))];

/// The operator's texts, and ours in languages that they lack. An operator who wrote one text wrote
/// what holds: ours then says nothing beside it.
pub(super) fn with_our_own(config: &ServiceConfig) -> Texts {
    let mut texts = config.site.privacy.clone();
    if texts.is_empty() {
        for (language, template) in OURS {
            texts.or(language, || fill(template, config));
        }
    }
    texts
}

fn fill(template: &str, config: &ServiceConfig) -> String {
    let site = &config.site;
    let embedders: Vec<&str> = config.allowed_origins.iter().map(Origin::as_str).collect();
    let relays = config.turn.other.as_ref().map(|other| other.urls.join(", "));
    let facts = [
        ("name", Some(site.name.clone())),
        ("contact", site.contact.as_deref().map(link)),
        ("addresses", site.logs_addresses.then(String::new)),
        ("no_addresses", (!site.logs_addresses).then(String::new)),
        ("embedders", (!embedders.is_empty()).then(|| embedders.join(", "))),
        ("relays", relays),
        ("recording", config.rules.recording.then(String::new)),
    ];
    let mut text = String::with_capacity(template.len());
    for line in template.lines() {
        let (fact, rest) = match line.strip_prefix('?') {
            Some(conditional) => conditional.split_once(' ').unwrap_or((conditional, "")),
            None => ("name", line),
        };
        if !facts.iter().any(|(name, value)| *name == fact && value.is_some()) {
            continue;
        }
        // In one pass, so that a value with braces in it stays what it is.
        let mut rest = rest;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = facts.iter().find(|(known, _)| *known == name);
            text.push_str(before);
            text.push_str(value.and_then(|(_, value)| value.as_deref()).unwrap_or(""));
            rest = after;
        }
        text.push_str(rest);
        text.push('\n');
    }
    text
}

fn link(contact: &str) -> String {
    format!("[{}]({contact})", contact.strip_prefix("mailto:").unwrap_or(contact))
}
