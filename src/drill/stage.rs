//! The states that scenarios start from: each is made once in a drill, by the target's own commands, and
//! each scenario gets a copy of its own.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
};

use super::{
    DrillError, Ended, Environment,
    session::{Ran, Session},
};
use crate::clock::Stopwatch;

/// A state that scenarios start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Cloned, on the drill's branch, bootstrapped, smoke test passed.
    Bootstrapped,
    /// That, and one NightOps that succeeded.
    FirstNight,
    /// That, and one backtest that succeeded.
    FirstBacktest,
    /// A first night, and one simulation that succeeded.
    FirstSimulation,
}

impl Stage {
    /// Returns the command that leads here, where not every target has it.
    pub(super) const fn command(self) -> Option<&'static str> {
        match self {
            Self::Bootstrapped | Self::FirstNight => None,
            Self::FirstBacktest => Some("backtest"),
            Self::FirstSimulation => Some("simulate"),
        }
    }
}

/// A state that was made once for the whole drill.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Where it is.
    pub environment: Environment,
    /// The runs that made it.
    pub runs: Vec<Ran>,
    /// What they said, as evidence files of the drill.
    pub evidence: Vec<String>,
}

/// A copy of a state that is being made while a command runs, for the next that asks for one.
type Spare = Mutex<Option<JoinHandle<Result<Environment, DrillError>>>>;

/// The states that were made so far, or why they could not be made.
#[derive(Debug, Default)]
pub(super) struct Stages {
    bootstrapped: OnceLock<Result<Prepared, String>>,
    first_night: OnceLock<Result<Prepared, String>>,
    first_backtest: OnceLock<Result<Prepared, String>>,
    first_simulation: OnceLock<Result<Prepared, String>>,
    spares: [Spare; 4],
}

impl Stages {
    /// Waits for the copies that nobody has asked for; they go with the drill's root.
    pub(super) fn finish(&self) {
        for spare in &self.spares {
            // One that could not be made is missed by nobody.
            let _ = taken(spare).map(JoinHandle::join);
        }
    }
}

fn taken(spare: &Spare) -> Option<JoinHandle<Result<Environment, DrillError>>> {
    spare.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Session {
    /// Makes a copy of a prepared state; the first that asks for it makes it. The next copy is made while the
    /// caller's commands run.
    ///
    /// # Errors
    /// Why the state could not be made: then the baseline is red.
    pub(super) fn copy_of(self: &Arc<Self>, stage: Stage) -> Result<Prepared, String> {
        let copy = self.own_copy_of(stage)?;
        let (session, place) = (Arc::clone(self), &self.stages.spares[stage as usize]);
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_none()
            && let Ok(prepared) = self.prepared(stage)
        {
            *place = Some(thread::spawn(move || prepared.environment.copy(&session.root, &session.next_name())));
        }
        Ok(copy)
    }

    fn own_copy_of(&self, stage: Stage) -> Result<Prepared, String> {
        let prepared = self.prepared(stage)?;
        let spare = taken(&self.stages.spares[stage as usize]).and_then(|spare| spare.join().ok()?.ok());
        let made_now = || prepared.environment.copy(&self.root, &self.next_name());
        let copy = spare.map_or_else(made_now, Ok).map_err(|error| error.to_string())?;
        self.note_ports(&copy);
        Ok(Prepared { environment: copy, ..prepared })
    }

    fn prepared(&self, stage: Stage) -> Result<Prepared, String> {
        match stage {
            Stage::Bootstrapped => self.stages.bootstrapped.get_or_init(|| self.bootstrap()).clone(),
            Stage::FirstNight => {
                self.stages.first_night.get_or_init(|| self.after(Stage::Bootstrapped, "night")).clone()
            }
            Stage::FirstBacktest => {
                self.stages.first_backtest.get_or_init(|| self.after(Stage::FirstNight, "backtest")).clone()
            }
            Stage::FirstSimulation => {
                self.stages.first_simulation.get_or_init(|| self.after(Stage::FirstNight, "simulate")).clone()
            }
        }
    }

    fn bootstrap(&self) -> Result<Prepared, String> {
        let make = || -> Result<Environment, DrillError> {
            let environment = self.environment()?;
            environment.clone_repository(&self.origin, self.date)?;
            Ok(environment)
        };
        let environment = make().map_err(|error| error.to_string())?;
        let note =
            "What is here was made once in this drill; each scenario that starts from it got a copy of its own.\n";
        let note = self.evidence("prepared", "made_once_and_copied.txt", note).map_err(|error| error.to_string())?;
        let mut prepared = Prepared { environment, runs: Vec::new(), evidence: vec![note] };
        self.add_run("bootstrap", &mut prepared)?;
        self.add_run("smoke", &mut prepared)?;
        Ok(prepared)
    }

    fn after(&self, stage: Stage, command: &str) -> Result<Prepared, String> {
        let mut prepared = self.own_copy_of(stage)?;
        self.add_run(command, &mut prepared)?;
        Ok(prepared)
    }

    /// Runs a command that must succeed for the state to be what its name says.
    fn add_run(&self, name: &str, prepared: &mut Prepared) -> Result<(), String> {
        let run = || -> Result<(Ran, Vec<String>), DrillError> {
            let ran = self.run(name, &prepared.environment, &Stopwatch::start())?;
            let evidence = self.evidence_of_run("prepared", name, &ran)?;
            Ok((ran, evidence))
        };
        let (ran, evidence) = run().map_err(|error| error.to_string())?;
        let (ended, words) = (ran.run.ended, ran.run.last_words());
        prepared.runs.push(ran);
        prepared.evidence.extend(evidence);
        if ended == Ended::Code(0) { Ok(()) } else { Err(format!("{name} ended with {ended}: {words}")) }
    }
}
