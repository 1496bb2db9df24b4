//! Where a comparison takes place: two namespaces and a veth pair, or the loopback.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use super::Arguments;

/// Addresses that participants take turns with: a server lets one of them make 60 rooms at once.
const LOAD_ADDRESSES: u8 = 8;

/// The server's side of the pair.
pub(super) const INTERFACE: &str = "media";

/// A place for servers and participants; dropping it takes it down.
#[derive(Debug)]
pub(super) struct Lab {
    pub(super) server_address: IpAddr,
    pub(super) load_addresses: Vec<IpAddr>,
    /// How long to measure.
    pub(super) seconds: u64,
    processors: [usize; 2],
    /// Names of the server's namespace and of the participants'.
    namespaces: Option<[String; 2]>,
    folder: PathBuf,
}

impl Lab {
    pub(super) fn new(arguments: &Arguments) -> anyhow::Result<Lab> {
        let number = std::process::id();
        let folder = std::env::temp_dir().join(format!("preau-bench-{number}"));
        fs::create_dir_all(&folder).context("no folder for temporary files")?;
        let processors = [arguments.server_processor, arguments.load_processor];
        let seconds = arguments.duration;
        if arguments.loopback {
            let address = |n| IpAddr::V4(Ipv4Addr::new(127, 0, 0, n));
            let load_addresses = (2..2 + LOAD_ADDRESSES).map(address).collect();
            let (server_address, namespaces) = (address(1), None);
            return Ok(Lab {
                server_address,
                load_addresses,
                seconds,
                processors,
                namespaces,
                folder,
            });
        }
        // Documentation addresses for benchmarks of networks (RFC 2544): no way leads there.
        let address = |n| IpAddr::V4(Ipv4Addr::new(198, 18, 0, n));
        let names = ["server", "load"].map(|side| format!("preau-{side}-{number}"));
        let lab = Lab {
            server_address: address(1),
            load_addresses: (2..2 + LOAD_ADDRESSES).map(address).collect(),
            seconds,
            processors,
            namespaces: Some(names.clone()),
            folder,
        };
        lab.build(&names)?;
        Ok(lab)
    }

    fn build(&self, [server, load]: &[String; 2]) -> anyhow::Result<()> {
        for namespace in [server, load] {
            ip(&["netns", "add", namespace]).context(
                "namespaces need root and iproute2: run it as root, or over the loopback with \
                 --loopback",
            )?;
            ip(&["-n", namespace, "link", "set", "lo", "up"])?;
        }
        let pair = ["type", "veth", "peer", "name", INTERFACE, "netns", load];
        ip(&[&["-n", server, "link", "add", INTERFACE], &pair[..]].concat())?;
        // One segment: trains are segmented before they leave.
        let segments = ["link", "set", INTERFACE, "gso_max_segs", "1"];
        for namespace in [server, load] {
            ip(&[&["-n", namespace], &segments[..]].concat())?;
        }
        let sides = [(server, vec![self.server_address]), (load, self.load_addresses.clone())];
        for (namespace, addresses) in sides {
            for address in addresses {
                let address = format!("{address}/24");
                ip(&["-n", namespace, "address", "add", &address, "dev", INTERFACE])?;
            }
            ip(&["-n", namespace, "link", "set", INTERFACE, "up"])?;
        }
        Ok(())
    }

    /// A folder for what a run leaves behind.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is not the loopback.
    pub(super) fn has_namespaces(&self) -> bool {
        self.namespaces.is_some()
    }

    /// What starts `program` on the server's side.
    pub(super) fn server_command(&self, program: &Path) -> Command {
        self.command(0, program)
    }

    /// What starts `program` on the participants' side.
    pub(super) fn load_command(&self, program: &Path) -> Command {
        self.command(1, program)
    }

    /// Both `ip` and `taskset` become the program that they start, so it has their number.
    fn command(&self, side: usize, program: &Path) -> Command {
        let mut command = match &self.namespaces {
            Some(names) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &names[side], "taskset"]);
                command
            }
            None => Command::new("taskset"),
        };
        command.args(["-c", &self.processors[side].to_string()]).arg(program);
        command
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in self.namespaces.iter().flatten() {
            // The pair goes with it. What is left after a failure, the next run does not meet.
            let _ = ip(&["netns", "delete", namespace]);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot start `ip`")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("`ip {}`: {}", arguments.join(" "), said.trim())
}

/// Whether somebody listens on `port` in the namespace of a process; `tcp` or `udp`.
pub(super) fn listens(pid: u32, protocol: &str, port: u16) -> anyhow::Result<bool> {
    let mut is_there = false;
    for family in ["", "6"] {
        let file = format!("/proc/{pid}/net/{protocol}{family}");
        let Ok(table) = fs::read_to_string(file) else { continue };
        is_there = true;
        if has_listener(&table, port) {
            return Ok(true);
        }
    }
    ensure!(is_there, "the server has ended");
    Ok(false)
}

/// Reads a table of proc_net_tcp(5): the local address ends with the port in hexadecimal; TCP
/// listens in state 0A, UDP in 07.
fn has_listener(table: &str, port: u16) -> bool {
    let ending = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let is_here = fields.next().is_some_and(|local| local.ends_with(&ending));
        is_here && matches!(fields.nth(1), Some("0A" | "07"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_by_its_port_and_state() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7\n\
             1: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 8\n";
        assert!(has_listener(table, 8_080));
        assert!(!has_listener(table, 8_081), "a connection, not a listener");
        assert!(!has_listener(table, 8_082));
    }
}
