//! What a snapshot of a model holds: the model, the factors that it was made with, and how it did.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Gate, Manifest};
use crate::{
    digest::Digest,
    model::{Model, ModelError},
    research::{
        ResearchError,
        dataset::{Dataset, DroppedColumn},
        factor::{FactorFrame, Window},
        train::{Trained, predict_scores},
    },
    seed::Seed,
};

pub(super) const MODEL: &str = "model.json";
pub(super) const FEATURES: &str = "features.json";
pub(super) const METRICS: &str = "metrics.json";

/// `features.json`: the factors that the model was made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Names in column order.
    pub names: Vec<String>,
    /// The window of the rolling factors: other windows give other numbers under the same names.
    pub window: Window,
    /// Factors of the set that were left out, with the reason.
    pub dropped: Vec<DroppedColumn>,
}

/// `metrics.json`: how the model did and what it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The trading date worked for: nothing newer was used.
    pub as_of: Date,
    /// The metrics of the training.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// The promotion gate's word.
    pub gate: Gate,
    /// The training and validation rows that it was made from and judged by.
    pub dataset_digest: Digest,
    /// The seed of the run.
    pub seed: Seed,
}

/// A model as the zoo keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The job that it belongs to.
    pub job: String,
    /// Its id, such as `20201231_train-0001`.
    pub id: String,
    /// The model.
    pub model: Model,
    /// The factors that it was made with.
    pub features: Features,
    /// How it did.
    pub judgement: Judgement,
}

impl Snapshot {
    /// Makes the snapshot of a trained model.
    ///
    /// # Errors
    /// When the job or id cannot be a directory name.
    pub fn of(
        job: &str,
        id: &str,
        trained: &Trained,
        dataset: &Dataset,
        gate: Gate,
        as_of: Date,
    ) -> Result<Self, ResearchError> {
        super::check_name("job", job)?;
        super::check_name("model id", id)?;
        Ok(Self {
            job: job.into(),
            id: id.into(),
            model: trained.model.clone(),
            features: Features {
                names: dataset.feature_names.clone(),
                window: dataset.window,
                dropped: dataset.dropped.clone(),
            },
            judgement: Judgement {
                as_of,
                metrics: trained.metrics.clone(),
                gate,
                dataset_digest: trained.dataset_digest,
                seed: trained.seed,
            },
        })
    }

    /// Scores a factor frame, S x D numbers, as `train::predict_scores` does.
    ///
    /// # Errors
    /// When the frame lacks a feature or was computed with another window.
    pub fn scores(&self, factors: &FactorFrame) -> Result<Vec<f64>, ResearchError> {
        if factors.window != self.features.window {
            let (own, got) = (self.features.window, factors.window);
            return Err(ResearchError::Window { id: self.id.clone(), own, got });
        }
        predict_scores(&self.model, factors)
    }

    pub(super) fn files(&self) -> Result<[(&'static str, String); 3], ResearchError> {
        Ok([(MODEL, self.model.to_json()?), (FEATURES, pretty(&self.features)?), (METRICS, pretty(&self.judgement)?)])
    }

    fn check(&self, path: &Path) -> Result<(), ResearchError> {
        if self.model.features.names().eq(self.features.names.iter().map(String::as_str)) {
            Ok(())
        } else {
            Err(ResearchError::corrupt(&path.join(FEATURES), "its features are not those of model.json"))
        }
    }
}

/// Reads the snapshot in `directory`, which is `models/<job>/<id>`, and checks all of it: manifest
/// complete, hashes, version, schema.
///
/// # Errors
/// When anything is missing, changed or added, or the model's version is another.
pub fn verify(directory: &Path) -> Result<Snapshot, ResearchError> {
    let (manifest, contents) = Manifest::read(directory)?;
    let content = |name: &str| {
        let path = directory.join(name);
        match contents.get(name) {
            Some(bytes) => Ok((path, bytes.as_slice())),
            None => Err(ResearchError::corrupt(&path, "the manifest does not name it")),
        }
    };
    let (path, bytes) = content(MODEL)?;
    let model = Model::from_json(bytes).map_err(|error| match error {
        ModelError::Version { .. } => ResearchError::Model(error),
        other => ResearchError::corrupt(&path, other.to_string()),
    })?;
    let features = parse(content(FEATURES)?)?;
    let judgement = parse(content(METRICS)?)?;
    let snapshot = Snapshot { job: manifest.job, id: manifest.id, model, features, judgement };
    snapshot.check(directory)?;
    Ok(snapshot)
}

fn parse<T: DeserializeOwned>((path, bytes): (PathBuf, &[u8])) -> Result<T, ResearchError> {
    serde_json::from_slice(bytes).map_err(|error| ResearchError::corrupt(&path, error.to_string()))
}

pub(super) fn pretty(value: &impl Serialize) -> Result<String, ResearchError> {
    let mut text = serde_json::to_string_pretty(value).map_err(ModelError::from)?;
    text.push('\n');
    Ok(text)
}
