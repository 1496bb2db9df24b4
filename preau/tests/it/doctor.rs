//! `preau doctor` on machines where something real is broken.

use std::{
    net::{TcpListener, UdpSocket},
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use crate::program::{DataFolder, Program, run};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What `preau doctor` says about one topic: level and code of each finding, and the exit code.
fn examined(topic: &str, arguments: &[&str]) -> (Vec<(String, String)>, Value, Option<i32>) {
    let (code, stdout, stderr) = run(&[&["doctor", "--json"], arguments].concat());
    let report: Value = serde_json::from_str(&stdout).expect(&stderr);
    let findings: Vec<Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["topic"] == topic)
        .cloned()
        .collect();
    for finding in &findings {
        for language in ["fr", "en"] {
            assert!(finding["text"][language].as_str().unwrap().ends_with('.'), "{finding}");
        }
    }
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let pairs = findings.iter().map(|finding| (text(finding, "level"), text(finding, "code")));
    (pairs.collect(), Value::Array(findings.clone()), code)
}

fn pair(level: &str, code: &str) -> (String, String) {
    (level.to_owned(), code.to_owned())
}

#[test]
fn a_running_service_is_found_ready_and_reached_on_both_protocols() {
    let data = DataFolder::new();
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let path = data.path();
    let program = Program::start_with(&[
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        &metrics,
        "--data",
        path.to_str().unwrap(),
    ]);
    let listen = format!("127.0.0.1:{}", program.port());
    let arguments =
        ["--listen", &listen, "--metrics-listen", &metrics, "--data", path.to_str().unwrap()];
    assert_eq!(examined("service", &arguments).0, [pair("ok", "ready")]);
    assert_eq!(examined("port", &arguments).0, [pair("ok", "held"), pair("ok", "reached")],);
}

#[test]
fn a_busy_port_is_named_with_the_program_that_holds_it() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = holder.local_addr().unwrap().to_string();
    let data = DataFolder::new();
    let arguments =
        ["--listen", &listen, "--data", data.path().to_str().unwrap()].map(str::to_owned);
    let arguments = arguments.each_ref().map(String::as_str);
    let (found, findings, code) = examined("port", &arguments);
    assert_eq!(found[0], pair("error", "busy"), "{findings}");
    let process = format!("process {}", std::process::id());
    assert!(findings[0]["text"]["en"].as_str().unwrap().contains(&process), "{findings}");
    assert_eq!(code, Some(2));

    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listen = holder.local_addr().unwrap().to_string();
    let (found, findings, _) = examined("port", &["--listen", &listen]);
    assert_eq!(found[0], pair("error", "busy"), "{findings}");
    assert!(findings[0]["text"]["en"].as_str().unwrap().contains("UDP"), "{findings}");
}

#[test]
fn a_name_that_leads_nowhere_is_an_error() {
    // RFC 6761 §6.4: no resolver finds it.
    let url = "https://preau.invalid";
    let (found, findings, code) = examined("name", &["--public-url", url]);
    assert_eq!(found, [pair("error", "unknown")], "{findings}");
    assert!(findings[0]["text"]["fr"].as_str().unwrap().contains("preau.invalid"));
    assert_eq!(code, Some(2));
}

#[test]
fn a_certificate_is_judged_as_browsers_will() {
    let now = SystemTime::now();
    let folder = DataFolder::new();
    let judged = |name: &str, begin: SystemTime, end: SystemTime| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (begin.into(), end.into());
        let chain = folder.file("chain.pem", &params.self_signed(&key).unwrap().pem());
        let key = folder.file("key.pem", &key.serialize_pem());
        with_files(&chain, &key)
    };
    let name = "meet.example.org";
    assert_eq!(judged(name, now - DAY, now + 90 * DAY), [pair("ok", "valid")]);
    assert_eq!(judged(name, now - 90 * DAY, now - DAY), [pair("error", "expired")]);
    // So it looks when this machine's clock is behind by a day.
    assert_eq!(judged(name, now + DAY, now + 90 * DAY), [pair("error", "not_yet")]);
    assert_eq!(judged("example.org", now - DAY, now + DAY), [pair("error", "other_name")]);
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_error() {
    let folder = DataFolder::new();
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let params = CertificateParams::new([String::from("meet.example.org")]).unwrap();
    let chain = folder.file("chain.pem", &params.self_signed(&key).unwrap().pem());
    let key = folder.file("key.pem", &key.serialize_pem());
    let other = folder.file("other.pem", &other.serialize_pem());
    let text = folder.file("text.pem", "nothing of the kind");
    assert_eq!(with_files("/nowhere/chain.pem", &key), [pair("error", "absent")]);
    assert_eq!(with_files(&text, &key), [pair("error", "not_pem")]);
    assert_eq!(with_files(&chain, &text), [pair("error", "not_pem")]);
    assert_eq!(with_files(&chain, &other), [pair("error", "mismatch")]);
    let folder_of_it = std::path::Path::new(&key).parent().unwrap().to_str().unwrap();
    assert_eq!(with_files(&chain, folder_of_it), [pair("error", "unreadable")]);
}

fn with_files(chain: &str, key: &str) -> Vec<(String, String)> {
    let files = ["--tls-cert", chain, "--tls-key", key];
    let url = ["--public-url", "https://meet.example.org"];
    examined("certificate", &[files, ["--listen", "127.0.0.1:0", url[0], url[1]]].concat()).0
}

#[test]
fn a_clock_that_is_a_day_behind_is_told_by_the_store() {
    let folder = DataFolder::new();
    let path = folder.path();
    std::fs::create_dir(&path).unwrap();
    let store = std::fs::File::create(path.join("preau.sqlite")).unwrap();
    store.set_modified(SystemTime::now() + DAY).unwrap();
    let (found, findings, code) = examined("clock", &["--data", path.to_str().unwrap()]);
    assert_eq!(found, [pair("error", "behind")]);
    assert!(findings[0]["text"]["en"].as_str().unwrap().contains("preau.sqlite"), "{findings}");
    assert_eq!(code, Some(2));
}

#[test]
fn settings_that_cannot_be_used_are_a_finding() {
    let folder = DataFolder::new();
    let file = folder.file("preau.toml", "listn = \"[::]:443\"\n");
    let (found, findings, code) = examined("configuration", &["--config", &file]);
    assert_eq!(found, [pair("error", "unusable")]);
    assert!(findings[0]["text"]["fr"].as_str().unwrap().contains("`listen`"), "{findings}");
    assert_eq!(code, Some(2));
}

#[test]
fn the_report_is_in_the_language_that_is_asked_for() {
    let said = |language: &str| run(&["doctor", "--listen", "127.0.0.1:0", "--lang", language]).1;
    assert!(said("fr").contains("Ce qui ne se voit pas d’ici\u{a0}:"));
    assert!(said("en").contains("What cannot be seen from here:"));
}
