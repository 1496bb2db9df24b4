//! The TURN servers that a client is told of, with credentials that end.
//!
//! The username is the second at which it ends and random characters, the credential proves it to
//! whoever shares the secret (draft-uberti-behave-turn-rest-00 §2.2): nothing is kept here, and
//! nothing of a person is in it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::client::IceServer;
use ring::hmac;

use crate::{ServiceConfig, TlsMode, TurnConfig, TurnSecret, config::Origin, store::random_bytes};

/// How long a credential opens new allocations. What was allocated in time goes on.
pub(crate) const CREDENTIAL_LIFE: Duration = Duration::from_secs(24 * 3600);

/// What makes credentials. Clones share it.
#[derive(Clone)]
pub(crate) struct IceServers(Arc<Turn>);

struct Turn {
    /// The name under which links reach this site, if the operator says one.
    public_url: Option<Origin>,
    servers: TurnConfig,
}

impl IceServers {
    pub(crate) fn of(config: &ServiceConfig) -> Self {
        let mut servers = config.turn.clone();
        if config.tls == TlsMode::Off {
            servers.own = None;
        }
        IceServers(Arc::new(Turn { public_url: config.public_url.clone(), servers }))
    }

    /// The servers for a client that calls this site by a name of its own, fresh.
    pub(crate) fn servers(&self, site: Option<&Origin>) -> Vec<IceServer> {
        let Turn { public_url, servers } = &*self.0;
        let host = public_url.as_ref().or(site).map(Origin::authority);
        let own = servers.own.as_ref().zip(host).map(|(secret, host)| {
            let port = if has_port(host) { "" } else { ":443" };
            (vec![format!("turns:{host}{port}?transport=tcp")], secret)
        });
        let other = servers.other.as_ref().map(|other| (other.urls.clone(), &other.secret));
        let now = SystemTime::now();
        own.into_iter()
            .chain(other)
            .filter_map(|(urls, secret)| credential(now, urls, secret))
            .collect()
    }
}

/// `None` where the clock stands before 1970 or the system gives no random bytes: neither is a
/// reason to keep anybody out of a call.
fn credential(now: SystemTime, urls: Vec<String>, secret: &TurnSecret) -> Option<IceServer> {
    let end = (now + CREDENTIAL_LIFE).duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let random = u64::from_le_bytes(random_bytes().ok()?);
    let username = format!("{end}:{random:016x}");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret.0);
    let credential = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
    Some(IceServer { urls, username, credential })
}

/// `[2001:db8::1]` has colons and no port.
fn has_port(authority: &str) -> bool {
    authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'))
}

#[cfg(test)]
mod tests;
