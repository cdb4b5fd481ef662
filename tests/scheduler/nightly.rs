//! The nightly regression as the template has it, over one scenario of the drill: it runs, keeps as many reports as
//! `drill.toml` says, and fails where the drill or the history does.

use lighthunter::{store::JobRunStatus, vault::Vault};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Scheduler, runs, wait_for};
use crate::room::Room;

const HISTORY: &str = "reports/drills/history.jsonl";

/// Returns a workspace whose nightly regression drills one scenario only, and keeps two reports.
fn room_of_one_scenario(change: impl Fn(String) -> String) -> Room {
    let room = Room::fresh();
    let template = "[lighthunter, regression, --mode, full]";
    let jobs = room.read("config/jobs.yaml");
    assert!(jobs.contains(&format!("    timeout_sec: 3600\n    command: {template}")), "{jobs}");
    let small = "[lighthunter, regression, --mode, full, --name, \"The same inputs give the same result\"]";
    room.write("config/jobs.yaml", change(jobs.replace(template, small)));
    let drill = room.read("drill.toml");
    assert!(drill.contains("\nkeep_reports = 30"), "{drill}");
    room.write("drill.toml", drill.replace("\nkeep_reports = 30", "\nkeep_reports = 2"));
    let now = "2025-10-10T00:00:00Z".parse().expect("a timestamp");
    Vault::open(&room.root()).and_then(|vault| vault.commit_all("drill at night", now)).expect("committed");
    room
}

/// Returns the ids of the drills whose reports are there, oldest first.
fn reports(room: &Room) -> Vec<String> {
    let mut ids: Vec<String> = std::fs::read_dir(room.path("reports/drills"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("20"))
        .collect();
    ids.sort();
    ids
}

/// Adds drills to the history that are the newest one, earlier and with other times and outcomes; their reports
/// are there too.
fn plant(room: &Room, count: u32, change: impl Fn(&mut Value)) {
    let text = room.read(HISTORY);
    let newest: Value = serde_json::from_str(text.lines().next_back().expect("a line")).expect("JSON");
    let lines = (1..=count).map(|day| {
        let mut line = newest.clone();
        line["id"] = format!("202501{day:02}-120000-00aa").into();
        line["started_at"] = format!("2025-01-{day:02}T04:00:00Z").into();
        change(&mut line["scenarios"][0]);
        room.write(&format!("reports/drills/{}/record.json", line["id"].as_str().expect("a text")), "{}");
        format!("{line}\n")
    });
    room.write(HISTORY, lines.collect::<String>());
}

fn scale(scenario: &mut Value, factor: f64) {
    for seconds in scenario["phases"].as_object_mut().expect("phases").values_mut() {
        *seconds = (seconds.as_f64().expect("seconds") * factor).into();
    }
}

#[test]
fn nightly_regression_keeps_its_reports_and_fails_on_a_regression() {
    let room = room_of_one_scenario(|jobs| jobs);
    // It is disabled, and a person may run it all the same.
    let run = ["scheduler", "run-once", "nightly_regression"];
    let done = room.run_to(0, &run);
    let parts = ["ok   drill", "ok   history", "the first drill of its kind", "Regression full passed in"];
    assert!(parts.iter().all(|part| done.stdout.contains(part)), "{}", done.stdout);
    let page = done.stdout.split("report ").nth(1).and_then(|rest| rest.lines().next()).expect("a report");
    assert!(std::path::Path::new(page).is_file(), "{page}");

    // The drills before took ten times as long, and the oldest reports go.
    plant(&room, 4, |scenario| scale(scenario, 10.0));
    room.run_to(0, &["regression", "--mode", "full", "--name", "The same inputs give the same result"]);
    let kept = reports(&room);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|id| !id.starts_with("202501")), "the oldest went: {kept:?}");

    // All the drills before took a tenth of the time.
    plant(&room, 4, |scenario| scale(scenario, 0.1));
    let failed = room.run_to(1, &run);
    assert!(failed.stdout.contains("ok   drill") && failed.stdout.contains("FAIL history"), "{}", failed.stdout);
    assert!(
        failed.stdout.contains("The same inputs give the same result: ") && failed.stdout.contains("p90 of 4 drills")
    );
    assert!(failed.stdout.trim_end().ends_with("s: history."), "the part that failed is named: {}", failed.stdout);
    assert_eq!(runs(&room, "nightly_regression").last().map(|run| run.exit), Some(Some(1)));
    let history = room.run_to(0, &["drill", "history"]);
    assert!(
        history.stdout.contains("REGRESSION: The same inputs give the same result: scenario took"),
        "{}",
        history.stdout
    );

    let failed = room.run_to(1, &["regression", "--mode", "full", "--name", "no scenario has this name"]);
    assert!(failed.stdout.contains("FAIL drill"), "{}", failed.stdout);
    assert!(failed.stdout.trim_end().ends_with("s: drill."), "{}", failed.stdout);
    room.refused(2, &["regression", "--name", "x"], &["--mode full"]);
}

#[test]
fn nightly_regression_works_when_it_is_enabled() {
    let room = room_of_one_scenario(|jobs| {
        assert!(jobs.contains("off unless wanted\"\n    enabled: false"), "{jobs}");
        jobs.replace("enabled: false", "enabled: true")
            .replace("catch_up: skip\n    timeout_sec: 3600", "timeout_sec: 3600")
    });
    // Saturday, 03:00 in Shanghai, is two seconds ahead.
    let mut scheduler = Scheduler::start(&room, Some("2025-10-10T18:59:58Z"));
    wait_for("the regression", 120.0, || {
        runs(&room, "nightly_regression").first().is_some_and(|run| run.status != JobRunStatus::Running)
    });
    scheduler.send(Signal::SIGTERM);
    let (_, said) = scheduler.end();
    let run = &runs(&room, "nightly_regression")[0];
    let log = room.read("logs/ops/jobs/nightly_regression.log");
    assert_eq!(
        (run.status, run.slot.to_string().as_str()),
        (JobRunStatus::Success, "2025-10-10T19:00:00Z"),
        "{said}\n{log}"
    );
    assert!(log.contains("Regression full passed") && log.contains("ok   drill"), "{log}");
    assert_eq!(reports(&room).len(), 1);
}
