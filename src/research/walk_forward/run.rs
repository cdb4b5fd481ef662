//! The folds at work: each is trained on its own window and scores its own test, in parallel.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use jiff::civil::Date;
use serde::Serialize;

use super::{Fold, FoldRule, WalkForwardError};
use crate::{
    digest::{Digest, Hasher},
    metric::{Prediction, predict},
    model::{Effort, Learner},
    research::{
        ResearchError,
        dataset::{self, Bounds, DatasetRule, SplitSpec},
        factor::FactorFrame,
        label::{LabelColumn, LabelFrame},
        train::{self, predict_scores},
    },
    seed::Seed,
};

/// What a walk-forward run works on.
#[derive(Debug, Clone, Copy)]
pub struct WalkForwardInput<'a> {
    /// The factors.
    pub factors: &'a FactorFrame,
    /// The labels, laid out as the factors.
    pub labels: &'a LabelFrame,
    /// How rows become a dataset. Its split's shares divide each window into training and validation, in
    /// their proportion; its purge and embargo hold between all parts.
    pub dataset: &'a DatasetRule,
    /// Where the folds lie.
    pub folds: &'a FoldRule,
    /// How each fold learns.
    pub learner: &'a Learner,
    /// The seed of every fold.
    pub seed: Seed,
    /// Folds at work at a time; the result does not depend on it.
    pub threads: usize,
    /// Threads of each fold's learner; the result does not depend on it either.
    pub fit_threads: usize,
}

/// What one fold was made from and how it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldReport {
    /// Its number, from 1.
    pub number: usize,
    /// First session of its window.
    pub train_from: Date,
    /// Last session of its window.
    pub train_to: Date,
    /// First session that it scores.
    pub test_from: Date,
    /// Last session that it scores.
    pub test_to: Date,
    /// Sessions that it scores.
    pub test_sessions: usize,
    /// Rows that it learnt from.
    pub train_rows: usize,
    /// Rows that it was validated on.
    pub valid_rows: usize,
    /// Scores that it gave.
    pub test_rows: usize,
    /// Features that it used.
    pub features: usize,
    /// Mean daily rank IC on the rows that it learnt from: what it keeps of that on its test is what it is worth.
    pub train_rank_ic: Option<f64>,
    /// Mean daily IC of its test sessions; none where no label is known yet.
    pub ic: Option<f64>,
    /// Mean daily rank IC.
    pub rank_ic: Option<f64>,
    /// Mean over deviation of the daily IC.
    pub icir: Option<f64>,
    /// Share of scores on the side of the label.
    pub hit_rate: Option<f64>,
    /// Digest of its dataset, model and validation.
    pub digest: Digest,
}

/// A walk-forward run that ended.
#[derive(Debug, Clone)]
pub struct WalkForwardResult {
    /// The folds, oldest first.
    pub folds: Vec<FoldReport>,
    /// S x D, laid out as the factors: each tested session's scores by the newest model that had not
    /// seen it; NaN elsewhere.
    pub scores: Vec<f64>,
    /// Labels of the rows that could be traded, S x D; NaN elsewhere.
    pub labels: Vec<f64>,
    /// From the first tested session to the last.
    pub tested: Range<usize>,
    /// How the stitched scores did, session by session; days before the first test have no pairs.
    pub prediction: Prediction,
    /// Digest of folds and scores.
    pub digest: Digest,
}

impl WalkForwardResult {
    /// Returns the digest of the whole run, what was traded on it included.
    #[must_use]
    pub fn digest_with(&self, traded: Digest) -> Digest {
        let mut hasher = Hasher::new("walk_forward result");
        hasher.digest(&self.digest).digest(&traded);
        hasher.finish()
    }
}

/// Runs every fold; `progress` hears how many are done.
///
/// # Errors
/// When no fold fits, or a fold has no rows or does not learn; of several, the oldest fold's.
pub fn run(
    input: &WalkForwardInput<'_>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<WalkForwardResult, WalkForwardError> {
    let (factors, labels) = (input.factors, input.labels);
    if factors.symbols != labels.symbols || factors.dates != labels.dates {
        return Err(ResearchError::Layout { left: "factors", right: "labels" }.into());
    }
    let label = labels.label(&input.dataset.label)?;
    let folds = input.folds.folds(factors.dates.len())?;
    let days = factors.dates.len();
    let known = tradable_labels(input, label);
    let mut scores = vec![f64::NAN; known.len()];
    let mut reports = Vec::with_capacity(folds.len());
    for (fold, outcome) in folds.iter().zip(in_parallel(input, &folds, progress)) {
        let outcome = outcome?;
        let width = fold.test.len();
        // A later fold scores a shared session again: its model is newer and has not seen it either.
        for (symbol, row) in outcome.scores.chunks_exact(width.max(1)).enumerate() {
            let start = symbol * days + fold.test.start;
            if let Some(cells) = scores.get_mut(start..start + width) {
                cells.copy_from_slice(row);
            }
        }
        reports.push(outcome.report(input, fold, &known));
    }
    let tested = folds.first().map_or(0, |fold| fold.test.start)..folds.last().map_or(0, |fold| fold.test.end);
    let prediction = predict(&scores, &known, days, 0.0);
    let digest = digest(&reports, &scores);
    Ok(WalkForwardResult { folds: reports, scores, labels: known, tested, prediction, digest })
}

/// What a fold's thread hands back.
struct FoldOutcome {
    train_rows: usize,
    valid_rows: usize,
    features: usize,
    train_rank_ic: Option<f64>,
    /// S x test sessions.
    scores: Vec<f64>,
    digest: Digest,
}

/// Runs the folds on threads that take the next one when they are free, and returns them in order.
fn in_parallel(
    input: &WalkForwardInput<'_>,
    folds: &[Fold],
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Result<FoldOutcome, WalkForwardError>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut outcomes = Vec::new();
        while let Some(fold) = folds.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcomes.push((fold.number, play(input, fold, folds.len())));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, folds.len());
        }
        outcomes
    };
    let mut outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (1..input.threads.clamp(1, folds.len())).map(|_| scope.spawn(work)).collect();
        let mut outcomes = work();
        for thread in threads {
            match thread.join() {
                Ok(of_thread) => outcomes.extend(of_thread),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes
    });
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Trains one fold and scores its test.
fn play(input: &WalkForwardInput<'_>, fold: &Fold, of: usize) -> Result<FoldOutcome, WalkForwardError> {
    let dates = &input.factors.dates;
    let [from, to] = bounds(dates, &fold.window);
    let failed = |source| WalkForwardError::Fold { fold: fold.number, of, from, to, source: Box::new(source) };
    let rule = rule_of(input.dataset, dates, &fold.window).map_err(failed)?;
    let window = (factors_of(input.factors, &fold.window), labels_of(input.labels, &fold.window));
    let data = dataset::build(&window.0, &window.1, &rule).map_err(failed)?;
    drop(window);
    let effort = Effort { seed: input.seed, threads: Some(input.fit_threads) };
    let trained = train::train_with(&data, input.learner, effort).map_err(failed)?;
    let scores = predict_scores(&trained.model, &factors_of(input.factors, &fold.test)).map_err(failed)?;
    if !scores.iter().any(|score| score.is_finite()) {
        let [from, to] = bounds(dates, &fold.test);
        return Err(WalkForwardError::NothingScored { fold: fold.number, of, from, to });
    }
    let learnt = train::evaluate(&trained.model, &data, data.parts.train.clone());
    Ok(FoldOutcome {
        train_rank_ic: learnt.get("rank_ic").copied().flatten(),
        train_rows: data.parts.train.len(),
        valid_rows: data.parts.valid.len(),
        features: data.feature_names.len(),
        scores,
        digest: trained.digest().map_err(failed)?,
    })
}

impl FoldOutcome {
    fn report(&self, input: &WalkForwardInput<'_>, fold: &Fold, labels: &[f64]) -> FoldReport {
        let dates = &input.factors.dates;
        let ([train_from, train_to], [test_from, test_to]) = (bounds(dates, &fold.window), bounds(dates, &fold.test));
        let prediction = predict(&self.scores, &cut(labels, dates.len(), &fold.test), fold.test.len(), 0.0);
        FoldReport {
            number: fold.number,
            train_from,
            train_to,
            test_from,
            test_to,
            test_sessions: fold.test.len(),
            train_rows: self.train_rows,
            valid_rows: self.valid_rows,
            test_rows: self.scores.iter().filter(|score| score.is_finite()).count(),
            features: self.features,
            train_rank_ic: self.train_rank_ic,
            ic: prediction.ic,
            rank_ic: prediction.rank_ic,
            icir: prediction.icir,
            hit_rate: prediction.hit_rate,
            digest: self.digest,
        }
    }
}

/// Returns the rule that splits a window into training and validation; the test is none of its rows.
fn rule_of(rule: &DatasetRule, dates: &[Date], window: &Range<usize>) -> Result<DatasetRule, ResearchError> {
    let Bounds::Fractions { train, valid } = rule.split.bounds else {
        return Err(ResearchError::setting("split.bounds", "dates", "shares: the windows have their own dates"));
    };
    let length = (window.len() as f64 * train / (train + valid)).round() as usize;
    let end = |length: usize| dates.get((window.start + length).saturating_sub(1)).copied().unwrap_or(Date::MAX);
    let bounds = Bounds::Dates { train_end: end(length), valid_end: end(window.len()) };
    Ok(DatasetRule { split: SplitSpec { bounds, ..rule.split }, ..rule.clone() })
}

/// Returns the label where it is known and, if only such rows count, could be traded.
fn tradable_labels(input: &WalkForwardInput<'_>, label: &LabelColumn) -> Vec<f64> {
    let cells = label.values.iter().zip(&input.labels.entry);
    let counts = |untradable: bool| !(untradable && input.dataset.tradable_only);
    cells.map(|(value, entry)| if counts(entry.is_untradable()) { *value } else { f64::NAN }).collect()
}

fn bounds(dates: &[Date], sessions: &Range<usize>) -> [Date; 2] {
    let date = |session: usize| dates.get(session).copied().unwrap_or(Date::MAX);
    [date(sessions.start), date(sessions.end.saturating_sub(1))]
}

/// Cuts sessions out of S x `days` cells.
fn cut<T: Clone>(cells: &[T], days: usize, sessions: &Range<usize>) -> Vec<T> {
    let rows = cells.chunks_exact(days.max(1));
    rows.flat_map(|row| row.get(sessions.clone()).unwrap_or_default().iter().cloned()).collect()
}

fn factors_of(frame: &FactorFrame, sessions: &Range<usize>) -> FactorFrame {
    let days = frame.dates.len();
    FactorFrame {
        names: frame.names.clone(),
        columns: frame.columns.iter().map(|column| cut(column, days, sessions)).collect(),
        window: frame.window,
        symbols: frame.symbols.clone(),
        dates: cut(&frame.dates, days, sessions),
        definitions: frame.definitions.clone(),
        availability: frame.availability.clone(),
    }
}

fn labels_of(frame: &LabelFrame, sessions: &Range<usize>) -> LabelFrame {
    let days = frame.dates.len();
    let label = |label: &LabelColumn| LabelColumn {
        id: label.id.clone(),
        horizon: label.horizon,
        values: cut(&label.values, days, sessions),
        reason: label.reason.clone(),
    };
    LabelFrame {
        labels: frame.labels.iter().map(label).collect(),
        entry: cut(&frame.entry, days, sessions),
        symbols: frame.symbols.clone(),
        dates: cut(&frame.dates, days, sessions),
    }
}

fn digest(folds: &[FoldReport], scores: &[f64]) -> Digest {
    let mut hasher = Hasher::new("walk_forward");
    for fold in folds {
        hasher.text(&fold.train_from.to_string()).text(&fold.train_to.to_string());
        hasher.text(&fold.test_from.to_string()).text(&fold.test_to.to_string()).digest(&fold.digest);
    }
    for score in scores {
        hasher.float(*score);
    }
    hasher.finish()
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
