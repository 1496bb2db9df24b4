//! Who holds the port, and whether it is reached through the advertised addresses.

mod table;

use std::{
    fs,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{
    super::port::{Firewall, Holder, Loop},
    http,
};
use table::Protocol;

/// Who holds `listen` on TCP.
pub(super) fn tcp_holder(listen: SocketAddr) -> Holder {
    holder(listen, Protocol::Tcp, || TcpListener::bind(listen).map(|_| ()))
}

/// Who holds `listen` on UDP.
pub(super) fn udp_holder(listen: SocketAddr) -> Holder {
    holder(listen, Protocol::Udp, || UdpSocket::bind(listen).map(|_| ()))
}

fn holder(listen: SocketAddr, protocol: Protocol, bind: impl Fn() -> io::Result<()>) -> Holder {
    let sockets = table::sockets_at(listen, protocol);
    if !sockets.is_empty() {
        return match table::process_of(&sockets) {
            Some((name, _)) if name == SERVICE => Holder::Service,
            Some((name, pid)) => Holder::Other(name, pid),
            None => Holder::Unseen,
        };
    }
    match bind() {
        Ok(()) => Holder::Nobody,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Holder::Untried,
        Err(error) if error.kind() == ErrorKind::AddrInUse => Holder::Unseen,
        Err(error) => Holder::Unbindable(error.to_string()),
    }
}

/// The program's name in `/proc/PID/comm`.
const SERVICE: &str = "preau";

/// The process that serves `port`, if it is ours and this user may see it.
pub(super) fn service_process(port: u16) -> Option<u32> {
    let anywhere = SocketAddr::from(([0, 0, 0, 0], port));
    let (name, pid) = table::process_of(&table::sockets_at(anywhere, Protocol::Tcp))?;
    (name == SERVICE).then_some(pid)
}

/// How long a way through a router on this network takes at most.
const LOOP_TIME_MAX: Duration = Duration::from_secs(2);

/// Tries the port at each of `addresses`, from this machine.
pub(super) fn loops(
    listen: SocketAddr,
    addresses: &[IpAddr],
    (tcp, udp): (&Holder, &Holder),
    metrics: Option<SocketAddr>,
) -> Vec<Loop> {
    let at = |to: &IpAddr| SocketAddr::new(*to, listen.port());
    // Where nobody serves, we do, for the moment of trying.
    let listener = (*tcp == Holder::Nobody).then(|| TcpListener::bind(listen).ok()).flatten();
    let socket = (*udp == Holder::Nobody).then(|| UdpSocket::bind(listen).ok()).flatten();
    let tcp_can = *tcp == Holder::Service || listener.is_some();
    let tried = addresses.iter().map(|to| Loop {
        to: *to,
        tcp: tcp_can.then(|| TcpStream::connect_timeout(&at(to), LOOP_TIME_MAX).is_ok()),
        udp: match (udp, &socket, metrics) {
            (Holder::Service, _, Some(metrics)) => counted(at(to), metrics),
            (_, Some(socket), _) => arrives(at(to), socket),
            (_, None, _) => None,
        },
    });
    tried.collect()
}

/// Whether a datagram to `to` arrives at our own socket.
fn arrives(to: SocketAddr, socket: &UdpSocket) -> Option<bool> {
    let sender = sender_to(to)?;
    let mark = sender.local_addr().ok()?.to_string();
    socket.set_read_timeout(Some(LOOP_TIME_MAX)).ok()?;
    sender.send_to(mark.as_bytes(), to).ok()?;
    let start = Instant::now();
    let mut datagram = [0; 128];
    while start.elapsed() < LOOP_TIME_MAX {
        match socket.recv(&mut datagram) {
            Ok(length) if datagram.get(..length) == Some(mark.as_bytes()) => return Some(true),
            // Somebody else's, which has come to the port meanwhile.
            Ok(_) => {}
            Err(_) => return Some(false),
        }
    }
    Some(false)
}

/// Whether the running node counts datagrams that are sent to `to`. It answers none of them, so its
/// metrics are asked, which it writes once a second.
fn counted(to: SocketAddr, metrics: SocketAddr) -> Option<bool> {
    // RFC 7983 §7: no protocol begins with this byte.
    const NO_PROTOCOL: [u8; 8] = [0xff; 8];
    const DATAGRAMS: usize = 3;
    let before = dropped(metrics)?;
    let sender = sender_to(to)?;
    for _ in 0..DATAGRAMS {
        sender.send_to(&NO_PROTOCOL, to).ok()?;
    }
    let start = Instant::now();
    while start.elapsed() < LOOP_TIME_MAX {
        thread::sleep(Duration::from_millis(100));
        if dropped(metrics)? >= before + DATAGRAMS as f64 {
            return Some(true);
        }
    }
    Some(false)
}

/// The node's count of datagrams that belong to no protocol.
fn dropped(metrics: SocketAddr) -> Option<f64> {
    let text = http::body(metrics, "/metrics")?;
    let count = text.lines().find_map(|line| line.strip_prefix(UNKNOWN_PROTOCOL));
    // A reason is listed from its first case on.
    count.map_or(Some(0.0), |count| count.trim().parse().ok())
}

const UNKNOWN_PROTOCOL: &str = "sfu_dropped_datagrams_total{reason=\"unknown_protocol\"}";

fn sender_to(to: SocketAddr) -> Option<UdpSocket> {
    let any: IpAddr = if to.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    UdpSocket::bind((any, 0)).ok()
}

/// What ufw's files say of `port`; they are for root.
pub(super) fn firewall(port: u16) -> Firewall {
    let folder = Path::new("/etc/ufw");
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let (Ok(state), Ok(rules)) = (read("ufw.conf"), read("user.rules")) else {
        return Firewall::Unknown;
    };
    ufw(&state, &rules, port)
}

/// `### tuple ### allow any 443 0.0.0.0/0 any 0.0.0.0/0 in` (ufw's `user.rules`).
fn ufw(state: &str, rules: &str, port: u16) -> Firewall {
    if !state.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes")) {
        return Firewall::Unknown;
    }
    let allows = |protocol: &str| {
        rules.lines().filter_map(|line| line.strip_prefix("### tuple ### ")).any(|rule| {
            let words: Vec<&str> = rule.split(' ').collect();
            let [action, of, ports, ..] = words[..] else { return false };
            let is_allowed = action == "allow" || action == "limit";
            is_allowed && (of == "any" || of == protocol) && holds(ports, port)
        })
    };
    Firewall::Ufw { tcp: allows("tcp"), udp: allows("udp") }
}

/// Whether `80,443` or `8000:9000` holds `port`.
fn holds(ports: &str, port: u16) -> bool {
    ports == "any"
        || ports.split(',').any(|part| {
            let (first, last) = part.split_once(':').unwrap_or((part, part));
            let range = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
            range.is_some_and(|(first, last)| (first..=last).contains(&port))
        })
}

#[cfg(test)]
mod tests {
    use super::{Firewall, ufw};

    #[test]
    fn the_rules_of_ufw_are_read() {
        let rules = "*filter\n\
            ### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n\
            ### tuple ### allow any 443 0.0.0.0/0 any 0.0.0.0/0 in\n\
            ### tuple ### deny udp 9000 0.0.0.0/0 any 0.0.0.0/0 in\n\
            ### tuple ### limit tcp 80,8000:8080 0.0.0.0/0 any 0.0.0.0/0 in\n";
        let on = |port| ufw("ENABLED=yes\nLOGLEVEL=low\n", rules, port);
        assert_eq!(on(443), Firewall::Ufw { tcp: true, udp: true });
        assert_eq!(on(8043), Firewall::Ufw { tcp: true, udp: false });
        assert_eq!(on(9000), Firewall::Ufw { tcp: false, udp: false });
        assert_eq!(ufw("ENABLED=no\n", rules, 443), Firewall::Unknown);
    }
}
