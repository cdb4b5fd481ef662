//! The target's process has less of something than it wants: the length of a file, open files, memory,
//! processor time, the stack. The kernel enforces it; the witness sees a call refused, or the signal is seen.

use serde::Deserialize;

use super::{CommandLine, Place, Seen, before, tried, witness::Witness};

/// Limits of one process; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest file that it may write, bytes.
    pub file_bytes: Option<u64>,
    /// How many files it may have open.
    pub open_files: Option<u64>,
    /// Its address space, bytes.
    pub memory_bytes: Option<u64>,
    /// Its processor time, seconds.
    pub cpu_seconds: Option<u64>,
    /// Its first thread's stack, bytes.
    pub stack_bytes: Option<u64>,
}

/// The limits of one run.
#[derive(Debug)]
pub(super) struct Armed {
    limits: Limits,
    witness: Witness,
}

/// Signals by which the kernel ends a process at a limit.
const CPU_SIGNALS: [i32; 2] = [24, 9];
const FILE_SIGNALS: [i32; 1] = [25];
/// A stack that is full: the bare fault, or the runtime's own end after saying so.
const STACK_SIGNALS: [i32; 2] = [11, 6];

impl Limits {
    pub(super) fn arm(&self, place: &Place<'_>) -> Armed {
        Armed { limits: self.clone(), witness: Witness::of(place) }
    }

    fn words(&self) -> Vec<String> {
        let named = [
            ("fsize", self.file_bytes),
            ("nofile", self.open_files),
            ("as", self.memory_bytes),
            ("cpu", self.cpu_seconds),
            ("stack", self.stack_bytes),
        ];
        let word = |(name, limit): (&str, Option<u64>)| limit.map(|limit| format!("--{name}={limit}"));
        named.into_iter().filter_map(word).chain(["--".to_owned()]).collect()
    }

    /// The errors by which calls are refused at these limits, with the words in which they are said.
    fn errors(&self) -> Vec<(&'static str, &'static str)> {
        let errors = [
            (self.file_bytes, ("EFBIG", "File too large")),
            (self.open_files, ("EMFILE", "Too many open files")),
            (self.memory_bytes, ("ENOMEM", "emory")),
        ];
        errors.into_iter().filter_map(|(limit, error)| limit.map(|_| error)).collect()
    }

    fn signals(&self) -> Vec<i32> {
        let signals = [
            (self.cpu_seconds, &CPU_SIGNALS[..]),
            (self.file_bytes, &FILE_SIGNALS),
            (self.stack_bytes, &STACK_SIGNALS),
        ];
        signals.into_iter().filter(|(limit, _)| limit.is_some()).flat_map(|(_, signals)| signals.to_vec()).collect()
    }
}

impl Armed {
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        // The tracer outside: the limits are the target's alone.
        self.witness.wrap(before("prlimit", self.limits.words(), inner))
    }

    pub(super) fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        let code = seen.ended.shell_code().unwrap_or_default();
        if let Some(signal) = self.limits.signals().into_iter().find(|signal| code == 128 + signal) {
            return Ok(format!("the kernel ended it with signal {signal}"));
        }
        self.witness.saw(&self.limits.errors(), seen)
    }
}

/// Starts a process that may not open one more file.
pub(super) fn probe() -> Result<(), String> {
    let (status, said) = tried("prlimit", &["--fsize=0", "--", "sh", "-c", "ulimit -f"])?;
    if status.success() && said == "0" { Ok(()) } else { Err(format!("prlimit sets no limit here: {said}")) }
}
