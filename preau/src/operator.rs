//! The operator's listener: Prometheus, and commands that only whoever runs the service may give.

use std::net::TcpListener;

use anyhow::Context as _;
use axum::{
    Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing,
};
use prometheus::{Registry, TextEncoder};

/// Serves metrics and `commands` in the background for as long as the runtime lives.
///
/// # Errors
///
/// The listener cannot be used.
pub(crate) fn spawn(
    listener: TcpListener,
    registry: Registry,
    commands: Router,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("cannot read the metrics port")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("cannot serve metrics")?;
    let metrics = Router::new().route("/metrics", routing::get(metrics)).with_state(registry);
    tracing::info!(%address, "serving metrics and operator commands");
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, metrics.merge(commands)).await {
            tracing::error!(%error, "metrics are served no more");
        }
    });
    Ok(())
}

async fn metrics(State(registry): State<Registry>) -> impl IntoResponse {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text)),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}
