//! What the announcer understands of the server.

use super::*;

#[test]
fn the_ready_line_gives_the_origin() {
    assert_eq!(ready_origin("ready http://localhost:8080"), Some("http://localhost:8080"));
    assert_eq!(
        ready_origin("ready https://preau.example (self-signed)"),
        Some("https://preau.example")
    );
    assert_eq!(ready_origin("already http://localhost:8080"), None);
    assert_eq!(ready_origin("ready"), None);
}

#[test]
fn links_are_found_in_the_answer() {
    let json = r#"{"room":"r", "host_link" : "http://h/r#1","guest_link":"http://h/r#2"}"#;
    let expected = Links { host: "http://h/r#1".to_owned(), guest: "http://h/r#2".to_owned() };
    assert_eq!(links(json), Some(expected));
    assert_eq!(links(r#"{"room":"r","host_link":"http://h/r#1"}"#), None);
    assert_eq!(links(r#"{"host_link":7,"guest_link""#), None);
}

#[test]
fn with_tls_the_home_page_is_named_instead() {
    let text = invitation("https://localhost:8443");
    assert!(text.contains("Open https://localhost:8443 and create one there"), "{text}");
}

#[test]
fn arguments_reach_the_program_with_or_without_separator() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_separator(&words("-- --listen [::]:9")), words("--listen [::]:9"));
    assert_eq!(without_separator(&words("--listen [::]:9")), words("--listen [::]:9"));
    assert_eq!(without_separator(&[]), &[] as &[String]);
}
