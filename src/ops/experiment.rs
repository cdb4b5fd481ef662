//! The experiments of operations: what each says of where it was made, and how it is committed, whatever
//! became of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::station::Station;
use crate::{
    digest::Digest,
    exit::{AnyFailure, Failure},
    research::experiment::{ExperimentLab, ExperimentRun, Outcome, RunContext},
    store::{Experiment, ExperimentKind, Stores},
};

/// Returns the workspace's experiments.
pub(super) fn lab(station: &Station) -> ExperimentLab {
    ExperimentLab::new(&station.workspace, &station.settings().paths.experiments_dir, &station.clock)
}

/// Returns what is known of an experiment before it begins. The digest of the strategies is part of every
/// one, so that one that fails before they are loaded has it too.
pub(super) fn context(
    station: &Station,
    kind: ExperimentKind,
    (as_of, data_digest): (Date, Digest),
    mut params: BTreeMap<String, Value>,
) -> RunContext {
    params.insert("strategy_digest".into(), json!(station.strategy_digest()));
    RunContext {
        kind,
        job: station.settings().alpha.default_job.clone(),
        model_id: None,
        as_of,
        seed: station.settings().seed.0,
        git_commit: station.commit(),
        config_digest: station.config.digest,
        data_digest,
        params,
    }
}

/// Ends an experiment well and commits it.
pub(super) fn commit(stores: &Stores, run: &mut ExperimentRun, outcome: Outcome<'_>) -> Result<Experiment, AnyFailure> {
    let experiment = match run.succeed(outcome) {
        Ok(experiment) => experiment,
        Err(error) => {
            commit_failure(stores, run, &error);
            return Err(error.into());
        }
    };
    stores.experiments().record(&experiment)?;
    Ok(experiment)
}

/// Ends an experiment as failed and commits that: the failure is the cause, whatever the ledger says.
pub(super) fn commit_failure(stores: &Stores, run: &mut ExperimentRun, failure: &dyn Failure) {
    let experiment = run.fail(failure);
    if let Err(error) = stores.experiments().record(&experiment) {
        tracing::warn!(experiment = experiment.id, "the failed experiment is not in the ledger: {error}");
    }
}
