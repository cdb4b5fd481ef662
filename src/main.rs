//! The one binary: runs a command line and ends with its status.

use std::process::ExitCode;

fn main() -> ExitCode {
    lighthunter::cli::run(std::env::args_os())
}
