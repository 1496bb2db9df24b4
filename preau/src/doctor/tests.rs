//! Facts of machines as they are found, and what is said of each.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use super::{
    Facts,
    addresses::AddressFacts,
    certificate::{CertificateFacts, Fault, Leaf, Source, date},
    clock::ClockFacts,
    examine,
    finding::Level,
    machine::{BUFFER_WANTED, MachineFacts},
    name::NameFacts,
    port::{Firewall, Holder, Loop, PortFacts},
    report::Report,
    service::{Readiness, ServiceFacts, Unit},
};
use crate::language::Language;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// 2026-03-01, noon.
fn now() -> SystemTime {
    at(1_772_366_400)
}

fn at(unix_s: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(unix_s)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn leaf() -> Leaf {
    Leaf {
        names: vec![String::from("meet.example.org")],
        not_before: now() - 30 * DAY,
        not_after: now() + 60 * DAY,
        issuer: String::from("Example CA"),
    }
}

/// A server on the Internet on which all is well.
fn good() -> Facts {
    let public = ip("203.0.113.7");
    Facts {
        name: Some(NameFacts {
            host: String::from("meet.example.org"),
            resolved: Ok(vec![public]),
            own: vec![public],
            advertised: vec![],
        }),
        certificate: CertificateFacts {
            host: Some(String::from("meet.example.org")),
            source: Source::Files(Ok(leaf())),
            served: Some(leaf()),
            now: now(),
        },
        clock: ClockFacts {
            now: now(),
            newest_file: Some(("/var/lib/preau/preau.sqlite".into(), now() - DAY)),
            hardware: Some(now()),
            is_synchronised: Some(true),
        },
        port: PortFacts {
            listen: "[::]:443".parse().unwrap(),
            tcp: Holder::Service,
            udp: Holder::Service,
            loops: vec![Loop { to: public, tcp: Some(true), udp: Some(true) }],
            firewall: Firewall::Unknown,
        },
        addresses: AddressFacts {
            candidates: Ok(vec![public]),
            is_named: false,
            has_public_name: true,
            port: 443,
        },
        machine: MachineFacts {
            buffers_max: Some((BUFFER_WANTED, BUFFER_WANTED)),
            files_max: Some(65_536),
            segmentation: true,
        },
        service: ServiceFacts { readiness: Readiness::Ready, unit: Unit::Active },
    }
}

/// What is said that is not well, once one thing is changed.
fn said(change: impl FnOnce(&mut Facts)) -> Vec<(Level, &'static str)> {
    let mut facts = good();
    change(&mut facts);
    let findings = examine(&facts);
    let worse = findings.iter().filter(|finding| finding.level != Level::Ok);
    worse.map(|finding| (finding.level, finding.code)).collect()
}

fn name(facts: &mut Facts) -> &mut NameFacts {
    facts.name.as_mut().unwrap()
}

fn certificate(change: impl Fn(&mut Leaf)) -> impl Fn(&mut Facts) {
    move |facts| {
        let mut changed = leaf();
        change(&mut changed);
        facts.certificate.source = Source::Files(Ok(changed.clone()));
        facts.certificate.served = Some(changed);
    }
}

use Level::{Error, Warning};

#[test]
fn nothing_is_said_against_a_good_server() {
    assert_eq!(said(|_| ()), []);
}

#[test]
fn a_name_that_does_not_lead_here_is_an_error() {
    let unknown = |facts: &mut Facts| name(facts).resolved = Err(String::from("no such name"));
    assert_eq!(said(unknown), [(Error, "unknown")]);
    let other = |facts: &mut Facts| name(facts).resolved = Ok(vec![ip("198.51.100.9")]);
    assert_eq!(said(other), [(Error, "elsewhere")]);
    let old_aaaa =
        |facts: &mut Facts| name(facts).resolved.as_mut().unwrap().push(ip("2001:db8::9"));
    assert_eq!(said(old_aaaa), [(Error, "elsewhere")]);
    let hosts_file = |facts: &mut Facts| name(facts).resolved = Ok(vec![ip("127.0.1.1")]);
    assert_eq!(said(hosts_file), [(Warning, "loopback")]);
}

#[test]
fn behind_a_router_the_public_address_must_be_named() {
    let home = |facts: &mut Facts| {
        let private = ip("192.168.1.20");
        name(facts).own = vec![private];
        facts.addresses.candidates = Ok(vec![private]);
        facts.port.loops = vec![];
    };
    // Chromium would not even use the private address on port 443.
    assert_eq!(said(home), [(Warning, "router"), (Error, "only_private"), (Warning, "low_port")]);
    let named = |facts: &mut Facts| {
        home(facts);
        name(facts).advertised = vec![ip("203.0.113.7")];
        facts.addresses.candidates = Ok(vec![ip("203.0.113.7")]);
        facts.addresses.is_named = true;
    };
    assert_eq!(said(named), []);
    let mut facts = good();
    home(&mut facts);
    let findings = examine(&facts);
    let report = Report::new(findings, "https://meet.example.org", 443);
    let text = report.text(Language::English).replace('\n', " ");
    assert!(text.contains("advertise = [\"203.0.113.7\"]"), "{text}");
}

#[test]
fn a_local_network_needs_no_public_address() {
    let local = |facts: &mut Facts| {
        facts.name = None;
        facts.certificate.host = None;
        facts.certificate.source = Source::SelfSigned;
        facts.addresses = AddressFacts {
            candidates: Ok(vec![ip("192.168.1.20")]),
            is_named: false,
            has_public_name: false,
            port: 8443,
        };
    };
    assert_eq!(said(local), []);
}

#[test]
fn a_certificate_is_judged_by_its_days_and_names() {
    let expired = certificate(|leaf| leaf.not_after = now() - DAY);
    assert_eq!(said(expired), [(Error, "expired")]);
    let early = certificate(|leaf| leaf.not_before = now() + DAY);
    assert_eq!(said(early), [(Error, "not_yet")]);
    let soon = certificate(|leaf| leaf.not_after = now() + 5 * DAY);
    assert_eq!(said(soon), [(Warning, "soon")]);
    let of_six_days = certificate(|leaf| {
        (leaf.not_before, leaf.not_after) = (now() - DAY, now() + 5 * DAY);
    });
    assert_eq!(said(of_six_days), [], "short lives are no fault");
    for (names, verdict) in [
        (vec!["example.org", "www.example.org"], Some("other_name")),
        (vec!["*.org"], Some("other_name")),
        (vec!["*.example.org"], None),
        (vec!["MEET.example.org"], None),
        (vec![], Some("other_name")),
    ] {
        let named =
            certificate(|leaf| leaf.names = names.iter().map(ToString::to_string).collect());
        let found: Vec<_> = said(named).into_iter().map(|(_, code)| code).collect();
        assert_eq!(found, Vec::from_iter(verdict), "{names:?}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error() {
    let path = || "/etc/preau/key.pem".into();
    for (fault, code) in [
        (Fault::Absent(path()), "absent"),
        (Fault::Forbidden(path()), "forbidden"),
        (Fault::Unreadable(path(), String::from("disk")), "unreadable"),
        (Fault::NotPem(path()), "not_pem"),
        (Fault::Mismatch, "mismatch"),
    ] {
        let broken = |facts: &mut Facts| facts.certificate.source = Source::Files(Err(fault));
        assert_eq!(said(broken), [(Error, code)]);
    }
    let stale = |facts: &mut Facts| {
        facts.certificate.served = Some(Leaf { not_after: now() + DAY, ..leaf() });
    };
    assert_eq!(said(stale), [(Warning, "stale")]);
    let plain = |facts: &mut Facts| facts.certificate.source = Source::Plain;
    assert_eq!(said(plain), [(Warning, "plain")]);
    let none_yet = |fault| {
        said(|facts| {
            facts.certificate.source = Source::Acme(fault);
            facts.certificate.served = None;
        })
    };
    assert_eq!(none_yet(None), [(Warning, "unseen")]);
    let fault = signaling_service::Fault::PortClosed;
    assert_eq!(none_yet(Some(fault)), [(Error, "acme_port")]);
    let renewing = |facts: &mut Facts| facts.certificate.source = Source::Acme(Some(fault));
    assert_eq!(said(renewing), [], "the old one is good");
}

#[test]
fn a_clock_off_by_a_day_contradicts_something() {
    let behind = |facts: &mut Facts| {
        facts.clock.newest_file = Some(("/var/lib/preau/preau.sqlite".into(), now() + DAY));
    };
    assert_eq!(said(behind), [(Error, "behind")]);
    let apart = |facts: &mut Facts| facts.clock.hardware = Some(now() - DAY);
    assert_eq!(said(apart), [(Error, "apart")]);
    let local_time = |facts: &mut Facts| facts.clock.hardware = Some(now() + DAY / 2);
    assert_eq!(said(local_time), [], "a hardware clock may keep local time");
    let alone = |facts: &mut Facts| facts.clock.is_synchronised = Some(false);
    assert_eq!(said(alone), [(Warning, "unsynchronised")]);
}

#[test]
fn who_holds_the_port_is_named() {
    let tcp = |holder: Holder| said(|facts| facts.port.tcp = holder);
    assert_eq!(tcp(Holder::Other(String::from("nginx"), 7)), [(Error, "busy")]);
    assert_eq!(tcp(Holder::Unseen), [(Warning, "unseen")]);
    assert_eq!(tcp(Holder::Untried), [(Warning, "untried")]);
    assert_eq!(tcp(Holder::Unbindable(String::from("no"))), [(Error, "unbindable")]);
    let http3 = |facts: &mut Facts| facts.port.udp = Holder::Other(String::from("caddy"), 8);
    assert_eq!(said(http3), [(Error, "busy")]);
    let free = |facts: &mut Facts| {
        (facts.port.tcp, facts.port.udp) = (Holder::Nobody, Holder::Nobody);
    };
    assert_eq!(said(free), []);
}

#[test]
fn a_way_that_does_not_lead_back_is_a_warning_and_no_proof() {
    for (tcp, udp) in [(Some(false), Some(true)), (Some(true), Some(false)), (None, Some(false))] {
        let lost = |facts: &mut Facts| {
            facts.port.loops = vec![Loop { to: ip("203.0.113.7"), tcp, udp }];
        };
        assert_eq!(said(lost), [(Warning, "loop")]);
    }
    let closed = |facts: &mut Facts| facts.port.firewall = Firewall::Ufw { tcp: true, udp: false };
    assert_eq!(said(closed), [(Error, "firewall")]);
}

#[test]
fn a_machine_that_gives_little_is_a_warning() {
    let buffers = |facts: &mut Facts| facts.machine.buffers_max = Some((BUFFER_WANTED, 212_992));
    assert_eq!(said(buffers), [(Warning, "narrow")]);
    assert_eq!(said(|facts| facts.machine.files_max = Some(1_024)), [(Warning, "few")]);
    assert_eq!(said(|facts| facts.machine.segmentation = false), [(Warning, "singles")]);
}

#[test]
fn a_service_that_lets_nobody_in_is_an_error() {
    let is =
        |readiness: Readiness, unit| said(|facts| facts.service = ServiceFacts { readiness, unit });
    let reason = || String::from("the store cannot be written");
    assert_eq!(is(Readiness::NotReady(reason()), Unit::Active), [(Error, "not_ready")]);
    assert_eq!(is(Readiness::Silent(reason()), Unit::Active), [(Error, "silent")]);
    assert_eq!(is(Readiness::NotRunning, Unit::Failed), [(Error, "failed")]);
    assert_eq!(is(Readiness::NotRunning, Unit::Stopped), [(Warning, "stopped")]);
    assert_eq!(is(Readiness::NotRunning, Unit::Absent), [(Warning, "stopped")]);
}

#[test]
fn days_are_those_of_the_calendar() {
    assert_eq!(date(at(0)), "1970-01-01");
    assert_eq!(date(at(951_782_400)), "2000-02-29");
    assert_eq!(date(now()), "2026-03-01");
    assert_eq!(date(at(253_402_300_799)), "9999-12-31");
}

#[test]
fn the_report_fits_a_terminal_and_ends_with_the_sum() {
    let mut facts = good();
    facts.port.tcp = Holder::Other(String::from("nginx"), 7);
    facts.machine.segmentation = false;
    let report = Report::new(examine(&facts), "https://meet.example.org", 443);
    assert_eq!(report.exit_code(), 2);
    for (language, end) in [
        (Language::French, "1 erreur, 1 avertissement.\n"),
        (Language::English, "1 error, 1 warning.\n"),
    ] {
        let text = report.text(language);
        assert!(text.ends_with(end), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
    insta::assert_snapshot!(report.text(Language::French));
    facts.port.tcp = Holder::Service;
    let better = Report::new(examine(&facts), "https://meet.example.org", 443);
    assert!(better.text(Language::French).ends_with("\n0 erreur, 1 avertissement.\n"));
    assert!(better.text(Language::English).ends_with("\n0 errors, 1 warning.\n"));
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["worst"], "error");
    assert_eq!(json["findings"][0]["topic"], "configuration");
}
