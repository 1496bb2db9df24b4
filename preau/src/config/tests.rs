use std::{ffi::OsString, path::PathBuf};

use super::{
    Layer, SideListener, Text, Tls, TlsMode, default_data_folder, nearest,
    tls::{BadTls, decide, decide_plain, with_derived_defaults},
    unknown_variables,
    values::{AcmeChallenge, Email},
};

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
    let files =
        |tls, cert, key| decide(&Layer { tls, tls_cert: cert, tls_key: key, ..Layer::default() });
    assert!(matches!(files(None, file(), file()), Ok(Tls::Files { .. })));
    assert!(files(None, file(), None).is_err());
    assert!(files(None, None, file()).is_err());
    assert!(files(Some(TlsMode::SelfSigned), file(), file()).is_err());
    assert!(files(Some(TlsMode::Acme), file(), file()).is_err());
    assert!(matches!(files(Some(TlsMode::SelfSigned), None, None), Ok(Tls::SelfSigned)));
}

fn asking(domains: &[&str]) -> Layer {
    let domains = domains.iter().map(|name| name.parse().unwrap()).collect();
    Layer { tls: Some(TlsMode::Acme), domains: Some(domains), ..Layer::default() }
}

#[test]
fn an_authority_is_asked_for_names_that_begin_links() {
    let layer = asking(&["Meet.Example.org", "call.example.org"]);
    let tls = decide(&layer).unwrap();
    let Tls::Acme(acme) = &tls else { panic!("{tls:?}") };
    assert_eq!(acme.domains, ["meet.example.org", "call.example.org"]);
    let url = |listen: &str| {
        let layer = Layer { listen: listen.parse().ok(), ..layer.clone() };
        with_derived_defaults(layer).public_url.unwrap().0.to_string()
    };
    assert_eq!(url("[::]:443"), "https://meet.example.org");
    assert_eq!(url("[::]:8443"), "https://meet.example.org:8443");
    let named = Layer { public_url: "https://call.example.org".parse().ok(), ..layer.clone() };
    assert_eq!(with_derived_defaults(named.clone()).public_url, named.public_url);
    assert!(decide(&named).is_ok());
    let elsewhere = Layer { public_url: "https://other.example.org".parse().ok(), ..layer.clone() };
    let host = "other.example.org".to_owned();
    assert_eq!(decide(&elsewhere), Err(BadTls::LinksElsewhere { host }));
    assert_eq!(decide(&asking(&[])), Err(BadTls::NoDomain));
    let many: Vec<String> = (0..101).map(|n| format!("n{n}.example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(decide(&asking(&many)), Err(BadTls::TooManyDomains));
}

#[test]
fn what_is_set_for_an_authority_that_is_not_asked_is_a_mistake() {
    let domains = asking(&["meet.example.org"]).domains;
    let url = "https://ca.example.org/directory".parse().unwrap();
    for (layer, setting) in [
        (Layer { domains, ..Layer::default() }, "domains"),
        (Layer { acme_email: "a@example.org".parse().ok(), ..Layer::default() }, "acme_email"),
        (Layer { acme_directory: Some(url), ..Layer::default() }, "acme_directory"),
        (Layer { acme_ca: Some("ca.pem".into()), ..Layer::default() }, "acme_ca"),
        (
            Layer { acme_challenge: Some(AcmeChallenge::Http01), ..Layer::default() },
            "acme_challenge",
        ),
    ] {
        assert_eq!(decide(&layer), Err(BadTls::WithoutAuthority { setting }));
    }
}

#[test]
fn plain_http_is_answered_where_it_is_of_use() {
    let at = |text: &str| text.parse::<Text<SideListener>>().ok();
    let http_01 =
        Layer { acme_challenge: Some(AcmeChallenge::Http01), ..asking(&["meet.example.org"]) };
    let with = |layer: &Layer, http_listen| {
        decide_plain(&with_derived_defaults(Layer { http_listen, ..layer.clone() }))
    };
    assert_eq!(with(&http_01, None), Ok(SideListener::At("[::]:80".parse().unwrap())));
    assert_eq!(with(&http_01, at("off")), Err(BadTls::NobodyAnswers));
    let tls_alpn_01 = asking(&["meet.example.org"]);
    assert_eq!(with(&tls_alpn_01, None), Ok(SideListener::Off));
    let elsewhere = SideListener::At("192.0.2.1:80".parse().unwrap());
    assert_eq!(with(&tls_alpn_01, at("192.0.2.1:80")), Ok(elsewhere));
    assert_eq!(with(&Layer::default(), at("[::]:80")), Err(BadTls::NoHttps));
}

#[test]
fn a_mail_address_fits_behind_mailto() {
    for fine in ["admin@example.org", "a.b+c@sub.example.org"] {
        assert!(fine.parse::<Email>().is_ok(), "{fine}");
    }
    for none in ["", "admin", "@example.org", "a@", "a b@example.org", "a@b@c.org", "a?x=1@b.org"] {
        assert!(none.parse::<Email>().is_err(), "{none}");
    }
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
