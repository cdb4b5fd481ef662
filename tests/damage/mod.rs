//! Damage: whatever happens to the bytes of a workspace is found by `doctor --read-data`, or changes nothing
//! that is read.

pub(crate) mod corruption;
mod database;
mod sweep;
