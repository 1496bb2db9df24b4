//! `POST /api/v1/rooms`: makes a room and tells its two links.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Extension, Json,
    body::{self, Body},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use protocol::{RoomName, client::order::Rules};

use crate::{
    LinkSecret, NewRoom, Origin, RoomCreation, StoreError,
    caller::{Caller, Connection, OriginCheck},
    http::{ApiError, App},
    store::ErrorChain,
};

/// The longest body, in bytes.
const BODY_BYTES_MAX: usize = 10 * 1024;

/// How long a body may take to come.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// The longest life of a room, in seconds: a hundred years.
const LIFETIME_S_MAX: u64 = 100 * 365 * 24 * 3600;

/// What may be asked. An empty body asks for the defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CreateRoom {
    /// The room's name.
    name: Option<String>,
    /// When its links end, in seconds from this moment.
    expires_in_s: Option<u64>,
    /// What guests may do in it whenever it comes to life.
    rules: Option<SomeRules>,
}

/// Rules, of which those that are not named are as the site has them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SomeRules {
    lobby: Option<bool>,
    locked: Option<bool>,
    microphone: Option<bool>,
    camera: Option<bool>,
    screen: Option<bool>,
    chat: Option<bool>,
    private_chat: Option<bool>,
    recording: Option<bool>,
}

impl SomeRules {
    fn or(self, site: Rules) -> Rules {
        Rules {
            lobby: self.lobby.unwrap_or(site.lobby),
            locked: self.locked.unwrap_or(site.locked),
            microphone: self.microphone.unwrap_or(site.microphone),
            camera: self.camera.unwrap_or(site.camera),
            screen: self.screen.unwrap_or(site.screen),
            chat: self.chat.unwrap_or(site.chat),
            private_chat: self.private_chat.unwrap_or(site.private_chat),
            recording: self.recording.unwrap_or(site.recording),
        }
    }
}

#[derive(Debug, Serialize)]
struct Created {
    room: RoomName,
    host_link: String,
    guest_link: String,
}

pub(crate) async fn create(
    State(app): State<App>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match try_create(&app, connection, &headers, body).await {
        Ok(created) => (StatusCode::CREATED, Json(created)).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn try_create(
    app: &App,
    connection: Connection,
    headers: &HeaderMap,
    body: Body,
) -> Result<Created, ApiError> {
    let config = &app.shared.config;
    let caller = Caller::of(config, connection, headers);
    if caller.check_origin(config, headers) == OriginCheck::Foreign {
        let detail = "this site is not among the allowed origins";
        return Err(refusal(StatusCode::FORBIDDEN, "foreign_origin", detail));
    }
    if config.site.creation == RoomCreation::Closed {
        let detail = "rooms are opened by whoever runs this site";
        return Err(refusal(StatusCode::FORBIDDEN, "creation_closed", detail));
    }
    let Some(base) = caller.base(config) else {
        let detail = "the request has no Host to make a link of";
        return Err(refusal(StatusCode::BAD_REQUEST, "bad_host", detail));
    };
    let wish = parse(&read(body).await?, config.rules)?;
    if !app.shared.creations.admit(caller.address) {
        let detail = "this address has made many rooms; try again in a minute";
        return Err(refusal(StatusCode::TOO_MANY_REQUESTS, "too_fast", detail));
    }
    let store = app.shared.store.clone();
    let create = move || store.create_room(SystemTime::now(), &wish);
    let made = tokio::task::spawn_blocking(create).await.map_err(|_| unavailable())?;
    let made = made.map_err(|error| store_refusal(&error))?;
    app.shared.metrics.rooms_created.inc();
    Ok(Created {
        host_link: link(&base, &made.room, &made.host),
        guest_link: link(&base, &made.room, &made.guest),
        room: made.room,
    })
}

async fn read(body: Body) -> Result<body::Bytes, ApiError> {
    let read = body::to_bytes(body, BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_TIME_MAX, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => {
            let detail = "the body has at most 10 KiB";
            Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail))
        }
        Err(_) => {
            let detail = "the body did not come in time";
            Err(refusal(StatusCode::REQUEST_TIMEOUT, "too_slow", detail))
        }
    }
}

fn parse(body: &[u8], site: Rules) -> Result<NewRoom, ApiError> {
    let wish = match body.trim_ascii() {
        [] => CreateRoom::default(),
        body => serde_json::from_slice(body).map_err(|error| {
            let detail = format!("the body is not the JSON object that was awaited: {error}");
            refusal(StatusCode::BAD_REQUEST, "bad_json", detail)
        })?,
    };
    let name = wish.name.map(RoomName::try_from).transpose();
    let name =
        name.map_err(|error| refusal(StatusCode::BAD_REQUEST, "bad_name", error.to_string()))?;
    if name.as_ref().is_some_and(is_reserved) {
        let detail = "this name stands for a part of the service";
        return Err(refusal(StatusCode::BAD_REQUEST, "bad_name", detail));
    }
    if wish.expires_in_s.is_some_and(|seconds| seconds == 0 || seconds > LIFETIME_S_MAX) {
        let detail = "expires_in_s is between a second and a hundred years";
        return Err(refusal(StatusCode::BAD_REQUEST, "bad_expiry", detail));
    }
    Ok(NewRoom {
        name,
        lifetime: wish.expires_in_s.map(Duration::from_secs),
        rules: wish.rules.map(|rules| rules.or(site)),
    })
}

/// Whether a page of that name would hide a part of the service, of this version or of one to come.
fn is_reserved(name: &RoomName) -> bool {
    const RESERVED: [&str; 16] = [
        "api", "assets", "docs", "embed", "healthz", "join", "legal", "metrics", "privacy",
        "readyz", "rooms", "site", "source", "whep", "whip", "ws",
    ];
    RESERVED.contains(&name.as_str())
}

/// The secret stands in the fragment, which no server and no log gets to see.
fn link(base: &Origin, room: &RoomName, secret: &LinkSecret) -> String {
    format!("{base}/{room}#{secret}")
}

fn refusal(status: StatusCode, code: &'static str, detail: impl Into<String>) -> ApiError {
    ApiError { status, code, detail: detail.into() }
}

fn unavailable() -> ApiError {
    let detail = "the store does not answer";
    refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
}

fn store_refusal(error: &StoreError) -> ApiError {
    match error {
        StoreError::NameTaken => {
            refusal(StatusCode::CONFLICT, "name_taken", "a room of this name exists")
        }
        StoreError::Full => {
            let detail = "the service holds as many rooms as it may";
            refusal(StatusCode::INSUFFICIENT_STORAGE, "full", detail)
        }
        StoreError::UnknownRoom
        | StoreError::TooNew { .. }
        | StoreError::File { .. }
        | StoreError::BadKey { .. }
        | StoreError::Database(_)
        | StoreError::BadRules(_)
        | StoreError::Randomness => {
            tracing::error!(error = %ErrorChain(error), "a room cannot be made");
            unavailable()
        }
    }
}

/// How many rooms one address may make: 60 at once, and one more every second, so that nobody
/// fills the disk and no school is kept from its lessons.
pub(crate) struct CreationLimit {
    made: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

const CREATIONS_AT_ONCE: u32 = 60;
const CREATION_INTERVAL: Duration = Duration::from_secs(1);

/// Addresses that are remembered; when there are more, the quiet ones are forgotten first, and then
/// all: the store's own limit still stands.
const ADDRESSES_MAX: usize = 4096;

impl CreationLimit {
    pub(crate) fn new() -> Self {
        CreationLimit { made: Mutex::new(HashMap::new()) }
    }

    fn admit(&self, address: IpAddr) -> bool {
        self.admit_at(Instant::now(), address)
    }

    fn admit_at(&self, now: Instant, address: IpAddr) -> bool {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= ADDRESSES_MAX && !made.contains_key(&address) {
            made.retain(|_, (count, since)| outstanding(*count, now - *since) > 0);
            if made.len() >= ADDRESSES_MAX {
                made.clear();
            }
        }
        let (count, since) = made.entry(address).or_insert((0, now));
        let left = outstanding(*count, now - *since);
        if left >= CREATIONS_AT_ONCE {
            return false;
        }
        // Whole intervals are forgiven; the rest of one goes on counting.
        let forgiven = *count - left;
        *since = match left {
            0 => now,
            _ => *since + CREATION_INTERVAL * forgiven,
        };
        *count = left + 1;
        true
    }
}

fn outstanding(count: u32, elapsed: Duration) -> u32 {
    let forgiven = elapsed.as_secs() / CREATION_INTERVAL.as_secs();
    count.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_makes_many_rooms_and_then_one_a_second() {
        let limit = CreationLimit::new();
        let start = Instant::now();
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let admitted = |at, address| (0..100).filter(|_| limit.admit_at(at, address)).count();
        assert_eq!(admitted(start, here), 60);
        assert_eq!(admitted(start, there), 60);
        assert_eq!(admitted(start + Duration::from_millis(900), here), 0);
        assert_eq!(admitted(start + Duration::from_millis(1000), here), 1);
        assert_eq!(admitted(start + Duration::from_millis(2500), here), 1);
        assert_eq!(admitted(start + Duration::from_millis(3000), here), 1);
        assert_eq!(admitted(start + Duration::from_secs(3600), here), 60);
    }

    #[test]
    fn addresses_are_forgotten_before_they_fill_the_memory() {
        let limit = CreationLimit::new();
        let start = Instant::now();
        for n in 0..3 * ADDRESSES_MAX as u32 {
            assert!(limit.admit_at(start, IpAddr::from(n.to_be_bytes())));
        }
        let remembered = limit.made.lock().expect("unpoisoned").len();
        assert!(remembered <= ADDRESSES_MAX, "{remembered}");
    }
}
