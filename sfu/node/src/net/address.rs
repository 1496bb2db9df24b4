//! Socket addresses as the kernel lays them out, built and read as bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The family of a socket. A `V6` socket here is always dual-stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    /// The kernel's number of it.
    pub(crate) const fn number(self) -> libc::c_int {
        match self {
            Family::V4 => libc::AF_INET,
            Family::V6 => libc::AF_INET6,
        }
    }
}

/// `struct sockaddr_in` (16 bytes) or `struct sockaddr_in6` (28 bytes).
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(crate) struct RawAddress([u8; RawAddress::SIZE]);

impl RawAddress {
    /// Room for either layout.
    pub(crate) const SIZE: usize = 28;
    const SIZE_V4: usize = 16;

    /// Nothing, to be filled by the kernel.
    pub(crate) const EMPTY: RawAddress = RawAddress([0; RawAddress::SIZE]);

    /// `address` for a socket of `family`, with the length the kernel wants to be told. An IPv4
    /// address goes to a dual-stack socket mapped (RFC 4291 §2.5.5.2). `None` for an IPv6 address
    /// on an IPv4 socket.
    pub(crate) fn encode(address: SocketAddr, family: Family) -> Option<(Self, u32)> {
        let mut bytes = [0; Self::SIZE];
        bytes[..2].copy_from_slice(&(family.number() as u16).to_ne_bytes());
        bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        match (family, address) {
            (Family::V4, SocketAddr::V4(v4)) => {
                bytes[4..8].copy_from_slice(&v4.ip().octets());
                Some((RawAddress(bytes), Self::SIZE_V4 as u32))
            }
            (Family::V4, SocketAddr::V6(_)) => None,
            (Family::V6, SocketAddr::V4(v4)) => {
                bytes[8..24].copy_from_slice(&v4.ip().to_ipv6_mapped().octets());
                Some((RawAddress(bytes), Self::SIZE as u32))
            }
            (Family::V6, SocketAddr::V6(v6)) => {
                bytes[8..24].copy_from_slice(&v6.ip().octets());
                bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
                Some((RawAddress(bytes), Self::SIZE as u32))
            }
        }
    }

    /// What the kernel wrote; a mapped address comes out as IPv4.
    pub(crate) fn decode(&self) -> Option<SocketAddr> {
        let RawAddress(bytes) = self;
        let family = libc::c_int::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
        let port = u16::from_be_bytes([bytes[2], bytes[3]]);
        match family {
            libc::AF_INET => {
                let octets: [u8; 4] = bytes[4..8].try_into().ok()?;
                Some(SocketAddr::new(IpAddr::from(octets), port))
            }
            libc::AF_INET6 => {
                let octets: [u8; 16] = bytes[8..24].try_into().ok()?;
                let scope_id = u32::from_ne_bytes(bytes[24..28].try_into().ok()?);
                Some(unmapped(Ipv6Addr::from(octets), port, scope_id))
            }
            _ => None,
        }
    }

    /// Where the kernel reads or writes it.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut libc::c_void {
        self.0.as_mut_ptr().cast()
    }

    /// Where the kernel reads it.
    pub(crate) fn as_ptr(&self) -> *const libc::sockaddr {
        self.0.as_ptr().cast()
    }
}

/// The socket address of `address`, as IPv4 if it is mapped. The scope is kept for link-local
/// addresses alone, which mean nothing without it (RFC 4007 §6).
pub(crate) fn unmapped(address: Ipv6Addr, port: u16, scope_id: u32) -> SocketAddr {
    match address.to_ipv4_mapped() {
        Some(v4) => SocketAddr::new(IpAddr::V4(v4), port),
        None if address.is_unicast_link_local() => {
            SocketAddr::V6(SocketAddrV6::new(address, port, 0, scope_id))
        }
        None => SocketAddr::V6(SocketAddrV6::new(address, port, 0, 0)),
    }
}

/// The sixteen bytes of `address` on a dual-stack socket.
pub(crate) fn mapped_octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The address that leaves the choice to the kernel.
pub(crate) const fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests;
