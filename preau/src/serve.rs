//! `preau serve`: everything in one process, from binding the port to a clean end.
//!
//! The order matters: what can fail for a reason a person can cure comes first, and `ready` is
//! printed when nothing is left that can.

use std::{
    io::{self, Write as _},
    net::{IpAddr, SocketAddr, TcpListener},
    pin::pin,
    process,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use prometheus::Registry;
use signaling_service::{
    AcmeChallenge, Bus, Service, ServiceConfig, ServiceError, SiteConfig, TlsError, TlsMode,
    TurnConfig, TurnSecret,
};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{
    addresses,
    config::{self, Config, SideListener, Tls},
    logs,
    media::Media,
    notify, operator, site, sockets,
};

/// Serves until a signal ends it.
///
/// # Errors
///
/// A sentence with cause and cure where it cannot start, or cannot go on.
pub(crate) fn serve(config: &Config) -> anyhow::Result<()> {
    logs::start(&config.log);
    let names = std::env::vars_os().map(|(name, _)| name);
    for (name, nearest) in config::unknown_variables(names) {
        tracing::warn!(name, nearest, "environment variable is not a setting");
    }
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("preau-control")
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let result = runtime.block_on(run(config));
    // A look-up or a disk access that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Media have threads of their own; HTTP, WebSockets and the store need little.
const CONTROL_THREADS: usize = 2;

/// How long people are given to hear that the server stops: the whole end takes at most 2 s.
const FAREWELL: Duration = Duration::from_millis(1_500);

async fn run(config: &Config) -> anyhow::Result<()> {
    let mut stop = StopSignals::install().context("cannot receive signals")?;
    let operator_listener = operator_listener(config.metrics_listen)?;
    let plain_listener = plain_listener(config.http_listen)?;
    let registry = Registry::new();
    let turn = TurnSecret::random().map_err(|error| with_cure(error, &config.tls))?;
    let OpenPort { listener, local, media, bus, addresses } = open_port(config, &turn, &registry)?;
    let site = site::read(config)?;
    let mut service = Service::new(service_config(config, &addresses, turn, site), bus, &registry)
        .map_err(|error| with_cure(error, &config.tls))?
        .with_media(media.streams());
    if let Some(listener) = plain_listener {
        let listener = tokio::net::TcpListener::from_std(listener).context("cannot serve")?;
        service = service.with_plain_listener(listener);
    }
    if let Some(listener) = operator_listener {
        operator::spawn(listener, registry, service.operator_router())?;
    }

    let (stopping, stopped) = watch::channel(false);
    tokio::spawn(async move {
        stop.next().await;
        tracing::info!("stopping; a second signal ends at once");
        stopping.send_replace(true);
        stop.next().await;
        process::exit(1);
    });
    warn_of_other_ports(config, local.port());
    let listener = tokio::net::TcpListener::from_std(listener).context("cannot serve")?;
    let mut serving = pin!(service.serve(listener, is_stopping(stopped.clone())));
    announce(&local_url(config, local))?;
    let result = tokio::select! {
        result = &mut serving => result.context("the listener failed"),
        () = after(FAREWELL, stopped) => Ok(()),
    };
    result.and(media.shutdown())
}

/// The port on TCP and, under the same number, the media node on UDP.
struct OpenPort {
    listener: TcpListener,
    local: SocketAddr,
    media: Media,
    bus: Bus,
    /// Where browsers are told to send media.
    addresses: Vec<IpAddr>,
}

fn open_port(config: &Config, turn: &TurnSecret, registry: &Registry) -> anyhow::Result<OpenPort> {
    // A free TCP port that the kernel chose may be taken on UDP: then another is tried.
    const FREE_PORT_ATTEMPTS: usize = 16;
    let mut attempt = 1;
    loop {
        let listener = sockets::listen(config.listen, "listen")?;
        let local = listener.local_addr().context("cannot read the port")?;
        let addresses = addresses::media_addresses(config, local)?;
        let camera = config.look.camera_limit();
        match Media::start(local, &addresses, &config.codecs, camera, turn, registry) {
            Ok((media, bus)) => return Ok(OpenPort { listener, local, media, bus, addresses }),
            Err(error)
                if error.is_port_taken()
                    && config.listen.port() == 0
                    && attempt < FREE_PORT_ATTEMPTS =>
            {
                attempt += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// All causes in one sentence, and what to do about them.
fn with_cure(error: ServiceError, tls: &Tls) -> anyhow::Error {
    let cure = if matches!(error, ServiceError::Store(_)) {
        "; name another folder with `--data DIR` if this one cannot be used"
    } else if let ServiceError::Tls(error) = &error {
        tls_cure(error, tls)
    } else {
        ""
    };
    anyhow!("{:#}{cure}", anyhow::Error::new(error))
}

fn tls_cure(error: &TlsError, tls: &Tls) -> &'static str {
    match (error, tls) {
        (TlsError::Keep(_), _) => "; name another folder with `--data DIR`",
        (_, Tls::Files { .. }) => {
            "; check `--tls-cert` and `--tls-key`, and that this user may read both files"
        }
        (_, Tls::Acme(_)) => "; check `--acme-ca`",
        (_, Tls::Off | Tls::SelfSigned) => {
            "; remove the folder `tls` under `--data DIR`, then a new certificate is made"
        }
    }
}

/// An authority asks on one port alone, which a router or a container may translate.
fn warn_of_other_ports(config: &Config, port: u16) {
    let Tls::Acme(acme) = &config.tls else {
        return;
    };
    let (port, asked) = match (acme.challenge, config.http_listen) {
        (AcmeChallenge::TlsAlpn01, _) => (port, 443),
        (AcmeChallenge::Http01, SideListener::At(address)) => (address.port(), 80),
        (AcmeChallenge::Http01, SideListener::Off) => return,
    };
    if port != asked {
        tracing::warn!(port, asked, "the authority asks on another port: forward that one to this");
    }
}

fn plain_listener(listen: SideListener) -> anyhow::Result<Option<TcpListener>> {
    match listen {
        SideListener::Off => Ok(None),
        SideListener::At(address) => Ok(Some(sockets::listen(address, "http-listen")?)),
    }
}

fn operator_listener(listen: SideListener) -> anyhow::Result<Option<TcpListener>> {
    let SideListener::At(address) = listen else {
        return Ok(None);
    };
    if !address.ip().is_loopback() {
        tracing::warn!("metrics_listen is not on loopback: who reaches it can end calls");
    }
    let listener = sockets::listen(address, "metrics-listen")?;
    Ok(Some(listener))
}

fn service_config(
    config: &Config,
    addresses: &[IpAddr],
    turn: TurnSecret,
    site: SiteConfig,
) -> ServiceConfig {
    ServiceConfig {
        allowed_origins: config.allowed_origins.clone(),
        rules: config.look.rules,
        site,
        public_url: config.public_url.clone(),
        behind_proxy: config.behind_proxy.clone(),
        turn: TurnConfig { own: Some(turn), other: None },
        tls: match &config.tls {
            Tls::Off => TlsMode::Off,
            Tls::SelfSigned => TlsMode::SelfSigned { names: certificate_names(config, addresses) },
            Tls::Files { cert, key } => {
                TlsMode::Files { certificate: cert.clone(), key: key.clone() }
            }
            Tls::Acme(acme) => TlsMode::Acme(acme.clone()),
        },
        ..ServiceConfig::new(&config.data)
    }
}

/// By what names browsers may call this machine.
fn certificate_names(config: &Config, addresses: &[IpAddr]) -> Vec<String> {
    let mut names = vec![String::from("localhost")];
    names.extend(config.public_host().map(|host| host.to_string()));
    names.extend(config.advertise.iter().map(ToString::to_string));
    names.extend(addresses.iter().map(ToString::to_string));
    names.sort();
    names.dedup();
    names
}

/// The address of the page on this machine.
pub(crate) fn local_url(config: &Config, listen: SocketAddr) -> String {
    let scheme = match config.tls {
        Tls::Off => "http",
        Tls::SelfSigned | Tls::Files { .. } | Tls::Acme(_) => "https",
    };
    let is_localhost = listen.ip().is_unspecified() || listen.ip().is_loopback();
    if is_localhost {
        format!("{scheme}://localhost:{}", listen.port())
    } else {
        format!("{scheme}://{listen}")
    }
}

/// The line that scripts wait for, and the word that systemd does.
fn announce(url: &str) -> anyhow::Result<()> {
    if let Err(error) = notify::ready() {
        tracing::warn!(%error, "the service manager does not hear that the service is ready");
    }
    let mut output = io::stdout().lock();
    writeln!(output, "ready {url}")
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}

async fn is_stopping(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it whoever could ask to stop.
    stopped.wait_for(|stopped| *stopped).await.ok();
}

async fn after(delay: Duration, stopped: watch::Receiver<bool>) {
    is_stopping(stopped).await;
    tokio::time::sleep(delay).await;
}

/// SIGTERM of a service manager, SIGINT of a person at a terminal.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn install() -> io::Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
