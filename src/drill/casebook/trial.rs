//! One case of a fault, from the state that it starts from to the proof of its recovery. A case whose mechanism did
//! not fire, or whose way back was not proven, is never green.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use super::{
    enact::{GroundOf, keep_before},
    entry::{Act, Case, Entry, StageName, Undo},
    harm::Harm,
    invariant::Invariant,
    judge::{judge, said},
    kept::Kept,
    perform::{Held, hurts, perform},
    proof::{Scene, prove},
    running::Running,
    snapshot::Acknowledged,
};
use crate::{
    clock::Stopwatch,
    drill::{
        EntryKind, Environment, Prepared, Ran,
        mechanism::{Armed, Mechanism},
        session::Session,
        stage::Stage,
    },
    record::{CaseRecord, Outcome},
    rollback::{self, Fingerprint},
    vault::Vault,
};

/// Why a case does not go on, by how far it came.
type Stop = Outcome;

/// One case under way.
pub(in crate::drill) struct Trial<'a> {
    pub(super) session: &'a Arc<Session>,
    pub(super) scenario: &'a str,
    pub(super) entry: &'a Entry,
    pub(super) case: &'a Case,
    pub(super) environment: Environment,
    /// Runs before the fault, with the prepared ones, and after it.
    pub(super) runs: Vec<Ran>,
    pub(super) faulted: Vec<Ran>,
    pub(super) beside: BTreeMap<String, Running>,
    pub(super) armed: BTreeMap<String, Armed>,
    pub(super) hurt_keys: Vec<String>,
    pub(super) kept: Vec<Kept>,
    pub(super) held: Vec<Held>,
    pub(super) acts: usize,
    /// What is known for the record.
    pub(super) evidence: Vec<String>,
    pub(super) fired: Vec<String>,
    pub(super) proven: Vec<String>,
}

/// A case that is over: what it leaves for the record, and its environment.
pub(in crate::drill) struct Tried {
    pub(in crate::drill) record: CaseRecord,
    pub(in crate::drill) evidence: Vec<String>,
    pub(in crate::drill) environment: Option<Environment>,
}

/// Tries a case.
pub(in crate::drill) fn try_case(session: &Arc<Session>, scenario: &str, entry: &Entry, case: &Case) -> Tried {
    let watch = Stopwatch::start();
    let of = |outcome: Outcome, fired: Vec<String>, proven: Vec<String>, seconds: f64| CaseRecord {
        name: case.name.clone(),
        outcome,
        seconds: (seconds * 1e3).round() / 1e3,
        fired,
        proven,
    };
    if let Err(reason) = missing(case) {
        let record = of(Outcome::Skipped { reason }, Vec::new(), Vec::new(), watch.seconds());
        return Tried { record, evidence: Vec::new(), environment: None };
    }
    let prepared = match session.copy_of(stage_of(case.stage)) {
        Ok(prepared) => prepared,
        Err(reason) => {
            let outcome = Outcome::NotStarted { reason: format!("the baseline is red: {reason}") };
            let record = of(outcome, Vec::new(), Vec::new(), watch.seconds());
            return Tried { record, evidence: Vec::new(), environment: None };
        }
    };
    let Prepared { environment, runs, evidence: _ } = prepared;
    let mut trial = Trial {
        session,
        scenario,
        entry,
        case,
        environment,
        runs,
        faulted: Vec::new(),
        beside: BTreeMap::new(),
        armed: BTreeMap::new(),
        hurt_keys: Vec::new(),
        kept: Vec::new(),
        held: Vec::new(),
        acts: 0,
        evidence: Vec::new(),
        fired: Vec::new(),
        proven: Vec::new(),
    };
    let outcome = match trial.go() {
        Ok(()) => Outcome::Passed,
        Err(stop) => stop,
    };
    trial.beside.clear();
    trial.held.clear();
    let record = of(outcome, trial.fired, trial.proven, watch.seconds());
    Tried { record, evidence: trial.evidence, environment: Some(trial.environment) }
}

const fn stage_of(name: StageName) -> Stage {
    match name {
        StageName::Bootstrapped => Stage::Bootstrapped,
        StageName::FirstNight => Stage::FirstNight,
        StageName::FirstBacktest => Stage::FirstBacktest,
        StageName::FirstSimulation => Stage::FirstSimulation,
    }
}

/// Says what of a case's needs this machine lacks.
///
/// # Errors
/// The first program that is not on the path, or the reason why a mechanism does not work here.
pub fn missing(case: &Case) -> Result<(), String> {
    let acts = case.before.iter().chain(&case.run).chain(&case.after);
    acts.filter_map(|act| act.around.as_ref()).try_for_each(Mechanism::available)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    for need in &case.needs {
        if !std::env::split_paths(&path).any(|place| place.join(need).is_file()) {
            return Err(format!("this machine has no {need}"));
        }
    }
    Ok(())
}

impl Trial<'_> {
    fn go(&mut self) -> Result<(), Stop> {
        let case = self.case;
        for act in &case.before {
            let ran = self.act(act).map_err(|reason| Outcome::NotStarted { reason })?;
            self.runs.extend(ran);
        }
        let not_started = |reason: String| Outcome::NotStarted { reason };
        let repo = self.environment.repo();
        let before = Acknowledged::read(&repo).map_err(not_started)?;
        let tree = rollback::tree_fingerprint(&repo).map_err(|error| not_started(error.to_string()))?;
        if self.session.options.control {
            return self.control();
        }
        self.inject(&case.inject).map_err(|reason| Outcome::NotInjected { reason })?;
        let broken = rollback::tree_fingerprint(&repo).ok();
        for act in &case.run {
            let ran = self.act_faulted(act)?;
            self.faulted.extend(ran);
        }
        let broken = broken.unwrap_or_else(|| tree.clone());
        self.prove(&case.holds, &before, &broken).map_err(|reason| Outcome::Failed { reason })?;
        let not_recovered = |reason: String| Outcome::NotRecovered { reason };
        self.undo().map_err(not_recovered)?;
        for act in &case.after {
            let ran = self.act(act).map_err(not_recovered)?;
            self.runs.extend(ran);
        }
        self.prove(&case.proves, &before, &tree).map_err(not_recovered)?;
        let detail = json!({ "case": case.name });
        let journal = &self.session.journal;
        let written = journal.write(&self.session.options.clock, self.scenario, EntryKind::Done, "inject", detail);
        written.map(|_| ()).map_err(|error| not_recovered(error.to_string()))
    }

    /// A control run breaks nothing: the commands that must show the fault must not show it then.
    fn control(&mut self) -> Result<(), Stop> {
        for act in self.case.run.iter().filter(|act| !act.exits().contains(&0) && act.end.is_none()) {
            if judge(act, &self.run_one(act).map_err(|reason| Outcome::Failed { reason })?).is_ok() {
                let reason = format!("false alarm: nothing was broken, and {} shows it", act.title());
                return Err(Outcome::Failed { reason });
            }
        }
        Err(Outcome::NotInjected { reason: "a control run injects nothing".into() })
    }

    /// Keeps what is about to be broken, writes it down, and breaks it.
    fn inject(&mut self, harms: &[Harm]) -> Result<(), String> {
        let repo = self.environment.repo();
        let head = Vault::open(&repo).and_then(|vault| vault.head()).unwrap_or_default();
        let what: Vec<String> = harms.iter().map(Harm::what).collect();
        let plan = json!({ "fault": self.entry.id, "case": self.case.name, "head": head, "what": what });
        self.session.about_to_inject(self.scenario, &repo, plan).map_err(|error| error.to_string())?;
        for harm in harms {
            keep_before(harm, &self.environment, &mut self.kept)?;
            if let Harm::HurtConfig { how } = harm {
                self.hurt_keys.extend(hurts(&repo, *how)?.keys);
            }
            let held = perform(harm, &GroundOf::new(&self.session.target, &self.environment))?;
            self.held.extend(held);
            self.fired.push(harm.what());
        }
        Ok(())
    }

    /// Takes the fault away.
    fn undo(&mut self) -> Result<(), String> {
        self.held.clear();
        if self.case.undo == Undo::Nothing {
            return Ok(());
        }
        for kept in self.kept.iter().rev() {
            kept.put_back().map_err(|error| error.to_string())?;
        }
        // What was kept twice is what it was before the first time.
        let mut seen = std::collections::BTreeSet::new();
        let left = self.kept.iter().filter(|kept| seen.insert(kept.path().to_path_buf())).find(|kept| !kept.is_back());
        left.map_or(Ok(()), |kept| Err(format!("{} is not back", kept.path().display())))
    }

    /// Runs an act that must do as it says.
    fn act(&mut self, act: &Act) -> Result<Option<Ran>, String> {
        if act.beside {
            return self.begin(act).map(|()| None);
        }
        let ran = self.run_one(act)?;
        judge(act, &ran)?;
        self.same_result(act, &ran)?;
        Ok(Some(ran))
    }

    /// Runs an act that meets the fault.
    fn act_faulted(&mut self, act: &Act) -> Result<Option<Ran>, Stop> {
        // A request that is hostile, a peer that misbehaves beside the others, and what runs where nothing else is
        // done to the target are the fault themselves.
        if act.beside || act.send.is_some() || self.case.mechanisms().next().is_none() {
            self.fired.push(act.title());
        }
        if act.beside {
            return self.begin(act).map(|()| None).map_err(|reason| Outcome::NotDetected { reason });
        }
        let ran = self.run_one(act).map_err(|reason| Outcome::NotInjected { reason })?;
        let judged =
            judge(act, &ran).and_then(|()| self.names_hurt_keys(act, &ran)).and_then(|()| self.same_result(act, &ran));
        judged.map_err(|reason| Outcome::NotDetected { reason })?;
        Ok(Some(ran))
    }

    fn names_hurt_keys(&self, act: &Act, ran: &Ran) -> Result<(), String> {
        let said = said(ran);
        let names = |key: &str| [": ", "["].iter().any(|end| said.contains(&format!(": {key}{end}")));
        let silent = self.hurt_keys.iter().find(|key| act.names_hurt_keys && !names(key));
        silent.map_or(Ok(()), |key| Err(format!("{} does not name the key {key}", ran.run.name)))
    }

    fn same_result(&self, act: &Act, ran: &Ran) -> Result<(), String> {
        let Some(name) = &act.same_result_as else { return Ok(()) };
        let before = self.runs.iter().rev().find(|other| &other.run.name == name).and_then(|other| other.seen.result());
        let before = before.ok_or_else(|| format!("no {name} before had a result"))?;
        let now = ran.seen.result().unwrap_or_else(|| "nothing".into());
        if before == now { Ok(()) } else { Err(format!("REPRO: {} gives {now}, not {before}", ran.run.name)) }
    }

    fn prove(&mut self, invariants: &[Invariant], before: &Acknowledged, tree: &Fingerprint) -> Result<(), String> {
        for invariant in invariants {
            let scene = Scene {
                environment: &self.environment,
                before,
                tree,
                faulted: &self.faulted,
                runs: &self.runs,
                beside: self.beside.len(),
            };
            prove(*invariant, &scene)?;
            self.proven.push(invariant.word().into());
        }
        Ok(())
    }
}
