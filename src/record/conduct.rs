//! How a drill itself went: what it cost beside the target's own commands, what it undid of drills that
//! died, what it left behind.

use serde::{Deserialize, Serialize};

/// How the drill itself went.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConductRecord {
    /// How many scenarios ran at a time.
    pub jobs: usize,
    /// Seconds in which no command of the target ran.
    pub overhead_seconds: f64,
    /// The 95th percentile of the seconds from a rollback's start to the end of its fingerprint proof.
    pub rollback_p95_seconds: Option<f64>,
    /// How often the drill was taken up again.
    pub resumed: usize,
    /// The number of the signal that ended it early.
    pub interrupted_by: Option<u8>,
    /// What was undone of a drill that had died, one line an act.
    pub undone: Vec<String>,
    /// What the drill left behind, one line a thing: makes it NotReady.
    pub residue: Vec<String>,
}

impl ConductRecord {
    /// Returns the name of the signal that ended the drill early; one without a name here is its number.
    #[must_use]
    pub fn interruption(&self) -> Option<String> {
        let name = match self.interrupted_by? {
            1 => "SIGHUP",
            2 => "SIGINT",
            15 => "SIGTERM",
            other => return Some(format!("signal {other}")),
        };
        Some(name.to_owned())
    }

    /// Says whether the drill came to its end and left nothing behind.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.interrupted_by.is_none() && self.residue.is_empty()
    }
}
