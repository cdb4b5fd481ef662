//! Scores of a model over a factor frame, for backtest and trading.

use crate::{
    model::{Model, ModelError},
    research::{ResearchError, factor::FactorFrame},
};

/// Scores every cell of a factor frame: S x D numbers, NaN where a feature is missing. A score is the
/// predicted label and uses nothing newer than the close of its session.
///
/// # Errors
/// When the frame lacks a feature of the model.
pub fn predict_scores(model: &Model, factors: &FactorFrame) -> Result<Vec<f64>, ResearchError> {
    let columns = model
        .features
        .names()
        .map(|name| factors.column(name).ok_or_else(|| ModelError::Feature(name.to_owned())))
        .collect::<Result<Vec<_>, _>>()?;
    let cells = factors.symbols.len() * factors.dates.len();
    let mut row = Vec::with_capacity(columns.len());
    let scores = (0..cells).map(|cell| {
        row.clear();
        row.extend(columns.iter().map(|column| column.get(cell).copied().unwrap_or(f64::NAN)));
        model.predict(&row)
    });
    Ok(scores.collect())
}
