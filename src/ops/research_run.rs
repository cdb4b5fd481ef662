//! What the research commands beside NightOps share: one run at a time, its line in the ledger, its alarm.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::{
    alarm, experiment,
    night_ops::{self, Night},
    research_plan::ResearchPlan,
    station::Station,
};
use crate::{
    digest::{Digest, Hasher},
    exit::{AnyFailure, Exit},
    research::experiment::RunContext,
    store::{ExperimentKind, RunEnd, RunStart, RunStatus},
    workspace::Lock,
};

/// The parameter of an experiment that names the run it belongs to.
const RUN_PARAM: &str = "run";

/// Runs `work` as one run of `component`: under the pipeline's lock, for a trading date that the bars
/// reach, in the ledger from beginning to end, counted, with an alarm where it fails.
///
/// # Errors
/// What `work` says; when the run could not even start.
pub(super) fn run<'a, T>(
    mut night: Night<'a>,
    component: &'static str,
    work: impl FnOnce(&mut Night<'a>) -> Result<(T, Digest), AnyFailure>,
) -> Result<T, AnyFailure> {
    let station = night.station;
    // One pipeline at a time, whatever its name: the stores have one writer.
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, component)?;
    let ended = begin(&mut night, component).and_then(|()| {
        let ended = work(&mut night);
        conclude(&mut night, component, &ended)?;
        ended
    });
    let failure = ended.as_ref().err();
    if let Some(failure) = failure {
        alarm::raise(station, component, failure.as_ref());
    }
    let counted = station.metrics().run_ended(component, failure.map(ToString::to_string).as_deref());
    match (counted, ended) {
        (Err(error), Ok(_)) => Err(error.into()),
        (_, ended) => ended.map(|(found, _)| found),
    }
}

fn begin(night: &mut Night<'_>, component: &'static str) -> Result<(), AnyFailure> {
    let as_of = night.settle_as_of()?;
    night.require_bars()?;
    let data = night.data_digest()?;
    let station = night.station;
    let mut hasher = Hasher::new("research input");
    hasher.text(component).text(env!("CARGO_PKG_VERSION")).digest(&station.config.digest);
    hasher.digest(&station.strategy_digest()).digest(&data);
    let start = RunStart {
        id: night.run_id.clone(),
        kind: component.into(),
        as_of,
        input_digest: hasher.finish(),
        started_at: station.clock.now(),
    };
    Ok(night.stores()?.ledger().begin_run(&start)?)
}

fn conclude<T>(
    night: &mut Night<'_>,
    component: &'static str,
    ended: &Result<(T, Digest), AnyFailure>,
) -> Result<(), AnyFailure> {
    let failure = ended.as_ref().err();
    let end = RunEnd {
        status: if failure.is_none() { RunStatus::Success } else { RunStatus::Failed },
        finished_at: night.station.clock.now(),
        result_digest: ended.as_ref().ok().map(|(_, digest)| *digest),
        exit: failure.map_or(Exit::Done, |failure| failure.exit()).code(),
        error: failure.map(ToString::to_string),
    };
    let id = night.run_id.clone();
    match (night.stores().and_then(|stores| Ok(stores.ledger().finish_run(&id, &end)?)), failure) {
        (Err(error), None) => Err(error),
        (Err(error), Some(_)) => {
            // The ledger may be what failed; then the failure at hand says so already.
            tracing::warn!(component, "the run's end is not in the ledger: {error}");
            Ok(())
        }
        (Ok(()), _) => Ok(()),
    }
}

/// Returns what is known of an experiment of such a run before it begins.
pub(super) fn context(
    station: &Station,
    run_id: &str,
    plan: &ResearchPlan,
    kind: ExperimentKind,
    (as_of, data_digest): (Date, Digest),
    params: BTreeMap<String, Value>,
) -> RunContext {
    let mut all = plan.params();
    all.insert(RUN_PARAM.into(), run_id.into());
    all.extend(params);
    experiment::context(station, kind, (as_of, data_digest), all)
}
