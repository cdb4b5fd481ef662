//! The commands of a case and the ground that its harms stand on: started, awaited, disturbed, kept as evidence.
//! Judges nothing.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    answer,
    entry::{Act, Meanwhile},
    harm::Harm,
    judge::{judge, said},
    kept::Kept,
    perform::{Ground, Held, perform},
    place::fitting,
    proof::CANARY,
    running::{CommandLine, Running},
    trial::Trial,
};
use crate::{
    clock::Stopwatch,
    drill::{
        Environment, Ran,
        mechanism::{Armed, Place, Seen},
        target::Target,
    },
    durable,
};

/// The variables that carry a secret into every command of a case.
const SECRET: &str = "LIGHTHUNTER_DRILL_SECRET";

impl Trial<'_> {
    /// Starts a command that goes on beside the others, and waits until it is ready.
    pub(super) fn begin(&mut self, act: &Act) -> Result<(), String> {
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

    pub(super) fn start(&mut self, act: &Act) -> Result<Running, String> {
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
    pub(super) fn run_one(&mut self, act: &Act) -> Result<Ran, String> {
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
}

/// Keeps what a harm is about to change.
pub(super) fn keep_before(harm: &Harm, environment: &Environment, kept: &mut Vec<Kept>) -> Result<(), String> {
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
pub(super) struct GroundOf<'a> {
    target: &'a Target,
    environment: &'a Environment,
    repo: PathBuf,
}

impl<'a> GroundOf<'a> {
    pub(super) fn new(target: &'a Target, environment: &'a Environment) -> Self {
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
