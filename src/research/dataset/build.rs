//! Builds a dataset from a factor frame and a label.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{
    DroppedColumn, Parts, SplitSpec,
    columns::{Choice, Prepared},
};
use crate::{
    market::Symbol,
    model::{Learner, Processor, Schema},
    research::{
        ResearchError,
        factor::{FactorFrame, Window},
        label::{Entry, LabelColumn, LabelFrame},
    },
};

/// What the reasons begin with by which a cell was left out for a missing feature.
pub(super) const FEATURE_MISSING: &str = "feature_missing:";

/// What a dataset is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetRule {
    /// The id of the label to learn.
    pub label: String,
    /// How it is split.
    pub split: SplitSpec,
    /// A factor of which more than this share of the training part is missing is left out, so that it
    /// does not take the rows with it; 0 to 1.
    pub max_null_share: f64,
    /// Leaves out rows whose next open could not be bought: a model must not learn from gains that
    /// nobody could have.
    pub tradable_only: bool,
    /// What is done to every factor, in order; fitted on the training part only.
    pub processors: Vec<Processor>,
    /// Keeps rows in which some features are missing, for a learner that takes them.
    pub keep_missing: bool,
}

impl DatasetRule {
    /// Returns the usual rule for a label.
    #[must_use]
    pub fn of(label: &str) -> Self {
        Self {
            label: label.into(),
            split: SplitSpec::default(),
            max_null_share: 0.2,
            tradable_only: true,
            processors: Processor::DEFAULT.to_vec(),
            keep_missing: false,
        }
    }

    /// Returns the rule with the rows that a learner can take.
    #[must_use]
    pub fn for_learner(self, learner: &Learner) -> Self {
        Self { keep_missing: learner.takes_missing(), ..self }
    }

    /// Sessions from `t` on that decide over the row of `t`: those that the label reads, and the next one
    /// where its open says whether the row is tradable.
    const fn reach(&self, horizon: usize) -> usize {
        if self.tradable_only && horizon == 0 { 1 } else { horizon }
    }

    /// Splits the sessions of a label frame, and counts those whose rows nothing that comes later can change.
    ///
    /// # Errors
    /// When the label is unknown or the split is out of range.
    pub fn sessions(&self, labels: &LabelFrame) -> Result<(Parts, usize), ResearchError> {
        let reach = self.reach(labels.label(&self.label)?.horizon);
        Ok((self.split.parts(&labels.dates, reach)?, labels.dates.len().saturating_sub(reach)))
    }
}

/// Rows to learn from: by date, then symbol; the parts follow each other.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Names of the features in column order.
    pub feature_names: Vec<String>,
    /// Rows x features, row after row, processed; NaN where missing, in a dataset that keeps such rows.
    pub features: Vec<f64>,
    /// The label's id.
    pub label_id: String,
    /// One label for each row, finite.
    pub label: Vec<f64>,
    /// Symbol and session of each row.
    pub keys: Vec<(Symbol, Date)>,
    /// Row ranges of the parts.
    pub parts: Parts,
    /// Session ranges of the parts.
    pub sessions: Parts,
    /// What was done to the features, fitted on the training part only.
    pub schema: Schema,
    /// The window of the rolling factors.
    pub window: Window,
    /// Factors left out, with the reason.
    pub dropped: Vec<DroppedColumn>,
    /// Cells left out, counted by the first reason that applied.
    pub excluded: BTreeMap<String, usize>,
}

impl Dataset {
    /// Returns the first date that neither training nor validation has seen; none where nothing is left to
    /// test on.
    #[must_use]
    pub fn first_test_date(&self) -> Option<Date> {
        self.keys.get(self.parts.test.clone())?.first().map(|(_, date)| *date)
    }

    /// Returns the features of a range of rows.
    #[must_use]
    pub fn rows(&self, rows: std::ops::Range<usize>) -> &[f64] {
        let width = self.feature_names.len();
        self.features.get(rows.start * width..rows.end * width).unwrap_or_default()
    }
}

/// Builds a dataset.
///
/// # Errors
/// When the frames are not laid out alike, the label is unknown, the split is out of range, or no
/// column, training row or validation row is left; the error then says what took them.
pub fn build(factors: &FactorFrame, labels: &LabelFrame, rule: &DatasetRule) -> Result<Dataset, ResearchError> {
    if factors.symbols != labels.symbols || factors.dates != labels.dates {
        return Err(ResearchError::Layout { left: "factors", right: "labels" });
    }
    if !(0.0..=1.0).contains(&rule.max_null_share) {
        return Err(ResearchError::setting("dataset.max_null_share", rule.max_null_share, "0 to 1"));
    }
    let label = labels.label(&rule.label)?;
    rule.processors.iter().try_for_each(Processor::check)?;
    let (sessions, _) = rule.sessions(labels)?;
    let mut rows = Rows::new(labels, label, rule, &sessions);
    let candidates = rows.candidates();
    let days = factors.dates.len();
    let is_training = |cell: &&usize| sessions.train.contains(&(**cell % days.max(1)));
    let training: Vec<usize> = candidates.iter().filter(is_training).copied().collect();
    let choice = Choice::of(factors, &training, rule.max_null_share);
    let prepared = choice.prepare(&rule.processors, &candidates, &training, days);
    let mut dataset = rows.take(&candidates, prepared, factors.window);
    dataset.parts = row_ranges(&dataset.keys, &factors.dates, &sessions);
    check(&dataset, label)?;
    Ok(dataset)
}

/// The walk over all cells, which counts what it leaves out.
pub(super) struct Rows<'a> {
    labels: &'a LabelFrame,
    label: &'a LabelColumn,
    rule: &'a DatasetRule,
    sessions: &'a Parts,
    excluded: BTreeMap<String, usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        labels: &'a LabelFrame,
        label: &'a LabelColumn,
        rule: &'a DatasetRule,
        sessions: &'a Parts,
    ) -> Self {
        Self { labels, label, rule, sessions, excluded: BTreeMap::new() }
    }

    fn exclude(&mut self, reason: &str) {
        *self.excluded.entry(reason.to_owned()).or_default() += 1;
    }

    /// Returns the cells with a label that could be traded, by date, then symbol.
    pub(super) fn candidates(&mut self) -> Vec<usize> {
        let (symbols, days) = (self.labels.symbols.len(), self.labels.dates.len());
        let mut cells = Vec::new();
        for day in 0..days {
            for symbol in 0..symbols {
                let cell = symbol * days + day;
                match self.refusal(cell, day) {
                    Some(reason) => self.exclude(&reason),
                    None => cells.push(cell),
                }
            }
        }
        cells
    }

    fn refusal(&self, cell: usize, day: usize) -> Option<String> {
        let value = self.label.values.get(cell).copied().unwrap_or(f64::NAN);
        let entry = self.labels.entry.get(cell)?;
        if *entry == Entry::Outside {
            Some(entry.word().into())
        } else if !value.is_finite() {
            Some("label_missing".into())
        } else if self.rule.tradable_only && entry.is_untradable() {
            Some(format!("entry_{}", entry.word()))
        } else if self.sessions.part_of(day).is_none() {
            Some("purge_or_embargo".into())
        } else {
            None
        }
    }

    /// Takes the candidates whose features are known: all of them, or some for a learner that takes that.
    pub(super) fn take(mut self, candidates: &[usize], prepared: Prepared, window: Window) -> Dataset {
        let days = self.labels.dates.len();
        let (mut features, mut label, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (at, cell) in candidates.iter().enumerate() {
            if !prepared.present.get(at).is_some_and(|present| *present) {
                self.exclude(&format!("{FEATURE_MISSING}all"));
                continue;
            }
            let row = prepared.columns.iter().map(|column| column.get(at).copied().unwrap_or(f64::NAN));
            let gap = if self.rule.keep_missing { None } else { row.clone().position(|value| !value.is_finite()) };
            if let Some(feature) = gap.and_then(|gap| prepared.schema.features.get(gap)) {
                self.exclude(&format!("{FEATURE_MISSING}{}", feature.name));
                continue;
            }
            let (Some(symbol), Some(date)) = (self.labels.symbols.get(cell / days), self.labels.dates.get(cell % days))
            else {
                continue;
            };
            features.extend(row);
            label.push(self.label.values.get(*cell).copied().unwrap_or(f64::NAN));
            keys.push((*symbol, *date));
        }
        Dataset {
            feature_names: prepared.schema.names().map(str::to_owned).collect(),
            features,
            label_id: self.label.id.clone(),
            label,
            keys,
            parts: Parts { train: 0..0, valid: 0..0, test: 0..0 },
            sessions: self.sessions.clone(),
            schema: prepared.schema,
            window,
            dropped: prepared.dropped,
            excluded: self.excluded,
        }
    }
}

/// Turns ranges of sessions into ranges of rows, which lie by date.
fn row_ranges(keys: &[(Symbol, Date)], dates: &[Date], sessions: &Parts) -> Parts {
    let first_row = |session: usize| match dates.get(session) {
        Some(date) => keys.partition_point(|(_, own)| own < date),
        None => keys.len(),
    };
    let rows = |range: &std::ops::Range<usize>| first_row(range.start)..first_row(range.end);
    Parts { train: rows(&sessions.train), valid: rows(&sessions.valid), test: rows(&sessions.test) }
}

/// Refuses a dataset without columns, or without rows to train or to validate on, and says what took them.
fn check(dataset: &Dataset, label: &LabelColumn) -> Result<(), ResearchError> {
    if dataset.feature_names.is_empty() {
        // A short period has one reason for nearly all columns: it is said once.
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for column in &dataset.dropped {
            reasons.entry(&column.reason).or_default().push(&column.name);
        }
        let why: Vec<String> =
            reasons.iter().map(|(reason, names)| format!("{reason} ({})", names.join(", "))).collect();
        return Err(ResearchError::Empty { lack: "no usable feature column", why: why.join("; ") });
    }
    for (part, rows) in dataset.parts.named() {
        if rows.is_empty() && part != "test" {
            let lack = if part == "train" { "no rows to train on" } else { "no rows to validate on" };
            let mut why: Vec<String> =
                dataset.excluded.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            why.extend(label.reason.clone());
            return Err(ResearchError::Empty { lack, why: format!("all cells were left out ({})", why.join(", ")) });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
