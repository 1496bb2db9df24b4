//! The kernel's tables of sockets (proc_net(5)), and whose sockets they are.

use std::{
    collections::HashSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Whose table is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Tcp,
    Udp,
}

/// The inodes of sockets that stand in the way of binding `listen`.
pub(super) fn sockets_at(listen: SocketAddr, protocol: Protocol) -> HashSet<u64> {
    let files = match protocol {
        Protocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Protocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let tables = files.into_iter().filter_map(|file| fs::read_to_string(file).ok());
    tables.flat_map(|table| inodes(&table, listen, protocol)).collect()
}

fn inodes(table: &str, listen: SocketAddr, protocol: Protocol) -> Vec<u64> {
    // Linux `include/net/tcp_states.h`: TCP_LISTEN, and TCP_CLOSE, which is an unconnected UDP one.
    let state = match protocol {
        Protocol::Tcp => "0A",
        Protocol::Udp => "07",
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (ip, port) = address(fields.get(1)?)?;
        let collides = listen.ip().is_unspecified() || ip.is_unspecified() || ip == listen.ip();
        let is_wanted = fields.get(3) == Some(&state) && port == listen.port() && collides;
        if is_wanted { fields.get(9)?.parse().ok() } else { None }
    };
    table.lines().filter_map(row).collect()
}

/// `0100007F:1F90`: words of 32 bits as the processor has them, then the port.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok();
    if ip.len() == 8 {
        return Some((Ipv4Addr::from(word(0)?.to_ne_bytes()).into(), port));
    }
    let mut octets = [0; 16];
    for (index, quarter) in octets.chunks_exact_mut(4).enumerate() {
        quarter.copy_from_slice(&word(8 * index)?.to_ne_bytes());
    }
    Some((Ipv6Addr::from(octets).to_canonical(), port))
}

/// The name and id of a process that holds one of `inodes`, as far as this user may see.
pub(super) fn process_of(inodes: &HashSet<u64>) -> Option<(String, u32)> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.into_iter().find_map(|pid: u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
        let holds = |file: fs::DirEntry| {
            let target = fs::read_link(file.path()).ok()?;
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inodes.contains(&inode.parse().ok()?))
        };
        files.filter_map(holds).any(|held| held).then_some(())?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        Some((name.trim().to_owned(), pid))
    })
}

#[cfg(test)]
mod tests {
    use super::{Protocol, inodes};

    #[test]
    #[cfg(target_endian = "little")]
    fn listeners_are_found_in_the_kernel_s_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   \
                     uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 71 1 f\n\
            1: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 72 1 f\n\
            2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 0 0 73 1 f\n";
        let at = |listen: &str| inodes(table, listen.parse().unwrap(), Protocol::Tcp);
        assert_eq!(at("127.0.0.1:8080"), [71]);
        assert_eq!(at("[::]:8080"), [71]);
        assert!(at("10.0.0.1:8080").is_empty());
        assert_eq!(at("10.0.0.1:443"), [72]);
        let six = "0: 0000000000000000FFFF00000100007F:1F90 0:0 07 0 0 0 0 0 74 2 f\n";
        let listen = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(inodes(six, listen, Protocol::Udp), [74]);
    }
}
