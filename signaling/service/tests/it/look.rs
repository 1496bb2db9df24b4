//! What an operator sets is what people are shown, and nothing of it runs.

use signaling_service::{Logo, RoomCreation, ServiceConfig};

use crate::site::Site;

const LOGO: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

fn dressed(config: &mut ServiceConfig) {
    config.site.name = "Collège <b>Jean Moulin</b>".to_owned();
    config.site.logo = Some(Logo::try_new(LOGO.to_vec()).expect("a logo"));
    config.site.accent = Some("#0b4f9e".parse().expect("a colour"));
    config.site.legal.add("legal.fr.md", "# Mentions\n<img src=x>".into()).expect("a text");
    config.site.source = Some("https://code.example/preau".to_owned());
    config.site.max_height = 360;
    config.rules.lobby = true;
}

async fn told(site: &Site) -> serde_json::Value {
    let answer = site.get("/api/v1/site", &[]).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    serde_json::from_str(&answer.body).expect("JSON")
}

#[tokio::test]
async fn a_page_reads_what_the_operator_set_and_asks_again_for_nothing() {
    let site = Site::start_with(dressed).await;
    let answer = site.get("/api/v1/site", &[]).await;
    let tag = answer.headers["etag"].as_str();
    let again = site.get("/api/v1/site", &[("If-None-Match", tag)]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let told = told(&site).await;
    assert_eq!(told["name"], "Collège <b>Jean Moulin</b>");
    assert_eq!(told["media"]["max_height"], 360);
    assert_eq!(told["rooms"]["rules"]["lobby"], true);
    assert_eq!(told["legal"], serde_json::json!(["fr"]));
    assert_eq!(told["privacy"], serde_json::json!(["en", "fr"]));
    let plain = Site::start().await;
    let other = plain.get("/api/v1/site", &[("If-None-Match", tag)]).await;
    assert_eq!(other.status, 200, "another site has another tag");
}

#[tokio::test]
async fn a_logo_is_kept_for_ever_and_runs_nothing() {
    let site = Site::start_with(dressed).await;
    let path = told(&site).await["logo"].as_str().expect("a path").to_owned();
    let logo = site.get(&path, &[]).await;
    assert_eq!((logo.status, logo.body.as_bytes()), (200, LOGO));
    assert_eq!(logo.headers["content-type"], "image/svg+xml");
    assert!(logo.headers["cache-control"].contains("immutable"));
    assert_eq!(logo.headers["x-content-type-options"], "nosniff");
    let policy = &logo.headers["content-security-policy"];
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
}

#[tokio::test]
async fn texts_are_sent_as_text_and_the_source_is_offered() {
    let site = Site::start_with(dressed).await;
    let legal = site.get("/api/v1/site/legal.fr.md", &[]).await;
    assert_eq!(legal.headers["content-type"], "text/markdown; charset=utf-8");
    assert_eq!(legal.body, "# Mentions\n<img src=x>");
    assert_eq!(site.get("/api/v1/site/legal.en.md", &[]).await.status, 404);
    let source = site.get("/source", &[]).await;
    assert_eq!(
        (source.status, source.headers["location"].as_str()),
        (302, "https://code.example/preau")
    );
    let plain = Site::start().await;
    let unsaid = plain.get("/source", &[]).await;
    assert!(unsaid.status == 200 && unsaid.body.contains("AGPL"), "{}", unsaid.body);
}

#[tokio::test]
async fn rooms_are_opened_by_the_operator_alone_where_it_is_so_set() {
    let site = Site::start_with(|config| config.site.creation = RoomCreation::Closed).await;
    let answer = site.post("/api/v1/rooms", &[], "").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "creation_closed"));
    assert_eq!(told(&site).await["rooms"]["creation"], "closed");
    let open = Site::start().await;
    for name in ["legal", "privacy", "source", "site"] {
        let answer = open.post("/api/v1/rooms", &[], &format!("{{\"name\":\"{name}\"}}")).await;
        assert_eq!(answer.code(), "bad_name", "{name}");
    }
}
