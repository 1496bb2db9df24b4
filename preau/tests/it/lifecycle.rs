//! From start to end: the port, readiness, a crash, a clean stop.

use std::{
    net::{TcpListener, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use crate::program::{DataFolder, Program, http, preau, run, secret};

#[test]
fn ready_means_that_people_can_come() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    assert_eq!(program.url, format!("http://localhost:{}", program.port()));
    assert_eq!(program.http("GET", "/healthz", "").0, 200);
    assert_eq!(program.http("GET", "/readyz", "").0, 200);
    let room = program.create_room();
    let start = format!("{}/{}#", program.url, room.room);
    assert!(room.guest_link.starts_with(&start), "{}", room.guest_link);
    assert!(room.host_link.starts_with(&start));
    assert_ne!(room.guest_link, room.host_link);
}

#[test]
fn the_service_manager_hears_that_people_can_come() {
    let data = DataFolder::new();
    let path = data.file("notify", "");
    std::fs::remove_file(&path).unwrap();
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let folder = data.path();
    let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"];
    let mut child = preau(&[&arguments[..], &[folder.to_str().unwrap()]].concat())
        .env("NOTIFY_SOCKET", &path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut word = [0; 16];
    let length = socket.recv(&mut word);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(&word[..length.unwrap()], b"READY=1");
}

#[test]
fn media_have_the_same_port_number_on_udp() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    let taken = UdpSocket::bind(("127.0.0.1", program.port()));
    assert!(taken.is_err(), "UDP port {} is free", program.port());
}

#[test]
fn a_link_made_today_opens_the_room_after_a_crash() {
    let data = DataFolder::new();
    let program = Program::start(&data.path());
    let room = program.create_room();
    program.end_by("-KILL");

    let program = Program::start(&data.path());
    for link in [&room.guest_link, &room.host_link] {
        assert_eq!(program.join_refusal(&room.room, secret(link)), "bad_offer");
    }
    assert_eq!(program.join_refusal(&room.room, "wrong"), "unknown_link");
}

#[test]
fn sigterm_and_sigint_end_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let data = DataFolder::new();
        let program = Program::start(&data.path());
        program.create_room();
        let (status, duration) = program.end_by(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(duration < Duration::from_secs(2), "{signal}: {duration:?}");
    }
}

#[test]
fn a_busy_port_is_explained() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let (code, stderr) = start_on(port);
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        format!(
            "error: port {port} is in use by another program: stop that program, or choose \
             another port with `--listen 127.0.0.1:PORT`\n"
        )
    );
}

#[test]
fn a_busy_udp_port_is_explained() {
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let (code, stderr) = start_on(port);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("UDP port {port} is taken")), "{stderr}");
}

#[test]
fn a_data_folder_that_is_a_file_is_explained() {
    let data = DataFolder::new();
    let file = data.file("data", "");
    let (code, _, stderr) =
        run(&["--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data", &file]);
    assert_eq!(code, Some(1));
    let error = error_line(&stderr);
    assert!(error.contains(&file), "{error}");
    assert!(error.contains("--data"), "{error}");
}

#[test]
fn a_certificate_that_is_not_there_is_explained() {
    let data = DataFolder::new();
    let (code, stdout, stderr) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "off",
        "--data",
        data.path().to_str().unwrap(),
        "--tls-cert",
        "/nowhere/chain.pem",
        "--tls-key",
        "/nowhere/key.pem",
    ]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let error = error_line(&stderr);
    assert!(error.contains("/nowhere/chain.pem"), "{error}");
    assert!(error.contains("--tls-cert"), "{error}");
}

#[test]
fn an_authority_that_does_not_answer_keeps_the_program_neither_from_starting_nor_from_ending() {
    let data = DataFolder::new();
    let plain = free_port();
    let program = Program::start_with(&[
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.path().to_str().unwrap(),
        "--tls",
        "acme",
        "--domains",
        "meet.example.org",
        // Nobody has this port.
        "--acme-directory",
        "https://127.0.0.1:1/directory",
        "--http-listen",
        &format!("127.0.0.1:{plain}"),
    ]);
    assert_eq!(program.url, format!("https://localhost:{}", program.port()));
    let status = data.path().join("tls/acme/status.json");
    let says_why = || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        text.contains("\"authority_unreachable\"") && text.contains("\"next_attempt\"")
    };
    let start = Instant::now();
    while !says_why() {
        assert!(start.elapsed() < Duration::from_secs(20), "the status file says why");
        thread::sleep(Duration::from_millis(20));
    }
    // Whoever comes by plain HTTP, on either port, is sent on to the name.
    for port in [plain, program.port()] {
        assert_eq!(http(port, "GET", "/algebra-2", "").0, 308, "{port}");
    }
    let (ended, duration) = program.end_by("-TERM");
    assert_eq!(ended.code(), Some(0));
    assert!(duration < Duration::from_secs(2), "{duration:?}");
}

#[test]
fn a_root_of_an_authority_that_is_not_there_is_explained() {
    let data = DataFolder::new();
    let (code, _, stderr) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "off",
        "--data",
        data.path().to_str().unwrap(),
        "--tls",
        "acme",
        "--domains",
        "meet.example.org",
        "--acme-ca",
        "/nowhere/root.pem",
    ]);
    assert_eq!(code, Some(1));
    let error = error_line(&stderr);
    assert!(error.contains("/nowhere/root.pem") && error.contains("--acme-ca"), "{error}");
}

#[test]
fn metrics_are_on_a_listener_of_their_own() {
    let data = DataFolder::new();
    let metrics = free_port();
    let program = Program::start_with(&[
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        &format!("127.0.0.1:{metrics}"),
        "--data",
        data.path().to_str().unwrap(),
    ]);
    let (status, body) = http(metrics, "GET", "/metrics", "");
    assert_eq!(status, 200);
    assert!(body.contains("# TYPE sfu_"), "{body}");
    assert!(body.contains("# TYPE signaling_"), "{body}");
    let public = program.http("GET", "/metrics", "").1;
    assert!(!public.contains("# TYPE"), "{public}");
}

/// It may be taken before it is used, which then fails loudly.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The one line that tells why it did not start; the log may stand before it.
fn error_line(stderr: &str) -> &str {
    let last = stderr.lines().last().unwrap();
    assert!(last.starts_with("error: "), "{stderr}");
    last
}

/// Starts the program on a port of loopback; its exit code, and what it says on standard error.
fn start_on(port: u16) -> (Option<i32>, String) {
    let data = DataFolder::new();
    let (code, _, stderr) = run(&[
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--metrics-listen",
        "off",
        "--data",
        data.path().to_str().unwrap(),
    ]);
    (code, stderr)
}
