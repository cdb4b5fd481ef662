//! The way back by the target's own command, where it names one. That it ended well is its own word; the
//! fingerprint proof is the drill's.

use serde_json::json;

use super::{NotSo, World};
use crate::{
    clock::Stopwatch,
    drill::{Ended, EntryKind, target::ROLLBACK},
    exit::Exit,
    record::{Layer, ProofRecord, RollbackRecord},
    rollback,
};

impl World {
    /// Runs the target's rollback and proves what it did; the inner error is how it failed.
    pub(super) fn roll_back_by_command(
        &mut self,
        to: &str,
        at_seconds: f64,
    ) -> Result<Result<(), (u8, String)>, NotSo> {
        let session = self.session()?;
        let aftermath = self.before_way_back()?;
        let watch = Stopwatch::start();
        let run = session.target.run_rollback(self.environment()?, to)?;
        let mut rollback = RollbackRecord {
            layers: vec![Layer::Code, Layer::Config],
            to: to.into(),
            succeeded: false,
            at_seconds,
            seconds: watch.seconds(),
            actions: vec![format!("{}: {}", run.line, run.ended)],
        };
        if run.ended != Ended::Code(0) {
            self.trace.rollback = Some(rollback);
            let code = match run.ended {
                Ended::Code(code) => u8::try_from(code).unwrap_or(u8::MAX),
                Ended::Signal(_) | Ended::Deadline => Exit::Limit.code(),
            };
            return Ok(Err((code, format!("the rollback ended with {}: {}", run.ended, run.last_words()))));
        }
        if let Some(wrong) = aftermath.wrong() {
            self.trace.rollback = Some(rollback);
            return Ok(Err((
                Exit::RollbackIncomplete.code(),
                format!("the rollback ended with exit code 0, but {wrong}"),
            )));
        }
        let proving = Stopwatch::start();
        let before = &self.baseline()?.state;
        let proof = rollback::compare(before, &rollback::fingerprint_again(&self.environment()?.repo(), before)?, 0.0);
        let proof = ProofRecord { seconds: proving.seconds(), ..proof };
        rollback.succeeded = proof.holds;
        rollback.seconds = watch.seconds();
        self.journal(EntryKind::Done, ROLLBACK, json!({ "to": to, "holds": proof.holds }))?;
        if proof.holds {
            self.journal(EntryKind::Done, "inject", json!({ "by": "rollback" }))?;
        }
        self.keep_evidence("proof.json", serde_json::to_string_pretty(&proof).unwrap_or_default())?;
        self.trace.rollback = Some(rollback);
        self.trace.proofs.push(proof);
        Ok(Ok(()))
    }
}
