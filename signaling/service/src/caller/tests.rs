use axum::http::{HeaderName, HeaderValue};

use super::*;

fn config(proxies: &[&str], allowed: &[&str]) -> ServiceConfig {
    let mut config = ServiceConfig::new("/nowhere");
    config.behind_proxy = proxies.iter().map(|text| text.parse().expect("a range")).collect();
    config.allowed_origins = allowed.iter().map(|text| text.parse().expect("an origin")).collect();
    config
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn caller(config: &ServiceConfig, remote: &str, pairs: &[(&'static str, &'static str)]) -> Caller {
    let connection = Connection {
        remote: SocketAddr::new(remote.parse().expect("an address"), 40_000),
        is_encrypted: false,
    };
    Caller::of(config, connection, &headers(pairs))
}

fn site_of(caller: &Caller) -> Option<&str> {
    caller.site.as_ref().map(Origin::as_str)
}

const FORGED: [(&str, &str); 4] = [
    ("host", "here.example:8080"),
    ("x-forwarded-for", "198.51.100.7"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
];

#[test]
fn a_stranger_cannot_say_what_only_a_proxy_may() {
    let config = config(&["10.0.0.0/8"], &[]);
    let caller = caller(&config, "203.0.113.5", &FORGED);
    assert_eq!(caller.address.to_string(), "203.0.113.5");
    assert_eq!(site_of(&caller), Some("http://here.example:8080"));
}

#[test]
fn a_trusted_proxy_speaks_for_whoever_is_behind_it() {
    let config = config(&["10.0.0.0/8"], &[]);
    let behind = [
        ("host", "10.0.0.9:8080"),
        ("x-forwarded-for", "6.6.6.6, 198.51.100.7, 10.0.0.8"),
        ("x-forwarded-host", "meet.example"),
        ("x-forwarded-proto", "https"),
    ];
    let behind = caller(&config, "10.0.0.9", &behind);
    assert_eq!(behind.address.to_string(), "198.51.100.7");
    assert_eq!(site_of(&behind), Some("https://meet.example"));
    let silent = caller(&config, "10.0.0.9", &[("host", "meet.example")]);
    assert_eq!(silent.address.to_string(), "10.0.0.9");
    assert_eq!(site_of(&silent), Some("http://meet.example"));
}

#[test]
fn a_host_that_is_none_makes_no_link() {
    let config = config(&[], &[]);
    for host in ["a b", "a/b", "a@b", "\"x\"", "a.example#", ""] {
        let caller = caller(&config, "203.0.113.5", &[("host", host)]);
        assert_eq!(caller.site, None, "{host}");
    }
}

#[test]
fn origins_are_own_allowed_or_foreign() {
    let config = config(&[], &["https://school.example"]);
    let check = |origin: &'static str, host: &'static str| {
        let pairs = [("host", host), ("origin", origin)];
        caller(&config, "203.0.113.5", &pairs).check_origin(&config, &headers(&pairs))
    };
    assert_eq!(check("http://meet.example", "meet.example"), OriginCheck::Own);
    assert_eq!(check("https://meet.example", "meet.example:443"), OriginCheck::Own);
    assert_eq!(check("https://meet.example:8443", "meet.example:8443"), OriginCheck::Own);
    assert_eq!(check("https://school.example", "meet.example"), OriginCheck::Allowed);
    for foreign in [
        "null",
        "https://evil.example",
        "https://meet.example.evil.example",
        "http://school.example",
        "https://meet.example:8443",
        "file://",
    ] {
        assert_eq!(check(foreign, "meet.example"), OriginCheck::Foreign, "{foreign}");
    }
    let encrypted = Caller {
        address: "203.0.113.5".parse().expect("an address"),
        site: "https://meet.example".parse().ok(),
    };
    let plain = headers(&[("origin", "http://meet.example")]);
    assert_eq!(encrypted.check_origin(&config, &plain), OriginCheck::Foreign);
    let nobody = [("host", "meet.example")];
    let caller = caller(&config, "203.0.113.5", &nobody);
    assert_eq!(caller.check_origin(&config, &headers(&nobody)), OriginCheck::Own);
}
