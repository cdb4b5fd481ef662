//! Starts, ends, kills and restarts of the real process, with real jobs.

use std::path::Path;

use lighthunter::store::JobRunStatus;
use nix::sys::signal::Signal;

use super::{QUIET, Scheduler, runs, wait_for, write_jobs};
use crate::room::Room;

const EVERY_SECOND: &str = "  tick:
    schedule: { mode: interval, interval_sec: 1 }
    command: [/bin/sh, -c, \"echo {trade_date} >> cache/ticks\"]
";

/// A job that says its process number and then stays.
const LONG: &str = "  long:
    schedule: { mode: interval, interval_sec: 86400 }
    catch_up: once
    command: [/bin/sh, -c, \"echo $$ >> cache/long; exec sleep 60\"]
";

fn is_alive(process: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn job_of_every_second_runs_once_a_slot_and_sigterm_ends_it() {
    let room = Room::fresh();
    write_jobs(&room, EVERY_SECOND);
    let mut scheduler = Scheduler::start(&room, Some("2025-10-01T03:00:00.5Z"));
    wait_for("three ticks", 30.0, || room.lines("cache/ticks").len() >= 3);
    scheduler.send(Signal::SIGTERM);
    let (code, said) = scheduler.end();
    assert_eq!(code, Some(143), "{said}");
    assert!(said.contains("scheduler runs tick"), "{said}");
    let runs = runs(&room, "tick");
    let slots: Vec<_> = runs.iter().map(|run| run.slot).collect();
    assert!(slots.is_sorted_by(|a, b| a < b), "{slots:?}");
    assert_eq!(room.lines("cache/ticks"), vec!["2025-09-30"; runs.len()], "the newest completed session");
    assert!(runs.iter().all(|run| run.status == JobRunStatus::Success), "{runs:?}");
    assert!(room.read("logs/ops/jobs/tick.log").contains("/bin/sh -c"));
}

#[test]
fn scheduler_that_is_killed_leaves_no_job_and_its_slot_is_served_by_the_next() {
    let room = Room::fresh();
    write_jobs(&room, LONG);
    // Two schedulers stand at midnight of one day: the first start of the day is due at once.
    let mut killed = Scheduler::start(&room, Some("2025-09-30T15:59:59Z"));
    wait_for("the job", 30.0, || room.lines("cache/long").len() == 1);
    let second = room.run(&["scheduler", "run"]);
    assert_eq!(second.code, 11, "{}", second.stderr);
    assert!(second.stderr.contains("scheduler (process"), "{}", second.stderr);
    let overlap = room.run(&["scheduler", "run-once", "long"]);
    assert_eq!(overlap.code, 11, "{}", overlap.stderr);
    killed.send(Signal::SIGKILL);
    assert_eq!(killed.end().0, None);
    let first = room.lines("cache/long")[0].clone();
    wait_for("the job's end", 10.0, || !is_alive(&first));
    assert_eq!(runs(&room, "long")[0].status, JobRunStatus::Running, "nobody has closed it");

    let mut next = Scheduler::start(&room, Some("2025-10-01T01:00:00Z"));
    wait_for("the job again", 30.0, || room.lines("cache/long").len() == 2);
    next.send(Signal::SIGTERM);
    let (code, said) = next.end();
    assert_eq!(code, Some(143), "{said}");
    assert!(said.contains("long of 2025-10-01 00:00:00 was interrupted"), "{said}");
    assert!(!is_alive(&room.lines("cache/long")[1]), "no orphan");
    let found: Vec<_> = runs(&room, "long").iter().map(|run| (run.slot.to_string(), run.attempt, run.status)).collect();
    let slot = "2025-09-30T16:00:00Z".to_owned();
    assert_eq!(found, [(slot.clone(), 1, JobRunStatus::Interrupted), (slot, 2, JobRunStatus::Interrupted)]);
}

#[test]
fn failure_and_deadline_are_recorded_and_alarmed() {
    let room = Room::fresh();
    write_jobs(
        &room,
        "  bad: { schedule: { mode: manual }, command: [lighthunter, models, verify, --no-such-option] }
  slow: { schedule: { mode: manual }, timeout_sec: 1, command: [/bin/sleep, \"60\"] }
  good: { schedule: { mode: manual }, command: [lighthunter, config, check] }
",
    );
    let done = room.run_to(2, &["scheduler", "run-once", "bad"]);
    assert!(done.stderr.contains("job bad: ended with 2"), "{}", done.stderr);
    let done = room.run_to(16, &["scheduler", "run-once", "slow"]);
    assert!(done.stderr.contains("took longer than 1 s"), "{}", done.stderr);
    let done = room.run_to(0, &["scheduler", "run-once", "good", "--json", "--as-of", "2025-09-30"]);
    assert_eq!(
        (done.json()["status"].as_str(), done.json()["trade_date"].as_str()),
        (Some("success"), Some("2025-09-30"))
    );
    assert!(room.read("logs/ops/jobs/good.log").contains("config files are right"));
    assert_eq!(runs(&room, "slow")[0].exit, Some(16));
    let state: serde_json::Value = serde_json::from_str(&room.read("monitor/state.json")).expect("JSON");
    assert_eq!(state["errors"]["scheduler"]["errors_total"], 2, "{state}");
    let alarms = room.lines("logs/ops/scheduler.log").into_iter().filter(|line| line.contains("\"ERROR\"")).count();
    assert_eq!(alarms, 2);
    room.run_to(2, &["scheduler", "run-once", "nobody"]);
}

#[test]
fn changed_jobs_are_taken_over_and_wrong_ones_are_not() {
    let room = Room::fresh();
    write_jobs(&room, "");
    let mut scheduler = Scheduler::start(&room, None);
    wait_for("the start", 30.0, || {
        !room.lines("logs/ops/scheduler.log").is_empty() || room.path("cache/locks/scheduler.lock").exists()
    });
    room.write("config/jobs.yaml", format!("jobs:\n{QUIET}{}", EVERY_SECOND.replace("interval_sec", "interval_secs")));
    wait_for("the refusal", 30.0, || room.read("logs/ops/scheduler.log").contains("interval_secs"));
    write_jobs(&room, EVERY_SECOND);
    scheduler.send(Signal::SIGHUP);
    wait_for("a tick", 30.0, || !room.lines("cache/ticks").is_empty());
    scheduler.send(Signal::SIGINT);
    assert_eq!(scheduler.end().0, Some(130));
}

/// Returns what DayOps found of the schedule, on a date that the exchanges' calendar knows whatever the machine's is.
fn schedule_check(room: &Room) -> (String, String) {
    let report = room.run(&["day-ops", "--as-of", "2025-07-01", "--json"]).json();
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == "schedule").expect("made");
    let word = |key: &str| check[key].as_str().expect("a word").to_owned();
    (word("grade"), word("reason"))
}

#[test]
fn day_ops_knows_whether_a_scheduler_runs() {
    let room = Room::fresh();
    let (grade, reason) = schedule_check(&room);
    assert!(grade == "WARNING" && reason.contains("none has ever run here: 2 enabled jobs"), "{grade} {reason}");
    for (signal, words) in
        [(Signal::SIGTERM, "the last one ended at"), (Signal::SIGKILL, "died, its last sign of life")]
    {
        let mut scheduler = Scheduler::start(&room, None);
        let pid = format!("\"pid\":{},", scheduler.0.id());
        let is_alive =
            || std::fs::read_to_string(room.path("monitor/scheduler.json")).is_ok_and(|text| text.contains(&pid));
        wait_for("a sign of life", 30.0, is_alive);
        let (grade, reason) = schedule_check(&room);
        assert!(reason.contains(&format!("the scheduler runs (process {}", scheduler.0.id())), "{grade} {reason}");
        assert!(!reason.contains("no scheduler"), "{reason}");
        scheduler.send(signal);
        let _ = scheduler.0.wait();
        let (grade, reason) = schedule_check(&room);
        assert!(grade == "WARNING" && reason.contains("no scheduler is running") && reason.contains(words), "{reason}");
    }
}
