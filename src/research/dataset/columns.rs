//! Which factor columns a model can learn from, and what is done to those.

use serde::{Deserialize, Serialize};

use crate::{
    model::{Feature, Processor, Schema},
    research::factor::{FactorFrame, lack},
};

/// A factor that was left out of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedColumn {
    /// The factor.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The factor columns of a dataset, and those left out of it.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    pub(super) kept: Vec<(&'a str, &'a [f64])>,
    pub(super) dropped: Vec<DroppedColumn>,
}

impl<'a> Choice<'a> {
    /// Chooses by what the training cells hold: a column is left out where there is nothing of it,
    /// more than `max_null_share` of it is missing, or it has one value.
    pub(super) fn of(factors: &'a FactorFrame, training: &[usize], max_null_share: f64) -> Self {
        let mut choice = Self::default();
        for absent in factors.availability.iter().filter(|entry| factors.column(&entry.name).is_none()) {
            choice.drop(&absent.name, absent.reason.clone().unwrap_or_else(|| "not computed".into()));
        }
        for (name, column) in factors.names.iter().zip(&factors.columns) {
            let known: Vec<f64> =
                training.iter().filter_map(|cell| column.get(*cell)).copied().filter(|v| !v.is_nan()).collect();
            let missing = training.len() - known.len();
            let null_share = missing as f64 / training.len().max(1) as f64;
            if known.is_empty() {
                // Nothing after the training part may have a say in this, not even in its words.
                choice.drop(name, format!("no value in the training part: {}", lack(name)));
            } else if null_share > max_null_share {
                let percent = 100.0 * null_share;
                choice.drop(name, format!("{percent:.1} % of the training part is missing"));
            } else if known.windows(2).all(|pair| pair.first() == pair.last()) {
                choice.drop(name, "it has one value in the whole training part".into());
            } else {
                choice.kept.push((name, column));
            }
        }
        choice
    }

    fn drop(&mut self, name: &str, reason: String) {
        self.dropped.push(DroppedColumn { name: name.into(), reason });
    }
}

/// The columns that are left, processed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What was done to each.
    pub(super) schema: Schema,
    /// A column a feature, a number a candidate.
    pub(super) columns: Vec<Vec<f64>>,
    /// Candidates of which some feature is known.
    pub(super) present: Vec<bool>,
    pub(super) dropped: Vec<DroppedColumn>,
}

impl Choice<'_> {
    /// Processes the columns kept, fitting on the `training` cells only. A column that a processor cannot
    /// be fitted on, or that has one value once processed, is dropped.
    pub(super) fn prepare(
        mut self,
        processors: &[Processor],
        candidates: &[usize],
        training: &[usize],
        days: usize,
    ) -> Prepared {
        loop {
            let raw: Vec<&[f64]> = self.kept.iter().map(|(_, column)| *column).collect();
            let present = Schema::present(&raw);
            let seen: Vec<usize> =
                training.iter().filter(|cell| present.get(**cell).is_some_and(|here| *here)).copied().collect();
            let (mut features, mut columns, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
            for (at, (name, column)) in self.kept.iter().enumerate() {
                let mut column = column.to_vec();
                let fitted = Feature::fit(name, processors, &mut column, &seen, (days, &present));
                match fitted.and_then(|feature| varies(&column, &seen).map(|()| feature)) {
                    Ok(feature) => {
                        features.push(feature);
                        let value = |cell: &usize| column.get(*cell).copied().unwrap_or(f64::NAN);
                        columns.push(candidates.iter().map(value).collect());
                    }
                    Err(reason) => left_out.push((at, reason)),
                }
            }
            if left_out.is_empty() {
                let present = candidates.iter().map(|cell| present.get(*cell).is_some_and(|here| *here)).collect();
                return Prepared { schema: Schema { features }, columns, present, dropped: self.dropped };
            }
            // Which cells are there at all is asked of the columns that stay, as scoring will ask it.
            for (at, reason) in left_out.into_iter().rev() {
                let (name, _) = self.kept.remove(at);
                self.drop(name, reason);
            }
        }
    }
}

fn varies(column: &[f64], cells: &[usize]) -> Result<(), String> {
    let mut known = cells.iter().filter_map(|cell| column.get(*cell)).filter(|value| value.is_finite());
    let first = known.next();
    if first.is_some() && known.any(|value| Some(value) != first) {
        Ok(())
    } else {
        Err("it has one value in the whole training part once processed".into())
    }
}
