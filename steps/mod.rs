//! The steps: each sentence of the features as one call on the world. Modules by domain noun. They see
//! the library's public API only; `src/main.rs` and `tests/drill.rs` compile them in.

#![expect(clippy::needless_pass_by_value, reason = "cucumber hands parameters over by value")]

mod catalogue;
mod command;
mod experiment;
mod fault;
mod git;
mod hud;
mod monitor;
mod quotes;
mod report;
mod rollback;
mod signal;
mod workspace;
