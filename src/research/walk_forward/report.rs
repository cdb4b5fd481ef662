//! What a walk-forward run found, for machines and for people. Years come from the stitched series of
//! daily returns.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;

use super::{ChampionReport, FoldReport, FoldRule, WalkForwardResult};
use crate::{
    config::settings::FoldMode,
    digest::Digest,
    metric::{
        Convention, IcSummary, MonthMean, YearReturns, monthly_mean, quantile_returns, summarise, top_turnover, yearly,
    },
    research::{backtest::BacktestResult, performance::Metrics},
};

/// Groups that the scores of a day are cut into.
const QUANTILES: usize = 5;

/// The report of a walk-forward run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WalkForwardReport {
    /// The experiment.
    pub experiment_id: String,
    /// The job.
    pub job: String,
    /// The trading date worked for.
    pub as_of: Date,
    /// `sliding` or `expanding`.
    pub mode: &'static str,
    /// Sessions of the (first) window.
    pub train_sessions: usize,
    /// Sessions of a test.
    pub test_sessions: usize,
    /// Sessions from fold to fold.
    pub step_sessions: usize,
    /// Sessions left out between window and test.
    pub embargo_sessions: usize,
    /// The folds, oldest first.
    pub folds: Vec<FoldReport>,
    /// CONTRACT's metrics of the stitched backtest and the stitched prediction.
    pub metrics: Metrics,
    /// The stitched daily returns by calendar year.
    pub years: Vec<YearReturns>,
    /// Daily IC of all tested sessions.
    pub ic: IcSummary,
    /// Daily rank IC of all tested sessions.
    pub rank_ic: IcSummary,
    /// Mean daily IC by calendar month.
    pub ic_by_month: Vec<MonthMean>,
    /// Mean label of each fifth of the scores, lowest scores first.
    pub quantile_returns: Vec<Option<f64>>,
    /// Mean share of the best fifth that was not in it the session before.
    pub top_turnover: Option<f64>,
    /// Sessions traded.
    pub sessions: usize,
    /// Fills.
    pub trades: usize,
    /// How the model in force did on the same sessions; none where it was not asked for.
    pub champion: Option<ChampionReport>,
    /// What a reader must know to trust the numbers.
    pub notes: Vec<String>,
    /// Digest of folds, scores and backtest: equal inputs give an equal one.
    pub result_digest: Digest,
}

impl WalkForwardReport {
    /// Puts a run's parts together; `dates` are those of the factors.
    #[must_use]
    pub fn of(
        [experiment_id, job]: [String; 2],
        as_of: Date,
        rule: &FoldRule,
        dates: &[Date],
        walked: &WalkForwardResult,
        (traded, metrics): (&BacktestResult, &Metrics),
        convention: &Convention,
    ) -> Self {
        let days = dates.len();
        let tested = |of: fn(&crate::metric::DayIc) -> Option<f64>| -> Vec<Option<f64>> {
            walked.prediction.days.get(walked.tested.clone()).unwrap_or_default().iter().map(of).collect()
        };
        let (ic, rank_ic) = (tested(|day| day.ic), tested(|day| day.rank_ic));
        let traded_dates: Vec<Date> = traded.equity.iter().map(|day| day.date).collect();
        Self {
            experiment_id,
            job,
            as_of,
            mode: match rule.lengths.mode {
                FoldMode::Sliding => "sliding",
                FoldMode::Expanding => "expanding",
            },
            train_sessions: rule.lengths.train_days,
            test_sessions: rule.lengths.test_days,
            step_sessions: rule.lengths.step_days,
            embargo_sessions: rule.embargo_sessions,
            folds: walked.folds.clone(),
            metrics: metrics.clone(),
            years: yearly(&traded_dates, &traded.daily_returns(), convention),
            ic: summarise(&ic),
            rank_ic: summarise(&rank_ic),
            ic_by_month: monthly_mean(dates.get(walked.tested.clone()).unwrap_or_default(), &ic),
            quantile_returns: quantile_returns(&walked.scores, &walked.labels, days, QUANTILES),
            top_turnover: top_turnover(&walked.scores, days, 1.0 / QUANTILES as f64),
            sessions: traded.equity.len(),
            trades: traded.trades.len(),
            champion: None,
            notes: traded.notes.clone(),
            result_digest: walked.digest_with(traded.digest),
        }
    }

    /// Returns the report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# Walk-forward of {}, {}\n\n{} windows of {} sessions, tests of {}, {} from fold to fold, {} left out \
             between. Experiment `{}`, result digest `{}`.\n\n## Folds\n\n\
             | fold | trained | tested | sessions | rows | scored | IC | rank IC |\n|--:|---|---|--:|--:|--:|--:|--:|\n",
            self.job,
            self.as_of,
            self.mode,
            self.train_sessions,
            self.test_sessions,
            self.step_sessions,
            self.embargo_sessions,
            self.experiment_id,
            self.result_digest
        );
        for fold in &self.folds {
            let _ = writeln!(
                text,
                "| {} | {} to {} | {} to {} | {} | {} | {} | {} | {} |",
                fold.number,
                fold.train_from,
                fold.train_to,
                fold.test_from,
                fold.test_to,
                fold.test_sessions,
                fold.train_rows,
                fold.test_rows,
                number(fold.ic),
                number(fold.rank_ic)
            );
        }
        text += "\n## Years\n\nOf the one series of daily returns that all tests were traded to.\n\n\
                 | year | sessions | return | volatility | Sharpe | max drawdown |\n|--:|--:|--:|--:|--:|--:|\n";
        for year in &self.years {
            let (total, volatility, fall) = (percent(year.total), percent(year.volatility), percent(year.max_drawdown));
            let sharpe = number(year.sharpe);
            let _ = writeln!(text, "| {} | {} | {total} | {volatility} | {sharpe} | {fall} |", year.year, year.days);
        }
        if let Some(champion) = &self.champion {
            text += &champion.markdown();
        }
        text += "\n## Metrics\n\n| metric | value |\n|---|--:|\n";
        for (name, value) in &self.metrics {
            let _ =
                writeln!(text, "| {name} | {} |", value.map_or_else(|| "not defined".into(), |v| format!("{v:.6}")));
        }
        if !self.notes.is_empty() {
            text += "\n## Notes\n\n";
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "n/a".into(), |value| format!("{value:.4}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "n/a".into(), |value| format!("{:.2} %", value * 100.0))
}
