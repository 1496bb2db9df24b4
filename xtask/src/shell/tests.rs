//! Watching programs: their lines, their end, their colours.

use super::*;

#[test]
fn every_line_is_seen_without_its_colours() {
    let mut seen = Vec::new();
    let script = "printf 'one\\n\\033[32mtwo\\033[0m\\nthree'";
    let success = watch(command("sh", &["-c", script]), |line| {
        seen.push(line.to_owned());
    });
    assert!(success.expect("sh is everywhere"));
    assert_eq!(seen, ["one", "two", "three"]);
}

#[test]
fn a_failing_program_is_not_a_success() {
    let success = watch(command("sh", &["-c", "exit 3"]), |_| ());
    assert!(!success.expect("sh is everywhere"));
}

#[test]
fn a_stray_grandchild_that_keeps_the_pipe_does_not_hold_us_up() {
    let started = Instant::now();
    let success = watch(command("sh", &["-c", "sleep 20 & echo done"]), |_| ());
    assert!(success.expect("sh is everywhere"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn ending_a_tree_ends_the_grandchildren() {
    let mut child = command("sh", &["-c", "sleep 60 & echo $!; wait"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh is everywhere");
    let mut grandchild = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    stdout.read_line(&mut grandchild).expect("the shell prints one line");
    end_tree(&mut child);
    let stat = format!("/proc/{}/stat", grandchild.trim());
    let runs = || fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    let deadline = Instant::now() + Duration::from_secs(10);
    while runs() && Instant::now() < deadline {
        thread::yield_now();
    }
    assert!(!runs(), "process {} still runs", grandchild.trim());
}

#[test]
fn the_parent_is_found_behind_a_name_with_blanks_and_parentheses() {
    assert_eq!(parent_in_stat("77 (a b) c) S 42 77 77 0"), Some(42));
    assert_eq!(parent_in_stat("nonsense"), None);
}

#[test]
fn cargo_is_not_told_that_it_builds_for_us() {
    let cargo = cargo(&["build"]);
    let removed = |name: &str| cargo.get_envs().any(|(key, value)| key == name && value.is_none());
    assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
}
