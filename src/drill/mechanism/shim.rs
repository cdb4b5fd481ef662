//! The n-th change below a directory, counted over all calls and threads of the process, fails, kills or is
//! lost. What the tracer cannot: its ordinals are by thread and by call, and a lost write must know its length.
//! It does not see calls that pass by the C library, nor changes of a memory map.

use nix::errno::Errno;
use serde::Deserialize;

use super::{
    CommandLine, Place, Seen, located,
    preload::{Preload, Source},
};
use crate::drill::DrillError;

const SOURCE: Source =
    Source { name: "shim", text: include_str!("../../../fixtures/faults/shim.c"), says: "SWEEP_SAYS" };

/// One change of files that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shim {
    /// The directory or file below which changes count, relative to the repository.
    pub below: String,
    /// What goes wrong.
    pub fate: ShimFate,
    /// At which change, counted from 1; at which write where one is lost.
    #[serde(default = "first")]
    pub nth: u32,
    /// Every later change too, where one fails.
    #[serde(default)]
    pub sticky: bool,
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShimFate {
    /// The process is killed before it.
    Kill,
    /// It fails with an error of the device.
    Eio,
    /// It fails for want of space.
    Enospc,
    /// A write is not made though it says so.
    LoseWrite,
}

const fn first() -> u32 {
    1
}

/// The shim of one run.
#[derive(Debug)]
pub(super) struct Armed {
    preload: Preload,
    what: String,
}

impl Shim {
    pub(super) fn arm(&self, place: &Place<'_>) -> Result<Armed, DrillError> {
        let at = self.nth.saturating_sub(1);
        let fail = |errno: Errno| ("SWEEP_FAIL", format!("{at} {} {}", errno as i32, u8::from(self.sticky)));
        let fate = match self.fate {
            ShimFate::Kill => ("SWEEP_KILL", at.to_string()),
            ShimFate::Eio => fail(Errno::EIO),
            ShimFate::Enospc => fail(Errno::ENOSPC),
            ShimFate::LoseWrite => ("SWEEP_LOSE", at.to_string()),
        };
        let root = ("SWEEP_ROOT", located(place, &self.below).to_string_lossy().into_owned());
        let preload = Preload::compiled(SOURCE, place, vec![root, fate])?;
        Ok(Armed { preload, what: format!("change {} below {}", self.nth, self.below) })
    }
}

impl Armed {
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        self.preload.wrap(inner)
    }

    pub(super) fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        let said = self.preload.said();
        let first = said.first().ok_or_else(|| format!("{} never came; {}", self.what, seen.ended))?;
        Ok(format!("{} times, first: {first}", said.len()))
    }
}
