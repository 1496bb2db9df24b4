//! The web client's files, out of the binary itself.
//!
//! Files are laid out once at the start with what answers need of them: type, entity tag, and the
//! gzip of what shrinks. An empty build answers pages with one that says how to build the client.

use std::{borrow::Cow, collections::HashMap, io::Write as _};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use ring::digest;
use rust_embed::RustEmbed;

use crate::{
    site::{self, Site, SiteFile},
    unbuilt_page,
};

/// What `web-client` builds: part of a release; a debug build reads the folder at its start, so
/// that whoever works on the pages need not compile.
#[derive(RustEmbed)]
#[folder = "../../web-client/dist"]
#[allow_missing = true]
struct BuiltClient;

/// Files by their path without the leading slash.
#[derive(Debug)]
pub(crate) struct Assets {
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    plain: Variant,
    gzip: Option<Variant>,
    content_type: HeaderValue,
    cache_control: HeaderValue,
}

#[derive(Debug)]
struct Variant {
    bytes: axum::body::Bytes,
    etag: HeaderValue,
}

/// The page of every room, and of the way to one.
const INDEX: &str = "index.html";

/// Folders of files whose names carry a hash of their content.
const HASHED: [&str; 2] = ["assets/", site::FOLDER];

impl Assets {
    /// The files in the binary, as the operator has them look, and those of the operator's.
    pub(crate) fn of_site(site: &Site) -> Self {
        let file = |path: Cow<'static, str>| {
            let bytes = site.dress(&path, BuiltClient::get(&path)?.data.into_owned());
            Some((path.into_owned(), bytes))
        };
        let mut assets = Assets::from_files(BuiltClient::iter().filter_map(file));
        for SiteFile { path, content_type, bytes } in site.files() {
            let file = File::of_type(content_type, path, bytes.clone());
            assets.files.insert(path.clone(), file);
        }
        assets
    }

    pub(crate) fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let files = files.into_iter().map(|(path, bytes)| {
            let file = File::new(&path, bytes);
            (path, file)
        });
        Assets { files: files.collect() }
    }
}

impl File {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        let mime = match path.ends_with(".d.ts") {
            // By its end it would be an MPEG transport stream.
            true => mime_guess::mime::TEXT_PLAIN,
            false => mime_guess::from_path(path).first_or_octet_stream(),
        };
        match mime.type_() == mime_guess::mime::TEXT {
            true => File::of_type(&format!("{mime}; charset=utf-8"), path, bytes),
            false => File::of_type(mime.as_ref(), path, bytes),
        }
    }

    fn of_type(content_type: &str, path: &str, bytes: Vec<u8>) -> Self {
        let is_text =
            ["text/", "javascript", "json", "svg"].iter().any(|kind| content_type.contains(kind));
        let cache_control = match HASHED.iter().any(|folder| path.starts_with(folder)) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let gzip = if is_text { gzip(&bytes) } else { None };
        File {
            gzip: gzip.filter(|gzip| gzip.len() < bytes.len()).map(Variant::new),
            plain: Variant::new(bytes),
            content_type: HeaderValue::from_str(content_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            cache_control: HeaderValue::from_static(cache_control),
        }
    }
}

impl Variant {
    fn new(bytes: Vec<u8>) -> Self {
        let hash = digest::digest(&digest::SHA256, &bytes);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]));
        Variant {
            etag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")),
            bytes: bytes.into(),
        }
    }
}

/// Answers a request for a file or a page.
pub(crate) fn serve(assets: &Assets, method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "GET or HEAD\n").into_response();
    }
    let name = path.trim_start_matches('/');
    match assets.files.get(name) {
        Some(file) => serve_file(file, headers),
        None if is_page(name) => match assets.files.get(INDEX) {
            Some(index) => serve_file(index, headers),
            None => unbuilt_page::answer(headers),
        },
        None => (StatusCode::NOT_FOUND, "not found\n").into_response(),
    }
}

/// The home page, and the page of any room: the client itself says what is wrong with a name.
fn is_page(name: &str) -> bool {
    !name.contains(['/', '.'])
}

fn serve_file(file: &File, headers: &HeaderMap) -> Response {
    let variant = match &file.gzip {
        Some(gzip) if accepts_gzip(headers) => gzip,
        Some(_) | None => &file.plain,
    };
    let is_gzip = !std::ptr::eq(variant, &file.plain);
    let is_known = headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        let known = known.to_str().unwrap_or("");
        let mut tags = known.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == "*" || tag.as_bytes() == variant.etag.as_bytes())
    });
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(variant.bytes.clone()).into_response(),
    };
    let answer = response.headers_mut();
    answer.insert(header::ETAG, variant.etag.clone());
    answer.insert(header::CACHE_CONTROL, file.cache_control.clone());
    if file.gzip.is_some() {
        answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if !is_known {
        answer.insert(header::CONTENT_TYPE, file.content_type.clone());
        if is_gzip {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            let is_refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case("gzip") && !is_refused
        })
}

/// `None` never happens: a `Vec` takes every write.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests;
