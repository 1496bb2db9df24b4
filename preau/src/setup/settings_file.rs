//! Changes single settings in a TOML text and leaves the rest of it, comments and all, as a person
//! wrote it.

use toml::{
    Value,
    de::{DeTable, DeValue, Error},
};

/// `text` with `key` set to `value`: in place where it stands, else in the place of its commented
/// example, else at the end of what stands before the first table, or at the beginning of its own.
/// A text that says the same already stays as it is.
///
/// # Errors
///
/// The text is not TOML.
pub(super) fn set(text: &str, key: &str, value: &Value) -> Result<String, Error> {
    let table: toml::Table = text.parse()?;
    if look_up(&table, key) == Some(value) {
        return Ok(text.to_owned());
    }
    let parsed = DeTable::parse(text)?;
    let old = match key.split_once('.') {
        Some((name, inner)) => match parsed.get_ref().get(name).map(|value| value.get_ref()) {
            Some(DeValue::Table(inside)) => inside.get(inner),
            Some(_) | None => None,
        },
        None => parsed.get_ref().get(key),
    };
    if let Some(old) = old {
        let span = old.span();
        return Ok(format!("{}{value}{}", &text[..span.start], &text[span.end..]));
    }
    let line = format!("{key} = {value}");
    let example = |line: &str| {
        let commented = line.strip_prefix('#').map(str::trim_start);
        commented.and_then(|rest| rest.strip_prefix(key)).is_some_and(is_assignment)
    };
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(at) = lines.iter().position(|line| example(line)) {
        lines[at] = &line;
        return Ok(lines.join("\n") + "\n");
    }
    let is_header = |line: &str| line.trim_start().starts_with('[') && line.contains(']');
    let own = key.split_once('.').and_then(|(name, inner)| {
        let at = lines.iter().position(|line| line.trim() == format!("[{name}]"))?;
        Some((at + 1, format!("{inner} = {value}")))
    });
    let (at, line) = own.unwrap_or_else(|| {
        let first_table = lines.iter().position(|line| is_header(line));
        (first_table.unwrap_or(lines.len()), line)
    });
    lines.insert(at, &line);
    Ok(lines.join("\n") + "\n")
}

/// The value of `key`, or of `table.key`.
pub(super) fn look_up<'t>(table: &'t toml::Table, key: &str) -> Option<&'t Value> {
    match key.split_once('.') {
        Some((name, inner)) => table.get(name)?.get(inner),
        None => table.get(key),
    }
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
    fn tables_keep_what_is_theirs() {
        let tables = format!("{TEXT}\n[site]\n# Ours.\nname = \"A\"\n");
        let logged = set(&tables, "log", &text("debug")).unwrap();
        let named = set(&logged, "site.name", &text("B")).unwrap();
        let spoken = set(&named, "site.language", &text("fr")).unwrap();
        assert_eq!(
            spoken,
            format!("{TEXT}\nlog = \"debug\"\n[site]\nlanguage = \"fr\"\n# Ours.\nname = \"B\"\n")
        );
        let sober = set(&spoken, "media.max_height", &Value::Integer(360)).unwrap();
        let table: toml::Table = sober.parse().unwrap();
        assert_eq!(super::look_up(&table, "media.max_height"), Some(&Value::Integer(360)));
        assert_eq!(super::look_up(&table, "site.name"), Some(&text("B")));
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
