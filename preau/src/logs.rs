//! The log: lines for a person on stderr, filtered by the setting `log`.

use std::io;

use tracing_subscriber::{EnvFilter, filter::Directive};

/// Starts logging. `filter` has been checked by the configuration.
pub(crate) fn start(filter: &str) {
    // rtc-dtls warns at every retransmitted flight, which is what a lossy path looks like.
    let quiet: Option<Directive> = "rtc_dtls=error".parse().ok();
    let mut layers = EnvFilter::new(filter);
    if let Some(quiet) = quiet.filter(|_| !filter.contains("rtc_dtls")) {
        layers = layers.add_directive(quiet);
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(layers)
        .with_writer(io::stderr)
        // Colours are a feature that is off, and asking for them without it is a panic.
        .with_ansi(false)
        .with_target(false)
        .finish();
    // It fails only where a subscriber is set already, and this is called once.
    tracing::subscriber::set_global_default(subscriber).ok();
}
