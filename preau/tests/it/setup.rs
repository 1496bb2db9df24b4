//! `preau setup` as a rehearsal: what a person sees before anything is done.

use crate::program::{preau, run};

/// Loopback is an error here, because people come by a public name; the plan is made all the same.
const HERE: [&str; 4] = ["setup", "localhost", "--dry-run", "--lang"];

#[test]
fn the_rehearsal_tells_every_step_and_changes_nothing() {
    let settings = || std::fs::read("/etc/preau/preau.toml").ok();
    let before = settings();
    let (code, said, stderr) = run(&[&HERE[..], &["en", "--listen", "127.0.0.1:8443"]].concat());
    assert!(matches!(code, Some(0 | 2)), "{said}{stderr}");
    assert!(said.contains("1. "), "{said}");
    assert!(said.contains("/etc/preau/preau.toml"), "{said}");
    assert!(said.contains("     + public_url = \"https://localhost:8443\""), "{said}");
    assert!(said.ends_with("\nNothing was changed.\n"), "{said}");
    assert_eq!(settings(), before);
}

#[test]
fn the_rehearsal_speaks_french() {
    let (_, said, _) = run(&[&HERE[..], &["fr", "--listen", "127.0.0.1:8443"]].concat());
    assert!(said.contains("Voici ce qui serait fait\u{a0}:"), "{said}");
    assert!(said.contains("# Les réglages de Préau"), "{said}");
}

#[test]
fn behind_a_proxy_the_port_is_not_the_proxy_s() {
    let proxy = ["en", "--behind-proxy", "127.0.0.1/32"];
    let (_, said, _) = run(&[&HERE[..], &proxy].concat());
    assert!(said.contains("     + listen = \"[::]:8080\""), "{said}");
    assert!(said.contains("     + public_url = \"https://localhost\""), "{said}");
    assert!(!said.contains("+ tls = "), "{said}");
}

#[test]
fn without_systemd_or_root_nothing_is_begun() {
    let output = preau(&["setup", "preau.invalid"])
        .env_remove("LC_ALL")
        .env("LANG", "fr_FR.UTF-8")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    // A test machine that is root and runs systemd would be set up by this test: it stops at the
    // name, which leads nowhere.
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("erreur\u{a0}: "), "{stderr}");
}

#[test]
fn a_domain_that_is_none_is_refused() {
    let (code, _, stderr) = run(&["setup", "https://meet.example.org"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("host name"), "{stderr}");
    let (code, _, stderr) = run(&[&HERE[..], &["en", "--listen", "127.0.0.1:0"]].concat());
    assert_eq!(
        (code, stderr.as_str()),
        (Some(1), "error: `listen` must name a port, as in [::]:443\n")
    );
}
