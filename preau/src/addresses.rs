//! At which addresses browsers reach the media: from `advertise`, or found out at start.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
};

use crate::config::{Advertised, Config};

/// The most addresses in an answer: each costs a browser checks on every one of its own.
const ADDRESSES_MAX: usize = 6;

/// An advertised name that means nothing to the resolver.
#[derive(Debug, thiserror::Error)]
#[error(
    "`advertise`: the name {name} has no address ({source}); check the name or give the address"
)]
pub(crate) struct UnknownName {
    name: String,
    source: io::Error,
}

/// The addresses for SDP answers, best first, at most [`ADDRESSES_MAX`]. It may ask the resolver.
///
/// # Errors
///
/// A name in `advertise` that does not resolve. A public host name that does not is no error: it
/// may be known outside only.
pub(crate) fn media_addresses(config: &Config) -> Result<Vec<IpAddr>, UnknownName> {
    let mut found = Vec::new();
    for advertised in &config.advertise {
        found.extend(resolve(advertised)?);
    }
    if found.is_empty() {
        let public = config.public_host().map(|host| resolve(&host));
        let public = public.and_then(Result::ok).unwrap_or_default();
        found.extend(public.into_iter().filter(|address| is_usable(*address)));
        found.extend(interface_addresses(config.listen));
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
        .map_err(|source| UnknownName {
            name: name.clone(),
            source,
        })
}

/// What the listener covers: its own address, or those of all interfaces where it is a wildcard.
fn interface_addresses(listen: SocketAddr) -> Vec<IpAddr> {
    if !listen.ip().is_unspecified() {
        return vec![listen.ip()];
    }
    let temporary = temporary_addresses();
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable: Vec<IpAddr> = interfaces
        .iter()
        .filter(|interface| !is_container_bridge(&interface.name))
        .map(if_addrs::Interface::ip)
        .filter(|address| is_usable(*address) && !temporary.contains(address))
        .filter(|address| address.is_ipv4() || listen.is_ipv6())
        .collect();
    if usable.is_empty() {
        vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]
    } else {
        usable
    }
}

/// Whether another machine may reach this address: global or private unicast.
fn is_usable(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !(is_link_local || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// Bridges and pairs of containers and virtual machines: nobody outside reaches their addresses.
fn is_container_bridge(interface: &str) -> bool {
    const PREFIXES: [&str; 10] = [
        "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "podman", "lxc", "lxdbr",
    ];
    PREFIXES.iter().any(|prefix| interface.starts_with(prefix))
}

/// Privacy addresses (RFC 8981): they change while sessions live. Empty where Linux does not tell.
fn temporary_addresses() -> BTreeSet<IpAddr> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    table.lines().filter_map(temporary_address).collect()
}

/// One line of `/proc/net/if_inet6`: address, interface, prefix, scope, flags, name.
fn temporary_address(line: &str) -> Option<IpAddr> {
    const IFA_F_TEMPORARY: u8 = 0x01; // linux/if_addr.h
    let mut fields = line.split_ascii_whitespace();
    let address = u128::from_str_radix(fields.next()?, 16).ok()?;
    let flags = u8::from_str_radix(fields.nth(3)?, 16).ok()?;
    let is_temporary = flags & IFA_F_TEMPORARY != 0;
    is_temporary.then(|| IpAddr::V6(Ipv6Addr::from(address)))
}

fn first_distinct(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut seen = BTreeSet::new();
    let fresh = addresses
        .into_iter()
        .map(|address| address.to_canonical())
        .filter(|address| seen.insert(*address));
    fresh.take(ADDRESSES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{first_distinct, is_container_bridge, is_usable, temporary_address};

    #[test]
    fn addresses_that_nobody_else_reaches_are_left_out() {
        for usable in ["203.0.113.7", "10.0.0.1", "2001:db8::1", "fd00::1"] {
            assert!(is_usable(usable.parse().unwrap()), "{usable}");
        }
        for useless in [
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "0.0.0.0",
            "ff02::1",
        ] {
            assert!(!is_usable(useless.parse().unwrap()), "{useless}");
        }
        assert!(is_container_bridge("docker0"));
        assert!(is_container_bridge("br-1a2b3c"));
        assert!(!is_container_bridge("eth0"));
        assert!(!is_container_bridge("br0"));
    }

    #[test]
    fn privacy_addresses_are_known_from_the_kernels_table() {
        let line = "20010db8000000000000000000000001 02 40 00 01     eth0";
        assert_eq!(temporary_address(line), "2001:db8::1".parse().ok());
        let line = "20010db8000000000000000000000001 02 40 00 80     eth0";
        assert_eq!(temporary_address(line), None);
        assert_eq!(temporary_address("nonsense"), None);
    }

    #[test]
    fn an_answer_names_six_addresses_at_most_and_none_twice() {
        let addresses = (0..20).map(|n| [192, 0, 2, n % 10].into()).collect();
        let first: Vec<std::net::IpAddr> = (0..6).map(|n| [192, 0, 2, n].into()).collect();
        assert_eq!(first_distinct(addresses), first);
        assert_eq!(first_distinct(vec![first[0], first[0]]), [first[0]]);
    }
}
