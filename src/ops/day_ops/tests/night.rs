//! The last night: one that did not end well, is old or is missing.

use std::collections::BTreeMap;

use super::room::{FRESH, MORNING, Room, SESSION, TODAY, assert_only, not_ok, room_name};
use crate::{
    exit::Exit,
    ops::{
        day_ops::{CheckName, DayOpsOptions, DayOpsReport, Grade},
        night_ops::{self, Mode},
    },
    store::RunStatus,
    text::Language,
};

#[test]
fn healthy_workspace_is_ok_in_every_check_and_twice_the_same() {
    let room = Room::nighted();
    let run = room.day_ops(MORNING, &[], &DayOpsOptions::default());
    let report = &run.report;
    assert_eq!((not_ok(report), run.exit), (BTreeMap::new(), Exit::Done), "{}", report.markdown(Language::English));
    assert_eq!((report.date, report.session, report.checks.len()), (TODAY, SESSION, 18));
    let names: Vec<String> = run.files.iter().map(|file| room_name(&room, file)).collect();
    assert_eq!(names, ["reports/day_ops_20250701.json", "reports/day_ops_20250701.md"]);
    let station = room.station(MORNING, &[]);
    assert_eq!(DayOpsReport::newest(&station.reports()).as_ref(), Some(report), "it reads back");
    let entry = room.ledger().run(&report.run_id).expect("searched").expect("in the ledger");
    assert_eq!((entry.as_of, entry.status, entry.exit), (TODAY, RunStatus::Success, Some(0)));
    assert_eq!(entry.result_digest, Some(report.result_digest));
    let state = station.metrics().read().expect("a state").day_ops.expect("a verdict");
    assert_eq!((state.grade, state.date, state.counts.ok), (Grade::Ok, TODAY, 18));
    let again = room.morning(&[]);
    assert_eq!((again.input_digest, again.result_digest), (report.input_digest, report.result_digest));
}

#[test]
fn last_night_that_did_not_end_well_is_seen() {
    let late = "2025-06-30T23:00:00+08:00";
    let cases = [
        ("failed", Some((RunStatus::Failed, 17)), Grade::Warning, "failed with exit code 17: planted"),
        ("died", Some((RunStatus::Interrupted, 1)), Grade::Warning, "was interrupted"),
        ("runs", None, Grade::Fail, "is still running"),
    ];
    for (id, ended, grade, words) in cases {
        let room = Room::nighted();
        room.plant_run(night_ops::COMPONENT, id, late, ended);
        assert_only(&room.morning(&[]), &[(CheckName::NightOps, grade)], words);
    }
    let room = Room::nighted();
    room.night(Mode::Data);
    assert_only(&room.morning(&[]), &[(CheckName::NightOps, Grade::Warning)], "partial: 6 of 10 stages");
}

#[test]
fn equal_run_keys_with_different_results_are_seen() {
    let room = Room::nighted();
    room.plant_run(night_ops::COMPONENT, "other", "2025-06-30T23:00:00+08:00", Some((RunStatus::Success, 0)));
    assert_only(&room.morning(&[]), &[(CheckName::NightOps, Grade::Fail)], "same run key and different result digests");
}

#[test]
fn night_of_an_older_session_is_graded_by_its_age() {
    let room = Room::nighted();
    room.plant_session_of_today();
    let next = "2025-07-02T08:30:00+08:00";
    let run = |age| room.day_ops(next, &[("ops.day_ops.max_night_ops_age_sessions", age)], &DayOpsOptions::default());
    assert_only(&run("1").report, &[(CheckName::NightOps, Grade::Warning)], "1 sessions before 2025-07-01");
    assert_only(&run("0").report, &[(CheckName::NightOps, Grade::Fail)], "max_night_ops_age_sessions: 0");
}

#[test]
fn workspace_without_a_night_fails_where_it_must() {
    let room = Room::copy_of(&FRESH);
    let report = room.morning(&[]);
    let failed: Vec<CheckName> = report.checks_of(Grade::Fail).map(|check| check.name).collect();
    assert_eq!(failed, [CheckName::NightOps, CheckName::DataSessions, CheckName::Model]);
}
