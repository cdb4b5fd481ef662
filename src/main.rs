//! The one binary: runs a command line and ends with its status.

// The executable carries the steps: the drill finds them by their registry.
#[path = "../steps/mod.rs"]
mod steps;

use std::process::ExitCode;

fn main() -> ExitCode {
    lighthunter::cli::run(std::env::args_os())
}
