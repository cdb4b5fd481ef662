//! One system call of the target, chosen by name, path and ordinal, fails, is late, is not made though it
//! says so, or kills the process before it is made. The tracer writes down what it did, which is the proof.
//!
//! An ordinal counts by thread and by name of the call: with two names the n-th of each is meant, and two
//! threads have an n-th each. A path makes only calls on that file count. The filter that speeds the tracer up
//! must not be used where a signal is sent: it is then silently never sent.

use std::{fs, path::PathBuf};

use serde::Deserialize;

use super::{CommandLine, Place, Seen, before, located, tried};

/// The file in which the tracer writes down what it saw.
const RECORD: &str = "strace.txt";

/// One system call that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strace {
    /// The calls by name, as `fsync` or `write`; the ordinal is that of each.
    pub calls: Vec<String>,
    /// The files that it must be made on, relative to the repository; any where none is named.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What goes wrong.
    pub fate: Fate,
    /// From which call on, counted from 1 by thread and name.
    #[serde(default = "first")]
    pub nth: u32,
    /// Every later call too.
    #[serde(default)]
    pub sticky: bool,
}

/// What becomes of a system call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fate {
    /// It is not made and returns this error, as `EIO`.
    Error(String),
    /// The process is killed before it is made.
    Kill,
    /// It is not made and returns this, as if it had been.
    Pretend(i64),
    /// It is made so much later.
    DelayMilliseconds(u64),
}

const fn first() -> u32 {
    1
}

/// The tracer of one run.
#[derive(Debug)]
pub(super) struct Armed {
    words: Vec<String>,
    record: PathBuf,
    fate: Fate,
    what: String,
}

impl Strace {
    pub(super) const fn kills(&self) -> bool {
        matches!(self.fate, Fate::Kill)
    }

    pub(super) fn arm(&self, place: &Place<'_>) -> Armed {
        let record = place.scratch.join(RECORD);
        let calls = self.calls.join(",");
        let fate = match &self.fate {
            Fate::Error(errno) => format!("error={errno}"),
            Fate::Kill => "signal=SIGKILL".to_owned(),
            Fate::Pretend(value) => format!("retval={value}"),
            Fate::DelayMilliseconds(milliseconds) => format!("delay_enter={}", milliseconds.saturating_mul(1000)),
        };
        let mut words: Vec<String> = ["-f", "-q", "-e", "signal=none", "-e"].map(String::from).into();
        words.push(format!("trace={calls}"));
        words.push("-e".into());
        words.push(format!("inject={calls}:{fate}:when={}{}", self.nth, if self.sticky { "+" } else { "" }));
        if !self.kills() {
            words.push("--seccomp-bpf".into());
        }
        for path in &self.paths {
            words.push("-P".into());
            words.push(located(place, path).to_string_lossy().into_owned());
        }
        words.push("-o".into());
        words.push(record.to_string_lossy().into_owned());
        words.push("--".into());
        let on = if self.paths.is_empty() { String::new() } else { format!(" on {}", self.paths.join(", ")) };
        Armed { words, record, fate: self.fate.clone(), what: format!("call {} of {calls}{on}", self.nth) }
    }
}

impl Armed {
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        before("strace", self.words.clone(), inner)
    }

    pub(super) fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        let bytes = fs::read(&self.record).map_err(|error| format!("the tracer wrote no record: {error}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let is_it = |line: &&str| match self.fate {
            Fate::Error(_) | Fate::Pretend(_) => line.contains("(INJECTED)"),
            Fate::DelayMilliseconds(_) => line.contains("(DELAYED)"),
            // The call that was never made has no result.
            Fate::Kill => line.trim_end().ends_with("= ?") && seen.ended.shell_code() == Some(137),
        };
        let hits: Vec<&str> = text.lines().filter(is_it).collect();
        match hits.first() {
            Some(hit) => Ok(format!("{} times, first: {}", hits.len(), hit.trim())),
            None => {
                Err(format!("{} never came, of {} that were seen; {}", self.what, text.lines().count(), seen.ended))
            }
        }
    }
}

/// Lets a call of a real process fail.
pub(super) fn probe() -> Result<(), String> {
    let words = ["-f", "-q", "--seccomp-bpf", "-e", "trace=write", "-e", "inject=write:error=ENOSPC:when=1"];
    let (_, said) = tried("strace", &[&words[..], &["--", "sh", "-c", "echo once"]].concat())?;
    if said.contains("(INJECTED)") { Ok(()) } else { Err(format!("strace cannot let a call fail here: {said}")) }
}

/// Kills a real process before its first write.
pub(super) fn probe_kill() -> Result<(), String> {
    let words = ["-f", "-q", "-e", "trace=write", "-e", "inject=write:signal=SIGKILL:when=1", "-o", "/dev/null"];
    let (status, said) = tried("strace", &[&words[..], &["--", "sh", "-c", "echo once"]].concat())?;
    let is_killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
    if is_killed && said.is_empty() { Ok(()) } else { Err(format!("strace cannot kill a process here: {said}")) }
}
