//! What the checks add up to: the report, open alarms, and whether trading may start.

use std::{collections::BTreeMap, fs};

use jiff::{SignedDuration, civil::date};

use super::room::{MORNING, Room, SESSION, TODAY, assert_only, clock, not_ok};
use crate::{
    exit::Exit,
    ops::{
        day_ops::{
            CheckName, DayOpsOptions, Grade,
            permission::{self, Permission},
        },
        monitor::line::RiskState,
    },
    text::Language,
};

#[test]
fn report_is_said_in_every_language() {
    let room = Room::nighted();
    let sets = [("risk.max_dd_total", "1.0"), ("risk.max_leverage", "2.0"), ("ops.min_free_disk_bytes", "1")];
    let chinese = DayOpsOptions { language: Language::Chinese, ..DayOpsOptions::default() };
    let run = room.day_ops(MORNING, &sets, &chinese);
    let written = fs::read_to_string(run.files.last().expect("a file")).expect("read");
    assert_eq!(written, run.report.markdown(Language::Chinese));
    let json = fs::read_to_string(run.files.first().expect("a file")).expect("read");
    let mut json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let zh = json["zh"].take();
    assert!(json.to_string().is_ascii(), "programs read English");
    let check = run.report.checks.iter().find(|check| check.grade == Grade::Fail).expect("one is");
    assert_eq!(
        zh[&*check.reason],
        check.reason.say(Language::Chinese),
        "pages of another language find theirs beside it"
    );
    // What no two workspaces share.
    let filters = [
        (r"\b[0-9a-f]{10,64}\b|\b[0-9a-f]*[a-f][0-9a-f]{7,64}\b", "MARK"),
        (r"[a-z]+_[a-z]+_[0-9]{8}_[0-9]{6}_[0-9a-f]{6}", "RUN"),
        (r"T[0-9:.]+Z", "T"),
        (r"[0-9]+ MiB", "N MiB"),
        (r"(process|进程) [0-9]+", "$1 PID"),
        (r"[0-9.]+ (s|秒)(,|，)", "N $1$2"),
        (r"[0-9]{8}_[a-z]+_[0-9a-f_]+", "ID"),
        (r"0\.[0-9]{4}", "N"),
    ];
    for language in Language::ALL {
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!(format!("day_ops_{language}"), run.report.markdown(language));
        });
    }
}

#[test]
fn what_was_reported_and_is_open_is_seen() {
    let room = Room::nighted();
    let morning = clock(MORNING).now();
    room.plant_state(|state| state.note_run("simulation", Some("no bars"), morning));
    assert_only(&room.morning(&[]), &[(CheckName::Alerts, Grade::Warning)], "simulation failed: no bars");
    room.plant_state(|state| state.note_run("simulation", None, morning + SignedDuration::from_secs(60)));
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "a later one went well");
    room.plant_state(|state| {
        let risk = RiskState { last_ts: Some(morning), last_score: 0.9, last_level: "critical".into(), alert_count: 3 };
        state.risk_accounts.insert("paper_main".into(), risk);
    });
    assert_only(&room.morning(&[]), &[(CheckName::Alerts, Grade::Warning)], "critical risk alert, score 0.90");
}

#[test]
fn warning_is_a_failure_only_where_it_is_strict() {
    let room = Room::nighted();
    let warned = [("risk.max_leverage", "2.0")];
    let run = |strict| room.day_ops(MORNING, &warned, &DayOpsOptions { strict, ..DayOpsOptions::default() });
    assert_eq!((run(false).exit, run(true).exit), (Exit::Done, Exit::Negative));
    let config = [warned[0], ("ops.day_ops.strict", "true")];
    assert_eq!(room.morning(&config).exit, 1);
    assert_eq!(room.morning(&[("ops.day_ops.strict", "true")]).exit, 0);
}

#[test]
fn last_day_ops_of_the_date_decides_whether_trading_starts() {
    let room = Room::nighted();
    let now = || room.station(MORNING, &[]).strategy_digest();
    let ask = |on, force| permission::ask(&room.ledger(), on, &now(), force);
    assert_eq!(ask(SESSION, false).expect("asked"), Permission::Unasked);
    let failed = room.morning(&[("risk.max_dd_total", "1.0")]).run_id;
    for on in [SESSION, TODAY] {
        let refusal = ask(on, false).expect_err("refused");
        assert_eq!(refusal.exit(), Exit::Refused);
        assert!(refusal.to_string().contains("can never trip"), "{refusal}");
        assert!(
            refusal.remedy().is_some_and(|remedy| remedy.contains("day_ops_20250701.md") && remedy.contains("--force"))
        );
        let forced = ask(on, true).expect("forced");
        assert_eq!(forced.forced_against().as_deref(), Some(failed.as_str()));
        assert!(forced.note(on).is_some_and(|note| note.contains(&failed)));
    }
    assert_eq!(ask(date(2025, 6, 26), false).expect("asked"), Permission::Unasked, "it does not speak for that");
    let good = room.morning(&[]).run_id;
    room.plant_run(crate::ops::day_ops::COMPONENT, "killed", MORNING, None);
    assert_eq!(
        ask(SESSION, false).expect("asked"),
        Permission::Granted { run_id: good.clone() },
        "one without an end says nothing"
    );

    // What it looked at may trade, and nothing that took its place.
    room.write("strategy/u1.luau", |text| format!("{text}\n-- another\n"));
    let refusal = ask(SESSION, false).expect_err("refused");
    assert_eq!(refusal.exit(), Exit::Refused);
    assert!(refusal.to_string().contains("strategy/ has changed since it looked"), "{refusal}");
    assert!(refusal.remedy().is_some_and(|remedy| remedy.contains("git diff strategy")));
    assert_eq!(ask(SESSION, true).expect("forced").forced_against(), Some(good));
    let second = room.morning(&[]).run_id;
    assert_eq!(ask(SESSION, false).expect("asked"), Permission::Granted { run_id: second });
}
