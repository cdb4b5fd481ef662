//! The page of a small run, of one that failed, and of text that wants out of its place.

use jiff::{Timestamp, civil::date};

use super::html;
use crate::{
    digest::Digest,
    metric::{Convention, monthly, monthly_mean, summarise, yearly},
    ops::{
        backtest::BacktestReport,
        night_ops::{NightOpsReport, Stage, StageReport},
    },
    research::{
        backtest::EquityDay,
        performance::{BacktestFigures, BenchmarkFigures, PredictionFigures, TradingFigures, YearFigures},
    },
    store::StageStatus,
    text::Language,
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
        zh: crate::text::Glossary::default(),
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
    let page = html(&report(), Language::English);
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
    assert_eq!(page, html(&report(), Language::English), "equal reports give equal pages");
}

/// Figures as of a run with a benchmark, whose scores have a label on two of three sessions.
fn figures() -> BacktestFigures {
    let dates = [2, 3, 4].map(|day| date(2025, 6, day));
    let (own, other) = ([0.0, 0.05, -0.0952], [0.01, 0.0, -0.02]);
    let convention = Convention::default();
    let months = monthly(&dates, &own);
    let total = monthly(&dates, &other)[0].total;
    let year = |own| YearFigures { own, benchmark: total };
    let ic = [Some(0.25), None, Some(-0.05)];
    let prediction = PredictionFigures {
        label: "<LABEL>".into(),
        horizon: 1,
        from: date(2025, 5, 30),
        to: date(2025, 6, 3),
        pairs: 30,
        untradable: 2,
        ic: summarise(&ic),
        rank_ic: summarise(&ic),
        hit_rate: Some(0.5),
        return_ic: summarise(&ic),
        return_rank_ic: summarise(&ic),
        ic_by_month: monthly_mean(&dates, &ic),
        rank_ic_by_month: monthly_mean(&dates, &ic),
        quantile_returns: [-0.002, -0.001, 0.0, 0.001, 0.003].map(Some).to_vec(),
        spread: summarise(&[Some(0.005)]),
        monotonicity: Some(1.0),
        top_turnover: Some(0.4),
    };
    BacktestFigures {
        years: yearly(&dates, &own, &convention).into_iter().map(year).collect(),
        months,
        benchmark: Some(BenchmarkFigures {
            total,
            excess: Some(-0.04),
            sharpe: None,
            max_drawdown: Some(-0.02),
            returns: other.to_vec(),
        }),
        prediction: Some(prediction),
        trading: TradingFigures {
            buys: 4,
            sells: 3,
            traded: 10_000_000,
            costs: 20_000,
            capital: 100_000_000,
            ..TradingFigures::default()
        },
    }
}

#[test]
fn figures_follow_the_verdict_and_carry_their_numbers() {
    let with = BacktestReport { figures: Some(figures()), ..report() };
    let page = html(&with, Language::English);
    let places: Vec<usize> = [
        "4.00 points behind the CSI 300",
        "the same capital in the CSI 300",
        "class=\"line benchmark\"",
        "<code>bt_ret_total</code>",
        "Returns by year",
        "2025, CSI 300: -1.02 %",
        "Returns by month, percent",
        "Jun 2025: -5.00 % over 3 sessions",
        "30 pairs of score and label, 2025-05-30 to 2025-06-03. 2 more are left out",
        "&lt;LABEL&gt;",
        "2025-06, IC: 0.100",
        "5 (best), mean forward return: 0.300 %",
        "Best less worst fifth: 0.500 % a session",
        "every fifth earned more than the one below",
        "100,000 CNY traded in 4 buys and 3 sells",
        "20.0 basis points",
        "What was not traded as wished",
    ]
    .iter()
    .map(|word| page.find(word).unwrap_or_else(|| panic!("no {word} in\n{page}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.contains("NaN") && !page.contains("<script") && !page.contains("http"));
}

#[test]
fn what_has_no_figure_says_why() {
    let mut bare = figures();
    (bare.benchmark, bare.prediction, bare.trading) = (None, None, TradingFigures::default());
    let page = html(&BacktestReport { figures: Some(bare), ..report() }, Language::English);
    for words in
        ["Without a benchmark", "no score has a label", "Nothing was traded.", "no benchmark for these sessions"]
    {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
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
    let page = html(&failed, Language::English);
    assert!(page.contains("<title>FAILED") && page.contains("<h1>FAILED</h1>"), "{page}");
    assert!(page.contains("the weight of 600000.SH is NaN (exit code 17)"), "{page}");
    assert!(!page.contains("<svg") && !page.contains("not traded as wished") && !page.contains("verdict good\""));
}

#[test]
fn page_is_said_in_every_language() {
    let with = BacktestReport { figures: Some(figures()), ..report() };
    for language in Language::ALL {
        insta::assert_snapshot!(format!("page_{language}"), html(&with, language));
    }
}
