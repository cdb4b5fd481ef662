//! One case of a fault, from the state that it starts from to the proof of its recovery. A case whose mechanism did
//! not fire, or whose way back was not proven, is never green.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;

use super::{
    answer,
    entry::{Act, Case, Entry, Meanwhile, StageName, Undo},
    harm::Harm,
    invariant::Invariant,
    judge::{judge, said},
    kept::Kept,
    perform::{Ground, Held, hurts, perform},
    place::fitting,
    proof::{CANARY, Scene, prove},
    running::{CommandLine, Running},
    snapshot::Acknowledged,
};
use crate::{
    clock::Stopwatch,
    drill::{
        EntryKind, Environment, Prepared, Ran,
        mechanism::{Armed, Mechanism, Place, Seen},
        session::Session,
        stage::Stage,
        target::Target,
    },
    durable,
    record::{CaseRecord, Outcome},
    rollback::{self, Fingerprint},
    vault::Vault,
};

/// The variables that carry a secret into every command of a case.
const SECRET: &str = "LIGHTHUNTER_DRILL_SECRET";

/// Why a case does not go on, by how far it came.
type Stop = Outcome;

/// One case under way.
pub(in crate::drill) struct Trial<'a> {
    session: &'a Arc<Session>,
    scenario: &'a str,
    entry: &'a Entry,
    case: &'a Case,
    environment: Environment,
    /// Runs before the fault, with the prepared ones, and after it.
    runs: Vec<Ran>,
    faulted: Vec<Ran>,
    beside: BTreeMap<String, Running>,
    armed: BTreeMap<String, Armed>,
    hurt_keys: Vec<String>,
    kept: Vec<Kept>,
    held: Vec<Held>,
    acts: usize,
    /// What is known for the record.
    evidence: Vec<String>,
    fired: Vec<String>,
    proven: Vec<String>,
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
        // A request that is hostile, and a peer that misbehaves beside the others, are the fault themselves.
        if act.beside || act.send.is_some() {
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

    /// Starts a command that goes on beside the others, and waits until it is ready.
    fn begin(&mut self, act: &Act) -> Result<(), String> {
        let mut running = self.start(act)?;
        let watch = Stopwatch::start();
        let limit = act.seconds.unwrap_or(super::READY_SECONDS);
        while let Some(words) = &act.ready {
            if answer::is_ready(words, &running.said(), &self.ports()) {
                break;
            }
            let (ended, _) = running.look(&mut |_| Ok(Vec::new()))?;
            if let Some(ended) = ended {
                return Err(format!("{} ended with {ended} before it was ready: {}", act.title(), running.said()));
            }
            if watch.seconds() > limit {
                return Err(format!("{} is not ready after {limit} s", act.title()));
            }
            crate::clock::pause(std::time::Duration::from_millis(10));
        }
        self.beside.insert(act.title(), running);
        Ok(())
    }

    fn start(&mut self, act: &Act) -> Result<Running, String> {
        self.acts += 1;
        let mut line = self.line(act)?;
        let armed = self.arm(act)?;
        if let Some(armed) = &armed {
            line = armed.wrap(line);
        }
        self.armed.extend(armed.map(|armed| (act.title(), armed)));
        let mut act = act.clone();
        act.env.entry(SECRET.into()).or_insert_with(|| CANARY.into());
        Running::start(&act, line, &self.session.target, &self.environment, self.acts)
            .map_err(|error| error.to_string())
    }

    fn arm(&self, act: &Act) -> Result<Option<Armed>, String> {
        let mechanism = act.around.as_ref().filter(|_| !self.session.options.control);
        let Some(mechanism) = mechanism else { return Ok(None) };
        let (repo, scratch) =
            (self.environment.repo(), self.environment.root().join(format!("tmp/around{}", self.acts)));
        durable::make_directory(&scratch).map_err(|error| error.to_string())?;
        let armed = mechanism.arm(&Place { repo: &repo, scratch: &scratch });
        armed.map(Some).map_err(|error| error.to_string())
    }

    /// Runs one act to its end and keeps what it said.
    fn run_one(&mut self, act: &Act) -> Result<Ran, String> {
        if let (Some(text), Some(port)) = (&act.send, &act.to) {
            let ran = answer::send(act, text, self.port_of(port)?, &self.ports())?;
            return self.keep(ran);
        }
        let running = match &act.end {
            Some(name) => {
                let mut running = self.beside.remove(name).ok_or_else(|| format!("no {name} runs beside"))?;
                running.tell_to_end();
                running
            }
            None => self.start(act)?,
        };
        let busy = self.session.target.busy.start();
        let session = Arc::clone(self.session);
        let environment = self.environment.clone();
        let mut broken: Vec<String> = Vec::new();
        let mut disturb = |one: &Meanwhile| -> Result<Vec<Held>, String> {
            let mut held = Vec::new();
            for harm in &one.inject {
                keep_before(harm, &environment, &mut self.kept)?;
                held.extend(perform(harm, &GroundOf::new(&session.target, &environment))?);
                broken.push(harm.what());
            }
            broken.extend(one.signal.iter().map(|signal| format!("signal {signal}")));
            Ok(held)
        };
        let (ran, held, left) = running.finish(&session.target, &environment, &mut disturb)?;
        drop(busy);
        self.held.extend(held);
        self.fired.extend(broken);
        let ran = self.keep(ran)?;
        if let Some(armed) = self.armed.remove(&ran.run.name) {
            self.fired.push(armed.fired(&Seen { ended: ran.run.ended, said: &said(&ran) })?);
        }
        if let Some(left) = left.first() {
            return Err(format!("{} ended with {} before {left:?} was due", ran.run.name, ran.run.ended));
        }
        Ok(ran)
    }

    fn keep(&mut self, ran: Ran) -> Result<Ran, String> {
        let label = format!("{}/{:02}_{}", slug(&self.case.name), self.acts, slug(&ran.run.name));
        let paths = self.session.evidence_of_run(self.scenario, &label, &ran).map_err(|error| error.to_string())?;
        self.evidence.extend(paths);
        Ok(ran)
    }

    fn line(&self, act: &Act) -> Result<CommandLine, String> {
        let (target, repo) = (&self.session.target, self.environment.repo());
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let words = match (&act.run, &act.argv, &act.program) {
            (Some(name), ..) => target.spec.commands.get(name).cloned().unwrap_or_default(),
            (_, Some(argv), _) => [own(&["lighthunter", "--workspace", "{repo}", "{set}"]), argv.clone()].concat(),
            (_, _, Some(program)) => program.clone(),
            _ => Vec::new(),
        };
        let words = answer::with_ports(words, &self.ports());
        let line = target.filled(&words, &[], &self.environment, &repo);
        line.ok_or_else(|| format!("{} names no command '{}'", target.spec.name, act.title()))
    }

    fn ports(&self) -> BTreeMap<String, u16> {
        ports(&self.session.target, &self.environment)
    }

    fn port_of(&self, key: &str) -> Result<u16, String> {
        self.ports().get(key).copied().ok_or_else(|| format!("drill.toml names no port '{key}'"))
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

/// Keeps what a harm is about to change.
fn keep_before(harm: &Harm, environment: &Environment, kept: &mut Vec<Kept>) -> Result<(), String> {
    let repo = environment.repo();
    // Of several that fit only the first or the last is ever changed, but by a program.
    let all = matches!(harm, Harm::Program { .. });
    let changed = |pattern: &str| {
        let mut fit = fitting(&repo, pattern);
        if !all && fit.len() > 2 {
            fit.drain(1..fit.len() - 1);
        }
        fit
    };
    for path in harm.touches().into_iter().flat_map(changed) {
        let room = environment.root().join(format!("undo/case{}", kept.len() + 1));
        kept.push(Kept::keep(&path, &room).map_err(|error| error.to_string())?);
    }
    Ok(())
}

fn ports(target: &Target, environment: &Environment) -> BTreeMap<String, u16> {
    target.spec.ports.keys().cloned().zip(environment.ports().iter().copied()).collect()
}

fn slug(name: &str) -> String {
    let mapped: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    mapped.split_whitespace().collect::<Vec<_>>().join("_")
}

/// What a harm sees of its target.
struct GroundOf<'a> {
    target: &'a Target,
    environment: &'a Environment,
    repo: PathBuf,
}

impl<'a> GroundOf<'a> {
    fn new(target: &'a Target, environment: &'a Environment) -> Self {
        Self { target, environment, repo: environment.repo() }
    }
}

impl Ground for GroundOf<'_> {
    fn repo(&self) -> &Path {
        &self.repo
    }

    fn port(&self, key: &str) -> Option<u16> {
        ports(self.target, self.environment).get(key).copied()
    }

    fn program(&self, words: &[String]) -> Result<(), String> {
        let words = answer::with_ports(words.to_vec(), &ports(self.target, self.environment));
        let line = self.target.filled(&words, &[], self.environment, &self.repo).ok_or("a program has no words")?;
        let act = Act { program: Some(words), ..Act::default() };
        let running =
            Running::start(&act, line, self.target, self.environment, 0).map_err(|error| error.to_string())?;
        let (ran, ..) = running.finish(self.target, self.environment, &mut |_| Ok(Vec::new()))?;
        judge(&act, &ran)
    }
}
