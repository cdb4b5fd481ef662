//! Strategy scripts: Luau code of the workspace, run in a sandbox with limits. The only room that names
//! mlua. A script computes and returns numbers; it reads no file, no clock, no network and no randomness,
//! and whether its numbers make sense is judged by whoever trades on them.

mod bar;
mod error;
#[cfg(test)]
mod hostile_tests;
mod limits;
mod loaded;
mod meter;
mod sandbox;
mod text;

pub use bar::{BarSignal, BarView};
pub use error::{Limit, ScriptError};
pub use limits::ScriptLimits;
pub use loaded::Script;
