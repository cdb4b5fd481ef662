//! What a reader of a backtest looks at beyond its metrics: years and months, the benchmark's side, how
//! well the scores ordered what came after, and what trading cost. Plain numbers; drawing is the page's.

use jiff::civil::Date;
use serde::Serialize;

use super::Metrics;
use crate::{
    market::{DailyPanel, Side},
    metric::{
        Convention, DayIc, IcSummary, MonthMean, MonthReturn, Prediction, YearReturns, drawdown, monotonicity, monthly,
        monthly_mean, predict, quantile_days, quantile_means, sharpe, summarise, top_turnover, total_return, yearly,
    },
    research::{
        ResearchError,
        backtest::BacktestResult,
        label::{self, LabelFrame},
    },
    trading::Fen,
};

/// Groups that the scores of a day are cut into.
pub const QUANTILES: usize = 5;

/// The figures of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestFigures {
    /// The years of daily returns, ascending.
    pub years: Vec<YearFigures>,
    /// The months of daily returns, ascending.
    pub months: Vec<MonthReturn>,
    /// The benchmark over the same sessions; none where it has no bar on one of them.
    pub benchmark: Option<BenchmarkFigures>,
    /// What the scores were worth; none where no session before a traded one is in the panel.
    pub prediction: Option<PredictionFigures>,
    /// What was traded, and what it cost.
    pub trading: TradingFigures,
}

/// One calendar year beside the benchmark's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct YearFigures {
    /// The year's own figures.
    #[serde(flatten)]
    pub own: YearReturns,
    /// The benchmark's total return over the same sessions.
    pub benchmark: Option<f64>,
}

/// What holding the benchmark would have earned over the sessions traded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchmarkFigures {
    /// prod(1 + b) - 1.
    pub total: Option<f64>,
    /// Own total return less the benchmark's.
    pub excess: Option<f64>,
    /// Its Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Its deepest fall, zero or negative.
    pub max_drawdown: Option<f64>,
    /// Its daily returns, one a session of the equity curve.
    pub returns: Vec<f64>,
}

/// How well the scores ordered what came after, over the sessions whose scores were traded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictionFigures {
    /// The label that the model learned.
    pub label: String,
    /// Sessions from a score to the close that its forward return ends with.
    pub horizon: usize,
    /// First session with a score that was traded.
    pub from: Date,
    /// Last session with a score that was traded.
    pub to: Date,
    /// Pairs of score and label that counted.
    pub pairs: usize,
    /// Pairs left out, since the next session's open could not be bought.
    pub untradable: usize,
    /// Daily correlation of score and label.
    pub ic: IcSummary,
    /// Daily rank correlation of score and label.
    pub rank_ic: IcSummary,
    /// Share of pairs whose score and label have the same sign.
    pub hit_rate: Option<f64>,
    /// Daily correlation of score and forward return.
    pub return_ic: IcSummary,
    /// Daily rank correlation of score and forward return.
    pub return_rank_ic: IcSummary,
    /// Mean daily IC by calendar month.
    pub ic_by_month: Vec<MonthMean>,
    /// Mean daily rank IC by calendar month.
    pub rank_ic_by_month: Vec<MonthMean>,
    /// Mean forward return of each fifth of the scores, lowest scores first.
    pub quantile_returns: Vec<Option<f64>>,
    /// Each session's mean forward return of the best fifth less that of the worst.
    pub spread: IcSummary,
    /// Spearman correlation of the fifths' numbers and their returns.
    pub monotonicity: Option<f64>,
    /// Mean share of the best fifth that was not in it the session before.
    pub top_turnover: Option<f64>,
}

/// What was traded and what it cost; money in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TradingFigures {
    /// Fills that bought.
    pub buys: usize,
    /// Fills that sold.
    pub sells: usize,
    /// Value of all fills.
    pub traded: Fen,
    /// Commissions.
    pub commission: Fen,
    /// Stamp duty.
    pub stamp_duty: Fen,
    /// Transfer fees.
    pub transfer_fee: Fen,
    /// Slippage as money.
    pub slippage: Fen,
    /// All of these costs.
    pub costs: Fen,
    /// Cash before the first session.
    pub capital: Fen,
    /// Dividends received.
    pub dividends: Fen,
}

/// What the scores of a backtest are held against.
#[derive(Debug, Clone, Copy)]
pub struct ScoreInput<'a> {
    /// The panel that was traded.
    pub panel: &'a DailyPanel,
    /// S x D scores over it.
    pub scores: &'a [f64],
    /// The labels over it.
    pub labels: &'a LabelFrame,
    /// The label that the model learned.
    pub label: &'a str,
    /// Leaves out what could not be bought at the next open, as the dataset does.
    pub tradable_only: bool,
}

impl BacktestFigures {
    /// Computes the figures of a backtest; `benchmark` has a return for each session of the equity curve.
    ///
    /// # Errors
    /// When the labels do not have the one that the model learned.
    pub fn of(
        result: &BacktestResult,
        benchmark: Option<&[f64]>,
        scores: &ScoreInput<'_>,
        convention: &Convention,
    ) -> Result<Self, ResearchError> {
        let dates: Vec<Date> = result.equity.iter().map(|day| day.date).collect();
        let returns = result.daily_returns();
        let others = benchmark.map(|benchmark| yearly(&dates, benchmark, convention)).unwrap_or_default();
        let beside = |own: YearReturns| {
            let other = others.iter().find(|other| other.year == own.year);
            YearFigures { own, benchmark: other.and_then(|other| other.total) }
        };
        Ok(Self {
            years: yearly(&dates, &returns, convention).into_iter().map(beside).collect(),
            months: monthly(&dates, &returns),
            benchmark: benchmark.map(|benchmark| BenchmarkFigures::of(&returns, benchmark, convention)),
            prediction: PredictionFigures::of(&dates, scores)?,
            trading: TradingFigures::of(result),
        })
    }

    /// Returns `ic`, `rank_ic`, `icir` and `hit_rate` of the scores that were traded; none are defined
    /// where there is nothing to hold them against.
    #[must_use]
    pub fn prediction_metrics(&self) -> Metrics {
        let prediction = self.prediction.as_ref();
        super::named([
            ("ic", prediction.and_then(|own| own.ic.mean)),
            ("rank_ic", prediction.and_then(|own| own.rank_ic.mean)),
            ("icir", prediction.and_then(|own| own.ic.ir)),
            ("hit_rate", prediction.and_then(|own| own.hit_rate)),
        ])
    }
}

impl BenchmarkFigures {
    fn of(own: &[f64], benchmark: &[f64], convention: &Convention) -> Self {
        let total = total_return(benchmark);
        Self {
            total,
            excess: total_return(own).zip(total).map(|(own, other)| own - other),
            sharpe: sharpe(benchmark, convention),
            max_drawdown: drawdown(benchmark).map(|(depth, _)| depth),
            returns: benchmark.to_vec(),
        }
    }
}

impl PredictionFigures {
    fn of(traded: &[Date], input: &ScoreInput<'_>) -> Result<Option<Self>, ResearchError> {
        let label = input.labels.label(input.label)?;
        let dates = input.panel.dates();
        // The scores of one session are traded on the next.
        let decided = |date: Option<&Date>| dates.binary_search(date?).ok()?.checked_sub(1);
        let (Some(first), Some(last)) = (decided(traded.first()), decided(traded.last())) else { return Ok(None) };
        let Some(dates) = dates.get(first..=last) else { return Ok(None) };
        let horizon = label.horizon.max(1);
        let cut = Cut { days: input.panel.dates().len(), first, last };
        let (mut scores, labels) = (cut.of(input.scores), cut.of(&label.values));
        let returns = cut.of(&label::forward_returns(input.panel, horizon));
        let mut untradable = 0;
        for (cell, score) in scores.iter_mut().enumerate().filter(|_| input.tradable_only) {
            let entry = input.labels.entry.get(cut.cell(cell));
            if score.is_finite() && entry.is_some_and(|entry| entry.is_untradable()) {
                untradable += usize::from(labels.get(cell).is_some_and(|label| label.is_finite()));
                *score = f64::NAN;
            }
        }
        let own = Ordered { dates, scores: &scores };
        Ok(Some(own.figures((label.id.clone(), horizon), (&labels, &returns), untradable)))
    }
}

/// The scores of consecutive sessions, S x `dates`.
struct Ordered<'a> {
    dates: &'a [Date],
    scores: &'a [f64],
}

impl Ordered<'_> {
    fn figures(
        &self,
        (label, horizon): (String, usize),
        (labels, returns): (&[f64], &[f64]),
        untradable: usize,
    ) -> PredictionFigures {
        let days = self.dates.len();
        // A prediction of a return or of an ordered class says "up" above 0.
        let (of_label, of_return) = (predict(self.scores, labels, days, 0.0), predict(self.scores, returns, days, 0.0));
        let series = |prediction: &Prediction, of: fn(&DayIc) -> Option<f64>| -> Vec<Option<f64>> {
            prediction.days.iter().map(of).collect()
        };
        let (ic, rank_ic) = (series(&of_label, |day| day.ic), series(&of_label, |day| day.rank_ic));
        let fifths = quantile_days(self.scores, returns, days, QUANTILES);
        let means = quantile_means(&fifths);
        let extremes = fifths.last().into_iter().flatten().zip(fifths.first().into_iter().flatten());
        let spread: Vec<Option<f64>> = extremes.map(|(best, worst)| Some((*best)? - (*worst)?)).collect();
        let edge = |date: Option<&Date>| date.copied().unwrap_or_default();
        PredictionFigures {
            label,
            horizon,
            from: edge(self.dates.first()),
            to: edge(self.dates.last()),
            pairs: of_label.days.iter().map(|day| day.pairs).sum(),
            untradable,
            ic: summarise(&ic),
            rank_ic: summarise(&rank_ic),
            hit_rate: of_label.hit_rate,
            return_ic: summarise(&series(&of_return, |day| day.ic)),
            return_rank_ic: summarise(&series(&of_return, |day| day.rank_ic)),
            ic_by_month: monthly_mean(self.dates, &ic),
            rank_ic_by_month: monthly_mean(self.dates, &rank_ic),
            monotonicity: monotonicity(&means),
            quantile_returns: means,
            spread: summarise(&spread),
            top_turnover: top_turnover(self.scores, days, 1.0 / QUANTILES as f64),
        }
    }
}

/// A stretch of the sessions of an S x `days` panel.
#[derive(Clone, Copy)]
struct Cut {
    days: usize,
    first: usize,
    last: usize,
}

impl Cut {
    fn of(self, panel: &[f64]) -> Vec<f64> {
        panel
            .chunks(self.days.max(1))
            .flat_map(|row| row.get(self.first..=self.last).unwrap_or_default())
            .copied()
            .collect()
    }

    /// Returns the panel's cell of a cell of the stretch.
    const fn cell(self, cell: usize) -> usize {
        let width = self.last + 1 - self.first;
        cell / width * self.days + self.first + cell % width
    }
}

impl TradingFigures {
    fn of(result: &BacktestResult) -> Self {
        let first = result.equity.first();
        let start = |nav: Fen, ret: f64| (nav as f64 / (1.0 + ret)).round() as Fen;
        let mut all = Self {
            dividends: result.dividends,
            capital: first.map_or(0, |day| if day.ret > -1.0 { start(day.nav, day.ret) } else { 0 }),
            ..Self::default()
        };
        for fill in &result.trades {
            match fill.side {
                Side::Buy => all.buys += 1,
                Side::Sell => all.sells += 1,
            }
            all.traded += fill.value();
            all.commission += fill.charges.commission;
            all.stamp_duty += fill.charges.stamp_duty;
            all.transfer_fee += fill.charges.transfer_fee;
            all.slippage += fill.charges.slippage;
            all.costs += fill.charges.total();
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{BacktestFigures, ScoreInput};
    use crate::{
        digest::Digest,
        market::DailyPanel,
        metric::Convention,
        research::{
            backtest::{BacktestParams, BacktestResult, EquityDay},
            label,
            testing::{NEXT_RETURN, label_spec, random_bars},
        },
    };

    fn result(panel: &DailyPanel, sessions: std::ops::Range<usize>) -> BacktestResult {
        let day = |date: &_| EquityDay { date: *date, nav: 110, cash: 0, ret: 0.1, turnover: 0.0 };
        BacktestResult {
            params: BacktestParams::default(),
            equity: panel.dates()[sessions].iter().map(day).collect(),
            trades: Vec::new(),
            rejects: [].into(),
            cut: [].into(),
            limited: [].into(),
            dividends: 0,
            notes: Vec::new(),
            digest: Digest::of("result"),
        }
    }

    #[test]
    fn scores_count_from_the_session_before_the_first_traded_to_that_before_the_last() {
        let panel = DailyPanel::from_bars(&random_bars(30, 60));
        let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
        // A perfect prediction on the sessions that decide, its opposite on all others.
        let scores: Vec<f64> = labels.labels[0]
            .values
            .iter()
            .enumerate()
            .map(|(cell, value)| if (39..=48).contains(&(cell % 60)) { *value } else { -value })
            .collect();
        let input = ScoreInput { panel: &panel, scores: &scores, labels: &labels, label: "R1", tradable_only: false };
        let figures = BacktestFigures::of(&result(&panel, 40..50), None, &input, &Convention::default()).expect("made");
        let own = figures.prediction.as_ref().expect("there");
        assert_eq!((own.from, own.to, own.ic.days), (panel.dates()[39], panel.dates()[48], 10));
        for mean in [own.ic.mean, own.rank_ic.mean, own.return_ic.mean, own.monotonicity, own.hit_rate] {
            assert!((mean.expect("defined") - 1.0).abs() < 1e-12, "{own:?}");
        }
        assert!(own.spread.mean.is_some_and(|spread| spread > 0.05), "{own:?}");
        assert_eq!(figures.prediction_metrics()["rank_ic"], own.rank_ic.mean);
        let tradable = ScoreInput { tradable_only: true, ..input };
        let fewer =
            BacktestFigures::of(&result(&panel, 40..50), None, &tradable, &Convention::default()).expect("made");
        let fewer = fewer.prediction.expect("there");
        assert_eq!(fewer.pairs + fewer.untradable, own.pairs);
        let wider = BacktestFigures::of(&result(&panel, 39..50), None, &input, &Convention::default()).expect("made");
        assert!(wider.prediction.expect("there").ic.mean < own.ic.mean, "one session more decides, and it is wrong");
        let unknown = ScoreInput { label: "R2", ..input };
        BacktestFigures::of(&result(&panel, 40..50), None, &unknown, &Convention::default())
            .expect_err("no such label");
    }

    #[test]
    fn first_session_of_the_panel_has_no_score_before_it() {
        let panel = DailyPanel::from_bars(&random_bars(6, 10));
        let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
        let scores = vec![0.0; 60];
        let input = ScoreInput { panel: &panel, scores: &scores, labels: &labels, label: "R1", tradable_only: true };
        let figures = BacktestFigures::of(&result(&panel, 0..3), None, &input, &Convention::default()).expect("made");
        assert_eq!(figures.prediction, None);
        assert!(figures.prediction_metrics().values().all(Option::is_none));
        assert_eq!((figures.trading.capital, figures.years.len()), (100, 1));
    }
}
