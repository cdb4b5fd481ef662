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
    /// What each of them meant: see [`definitions`](crate::research::factor::definitions).
    #[serde(default)]
    pub definitions: BTreeMap<String, Digest>,
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
    /// When the job or id cannot be a directory name, or the dataset is not of these factors.
    pub fn of(
        job: &str,
        id: &str,
        trained: &Trained,
        (dataset, factors): (&Dataset, &FactorFrame),
        gate: Gate,
        as_of: Date,
    ) -> Result<Self, ResearchError> {
        super::check_name("job", job)?;
        super::check_name("model id", id)?;
        let definition = |name: &String| {
            let found = factors.definitions.get(name).copied();
            found.map(|digest| (name.clone(), digest)).ok_or_else(|| ModelError::Feature(name.clone()))
        };
        Ok(Self {
            job: job.into(),
            id: id.into(),
            model: trained.model.clone(),
            features: Features {
                names: dataset.feature_names.clone(),
                definitions: dataset.feature_names.iter().map(definition).collect::<Result<_, _>>()?,
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
    /// As [`check_factors`](Self::check_factors).
    pub fn scores(&self, factors: &FactorFrame) -> Result<Vec<f64>, ResearchError> {
        self.check_factors(factors.window, &factors.definitions)?;
        predict_scores(&self.model, factors)
    }

    /// Holds factors against those that the model was made with.
    ///
    /// # Errors
    /// When one of them is not there, they have another window, or one means something else by now.
    pub fn check_factors(&self, window: Window, definitions: &BTreeMap<String, Digest>) -> Result<(), ResearchError> {
        let own = &self.features;
        if let Some(name) = own.names.iter().find(|name| !definitions.contains_key(*name)) {
            return Err(ModelError::Feature(name.clone()).into());
        }
        if window != own.window {
            return Err(ResearchError::Window { id: self.id.clone(), own: own.window, got: window });
        }
        let is_other = |name: &&String| own.definitions.get(*name) != definitions.get(*name);
        let names: Vec<String> = own.names.iter().filter(is_other).cloned().collect();
        if names.is_empty() { Ok(()) } else { Err(ResearchError::Redefined { id: self.id.clone(), names }) }
    }

    pub(super) fn files(&self) -> Result<[(&'static str, String); 3], ResearchError> {
        Ok([(MODEL, self.model.to_json()?), (FEATURES, pretty(&self.features)?), (METRICS, pretty(&self.judgement)?)])
    }

    fn check(&self, path: &Path) -> Result<(), ResearchError> {
        let Features { names, definitions, .. } = &self.features;
        if !self.model.features.names().eq(names.iter().map(String::as_str)) {
            return Err(ResearchError::corrupt(&path.join(FEATURES), "its features are not those of model.json"));
        }
        if definitions.is_empty() && !names.is_empty() {
            return Err(ResearchError::Undefined { id: self.id.clone() });
        }
        if definitions.len() != names.len() || !names.iter().all(|name| definitions.contains_key(name)) {
            return Err(ResearchError::corrupt(&path.join(FEATURES), "it does not define exactly its factors"));
        }
        Ok(())
    }
}

/// Reads the snapshot in `directory`, which is `models/<job>/<id>`, and checks all of it: manifest
/// complete, hashes, version, schema.
///
/// # Errors
/// When anything is missing, changed or added, the model's version is another, or an older program saved it
/// without what its factors mean.
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
