use super::{
    colour::{Colour, DARK_GROUNDS, LIGHT_GROUNDS, Palette},
    *,
};

fn colour(text: &str) -> Colour {
    text.parse().expect("a colour")
}

#[test]
fn colours_are_written_as_in_css() {
    assert_eq!(colour("#0b5FfF").to_string(), "#0b5fff");
    assert_eq!(colour("#0af").to_string(), "#00aaff");
    for none in ["", "#", "0b5fff", "#0b5ff", "#0b5fff0", "#gggggg", "#+12345", "red"] {
        assert!(none.parse::<Colour>().is_err(), "{none}");
    }
}

#[test]
fn whatever_colour_is_asked_for_words_can_be_read() {
    let parts = [0_u8, 60, 128, 200, 255];
    let all = parts.iter().flat_map(|r| parts.map(|g| (r, g)));
    for (r, g, b) in all.flat_map(|(r, g)| parts.map(|b| (r, g, b))) {
        let asked = colour(&format!("#{r:02x}{g:02x}{b:02x}"));
        let palette = Palette::of(Some(asked), None).expect("a palette");
        for (shades, grounds) in palette.shades().iter().zip([LIGHT_GROUNDS, DARK_GROUNDS]) {
            for ground in grounds {
                assert!(shades.accent.contrast(ground) >= 4.5, "{asked} on {ground}");
            }
            for behind in [shades.accent, shades.strong] {
                assert!(shades.on.contrast(behind) >= 4.5, "words on {behind} of {asked}");
            }
        }
    }
}

#[test]
fn a_colour_that_can_be_read_stays_and_another_is_told_of() {
    let changes = |accent, dark| {
        let palette = Palette::of(accent, dark).expect("a palette");
        palette.changes().map(|change| change.key).collect::<Vec<_>>()
    };
    assert_eq!(changes(Some(colour("#0b4f9e")), None), [""; 0], "dark ground was not asked for");
    assert_eq!(changes(Some(colour("#ffe000")), None), ["site.accent"]);
    assert_eq!(changes(None, Some(colour("#111111"))), ["site.accent_dark"]);
    assert_eq!(Palette::of(None, None), None);
}

#[test]
fn the_grounds_are_those_of_the_pages() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web-client/src/ui/style/theme.css");
    let theme = std::fs::read_to_string(path).expect("the theme");
    for (index, name) in ["ground", "panel", "sunken"].into_iter().enumerate() {
        let pair = format!("light-dark({}, {})", LIGHT_GROUNDS[index], DARK_GROUNDS[index]);
        assert!(theme.contains(&format!("--{name}: {pair};")), "{name} is not {pair}");
    }
}

#[test]
fn a_logo_is_known_by_its_content_and_small() {
    let content_type = |bytes: &[u8]| Logo::try_new(bytes.to_vec()).map(|logo| logo.content_type());
    assert_eq!(content_type(b"\x89PNG\r\n\x1a\n..."), Ok("image/png"));
    assert_eq!(content_type(b"RIFF....WEBPVP8 "), Ok("image/webp"));
    assert_eq!(content_type(b"<?xml version='1.0'?>\n<svg/>"), Ok("image/svg+xml"));
    assert_eq!(content_type(b"GIF89a"), Err(BadLogo::Kind));
    assert_eq!(content_type(b"<html></html>"), Err(BadLogo::Kind));
    assert_eq!(content_type(&[b'<'; Logo::BYTES_MAX + 1]), Err(BadLogo::TooLarge));
}

#[test]
fn texts_are_told_apart_by_the_language_in_their_name() {
    let mut texts = Texts::default();
    assert_eq!(texts.add("legal.FR.md", b"Bonjour".to_vec()), Ok(()));
    assert_eq!(texts.add("mentions.pt-br.txt", b"Oi".to_vec()), Ok(()));
    assert_eq!(texts.add("legal.md", Vec::new()), Err(BadText::Language));
    assert_eq!(texts.add("a.fr.md", Vec::new()), Err(BadText::Twice("fr".to_owned())));
    assert_eq!(texts.add("a.en.md", vec![0xff]), Err(BadText::Encoding));
    let long = vec![b'a'; Texts::BYTES_MAX + 1];
    assert_eq!(texts.add("a.de.md", long), Err(BadText::TooLong));
}

fn config(change: impl FnOnce(&mut ServiceConfig)) -> ServiceConfig {
    let mut config = ServiceConfig::new("/nowhere");
    change(&mut config);
    config
}

fn file(site: &Site, path: &str) -> String {
    let file = site.files().iter().find(|file| file.path == path).expect(path);
    String::from_utf8(file.bytes.clone()).expect("text")
}

#[test]
fn what_nobody_wrote_of_privacy_is_told_from_the_configuration() {
    let site = Site::of(&config(|config| {
        config.site.name = "Collège {contact}".to_owned();
        config.site.contact = Some("mailto:dpo@example.org".to_owned());
        config.allowed_origins = vec!["https://ent.example".parse().expect("an origin")];
    }));
    let french = file(&site, "api/v1/site/privacy.fr.md");
    assert!(french.starts_with("# Vie privée sur Collège {contact}\n"), "{french}");
    assert!(french.contains("[dpo@example.org](mailto:dpo@example.org)"), "{french}");
    assert!(french.contains("https://ent.example"), "{french}");
    assert!(french.contains("ne contient ni adresse"), "{french}");
    let site = Site::of(&config(|config| {
        config.site.logs_addresses = true;
        config.rules.recording = false;
    }));
    let english = file(&site, "api/v1/site/privacy.en.md");
    assert!(english.contains("at present the IP addresses"), "{english}");
    for absent in ["{", "?", "record what they see", "These sites", "relays", "To make use"] {
        assert!(!english.contains(absent), "{absent}: {english}");
    }
}

#[test]
fn an_operator_s_own_privacy_page_stands_alone() {
    let site = Site::of(&config(|config| {
        config.site.privacy.add("p.fr.md", b"Le mien".to_vec()).expect("a text");
    }));
    assert_eq!(file(&site, "api/v1/site/privacy.fr.md"), "Le mien");
    assert!(!site.files().iter().any(|file| file.path.ends_with("privacy.en.md")));
}

#[test]
fn a_page_carries_the_site_and_no_name_becomes_markup() {
    let hostile = "</script><script>x()</script>&amp;";
    let site = Site::of(&config(|config| {
        config.site.name = hostile.to_owned();
        config.site.accent = Some(colour("#0b4f9e"));
    }));
    let page = "<head><title>Préau</title></head><body>";
    let page = site.dress("index.html", page.as_bytes().to_vec());
    let page = String::from_utf8(page).expect("text");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert_eq!(page.matches("</script").count(), 1, "{page}");
    assert!(page.contains("<title>&lt;/script>"), "{page}");
    assert!(page.contains("<link rel=\"stylesheet\" href=\"/site/colours-"), "{page}");
    let (_, told) = page.split_once("id=\"site\">").expect("the element");
    let (told, _) = told.split_once("</script>").expect("its end");
    let told: serde_json::Value = serde_json::from_str(told).expect("JSON");
    assert_eq!(told["name"], hostile);
    let manifest = site.dress("manifest.webmanifest", br#"{"name":"x","scope":"/"}"#.to_vec());
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!((&manifest["name"], &manifest["scope"]), (&hostile.into(), &"/".into()));
}
