//! The target sees another time of day: moved from the start, or set while it runs, as a wrong clock, a laptop
//! that slept and a time server do. Durations stay right, and no other process sees it.

use serde::Deserialize;

use super::{
    CommandLine, Place, Seen,
    preload::{Preload, Source},
};
use crate::drill::DrillError;

const SOURCE: Source =
    Source { name: "clock", text: include_str!("../../../fixtures/faults/clock.c"), says: "CLOCK_SAYS" };

/// A clock that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// By how much it is wrong from the start, seconds; negative is early.
    pub move_seconds: i64,
    /// When it is set once more: after so many looks at it. Seconds would let the machine's speed decide.
    pub jump_after_looks: Option<u64>,
    /// By how much it is set then, seconds.
    pub jump_seconds: i64,
}

/// The clock of one run.
#[derive(Debug)]
pub(super) struct Armed {
    preload: Preload,
    expected: Vec<&'static str>,
}

impl Clock {
    pub(super) fn arm(&self, place: &Place<'_>) -> Result<Armed, DrillError> {
        let mut variables = vec![("CLOCK_MOVE", self.move_seconds.to_string())];
        let mut expected = Vec::new();
        if self.move_seconds != 0 {
            expected.push("moved");
        }
        if let Some(after) = self.jump_after_looks {
            variables.push(("CLOCK_JUMP", format!("{after} {}", self.jump_seconds)));
            expected.push("set");
        }
        Ok(Armed { preload: Preload::compiled(SOURCE, place, variables)?, expected })
    }
}

impl Armed {
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        self.preload.wrap(inner)
    }

    pub(super) fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        let said = self.preload.said();
        if let Some(missing) = self.expected.iter().find(|word| !said.iter().any(|line| line.starts_with(**word))) {
            return Err(format!("nobody looked at the clock after it was {missing}; {}", seen.ended));
        }
        if said.is_empty() { Err("the clock was told to be right".into()) } else { Ok(said.join(", ")) }
    }
}
