//! Mechanisms: the ways in which a fault is brought about from outside of the target's process. Each is read
//! from toml, says whether this machine has it by really doing it once, wraps a command line, and proves after
//! the run that it fired. None of them judges what the target made of it.
//!
//! A machine without a mechanism skips the fault with the reason; that is never a pass.

mod clock;
mod limits;
mod mount;
mod preload;
mod shim;
mod strace;
mod witness;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;

pub use clock::Clock;
pub use limits::Limits;
pub use mount::{ReadOnly, Tmpfs};
pub use shim::{Shim, ShimFate};
pub use strace::Strace;

use super::{DrillError, Ended};

/// A way to bring a fault about, as a fault file names it: one table with the mechanism's name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// One system call of the target fails, is late, is not made though it says so, or kills.
    Strace(Strace),
    /// The target's process has less of something than it wants.
    Limits(Limits),
    /// A directory is a small file system of its own.
    Tmpfs(Tmpfs),
    /// A directory cannot be written.
    ReadOnly(ReadOnly),
    /// One change of files goes wrong, counted over all calls and threads.
    Shim(Shim),
    /// The clock of the day is wrong.
    Clock(Clock),
}

/// Where a mechanism works.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The target's repository: what relative paths of a fault file mean.
    pub repo: &'a Path,
    /// A directory outside of it for the mechanism's own files; it exists and is removed by who made it.
    pub scratch: &'a Path,
}

/// What is known of a run once it is over.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// How it ended.
    pub ended: Ended,
    /// What it printed and what it said beside.
    pub said: &'a str,
}

/// A mechanism that is ready for one run of one command.
#[derive(Debug)]
pub struct Armed {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Strace(strace::Armed),
    Limits(limits::Armed),
    Mount(mount::Armed),
    Shim(shim::Armed),
    Clock(clock::Armed),
}

/// A command line.
pub type CommandLine = (PathBuf, Vec<String>);

impl Mechanism {
    /// Returns its name, as in a fault file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Strace(_) => "strace",
            Self::Limits(_) => "limits",
            Self::Tmpfs(_) => "tmpfs",
            Self::ReadOnly(_) => "read_only",
            Self::Shim(_) => "shim",
            Self::Clock(_) => "clock",
        }
    }

    /// Says whether this machine has it: tried once a process by really doing it.
    ///
    /// # Errors
    /// With the reason as a sentence, for a fault that is skipped.
    pub fn available(&self) -> Result<(), String> {
        match self {
            Self::Strace(strace) if strace.kills() => probed("strace_kill", strace::probe_kill),
            Self::Strace(_) => probed("strace", strace::probe),
            Self::Limits(_) => probed("limits", limits::probe),
            Self::Tmpfs(_) | Self::ReadOnly(_) => probed("mount", mount::probe),
            Self::Shim(_) | Self::Clock(_) => probed("preload", preload::probe),
        }
    }

    /// Makes it ready for one run.
    ///
    /// # Errors
    /// When its own files cannot be written.
    pub fn arm(&self, place: &Place<'_>) -> Result<Armed, DrillError> {
        let kind = match self {
            Self::Strace(strace) => Kind::Strace(strace.arm(place)),
            Self::Limits(limits) => Kind::Limits(limits.arm(place)),
            Self::Tmpfs(tmpfs) => Kind::Mount(tmpfs.arm(place)?),
            Self::ReadOnly(read_only) => Kind::Mount(read_only.arm(place)?),
            Self::Shim(shim) => Kind::Shim(shim.arm(place)?),
            Self::Clock(clock) => Kind::Clock(clock.arm(place)?),
        };
        Ok(Armed { kind })
    }
}

impl Armed {
    /// Returns the command line that runs the given one under the mechanism. How the inner command ends is how
    /// the outer one ends.
    #[must_use]
    pub fn wrap(&self, inner: CommandLine) -> CommandLine {
        match &self.kind {
            Kind::Strace(armed) => armed.wrap(inner),
            Kind::Limits(armed) => armed.wrap(inner),
            Kind::Mount(armed) => armed.wrap(inner),
            Kind::Shim(armed) => armed.wrap(inner),
            Kind::Clock(armed) => armed.wrap(inner),
        }
    }

    /// Returns the evidence that it fired in the run that is over.
    ///
    /// # Errors
    /// When it did not, with what was seen instead: then the run proves nothing.
    pub fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        match &self.kind {
            Kind::Strace(armed) => armed.fired(seen),
            Kind::Limits(armed) => armed.fired(seen),
            Kind::Mount(armed) => armed.fired(seen),
            Kind::Shim(armed) => armed.fired(seen),
            Kind::Clock(armed) => armed.fired(seen),
        }
    }
}

/// Puts a wrapper's words before a command line.
fn before(program: &str, words: Vec<String>, (inner, arguments): CommandLine) -> CommandLine {
    let mut line = words;
    line.push(inner.to_string_lossy().into_owned());
    line.extend(arguments);
    (program.into(), line)
}

/// Returns a path of a fault file in the target's repository.
fn located(place: &Place<'_>, path: &str) -> PathBuf {
    place.repo.join(path.trim_start_matches("./"))
}

/// What a probe said, by its name; a machine does not change while a drill runs.
static PROBED: Mutex<BTreeMap<&'static str, Result<(), String>>> = Mutex::new(BTreeMap::new());

fn probed(name: &'static str, probe: fn() -> Result<(), String>) -> Result<(), String> {
    let mut known = PROBED.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name).or_insert_with(probe).clone()
}

/// Runs a probe's command and returns how it ended with all it said, or why it could not be run.
fn tried<S: AsRef<OsStr>>(program: &str, words: &[S]) -> Result<(std::process::ExitStatus, String), String> {
    let output = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program} cannot be started here: {error}"))?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status, String::from_utf8_lossy(&said).trim().to_owned()))
}

#[cfg(test)]
mod tests;
