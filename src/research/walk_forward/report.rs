//! What a walk-forward run found, for machines and for people. Years come from the stitched series of
//! daily returns.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;

use super::{ChampionReport, FoldReport, FoldRule, WalkForwardResult, words::Word};
use crate::{
    config::settings::FoldMode,
    digest::Digest,
    metric::{
        Convention, IcSummary, MonthMean, YearReturns, monthly_mean, quantile_returns, summarise, top_turnover, yearly,
    },
    research::{backtest::BacktestResult, performance::Metrics},
    text::{Language, Note, Speak},
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
    pub notes: Vec<Note>,
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

    /// Returns the report as a person reads it.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        let title = Note::new(Word::Title, [&self.job, &self.as_of]).say(language);
        let mut text = format!("# {title}\n\n{}\n\n## {}\n\n", self.windows().say(language), Word::Folds.say(language));
        let _ = writeln!(text, "{}\n|--:|---|---|--:|--:|--:|--:|--:|", Word::FoldColumns.say(language));
        for fold in &self.folds {
            let span = |from: &Date, to: &Date| Note::new(Word::Span, [from, to]).say(language);
            let (trained, tested) = (span(&fold.train_from, &fold.train_to), span(&fold.test_from, &fold.test_to));
            let [ic, rank_ic] = [fold.ic, fold.rank_ic].map(|value| number(value, language));
            let (sessions, rows, scored) = (fold.test_sessions, fold.train_rows, fold.test_rows);
            let _ = writeln!(
                text,
                "| {} | {trained} | {tested} | {sessions} | {rows} | {scored} | {ic} | {rank_ic} |",
                fold.number
            );
        }
        self.write_years(&mut text, language);
        if let Some(champion) = &self.champion {
            text += &champion.markdown(language);
        }
        self.write_metrics(&mut text, language);
        if !self.notes.is_empty() {
            let _ = writeln!(text, "\n## {}\n", Word::Notes.say(language));
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {}", note.say(language));
        }
        text
    }

    /// Returns what the command says: a line a fold, then a line a year.
    #[must_use]
    pub fn lines(&self) -> Vec<Note> {
        let shown = |value: Option<f64>| {
            value.map_or_else(|| Word::NotKnown.into(), |value| Note::foreign(format!("{value:.3}")))
        };
        let fold = |fold: &FoldReport| {
            let (number, rows) = (format!("{:>3}", fold.number), format!("{:>7}", fold.train_rows));
            let all: [&dyn Speak; 8] = [
                &number,
                &fold.train_from,
                &fold.train_to,
                &fold.test_from,
                &fold.test_to,
                &rows,
                &shown(fold.ic),
                &shown(fold.rank_ic),
            ];
            Note::new(Word::FoldLine, all)
        };
        let year = |year: &YearReturns| {
            let (days, total) = (format!("{:>3}", year.days), Note::in_each(|language| percent(year.total, language)));
            Note::new(Word::YearLine, [&year.year as &dyn Speak, &days, &total, &shown(year.sharpe)])
        };
        self.folds.iter().map(fold).chain(self.years.iter().map(year)).collect()
    }

    fn windows(&self) -> Note {
        let mode = match self.mode {
            "expanding" => Word::Expanding,
            _ => Word::Sliding,
        };
        let all: [&dyn Speak; 7] = [
            &Note::plain(mode),
            &self.train_sessions,
            &self.test_sessions,
            &self.step_sessions,
            &self.embargo_sessions,
            &self.experiment_id,
            &self.result_digest,
        ];
        Note::new(Word::Windows, all)
    }

    fn write_years(&self, text: &mut String, language: Language) {
        let [title, series, columns] = [Word::Years, Word::OneSeries, Word::YearColumns].map(|word| word.say(language));
        let _ = writeln!(text, "\n## {title}\n\n{series}\n\n{columns}\n|--:|--:|--:|--:|--:|--:|");
        for year in &self.years {
            let [total, volatility, fall] =
                [year.total, year.volatility, year.max_drawdown].map(|share| percent(share, language));
            let sharpe = number(year.sharpe, language);
            let _ = writeln!(text, "| {} | {} | {total} | {volatility} | {sharpe} | {fall} |", year.year, year.days);
        }
    }

    fn write_metrics(&self, text: &mut String, language: Language) {
        let [title, columns] = [Word::Metrics, Word::MetricColumns].map(|word| word.say(language));
        let _ = writeln!(text, "\n## {title}\n\n{columns}\n|---|--:|");
        for (name, value) in &self.metrics {
            let value = value.map_or_else(|| Word::NotDefined.say(language).into(), |value| format!("{value:.6}"));
            let _ = writeln!(text, "| {name} | {value} |");
        }
    }
}

fn number(value: Option<f64>, language: Language) -> String {
    value.map_or_else(|| Word::NotKnown.say(language).into(), |value| format!("{value:.4}"))
}

fn percent(value: Option<f64>, language: Language) -> String {
    value.map_or_else(|| Word::NotKnown.say(language).into(), |value| format!("{:.2} %", value * 100.0))
}
