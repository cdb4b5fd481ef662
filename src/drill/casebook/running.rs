//! One command of a case while it runs: watched, disturbed as its act says, ended. Judges nothing.

use std::{collections::BTreeMap, path::PathBuf, process::Child, thread, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::json;

use super::{
    entry::{Act, Meanwhile, signal},
    perform::Held,
};
use crate::{
    clock::Stopwatch,
    drill::{
        DrillError, Ended, Environment, Ran, Run, Target, Watch,
        act::Act as Noted,
        child::{captured, ended, shown_program, spawn},
    },
};

/// How often a running command is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(3);

/// How long a command that runs beside others may take to end once it is told to, seconds.
const END_SECONDS: f64 = 10.0;

/// A command line.
pub(in crate::drill) type CommandLine = (PathBuf, Vec<String>);

/// A command that was started.
pub(in crate::drill) struct Running {
    child: Child,
    noted: Option<Noted>,
    name: String,
    line: String,
    outputs: [PathBuf; 2],
    log: PathBuf,
    watch: Watch,
    since: Stopwatch,
    deadline_seconds: f64,
    meanwhile: Vec<(Meanwhile, Option<Stopwatch>)>,
    stopped: bool,
    ended: Option<(Ended, f64)>,
}

/// What must be done now, while a command runs.
pub(in crate::drill) type Disturb<'a> = dyn FnMut(&Meanwhile) -> Result<Vec<Held>, String> + 'a;

impl Running {
    /// Starts an act's command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(in crate::drill) fn start(
        act: &Act,
        (program, arguments): CommandLine,
        target: &Target,
        environment: &Environment,
        place: usize,
    ) -> Result<Self, DrillError> {
        let name = act.title();
        let spec = &target.spec;
        let repo = environment.repo();
        let command = act.run.clone().unwrap_or_else(|| name.replace("-ops", "").replace('-', "_"));
        let watch = Watch::start(&repo, &spec.signals, &command);
        let outputs = environment.outputs(&format!("act{place:02}"));
        let env: BTreeMap<String, String> = act
            .env
            .iter()
            .map(|(key, value)| (key.clone(), value.replace("{repo}", &repo.to_string_lossy())))
            .collect();
        let (child, noted) = spawn(&program, &arguments, environment, &repo, &outputs, &env)?;
        let limit = act.seconds.map(|seconds| seconds * 2.0);
        Ok(Self {
            child,
            noted,
            line: environment.shown(&format!("{} {}", shown_program(&program), arguments.join(" "))),
            outputs,
            log: repo.join(spec.signals.log_of(&command)),
            watch,
            since: Stopwatch::start(),
            deadline_seconds: limit.unwrap_or_else(|| spec.deadline_seconds(&command)),
            meanwhile: act.meanwhile.iter().map(|one| (one.clone(), None)).collect(),
            stopped: false,
            ended: None,
            name,
        })
    }

    fn group(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }

    /// Looks once: whether it ended, what it said, what must be done to it now.
    ///
    /// # Errors
    /// When something that was to be done to it could not be.
    pub(in crate::drill) fn look(&mut self, disturb: &mut Disturb<'_>) -> Result<(Option<Ended>, Vec<Held>), String> {
        let mut held = Vec::new();
        if self.ended.is_none() {
            let status = self.child.try_wait().map_err(|error| error.to_string())?;
            self.ended = status.map(|status| (ended(status), self.since.seconds()));
        }
        self.watch.look(self.since.seconds(), self.ended.map(|(ended, _)| ended));
        if self.ended.is_none() {
            held = self.disturb(disturb)?;
        }
        Ok((self.ended.map(|(ended, _)| ended), held))
    }

    /// Does what is due.
    fn disturb(&mut self, disturb: &mut Disturb<'_>) -> Result<Vec<Held>, String> {
        let mut held = Vec::new();
        let mut left = Vec::new();
        for (one, since) in std::mem::take(&mut self.meanwhile) {
            let since = since.or_else(|| self.is_time(&one).then(Stopwatch::start));
            if since.is_some_and(|since| since.seconds() >= one.after_seconds) {
                if let Some(signal) = one.signal.as_deref().and_then(signal) {
                    self.stopped = match signal {
                        Signal::SIGSTOP => true,
                        Signal::SIGCONT => false,
                        _ => self.stopped,
                    };
                    killpg(self.group(), signal).map_err(|error| format!("{} was gone: {error}", self.name))?;
                }
                held.extend(disturb(&one)?);
            } else {
                left.push((one, since));
            }
        }
        self.meanwhile = left;
        Ok(held)
    }

    fn is_time(&self, one: &Meanwhile) -> bool {
        let there = one.once.as_ref().is_none_or(|path| {
            let repo = self.log.ancestors().find(|root| root.ends_with("repo"));
            repo.is_some_and(|repo| {
                super::place::fitting(repo, path).iter().any(|path| path.symlink_metadata().is_ok())
            })
        });
        there && one.said.as_ref().is_none_or(|words| self.said().contains(words.as_str()))
    }

    /// Returns what it said so far: its output and what was added to its log.
    pub(in crate::drill) fn said(&self) -> String {
        let text = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let [stdout, stderr] = &self.outputs;
        format!("{}\n{}\n{}", text(stdout), text(stderr), self.watch.log())
    }

    /// Waits for its end; at the deadline the whole group is killed.
    ///
    /// # Errors
    /// When the drill is to end, or something that was to be done to it could not be.
    pub(in crate::drill) fn finish(
        mut self,
        target: &Target,
        environment: &Environment,
        disturb: &mut Disturb<'_>,
    ) -> Result<(Ran, Vec<Held>, Vec<Meanwhile>), String> {
        let mut held = Vec::new();
        let ended = loop {
            target.interruption.check().map_err(|error| error.to_string())?;
            let (found, more) = self.look(disturb)?;
            held.extend(more);
            if let Some(ended) = found {
                break ended;
            }
            if self.since.seconds() > self.deadline_seconds {
                // One that has just ended cannot be killed, which is no error.
                let _ = killpg(self.group(), Signal::SIGKILL);
                self.child.wait().map_err(|error| error.to_string())?;
                break Ended::Deadline;
            }
            thread::sleep(LOOK_EVERY);
        };
        let seconds = self.ended.map_or_else(|| self.since.seconds(), |(_, seconds)| seconds);
        self.watch.look(seconds, Some(ended));
        let [stdout, stderr] = self.outputs.each_ref().map(|path| captured(path, environment));
        let run = Run { name: self.name.clone(), line: self.line.clone(), ended, seconds, stdout, stderr };
        if let Some(noted) = self.noted.take() {
            noted.done(json!({}));
        }
        let left = std::mem::take(&mut self.meanwhile).into_iter().map(|(one, _)| one).collect();
        let seen = std::mem::replace(&mut self.watch, Watch::start(&environment.repo(), &target.spec.signals, ""));
        Ok((Ran { run, seen: seen.finish() }, held, left))
    }

    /// Tells it to end, with a signal, and gives it the time that a server may take.
    pub(in crate::drill) fn tell_to_end(&mut self) {
        // One that has just ended cannot be told to, which is no error.
        let _ = killpg(self.group(), Signal::SIGTERM);
        self.deadline_seconds = self.since.seconds() + END_SECONDS;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.stopped {
            // A process that is stopped cannot be ended in order.
            let _ = killpg(self.group(), Signal::SIGCONT);
        }
        // What it left running goes with it; mostly there is nothing, which is no error.
        let _ = killpg(self.group(), Signal::SIGKILL);
        let _ = self.child.wait();
        if let Some(noted) = self.noted.take() {
            noted.done(json!({}));
        }
    }
}
