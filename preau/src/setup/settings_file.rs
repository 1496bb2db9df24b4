//! Changes single settings in a TOML text and leaves the rest of it, comments and all, as a person
//! wrote it.

use toml::{
    Value,
    de::{DeTable, Error},
};

/// `text` with `key` set to `value`: in place where it stands, else in the place of its commented
/// example, else at the end. A text that says the same already stays as it is.
///
/// # Errors
///
/// The text is not TOML.
pub(super) fn set(text: &str, key: &str, value: &Value) -> Result<String, Error> {
    let table: toml::Table = text.parse()?;
    if table.get(key) == Some(value) {
        return Ok(text.to_owned());
    }
    let parsed = DeTable::parse(text)?;
    if let Some(old) = parsed.get_ref().get(key) {
        let span = old.span();
        return Ok(format!("{}{value}{}", &text[..span.start], &text[span.end..]));
    }
    let line = format!("{key} = {value}");
    let example = |line: &str| {
        let commented = line.strip_prefix('#').map(str::trim_start);
        commented.and_then(|rest| rest.strip_prefix(key)).is_some_and(is_assignment)
    };
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(|line| example(line)) {
        Some(at) => lines[at] = &line,
        None => lines.push(&line),
    }
    Ok(lines.join("\n") + "\n")
}

/// `text` without `key`: its lines become comments.
///
/// # Errors
///
/// The text is not TOML.
pub(super) fn unset(text: &str, key: &str) -> Result<String, Error> {
    let parsed = DeTable::parse(text)?;
    let Some((name, value)) = parsed.get_ref().get_key_value(key) else {
        return Ok(text.to_owned());
    };
    let start = text[..name.span().start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[value.span().end..].find('\n').map_or(text.len(), |at| value.span().end + at);
    let commented = text[start..end].replace('\n', "\n#");
    Ok(format!("{}#{commented}{}", &text[..start], &text[end..]))
}

fn is_assignment(rest: &str) -> bool {
    rest.trim_start().starts_with('=')
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::{set, unset};

    const TEXT: &str = "\
# Mine.
listen = \"[::]:8443\" # not 443: nginx
#advertise = [\"203.0.113.7\"]
codecs = [
  \"opus\", # sound
  \"vp8\",
]
";

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    #[test]
    fn a_value_changes_and_what_stands_around_it_stays() {
        let changed = set(TEXT, "listen", &text("[::]:443")).unwrap();
        assert_eq!(changed, TEXT.replace("[::]:8443", "[::]:443"));
        let codecs = Value::Array(vec![text("opus"), text("vp8")]);
        assert_eq!(set(TEXT, "codecs", &codecs).unwrap(), TEXT, "it says so already");
        let fewer = set(TEXT, "codecs", &Value::Array(vec![text("opus")])).unwrap();
        assert!(fewer.ends_with("codecs = [\"opus\"]\n"), "{fewer}");
    }

    #[test]
    fn a_new_key_takes_the_place_of_its_example_or_the_end() {
        let named = set(TEXT, "advertise", &Value::Array(vec![text("192.0.2.1")])).unwrap();
        assert_eq!(
            named,
            TEXT.replace("#advertise = [\"203.0.113.7\"]", "advertise = [\"192.0.2.1\"]")
        );
        let logged = set(TEXT, "log", &text("debug")).unwrap();
        assert_eq!(logged, format!("{TEXT}log = \"debug\"\n"));
        assert_eq!(set("", "log", &text("debug")).unwrap(), "log = \"debug\"\n");
    }

    #[test]
    fn a_key_that_goes_becomes_a_comment() {
        let without = unset(TEXT, "codecs").unwrap();
        assert!(
            without.ends_with("#codecs = [\n#  \"opus\", # sound\n#  \"vp8\",\n#]\n"),
            "{without}"
        );
        assert_eq!(unset(TEXT, "tls").unwrap(), TEXT);
        assert!(without.parse::<toml::Table>().unwrap().len() == 1);
    }

    #[test]
    fn a_text_that_is_no_toml_is_refused() {
        assert!(set("listen = [", "log", &text("x")).is_err());
        assert!(unset("listen = [", "log").is_err());
    }
}
