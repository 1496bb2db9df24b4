//! Which addresses browsers are told to send media to.
//!
//! Every usable address of the machine's interfaces, unless the operator names others. An address
//! that does not answer costs a browser seconds, so those that lead nowhere from outside are left
//! out. Read once at start.

use std::{
    collections::HashSet,
    fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// The most addresses in an answer: each costs a browser checks on every network of its own.
pub const ADDRESSES_MAX: usize = 6;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The interface's name.
    pub interface: String,
    /// The address.
    pub ip: IpAddr,
    /// An IPv6 address that is changed for privacy (RFC 8981), or is not fit for use.
    pub is_fleeting: bool,
}

/// The candidates of a node that listens at `listen`: `advertised` if there are any, else what
/// [`usable`] finds on this machine.
#[must_use]
pub fn candidates(listen: SocketAddr, advertised: &[IpAddr]) -> Vec<SocketAddr> {
    let ips =
        if advertised.is_empty() { usable(listen.ip(), &interfaces()) } else { advertised.into() };
    ips.into_iter().map(|ip| SocketAddr::new(ip, listen.port())).collect()
}

/// The addresses among `interfaces` at which a socket bound to `listen` can be reached, best first,
/// at most [`ADDRESSES_MAX`]: global before private, IPv4 before IPv6. No link-local and no
/// fleeting ones, none of container bridges; loopback only if there is nothing else.
#[must_use]
pub fn usable(listen: IpAddr, interfaces: &[InterfaceAddress]) -> Vec<IpAddr> {
    if !listen.is_unspecified() {
        return vec![listen];
    }
    let serves = |ip: IpAddr| listen.is_ipv6() || ip.is_ipv4();
    let mut ips: Vec<IpAddr> = interfaces
        .iter()
        .filter(|address| serves(address.ip) && !address.is_fleeting)
        .filter(|address| !is_container_bridge(&address.interface))
        .map(|address| address.ip)
        .filter(|ip| is_unicast(*ip))
        .collect();
    ips.sort_by_key(|ip| (is_private(*ip), ip.is_ipv6(), *ip));
    ips.dedup();
    ips.truncate(ADDRESSES_MAX);
    if ips.is_empty() {
        ips = interfaces.iter().map(|address| address.ip).filter(|ip| serves(*ip)).collect();
        ips.retain(IpAddr::is_loopback);
    }
    ips
}

/// The addresses of this machine's running interfaces.
#[must_use]
pub fn interfaces() -> Vec<InterfaceAddress> {
    let fleeting = fs::read_to_string("/proc/net/if_inet6").map(|text| fleeting_addresses(&text));
    // Without procfs, temporary addresses pass: they work until they are changed.
    let fleeting = fleeting.unwrap_or_default();
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    found
        .into_iter()
        .filter(|interface| interface.is_oper_up() || interface.is_loopback())
        .map(|interface| {
            let ip = interface.ip();
            let is_fleeting = matches!(ip, IpAddr::V6(v6) if fleeting.contains(&v6));
            InterfaceAddress { interface: interface.name, ip, is_fleeting }
        })
        .collect()
}

/// The addresses in `/proc/net/if_inet6` that are temporary, deprecated, tentative or duplicate.
fn fleeting_addresses(table: &str) -> HashSet<Ipv6Addr> {
    // Address, interface number, prefix length, scope, flags, name (Linux `net/ipv6/addrconf.c`).
    let fleeting = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let address = u128::from_str_radix(fields.first()?, 16).ok()?;
        let flags = u32::from_str_radix(fields.get(4)?, 16).ok()?;
        (flags & FLEETING != 0).then_some(Ipv6Addr::from_bits(address))
    });
    fleeting.collect()
}

/// `IFA_F_TEMPORARY`, `IFA_F_DADFAILED`, `IFA_F_DEPRECATED`, `IFA_F_TENTATIVE` (Linux `if_addr.h`).
const FLEETING: u32 = 0x01 | 0x08 | 0x20 | 0x40;

/// Whether an interface leads to containers or virtual machines on this machine alone.
fn is_container_bridge(name: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "docker", "br-", "veth", "virbr", "vmnet", "podman", "cni", "lxcbr", "lxdbr", "flannel",
        "cali", "incusbr",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether an address can be that of one machine on a network beyond the link.
fn is_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            // RFC 1122 §3.2.1.3, RFC 3927.
            let is_reserved = v4.octets()[0] == 0 || v4.octets()[0] >= 224;
            !is_reserved && !v4.is_loopback() && !v4.is_link_local()
        }
        // RFC 4291 §2.4; deprecated site-local addresses are link-local to us.
        IpAddr::V6(v6) => (v6.segments()[0] & 0xe000) == 0x2000 || v6.is_unique_local(),
    }
}

/// Whether an address is of a network that the Internet does not reach (RFC 1918, 6598, 4193).
#[must_use]
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests;
