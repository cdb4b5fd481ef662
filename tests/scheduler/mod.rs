//! The scheduler as a process: what it starts, how it ends, and what it finds when it comes back.

mod daemon;
mod nightly;
mod plan;

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use lighthunter::{
    clock::{Stopwatch, pause},
    store::{JobRunRecord, Ledger, StorePath},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::room::Room;

/// The jobs that every workspace has, all off, so that only a test's own run.
const QUIET: &str = "  night_ops_full: { enabled: false, command: [lighthunter, night-ops] }
  day_ops_morning: { enabled: false, command: [lighthunter, day-ops] }
  nightly_regression: { enabled: false, command: [lighthunter, regression] }
";

/// Writes jobs beside those that are off.
fn write_jobs(room: &Room, jobs: &str) {
    room.write("config/jobs.yaml", format!("jobs:\n{QUIET}{jobs}"));
}

/// Returns the ledger's runs of a job, oldest first.
fn runs(room: &Room, job: &str) -> Vec<JobRunRecord> {
    let ledger = Ledger::open(&StorePath::new("k", room.path("data/ledger.sqlite"))).expect("opened");
    let mut runs = ledger.job_runs(Some(job), 1_000).expect("listed");
    runs.reverse();
    runs
}

/// Waits until something is so.
fn wait_for(what: &str, seconds: f64, mut is_so: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !is_so() {
        assert!(watch.seconds() < seconds, "{what}: not within {seconds} s");
        pause(Duration::from_millis(50));
    }
}

/// A scheduler that runs; killed when dropped.
struct Scheduler(Child);

impl Scheduler {
    fn start(room: &Room, now: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
        command.args(["scheduler", "run"]).env("LIGHTHUNTER_WORKSPACE", room.root()).env("NO_COLOR", "1");
        command.env_remove("LIGHTHUNTER_NOW").env_remove("LIGHTHUNTER_ENV");
        command.envs(now.map(|now| ("LIGHTHUNTER_NOW", now)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("started"))
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).expect("a number")), signal).expect("sent");
    }

    /// Waits for the end and returns the exit code and what was said.
    fn end(&mut self) -> (Option<i32>, String) {
        let watch = Stopwatch::start();
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("watched") {
                break status;
            }
            assert!(watch.seconds() < 30.0, "it does not end");
            pause(Duration::from_millis(20));
        };
        let mut said = String::new();
        self.0.stdout.take().expect("piped").read_to_string(&mut said).expect("read");
        self.0.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
        (status.code(), said)
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
