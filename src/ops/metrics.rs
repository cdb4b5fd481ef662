//! The metrics of a workspace: one summary line in `logs/monitor/metrics.jsonl` and the same object in
//! `monitor/state.json`, in the original's shape with error counts and heartbeats added.
//!
//! Counts go on from the last state, so that a process that lives for seconds still counts up. Short
//! commands and the monitor daemon share the state: each change is made under a lock between processes.

use std::{
    fs::{File, OpenOptions},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::day_ops::{self, DayOpsReport};
pub use super::monitor_state::{ComponentErrors, DayOpsState, LEVEL_COUNTED, MonitorState};
use crate::{
    clock::Clock,
    config::settings::LogFiles,
    durable::{self, DurableError},
    store::{RotatingJsonl, StoreError, read_jsonl},
    workspace::lock_while,
};

/// How long a change waits for that of another process, seconds. One takes milliseconds, so a longer
/// wait means that the other hangs.
const LOCK_WAIT_SECONDS: f64 = 10.0;

/// Where the metrics of a workspace are kept.
#[derive(Debug, Clone)]
pub struct Metrics {
    lines: PathBuf,
    state: PathBuf,
    rotation: LogFiles,
    clock: Clock,
}

impl Metrics {
    /// Keeps metrics lines in `lines`, moved aside by `rotation`, and the last one in `state`.
    #[must_use]
    pub fn new(lines: PathBuf, state: PathBuf, rotation: LogFiles, clock: Clock) -> Self {
        Self { lines, state, rotation, clock }
    }

    /// Returns the last state, or a fresh one where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or is no state.
    pub fn read(&self) -> Result<MonitorState, StoreError> {
        match std::fs::read(&self.state) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(std::io::Error::from)
                .map_err(|error| DurableError::at("understand", &self.state)(error).into()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(MonitorState::default()),
            Err(error) => Err(DurableError::at("read", &self.state)(error).into()),
        }
    }

    /// Returns the last state; where its file is damaged, the last good line has the counts.
    #[must_use]
    pub fn state(&self) -> MonitorState {
        self.read().unwrap_or_else(|error| {
            tracing::warn!("{error}; the counts go on from the last metrics line");
            read_jsonl(&self.lines).ok().and_then(|mut lines| lines.good.pop()).unwrap_or_default()
        })
    }

    /// Changes the state and writes it and its metrics line; returns it as written. `change` sets counts
    /// and signs of life, the totals, rates and ages follow from them. Two changes never meet, also
    /// those of two processes, so `change` must be quick and must not call this again.
    ///
    /// # Errors
    /// `Busy` when another process holds the state for ten seconds; else when the state or the line
    /// cannot be written. Where only the line cannot, the state has the change.
    pub fn update(&self, change: impl FnOnce(&mut MonitorState)) -> Result<MonitorState, StoreError> {
        for file in [&self.lines, &self.state] {
            durable::make_directory(file.parent().unwrap_or(file))?;
        }
        // Released by the drop, and by the kernel when the process dies.
        let _lock = locked(&self.state.with_extension("lock"))?;
        let mut state = self.state();
        change(&mut state);
        state.derive(self.clock.now());
        let text =
            serde_json::to_string(&state).map_err(|source| StoreError::Json { path: self.state.clone(), source })?;
        // The state first: a kill between the two costs a line, never a count.
        durable::replace(&self.state, text)?;
        RotatingJsonl::new(self.lines.clone(), self.rotation.max_bytes, self.rotation.keep_files).append(&state)?;
        Ok(state)
    }

    /// Counts one operation of `component` that ended, and its error if it had one.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn run_ended(&self, component: &str, error: Option<&str>) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.update(|state| state.note_run(component, error, now)).map(|_| ())
    }

    /// Counts a DayOps that ended, and keeps its verdict.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn day_ops_ended(&self, report: &DayOpsReport, error: Option<&str>) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.update(|state| {
            state.note_run(day_ops::COMPONENT, error, now);
            state.day_ops = Some(DayOpsState::of(report, now));
        })
        .map(|_| ())
    }
}

/// Waits for the lock of the state and takes it.
fn locked(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(DurableError::at("open", path))?;
    if !lock_while(&file, |waited| waited < LOCK_WAIT_SECONDS).map_err(DurableError::at("lock", path))? {
        let reason = format!("another process has held it for {LOCK_WAIT_SECONDS} s");
        return Err(StoreError::Busy { path: path.to_path_buf(), reason });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        process::{Command, Stdio},
    };

    use super::{Metrics, MonitorState};
    use crate::{clock::Clock, config::settings::LogFiles};

    const DIRECTORY: &str = "LIGHTHUNTER_TEST_METRICS";

    fn metrics(room: &Path, max_bytes: u64) -> Metrics {
        let rotation = LogFiles { max_bytes, keep_files: 2 };
        Metrics::new(room.join("logs/m.jsonl"), room.join("monitor/s.json"), rotation, Clock::system())
    }

    #[test]
    fn errors_count_up_over_processes() {
        let room = tempfile::tempdir().expect("a directory");
        let metrics = || metrics(room.path(), 1 << 20);
        metrics().run_ended("night_ops", None).expect("written");
        assert_eq!(metrics().state().errors_total, 0);
        metrics().run_ended("night_ops", Some("no such directory")).expect("written");
        let state = metrics().state();
        assert_eq!((state.errors_total, state.errors["night_ops"].count), (1, 1));
        assert_eq!(state.error_rate, 0.5);
        assert_eq!(state.last_error.as_deref(), Some("no such directory"));
        let lines = std::fs::read_to_string(room.path().join("logs/m.jsonl")).expect("written");
        assert_eq!(lines.lines().count(), 2);
    }

    fn count_up(room: &Path, component: &str) {
        let metrics = metrics(room, 1 << 20);
        for number in 0..50_u32 {
            let error = number.is_multiple_of(5).then_some("every fifth");
            metrics.run_ended(component, error).expect("counted");
        }
    }

    #[test]
    fn changes_of_threads_and_processes_are_all_counted() {
        if let Some(room) = std::env::var_os(DIRECTORY) {
            return count_up(room.as_ref(), "process");
        }
        let room = tempfile::tempdir().expect("a directory");
        let child = || {
            Command::new(std::env::current_exe().expect("this binary"))
                .args(["--exact", "ops::metrics::tests::changes_of_threads_and_processes_are_all_counted"])
                .env(DIRECTORY, room.path())
                .stdout(Stdio::null())
                .spawn()
                .expect("started")
        };
        let children: Vec<_> = std::iter::repeat_with(child).take(4).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| count_up(room.path(), "thread"));
            }
        });
        for mut child in children {
            assert!(child.wait().expect("ended").success());
        }
        let state = metrics(room.path(), 1 << 20).read().expect("whole");
        assert_eq!((state.runs_total, state.errors_total), (400, 80));
        for name in ["process", "thread"] {
            let errors = &state.errors[name];
            assert_eq!((errors.runs_total, errors.errors_total, errors.error_rate), (200, 40, 0.2), "{name}");
        }
        let lines = crate::store::read_jsonl::<MonitorState>(&room.path().join("logs/m.jsonl")).expect("readable");
        assert!(lines.bad.is_empty());
        let counts: Vec<u64> = lines.good.iter().map(|line| line.runs_total).collect();
        assert_eq!(counts, (1..=400).collect::<Vec<_>>(), "one line a change, in order");
    }

    #[test]
    fn lines_are_moved_aside_and_the_counts_go_on() {
        let room = tempfile::tempdir().expect("a directory");
        let metrics = metrics(room.path(), 4096);
        for _ in 0..60 {
            metrics.run_ended("night_ops", None).expect("written");
        }
        let mut names: Vec<_> = std::fs::read_dir(room.path().join("logs"))
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["m.jsonl", "m.jsonl.1", "m.jsonl.2"]);
        for name in names {
            let length = std::fs::metadata(room.path().join("logs").join(name)).expect("there").len();
            assert!(length <= 4096, "{length}");
        }
        assert_eq!(metrics.state().runs_total, 60);
        crate::durable::replace(&room.path().join("monitor/s.json"), "{ torn").expect("written");
        assert!(metrics.read().is_err());
        assert_eq!(metrics.update(|_| ()).expect("goes on").runs_total, 60, "from the last line");
    }
}
