//! Answers of the server, and origins that cannot be asked.

use super::*;

#[test]
fn a_good_answer_gives_its_body() {
    let answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
    assert_eq!(body(answer).as_deref(), Ok("{}"));
}

#[test]
fn a_refusal_gives_its_status() {
    let answer = "HTTP/1.1 429 Too Many Requests\r\n\r\nslower";
    assert_eq!(body(answer), Err("HTTP/1.1 429 Too Many Requests".to_owned()));
    assert_eq!(body(""), Err(String::new()));
}

#[test]
fn only_plain_http_with_a_port_is_asked() {
    assert_eq!(authority("http://localhost:8080/").expect("it is"), "localhost:8080");
    assert_eq!(authority("http://[::1]:8080").expect("it is"), "[::1]:8080");
    assert!(authority("https://localhost:8080").is_err());
    assert!(authority("http://localhost").is_err());
}
