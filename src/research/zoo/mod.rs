//! The model zoo: snapshots of models under `models/<job>/<id>/`, and `current`, the one in force.
//! A snapshot is published whole or not at all, and none is trusted without its hashes.

mod gate;
mod manifest;
mod name;
mod snapshot;
mod store;

pub use gate::{Gate, GateRule};
pub use manifest::{MANIFEST, Manifest};
pub use name::{check_name, model_id};
pub use snapshot::{Features, Judgement, Snapshot, verify};
pub use store::{ModelZoo, Promotion};
