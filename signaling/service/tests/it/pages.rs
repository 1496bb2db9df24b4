//! Pages, their headers, and what the operator may ask.

use axum::{body::Body, http::Request};
use protocol::node::{NodeCommand, NodeRequest};
use tower_service::Service as _;

use crate::{
    client::Client,
    site::{Answer, Site},
};

fn headers(answer: &Answer) -> String {
    let varying = [
        "connection",
        "date",
        "content-length",
        "etag",
        "content-type",
        "content-language",
        "vary",
    ];
    let kept = answer.headers.iter().filter(|(name, _)| !varying.contains(&name.as_str()));
    let lines: Vec<_> = kept.map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}

#[tokio::test]
async fn every_answer_says_what_a_page_may_do() {
    let site = Site::start().await;
    let health = site.get("/healthz", &[]).await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    insta::assert_snapshot!("security_headers", headers(&health));
    let fields = |answer: &Answer| {
        let security = |name: &str| answer.headers.get(name).cloned();
        [
            security("content-security-policy"),
            security("permissions-policy"),
            security("referrer-policy"),
            security("x-content-type-options"),
            security("cross-origin-resource-policy"),
        ]
    };
    for path in ["/", "/math", "/absent/file", "/ws", "/api/v1/rooms", "/sdk.js"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(fields(&answer), fields(&health), "{path}");
    }
}

#[tokio::test]
async fn allowed_sites_may_embed_the_page_and_load_the_sdk() {
    let site = Site::start_with(|config| {
        config.allowed_origins = vec!["https://school.example".parse().expect("an origin")];
    })
    .await;
    let page = site.get("/", &[]).await;
    let policy = &page.headers["content-security-policy"];
    assert!(policy.ends_with("frame-ancestors 'self' https://school.example"), "{policy}");
    let sdk = site.get("/sdk.js", &[("Origin", "https://school.example")]).await;
    assert_eq!(sdk.headers["access-control-allow-origin"], "https://school.example");
    assert_eq!(sdk.headers["cross-origin-resource-policy"], "cross-origin");
    let foreign = site.get("/sdk.js", &[("Origin", "https://evil.example")]).await;
    assert_eq!(foreign.headers.get("access-control-allow-origin"), None);
    let other = site.get("/", &[("Origin", "https://school.example")]).await;
    assert_eq!(other.headers.get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn nothing_is_changed_by_reading() {
    let site = Site::start().await;
    assert_eq!(site.get("/api/v1/rooms", &[]).await.status, 405);
    assert_eq!(site.request("DELETE", "/math", &[], "").await.status, 405);
    assert_eq!(site.get("/../../etc/passwd", &[]).await.status, 404);
    assert_eq!(site.get("/%2e%2e/%2e%2e/etc/passwd", &[]).await.status, 404);
}

async fn restore(site: &Site, room: &str) -> u16 {
    let request = Request::post(format!("/rooms/{room}/restore")).body(Body::empty());
    let answer = site.operator.clone().call(request.expect("a request")).await;
    answer.expect("infallible").status().as_u16()
}

#[tokio::test]
async fn the_operator_restores_live_rooms_alone() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    assert_eq!(restore(&site, &links.room).await, 404, "nobody is there");
    assert_eq!(restore(&site, "No%20Name").await, 404);
    let (mut ana, _) = Client::join(&site, &links, &links.host, "Ana").await;
    assert_eq!(restore(&site, &links.room).await, 202);
    ana.assert_quiet().await;
    let is_restore = |request: &NodeRequest| request.command == NodeCommand::RestoreRoom;
    assert!(site.node.requests().iter().any(is_restore));
    let public = site.post(&format!("/rooms/{}/restore", links.room), &[], "").await;
    assert_eq!(public.status, 405, "the public listener knows nothing of it");
}
