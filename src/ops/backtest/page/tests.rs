//! The page of a small run, of one that failed, and of text that wants out of its place.

use jiff::{Timestamp, civil::date};

use super::html;
use crate::{
    digest::Digest,
    ops::{
        backtest::BacktestReport,
        night_ops::{NightOpsReport, Stage, StageReport},
    },
    research::backtest::EquityDay,
    store::StageStatus,
};

fn report() -> BacktestReport {
    let day = |day: i8, nav: i64, ret: f64| EquityDay { date: date(2025, 6, day), nav, cash: nav, ret, turnover: 0.0 };
    let step = StageReport {
        name: Stage::Backtest,
        ok: true,
        status: StageStatus::Done,
        reason: "<b>bold</b>".into(),
        rows_in: 3,
        rows_out: 2,
        digest: None,
        seconds: 0.25,
    };
    let run = NightOpsReport {
        run_id: "backtest_1".into(),
        date: date(2025, 6, 4),
        mode: "backtest".into(),
        success: true,
        exit: 0,
        error: None,
        started_at: Timestamp::UNIX_EPOCH,
        seconds: 1.0,
        git_commit: "0123abc".into(),
        config_digest: Digest::of("config"),
        input_digest: Some(Digest::of("input")),
        result_digest: None,
        overrides: Vec::new(),
        recovered: Vec::new(),
        steps: vec![step],
        train_jobs: Vec::new(),
    };
    BacktestReport {
        run,
        experiment_id: Some("experiment_1".into()),
        model_id: Some("model_1".into()),
        metrics: [("bt_ret_total".to_owned(), Some(-0.05)), ("bt_sharpe".to_owned(), None)].into(),
        equity: vec![day(2, 100_000_000, 0.0), day(3, 105_000_000, 0.05), day(4, 95_000_000, -0.0952)],
        figures: None,
        trades: 7,
        rejects: [("limit_up".to_owned(), 3)].into(),
        cut: [("no_volume".to_owned(), 2)].into(),
        limited: [].into(),
        notes: vec!["600000.SH is valued at its close of 2025-06-03".into()],
        digest: Some(Digest::of("result")),
    }
}

#[test]
fn verdict_comes_first_and_everything_is_there() {
    let page = html(&report());
    let places: Vec<usize> = [
        "<h1>Return -5.00 %</h1>",
        "7 fills, 3 sessions from 2025-06-02 to 2025-06-04",
        "model model_1",
        "1 note below",
        "<svg",
        "Net asset value at the close, CNY",
        "limit up",
        "no volume",
        "600000.SH is valued",
        "&lt;b&gt;bold&lt;/b&gt;",
        "experiment_1",
        &Digest::of("result").to_string(),
    ]
    .iter()
    .map(|word| page.find(word).unwrap_or_else(|| panic!("no {word} in\n{page}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    for outside in ["http://", "https://", "<script", "url("] {
        assert!(!page.contains(outside), "the page must stand alone: {outside}");
    }
    assert_eq!(page, html(&report()), "equal reports give equal pages");
}

#[test]
fn a_failed_run_says_so_before_all_else() {
    let mut failed = report();
    failed.run.success = false;
    failed.run.exit = 17;
    failed.run.error = Some("strategy u1: the weight of 600000.SH is NaN".into());
    failed.metrics.clear();
    failed.equity.clear();
    failed.digest = None;
    let page = html(&failed);
    assert!(page.contains("<title>FAILED") && page.contains("<h1>FAILED</h1>"), "{page}");
    assert!(page.contains("the weight of 600000.SH is NaN (exit code 17)"), "{page}");
    assert!(!page.contains("<svg") && !page.contains("not traded as wished") && !page.contains("verdict good\""));
}
