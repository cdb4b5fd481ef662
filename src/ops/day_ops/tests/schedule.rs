//! The schedule and the scheduler that keeps it.

use std::collections::BTreeMap;

use super::room::{MORNING, Room, assert_only, not_ok};
use crate::ops::day_ops::{self, CheckName, DayOpsOptions, Grade};

#[test]
fn schedule_without_a_night_or_a_check_is_seen() {
    let room = Room::nighted();
    let off = [("ops.night_ops.enabled", "false")];
    assert_only(&room.morning(&off), &[(CheckName::Schedule, Grade::Warning)], "no enabled job runs night-ops");
    room.write("config/jobs.yaml", |text| {
        text.replace("time: \"08:45\", days_of_week: [1, 2, 3, 4, 5]", "time: \"08:45\", days_of_week: [1]")
    });
    room.commit();
    assert_only(
        &room.morning(&[]),
        &[(CheckName::Schedule, Grade::Warning)],
        "no enabled job runs day-ops on 2025-07-01",
    );
}

#[test]
fn workspace_without_a_scheduler_is_seen() {
    let room = Room::nighted();
    let check = || day_ops::run(&room.station(MORNING, &[]), &DayOpsOptions::default()).expect("it ends").report;
    let warned = [(CheckName::Schedule, Grade::Warning)];
    assert_only(&check(), &warned, "none has ever run here: 2 enabled jobs will not start");
    room.plant_heartbeat(std::process::id(), MORNING, true);
    assert_only(&check(), &warned, "no scheduler is running, the last one ended at 2025-07-01 08:30:00");
    room.plant_heartbeat(u32::MAX, MORNING, false);
    assert_only(&check(), &warned, "no scheduler is running: process 4294967295 died");
    room.plant_heartbeat(std::process::id(), "2025-07-01T08:28:00+08:00", false);
    assert_only(&check(), &warned, "the scheduler hangs");
    room.write("monitor/scheduler.json", |_| "torn".into());
    assert_only(&check(), &warned, "cannot be read");
}

#[test]
fn job_that_was_due_and_did_not_run_is_seen() {
    let room = Room::nighted();
    // The scheduler looked at nothing after the afternoon; the night was run by a person, the check was not.
    room.plant_mark("night_ops_full", "2025-06-30T16:00:00+08:00");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "a person ran the night");
    room.plant_mark("day_ops_morning", "2025-06-30T08:00:00+08:00");
    let warned = [(CheckName::Schedule, Grade::Warning)];
    assert_only(&room.morning(&[]), &warned, "day_ops_morning was due at 2025-06-30 08:45:00 and did not run");

    let room = Room::nighted();
    room.plant_mark("night_ops_full", "2025-06-30T16:00:00+08:00");
    room.plant_session_of_today();
    let next = room.day_ops("2025-07-02T08:30:00+08:00", &[], &DayOpsOptions::default()).report;
    let failed = [(CheckName::Schedule, Grade::Fail), (CheckName::NightOps, Grade::Warning)];
    assert_only(&next, &failed, "night_ops_full was due at 2025-07-01 20:30:00 and did not run: nobody has looked");
}
