//! How well scores order what came after: the daily cross-sectional information coefficient.
//!
//! Panels are S x D numbers, symbol after symbol, dates ascending, as in `market::DailyPanel`. A pair
//! counts when both numbers are finite.

use serde::Serialize;

use super::moments::{deviation, finite, mean, ratio};

/// The coefficients of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DayIc {
    /// Pairs that counted.
    pub pairs: usize,
    /// Pearson correlation of score and label over the symbols.
    pub ic: Option<f64>,
    /// Spearman correlation: Pearson of the ranks among the pairs that counted, ties averaged.
    pub rank_ic: Option<f64>,
}

/// How good a prediction was over all days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Mean of the days' IC.
    pub ic: Option<f64>,
    /// Mean of the days' rank IC.
    pub rank_ic: Option<f64>,
    /// Mean over standard deviation (ddof 1) of the days' IC; not annualised.
    pub icir: Option<f64>,
    /// See [`hit_rate`].
    pub hit_rate: Option<f64>,
    /// The days in order.
    pub days: Vec<DayIc>,
}

/// Daily coefficients, IC or rank IC, in one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct IcSummary {
    /// Days n with a coefficient.
    pub days: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their standard deviation, ddof 1.
    pub deviation: Option<f64>,
    /// mean / standard deviation, not annualised: ICIR, and RankICIR of rank coefficients.
    pub ir: Option<f64>,
    /// Days with a coefficient above 0 over n.
    pub positive_share: Option<f64>,
    /// mean / (standard deviation / sqrt(n)), the t statistic of the mean.
    pub t: Option<f64>,
}

/// Summarises daily coefficients; days without one are left out.
#[must_use]
pub fn summarise(coefficients: &[Option<f64>]) -> IcSummary {
    let values: Vec<f64> = coefficients.iter().flatten().copied().collect();
    let (mean, deviation) = (mean(&values), deviation(&values));
    let ir = mean.zip(deviation).and_then(|(mean, deviation)| ratio(mean, deviation));
    let positive = values.iter().filter(|value| **value > 0.0).count();
    IcSummary {
        days: values.len(),
        mean,
        deviation,
        ir,
        positive_share: ratio(positive as f64, values.len() as f64),
        t: ir.and_then(|ir| finite(ir * (values.len() as f64).sqrt())),
    }
}

/// Measures `scores` against `labels`, both S x `days`. `neutral` is the score that says neither up
/// nor down: 0 for a predicted return, 0.5 for a probability.
#[must_use]
pub fn predict(scores: &[f64], labels: &[f64], days: usize, neutral: f64) -> Prediction {
    let days: Vec<DayIc> = (0..days)
        .map(|day| {
            let of_day = |panel: &[f64]| panel.iter().skip(day).step_by(days).copied().collect::<Vec<f64>>();
            cross_section(&of_day(scores), &of_day(labels))
        })
        .collect();
    let of_days = |pick: fn(&DayIc) -> Option<f64>| summarise(&days.iter().map(pick).collect::<Vec<_>>());
    let coefficients = of_days(|day| day.ic);
    Prediction {
        ic: coefficients.mean,
        rank_ic: of_days(|day| day.rank_ic).mean,
        icir: coefficients.ir,
        hit_rate: hit_rate(scores, labels, neutral),
        days,
    }
}

/// Returns the coefficients of one day's scores and labels, symbol by symbol in step.
#[must_use]
pub fn cross_section(scores: &[f64], labels: &[f64]) -> DayIc {
    let pairs = scores.iter().zip(labels).filter(|(score, label)| score.is_finite() && label.is_finite());
    let (scores, labels): (Vec<f64>, Vec<f64>) = pairs.unzip();
    DayIc {
        pairs: scores.len(),
        ic: correlation(&scores, &labels),
        rank_ic: correlation(&ranks(&scores), &ranks(&labels)),
    }
}

/// Returns the share of pairs whose score and label lie on the same side of `neutral` and of 0;
/// pairs that lie on neither side are left out.
#[must_use]
pub fn hit_rate(scores: &[f64], labels: &[f64], neutral: f64) -> Option<f64> {
    let sides = scores.iter().zip(labels).map(|(score, label)| (score - neutral) * label);
    // The product of two tiny numbers may underflow to 0, so the signs are compared instead.
    let (hits, pairs) = scores
        .iter()
        .zip(labels)
        .zip(sides)
        .filter(|((score, label), side)| side.is_finite() && **score != neutral && **label != 0.0)
        .fold((0_u64, 0_u64), |(hits, pairs), ((score, label), _)| {
            (hits + u64::from((*score > neutral) == (*label > 0.0)), pairs + 1)
        });
    ratio(hits as f64, pairs as f64)
}

fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    if deviation(left)? == 0.0 || deviation(right)? == 0.0 {
        return None;
    }
    let (left_mean, right_mean) = (mean(left)?, mean(right)?);
    let (mut both, mut lefts, mut rights) = (0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(right) {
        let (left, right) = (left - left_mean, right - right_mean);
        both += left * right;
        lefts += left * left;
        rights += right * right;
    }
    ratio(both, (lefts * rights).sqrt()).and_then(|value| finite(value.clamp(-1.0, 1.0)))
}

/// Returns the ranks 1..n; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let value = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    order.sort_by(|left, right| value(*left).total_cmp(&value(*right)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for group in order.chunk_by(|left, right| value(*left) == value(*right)) {
        let rank = before as f64 + (group.len() + 1) as f64 / 2.0;
        for index in group {
            ranks[*index] = rank;
        }
        before += group.len();
    }
    ranks
}

#[cfg(test)]
#[path = "prediction_tests.rs"]
mod tests;
