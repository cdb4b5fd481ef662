//! Becomes a job's program, after asking the kernel to end it with its scheduler.
//!
//! The scheduler starts this executable, which turns into the program: the process number stays, and a
//! scheduler that is killed outright leaves no job behind.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, id},
};

use nix::{
    sys::{
        prctl,
        signal::{SigSet, Signal},
    },
    unistd::getppid,
};

use super::SchedulerError;

/// Turns this process into `program`; returns only where that fails.
#[must_use]
pub fn launch(scheduler: u32, program: &str, arguments: &[String]) -> SchedulerError {
    let failed = |source| SchedulerError::Start { program: program.to_owned(), source };
    // The scheduler blocks the signals that it waits for, and a child inherits that.
    let ready = SigSet::empty().thread_set_mask().and_then(|()| prctl::set_pdeathsig(Signal::SIGTERM));
    if let Err(error) = ready {
        return failed(error.into());
    }
    // A scheduler that died before the line above can no longer end this process.
    if u32::try_from(getppid().as_raw()) != Ok(scheduler) {
        return failed(std::io::Error::other(format!("the scheduler has ended before process {} began", id())));
    }
    failed(Command::new(program).args(arguments).exec())
}
