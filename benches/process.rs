//! The built executable as a process: its seconds and its peak of memory.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use lighthunter::clock::Stopwatch;
use tempfile::TempDir;

/// How often the peak of memory is looked at; it only grows, so little can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Wall-clock seconds.
    pub(crate) seconds: f64,
    /// Processor seconds of all threads, where the system tells.
    pub(crate) processor_seconds: Option<f64>,
    /// The peak of resident memory in megabytes, where the system tells.
    pub(crate) memory_mb: Option<f64>,
}

/// Runs `lighthunter` in `directory` with these arguments; it must end with exit code 0.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Cost {
    let log = tempfile::tempfile().expect("a file");
    let watch = Stopwatch::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("LIGHTHUNTER_WORKSPACE")
        .env_remove("LIGHTHUNTER_ENV")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a handle"))
        .stderr(log.try_clone().expect("a handle"))
        .spawn()
        .expect("started");
    let (mut memory_mb, mut processor_seconds) = (None, None);
    let status = loop {
        memory_mb = peak_memory_mb(child.id()).or(memory_mb);
        processor_seconds = processor_seconds_of(child.id()).or(processor_seconds);
        if let Some(status) = child.try_wait().expect("waited") {
            break status;
        }
        thread::sleep(LOOK_EVERY);
    };
    let seconds = watch.seconds();
    assert!(status.success(), "lighthunter {arguments:?} ended with {status}:\n{}", said(log));
    Cost { seconds, processor_seconds, memory_mb }
}

/// Makes a workspace with this market and returns the directory that holds it as `w`.
pub(crate) fn workspace(market: &str) -> TempDir {
    let room = tempfile::tempdir().expect("a directory");
    run(room.path(), &["init", "w", "--market", market]);
    room
}

fn peak_memory_mb(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// Linux counts the times of a process in hundredths of a second, whatever its kernel's clock is.
fn processor_seconds_of(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before the last bracket may hold anything; user and system time are fields 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = |field: Option<&str>| field?.parse::<f64>().ok();
    Some((ticks(fields.next())? + ticks(fields.next())?) / 100.0)
}

fn said(mut log: fs::File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut text = String::new();
    log.rewind().and_then(|()| log.read_to_string(&mut text)).expect("readable");
    text
}
