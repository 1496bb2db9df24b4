//! `cargo xtask trial`: the quick start, followed word for word on a bare Debian.
//!
//! A tree made by `debootstrap` boots its own systemd in namespaces of its own: nothing of this
//! machine is touched, and nothing but an address and a name stands for the Internet. The commands
//! are read from the quick start itself, so that what people are told is what is tried. Then the
//! package is upgraded, removed and purged, and what it leaves behind is looked for.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{dist, failure::Result, shell, workspace};

/// Follows the quick start with the package of `cargo xtask dist`, or around `--program FILE`.
///
/// # Errors
/// A step does not do what is promised, or this machine cannot try it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let program = match arguments {
        [] => workspace::release_program()?,
        [flag, file] if flag == "--program" => PathBuf::from(file),
        _ => return Err("usage: cargo xtask trial [--program FILE]".into()),
    };
    if shell::output("id", &["-u"])? != "0" {
        return Err("namespaces and mounts are for root: run it as root".into());
    }
    let version = dist::version()?;
    let package = dist::package(&program, &version)?;
    let commands = commands(&workspace::read(QUICK_START)?)?;
    let machine = Machine::boot()?;
    let _authority = Authority::start(&machine)?;
    machine.accept(&package)?;

    let started = Instant::now();
    for command in &commands {
        println!("\n# {command}");
        machine.run(command).inspect_err(|_failure| machine.explain())?;
    }
    let time = started.elapsed();
    machine.serves()?;
    println!("\n{} commands, {:.1} s to a room that answers", commands.len(), time.as_secs_f64());
    if commands.len() > COMMANDS_MAX || time > TIME_MAX {
        return Err("the quick start promises three commands and three minutes".into());
    }
    machine.run("preau doctor || [ $? = 1 ]")?;

    // An upgrade keeps people's settings and rooms, and runs the new program.
    let next = dist::package(&program, &format!("{version}+1"))?;
    machine.accept(&next)?;
    machine.run("cp /etc/preau/preau.toml /before; systemctl show -p MainPID preau > /pid")?;
    let name = next.file_name().unwrap_or_default().to_string_lossy().into_owned();
    machine.run(&format!("apt-get install --quiet --yes ./{name}"))?;
    machine.run("cmp /before /etc/preau/preau.toml")?;
    machine.run("! systemctl show -p MainPID preau | cmp --quiet /pid -")?;
    machine.serves()?;

    // Removed, it is silent and keeps what people made; purged, it was never there.
    machine.run("apt-get remove --quiet --yes preau")?;
    machine.run("! ss --no-header -ltn 'sport = :443' | grep .")?;
    machine.run("test -s /etc/preau/preau.toml && test -s /var/lib/preau/preau.sqlite")?;
    machine.run("apt-get purge --quiet --yes preau && rm -f /before /pid")?;
    machine.run(LEFT_BEHIND)?;
    println!("\nthe trial held");
    Ok(())
}

const QUICK_START: &str = "docs/en/quick-start.md";
const COMMANDS_MAX: usize = 3;
const TIME_MAX: Duration = Duration::from_secs(180);

/// Everything named like us below folders that packages write to. The user stays.
const LEFT_BEHIND: &str =
    "! find /etc /usr /var /run/systemd -regex '.*/\\(90-\\)?preau\\([._-].*\\)?' | grep .";

/// Waits until the system has started; `--wait` may hang when it is asked before the bus is there.
const BOOTED: &str = "until systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; \
    do sleep 0.1; done";

/// How long one command may take, in seconds: the longest waits for a certificate.
const PATIENCE_S: &str = "180";

/// The commands of the first block of shell in the quick start.
fn commands(text: &str) -> Result<Vec<String>> {
    let (_, behind) = text.split_once("```sh\n").ok_or("the quick start has no commands")?;
    let (block, _) = behind.split_once("```").ok_or("its block of commands does not end")?;
    let commands = block.lines().map(|line| line.split(" #").next().unwrap_or("").trim_end());
    Ok(commands.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// A Debian that runs in namespaces; it ends with this value.
struct Machine {
    /// `unshare`, whose only child is the machine's first process.
    process: Child,
    /// That one's id, out here.
    init: u32,
    root: PathBuf,
}

impl Machine {
    fn boot() -> Result<Machine> {
        let scratch = workspace::scratch("trial")?;
        let base = base(&scratch)?;
        let root = scratch.join("root");
        let script = workspace::root().join("xtask/src/trial/boot.sh");
        let log =
            fs::File::create(scratch.join("console.log")).map_err(|error| error.to_string())?;
        let mut process = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"])
            .args(["--cgroup", "sh"])
            .args([&script, &base, &scratch])
            .stdin(Stdio::null())
            .stdout(log)
            .spawn()
            .map_err(|error| format!("cannot start unshare: {error}"))?;
        let init = match first_child(&mut process) {
            Ok(init) => init,
            Err(failure) => {
                let _gone = process.kill().and_then(|()| process.wait());
                return Err(failure);
            }
        };
        let machine = Machine { process, init, root };
        machine.run(BOOTED)?;
        Ok(machine)
    }

    /// Runs a command line as a person who is logged in as root in the folder of the package.
    fn run(&self, command: &str) -> Result<()> {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &self.init.to_string(), "--all", "--root", "--wd", "--"]);
        inside.args(["env", "-i", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]);
        // Let's Encrypt is out of reach; for the rest the commands are those of the quick start.
        inside.arg(format!("PREAU_ACME_DIRECTORY={}", Authority::DIRECTORY));
        inside.arg(format!("PREAU_ACME_CA=/{}", Authority::ROOT));
        inside.args(["PATH=/root/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
        inside.args(["timeout", PATIENCE_S, "sh", "-c"]);
        inside.arg(format!("cd /root && {command}"));
        let status = inside.status().map_err(|error| format!("cannot start nsenter: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("in the trial, `{command}` failed ({status})").into())
        }
    }

    /// What the service says of itself, for whoever reads why the trial failed.
    fn explain(&self) {
        let _said = self.run("journalctl --unit=preau --no-pager --output=cat | tail -n 20");
        let _found = self.run("preau doctor");
    }

    /// Starts a program of this system in the machine's network.
    fn beside(&self, words: &[&str]) -> Result<Child> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init.to_string(), "--net", "--"]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn();
        started.map_err(|error| format!("cannot start {}: {error}", words[0]).into())
    }

    /// Puts a package where a download would be.
    fn accept(&self, package: &Path) -> Result<()> {
        let name = package.file_name().unwrap_or_default();
        let inside = PathBuf::from(format!("/proc/{}/root/root", self.init)).join(name);
        fs::copy(package, &inside)
            .map_err(|error| format!("cannot write {}: {error}", inside.display()))?;
        Ok(())
    }

    /// Whether people are let in, by HTTPS and with the authority's certificate.
    fn serves(&self) -> Result<()> {
        self.run("preau doctor --json > /doctor.json || [ $? = 1 ]")?;
        for code in ["ready", "valid", "here", "held", "reached"] {
            self.run(&format!("grep -q '\"code\": \"{code}\"' /doctor.json"))?;
        }
        self.run("rm /doctor.json")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // unshare(1) ignores SIGTERM while it waits; what it forked dies with it.
        let _gone = self.process.kill().and_then(|()| self.process.wait());
        let _gone = fs::remove_dir_all(&self.root);
    }
}

/// Debian's `pebble` in the machine's network: a real authority, which checks the name on port 443.
struct Authority(Vec<Child>);

impl Authority {
    const DIRECTORY: &str = "https://127.0.0.1:14000/dir";
    /// By what its own HTTPS is known, in the machine.
    const ROOT: &str = "etc/ssl/trial-authority.pem";

    fn start(machine: &Machine) -> Result<Authority> {
        let folder = workspace::scratch("trial")?;
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let (certificate, key, config) = (path("root.pem"), path("root.key"), path("pebble.json"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        // Its own HTTPS shows this very certificate, which may then be no authority's.
        openssl.args(["-nodes", "-days", "2", "-subj", "/CN=trial"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext"]);
        openssl.args(["subjectAltName=IP:127.0.0.1", "-out", &certificate, "-keyout", &key]);
        shell::run(openssl)?;
        let text = format!(
            "{{\"pebble\":{{\"listenAddress\":\"127.0.0.1:14000\",\
             \"managementListenAddress\":\"127.0.0.1:15000\",\"certificate\":\"{certificate}\",\
             \"privateKey\":\"{key}\",\"httpPort\":80,\"tlsPort\":443,\"ocspResponderURL\":\"\",\
             \"externalAccountBindingRequired\":false}}}}"
        );
        fs::write(&config, text).map_err(|error| error.to_string())?;
        let inside = PathBuf::from(format!("/proc/{}/root", machine.init)).join(Self::ROOT);
        fs::copy(&certificate, &inside).map_err(|error| error.to_string())?;
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o644))
            .map_err(|error| error.to_string())?;
        let dns = ["-defaultIPv4", "203.0.113.7", "-defaultIPv6", "", "-http01", "", "-https01"];
        let rest = ["", "-tlsalpn01", "", "-dns01", "127.0.0.1:8053", "-management"];
        let resolver = [&["pebble-challtestsrv"][..], &dns, &rest, &["127.0.0.1:8055"]].concat();
        let pebble =
            ["pebble", "-strict", "-dnsserver", "127.0.0.1:8053", "-config", config.as_str()];
        let mut authority = Authority(Vec::new());
        for words in [&resolver[..], &pebble] {
            authority.0.push(machine.beside(words)?);
        }
        machine
            .run("until ss --no-header -ltn 'sport = :14000' | grep -q .; do sleep 0.1; done")?;
        Ok(authority)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(shell::terminate);
    }
}

/// The process that `unshare` forks into the namespaces.
fn first_child(process: &mut Child) -> Result<u32> {
    let path = format!("/proc/{0}/task/{0}/children", process.id());
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        let children = fs::read_to_string(&path).unwrap_or_default();
        let first = children.split(' ').next().and_then(|pid| pid.parse().ok());
        if let Some(pid) = first
            && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "systemd\n")
        {
            return Ok(pid);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("the bare system does not boot; see console.log beside its tree".into())
}

/// A bare Debian 12 as its installer leaves it, made once: systemd, apt, and little else.
fn base(scratch: &Path) -> Result<PathBuf> {
    let base = scratch.join("base");
    if base.join("usr/bin/systemctl").exists() {
        return Ok(base);
    }
    let _half_made = fs::remove_dir_all(&base);
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--variant=minbase", "--include=dbus,iproute2,procps,systemd,systemd-sysv"])
        .arg("bookworm")
        .arg(&base);
    shell::run(debootstrap)?;
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn the_commands_are_those_of_the_first_block() {
        let text = "Text.\n```sh\nsudo apt install ./p.deb\n\nsudo preau setup x   # a name\n```\n\
                    ```sh\nother\n```\n";
        let wanted = ["sudo apt install ./p.deb", "sudo preau setup x"];
        assert_eq!(commands(text).unwrap(), wanted);
        assert!(commands("nothing").is_err());
    }

    #[test]
    fn the_quick_start_has_three_commands_at_most() {
        for file in [super::QUICK_START, "docs/fr/demarrage.md"] {
            let text = crate::workspace::read(file).unwrap();
            let found = commands(&text).unwrap();
            assert!((1..=3).contains(&found.len()), "{file}: {found:?}");
        }
    }
}
