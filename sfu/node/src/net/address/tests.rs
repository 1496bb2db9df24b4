use std::net::SocketAddr;

use super::{Family, RawAddress};

fn round_trip(text: &str, family: Family) -> Option<SocketAddr> {
    let address: SocketAddr = text.parse().expect("a socket address");
    RawAddress::encode(address, family)?.0.decode()
}

#[test]
fn addresses_survive_the_kernels_layout() {
    for text in ["192.0.2.7:9", "[2001:db8::1]:65535", "[fe80::1%3]:80"] {
        let expected: SocketAddr = text.parse().expect("a socket address");
        assert_eq!(round_trip(text, Family::V6), Some(expected), "{text} on a dual-stack socket");
    }
    let expected: SocketAddr = "192.0.2.7:9".parse().expect("a socket address");
    assert_eq!(round_trip("192.0.2.7:9", Family::V4), Some(expected));
}

#[test]
fn an_ipv6_address_has_no_place_on_an_ipv4_socket() {
    assert_eq!(round_trip("[2001:db8::1]:1", Family::V4), None);
}

#[test]
fn a_mapped_address_comes_out_as_ipv4() {
    assert_eq!(round_trip("[::ffff:198.51.100.4]:7", Family::V6), "198.51.100.4:7".parse().ok());
}

#[test]
fn the_scope_of_a_global_address_is_not_part_of_it() {
    assert_eq!(round_trip("[2001:db8::1%5]:1", Family::V6), "[2001:db8::1]:1".parse().ok());
}

#[test]
fn an_address_of_another_family_is_no_address() {
    assert_eq!(RawAddress::EMPTY.decode(), None);
}
