//! Strategy scripts: Luau code of the workspace, run in a sandbox with limits. The only room that names
//! mlua. A script computes and returns numbers; it reads no file, no clock, no network and no randomness,
//! and whether its numbers make sense is judged by whoever trades on them.
//!
//! The same script and the same calls give the same answers in every run, with one exception that cannot be
//! closed from outside the engine: a loop over a table whose *keys* are tables, functions or buffers visits
//! them by address. Strategies key by symbol. Straight code without a call or a loop passes no step of the
//! meter; the bounds on the text and on a single allocation keep what it can do to a second or so.

mod bar;
mod bar_entry;
mod error;
#[cfg(test)]
mod fuzz_tests;
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
