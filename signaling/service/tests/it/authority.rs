//! A real certificate authority on the loopback: Debian's `pebble`, and the DNS it asks.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use signaling_service::{Acme, AcmeChallenge, Directory};

use crate::{site::PATIENCE, tls::connect_to};

/// The name that the authority resolves to the loopback, as every other.
pub(crate) const NAME: &str = "meet.example.org";

/// Where the authority will be, and its files. It is not running yet: see [`Place::open`].
pub(crate) struct Place {
    port: u16,
    dir: TempDir,
}

/// The authority while it runs.
pub(crate) struct Authority {
    /// Its DNS, then itself.
    processes: Vec<Child>,
    /// The port at which it tells its root.
    roots: u16,
    /// By what its own HTTPS is known.
    https: PathBuf,
}

/// Ports of a site at which the authority looks for its answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) tls: u16,
    pub(crate) http: u16,
}

impl Place {
    pub(crate) fn new() -> Place {
        let now = SystemTime::now();
        Place::known_until(now + Duration::from_secs(24 * 3600))
    }

    /// Its own HTTPS has a certificate that ends.
    pub(crate) fn known_until(end: SystemTime) -> Place {
        let place = Place { port: free_port(), dir: tempfile::tempdir().expect("a folder") };
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        params.not_before = (end - Duration::from_secs(48 * 3600)).into();
        params.not_after = end.into();
        let certificate = params.self_signed(&key).expect("a certificate");
        std::fs::write(place.root(), certificate.pem()).expect("written");
        std::fs::write(place.path("key.pem"), key.serialize_pem()).expect("written");
        place
    }

    /// What a site is told of it.
    pub(crate) fn acme(&self, challenge: AcmeChallenge) -> Acme {
        let directory = format!("https://127.0.0.1:{}/dir", self.port);
        Acme {
            domains: vec![NAME.to_owned()],
            email: Some("admin@example.org".to_owned()),
            directory: directory.parse::<Directory>().expect("a directory"),
            root: Some(self.root()),
            challenge,
        }
    }

    /// Starts it, with a memory that is empty; it validates on the ports of a site.
    pub(crate) async fn open(&self, ports: Ports) -> Authority {
        let dns = free_port();
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", ""]);
        resolver.args(["-https01", "", "-tlsalpn01", "", "-dns01"]);
        resolver.arg(format!("127.0.0.1:{dns}"));
        let (management, roots) = (free_port(), free_port());
        resolver.args(["-management", &format!("127.0.0.1:{management}")]);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{roots}"),
            "certificate": self.root(),
            "privateKey": self.path("key.pem"),
            "httpPort": ports.http,
            "tlsPort": ports.tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        std::fs::write(self.path("pebble.json"), config.to_string()).expect("written");
        let mut pebble = Command::new("pebble");
        pebble.arg("-config").arg(self.path("pebble.json"));
        pebble.args(["-strict", "-dnsserver", &format!("127.0.0.1:{dns}")]);
        // Every validation is a real one, at once; refused nonces have a test of their own.
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        pebble.env("PEBBLE_WFE_NONCEREJECT", "0");
        let mut authority = Authority { processes: Vec::new(), roots, https: self.root() };
        for (command, port) in [(resolver, management), (pebble, roots)] {
            authority.processes.push(spawn(command));
            answers(port).await;
        }
        authority
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("root.pem")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Authority {
    /// The root that it issues under, another at each start.
    pub(crate) async fn root(&self) -> CertificateDer<'static> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.roots));
        let https = CertificateDer::from_pem_file(&self.https).expect("a certificate");
        let mut stream = connect_to(address, "127.0.0.1", https).await.expect("a handshake");
        stream.write_all(b"GET /roots/0 HTTP/1.0\r\n\r\n").await.expect("written");
        let mut answer = Vec::new();
        // It ends without a farewell of TLS.
        stream.read_to_end(&mut answer).await.ok();
        CertificateDer::from_pem_slice(&answer).expect("a root")
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for process in &mut self.processes {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

fn spawn(mut command: Command) -> Child {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("`apt-get install pebble` brings the authority of these tests")
}

async fn answers(port: u16) {
    let start = Instant::now();
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "port {port} does not answer");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Free for TCP and for UDP, and below those that the kernel gives to whoever asks for none: nobody
/// takes it before it is used.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Runs beside one another begin elsewhere.
    let begin = std::process::id().wrapping_mul(61);
    loop {
        let step = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(16_384 + step % 16_384).expect("below 32 768");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}

/// Whether nobody but its owner can read a file.
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).expect("a file").permissions().mode();
    mode & 0o077 == 0
}
