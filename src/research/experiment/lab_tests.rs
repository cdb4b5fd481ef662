//! Runs in a temporary workspace: ids, files, records.

use std::{collections::BTreeSet, fs};

use jiff::civil::date;
use serde_json::json;

use super::{ExperimentLab, LabError, RunContext};
use crate::{
    clock::Clock,
    digest::Digest,
    durable,
    market::{DailyBar, DailyPanel},
    metric::Convention,
    research::{
        backtest::{BacktestError, BacktestInput, BacktestParams, BacktestResult, run},
        experiment::Outcome,
        performance::{backtest_metrics, return_metrics},
        testing::top_k_core,
    },
    store::{Experiment, ExperimentKind, ExperimentStatus},
    trading::{TradeTerms, broker::Venue},
    workspace::Workspace,
};

fn context() -> RunContext {
    RunContext {
        kind: ExperimentKind::Backtest,
        job: "ultrashort_main".into(),
        model_id: Some("20200630_train".into()),
        as_of: date(2020, 6, 30),
        seed: 7,
        git_commit: "0123abc".into(),
        config_digest: Digest::of("config"),
        data_digest: Digest::of("data"),
        params: [("top_k".to_owned(), json!(20))].into(),
    }
}

fn lab(room: &tempfile::TempDir) -> ExperimentLab {
    let clock = Clock::starting_at("2020-06-30T10:00:00Z".parse().expect("a timestamp"));
    ExperimentLab::new(&Workspace::at(room.path().into()), "experiments", &clock)
}

fn small_backtest() -> BacktestResult {
    let bars: Vec<DailyBar> = (1..5)
        .map(|day| DailyBar {
            date: date(2020, 6, day),
            symbol: "600000.SH".parse().expect("a symbol"),
            open: 10.0,
            high: 10.5,
            low: 9.5,
            close: 10.0 + f64::from(day) / 10.0,
            volume: Some(1_000_000),
            amount: None,
            preclose: None,
            adj_factor: 1.0,
            suspended: false,
            source: "test".into(),
        })
        .collect();
    let (panel, params) = (DailyPanel::from_bars(&bars), BacktestParams::default());
    let terms = TradeTerms { trim_to_cash: true, ..TradeTerms::default() };
    let core = top_k_core(1e6, 1, terms, Venue::ClosingCall);
    run(&BacktestInput { panel: &panel, scores: &[1.0; 4], actions: &[], params: &params }, core).expect("a result")
}

#[test]
fn ids_of_one_second_are_distinct() {
    let room = tempfile::tempdir().expect("a directory");
    let lab = lab(&room);
    let ids: BTreeSet<String> = (0..20).map(|_| lab.begin(context()).expect("begun").id().to_owned()).collect();
    assert_eq!(ids.len(), 20);
    for id in ids {
        let (second, digits) = id.rsplit_once('_').expect("an id");
        assert_eq!((second.get(..23), digits.len()), (Some("backtest_20200630_18000"), 6), "{id}");
        assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[test]
fn success_is_on_disk_before_the_record_is_handed_out() {
    let room = tempfile::tempdir().expect("a directory");
    let result = small_backtest();
    let mut run = lab(&room).begin(context()).expect("begun");
    let directory = run.directory().to_path_buf();
    let on_disk = || -> Experiment {
        serde_json::from_slice(&fs::read(directory.join("run.json")).expect("readable")).expect("a record")
    };
    assert_eq!(on_disk().status, ExperimentStatus::Running);
    run.add_artifact("notes.txt", "plain").expect("written");
    assert!(matches!(run.add_artifact("../out.txt", "x"), Err(LabError::ArtifactName(_))));
    let mut metrics = backtest_metrics(&result, None, &Convention::default());
    metrics.insert("odd".into(), Some(f64::NAN));
    let outcome = Outcome { metrics, backtest: Some(&result), ..Outcome::default() };
    let record = run.succeed(outcome).expect("ended");
    assert_eq!(on_disk(), record);
    assert_eq!((record.status, record.result_digest), (ExperimentStatus::Success, Some(result.digest)));
    assert_eq!(record.metrics.get("odd"), Some(&None));
    for file in &record.artifacts {
        assert!(room.path().join(file).is_file(), "{file}");
    }
    let line = serde_json::to_string(&record).expect("a line");
    assert_eq!(serde_json::from_str::<Experiment>(&line).expect("a record"), record);
}

#[test]
fn equity_table_reproduces_the_metrics() {
    let room = tempfile::tempdir().expect("a directory");
    let result = small_backtest();
    let metrics = backtest_metrics(&result, None, &Convention::default());
    let mut run = lab(&room).begin(context()).expect("begun");
    let directory = run.directory().to_path_buf();
    run.succeed(Outcome { backtest: Some(&result), ..Outcome::default() }).expect("ended");
    let mut reader = csv::Reader::from_path(directory.join("equity.csv")).expect("readable");
    let returns: Vec<f64> = reader.records().map(|row| row.expect("a row")[3].parse().expect("a return")).collect();
    assert_eq!(returns.len(), 3);
    let again = return_metrics(&returns, None, &Convention::default());
    assert_eq!(again["bt_ret_total"], metrics["bt_ret_total"]);
    assert_eq!(again["bt_sharpe"], metrics["bt_sharpe"]);
    assert!(metrics["bt_ret_total"].is_some_and(|total| total != 0.0));
    let trades = fs::read_to_string(directory.join("trades.csv")).expect("readable");
    assert_eq!(trades.lines().count(), 1 + result.trades.len());
}

#[test]
fn failed_run_is_recorded_as_failed() {
    let room = tempfile::tempdir().expect("a directory");
    let mut run = lab(&room).begin(context()).expect("begun");
    let failure = BacktestError::NothingToTrade { days: 3, last: date(2020, 6, 30) };
    let record = run.fail(&failure);
    let on_disk = fs::read_to_string(run.directory().join("run.json")).expect("readable");
    assert!(on_disk.contains("\"failed\"") && on_disk.contains("nothing to trade"), "{on_disk}");
    assert!(matches!(run.succeed(Outcome::default()), Err(LabError::Ended(_))), "once failed, it stays so");
    let error = record.error.expect("an error");
    assert_eq!((record.status, record.result_digest, error.class), (ExperimentStatus::Failed, None, 20));
    assert!(error.message.starts_with("nothing to trade"), "{}", error.message);
}

#[test]
fn run_that_cannot_be_written_can_still_fail() {
    let room = tempfile::tempdir().expect("a directory");
    let mut run = lab(&room).begin(context()).expect("begun");
    fs::remove_dir_all(run.directory()).expect("removed");
    durable::replace(run.directory(), "a file in its place").expect("written");
    let error = run.succeed(Outcome::default()).expect_err("no directory");
    assert!(error.to_string().contains(&run.directory().display().to_string()), "{error}");
    let record = run.fail(&error);
    assert_eq!((record.status, record.error.map(|error| error.class)), (ExperimentStatus::Failed, Some(13)));
}
