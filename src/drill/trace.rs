//! What one scenario leaves for the record: its phase, fault, signals, rollback, proofs, evidence.

use super::{BudgetRule, Budgets};
use crate::record::{
    self, CaseRecord, FaultRecord, Layer, Outcome, PhaseRecord, ProofRecord, RollbackRecord, SignalRecord,
};

/// How far a scenario has come; a step that fails is judged by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Phase {
    /// The target is brought up; nothing is broken.
    #[default]
    Baseline,
    /// A fault is being injected.
    Injecting,
    /// The fault took, and the signals are watched.
    Watching,
    /// The target is taken back and must be as it was.
    Recovering,
}

/// What one scenario leaves for the record.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    /// How far it came.
    pub(super) phase: Phase,
    /// The state that it was to start from could not be made: why.
    pub(super) not_started: Option<String>,
    /// It cannot run on this target: why.
    pub(super) skipped: Option<String>,
    /// The fault.
    pub(super) fault: Option<FaultRecord>,
    /// The signals that were watched.
    pub(super) signals: Vec<SignalRecord>,
    /// The rollback.
    pub(super) rollback: Option<RollbackRecord>,
    /// The proofs, in order.
    pub(super) proofs: Vec<ProofRecord>,
    /// Evidence files, relative to the drill's directory.
    pub(super) evidence: Vec<String>,
    /// Where the environment was kept.
    pub(super) kept: Option<String>,
    /// The cases of a fault of the catalogue.
    pub(super) cases: Vec<CaseRecord>,
}

impl Trace {
    /// Judges the scenario: `failed` says why a step did not hold, if one did not.
    #[must_use]
    pub(super) fn outcome(&self, failed: Option<String>, is_fault_scenario: bool, control: bool) -> Outcome {
        if control && (is_fault_scenario || self.fault.is_some()) {
            return self.control_outcome(failed);
        }
        let Some(reason) = failed else { return Outcome::Passed };
        if let Some(reason) = self.skipped.clone() {
            return Outcome::Skipped { reason };
        }
        if let Some(reason) = self.not_started.clone() {
            return Outcome::NotStarted { reason };
        }
        match self.phase {
            Phase::Baseline if is_fault_scenario => Outcome::NotStarted { reason },
            Phase::Baseline => Outcome::Failed { reason },
            Phase::Injecting => Outcome::NotInjected { reason },
            Phase::Watching => Outcome::NotDetected { reason },
            Phase::Recovering => Outcome::NotRecovered { reason },
        }
    }

    /// Judges a scenario of failure in which nothing was broken: it never passes.
    fn control_outcome(&self, failed: Option<String>) -> Outcome {
        if let Some(reason) = self.skipped.clone() {
            return Outcome::Skipped { reason };
        }
        if let Some(reason) = self.not_started.clone() {
            return Outcome::NotStarted { reason };
        }
        let alarms: Vec<&str> =
            self.signals.iter().filter(|signal| signal.seen).map(|signal| signal.kind.name()).collect();
        if !alarms.is_empty() {
            let reason = format!("false alarm: nothing was broken, and it shows in {}", alarms.join(", "));
            return Outcome::Failed { reason };
        }
        let reason = failed.unwrap_or_else(|| "its steps hold without a fault".into());
        Outcome::NotInjected { reason: format!("a control run injects nothing; {reason}") }
    }

    /// Returns how long each phase took that happened, with its budget.
    #[must_use]
    pub(super) fn phases(&self, budgets: &Budgets, scenario_seconds: f64) -> Vec<PhaseRecord> {
        let of = |phase| {
            let seconds = self.phase_seconds(phase, scenario_seconds)?;
            Some(PhaseRecord { phase, seconds, budget: budgets.of(phase).map(|budget| budget * self.parts(phase)) })
        };
        record::Phase::ALL.into_iter().filter_map(of).collect()
    }

    /// A scenario of the catalogue of faults starts anew for each case: its budget is one for each.
    fn parts(&self, phase: record::Phase) -> f64 {
        if phase == record::Phase::Scenario { self.cases.len().max(1) as f64 } else { 1.0 }
    }

    fn phase_seconds(&self, phase: record::Phase, scenario_seconds: f64) -> Option<f64> {
        use record::Phase as P;
        match phase {
            P::Detect => {
                self.signals.iter().filter(|signal| signal.seen).filter_map(|signal| signal.seconds).reduce(f64::min)
            }
            P::Code => self.layer_seconds(Layer::Code),
            P::Config => self.layer_seconds(Layer::Config),
            P::Model => self.layer_seconds(Layer::Models),
            P::Data => self.layer_seconds(Layer::Data),
            P::Verify => self.proof_seconds("fingerprint"),
            P::Recover => self.rollback.as_ref().map(|rollback| rollback.seconds),
            P::Rerun => self.proof_seconds("rerun"),
            P::Scenario => Some(scenario_seconds),
        }
    }

    fn proof_seconds(&self, kind: &str) -> Option<f64> {
        self.proofs.iter().filter(|proof| proof.kind == kind).map(|proof| proof.seconds).reduce(|a, b| a + b)
    }

    /// The rollback says how long a layer took; one of a single layer took it all, but for the proof.
    fn layer_seconds(&self, layer: Layer) -> Option<f64> {
        let proofs = self.proofs.iter().filter(|proof| proof.kind == "fingerprint").flat_map(|proof| &proof.layers);
        let said = proofs.filter(|proof| proof.layer == layer).filter_map(|proof| proof.rollback_seconds);
        said.reduce(|a, b| a + b).or_else(|| {
            let rollback = self.rollback.as_ref().filter(|rollback| rollback.layers == [layer])?;
            Some((rollback.seconds - self.proof_seconds("fingerprint").unwrap_or(0.0)).max(0.0))
        })
    }

    /// Says what took longer than its budget.
    #[must_use]
    pub(super) fn over_budget(&self, budgets: &Budgets, scenario_seconds: f64) -> Option<String> {
        let words = |phase: PhaseRecord| {
            let budget = phase.budget.filter(|_| phase.is_over())?;
            let parts = self.parts(phase.phase);
            let each = if parts > 1.0 { format!(", {parts} cases of {} s", budget / parts) } else { String::new() };
            Some(format!("{} took {} s of {budget} s{each}", phase.phase.name(), phase.seconds))
        };
        let over: Vec<String> = self.phases(budgets, scenario_seconds).into_iter().filter_map(words).collect();
        (!over.is_empty()).then(|| format!("over budget: {}", over.join(", ")))
    }

    /// Turns a pass that is over budget into a failure, where budgets are enforced.
    #[must_use]
    pub(super) fn within_budget(&self, outcome: Outcome, rule: BudgetRule, budgets: &Budgets, seconds: f64) -> Outcome {
        match (outcome, self.over_budget(budgets, seconds)) {
            (Outcome::Passed, Some(reason)) if rule == BudgetRule::Enforce => Outcome::Failed { reason },
            (outcome, Some(reason)) => {
                tracing::warn!("{reason}");
                outcome
            }
            (outcome, None) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BudgetRule, Budgets, Phase, Trace};
    use crate::record::{
        self, Duty, Layer, LayerProof, Outcome, ProofRecord, RollbackRecord, SignalKind, SignalRecord,
    };

    fn trace(phase: Phase) -> Trace {
        Trace { phase, ..Trace::default() }
    }

    fn signal(seen: bool, seconds: f64) -> SignalRecord {
        let text = String::new;
        SignalRecord {
            kind: SignalKind::Log,
            duty: Duty::Show,
            expected: text(),
            observed: text(),
            seen,
            seconds: Some(seconds),
        }
    }

    #[test]
    fn step_that_fails_is_judged_by_the_phase() {
        let names = [
            (Phase::Baseline, true, "NotStarted"),
            (Phase::Baseline, false, "Failed"),
            (Phase::Injecting, true, "NotInjected"),
            (Phase::Watching, true, "NotDetected"),
            (Phase::Recovering, true, "NotRecovered"),
        ];
        for (phase, fault, name) in names {
            assert_eq!(trace(phase).outcome(Some("x".into()), fault, false).name(), name, "{phase:?}");
        }
        assert_eq!(trace(Phase::Recovering).outcome(None, true, false), Outcome::Passed);
    }

    #[test]
    fn control_run_never_passes_a_failure_and_calls_out_a_false_alarm() {
        assert_eq!(trace(Phase::Watching).outcome(None, true, true).name(), "NotInjected");
        assert_eq!(trace(Phase::Baseline).outcome(None, false, true), Outcome::Passed);
        let alarmed = Trace { signals: vec![signal(true, 1.0)], ..trace(Phase::Watching) };
        assert_eq!(alarmed.outcome(None, true, true).name(), "Failed");
    }

    #[test]
    fn pass_over_budget_fails_where_budgets_are_enforced() {
        use record::Phase as P;
        let budgets: Budgets = [(P::Detect, 1.0), (P::Recover, 1.0), (P::Scenario, 9.0)].into_iter().collect();
        let late = Trace { signals: vec![signal(true, 2.0), signal(true, 3.0)], ..Trace::default() };
        let judged = |rule| late.within_budget(Outcome::Passed, rule, &budgets, 5.0);
        assert_eq!(judged(BudgetRule::Enforce).reason(), Some("over budget: detect took 2 s of 1 s"));
        assert_eq!(judged(BudgetRule::Warn), Outcome::Passed);
    }

    #[test]
    fn phases_are_those_that_happened() {
        use record::Phase as P;
        let digest = crate::digest::Digest::of("x");
        let layer = |layer, rollback_seconds| LayerProof {
            layer,
            before: digest,
            after: digest,
            differences: Vec::new(),
            rollback_seconds,
        };
        let proof = |kind: &str, layers, seconds| ProofRecord { kind: kind.into(), holds: true, layers, seconds };
        let back = |layers: &[Layer]| RollbackRecord {
            layers: layers.to_vec(),
            to: "tag".into(),
            succeeded: true,
            at_seconds: 0.0,
            seconds: 1.0,
            actions: Vec::new(),
        };
        let found = |trace: &Trace| -> Vec<(P, f64)> {
            trace.phases(&Budgets::default(), 9.0).iter().map(|phase| (phase.phase, phase.seconds)).collect()
        };
        assert_eq!(found(&Trace::default()), [(P::Scenario, 9.0)]);
        let code = Trace {
            rollback: Some(back(&[Layer::Code])),
            proofs: vec![proof("fingerprint", Vec::new(), 0.25), proof("rerun", Vec::new(), 3.0)],
            ..Trace::default()
        };
        let expected = [(P::Code, 0.75), (P::Verify, 0.25), (P::Recover, 1.0), (P::Rerun, 3.0), (P::Scenario, 9.0)];
        assert_eq!(found(&code), expected);
        let layers = vec![layer(Layer::Code, None), layer(Layer::Config, Some(0.5)), layer(Layer::Data, Some(0.125))];
        let all = Trace {
            rollback: Some(back(&[Layer::Config, Layer::Data])),
            proofs: vec![proof("fingerprint", layers, 0.25)],
            ..Trace::default()
        };
        let expected = [(P::Config, 0.5), (P::Data, 0.125), (P::Verify, 0.25), (P::Recover, 1.0), (P::Scenario, 9.0)];
        assert_eq!(found(&all), expected);
    }
}
