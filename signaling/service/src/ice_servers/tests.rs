use super::*;
use crate::OtherTurn;

fn config(tls: TlsMode) -> ServiceConfig {
    let own = Some(TurnSecret(b"own".to_vec()));
    let turn = TurnConfig { own, other: None };
    ServiceConfig { tls, turn, ..ServiceConfig::new("data") }
}

fn encrypted() -> TlsMode {
    TlsMode::SelfSigned { names: vec![] }
}

fn urls(config: &ServiceConfig, site: &str) -> Vec<String> {
    let site = site.parse().ok();
    let servers = IceServers::of(config).servers(site.as_ref());
    servers.into_iter().flat_map(|server| server.urls).collect()
}

#[test]
fn the_relay_is_where_the_page_is() {
    let mut config = config(encrypted());
    assert_eq!(urls(&config, "https://a.example"), ["turns:a.example:443?transport=tcp"]);
    assert_eq!(urls(&config, "https://a.example:8443"), ["turns:a.example:8443?transport=tcp"]);
    assert_eq!(urls(&config, "https://[2001:db8::1]"), ["turns:[2001:db8::1]:443?transport=tcp"]);
    assert!(urls(&config, "no site").is_empty());
    config.public_url = Some("https://meet.example".parse().expect("an origin"));
    assert_eq!(urls(&config, "https://a.example"), ["turns:meet.example:443?transport=tcp"]);
}

#[test]
fn behind_a_proxy_only_what_the_operator_names_is_offered() {
    let mut config = config(TlsMode::Off);
    assert!(urls(&config, "https://a.example").is_empty());
    let (relay, secret) = ("turns:relay.example:443?transport=tcp", TurnSecret(b"other".to_vec()));
    config.turn.other = Some(OtherTurn { urls: vec![relay.to_owned()], secret });
    assert_eq!(urls(&config, "https://a.example"), [relay]);
}

#[test]
fn a_credential_ends_and_is_proved_by_the_secret_alone() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let secret = TurnSecret(b"north".to_vec());
    let made = || credential(now, vec![], &secret).expect("a credential");
    let (first, second) = (made(), made());
    assert_ne!(first.username, second.username);
    let (end, _) = first.username.split_once(':').expect("an end");
    assert_eq!(end, "1086400");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret.0);
    let proof = STANDARD.decode(first.credential).expect("base64");
    assert!(hmac::verify(&key, first.username.as_bytes(), &proof).is_ok());
}
