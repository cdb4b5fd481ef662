//! Which factor columns a model can learn from, and how those are scaled.

use serde::{Deserialize, Serialize};

use crate::{
    model::{Scaling, Schema},
    research::factor::FactorFrame,
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
            let whole = factors.availability.iter().find(|entry| entry.name == *name);
            let known: Vec<f64> =
                training.iter().filter_map(|cell| column.get(*cell)).copied().filter(|v| !v.is_nan()).collect();
            let missing = training.len() - known.len();
            let null_share = missing as f64 / training.len().max(1) as f64;
            if known.is_empty() {
                let reason = whole.and_then(|entry| entry.reason.clone());
                choice.drop(name, reason.unwrap_or_else(|| "no value in the training part".into()));
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

/// Fits the scaling of every column of a row-major matrix on its first `rows` rows.
pub(super) fn scaling(names: &[String], features: &[f64], rows: usize) -> Option<Schema> {
    let width = names.len();
    let column = |at: usize| features.iter().skip(at).step_by(width).take(rows).copied().collect::<Vec<f64>>();
    let fitted: Option<Vec<Scaling>> =
        names.iter().enumerate().map(|(at, name)| Scaling::fit(name, &column(at))).collect();
    fitted.map(|features| Schema { features })
}
