//! What `scheduler next` and `list` show, and what `config check` refuses.

use super::write_jobs;
use crate::room::Room;

#[test]
fn next_prints_the_plan_over_a_holiday_and_warns_of_a_night_that_nobody_serves() {
    let room = Room::fresh();
    let show = |arguments: &[&str]| {
        let mut command = room.command();
        let output =
            command.env("LIGHTHUNTER_NOW", "2025-09-30T00:00:00Z").args(arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).expect("UTF-8"), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let (plan, said) = show(&["scheduler", "next", "--days", "10"]);
    assert_eq!(
        plan,
        "2025-09-30 Tue 08:45:00 day_ops_morning for 2025-09-29
2025-09-30 Tue 20:30:00 night_ops_full for 2025-09-30
2025-10-09 Thu 08:45:00 day_ops_morning for 2025-09-30
2025-10-09 Thu 20:30:00 night_ops_full for 2025-10-09
"
    );
    assert!(!said.contains("warning"), "{said}");
    let (plan, said) = show(&["scheduler", "next", "--json", "--set", "ops.night_ops.enabled=false"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("one JSON document");
    assert_eq!(plan["occurrences"].as_array().map(Vec::len), Some(1));
    assert!(plan["warnings"][0].as_str().is_some_and(|text| text.contains("2025-09-30, 2025-10-09")), "{plan}");
    assert!(said.contains("no enabled job runs night-ops after the session of 2025-09-30"), "{said}");
    let (list, _) = show(&["scheduler", "list"]);
    assert!(list.contains("on  night_ops_full: Mon-Fri 20:30, trading days, catch-up once"), "{list}");
    assert!(list.contains("off nightly_regression: Sat 03:00, catch-up skip"), "{list}");
    assert!(list.contains("never ran; next 2025-09-30 20:30:00"), "{list}");
}

#[test]
fn bad_jobs_are_refused_with_file_and_line() {
    let room = Room::fresh();
    let cases = [
        (
            "  a: { command: [lighthunter, nigth-ops] }\n",
            "config/jobs.yaml:5: jobs.a.command: nigth-ops is not a command",
        ),
        (
            "  a: { command: [no-such-program] }\n",
            "config/jobs.yaml:5: jobs.a.command: no-such-program is not a program",
        ),
        (
            "  a: { command: [lighthunter, help] }\n  a: { command: [lighthunter, help] }\n",
            "config/jobs.yaml:6: jobs.a: is given twice",
        ),
        (
            "  a: { schedule: { mode: hourly }, command: [lighthunter, help] }\n",
            "config/jobs.yaml:5: jobs.a.schedule.mode: not allowed",
        ),
        ("timezone: Asia/Shangai\n", "config/jobs.yaml:5: timezone: Asia/Shangai does not exist"),
    ];
    for (jobs, expected) in cases {
        write_jobs(&room, jobs);
        room.refused(10, &["config", "check"], &[expected]);
        room.refused(10, &["scheduler", "run"], &[expected]);
    }
}
