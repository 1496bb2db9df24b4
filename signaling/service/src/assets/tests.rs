use super::*;

fn assets() -> Assets {
    let file = |path: &str, text: &str| (path.to_owned(), text.repeat(100).into_bytes());
    Assets::from_files([
        file("index.html", "<p>room</p>"),
        file("sdk.js", "export {};"),
        file("sdk.d.ts", "export {};"),
        file("assets/app-Ab12.js", "go();"),
        file("favicon.png", "\u{89}PNG"),
    ])
}

fn get(path: &str, pairs: &[(header::HeaderName, &'static str)]) -> Response {
    let headers =
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
    serve(&assets(), &Method::GET, path, &headers)
}

fn field(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[test]
fn every_room_is_the_same_page_and_a_missing_file_is_none() {
    for page in ["/", "/math", "/No-Such_Room"] {
        let answer = get(page, &[]);
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        assert_eq!(field(&answer, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(field(&answer, header::CACHE_CONTROL), "no-cache");
    }
    for absent in ["/assets/gone.js", "/a/b", "/wp-login.php", "/../Cargo.toml", "/api/v2"] {
        assert_eq!(get(absent, &[]).status(), StatusCode::NOT_FOUND, "{absent}");
    }
}

#[test]
fn hashed_files_are_kept_for_ever_and_others_are_asked_for_again() {
    let hashed = get("/assets/app-Ab12.js", &[]);
    assert!(field(&hashed, header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(field(&hashed, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    let sdk = get("/sdk.js", &[]);
    assert_eq!(field(&sdk, header::CACHE_CONTROL), "no-cache");
    let types = get("/sdk.d.ts", &[]);
    assert_eq!(field(&types, header::CONTENT_TYPE), "text/plain; charset=utf-8");
}

#[test]
fn a_known_tag_is_not_sent_again() {
    let first = get("/sdk.js", &[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]);
    assert_eq!(field(&first, header::CONTENT_ENCODING), "gzip");
    assert_eq!(field(&first, header::VARY), "Accept-Encoding");
    let plain = get("/sdk.js", &[(header::ACCEPT_ENCODING, "gzip;q=0")]);
    assert_eq!(field(&plain, header::CONTENT_ENCODING), "");
    assert_ne!(field(&plain, header::ETAG), field(&first, header::ETAG));
    let tag = Box::leak(field(&plain, header::ETAG).to_owned().into_boxed_str());
    let again = get("/sdk.js", &[(header::IF_NONE_MATCH, tag)]);
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let gzip = (header::ACCEPT_ENCODING, "gzip");
    let other = get("/sdk.js", &[(header::IF_NONE_MATCH, tag), gzip]);
    assert_eq!(other.status(), StatusCode::OK, "the tag is of the other variant");
}

#[test]
fn pictures_are_not_squeezed_and_nothing_is_written() {
    let picture = get("/favicon.png", &[(header::ACCEPT_ENCODING, "gzip")]);
    assert_eq!(field(&picture, header::CONTENT_ENCODING), "");
    assert_eq!(field(&picture, header::CONTENT_TYPE), "image/png");
    let post = serve(&assets(), &Method::POST, "/math", &HeaderMap::new());
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn without_a_built_client_the_page_names_the_command() {
    let empty = Assets::from_files([]);
    for (languages, tag) in [("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("de", "en"), ("", "en")] {
        let mut headers = HeaderMap::new();
        let languages = HeaderValue::from_str(languages).expect("a header");
        headers.insert(header::ACCEPT_LANGUAGE, languages);
        let answer = serve(&empty, &Method::GET, "/math", &headers);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(field(&answer, header::CONTENT_LANGUAGE), tag);
    }
}
