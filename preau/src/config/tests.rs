use std::{ffi::OsString, path::PathBuf};

use super::{Layer, Tls, TlsMode, decide_tls, default_data_folder, nearest, unknown_variables};

fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
    move |name| {
        let found = pairs.iter().find(|(key, _)| *key == name)?;
        Some(OsString::from(found.1))
    }
}

#[test]
fn data_go_where_systemd_or_the_user_keeps_them() {
    let folder = |pairs| default_data_folder(environment(pairs));
    assert_eq!(
        folder(&[("STATE_DIRECTORY", "/var/lib/preau:/var/lib/b"), ("HOME", "/h")]),
        Some(PathBuf::from("/var/lib/preau"))
    );
    assert_eq!(folder(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")]), Some(PathBuf::from("/x/preau")));
    assert_eq!(
        folder(&[("XDG_DATA_HOME", ""), ("HOME", "/h")]),
        Some(PathBuf::from("/h/.local/share/preau"))
    );
    assert_eq!(folder(&[]), None);
}

#[test]
fn upper_layer_wins_key_by_key() {
    let upper = Layer { log: Some("debug".into()), ..Layer::default() };
    let lower = Layer { log: Some("warn".into()), data: Some("/srv".into()), ..Layer::default() };
    let both = upper.over(lower);
    assert_eq!(both.log.as_deref(), Some("debug"));
    assert_eq!(both.data, Some("/srv".into()));
}

#[test]
fn a_certificate_needs_its_key_and_stands_alone() {
    let file = || Some(PathBuf::from("f"));
    assert!(matches!(decide_tls(None, file(), file()), Ok(Tls::Files { .. })));
    assert!(decide_tls(None, file(), None).is_err());
    assert!(decide_tls(None, None, file()).is_err());
    assert!(decide_tls(Some(TlsMode::SelfSigned), file(), file()).is_err());
    assert!(matches!(decide_tls(Some(TlsMode::SelfSigned), None, None), Ok(Tls::SelfSigned)));
}

#[test]
fn a_mistyped_key_finds_the_one_meant() {
    let known = Layer::keys();
    assert_eq!(nearest("listn", &known), "listen");
    assert_eq!(nearest("metrics-listen", &known), "metrics_listen");
    assert_eq!(nearest("tls_certificate", &known), "tls_cert");
    assert_eq!(nearest("public_uri", &known), "public_url");
}

#[test]
fn a_mistyped_variable_is_noticed() {
    let names = ["PREAU_LISTN", "PREAU_CONFIG", "PREAU_TLS_CERT", "HOME"];
    assert_eq!(
        unknown_variables(names.map(OsString::from)),
        [("PREAU_LISTN".to_owned(), "PREAU_LISTEN".to_owned())]
    );
}
