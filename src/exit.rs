//! What a process tells its caller when it ends: one class per kind of outcome.
//!
//! The numbers are public and never change meaning. Every room's error says its class through
//! [`Failure`]; only `main` turns a class into a process status.

use std::fmt;

/// Process exit classes, as `lighthunter help exit-codes` prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// The work was done.
    Done,
    /// The work ran and its verdict is negative: doctor fail, drill NotReady, regression failed.
    Negative,
    /// The command line was not understood.
    Usage,
    /// A config file is invalid, or the directory is not a workspace or not a git repository.
    Config,
    /// Locked or busy, or a dirty tree where a clean one is needed.
    Busy,
    /// Data was refused by a gate.
    DataRefused,
    /// Storage failed: a path that is not there, disk full, permission, I/O error.
    Storage,
    /// Corruption was found: bytes do not match their recorded digest.
    Corrupt,
    /// An upstream source is unavailable.
    Upstream,
    /// A deadline or limit was exceeded.
    Limit,
    /// A strategy or risk rule refused.
    Refused,
    /// A rollback is incomplete and can be resumed.
    RollbackIncomplete,
    /// The work was done, but the bus or the HUD was down.
    Degraded,
    /// Nothing ran.
    NothingRan,
    /// A defect of LightHunter itself.
    Internal,
    /// Ended by a signal.
    Signal(u8),
}

impl Exit {
    /// Every class with a fixed number, in order of the numbers.
    pub const ALL: [Self; 15] = [
        Self::Done,
        Self::Negative,
        Self::Usage,
        Self::Config,
        Self::Busy,
        Self::DataRefused,
        Self::Storage,
        Self::Corrupt,
        Self::Upstream,
        Self::Limit,
        Self::Refused,
        Self::RollbackIncomplete,
        Self::Degraded,
        Self::NothingRan,
        Self::Internal,
    ];

    /// Returns the process status.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Config => 10,
            Self::Busy => 11,
            Self::DataRefused => 12,
            Self::Storage => 13,
            Self::Corrupt => 14,
            Self::Upstream => 15,
            Self::Limit => 16,
            Self::Refused => 17,
            Self::RollbackIncomplete => 18,
            Self::Degraded => 19,
            Self::NothingRan => 20,
            Self::Internal => 70,
            Self::Signal(number) => 128u8.saturating_add(number),
        }
    }

    /// Returns the class in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Negative => "a verdict is negative (doctor fail, drill NotReady, regression failed)",
            Self::Usage => "the command line was not understood",
            Self::Config => "config invalid, not a workspace, or not a git repository",
            Self::Busy => "locked, busy, or a dirty tree where a clean one is needed",
            Self::DataRefused => "data refused by a gate",
            Self::Storage => "storage failed",
            Self::Corrupt => "corruption found",
            Self::Upstream => "upstream unavailable",
            Self::Limit => "deadline or limit exceeded",
            Self::Refused => "strategy or risk refusal",
            Self::RollbackIncomplete => "rollback incomplete, resumable",
            Self::Degraded => "degraded: work done, bus or HUD down",
            Self::NothingRan => "nothing ran",
            Self::Internal => "internal bug",
            Self::Signal(_) => "ended by a signal",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

/// An error of a room: a sentence, its source, its class, and what to do next.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// Returns the exit class.
    fn exit(&self) -> Exit;

    /// Returns what the reader can do about it, as one imperative sentence.
    fn remedy(&self) -> Option<String> {
        None
    }
}

/// A failure of any room, on its way to `main`.
pub type AnyFailure = Box<dyn Failure>;

impl<F: Failure> From<F> for AnyFailure {
    fn from(failure: F) -> Self {
        Box::new(failure)
    }
}

/// Returns a failure's message and those of its sources that it does not contain already.
#[must_use]
pub fn with_sources(failure: &dyn Failure) -> String {
    let mut message = failure.to_string();
    let mut source = failure.source();
    while let Some(error) = source {
        let text = error.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        source = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn codes_are_distinct_and_ordered() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        assert_eq!(Exit::Signal(9).code(), 137);
    }
}
