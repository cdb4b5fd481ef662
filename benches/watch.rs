//! Processor seconds of the calling thread: other programs on the machine do not count.

use std::{fs, thread};

use lighthunter::clock::Stopwatch;

/// Measures processor seconds of this thread.
pub(crate) struct ProcessorWatch {
    began: Option<f64>,
    wall: Stopwatch,
}

impl ProcessorWatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { began: processor_seconds(), wall: Stopwatch::start() }
    }

    /// Returns the seconds since the start; of wall-clock time where the system counts no others.
    pub(crate) fn seconds(&self) -> f64 {
        match (self.began, processor_seconds()) {
            (Some(began), Some(now)) => now - began,
            _ => self.wall.seconds(),
        }
    }
}

/// Returns what Linux has counted of this thread, which it brings up to date when the thread yields.
fn processor_seconds() -> Option<f64> {
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse::<u64>().ok().map(|nanoseconds| nanoseconds as f64 / 1e9)
}
