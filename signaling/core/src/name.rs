//! What a person may be called.

use protocol::client::NAME_CHARACTERS_MAX;

/// Cuts white space off the ends of a name. `None` if it is then empty, too long, invisible, or
/// would change how the text around it is shown.
pub(crate) fn person_name(text: &str) -> Option<String> {
    let name = text.trim();
    let length_is_fine = name.chars().count() <= NAME_CHARACTERS_MAX;
    let is_printable = !name.chars().any(|c| c.is_control() || is_disruptive(c));
    let is_visible = name.chars().any(|c| !c.is_whitespace() && !is_joiner(c));
    (length_is_fine && is_printable && is_visible).then(|| name.to_owned())
}

/// Line ends and invisible characters that would turn, hide or forge the text around a name
/// (Unicode UAX #9 §2, general categories Zl, Zp and parts of Cf).
fn is_disruptive(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{061C}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0001}'
            | '\u{3164}'
            | '\u{FFA0}'
            | '\u{2800}'
    )
}

/// Joiners belong in names of many scripts and in emoji, but are nothing by themselves.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_names() {
        for name in ["Ana", "Zoë Ó Súilleabháin", "李小龙", "نرگس‌خانم", "👩‍🚀 Ada", "O'Neil-3"]
        {
            assert_eq!(person_name(name).as_deref(), Some(name));
        }
        assert_eq!(person_name("  Ana\t").as_deref(), Some("Ana"));
        let longest = "é".repeat(NAME_CHARACTERS_MAX);
        assert_eq!(person_name(&longest), Some(longest));
    }

    #[test]
    fn what_is_empty_long_or_unprintable_is_no_name() {
        let long = "é".repeat(NAME_CHARACTERS_MAX + 1);
        let bad = [
            "",
            "  ",
            "\u{200D}",
            "a\nb",
            "a\u{0}",
            "\u{202E}anA",
            "a\u{2028}b",
            "\u{200B}",
            &long,
        ];
        for name in bad {
            assert_eq!(person_name(name), None, "{name:?}");
        }
    }
}
