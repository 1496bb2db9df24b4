//! Machines as setup finds them, and what it decides to do.

use std::path::{Path, PathBuf};

use super::{
    CONFIG, CONFIG_ENGLISH, CONFIG_FRENCH, Change, KERNEL_LIMIT, Step, UNIT, Wish, plan, settings,
};
use crate::{
    config::{Layer, Sources, Text, TlsMode},
    language::Language,
    setup::situation::Situation,
};

/// After `apt install ./preau.deb`.
fn packaged() -> Situation {
    Situation {
        program: PathBuf::from("/usr/bin/preau"),
        config: None,
        unit: None,
        sysusers: None,
        sysctl: None,
        is_packaged: true,
        has_user: true,
        buffers: (KERNEL_LIMIT, KERNEL_LIMIT),
        is_enabled: false,
        is_active: false,
        awaits_certificate: false,
        backup_suffix: String::from("bak-2026-03-01-120000"),
    }
}

/// A program alone, somebody's download.
fn bare() -> Situation {
    Situation {
        program: PathBuf::from("/root/preau"),
        is_packaged: false,
        has_user: false,
        buffers: (212_992, 2 * KERNEL_LIMIT),
        ..packaged()
    }
}

fn wish(asked: Layer) -> Wish {
    let default = Layer {
        listen: Some("[::]:443".parse().unwrap()),
        tls: Some(TlsMode::Acme),
        domains: Some(vec![Text("meet.example.org".parse().unwrap())]),
        ..Layer::default()
    };
    let url = "https://meet.example.org".parse().unwrap();
    let asked = Layer { public_url: Some(Text(url)), ..asked };
    Wish { asked, default, language: Language::English }
}

fn written(steps: &[Step]) -> Vec<&Path> {
    changes(steps).map(|change| change.path.as_path()).collect()
}

fn changes(steps: &[Step]) -> impl Iterator<Item = &Change> {
    steps.iter().filter_map(|step| if let Step::Write(change) = step { Some(change) } else { None })
}

#[test]
fn beside_the_package_only_the_settings_are_written() {
    let text = settings(None, &wish(Layer::default())).unwrap();
    let steps = plan(&packaged(), &text);
    assert_eq!(written(&steps), [Path::new(CONFIG)]);
    assert!(matches!(steps[1..], [Step::Enable, Step::Start, Step::FirstRoom]), "{steps:?}");
}

#[test]
fn a_bare_program_brings_user_unit_and_limits() {
    let text = settings(None, &wish(Layer::default())).unwrap();
    let steps = plan(&bare(), &text);
    let names = ["/etc/sysusers.d/preau.conf", "/etc/sysctl.d/90-preau.conf", UNIT];
    assert_eq!(written(&steps)[1..], names.map(Path::new));
    let raised = Step::RaiseKernelLimit { name: "rmem_max", from: 212_992, to: KERNEL_LIMIT };
    assert!(steps.contains(&raised), "{steps:?}");
    let is_lowered = |step: &Step| matches!(step, Step::RaiseKernelLimit { name: "wmem_max", .. });
    assert!(!steps.iter().any(is_lowered), "a limit that is higher stays: {steps:?}");
    let unit = changes(&steps).find(|change| change.path == *UNIT).map(|change| &change.after);
    // The unit hides /root from the service.
    assert!(unit.unwrap().contains("ExecStart=/usr/local/bin/preau --config"), "{unit:?}");
    assert!(steps.contains(&Step::AddUser));
    assert!(steps.contains(&Step::ReloadUnits));
}

#[test]
fn what_is_done_is_not_done_again() {
    let text = settings(None, &wish(Layer::default())).unwrap();
    let done =
        Situation { config: Some(text.clone()), is_enabled: true, is_active: true, ..packaged() };
    let again = settings(Some(&text), &wish(Layer::default())).unwrap();
    assert_eq!(again, text);
    assert_eq!(plan(&done, &again), [Step::FirstRoom]);
}

#[test]
fn a_file_that_a_person_edited_keeps_their_words_and_a_copy() {
    let edited = "# Ours, ask Zoé.\nlisten = \"[::]:8443\"\ncodecs = [\"opus\", \"vp8\"]\n";
    let text = settings(Some(edited), &wish(Layer::default())).unwrap();
    assert!(text.starts_with(edited), "{text}");
    assert!(text.contains("public_url = \"https://meet.example.org\"\n"), "{text}");
    assert!(decides(&text).contains("tls = \"acme\""), "{text}");
    assert!(!text.contains("listen = \"[::]:443\""), "a default does not stand above them: {text}");
    let found = Situation { config: Some(edited.to_owned()), is_active: true, ..packaged() };
    let steps = plan(&found, &text);
    let Step::Write(change) = &steps[0] else { panic!("{steps:?}") };
    assert_eq!(change.before.as_deref(), Some(edited));
    let backup = format!("{CONFIG}.bak-2026-03-01-120000");
    assert_eq!(change.backup.as_deref(), Some(Path::new(&backup)));
    assert!(steps.contains(&Step::Restart), "{steps:?}");
}

#[test]
fn one_certificate_takes_the_place_of_another() {
    let files = Layer {
        tls_cert: Some("/c.pem".into()),
        tls_key: Some("/k.pem".into()),
        ..Layer::default()
    };
    let with_files = settings(None, &wish(files)).unwrap();
    assert!(decides(&with_files).contains("tls_cert = \"/c.pem\""), "{with_files}");
    let proxied = Layer {
        behind_proxy: Some(vec![Text("127.0.0.1/32".parse().unwrap())]),
        ..Layer::default()
    };
    let proxied = settings(Some(&with_files), &wish(proxied)).unwrap();
    assert!(decides(&proxied).contains("tls = \"off\""), "{proxied}");
    let own = Layer { tls: Some(TlsMode::SelfSigned), ..Layer::default() };
    let authority = settings(None, &wish(Layer::default())).unwrap();
    assert!(decides(&authority).contains("domains = [\"meet.example.org\"]"), "{authority}");
    for before in [with_files, authority] {
        let text = settings(Some(&before), &wish(own.clone())).unwrap();
        assert!(decides(&text).contains("tls = \"self-signed\""), "{text}");
    }
}

/// The settings that a text comes to.
fn decides(text: &str) -> String {
    let sources = Sources::of_text(Path::new(CONFIG), text).unwrap();
    sources.show(&std::collections::BTreeSet::new()).unwrap()
}

#[test]
fn the_new_file_speaks_both_languages_about_the_same_settings() {
    let keys = |text: &str| -> Vec<String> {
        let examples = text.lines().filter_map(|line| line.strip_prefix('#'));
        let keys = examples.filter_map(|line| line.split_once(" = "));
        keys.map(|(key, _)| key.to_owned()).collect()
    };
    assert_eq!(keys(CONFIG_ENGLISH), keys(CONFIG_FRENCH));
    assert!(!keys(CONFIG_ENGLISH).is_empty());
}
