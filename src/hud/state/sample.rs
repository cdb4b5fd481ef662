//! The facts of a workspace that never was, for tests of the faces that show them: one account of two
//! positions after a good night, with one job that failed and a drill of last week.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::date};

use super::{
    AccountFacts, AlertFacts, ConfigFacts, DataFacts, DayOpsFacts, DayOpsItem, DrillFacts, DrillScenario,
    ExperimentFacts, Fact, Facts, Grade, JobFacts, ModelFacts, NightOpsFacts, Point, PositionFacts, RiskFacts,
    ScheduleFacts, StageFacts,
};
use crate::{
    record::Verdict,
    store::{JobRunRecord, JobRunStatus},
    text::{Note, Phrase},
};

fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().expect("a timestamp")
}

/// Returns the facts at 21:00 of a Monday.
pub(in crate::hud) fn facts() -> Facts {
    let now = at("2025-06-30T21:00:00");
    let dated = |text: &str| (Some(at(text)), now);
    let (ledger, night) = ("data/ledger.sqlite", "2025-06-30T20:31:00");
    let fact = |source: &str, (at, now)| Fact::of(source, ()).dated(at, now).summary;
    let mut facts = Facts {
        at: now,
        grade: Grade::Ok,
        workspace: "quant".into(),
        night_ops: Fact { summary: fact("reports/night_ops_20250630.json", dated(night)), value: Some(night_ops()) },
        day_ops: Fact::of("reports/day_ops_20250630.json", Some(day_ops()))
            .dated(Some(at("2025-06-30T08:45:02")), now)
            .marked(Grade::Warning, Note::new(Phrase::CheckFound, [&"disk", &"301 MiB free"])),
        schedule: Fact::of(ledger, schedule()).dated(Some(at("2025-06-28T03:00:09")), now).marked(
            Grade::Fail,
            Note::new(Phrase::JobFailed, [&"nightly_regression", &"2025-06-28 03:00", &"exit code 1"]),
        ),
        accounts: Fact { summary: fact(ledger, dated("2025-06-30T15:00:00")), value: vec![account()] },
        risk: Fact::of(ledger, RiskFacts { switches: Vec::new(), alerts: vec![alert()], symbols: Vec::new() })
            .dated(Some(at("2025-06-30T15:00:00")), now)
            .marked(Grade::Warning, Note::new(Phrase::AlertsRaised, [&1])),
        experiments: Fact {
            summary: fact("experiments/experiments.jsonl", dated(night)),
            value: vec![experiment("backtest"), experiment("train")],
        },
        models: Fact { summary: fact("models", dated(night)), value: vec![model()] },
        data: Fact { summary: fact(ledger, dated(night)), value: DataFacts::default() },
        drills: Fact::of("reports/drills/history.jsonl", vec![drill()])
            .dated(Some(at("2025-06-20T03:00:00")), now)
            .marked(Grade::Stale, Note::new(Phrase::DaysOld, [&10])),
        monitor: Fact::absent("monitor/state.json", Phrase::NoMonitor),
        config: Fact {
            summary: fact("config/system_config.json", dated("2025-06-01T09:00:00")),
            value: ConfigFacts::default(),
        },
    };
    facts.grade = facts.summaries().iter().map(|(_, summary)| summary.grade).max().expect("facts");
    facts
}

fn night_ops() -> NightOpsFacts {
    let names =
        ["selfcheck", "collect", "ts_check", "repair", "factor", "label", "dataset", "train", "backtest", "record"];
    let stage = |name: &str| StageFacts {
        name: name.into(),
        status: if name == "repair" { "skipped" } else { "done" },
        reason: format!("what {name} did, in words that may take a whole line of a wide terminal and more")
            .as_str()
            .into(),
        rows_out: 12_345,
        seconds: 1.5,
    };
    NightOpsFacts {
        run_id: "night_ops_20250630_203000_abcdef".into(),
        date: date(2025, 6, 30),
        status: "success",
        started_at: at("2025-06-30T20:30:00"),
        seconds: Some(60.0),
        exit: Some(0),
        error: None,
        failed_stage: None,
        sessions_behind: Some(0),
        result_digest: None,
        model_id: None,
        promotion: None,
        stages: names.into_iter().map(stage).collect(),
        running: None,
    }
}

fn day_ops() -> DayOpsFacts {
    let item =
        |name: &str, grade, found: &str| DayOpsItem { name: name.into(), grade, found: found.into(), remedy: None };
    let items = vec![item("night", Grade::Ok, "it ran"), item("disk", Grade::Warning, "301 MiB free")];
    DayOpsFacts { date: Some(date(2025, 6, 30)), verdict: Grade::Warning, items }
}

fn schedule() -> ScheduleFacts {
    let run = |job: &str, status, slot: &str, ended: &str| JobRunRecord {
        seq: 1,
        job: job.into(),
        trade_date: date(2025, 6, 30),
        slot: at(slot),
        by_hand: false,
        attempt: 1,
        status,
        started_at: at(slot),
        finished_at: Some(at(ended)),
        exit: Some(u8::from(status == JobRunStatus::Failed)),
        error: (status == JobRunStatus::Failed).then(|| "exit code 1".to_owned()),
    };
    let job = |job: &str, status, slot: &str, ended: &str, next: &str| JobFacts {
        job: job.into(),
        description: String::new(),
        schedule: "Mon-Fri 20:30, trading days".into(),
        enabled: true,
        next: Some(at(next)),
        overdue: None,
        last: Some(run(job, status, slot, ended)),
        passed_over: None,
    };
    let (good, bad) = (JobRunStatus::Success, JobRunStatus::Failed);
    ScheduleFacts {
        runs: true,
        jobs: vec![
            job("night_ops_full", good, "2025-06-30T20:30:00", "2025-06-30T20:31:00", "2025-07-01T20:30:00"),
            job("nightly_regression", bad, "2025-06-28T03:00:00", "2025-06-28T03:00:09", "2025-07-05T03:00:00"),
        ],
    }
}

fn account() -> AccountFacts {
    let minute = |number: u32| Point {
        at: format!("2025-06-30T{:02}:{:02}:00", 9 + number / 60, number % 60),
        nav: 1_000_000.0 + 4_000.0 * f64::from(number % 97) - 25.0 * f64::from(number),
    };
    let position = |symbol: &str, shares: i64, price: f64| PositionFacts {
        symbol: symbol.into(),
        shares,
        sellable: 0,
        cost: price * shares as f64,
        price: Some(price),
        worth: Some(price * shares as f64),
        weight: Some(price * shares as f64 / 988_586.11),
    };
    AccountFacts {
        account_id: "paper_main".into(),
        last_ts: "2025-06-30T15:00:00".into(),
        nav: 988_586.11,
        nav_peak: 1_002_457.98,
        nav_open: 1_000_000.0,
        cash: 297_679.86,
        dd_total: 0.013_8,
        dd_intraday: 0.013_8,
        gross_exposure: 0.698_9,
        max_single_weight: Some(0.168_9),
        risk_score: None,
        risk_level: None,
        positions: vec![position("600001.SH", 1_400, 54.44), position("688002.SH", 2_777, 60.11)],
        run_id: "simulation_20250630_150000_abcdef".into(),
        running: false,
        curve: (30..240).map(minute).collect(),
    }
}

fn alert() -> AlertFacts {
    AlertFacts {
        ts: at("2025-06-30T10:00:00").to_string(),
        scope: "account",
        level: "critical".into(),
        account_id: Some("paper_main".into()),
        symbol: None,
        message: "drawdown: 1.38 % of the day".into(),
        data: serde_json::Value::Null,
    }
}

fn experiment(kind: &'static str) -> ExperimentFacts {
    let curve = if kind == "backtest" { account().curve } else { Vec::new() };
    let metrics: &[(&str, f64)] =
        if kind == "backtest" { &[("bt_ret_total", 0.0224), ("bt_sharpe", 1.31)] } else { &[("rank_ic", 0.021)] };
    ExperimentFacts {
        experiment_id: format!("{kind}_20250630_203000_abcdef"),
        model_id: None,
        task_type: kind,
        status: "success",
        ts: at("2025-06-30T20:31:00"),
        metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), Some(*value))).collect(),
        job: "ultrashort_main".into(),
        as_of: date(2025, 6, 30),
        seconds: 1.0,
        seed: 7,
        git_commit: "abcdef".into(),
        result_digest: None,
        artifacts: Vec::new(),
        report: None,
        error: None,
        curve,
        curve_error: None,
    }
}

fn model() -> ModelFacts {
    ModelFacts {
        job: "ultrashort_main".into(),
        current: Some("20250630_train_20250630_203000_abcdef".into()),
        previous: None,
        kept: 1,
        as_of: Some(date(2025, 6, 30)),
        metrics: BTreeMap::from([("rank_ic".to_owned(), Some(0.021))]),
        gate_passed: Some(true),
        gate_reasons: Vec::new(),
        chosen_by: None,
        error: None,
    }
}

fn drill() -> DrillFacts {
    let scenario = |name: &str| DrillScenario {
        name: name.into(),
        outcome: "Passed".into(),
        seconds_to_detect: Some(1.0),
        seconds_to_recover: Some(2.0),
    };
    DrillFacts {
        id: "20250620-030000-abcd".into(),
        started_at: at("2025-06-20T03:00:00"),
        seconds: 9.0,
        verdict: Verdict::Ready,
        target: "workspace".into(),
        commit: "abcdef".into(),
        market: "simulated:7".into(),
        control: false,
        scenarios: vec![scenario("Scenario A"), scenario("Scenario B")],
        has_report: true,
    }
}
