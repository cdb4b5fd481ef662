//! Walk-forward from outside: one report and one experiment, the same with any number of threads.

use serde_json::Value;

use crate::room::Room;

const SHORT: &str = "research.walk_forward.train_days=60";

#[test]
fn folds_are_traded_as_one_series_and_recorded_once() {
    let room = Room::nighted();
    let before = room.lines("experiments/experiments.jsonl").len();
    let walk = |jobs: &str, mode: &str| {
        let mode = format!("research.walk_forward.mode={mode}");
        room.run_to(0, &["walk-forward", "--json", "--jobs", jobs, "--set", SHORT, "--set", &mode]).json()
    };
    let [one, two, expanding] = [walk("1", "sliding"), walk("2", "sliding"), walk("2", "expanding")];
    assert_eq!(one["result_digest"], two["result_digest"], "threads change nothing");
    assert_ne!(one["result_digest"], expanding["result_digest"]);

    let folds = one["folds"].as_array().expect("folds");
    let dates = |fold: &Value, key: &str| fold[key].as_str().expect("a date").to_owned();
    assert!(folds.len() > 2);
    assert!(folds.iter().all(|fold| dates(fold, "train_to") < dates(fold, "test_from")));
    let growth = |year: &Value| 1.0 + year["total"].as_f64().expect("a total");
    let years: f64 = one["years"].as_array().expect("years").iter().map(growth).product();
    let total = one["metrics"]["bt_ret_total"].as_f64().expect("a total");
    assert!((years - 1.0 - total).abs() < 1e-12, "the years compound to the whole: {years} and {total}");

    let lines = room.lines("experiments/experiments.jsonl");
    assert_eq!(lines.len(), before + 3);
    let last: Value = serde_json::from_str(&lines[before]).expect("json");
    assert_eq!((last["kind"].as_str(), last["status"].as_str()), (Some("walk_forward"), Some("success")));
    assert_eq!(last["result_digest"], one["result_digest"]);
    let report = last["id"].as_str().expect("an id").replacen("walk_forward", "reports/walkforward", 1);
    assert!(room.read(&format!("{report}.md")).contains("## Years"));
    let said = room.run_to(0, &["--lang", "zh", "walk-forward", "--set", SHORT]).stdout;
    let stem = said.lines().find_map(|line| line.strip_prefix("报告：")?.strip_suffix(".md"));
    let told = room.read(&format!("{}.md", stem.expect("a report")));
    assert!(said.contains("检验") && told.contains("## 各年") && !told.contains("sessions"), "{said}\n{told}");
    assert!(room.path(&format!("{report}.json")).is_file());
    room.assert_clean();
}

fn walk<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["walk-forward", "--json", "--set", SHORT], more].concat()
}

#[test]
fn model_in_force_is_held_against_the_folds_on_sessions_that_neither_has_seen() {
    let room = Room::nighted();
    let plain = room.run_to(0, &walk(&[])).json();
    assert!(plain["champion"].is_null());
    // Any loss but a gain of one is let pass, then none is.
    let held = room.run_to(0, &walk(&["--against-current", "--set", "alpha.gate.max_rank_ic_drop=1"])).json();
    assert_eq!(held["result_digest"], plain["result_digest"], "to ask changes no result");
    let champion = &held["champion"];
    let number = |key: &str| champion[key].as_f64().expect("a number");
    assert_eq!(champion["degraded"], false);
    assert!((number("walk_forward_rank_ic") - number("rank_ic") - number("loss")).abs() < 1e-12, "{champion}");
    let sessions = champion["sessions"].as_u64().expect("a count");
    assert!((5..=40).contains(&sessions), "no more than the test part: {champion}");
    let worse = ["research.learner.kind=boosted_trees", "research.learner.rounds=40", "research.learner.max_depth=12"];
    let open = ["alpha.gate.min_ic=-1", "alpha.gate.min_rank_ic=-1", "alpha.gate.max_rank_ic_drop=2"];
    let sets: Vec<&str> = worse.iter().chain(&open).flat_map(|set| ["--set", *set]).collect();
    room.run_to(0, &[sets.as_slice(), &["night-ops", "--mode", "train", "-q"]].concat());
    let other = room.run(&walk(&["--against-current"])).json();
    assert_ne!(other["champion"]["model_id"], champion["model_id"], "the one in force is judged");
    assert_eq!(other["champion"]["walk_forward_rank_ic"], champion["walk_forward_rank_ic"], "by the same folds");
    let learnt = |of: &Value| of["train_rank_ic"].as_f64().expect("a number");
    assert!(learnt(&other["champion"]) > learnt(champion), "deep trees keep more of what they were shown");
    let early = other["folds"][2]["test_to"].as_str().expect("a date").to_owned();
    let refused = room.run_to(2, &walk(&["--against-current", "--end-date", &early]));
    assert!(refused.stderr.contains("it may have seen every session"), "{}", refused.stderr);
}

#[test]
fn fold_without_rows_fails_by_name_and_is_recorded_as_failed() {
    let room = Room::nighted();
    let walk = room.run_to(12, &["walk-forward", "-q", "--set", "research.walk_forward.train_days=3"]);
    assert!(walk.stderr.contains("fold 1 of ") && walk.stderr.contains("hint: "), "{}", walk.stderr);
    assert_eq!(walk.stdout, "");
    let lines = room.lines("experiments/experiments.jsonl");
    let last: Value = serde_json::from_str(lines.last().expect("a line")).expect("json");
    assert_eq!((last["kind"].as_str(), last["status"].as_str()), (Some("walk_forward"), Some("failed")));
    assert_eq!(last["error"]["class"].as_u64(), Some(12));

    let walk = room.run_to(20, &["walk-forward", "-q"]);
    assert!(walk.stderr.contains("no fold fits into "), "{}", walk.stderr);
}
