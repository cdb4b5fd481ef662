//! The recovery invariants by the catalogue's words. The checks themselves are the world's.

use serde::{Deserialize, Serialize};

/// What a case proves, by the catalogue's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Invariant {
    /// Everything acknowledged before is there, once.
    Ack,
    /// The stores agree with each other.
    Agree,
    /// Every managed file is whole; nothing half-written is left.
    Whole,
    /// Every model in force is a whole one.
    Point,
    /// Code and config are what they were; no lock is left.
    Tree,
    /// Nothing is left at work, and the system is ready.
    Live,
    /// The faulted command said so, once, by exit code, error and remedy; nobody panicked; no secret is out.
    Loud,
    /// No datum is newer than the date worked for.
    Asof,
    /// Cash and positions add up; no order is there twice.
    Money,
    /// The same command gives the same result as before the fault.
    Repro,
}

impl Invariant {
    /// Returns the catalogue's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ack => "ACK",
            Self::Agree => "AGREE",
            Self::Whole => "WHOLE",
            Self::Point => "POINT",
            Self::Tree => "TREE",
            Self::Live => "LIVE",
            Self::Loud => "LOUD",
            Self::Asof => "ASOF",
            Self::Money => "MONEY",
            Self::Repro => "REPRO",
        }
    }
}
