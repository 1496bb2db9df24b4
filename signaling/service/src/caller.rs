//! Who calls, and by what name they call this site: from the connection, the `Host`, and what a
//! trusted proxy says.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::{
    ServiceConfig,
    config::{Origin, is_authority},
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    pub(crate) remote: SocketAddr,
    pub(crate) is_encrypted: bool,
}

/// A request's other end, behind the proxies that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Where failures count.
    pub(crate) address: IpAddr,
    /// This site as the caller names it; `None` where `Host` is absent or is none.
    pub(crate) site: Option<Origin>,
}

/// Whether a page may use this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginCheck {
    /// No browser, or a page of this site.
    Own,
    /// A page of a site that the operator allows.
    Allowed,
    /// Any other page.
    Foreign,
}

impl Caller {
    pub(crate) fn of(config: &ServiceConfig, connection: Connection, headers: &HeaderMap) -> Self {
        let remote = connection.remote.ip();
        let is_trusted = |address| config.behind_proxy.iter().any(|range| range.contains(address));
        if !is_trusted(remote) {
            let host = text(headers, header::HOST.as_str());
            return Caller {
                address: remote,
                site: host.and_then(|host| site(connection.is_encrypted, host)),
            };
        }
        // The first proxy wrote the first host; each appends the address that it saw itself, so
        // the last one that is no proxy is the last that can be believed.
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let address = forwarded
            .iter()
            .rev()
            .map_while(|address| address.parse::<IpAddr>().ok())
            .find(|address| !is_trusted(*address));
        let host = first(headers, "x-forwarded-host").or(text(headers, header::HOST.as_str()));
        let is_encrypted = match first(headers, "x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => connection.is_encrypted,
        };
        Caller {
            address: address.unwrap_or(remote),
            site: host.and_then(|host| site(is_encrypted, host)),
        }
    }

    /// What links begin with.
    pub(crate) fn base(&self, config: &ServiceConfig) -> Option<Origin> {
        config.public_url.clone().or_else(|| self.site.clone())
    }

    /// Judges the `Origin` that a browser sends.
    pub(crate) fn check_origin(&self, config: &ServiceConfig, headers: &HeaderMap) -> OriginCheck {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return OriginCheck::Own;
        };
        let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok()) else {
            return OriginCheck::Foreign;
        };
        let own = [self.site.as_ref(), config.public_url.as_ref()];
        if own.iter().flatten().any(|own| is_same_host(own, &origin)) {
            return OriginCheck::Own;
        }
        match config.allowed_origins.contains(&origin) {
            true => OriginCheck::Allowed,
            false => OriginCheck::Foreign,
        }
    }
}

/// Behind a proxy that does not say so, an encrypted site looks plain from here; a plain page is
/// never an encrypted site's own.
fn is_same_host(own: &Origin, other: &Origin) -> bool {
    let bare = |origin: &Origin| {
        let authority = origin.authority();
        let authority = authority.strip_suffix(":443").unwrap_or(authority);
        authority.strip_suffix(":80").unwrap_or(authority).to_owned()
    };
    let scheme_is_fine = other.is_encrypted() || !own.is_encrypted();
    scheme_is_fine && bare(own) == bare(other)
}

fn site(is_encrypted: bool, host: &str) -> Option<Origin> {
    let scheme = if is_encrypted { "https" } else { "http" };
    if !is_authority(host) {
        return None;
    }
    format!("{scheme}://{host}").parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    text(headers, name)?.split(',').next().map(str::trim)
}

#[cfg(test)]
mod tests;
