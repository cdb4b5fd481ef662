//! How a run ends: its experiment, its ledger entry, its report, whatever it came to.

use super::{
    recorder::{equity_csv, trades_csv},
    refusals::refused_csv,
    report::{AccountReport, SimulationReport},
    run::Run,
    wire::BusUse,
};
use crate::{
    digest::Digest,
    exit::{AnyFailure, Failure},
    research::experiment::{ExperimentRun, Outcome},
    store::{Experiment, RunEnd, RunStatus},
    trading::Fen,
};

impl Run<'_> {
    /// Records how the run ended, whatever it was.
    pub(super) fn conclude(
        mut self,
        experiment: &mut ExperimentRun,
        failure: Option<&dyn Failure>,
    ) -> Result<SimulationReport, AnyFailure> {
        let bus = self.farewell(failure);
        let digest = self.recorder.digest();
        let record = match failure {
            Some(failure) => {
                self.tables(experiment)?;
                experiment.fail(failure)
            }
            None => self.succeed(experiment, digest)?,
        };
        let end = RunEnd {
            status: if failure.is_none() { RunStatus::Success } else { RunStatus::Failed },
            finished_at: self.station.clock.now(),
            result_digest: failure.is_none().then_some(digest),
            exit: failure.map_or(0, |failure| failure.exit().code()),
            error: failure.map(ToString::to_string),
        };
        let (id, in_ledger) = (self.id.clone(), self.in_ledger);
        let stores = self.stores()?;
        stores.experiments().record(&record)?;
        if in_ledger {
            stores.ledger().finish_run(&id, &end)?;
        }
        let mut notes = std::mem::take(&mut self.day.notes);
        notes.extend(self.scores.note.take());
        Ok(SimulationReport {
            date: self.day.date,
            run_id: id,
            experiment_id: record.id,
            success: failure.is_none(),
            exit: end.exit,
            error: end.error,
            started_at: self.started_at,
            seconds: self.watch.seconds(),
            interval_minutes: self.day.interval.minutes(),
            symbols: self.day.days.len(),
            model_id: self.scores.model_id,
            resumed_at_step: self.resumed_at,
            forced_against: self.forced_against.take(),
            counts: self.recorder.counts.clone(),
            accounts: self.accounts,
            tripped: self.tripped_now,
            alerts: self.recorder.alerts.clone(),
            refused: self.recorder.refusals.listed(),
            notes,
            bus,
            result_digest: end.result_digest,
        })
    }

    /// Writes what was traded, which a failure later in the day does not undo.
    fn tables(&self, experiment: &mut ExperimentRun) -> Result<(), AnyFailure> {
        let rows = &self.recorder.rows;
        if !rows.marks.is_empty() {
            experiment.add_table("trades.csv", trades_csv(&rows.executions))?;
            experiment.add_table("equity.csv", equity_csv(&rows.marks))?;
        }
        let refused = self.recorder.refusals.listed();
        if !refused.is_empty() {
            experiment.add_table("refused.csv", refused_csv(&refused))?;
        }
        Ok(())
    }

    fn succeed(&mut self, experiment: &mut ExperimentRun, digest: Digest) -> Result<Experiment, AnyFailure> {
        self.tables(experiment)?;
        let sum = |value: fn(&AccountReport) -> Fen| self.accounts.iter().map(value).sum::<Fen>() as f64;
        let (first, last) = (sum(|account| account.opening_nav), sum(|account| account.nav));
        let metrics = [
            ("bt_ret_total".to_owned(), (first > 0.0).then(|| last / first - 1.0)),
            ("bt_trades".to_owned(), Some(self.recorder.counts.fills as f64)),
        ];
        let outcome = Outcome {
            metrics: metrics.into(),
            result_digest: Some(digest),
            model_id: self.scores.model_id.clone(),
            ..Outcome::default()
        };
        Ok(experiment.succeed(outcome)?)
    }

    /// Leaves the bus; a failure is said there first.
    fn farewell(&mut self, failure: Option<&dyn Failure>) -> Option<BusUse> {
        let error = self.recorder.bus_error.take();
        match self.recorder.wire.take() {
            Some(mut wire) => {
                if let Some(failure) = failure {
                    wire.failed(failure, self.station.clock.now());
                }
                Some(wire.close())
            }
            None => error.map(|error| BusUse { error: Some(error), ..BusUse::default() }),
        }
    }
}
