use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, KeyPair};

use super::{CertificateFacts, Flaw};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn certificate(names: &[&str], begins: SystemTime, ends: SystemTime) -> CertificateFacts {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    (params.not_before, params.not_after) = (begins.into(), ends.into());
    let key = KeyPair::generate().unwrap();
    CertificateFacts::of(params.self_signed(&key).unwrap().der()).unwrap()
}

#[test]
fn names_and_times_are_read_as_they_were_written() {
    let (begins, ends) = (UNIX_EPOCH + DAY * 20_000, UNIX_EPOCH + DAY * 20_090);
    let facts = certificate(&["Meet.example.org", "192.0.2.7", "2001:db8::1"], begins, ends);
    assert_eq!(facts.names, ["meet.example.org", "192.0.2.7", "2001:db8::1"]);
    assert_eq!((facts.begins, facts.ends, facts.length()), (begins, ends, DAY * 90));
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let (begins, ends) = (UNIX_EPOCH, UNIX_EPOCH + DAY);
    let facts = certificate(&["*.example.org", "example.org"], begins, ends);
    for covered in ["meet.example.org", "MEET.example.org", "example.org"] {
        assert!(facts.covers(covered), "{covered}");
    }
    for foreign in ["a.meet.example.org", "org", "example.com", "meetexample.org", ""] {
        assert!(!facts.covers(foreign), "{foreign}");
    }
}

#[test]
fn the_clock_is_looked_at_before_the_name() {
    let begins = UNIX_EPOCH + DAY * 20_000;
    let facts = certificate(&["meet.example.org"], begins, begins + DAY * 90);
    let flaw = |now| facts.flaw(now, Some("other.example.org"));
    assert_eq!(flaw(begins - DAY), Some(Flaw::NotYetValid));
    assert_eq!(flaw(begins + DAY), Some(Flaw::OtherName));
    assert_eq!(flaw(begins + DAY * 91), Some(Flaw::Expired));
    assert_eq!(facts.flaw(begins + DAY, Some("meet.example.org")), None);
    assert_eq!(facts.flaw(begins + DAY, None), None);
}

#[test]
fn what_is_no_certificate_is_refused() {
    for bytes in [&b""[..], b"\x30\x03\x02\x01\x01", &[0x30; 64]] {
        assert!(CertificateFacts::of(bytes).is_err());
    }
}
