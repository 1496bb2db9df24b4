//! What the public listener answers.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, Request, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use tokio::sync::{mpsc, oneshot};

use protocol::{RoomName, client::SUBPROTOCOL};

use crate::{
    ServiceConfig, Store,
    assets::{self, Assets},
    caller::{Caller, Connection, OriginCheck},
    director::{Input, Inputs},
    ice_servers::IceServers,
    metrics::Metrics,
    readiness::Readiness,
    room_api, security_headers, socket,
};

/// What every handler may use. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shared: Arc<Shared>,
    /// Held by everything that must end before the service has: see [`crate::Service::serve`].
    pub(crate) alive: mpsc::Sender<()>,
}

pub(crate) struct Shared {
    pub(crate) config: ServiceConfig,
    pub(crate) store: Store,
    pub(crate) inputs: Inputs,
    pub(crate) metrics: Metrics,
    pub(crate) assets: Assets,
    pub(crate) readiness: Readiness,
    pub(crate) ice_servers: IceServers,
    pub(crate) creations: room_api::CreationLimit,
    pub(crate) security_headers: security_headers::SecurityHeaders,
}

/// The pages, the API and the WebSocket.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/api/v1/rooms", post(room_api::create))
        .route("/source", get(source))
        .route("/ws", any(ws))
        .fallback(file)
        .layer(middleware::from_fn_with_state(app.clone(), security_headers::add))
        .with_state(app)
}

/// What the operator's own listener answers besides metrics.
pub(crate) fn operator_router(inputs: mpsc::WeakSender<Input>) -> Router {
    Router::new().route("/rooms/{room}/restore", post(restore)).with_state(inputs)
}

async fn readyz(State(app): State<App>) -> Response {
    let Shared { readiness, store, inputs, .. } = &*app.shared;
    match readiness.check(store, inputs).await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn ws(
    State(app): State<App>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let config = &app.shared.config;
    let caller = Caller::of(config, connection, &headers);
    if caller.check_origin(config, &headers) == OriginCheck::Foreign {
        let reason = "this site is not among the allowed origins\n";
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([SUBPROTOCOL]),
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        let reason = format!("the WebSocket subprotocol is {SUBPROTOCOL}\n");
        return (StatusCode::BAD_REQUEST, reason).into_response();
    }
    let (inputs, alive) = (app.shared.inputs.clone(), app.alive.clone());
    let turn = app.shared.ice_servers.clone();
    socket::limited(upgrade).on_upgrade(move |socket| async move {
        socket::run(socket, caller, turn, inputs).await;
        drop(alive);
    })
}

async fn file(State(app): State<App>, request: Request) -> Response {
    assets::serve(&app.shared.assets, request.method(), request.uri().path(), request.headers())
}

/// AGPL-3.0 §13: whoever uses the program over the network is offered its source.
async fn source(State(app): State<App>) -> Response {
    let location = app.shared.config.site.source.as_deref();
    match location.and_then(|source| HeaderValue::from_str(source).ok()) {
        Some(source) => (StatusCode::FOUND, [(header::LOCATION, source)]).into_response(),
        None => {
            const VERSION: &str = env!("CARGO_PKG_VERSION");
            let text = format!(
                "Préau {VERSION}, AGPL-3.0-or-later. Whoever runs this site knows where its source \
                 is, and owes it to you: ask them.\n\
                 Préau {VERSION}, AGPL-3.0-or-later. La personne qui administre ce site sait où en \
                 est le code source et vous le doit\u{a0}: demandez-le-lui.\n"
            );
            text.into_response()
        }
    }
}

async fn restore(
    State(inputs): State<mpsc::WeakSender<Input>>,
    Path(room): Path<String>,
) -> Response {
    let Ok(room) = RoomName::try_from(room) else {
        return (StatusCode::NOT_FOUND, "no room has such a name\n").into_response();
    };
    match ask_restore(inputs, room).await {
        Some(true) => StatusCode::ACCEPTED.into_response(),
        Some(false) => (StatusCode::NOT_FOUND, "the room is not live\n").into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the service is stopping\n").into_response(),
    }
}

async fn ask_restore(inputs: mpsc::WeakSender<Input>, room: RoomName) -> Option<bool> {
    let (reply, answer) = oneshot::channel();
    inputs.upgrade()?.send(Input::Restore(room, reply)).await.ok()?;
    answer.await.ok()
}

/// An error of the HTTP API.
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// For programs.
    pub(crate) code: &'static str,
    /// For whoever wrote them.
    pub(crate) detail: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ApiError { status, code, detail } = self;
        let body = Json(serde_json::json!({ "error": { "code": code, "detail": detail } }));
        (status, body).into_response()
    }
}
