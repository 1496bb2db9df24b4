//! The listener for plain HTTP beside an encrypted one: it answers an authority, and sends
//! everybody else to HTTPS.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::{Origin, config::is_authority, tls::Challenges};

#[derive(Clone)]
struct Way {
    public_url: Option<Origin>,
    /// Of the encrypted listener.
    port: u16,
    challenges: Option<Arc<Challenges>>,
}

/// What is answered to plain HTTP.
pub(crate) fn router(
    public_url: Option<Origin>,
    port: u16,
    challenges: Option<Arc<Challenges>>,
) -> Router {
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(challenge))
        .fallback(redirect)
        .with_state(Way { public_url, port, challenges })
}

/// RFC 8555 §8.3.
async fn challenge(State(way): State<Way>, Path(token): Path<String>) -> Response {
    match way.challenges.and_then(|challenges| challenges.text(&token)) {
        Some(text) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], text.to_string()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no authority was promised this\n").into_response(),
    }
}

async fn redirect(State(way): State<Way>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let encrypted = way.public_url.filter(Origin::is_encrypted).map(|url| url.to_string());
    let origin = encrypted.or_else(|| {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        same_host(host, way.port)
    });
    let Some(origin) = origin else {
        return (StatusCode::BAD_REQUEST, "use https\n").into_response();
    };
    let location = [(header::LOCATION, format!("{origin}{path}"))];
    (StatusCode::PERMANENT_REDIRECT, location, "use https\n").into_response()
}

/// The host that was called, by HTTPS and on the encrypted listener's port.
fn same_host(called: &str, port: u16) -> Option<String> {
    if !is_authority(called) {
        return None;
    }
    let host = match called.rsplit_once(':') {
        // `[2001:db8::1]` has colons and no port.
        Some((host, port)) if !port.ends_with(']') => host,
        Some(_) | None => called,
    };
    Some(if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::same_host;

    #[test]
    fn the_way_to_https_keeps_the_host_and_takes_the_other_port() {
        for (called, port, origin) in [
            ("meet.example.org", 443, Some("https://meet.example.org")),
            ("meet.example.org:80", 443, Some("https://meet.example.org")),
            ("meet.example.org:8080", 8443, Some("https://meet.example.org:8443")),
            ("[2001:db8::1]", 443, Some("https://[2001:db8::1]")),
            ("[2001:db8::1]:80", 8443, Some("https://[2001:db8::1]:8443")),
            ("evil/..", 443, None),
            ("a\r\nb", 443, None),
            ("", 443, None),
        ] {
            assert_eq!(same_host(called, port).as_deref(), origin, "{called}");
        }
    }
}
