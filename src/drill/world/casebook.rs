//! A scenario of the catalogue of faults: all cases of one fault, each in an environment of its own.

use super::{NotSo, Step, World};
use crate::{
    drill::{
        casebook::{Tried, entry_of, try_case},
        trace::Phase,
    },
    record::{FaultRecord, Outcome},
};

/// Whose workspaces the casebook knows.
const TARGET: &str = "lighthunter";

impl World {
    /// Takes a fault of the catalogue.
    ///
    /// # Errors
    /// When there is none, its file is wrong, or it has no case. Another target than `LightHunter` skips the scenario.
    pub fn take_fault(&mut self, id: &str) -> Step {
        let name = self.session()?.target.spec.name.clone();
        if name != TARGET {
            let reason = format!("the catalogue's cases are of {TARGET}'s workspaces, not of {name}'s");
            self.trace.skipped = Some(reason.clone());
            return Err(NotSo(reason));
        }
        let entry = entry_of(id).map_err(NotSo)?;
        if entry.cases.is_empty() {
            return Err(NotSo(format!("not covered: no case of {id} is written")));
        }
        self.entry = Some(entry);
        Ok(())
    }

    /// Tries every case of the fault that is asked for, whatever became of those before.
    ///
    /// # Errors
    /// When every case was skipped: then the scenario is, with the reasons.
    pub fn try_cases(&mut self) -> Step {
        let (session, name) = (self.session()?, self.scene()?.name.clone());
        let entry = self.entry.ok_or_else(|| NotSo::because("no fault of the catalogue was taken"))?;
        self.enter(Phase::Injecting);
        let at_seconds = self.scene()?.watch.seconds();
        let cases_max = session.options.cases_max.unwrap_or(usize::MAX);
        for case in entry.cases.iter().take(cases_max) {
            let Tried { record, evidence, environment } = try_case(&session, &name, entry, case);
            tracing::debug!(fault = %entry.id, case = %case.name, outcome = record.outcome.name(), "a case is over");
            let red = record.outcome.is_red(false);
            self.trace.evidence.extend(evidence);
            self.trace.cases.push(record);
            match environment {
                // The first that is red is what a person looks at; the rule says whether it is kept.
                Some(environment) if red && self.environment.is_none() => self.environment = Some(environment),
                Some(environment) => session.let_go(environment),
                None => {}
            }
        }
        let cases = &self.trace.cases;
        let injected = cases.iter().any(|case| !case.fired.is_empty());
        let lines: Vec<String> = cases.iter().map(|case| format!("{}: {}", case.name, case.fired.join("; "))).collect();
        self.trace.fault = Some(FaultRecord {
            id: entry.id.clone(),
            what: entry.title.clone(),
            what_zh: entry.title_zh.clone(),
            injected,
            at_seconds,
            diff: lines.join("\n"),
        });
        self.all_skipped()
    }

    fn all_skipped(&mut self) -> Step {
        let reasons: Vec<String> = self
            .trace
            .cases
            .iter()
            .filter(|case| matches!(case.outcome, Outcome::Skipped { .. }))
            .map(|case| format!("{}: {}", case.name, case.outcome.reason().unwrap_or_default()))
            .collect();
        if reasons.len() < self.trace.cases.len() {
            return Ok(());
        }
        let reason = reasons.join("; ");
        self.trace.skipped = Some(reason.clone());
        Err(NotSo(reason))
    }

    /// Every case that was not skipped could start, and its fault took.
    ///
    /// # Errors
    /// Which did not, and why.
    pub fn expect_injected(&mut self) -> Step {
        self.none(|outcome| matches!(outcome, Outcome::NotStarted { .. }))
            .inspect_err(|why| self.trace.not_started = Some(why.to_string()))?;
        self.none(|outcome| matches!(outcome, Outcome::NotInjected { .. }))?;
        self.enter(Phase::Watching);
        Ok(())
    }

    /// Every fault that took showed as its case says.
    ///
    /// # Errors
    /// Which did not, and what was seen instead.
    pub fn expect_detected(&mut self) -> Step {
        self.none(|outcome| matches!(outcome, Outcome::NotDetected { .. } | Outcome::Failed { .. }))?;
        self.enter(Phase::Recovering);
        Ok(())
    }

    /// Every fault was recovered from, with its proofs.
    ///
    /// # Errors
    /// Which was not, and what is not so.
    pub fn expect_recovered(&mut self) -> Step {
        self.none(|outcome| !matches!(outcome, Outcome::Passed | Outcome::Skipped { .. }))
    }

    /// No case ended in one of these ways.
    fn none(&self, bad: impl Fn(&Outcome) -> bool) -> Step {
        let wrong: Vec<String> = self
            .trace
            .cases
            .iter()
            .filter(|case| bad(&case.outcome))
            .map(|case| format!("{}: {}", case.name, case.outcome.reason().unwrap_or_default()))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(NotSo(wrong.join("; "))) }
    }
}
