use std::{
    collections::HashSet,
    net::{IpAddr, Ipv6Addr},
};

use super::{ADDRESSES_MAX, InterfaceAddress, candidates, fleeting_addresses, usable};

fn on(interface: &str, ip: &str) -> InterfaceAddress {
    let ip = ip.parse().expect("an address");
    InterfaceAddress { interface: interface.to_owned(), ip, is_fleeting: false }
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

const EVERYWHERE: &str = "::";

fn usable_at(listen: &str, interfaces: &[InterfaceAddress]) -> Vec<IpAddr> {
    usable(listen.parse().expect("an address"), interfaces)
}

#[test]
fn global_addresses_come_before_private_ones_and_ipv4_before_ipv6() {
    let found = [
        on("wlan0", "fd00::7"),
        on("lo", "127.0.0.1"),
        on("eth0", "2001:db8::7"),
        on("wlan0", "192.168.1.7"),
        on("eth0", "203.0.113.7"),
        on("tailscale0", "100.100.1.2"),
    ];
    let expected = ips(&["203.0.113.7", "2001:db8::7", "100.100.1.2", "192.168.1.7", "fd00::7"]);
    assert_eq!(usable_at(EVERYWHERE, &found), expected);
}

#[test]
fn addresses_that_lead_nowhere_are_left_out() {
    let fleeting = InterfaceAddress { is_fleeting: true, ..on("eth0", "2001:db8::1:2") };
    let found = [
        on("lo", "127.0.0.1"),
        on("lo", "::1"),
        on("eth0", "169.254.3.4"),
        on("eth0", "fe80::1"),
        on("docker0", "172.17.0.1"),
        on("br-52ab", "172.18.0.1"),
        on("veth1", "10.88.0.1"),
        fleeting,
        on("eth0", "10.0.0.7"),
    ];
    assert_eq!(usable_at(EVERYWHERE, &found), ips(&["10.0.0.7"]));
}

#[test]
fn a_machine_alone_answers_at_loopback() {
    let found = [on("lo", "127.0.0.1"), on("lo", "::1"), on("docker0", "172.17.0.1")];
    assert_eq!(usable_at(EVERYWHERE, &found), ips(&["127.0.0.1", "::1"]));
    assert_eq!(usable_at("0.0.0.0", &found), ips(&["127.0.0.1"]));
}

#[test]
fn a_socket_without_ipv6_offers_none() {
    let found = [on("eth0", "2001:db8::7"), on("eth0", "10.0.0.7")];
    assert_eq!(usable_at("0.0.0.0", &found), ips(&["10.0.0.7"]));
}

#[test]
fn a_socket_bound_to_one_address_offers_it_alone() {
    let found = [on("eth0", "10.0.0.7"), on("eth0", "10.0.0.8")];
    assert_eq!(usable_at("10.0.0.8", &found), ips(&["10.0.0.8"]));
}

#[test]
fn an_answer_has_six_addresses_at_most() {
    let found: Vec<_> = (1..20).map(|n| on("eth0", &format!("10.0.0.{n}"))).collect();
    assert_eq!(usable_at(EVERYWHERE, &found).len(), ADDRESSES_MAX);
}

#[test]
fn what_the_operator_names_replaces_what_is_found() {
    let advertised = ips(&["198.51.100.1", "2001:db8::5"]);
    let listen = "[::]:443".parse().expect("a socket address");
    let texts: Vec<String> =
        candidates(listen, &advertised).iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["198.51.100.1:443", "[2001:db8::5]:443"]);
}

#[test]
fn temporary_addresses_are_read_from_the_kernels_table() {
    let table = "\
20010db8000000000000000000000001 02 40 00 80     eth0
20010db80000000000000000deadbeef 02 40 00 01     eth0
20010db80000000000000000deadbee0 02 40 00 60     eth0
garbage
";
    let expected = ["2001:db8::dead:beef", "2001:db8::dead:bee0"];
    let expected: HashSet<Ipv6Addr> =
        expected.iter().map(|text| text.parse().expect("an address")).collect();
    assert_eq!(fleeting_addresses(table), expected);
}
