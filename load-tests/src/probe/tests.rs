use super::*;

/// The examples of `docs/probe.md`: each fenced block of `jsonl` is a run of its own, lines in as
/// they are and lines out behind `→ `.
const GUIDE: &str = include_str!("../../../docs/probe.md");

const GUIDE_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/probe.md");

/// What the guide would say if its examples were run anew.
fn guide_retold() -> String {
    let mut parts = GUIDE.split("```jsonl\n");
    let mut guide = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (example, rest) = part.split_once("```").unwrap_or((part, ""));
        let mut probe = Probe::default();
        guide.push_str("```jsonl\n");
        for line in example.lines().filter(|line| !line.starts_with("→ ")) {
            guide.push_str(&format!("{line}\n"));
            for said in probe.handle_line(line.as_bytes()) {
                guide.push_str(&format!("→ {said}\n"));
            }
        }
        guide.push_str(&format!("```{rest}"));
    }
    guide
}

/// With `PREAU_WRITE_GUIDE=1` the guide is written anew; the difference is for a person to read.
#[test]
fn the_guides_examples_say_what_the_probe_says() {
    if std::env::var_os("PREAU_WRITE_GUIDE").is_some() {
        std::fs::write(GUIDE_FILE, guide_retold()).expect("the guide can be written");
    } else {
        assert_eq!(guide_retold(), GUIDE, "PREAU_WRITE_GUIDE=1 writes what the probe says");
    }
}

/// A run is another one with every change to the engine, so its example is of no exact words.
#[test]
fn the_guides_example_of_a_run_has_the_fields_of_a_run() {
    let (_, block) = GUIDE.split_once("```json\n").expect("the example of a run");
    let (block, _) = block.split_once("```").expect("it ends");
    let (line, told) = block.split_once('\n').expect("what comes out");
    let said = Probe::default().handle_line(line.as_bytes());
    let fields = |line: &str| -> Vec<String> {
        let line: Value = serde_json::from_str(line).expect("an object");
        line.as_object().expect("an object").keys().cloned().collect()
    };
    let told: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("→ ")).collect();
    assert_eq!(said.len(), told.len());
    for (said, told) in said.iter().zip(told) {
        assert_eq!(fields(said), fields(told));
    }
}

#[test]
fn every_op_has_an_example_in_the_guide_and_in_the_help() {
    for op in OPS {
        assert!(GUIDE.contains(&format!("\n## `{}`", op.name)), "{}", op.name);
        let needle = format!("\"op\":\"{}\"", op.name);
        assert!(GUIDE.contains(&format!("{{\"t\":0,{needle}")), "{}", op.name);
        assert!(help().contains(op.example) && op.example.contains(&needle));
        let said = Probe::default().handle_line(op.example.as_bytes());
        assert!(!said.iter().any(|line| line.contains("\"error\"")), "{said:?}");
    }
}

#[test]
fn a_wrong_line_is_named_and_the_run_goes_on() {
    let wrong = [
        ("{", "EOF"),
        ("[]", "not an object"),
        (r#"{"op":"seq","skip":1}"#, "`t` is missing"),
        (r#"{"t":-1,"op":"seq","skip":1}"#, "`t` is not"),
        (r#"{"t":"0","op":"seq","skip":1}"#, "`t` is not"),
        (r#"{"t":0}"#, "`op` is missing"),
        (r#"{"t":0,"op":7}"#, "`op` is not a string"),
        (r#"{"t":0,"op":"sing"}"#, "unknown op `sing`"),
        (r#"{"t":0,"op":"seq","skp":1}"#, "unknown variant `skp`"),
        (r#"{"t":0,"op":"seq","skip":70000}"#, "70000"),
        (r#"{"t":0,"op":"seq"}"#, "expected"),
        (r#"{"t":0,"op":"parse","rtp":"0g"}"#, "hexadecimal"),
        (r#"{"t":0,"op":"parse","rtp":"012"}"#, "hexadecimal"),
        ("{\"t\":0,\"op\":\"\u{fffd}\"}", "unknown op"),
    ];
    let mut probe = Probe::default();
    for (line, reason) in wrong {
        let said = probe.handle_line(line.as_bytes());
        assert_eq!(said.len(), 1, "{line}");
        assert!(said[0].contains("\"ev\":\"error\"") && said[0].contains(reason), "{}", said[0]);
    }
    let invalid = probe.handle_line(b"{\"t\":0,\xFF}");
    assert!(invalid[0].contains("\"ev\":\"error\""), "{}", invalid[0]);
    let good = probe.handle_line(br#"{"t":0,"op":"seq","forward":5}"#);
    assert_eq!(good, [r#"{"t":0,"ev":"seq","in":5,"order":"newest","out":0}"#]);
}

#[test]
fn time_never_goes_back() {
    let mut probe = Probe::default();
    probe.handle_line(br#"{"t":20.5,"op":"seq","skip":1}"#);
    let said = probe.handle_line(br#"{"t":20,"op":"seq","skip":2}"#);
    assert!(said[0].contains("before the line above"), "{}", said[0]);
    assert!(said[0].starts_with("{\"t\":20.5,"), "{}", said[0]);
}

#[test]
fn machines_of_other_ids_go_on_by_themselves() {
    let mut probe = Probe::default();
    probe.handle_line(br#"{"t":0,"op":"seq","id":"a","forward":5}"#);
    let said = probe.handle_line(br#"{"t":0,"op":"seq","id":"b","forward":900}"#);
    assert_eq!(said, [r#"{"t":0,"ev":"seq","id":"b","in":900,"order":"newest","out":0}"#]);
    for n in 2..INSTANCES_MAX {
        probe.handle_line(format!(r#"{{"t":0,"op":"seq","id":"{n}","forward":5}}"#).as_bytes());
    }
    let said = probe.handle_line(br#"{"t":0,"op":"seq","id":"one more","forward":5}"#);
    assert!(said[0].contains("more than 64 ids"), "{}", said[0]);
}
