//! The commands as a person runs them, and the announcer against a server of its own.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Output, Stdio},
    thread,
};

fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments);
    command
}

fn output(command: &mut Command) -> Output {
    command.output().expect("xtask starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_every_command_and_stage_but_not_the_announcer() {
    let help = text(&output(&mut xtask(&["help"])).stdout);
    for word in ["run", "test", "tidy", "bindings", "figures", "deny", "packages", "browsers"] {
        assert!(help.contains(&format!("\n  {word} ")), "{word} is not in\n{help}");
    }
    assert!(!help.contains("announce"), "{help}");
}

#[test]
fn an_unknown_command_or_stage_fails_and_names_the_known_ones() {
    let command = output(&mut xtask(&["nonsense"]));
    assert!(!command.status.success());
    assert!(text(&command.stdout).contains("tidy"));
    let stage = output(&mut xtask(&["test", "nonsense"]));
    assert!(!stage.status.success());
    assert!(text(&stage.stderr).contains("there are packages, format"));
}

#[test]
fn a_stage_ends_with_the_line_that_ci_reads() {
    let run = output(&mut xtask(&["test", "tidy"]));
    let stdout = text(&run.stdout);
    let last = stdout.lines().last().expect("it prints");
    let words: Vec<&str> = last.split(' ').collect();
    assert!(matches!(words[..], [_, "passed,", _, "failed"]), "{last}");
    let is_green = words[2] == "0";
    assert_eq!(run.status.success(), is_green, "{stdout}");
}

#[test]
fn the_announcer_passes_lines_on_and_prints_the_links_of_a_room() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    let server = thread::spawn(move || serve_one_room(&listener));
    let mut announcer = xtask(&["announce-room"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("xtask starts");
    let mut stdin = announcer.stdin.take().expect("it is piped");
    write!(stdin, "starting\nready http://127.0.0.1:{port}\nlast words\n").expect("it listens");
    drop(stdin);
    let stdout = text(&announcer.wait_with_output().expect("it ends with its input").stdout);
    assert!(stdout.starts_with("starting\n"), "{stdout}");
    assert!(stdout.contains("host link   http://h/r#host\n"), "{stdout}");
    assert!(stdout.contains("guest link  http://h/r#guest\n"), "{stdout}");
    assert!(stdout.ends_with("last words\n"), "{stdout}");
    let request = server.join().expect("the server does not panic");
    assert!(request.starts_with("POST /api/v1/rooms HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")), "{request}");
}

/// Answers one request with a room, and returns the request.
fn serve_one_room(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().expect("the announcer asks");
    let mut request = String::new();
    while !request.ends_with("{}") {
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).expect("the request arrives");
        request.push_str(&text(&chunk[..length]));
    }
    let body = r#"{"room":"r","host_link":"http://h/r#host","guest_link":"http://h/r#guest"}"#;
    let head = format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).expect("the announcer listens");
    request
}
