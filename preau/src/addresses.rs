//! At which addresses browsers are told to reach the media.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
};

use sfu_node::addresses;

use crate::config::{Advertised, Config};

/// An advertised name that means nothing to the resolver.
#[derive(Debug, thiserror::Error)]
#[error("`advertise`: the name {name} has no address ({source}); check it, or give the address")]
pub(crate) struct UnknownName {
    pub(crate) name: String,
    source: io::Error,
}

/// The addresses for SDP answers, best first: those that are advertised, else those of the public
/// host name and of the machine's interfaces. It may ask the resolver.
///
/// # Errors
///
/// A name in `advertise` that does not resolve. A public host name that does not is no error: it
/// may be known outside only.
pub(crate) fn media_addresses(
    config: &Config,
    listen: SocketAddr,
) -> Result<Vec<IpAddr>, UnknownName> {
    let mut found = Vec::new();
    for advertised in &config.advertise {
        found.extend(resolve(advertised)?);
    }
    if found.is_empty() {
        let public = config.public_host().and_then(|host| resolve(&host).ok());
        found.extend(public.unwrap_or_default().into_iter().filter(is_reachable));
        found.extend(addresses::usable(listen.ip(), &addresses::interfaces()));
    }
    Ok(first_distinct(found))
}

fn resolve(advertised: &Advertised) -> Result<Vec<IpAddr>, UnknownName> {
    let name = match advertised {
        Advertised::Address(address) => return Ok(vec![*address]),
        Advertised::Name(name) => name,
    };
    // The port is only there because the resolver's interface wants one.
    let addresses = (name.as_str(), 0).to_socket_addrs();
    addresses
        .map(|addresses| addresses.map(|address| address.ip()).collect())
        .map_err(|source| UnknownName { name: name.clone(), source })
}

/// Whether a name that resolves to this can be reached from elsewhere. Debian's installer writes
/// `127.0.1.1` beside the machine's own name into `/etc/hosts`.
fn is_reachable(address: &IpAddr) -> bool {
    !address.is_loopback() && !address.is_unspecified()
}

fn first_distinct(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut distinct: Vec<IpAddr> = Vec::new();
    for address in found.into_iter().map(|address| address.to_canonical()) {
        if distinct.len() < addresses::ADDRESSES_MAX && !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{first_distinct, is_reachable};

    #[test]
    fn an_answer_names_six_addresses_at_most_and_none_twice() {
        let addresses = (0..20).map(|n| [192, 0, 2, n % 10].into()).collect();
        let first: Vec<IpAddr> = (0..6).map(|n| [192, 0, 2, n].into()).collect();
        assert_eq!(first_distinct(addresses), first);
        let mapped = "::ffff:192.0.2.0".parse().unwrap();
        assert_eq!(first_distinct(vec![first[0], first[0], mapped]), [first[0]]);
    }

    #[test]
    fn a_name_that_means_this_machine_to_itself_is_left_out() {
        let reachable = ["203.0.113.7", "10.0.0.1", "2001:db8::1"];
        assert!(reachable.iter().all(|text| is_reachable(&text.parse().unwrap())));
        let unreachable = ["127.0.1.1", "::1", "0.0.0.0"];
        assert!(!unreachable.iter().any(|text| is_reachable(&text.parse().unwrap())));
    }
}
