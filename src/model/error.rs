//! What can go wrong in a fit or in reading a saved model.

use crate::exit::{Exit, Failure};

/// A failure of a learner or of a saved model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A parameter outside its range.
    #[error("learner parameter {key} is {got}, allowed is {allowed}")]
    Parameter {
        /// The parameter.
        key: &'static str,
        /// Its value.
        got: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// Input that no model can be learned from.
    #[error("cannot fit: {0}")]
    Degenerate(String),
    /// The learner stopped before it converged.
    #[error("the fit did not converge within {iterations} iterations (duality gap {gap:e}, wanted {wanted:e})")]
    NotConverged {
        /// Iterations allowed.
        iterations: u32,
        /// The gap at the end.
        gap: f64,
        /// The gap that counts as converged.
        wanted: f64,
    },
    /// The model would predict one number for everything.
    #[error("the fitted model is constant: {why}")]
    Constant {
        /// What made it so.
        why: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The library of the elastic net refused.
    #[error("the learner failed: {0}")]
    Library(#[from] linfa_elasticnet::ElasticNetError),
    /// The library of the boosted trees refused.
    #[error("the learner failed: {0}")]
    Boosting(#[from] forust_ml::errors::ForustError),
    /// A saved model that does not make sense.
    #[error("the saved model is not valid: {0}")]
    Invalid(String),
    /// A saved model that is not JSON of the expected form.
    #[error("the saved model cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A saved model of another version.
    #[error("the saved model has version {got}, this program reads version {known}")]
    Version {
        /// The file's version.
        got: u64,
        /// The version that can be read.
        known: u32,
    },
    /// Features that do not fit the model's schema.
    #[error("the model needs the feature '{0}', which is not there")]
    Feature(String),
}

impl Failure for ModelError {
    fn exit(&self) -> Exit {
        match self {
            Self::Parameter { .. } | Self::Version { .. } | Self::Feature(_) => Exit::Config,
            Self::Degenerate(_) | Self::Constant { .. } => Exit::DataRefused,
            Self::NotConverged { .. } => Exit::Limit,
            Self::Library(_) | Self::Boosting(_) => Exit::Internal,
            Self::Invalid(_) | Self::Json(_) => Exit::Corrupt,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Parameter { .. } => "Set the parameter to an allowed value.",
            Self::Degenerate(_) => "Check the dataset: its rows and columns must vary.",
            Self::Constant { remedy, .. } => remedy,
            Self::NotConverged { .. } => "Raise max_iterations or tolerance, or raise the penalty.",
            Self::Version { .. } => "Train the model again.",
            Self::Feature(_) => "Add the factor to the factor set, or train the model again.",
            Self::Invalid(_) | Self::Json(_) => "Go back to a sound model with `models previous`, or train again.",
            Self::Library(_) | Self::Boosting(_) => return None,
        };
        Some(text.into())
    }
}
