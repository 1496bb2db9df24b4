//! What every answer says to browsers about what a page of ours may do.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::{ServiceConfig, TlsMode, config::Origin, http::App};

/// Headers made once from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct SecurityHeaders {
    always: Vec<(HeaderName, HeaderValue)>,
    allowed_origins: Vec<Origin>,
}

/// What the SDK is called, which pages of allowed origins may load.
const SDK_PATHS: [&str; 2] = ["/sdk.js", "/sdk.d.ts"];

impl SecurityHeaders {
    pub(crate) fn of(config: &ServiceConfig) -> Self {
        let mut always = vec![
            (header::CONTENT_SECURITY_POLICY, value(&content_policy(&config.allowed_origins))),
            (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                HeaderValue::from_static("same-origin"),
            ),
            (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
            (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
        ];
        if is_trusted(&config.tls) {
            let year = HeaderValue::from_static("max-age=31536000");
            always.push((header::STRICT_TRANSPORT_SECURITY, year));
        }
        SecurityHeaders { always, allowed_origins: config.allowed_origins.clone() }
    }

    fn add_to(&self, headers: &mut HeaderMap, path: &str, origin: Option<&HeaderValue>) {
        for (name, value) in &self.always {
            headers.insert(name, value.clone());
        }
        if path.starts_with(OPERATORS_FILES) {
            let nothing = HeaderValue::from_static(FILE_POLICY);
            headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
        }
        if !SDK_PATHS.contains(&path) || self.allowed_origins.is_empty() {
            return;
        }
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let is_allowed = |origin: &&HeaderValue| {
            let own = self.allowed_origins.iter();
            own.map(Origin::as_str).any(|own| own.as_bytes() == origin.as_bytes())
        };
        if let Some(origin) = origin.filter(is_allowed) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}

/// Whether the certificate is meant to be one that browsers trust. Not one of our own: they let
/// nobody past its warning once encryption is said to last. Where an authority's certificate is not
/// there yet, or not theirs, they do not heed the header (RFC 6797 §8.1).
fn is_trusted(tls: &TlsMode) -> bool {
    match tls {
        TlsMode::Files { .. } | TlsMode::Acme(_) => true,
        TlsMode::Off | TlsMode::SelfSigned { .. } => false,
    }
}

/// Adds the headers to an answer.
pub(crate) async fn add(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = &app.shared.security_headers;
    headers.add_to(response.headers_mut(), &path, origin.as_ref());
    response
}

/// Where the operator's pictures are.
const OPERATORS_FILES: &str = "/site/";

/// An SVG may look as it likes and run nothing, whoever opens its address.
const FILE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), \
                           geolocation=(), payment=(), usb=()";

/// `'self'` covers the WebSocket too (CSP 3 §6.7.2.8: `ws` matches `http` of the same host).
fn content_policy(embedders: &[Origin]) -> String {
    let ancestors = match embedders {
        [] => "'none'".to_owned(),
        origins => {
            origins.iter().fold("'self'".to_owned(), |list, origin| format!("{list} {origin}"))
        }
    };
    format!(
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; \
         require-trusted-types-for 'script'; frame-ancestors {ancestors}"
    )
}

/// An origin's characters are those of a header value.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_made_lasting_only_with_a_certificate_that_browsers_trust() {
        let lasts = |tls| {
            let config = ServiceConfig { tls, ..ServiceConfig::new("/nowhere") };
            let mut headers = HeaderMap::new();
            SecurityHeaders::of(&config).add_to(&mut headers, "/", None);
            headers.contains_key(header::STRICT_TRANSPORT_SECURITY)
        };
        assert!(!lasts(TlsMode::Off));
        assert!(!lasts(TlsMode::SelfSigned { names: Vec::new() }));
        assert!(lasts(TlsMode::Files { certificate: "c".into(), key: "k".into() }));
        assert!(lasts(TlsMode::Acme(crate::Acme {
            domains: vec!["meet.example.org".to_owned()],
            email: None,
            directory: crate::Directory::default(),
            root: None,
            challenge: crate::AcmeChallenge::TlsAlpn01,
        })));
    }

    #[test]
    fn the_policy_is_a_header_whatever_the_origins_are() {
        let origins = ["https://a.example".parse(), "http://[::1]:8080".parse()];
        let origins: Vec<Origin> = origins.into_iter().map(|o| o.expect("an origin")).collect();
        let policy = value(&content_policy(&origins));
        let policy = policy.to_str().expect("text");
        let ancestors = "frame-ancestors 'self' https://a.example http://[::1]:8080";
        assert!(policy.ends_with(ancestors), "{policy}");
    }
}
