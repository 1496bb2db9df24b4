use super::{Advertised, BadValue, SideListener};

#[test]
fn advertise_takes_addresses_and_names() {
    let read = |text: &str| text.parse::<Advertised>().map(|value| value.to_string());
    assert_eq!(read("203.0.113.7"), Ok("203.0.113.7".into()));
    assert_eq!(read("[2001:db8::1]"), Ok("2001:db8::1".into()));
    assert_eq!(read("Meet.Example.org"), Ok("meet.example.org".into()));
    for wrong in ["", "203.0.113", "203.0.113.7:8080", "a..b", "-a", "a b", "https://a"] {
        assert_eq!(read(wrong), Err(BadValue::Advertised), "{wrong:?}");
    }
}

#[test]
fn metrics_can_be_off() {
    assert_eq!("off".parse(), Ok(SideListener::Off));
    assert_eq!(
        "127.0.0.1:9600".parse::<SideListener>().map(|value| value.to_string()),
        Ok("127.0.0.1:9600".into())
    );
    assert_eq!("9600".parse::<SideListener>(), Err(BadValue::SideListener));
}
