//! Which runs of the matrix are asked for, and which of them an earlier experiment has done.

use crate::{
    config::{ExperimentMatrix, MatrixExperiment},
    digest::Digest,
    exit::{Exit, Failure},
    store::{Experiment, ExperimentKind, ExperimentStatus},
};

/// The parameter of an experiment that holds the digest of everything its result depends on.
pub const CELL_DIGEST: &str = "cell_digest";

/// A matrix that could not be run, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// An id that no enabled experiment and no sweep has.
    #[error("'{id}' is no enabled experiment or sweep of config/experiment_matrix.yaml{}",
        nearest.as_ref().map(|near| format!(", nearest is '{near}'")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        id: String,
        /// The id nearest to it.
        nearest: Option<String>,
    },
    /// Nothing is left of the matrix.
    #[error("no enabled experiment of config/experiment_matrix.yaml {0}")]
    Nothing(String),
    /// Some cells failed; the others are done.
    #[error("{failed} of {of} experiments failed, the first is {first}: {message}")]
    Cells {
        /// How many failed.
        failed: usize,
        /// How many were asked for.
        of: usize,
        /// The id of the first in the file's order.
        first: String,
        /// What ended it.
        message: String,
        /// Its exit class.
        exit: Exit,
    },
}

impl Failure for MatrixError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } => Exit::Usage,
            Self::Nothing(_) => Exit::NothingRan,
            Self::Cells { exit, .. } => *exit,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { .. } | Self::Nothing(_) => {
                "See what there is with `lighthunter experiments run-matrix --dry-run`.".into()
            }
            Self::Cells { .. } => "Mend the cause, then run the failed ones with --resume: those done are kept.".into(),
        })
    }
}

/// Returns the runs that are asked for, in the matrix's order: those named by id or by their sweep's,
/// if some are, and of them those with the tag, if there is one.
///
/// # Errors
/// When a name is no run's, or nothing is left.
pub fn select(
    matrix: &ExperimentMatrix,
    only: &[String],
    tag: Option<&str>,
) -> Result<Vec<MatrixExperiment>, MatrixError> {
    let mut runs = matrix.runs();
    let is_named = |run: &MatrixExperiment, name: &str| {
        run.id == name || run.id.strip_prefix(name).is_some_and(|rest| rest.starts_with("__"))
    };
    for name in only {
        if !runs.iter().any(|run| is_named(run, name)) {
            let known = runs.iter().map(|run| run.id.as_str()).chain(matrix.sweeps.iter().map(|one| one.id.as_str()));
            let near = known.map(|id| (strsim::jaro_winkler(name, id), id)).filter(|(likeness, _)| *likeness > 0.7);
            let nearest = near.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, id)| id.to_owned());
            return Err(MatrixError::Unknown { id: name.clone(), nearest });
        }
    }
    runs.retain(|run| only.is_empty() || only.iter().any(|name| is_named(run, name)));
    runs.retain(|run| tag.is_none_or(|tag| run.tags.iter().any(|own| own == tag)));
    if runs.is_empty() {
        let what = tag.map_or_else(|| "is there".to_owned(), |tag| format!("has the tag '{tag}'"));
        return Err(MatrixError::Nothing(what));
    }
    Ok(runs)
}

/// Returns the newest experiment of a matrix that ended well with the same digest of its inputs.
#[must_use]
pub fn done_before<'e>(experiments: &'e [Experiment], digest: &Digest) -> Option<&'e Experiment> {
    let wanted = serde_json::Value::from(digest.to_string());
    experiments.iter().rev().find(|experiment| {
        experiment.kind == ExperimentKind::Matrix
            && experiment.status == ExperimentStatus::Success
            && experiment.result_digest.is_some()
            && experiment.params.get(CELL_DIGEST) == Some(&wanted)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MatrixError, select};
    use crate::{
        config::{ExperimentMatrix, MatrixExperiment, Sweep},
        exit::{Exit, Failure},
    };

    fn matrix() -> ExperimentMatrix {
        let one = |id: &str, tag: &str, enabled| MatrixExperiment {
            id: id.into(),
            name: id.into(),
            enabled,
            tags: vec![tag.into()],
            set: [("seed".to_owned(), json!(1))].into(),
        };
        let vary = [("seed".to_owned(), vec![json!(2), json!(3)])];
        ExperimentMatrix {
            experiments: vec![one("base", "slow", true), one("spread", "quick", true), one("off", "quick", false)],
            sweeps: vec![Sweep { id: "seeds".into(), base_experiment: "base".into(), vary: vary.into() }],
            ..ExperimentMatrix::default()
        }
    }

    fn ids(only: &[&str], tag: Option<&str>) -> Result<Vec<String>, MatrixError> {
        let only: Vec<String> = only.iter().map(|id| (*id).to_owned()).collect();
        Ok(select(&matrix(), &only, tag)?.into_iter().map(|run| run.id).collect())
    }

    #[test]
    fn runs_are_chosen_by_id_sweep_and_tag_in_the_matrix_s_order() {
        let all = ["base", "spread", "seeds__base__1", "seeds__base__2"];
        assert_eq!(ids(&[], None).expect("some"), all);
        assert_eq!(ids(&["seeds__base__2", "base"], None).expect("some"), ["base", "seeds__base__2"]);
        assert_eq!(ids(&["seeds"], None).expect("some"), all[2..]);
        assert_eq!(ids(&[], Some("quick")).expect("some"), ["spread"]);
    }

    #[test]
    fn unknown_and_empty_choices_are_refused() {
        let error = ids(&["spraed"], None).expect_err("unknown");
        assert!(error.to_string().contains("nearest is 'spread'"), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
        assert_eq!(ids(&["off"], None).expect_err("disabled").exit(), Exit::Usage);
        assert_eq!(ids(&["base"], Some("quick")).expect_err("nothing").exit(), Exit::NothingRan);
    }
}
