//! The page of a binary that was built without the web client: it names the cure.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    English,
    French,
}

/// The page in the language that the browser likes better.
pub(crate) fn answer(headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (tag, page) = match preferred(accepted) {
        Language::English => ("en", ENGLISH),
        Language::French => ("fr", FRENCH),
    };
    let fields = [
        (header::CONTENT_LANGUAGE, tag),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Accept-Language"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, fields, Html(page)).into_response()
}

/// RFC 9110 §12.5.4: the highest quality wins, English where neither is named.
fn preferred(accepted: &str) -> Language {
    let quality = |language: &str| {
        accepted
            .split(',')
            .filter_map(|range| {
                let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
                let primary = tag.trim().split('-').next().unwrap_or("");
                let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
                primary.eq_ignore_ascii_case(language).then_some(weight)
            })
            .fold(0.0, f32::max)
    };
    match quality("fr") > quality("en") {
        true => Language::French,
        false => Language::English,
    }
}

const ENGLISH: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Préau</title>
<h1>The service runs, its pages were not built</h1>
<p>This program was built without the web client. In the folder of the sources, run:</p>
<pre>cargo xtask run</pre>
<p>It builds the client and the program, starts it, and prints the link of a room.</p>
</html>
";

const FRENCH: &str = "<!doctype html>
<html lang=\"fr\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Préau</title>
<h1>Le service fonctionne, mais ses pages n’ont pas été construites</h1>
<p>Ce programme a été construit sans le client web. Dans le dossier des sources, lancez :</p>
<pre>cargo xtask run</pre>
<p>Cette commande construit le client et le programme, le démarre et donne le lien d’une salle.</p>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_liked_better() {
        for (accepted, language) in [
            ("fr", Language::French),
            ("fr-CA, en;q=0.9", Language::French),
            ("en-US, fr;q=0.9", Language::English),
            ("de, fr;q=0.2, en;q=0.1", Language::French),
            ("*", Language::English),
            ("fr;q=x", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(preferred(accepted), language, "{accepted}");
        }
    }
}
