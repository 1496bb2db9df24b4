//! What a stage's outcome counts for.

use super::*;

fn stage(run: fn(&mut Tally) -> Result<()>) -> Stage {
    Stage { name: "example", about: "", plan: minutes(1), run }
}

#[test]
fn a_stage_that_executed_nothing_is_a_failure() {
    assert_eq!(stage(|_| Ok(())).execute(), Tally { passed: 0, failed: 1 });
}

#[test]
fn a_stage_that_could_not_run_is_a_failure_even_after_passes() {
    let tally = stage(|tally| {
        tally.check(Ok(()))?;
        Err("a tool is missing".into())
    })
    .execute();
    assert_eq!(tally, Tally { passed: 1, failed: 1 });
}

#[test]
fn a_failed_check_counts_once() {
    let tally = stage(|tally| tally.check(Err("wrong".into()))).execute();
    assert_eq!(tally, Tally { passed: 0, failed: 1 });
}

#[test]
fn counts_are_summed_over_the_lines_of_a_runner() {
    let mut tally = Tally::default();
    let script =
        "echo 'test result: ok. 2 passed; 0 failed;'; echo 'test result: ok. 3 passed; 0 failed;'";
    let outcome = tally.watch(shell::command("sh", &["-c", script]), Reading::Libtest);
    assert!(outcome.is_ok());
    assert_eq!(tally, Tally { passed: 5, failed: 0 });
}

#[test]
fn a_runner_that_breaks_off_without_a_failed_test_is_a_failure() {
    let mut tally = Tally::default();
    let script = "echo 'test result: ok. 2 passed; 0 failed;'; exit 101";
    let _counted = tally.watch(shell::command("sh", &["-c", script]), Reading::Libtest);
    assert_eq!(tally, Tally { passed: 2, failed: 1 });
}

#[test]
fn stages_are_chosen_by_name_and_keep_their_order() {
    let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let chosen = choose(&names(&["unit", "tidy"])).expect("both are there");
    assert_eq!(chosen.iter().map(|stage| stage.name).collect::<Vec<_>>(), ["tidy", "unit"]);
    assert_eq!(choose(&[]).expect("all").len(), STAGES.len());
    assert!(choose(&names(&["nothing"])).is_err());
}

#[test]
fn the_plans_fit_the_forty_minutes_of_ci() {
    let planned: Duration = STAGES.iter().map(|stage| stage.plan).sum();
    assert!(planned <= minutes(40), "{planned:?}");
}

#[test]
fn time_over_plan_is_said() {
    assert_eq!(timed(Duration::from_secs(30), minutes(1)), "30.0 s");
    assert_eq!(timed(Duration::from_secs(90), minutes(1)), "90.0 s, over its plan of 60 s");
}

#[test]
fn a_story_that_is_told_again_is_known_by_its_note() {
    assert!(is_unsteady("# unsteady: not within 20000 ms: Ana sees Bo"));
    assert!(is_unsteady("ℹ unsteady: socket hang up"));
    assert!(!is_unsteady("# Subtest: an unsteady line is repaired"));
}
