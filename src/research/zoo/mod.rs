//! The model zoo: snapshots of models under `models/<job>/<id>/`, and `current`, the one in force.
//! A snapshot is published whole or not at all, and none is trusted without its hashes. `current` is moved
//! in one step: it is never absent once it was there, and never points at what was not verified.

mod contest;
#[cfg(test)]
mod crash;
mod gate;
mod history;
mod manifest;
mod name;
mod snapshot;
mod store;

pub use contest::Verdict;
pub use gate::{Duel, Gate, GateRule};
pub use history::{Action, Decision, HISTORY, HistoryLine};
pub use manifest::{MANIFEST, Manifest};
pub use name::{check_name, model_id};
pub use snapshot::{Features, Judgement, Snapshot, verify};
pub use store::{ModelZoo, Promotion};
