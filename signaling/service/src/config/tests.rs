use super::*;

fn cidr(text: &str) -> Cidr {
    text.parse().expect("a range")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn a_range_holds_its_addresses_and_no_others() {
    for (range, inside, outside) in [
        ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
        ("192.168.1.7", "192.168.1.7", "192.168.1.6"),
        ("fd00::/8", "fdff::1", "fe00::1"),
        ("::1", "::1", "::2"),
        ("10.0.0.0/8", "::ffff:10.1.1.1", "::10.1.1.1"),
    ] {
        assert!(cidr(range).contains(ip(inside)), "{range} {inside}");
        assert!(!cidr(range).contains(ip(outside)), "{range} {outside}");
    }
    assert!(cidr("0.0.0.0/0").contains(ip("203.0.113.9")));
    assert!(!cidr("0.0.0.0/0").contains(ip("2001:db8::1")));
    assert!(cidr("::/0").contains(ip("203.0.113.9")));
}

#[test]
fn a_range_prints_as_it_is_written() {
    for text in ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "0.0.0.0/0"] {
        assert_eq!(cidr(text).to_string(), text);
    }
    for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x", "host/8"] {
        assert_eq!(bad.parse::<Cidr>(), Err(BadCidr), "{bad}");
    }
}

#[test]
fn an_origin_is_scheme_and_host_alone() {
    for (text, written) in [
        ("https://Meet.Example.org/", "https://meet.example.org"),
        ("https://a.example:443", "https://a.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ] {
        assert_eq!(text.parse::<Origin>().map(|o| o.to_string()), Ok(written.to_owned()));
    }
    for bad in [
        "meet.example.org",
        "ftp://a.example",
        "https://a.example/path",
        "https://user@a.example",
        "https://",
        "https://a.example:0",
        "https://a.example:99999",
        "https://[::1",
        "https://a b",
    ] {
        assert_eq!(bad.parse::<Origin>(), Err(BadOrigin), "{bad}");
    }
}
