use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/plans");

#[test]
fn every_plan_of_ours_can_be_read() {
    let files = std::fs::read_dir(FOLDER).expect("the folder of plans");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let plan = Plan::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!plan.about.is_empty(), "{} says what it is for", path.display());
        count += 1;
    }
    assert!(count >= 10, "{count} plans");
}

#[test]
fn a_plan_that_is_wrong_is_refused_with_the_field_named() {
    let wrong = [
        ("seconds = 0", "seconds"),
        ("seconds = 5\nsconds = 6", "sconds"),
        ("seconds = 5\n[room]\npeople = 1", "room.people"),
        ("seconds = 5\n[[network]]\nloss_percent = 101", "per cents"),
        ("seconds = 5\n[[network]]\nloss_percent = nan", "per cents"),
        ("seconds = 5\n[[network]]\nrate_kbps = 0", "rate_kbps"),
        ("seconds = 5\n[[network]]\nat = 3\n[[network]]\nat = 2", "before the one above"),
        ("seconds = 5\n[[network]]\nwho = \"nobody\"", "nobody"),
    ];
    for (text, named) in wrong {
        let error = Plan::read(text).expect_err(text).to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
}
