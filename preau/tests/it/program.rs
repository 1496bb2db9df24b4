//! A running `preau` on a free port with a data folder of its own, and what speaks to it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest as _};

/// A limit for a loaded machine, four times what is promised and more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command line of `preau` that sees nothing of the caller's settings.
pub(crate) fn preau(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_preau"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PREAU_") {
            command.env_remove(name);
        }
    }
    command.env_remove("STATE_DIRECTORY").args(arguments);
    command
}

/// Runs a command line that should end by itself, and returns its code, stdout and stderr.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = preau(arguments);
    // Without a terminal the help is 100 columns wide on every machine.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().ok();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// `preau serve`, killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// What stood behind `ready`.
    pub(crate) url: String,
}

impl Program {
    /// Starts on a free port of loopback and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Program {
        let data = data.to_str().unwrap();
        Program::start_with(&["--data", data, "--listen", "127.0.0.1:0"])
    }

    /// Starts with other arguments; metrics are on a free port unless they say otherwise.
    pub(crate) fn start_with(arguments: &[&str]) -> Program {
        let mut command = preau(arguments);
        if !arguments.contains(&"--metrics-listen") {
            command.args(["--metrics-listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (lines, first_line) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                lines.send(line.unwrap()).ok();
            }
        });
        let line = first_line.recv_timeout(PATIENCE).expect("it gets ready");
        let url = line.strip_prefix("ready ").expect("the line is `ready URL`");
        Program { child, url: url.to_owned() }
    }

    /// The number of the port.
    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.url.rsplit_once(':').unwrap();
        port.parse().unwrap()
    }

    /// Sends a signal by its number, and waits for the end.
    pub(crate) fn end_by(mut self, signal: &str) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(killed.success());
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, start.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it did not end by {signal}");
    }

    /// One HTTP request; returns status and body.
    pub(crate) fn http(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        http(self.port(), method, path, body)
    }

    /// Makes a room and returns what the answer says.
    pub(crate) fn create_room(&self) -> CreatedRoom {
        let (status, body) = self.http("POST", "/api/v1/rooms", "{}");
        assert_eq!(status / 100, 2, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        CreatedRoom {
            room: text("room"),
            host_link: text("host_link"),
            guest_link: text("guest_link"),
        }
    }

    /// Joins over the WebSocket with an offer that no node can answer; returns the error's code.
    ///
    /// The link is checked before the offer, so `bad_offer` says that the link opens the room.
    pub(crate) fn join_refusal(&self, room: &str, secret: &str) -> String {
        let url = format!("{}/ws", self.url.replacen("http", "ws", 1));
        let join = json!({
            "id": 1, "kind": "join", "room": room, "secret": secret, "name": "Ada",
            "offer": { "plain": "no offer" }, "sections": [],
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let conversation = async move {
            let mut request = url.into_client_request().unwrap();
            let protocol = "preau.v1".parse().unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
            let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
            let message = tungstenite::Message::text(join.to_string());
            socket.send(message).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                let Ok(text) = message.into_text() else { continue };
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                if message["kind"] == "error" {
                    return message["code"].as_str().unwrap().to_owned();
                }
            }
            panic!("the socket closed without an error");
        };
        runtime.block_on(async { tokio::time::timeout(PATIENCE, conversation).await.unwrap() })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The answer to `POST /api/v1/rooms`.
pub(crate) struct CreatedRoom {
    pub(crate) room: String,
    pub(crate) host_link: String,
    pub(crate) guest_link: String,
}

/// The part of a link behind `#`.
pub(crate) fn secret(link: &str) -> &str {
    link.trim_end().split_once('#').expect("a secret").1
}

/// One HTTP request to a port of loopback; returns status and body.
pub(crate) fn http(port: u16, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

/// A folder for data that goes away with its owner.
pub(crate) struct DataFolder(tempfile::TempDir);

impl DataFolder {
    pub(crate) fn new() -> Self {
        DataFolder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
