use protocol::Duration;

use super::*;

fn key(text: &str) -> AddressKey {
    AddressKey::from(text.parse::<IpAddr>().expect("an address"))
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

fn addresses(failures: u32, silent: u32, addresses: usize) -> Addresses {
    Addresses::new(&Limits {
        failures_per_address: failures,
        failures_forgiven_per_minute: 60,
        silent_sockets_per_address: silent,
        addresses,
        ..Limits::default()
    })
}

#[test]
fn one_machine_is_one_key() {
    assert_eq!(key("10.0.0.1"), key("::ffff:10.0.0.1"));
    assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
    assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    assert_ne!(key("10.0.0.1"), key("10.0.0.2"));
}

#[test]
fn who_fails_too_often_is_not_heard_and_is_forgiven_in_time() {
    let mut addresses = addresses(3, 10, 10);
    let (bad, good) = (key("10.0.0.1"), key("10.0.0.2"));
    for _ in 0..3 {
        assert!(!addresses.is_tired_of(at(0), bad));
        addresses.handle_failure(at(0), bad);
    }
    assert!(addresses.is_tired_of(at(0), bad));
    assert!(!addresses.is_tired_of(at(0), good));
    assert!(!addresses.is_tired_of(at(1000), bad));
}

#[test]
fn silent_sockets_are_counted_while_they_are_silent() {
    let mut addresses = addresses(3, 2, 10);
    let here = key("10.0.0.1");
    assert_eq!(addresses.admit(at(0), here), Some(here));
    assert_eq!(addresses.admit(at(0), here), Some(here));
    assert_eq!(addresses.admit(at(0), here), None);
    assert!(addresses.admit(at(0), key("10.0.0.2")).is_some());
    addresses.handle_heard(here);
    assert_eq!(addresses.admit(at(0), here), Some(here));
}

#[test]
fn the_table_is_bounded_and_forgets_who_behaves() {
    let mut addresses = addresses(3, 2, 4);
    let at_once: Vec<_> =
        (0..20).filter_map(|n| addresses.admit(at(0), key(&format!("10.0.0.{n}")))).collect();
    assert_eq!(at_once.len(), 4 + 2, "four places, and two silent sockets of all others");
    assert_eq!(addresses.table.len(), 4 + 1);
    at_once.into_iter().for_each(|key| addresses.handle_heard(key));
    assert!(addresses.admit(at(2000), key("10.0.0.99")).is_some());
    assert_eq!(addresses.table.len(), 1);
}
