//! How a drill itself went: what it cost beside the target's own commands, what it undid of drills that
//! died, what it left behind.

use std::fmt;

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
    /// The search for the secret that was planted in every environment; none in records before it was made.
    pub canary: Option<CanaryRecord>,
}

/// The search of all that a drill and its target wrote for a secret that was planted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CanaryRecord {
    /// How many files were searched; a copy that is the same is searched once.
    pub files: usize,
    /// The files that hold it, with the environment's root as `$DRILL`: makes the drill NotReady.
    pub hits: Vec<String>,
}

impl fmt::Display for CanaryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hits = if self.hits.len() == 1 { "hit" } else { "hits" };
        write!(f, "canary: {} files searched, {} {hits}", self.files, self.hits.len())
    }
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

    /// Says whether the drill came to its end, left nothing behind and wrote no secret.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let is_secret_kept = self.canary.as_ref().is_none_or(|canary| canary.hits.is_empty());
        self.interrupted_by.is_none() && self.residue.is_empty() && is_secret_kept
    }
}
