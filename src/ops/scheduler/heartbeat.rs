//! The scheduler's sign of life: `scheduler.json` beside the monitor's state, written every few seconds, so
//! that others can tell a scheduler that works from one that was never started, died or hangs.

use std::{io::ErrorKind, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Stopwatch,
    durable::{self, DurableError},
    ops::station::Station,
};

/// Seconds between two signs of life.
const BEAT_SECONDS: f64 = 15.0;
/// A scheduler that is silent for longer hangs.
const SILENT_SECONDS_MAX: i64 = 60;
/// The file's name.
const FILE: &str = "scheduler.json";

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The scheduler's process.
    pub pid: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// Its newest sign of life.
    pub beat_at: Timestamp,
    /// When it ended of its own; absent while it runs, and after it was killed.
    pub ended_at: Option<Timestamp>,
}

/// How the scheduler of a workspace is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// None has ever run here.
    Never,
    /// It runs.
    Runs(Heartbeat),
    /// It ended when it was told to.
    Ended(Heartbeat),
    /// Its process is gone, without a word.
    Died(Heartbeat),
    /// Its process is there and gives no sign of life.
    Hangs(Heartbeat),
}

fn path(station: &Station) -> PathBuf {
    station.workspace.path(&station.settings().monitor.state_file).with_file_name(FILE)
}

/// Returns how the scheduler of a workspace is.
///
/// # Errors
/// When its sign of life is there and cannot be read.
pub fn life(station: &Station) -> Result<Life, DurableError> {
    let path = path(station);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Life::Never),
        read => read.map_err(DurableError::at("read", &path))?,
    };
    let beat: Heartbeat =
        serde_json::from_slice(&bytes).map_err(|error| DurableError::at("understand", &path)(error.into()))?;
    let is_there = std::path::Path::new("/proc").join(beat.pid.to_string()).exists();
    let silent = station.clock.wall().duration_since(beat.beat_at).as_secs();
    Ok(match beat {
        beat if beat.ended_at.is_some() => Life::Ended(beat),
        beat if !is_there => Life::Died(beat),
        beat if silent > SILENT_SECONDS_MAX => Life::Hangs(beat),
        beat => Life::Runs(beat),
    })
}

/// Gives the signs of life of this process.
#[derive(Debug)]
pub(super) struct Pulse {
    started_at: Timestamp,
    since: Option<Stopwatch>,
}

impl Pulse {
    pub(super) fn new(station: &Station) -> Self {
        Self { started_at: station.clock.wall(), since: None }
    }

    /// Gives a sign of life where one is due.
    pub(super) fn beat(&mut self, station: &Station) {
        if self.since.is_none_or(|since| since.seconds() >= BEAT_SECONDS) {
            self.since = Some(Stopwatch::start());
            self.write(station, None);
        }
    }

    /// Says that the scheduler ends of its own.
    pub(super) fn end(&self, station: &Station) {
        self.write(station, Some(station.clock.wall()));
    }

    /// A sign of life that cannot be written is a warning: what is due starts all the same.
    fn write(&self, station: &Station, ended_at: Option<Timestamp>) {
        let (pid, path) = (std::process::id(), path(station));
        let beat = Heartbeat { pid, started_at: self.started_at, beat_at: station.clock.wall(), ended_at };
        if let Err(error) = durable::replace(&path, serde_json::to_string(&beat).unwrap_or_default() + "\n") {
            tracing::warn!(component = super::COMPONENT, "no sign of life: {error}");
        }
    }
}
