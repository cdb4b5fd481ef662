//! Training: fits a learner on the training rows, judges it on the validation rows, and gives scores.

mod score;

use std::{collections::BTreeMap, ops::Range};

pub use score::predict_scores;

use super::{ResearchError, dataset::Dataset, factor::FactorFrame};
use crate::{
    digest::{Digest, Hasher},
    metric::{Prediction, predict},
    model::{Effort, Learner, Model, TrainingRows},
    seed::Seed,
};

/// A fitted model and how it did on rows it had not seen.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// By name: `ic rank_ic icir hit_rate` on the validation rows, `n` those rows, `train_rows`, and
    /// `prediction_std`, the spread of the predictions; none where not defined.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// The seed of the run. The elastic net makes no random choice; boosted trees draw rows and columns.
    pub seed: Seed,
    /// The training and validation rows that it was made from and judged by.
    pub dataset_digest: Digest,
}

impl Trained {
    /// Returns the digest of training and validation rows, model and metrics.
    ///
    /// # Errors
    /// When the model does not make sense.
    pub fn digest(&self) -> Result<Digest, ResearchError> {
        let mut hasher = Hasher::new("trained");
        hasher.digest(&self.dataset_digest).text(&self.model.to_json()?);
        for (name, value) in &self.metrics {
            hasher.text(name).float(value.unwrap_or(f64::NAN));
        }
        Ok(hasher.finish())
    }
}

/// Trains a model on the dataset's training rows and judges it on its validation rows.
///
/// # Errors
/// When the learner refuses: parameters out of range, degenerate input, no convergence, or a model
/// that would predict one number for everything.
pub fn train(dataset: &Dataset, learner: &Learner, seed: Seed) -> Result<Trained, ResearchError> {
    train_with(dataset, learner, Effort { seed, threads: None })
}

/// As [`train`], with as many threads as said; they do not change the model.
///
/// # Errors
/// As [`train`].
pub fn train_with(dataset: &Dataset, learner: &Learner, effort: Effort) -> Result<Trained, ResearchError> {
    let rows = dataset.parts.train.clone();
    let label = dataset.label.get(rows.clone()).unwrap_or_default();
    let (schema, label_id) = (&dataset.schema, dataset.label_id.as_str());
    let model = learner.fit(TrainingRows { schema, features: dataset.rows(rows), label, label_id }, effort)?;
    let metrics = evaluate(&model, dataset, dataset.parts.valid.clone());
    tracing::info!(learner = learner.name(), rows = label.len(), features = dataset.feature_names.len(), "trained");
    Ok(Trained { model, metrics, seed: effort.seed, dataset_digest: dataset.training_digest() })
}

/// Predicts a range of rows of the dataset that the model was made from.
#[must_use]
pub fn predict_rows(model: &Model, dataset: &Dataset, rows: Range<usize>) -> Vec<f64> {
    let width = dataset.feature_names.len().max(1);
    dataset.rows(rows).chunks_exact(width).map(|row| model.predict(row)).collect()
}

/// Picks the scores of a range of rows out of a frame's S x D scores; NaN where the frame has no such cell.
#[must_use]
pub fn scores_of_rows(scores: &[f64], factors: &FactorFrame, dataset: &Dataset, rows: Range<usize>) -> Vec<f64> {
    let keys = dataset.keys.get(rows).unwrap_or_default();
    let score = |(symbol, date)| {
        let (symbol, day) = (factors.symbols.binary_search(symbol).ok()?, factors.dates.binary_search(date).ok()?);
        scores.get(symbol * factors.dates.len() + day).copied()
    };
    keys.iter().map(|(symbol, date)| score((symbol, date)).unwrap_or(f64::NAN)).collect()
}

/// Measures a model on a range of rows of the dataset that it was made from, with the metrics of
/// [`Trained`].
#[must_use]
pub fn evaluate(model: &Model, dataset: &Dataset, rows: Range<usize>) -> BTreeMap<String, Option<f64>> {
    let scores = predict_rows(model, dataset, rows.clone());
    let prediction = measure(dataset, rows, &scores);
    let count = scores.len();
    BTreeMap::from(
        [
            ("ic", prediction.ic),
            ("rank_ic", prediction.rank_ic),
            ("icir", prediction.icir),
            ("hit_rate", prediction.hit_rate),
            ("n", Some(count as f64)),
            ("train_rows", Some(model.rows as f64)),
            ("prediction_std", deviation(&scores)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    )
}

/// Measures the scores of a range of rows, day by day; a row whose score is NaN does not count.
#[must_use]
pub fn measure(dataset: &Dataset, rows: Range<usize>, scores: &[f64]) -> Prediction {
    let keys = dataset.keys.get(rows.clone()).unwrap_or_default();
    let labels = dataset.label.get(rows).unwrap_or_default();
    let mut symbols: Vec<_> = keys.iter().map(|(symbol, _)| *symbol).collect();
    let mut dates: Vec<_> = keys.iter().map(|(_, date)| *date).collect();
    symbols.sort_unstable();
    symbols.dedup();
    dates.sort_unstable();
    dates.dedup();
    let (mut score_panel, mut label_panel) =
        (vec![f64::NAN; symbols.len() * dates.len()], vec![f64::NAN; symbols.len() * dates.len()]);
    for ((key, score), label) in keys.iter().zip(scores).zip(labels) {
        if let (Ok(symbol), Ok(day)) = (symbols.binary_search(&key.0), dates.binary_search(&key.1)) {
            let cell = symbol * dates.len() + day;
            score_panel[cell] = *score;
            label_panel[cell] = *label;
        }
    }
    // A linear model of a return or class says "up" above 0.
    predict(&score_panel, &label_panel, dates.len(), 0.0)
}

fn deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests;
