//! Four layers of configuration, and what is said about mistakes in them.

use crate::program::{DataFolder, preau, run};

#[test]
fn flags_stand_above_environment_above_file_above_defaults() {
    let folder = DataFolder::new();
    let file = folder.file(
        "preau.toml",
        "listen = \"127.0.0.1:1111\"\n\
         public_url = \"https://meet.example.org\"\n\
         log = \"warn\"\n\
         behind_proxy = [\"10.0.0.0/8\", \"fd00::/8\"]\n",
    );
    let output = preau(&["config", "show", "--config", &file, "--listen", "[::1]:3333"])
        .env("PREAU_LISTEN", "127.0.0.1:2222")
        .env("PREAU_LOG", "debug")
        .env("PREAU_ADVERTISE", "203.0.113.7,meet.example.org")
        .env("PREAU_CODECS", "opus,RED,vp8,av1")
        .env("PREAU_DATA", "/srv/preau")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let (rules, shown): (Vec<_>, Vec<_>) =
        shown.lines().partition(|line| line.starts_with("rooms.rules = "));
    assert!(rules.len() == 1 && rules[0].ends_with("  # default"), "{rules:?}");
    insta::assert_snapshot!(shown.join("\n"), @r#"
    # acme_ca is not set
    acme_challenge = "tls-alpn-01"  # default
    acme_directory = "https://acme-v02.api.letsencrypt.org/directory"  # default
    # acme_email is not set
    advertise = ["203.0.113.7", "meet.example.org"]  # environment
    allowed_origins = []  # default
    behind_proxy = ["10.0.0.0/8", "fd00::/8"]  # file
    codecs = ["opus", "red", "vp8", "av1"]  # environment
    data = "/srv/preau"  # environment
    domains = []  # default
    http_listen = "off"  # default
    listen = "[::1]:3333"  # flag
    log = "debug"  # environment
    media.max_frame_rate = 30  # default
    media.max_height = 720  # default
    metrics_listen = "127.0.0.1:9600"  # default
    public_url = "https://meet.example.org"  # file
    rooms.creation = "open"  # default
    # site.accent is not set
    # site.accent_dark is not set
    # site.contact is not set
    # site.language is not set
    site.legal = []  # default
    # site.logo is not set
    # site.logo_dark is not set
    site.name = "Préau"  # default
    site.privacy = []  # default
    # site.source is not set
    tls = "off"  # default
    # tls_cert is not set
    # tls_key is not set
    "#);
}

#[test]
fn what_an_authority_needs_is_shown_as_it_takes_effect() {
    let (code, shown, stderr) = run(&[
        "config",
        "show",
        "--data",
        "/srv/preau",
        "--listen",
        "[::]:443",
        "--tls",
        "acme",
        "--domains",
        "meet.example.org,call.example.org",
        "--acme-challenge",
        "http-01",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    for line in [
        "acme_challenge = \"http-01\"  # flag",
        "acme_directory = \"https://acme-v02.api.letsencrypt.org/directory\"  # default",
        "domains = [\"meet.example.org\", \"call.example.org\"]  # flag",
        "http_listen = \"[::]:80\"  # default",
        "public_url = \"https://meet.example.org\"  # default",
        "tls = \"acme\"  # flag",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
}

#[test]
fn shown_configuration_is_a_configuration() {
    let folder = DataFolder::new();
    let data = folder.path();
    let shown = run(&["config", "show", "--data", data.to_str().unwrap()]).1;
    let file = folder.file("shown.toml", &shown);
    let (code, again, stderr) = run(&["config", "show", "--config", &file]);
    assert_eq!(code, Some(0), "{stderr}");
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(&again), values(&shown));
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let folder = DataFolder::new();
    let file = folder.file("preau.toml", "log = \"info\"\nmetrics-listen = \"off\"\n");
    let (code, _, stderr) = run(&["config", "show", "--config", &file]);
    assert_eq!(code, Some(2));
    assert_eq!(
        stderr,
        format!(
            "error: {file}: unknown setting `metrics-listen`; did you mean `metrics_listen`?\n"
        )
    );
}

#[test]
fn a_bad_value_names_its_key() {
    let folder = DataFolder::new();
    for (text, key) in [
        ("listen = 8080", "listen"),
        ("behind_proxy = [\"10.0.0.0/99\"]", "behind_proxy"),
        ("public_url = \"meet.example.org\"", "public_url"),
        ("tls = \"on\"", "tls"),
        ("tls = \"acme\"", "domains"),
        ("tls = \"acme\"\ndomains = [\"*.example.org\"]", "domains"),
        ("domains = [\"meet.example.org\"]", "domains"),
        ("acme_directory = \"http://ca.example.org/\"", "acme_directory"),
        ("acme_challenge = \"dns-01\"", "acme_challenge"),
        ("http_listen = \"[::]:80\"", "http_listen"),
        ("codecs = [\"opus\", \"vp8\", \"h265\"]", "codecs"),
        ("codecs = [\"opus\", \"vp9\"]", "codecs"),
        ("log = \"=,=\"", "log"),
        ("[site]\nname = \"\"", "site.name"),
        ("[site]\nlabel = \"x\"", "site.label"),
        ("[site]\naccent = \"red\"", "site.accent"),
        ("[site]\ncontact = \"javascript:alert(1)\"", "site.contact"),
        ("[site]\nsource = \"https://\"", "site.source"),
        ("[rooms.rules]\nlobbby = true", "rooms.rules"),
        ("[rooms]\ncreation = \"some\"", "rooms.creation"),
        ("[media]\nmax_height = 4320", "media.max_height"),
    ] {
        let file = folder.file("preau.toml", text);
        let (code, _, stderr) = run(&["config", "show", "--config", &file]);
        assert_eq!(code, Some(2), "{text}");
        assert!(stderr.contains(&format!("`{key}`")), "{text}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{text}: {stderr}");
    }
}

#[test]
fn broken_toml_names_its_line() {
    let folder = DataFolder::new();
    let file = folder.file("preau.toml", "log = \"info\"\n\nlisten = [");
    let (code, _, stderr) = run(&["config", "show", "--config", &file]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("line 3"), "{stderr}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let (code, _, stderr) = run(&["--config", "/nowhere/preau.toml"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("/nowhere/preau.toml"), "{stderr}");
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    assert_eq!(run(&["--listn", "x"]).0, Some(2));
}

#[test]
fn help_fits_a_terminal() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    insta::assert_snapshot!(run(&["-h"]).1);
}

#[test]
fn the_shipped_configuration_is_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/preau.toml");
    let shipped = std::fs::read_to_string(file).unwrap();
    // Its examples stand behind `#`, without a space; one certificate is one too many with another.
    let with_examples = |without: &[&str]| -> String {
        shipped
            .lines()
            .filter(|line| !without.iter().any(|key| line.starts_with(key)))
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)
            })
            .flat_map(|line| [line, "\n"])
            .collect()
    };
    let (files, acme) = (["#tls_cert", "#tls_key"], ["#tls =", "#domains", "#acme_email"]);
    let folder = DataFolder::new();
    for text in [shipped.clone(), with_examples(&files), with_examples(&acme)] {
        let file = folder.file("preau.toml", &text);
        let (code, _, stderr) = run(&["config", "show", "--config", &file, "--data", "/srv"]);
        assert_eq!(code, Some(0), "{stderr}");
    }
}

#[test]
fn look_and_rules_stand_in_tables_of_their_own() {
    let folder = DataFolder::new();
    let text = "[site]\nname = \"Collège\"\naccent = \"#0B4F9E\"\n[rooms]\ncreation = \"closed\"\n\
                [rooms.rules]\nlobby = true\n[media]\nmax_height = 360\n";
    let file = folder.file("preau.toml", text);
    let output = preau(&["config", "show", "--config", &file, "--data", "/srv"])
        .env("PREAU_SITE_LANGUAGE", "fr")
        .env("PREAU_ALLOWED_ORIGINS", "https://a.example,https://b.example")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    for line in [
        "site.name = \"Collège\"  # file",
        "site.accent = \"#0b4f9e\"  # file",
        "site.language = \"fr\"  # environment",
        "rooms.creation = \"closed\"  # file",
        "media.max_height = 360  # file",
        "media.max_frame_rate = 30  # default",
        "allowed_origins = [\"https://a.example\", \"https://b.example\"]  # environment",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(shown.contains("lobby = true") && shown.contains("chat = true"), "{shown}");
    let (_, again, stderr) =
        run(&["config", "show", "--config", &folder.file("shown.toml", &shown)]);
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(&again), values(&shown), "{stderr}");
}

#[test]
fn a_file_of_the_look_that_is_wrong_is_named() {
    let folder = DataFolder::new();
    let data = folder.path().join("data");
    let gif = folder.file("logo.svg", "GIF89a");
    let text = folder.file("legal.md", "Texte");
    for (flag, file, says) in [
        ("--site-logo", gif.as_str(), "neither SVG nor PNG nor WebP"),
        ("--site-logo", "/nowhere/logo.svg", "cannot read"),
        ("--site-legal", text.as_str(), "legal.fr.md"),
    ] {
        let data = data.to_str().unwrap();
        let listen = ["--listen", "127.0.0.1:0", "--metrics-listen", "off"];
        let arguments = [&["--data", data, flag, file][..], &listen].concat();
        let (code, _, stderr) = run(&arguments);
        assert_eq!(code, Some(1), "{stderr}");
        let key = flag.trim_start_matches("--").replacen('-', ".", 1);
        for part in [format!("`{key}`").as_str(), file, says] {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    }
}
