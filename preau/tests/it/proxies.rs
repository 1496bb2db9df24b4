//! The examples in `deploy/proxies`, each run by the proxy that it is for, from Debian.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream as BlockingStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertificateParams, KeyPair};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest as _},
};

use crate::{
    lifecycle::free_port,
    program::{DataFolder, Program},
};

#[test]
fn people_come_through_nginx() {
    people_come_through("nginx.conf", |proxy| {
        let dir = proxy.dir.path().display();
        let frame = proxy.write(
            "frame.conf",
            &format!(
                "pid {dir}/pid; daemon off; events {{}}\n\
                 http {{ access_log off; client_body_temp_path {dir}/body; \
                 proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; \
                 uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;\n\
                 include {dir}/example; }}\n"
            ),
        );
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-e", "stderr", "-c", &frame]);
        command
    });
}

#[test]
fn people_come_through_caddy() {
    people_come_through("Caddyfile", |proxy| {
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(proxy.dir.path().join("example"));
        command.env("HOME", proxy.dir.path());
        command
    });
}

#[test]
fn people_come_through_apache() {
    people_come_through("apache.conf", |proxy| {
        let dir = proxy.dir.path().display();
        let modules = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http", "ssl"];
        let load = modules.map(|name| {
            format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
        });
        let frame = proxy.write(
            "frame.conf",
            &format!(
                "{}ServerRoot {dir}\nPidFile {dir}/pid\nErrorLog {dir}/log\nServerName localhost\n\
                 DefaultRuntimeDir {dir}\nUser www-data\nGroup www-data\n\
                 Listen 127.0.0.1:{}\nInclude {dir}/example\n",
                load.concat(),
                proxy.port
            ),
        );
        let mut command = Command::new("/usr/sbin/apache2");
        command.args(["-D", "FOREGROUND", "-f", &frame]);
        command
    });
}

#[test]
fn people_come_through_haproxy() {
    people_come_through("haproxy.cfg", |proxy| {
        let mut command = Command::new("/usr/sbin/haproxy");
        command.args(["-db", "-f"]).arg(proxy.dir.path().join("example"));
        command
    });
}

/// The name that the examples are for.
const NAME: &str = "meet.example.org";

/// A limit for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the program and a proxy before it, and comes as people do.
fn people_come_through(example: &str, command: impl FnOnce(&Proxy) -> Command) {
    let data = DataFolder::new();
    let program = Program::start_with(&[
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.path().to_str().unwrap(),
        "--behind-proxy",
        "127.0.0.1/32",
    ]);
    let proxy = Proxy::start(example, program.port(), command);
    Runtime::new().unwrap().block_on(async {
        tokio::time::timeout(PATIENCE * 2, story(&proxy)).await.expect("in time");
    });
}

async fn story(proxy: &Proxy) {
    let (ana, bo) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3));
    assert_eq!(proxy.ask(ana, "GET", "/healthz", "").await, (200, "ok\n".to_owned()));
    let (status, room) = proxy.ask(ana, "POST", "/api/v1/rooms", "{}").await;
    assert_eq!(status, 201, "{room}");
    let room: Value = serde_json::from_str(&room).unwrap();
    let link = room["guest_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("https://{NAME}/")), "{link}");

    let name = room["room"].as_str().unwrap();
    assert_eq!(proxy.join_refusal(ana, name, "wrong").await, "unknown_link");

    // Each person has a limit of their own, and cannot shake it off by what they claim.
    let mut refused = false;
    for _ in 0..200 {
        refused = proxy.ask(ana, "POST", "/api/v1/rooms", "{}").await.0 == 429;
        if refused {
            break;
        }
    }
    assert!(refused, "whoever makes rooms without end is stopped");
    assert_eq!(proxy.ask(bo, "POST", "/api/v1/rooms", "{}").await.0, 201, "and nobody else");
}

/// A proxy that speaks HTTPS before the program.
struct Proxy {
    process: Option<Child>,
    port: u16,
    dir: TempDir,
    certificate: CertificateDer<'static>,
}

impl Proxy {
    fn start(example: &str, program: u16, command: impl FnOnce(&Proxy) -> Command) -> Proxy {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([NAME.to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut proxy =
            Proxy { process: None, port: free_port(), dir, certificate: certificate.der().clone() };
        let chain = proxy.write("chain.pem", &certificate.pem());
        let private = proxy.write("key.pem", &key.serialize_pem());
        let both =
            proxy.write("both.pem", &format!("{}{}", certificate.pem(), key.serialize_pem()));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxies").join(example);
        let port = proxy.port;
        // What a person would change: ports and certificates, and nothing else.
        let text = fs::read_to_string(path)
            .unwrap()
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{program}"))
            .replace("/etc/letsencrypt/live/meet.example.org/fullchain.pem", &chain)
            .replace("/etc/letsencrypt/live/meet.example.org/privkey.pem", &private)
            .replace("/etc/haproxy/certs/meet.example.org.pem", &both)
            .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
            .replace("    listen [::]:443 ssl http2;\n", "")
            .replace("*:443", &format!("127.0.0.1:{port}"))
            .replace("bind :::443 v4v6", &format!("bind 127.0.0.1:{port}"))
            .replace(
                "meet.example.org {\n",
                &format!(
                    "{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n\
                     https://meet.example.org:{port} {{\n\tbind 127.0.0.1\n\
                     \ttls {chain} {private}\n"
                ),
            );
        proxy.write("example", &text);
        let mut command = command(&proxy);
        let log = fs::File::create(proxy.dir.path().join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let installed = "`xtask/packages.txt` names the package";
        proxy.process = Some(command.spawn().expect(installed));
        let start = Instant::now();
        while BlockingStream::connect(("127.0.0.1", port)).is_err() {
            let said = fs::read_to_string(proxy.dir.path().join("said")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{said}");
            thread::sleep(Duration::from_millis(10));
        }
        proxy
    }

    /// The path of a file of its own.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Comes from an address of the loopback.
    async fn connect(&self, from: Ipv4Addr) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// One request, with a claim that is not true; status and body.
    async fn ask(&self, from: Ipv4Addr, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = self.connect(from).await;
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {NAME}\r\nX-Forwarded-For: 198.51.100.7\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Some proxies end without the farewell of TLS.
        stream.read_to_end(&mut answer).await.ok();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).expect("a status").parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    }

    /// The code of the error that a join is answered with over the WebSocket.
    async fn join_refusal(&self, from: Ipv4Addr, room: &str, secret: &str) -> String {
        let mut request = format!("wss://{NAME}/ws").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "preau.v1".parse().unwrap());
        let origin = format!("https://{NAME}").parse().unwrap();
        request.headers_mut().insert("Origin", origin);
        let (mut socket, _) = client_async(request, self.connect(from).await).await.unwrap();
        let join = json!({
            "id": 1, "kind": "join", "room": room, "secret": secret, "name": "Ada",
            "offer": { "plain": "no offer" }, "sections": [],
        });
        socket.send(tungstenite::Message::text(join.to_string())).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Ok(text) = message.into_text() else { continue };
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            if message["kind"] == "error" {
                return message["code"].as_str().unwrap().to_owned();
            }
        }
        panic!("the socket closed without an error");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else { return };
        // SIGTERM lets it end its own children.
        let pid = process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        let start = Instant::now();
        while process.try_wait().is_ok_and(|status| status.is_none()) {
            if start.elapsed() > Duration::from_secs(5) {
                process.kill().ok();
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}
