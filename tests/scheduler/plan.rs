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

/// A year of closures as the exchanges could publish it.
const NEXT_YEAR: &str = r#"data_sources.market.closures=["2027-01-01", "2027-02-05..2027-02-11", "2027-05-03..2027-05-05", "2027-10-01..2027-10-07"]"#;

#[test]
fn plan_beyond_the_calendar_is_marked_as_assumed_until_a_year_is_added() {
    let room = Room::fresh();
    let run = |now: &str, arguments: &[&str]| {
        let output = room.command().env("LIGHTHUNTER_NOW", now).args(arguments).output().expect("it starts");
        let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        (output.status.code(), stdout, stderr)
    };
    let (now, next) = ("2026-12-31T00:00:00Z", ["scheduler", "next", "--days", "5"]);
    let (_, plan, said) = run(now, &next);
    assert!(plan.contains("2026-12-31 Thu 20:30:00 night_ops_full for 2026-12-31\n"), "{plan}");
    assert!(plan.contains("2027-01-04 Mon 20:30:00 night_ops_full for 2026-12-31 (assumed: weekdays only"), "{plan}");
    assert!(said.contains("from 2027-01-01 on the trading calendar is unknown"), "{said}");
    let (_, plan, said) = run(now, &[&next[..], &["--lang", "zh"]].concat());
    assert!(plan.contains("2027-01-04 周一 20:30:00 night_ops_full") && plan.contains("仅按工作日推算"), "{plan}");
    assert!(said.contains("警告：2027-01-01 起超出交易日历"), "{said}");

    let (_, plan, said) = run(now, &[&next[..], &["--set", NEXT_YEAR]].concat());
    assert!(plan.contains("2027-01-04 Mon 20:30:00 night_ops_full for 2027-01-04\n"), "{plan}");
    assert!(!plan.contains("2027-01-01") && !plan.contains("assumed") && !said.contains("unknown"), "{plan}{said}");

    let (_, doctor, _) = run("2026-11-23T00:00:00Z", &["doctor"]);
    assert!(doctor.contains("the trading calendar ends on 2026-12-31, in 38 days"), "{doctor}");
    let (_, doctor, _) = run("2027-01-04T00:00:00Z", &["doctor"]);
    assert!(doctor.contains("warn  clock") && doctor.contains("ended on 2026-12-31"), "{doctor}");
    let (_, doctor, _) = run("2026-10-01T00:00:00Z", &["doctor"]);
    assert!(doctor.contains("ok    clock"), "{doctor}");
}

#[test]
fn closures_that_cannot_be_are_refused_with_their_place() {
    let room = Room::fresh();
    let text = room.read("config/system_config.json");
    let line = 1 + text.lines().position(|line| line.contains("\"closures\": []")).expect("the key");
    for (list, words) in [
        ("\"2026-07-01\"", "2026-07-01 is a session"),
        ("\"soon\"", "'soon' is no closure: give YYYY-MM-DD"),
        ("\"2027-01-01\"", "2027 has 1 closed weekdays"),
    ] {
        room.write("config/system_config.json", text.replace("\"closures\": []", &format!("\"closures\": [{list}]")));
        let place = format!("config/system_config.json:{line}: data_sources.market.closures: ");
        room.refused(10, &["config", "check"], &[&place, words]);
    }
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
