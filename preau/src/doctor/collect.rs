//! Gathers the facts: reads files, asks the resolver and the running service, tries the port. It
//! decides nothing, changes nothing, and asks no other machine.

mod certificates;
mod clock;
mod http;
mod machine;
mod ports;

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use signaling_service::CertificateStatus;

use super::{
    Facts,
    addresses::AddressFacts,
    certificate::{CertificateFacts, Source},
    clock::ClockFacts,
    name::NameFacts,
    port::{Holder, PortFacts},
    service::{Readiness, ServiceFacts},
};
use crate::{
    addresses,
    config::{Advertised, Config, SideListener, Tls},
};
use http::Endpoint;

/// All facts. It takes some seconds where something does not answer.
pub(super) fn facts(config: &Config) -> Facts {
    let host = config.public_host();
    let now = std::time::SystemTime::now();
    let candidates = addresses::media_addresses(config, config.listen);
    let endpoint = Endpoint::of(config, host.as_ref());
    let answer = endpoint.readiness();
    let readiness = answer.readiness;
    let (tcp, udp) = holders(config.listen, &readiness);
    let metrics = match config.metrics_listen {
        SideListener::Off => None,
        SideListener::At(address) => Some(address),
    };
    let readiness = settled(readiness, &tcp);
    // Without a certificate it refuses every handshake, and is well all the same.
    let is_silent = matches!(readiness, Readiness::Silent(_));
    let readiness = if is_silent && is_waiting(config, answer.certificate.is_none(), metrics) {
        Readiness::NoCertificate
    } else {
        readiness
    };
    let tried: Vec<IpAddr> = candidates.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
    Facts {
        name: host.as_ref().map(|host| name(config, host)),
        certificate: CertificateFacts {
            host: host.as_ref().map(ToString::to_string),
            source: source(config),
            served: answer.certificate,
            now,
        },
        clock: ClockFacts {
            now,
            newest_file: clock::newest_file(&config.data),
            hardware: clock::hardware(),
            is_synchronised: clock::is_synchronised(),
        },
        port: PortFacts {
            listen: config.listen,
            loops: ports::loops(config.listen, &tried, (&tcp, &udp), metrics),
            firewall: ports::firewall(config.listen.port()),
            tcp: tcp.clone(),
            udp,
        },
        addresses: AddressFacts {
            candidates: candidates.map_err(|error| error.name),
            is_named: !config.advertise.is_empty(),
            has_public_name: host.is_some_and(|host| is_public_name(&host)),
            port: config.listen.port(),
        },
        machine: machine::facts(config.listen.port()),
        service: ServiceFacts { readiness, unit: machine::unit() },
    }
}

/// Whether the running service shows a certificate on its port.
pub(crate) fn shows_certificate(config: &Config) -> bool {
    Endpoint::of(config, config.public_host().as_ref()).readiness().certificate.is_some()
}

fn name(config: &Config, host: &Advertised) -> NameFacts {
    let advertised = config.advertise.iter().filter_map(|one| match one {
        Advertised::Address(address) => Some(vec![*address]),
        Advertised::Name(name) => resolve(name).ok(),
    });
    let own = sfu_node::addresses::interfaces().into_iter().map(|address| address.ip);
    NameFacts {
        host: host.to_string(),
        resolved: resolve(&host.to_string()),
        own: own.filter(|ip| !ip.is_loopback() && !is_link_local(*ip)).collect(),
        advertised: advertised.flatten().collect(),
    }
}

fn resolve(name: &str) -> Result<Vec<IpAddr>, String> {
    // The port is only there because the resolver's interface wants one.
    let found = (name, 0).to_socket_addrs().map_err(|error| resolver_words(&error.to_string()))?;
    let mut found: Vec<IpAddr> = found.map(|address| address.ip().to_canonical()).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// What the resolver says, without what std says before it.
fn resolver_words(message: &str) -> String {
    message.rsplit(": ").next().unwrap_or(message).to_owned()
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether people outside of the local network come by it.
fn is_public_name(host: &Advertised) -> bool {
    match host {
        Advertised::Address(ip) => !ip.is_loopback() && !sfu_node::addresses::is_private(*ip),
        // RFC 6762 §3, RFC 6761 §6.3, RFC 8375, and ICANN's `internal` are for local networks.
        Advertised::Name(name) => {
            let local = [".local", ".localhost", ".home.arpa", ".internal", ".lan"];
            name.contains('.') && !local.iter().any(|suffix| name.ends_with(suffix))
        }
    }
}

fn source(config: &Config) -> Source {
    match &config.tls {
        Tls::Off if !config.behind_proxy.is_empty() => Source::Proxy,
        Tls::Off if config.listen.ip().is_loopback() => Source::Loopback,
        Tls::Off => Source::Plain,
        Tls::SelfSigned => Source::SelfSigned,
        Tls::Files { cert, key } => Source::Files(certificates::read(cert, key)),
        Tls::Acme(_) => {
            let status = CertificateStatus::read(&config.data).ok().flatten();
            Source::Acme(status.and_then(|status| status.last_failure).map(|last| last.fault))
        }
    }
}

/// Whether the service runs and has no certificate of its authority yet.
fn is_waiting(config: &Config, shows_none: bool, metrics: Option<SocketAddr>) -> bool {
    let is_alive = || metrics.is_some_and(|at| http::body(at, "/metrics").is_some());
    matches!(config.tls, Tls::Acme(_)) && shows_none && is_alive()
}

fn holders(listen: SocketAddr, readiness: &Readiness) -> (Holder, Holder) {
    let (tcp, udp) = (ports::tcp_holder(listen), ports::udp_holder(listen));
    // A program whose sockets this user may not see, but which answers as ours does.
    let answers = matches!(readiness, Readiness::Ready | Readiness::NotReady(_));
    let known = |holder| match holder {
        Holder::Unseen if answers => Holder::Service,
        Holder::Service
        | Holder::Nobody
        | Holder::Other(..)
        | Holder::Unseen
        | Holder::Unbindable(_)
        | Holder::Untried => holder,
    };
    (known(tcp), known(udp))
}

/// Another program on the port is not a silent Préau.
fn settled(readiness: Readiness, tcp: &Holder) -> Readiness {
    match readiness {
        Readiness::Ready | Readiness::NotReady(_) | Readiness::NoCertificate => readiness,
        Readiness::Silent(_) | Readiness::NotRunning if *tcp != Holder::Service => {
            Readiness::NotRunning
        }
        Readiness::Silent(_) => readiness,
        Readiness::NotRunning => Readiness::Silent(String::from("–")),
    }
}
