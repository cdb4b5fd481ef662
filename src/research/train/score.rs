//! Scores of a model over a factor frame, for backtest and trading.

use crate::{
    model::{Model, ModelError},
    research::{ResearchError, factor::FactorFrame},
};

/// Sessions that are processed together: processors look at one day at most, and whole columns of a large
/// market would not fit in memory a second time.
const BLOCK_SESSIONS: usize = 64;

/// Scores every cell of a factor frame: S x D numbers, NaN where the model has no prediction (a linear
/// model where a feature is missing, trees where all are). Features are processed as in training. A score
/// is the predicted label and uses nothing newer than the close of its session.
///
/// # Errors
/// When the frame lacks a feature of the model.
pub fn predict_scores(model: &Model, factors: &FactorFrame) -> Result<Vec<f64>, ResearchError> {
    let columns = model
        .features
        .names()
        .map(|name| factors.column(name).ok_or_else(|| ModelError::Feature(name.to_owned())))
        .collect::<Result<Vec<_>, _>>()?;
    let (symbols, days) = (factors.symbols.len(), factors.dates.len());
    let mut scores = vec![f64::NAN; symbols * days];
    let mut row = Vec::with_capacity(columns.len());
    for start in (0..days).step_by(BLOCK_SESSIONS) {
        let width = BLOCK_SESSIONS.min(days - start);
        let stretch = |symbol: usize| symbol * days + start..symbol * days + start + width;
        let cut = |column: &&[f64]| {
            let values = (0..symbols).flat_map(|symbol| column.get(stretch(symbol)).unwrap_or_default());
            values.copied().collect::<Vec<f64>>()
        };
        let mut block: Vec<Vec<f64>> = columns.iter().map(cut).collect();
        model.features.process(&mut block, width);
        for symbol in 0..symbols {
            let slots = scores.get_mut(stretch(symbol)).unwrap_or_default();
            for (day, slot) in slots.iter_mut().enumerate() {
                row.clear();
                let value = |column: &Vec<f64>| column.get(symbol * width + day).copied().unwrap_or(f64::NAN);
                row.extend(block.iter().map(value));
                *slot = model.predict(&row);
            }
        }
    }
    Ok(scores)
}
