//! A rollback in the ledger: it is a run like any other, and is never taken back itself.

use super::{RollbackError, RollbackIntent, Site, stored::StoredFiles};
use crate::{
    digest::Hasher,
    exit::Exit,
    record::ProofRecord,
    store::{Ledger, RunEnd, RunStart, RunStatus, StorePath},
};

/// The kind of its runs.
const KIND: &str = "rollback";

/// Succeeds when no run of a living process is under way.
pub(super) fn require_idle(place: &StorePath) -> Result<(), RollbackError> {
    if !place.path.exists() {
        return Ok(());
    }
    let ledger = match Ledger::open_read_only(place) {
        Ok(ledger) => ledger,
        // A ledger that cannot be read is for the data layer to judge.
        Err(error) => {
            tracing::warn!(%error, "the ledger cannot be asked for running runs");
            return Ok(());
        }
    };
    let abandoned = ledger.abandoned_runs()?;
    match ledger.running()?.into_iter().find(|run| !abandoned.contains(&run.id)) {
        Some(run) => Err(RollbackError::Running { id: run.id }),
        None => Ok(()),
    }
}

/// Writes the rollback into the ledger. Its effect is on disk by now, so a ledger that fails here is said
/// and stops nothing.
pub(super) fn record(stored: &StoredFiles<'_>, intent: &RollbackIntent, site: Site<'_>, proof: &ProofRecord) {
    if let Err(error) = write(stored, intent, site, proof) {
        tracing::warn!(%error, id = intent.id, "the rollback is not in the ledger");
    }
}

fn write(
    stored: &StoredFiles<'_>,
    intent: &RollbackIntent,
    site: Site<'_>,
    proof: &ProofRecord,
) -> Result<(), RollbackError> {
    let ledger = stored.ledger()?;
    let mut hasher = Hasher::new("rollback");
    hasher.text(&intent.to);
    for layer in &proof.layers {
        hasher.digest(&layer.after);
    }
    let digest = hasher.finish();
    let start = RunStart {
        id: intent.id.clone(),
        kind: KIND.into(),
        as_of: site.clock.today(),
        input_digest: digest,
        started_at: intent.started_at,
    };
    let end = RunEnd {
        status: RunStatus::Success,
        finished_at: site.clock.now(),
        result_digest: Some(digest),
        exit: Exit::Done.code(),
        error: None,
    };
    let known: Option<_> = ledger.run(&intent.id)?;
    if known.is_none() {
        ledger.begin_run(&start)?;
    }
    ledger.finish_run(&intent.id, &end)?;
    Ok(())
}
