use std::io;

use instant_acme::{Error, Problem};
use rustls::CertificateError;

use super::{AcmeChallenge, Failed, Fault};
use crate::tls::acme::authority::Unreached;

fn problem(text: &str) -> Problem {
    serde_json::from_str(text).unwrap()
}

#[test]
fn each_kind_of_refusal_has_a_cause_of_its_own() {
    for (kind, fault) in [
        ("dns", Fault::Dns),
        ("connection", Fault::PortClosed),
        ("unauthorized", Fault::OtherAnswer),
        ("tls", Fault::OtherAnswer),
        ("rateLimited", Fault::RateLimited),
        ("caa", Fault::Caa),
        ("rejectedIdentifier", Fault::NameRefused),
        ("invalidContact", Fault::AccountRefused),
        ("serverInternal", Fault::AuthorityFailed),
        ("somethingNew", Fault::AuthorityFailed),
    ] {
        let text = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"x"}}"#);
        let failed = Failed::about("meet.example.org", &problem(&text));
        assert_eq!(failed.fault, fault, "{kind}");
        assert_eq!(failed.name.as_deref(), Some("meet.example.org"));
        assert!(failed.detail.contains(kind), "{}", failed.detail);
    }
}

#[test]
fn the_first_of_several_refused_names_is_told() {
    let text = r#"{
        "type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "no",
        "subproblems": [
            {"type": "x", "detail": "in general"},
            {"type": "x", "identifier": {"type": "dns", "value": "a.internal"}}
        ]}"#;
    let failed = Failed::from(Error::Api(problem(text)));
    assert_eq!((failed.fault, failed.name.as_deref()), (Fault::NameRefused, Some("a.internal")));
}

#[test]
fn a_clock_that_is_off_is_told_from_an_unknown_root() {
    let failed = |certificate| {
        let tls = rustls::Error::InvalidCertificate(certificate);
        let cause = io::Error::new(io::ErrorKind::InvalidData, tls);
        Failed::from(Error::Other(Box::new(Unreached::Connect(cause)))).fault
    };
    assert_eq!(failed(CertificateError::Expired), Fault::ClockOff);
    assert_eq!(failed(CertificateError::NotValidYet), Fault::ClockOff);
    assert_eq!(failed(CertificateError::UnknownIssuer), Fault::AuthorityUntrusted);
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    let refused = Failed::from(Error::Other(Box::new(Unreached::Connect(refused))));
    assert_eq!(refused.fault, Fault::AuthorityUnreachable);
}

#[test]
fn every_advice_says_what_to_do() {
    for fault in [
        Fault::Dns,
        Fault::PortClosed,
        Fault::OtherAnswer,
        Fault::RateLimited,
        Fault::Caa,
        Fault::NameRefused,
        Fault::AccountRefused,
        Fault::ChallengeNotOffered,
        Fault::AuthorityUnreachable,
        Fault::AuthorityUntrusted,
        Fault::AuthorityFailed,
        Fault::ClockOff,
        Fault::Unusable,
        Fault::Storage,
    ] {
        for challenge in [AcmeChallenge::TlsAlpn01, AcmeChallenge::Http01] {
            let advice = fault.advice(challenge);
            assert!(advice.contains(':') || advice.contains(';'), "{advice}");
            assert!(!advice.ends_with('.'), "{advice}");
        }
    }
    assert!(Fault::PortClosed.advice(AcmeChallenge::TlsAlpn01).contains("443"));
    assert!(Fault::PortClosed.advice(AcmeChallenge::Http01).contains("port 80"));
}
