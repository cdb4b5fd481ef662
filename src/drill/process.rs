//! The processes of a drill, as the kernel shows them: which are its own, and how they are ended. A
//! process is known by its number and its start, since numbers are used again.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

use crate::clock::{Stopwatch, pause};

/// How long killed processes may take to be gone, seconds.
const GONE_SECONDS: f64 = 5.0;
/// How often they are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The variables that every process of an environment has, and nobody else's process has in its root.
const OWN_VARIABLES: [&str; 2] = ["HOME", "TMPDIR"];

/// A process that cannot be mistaken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct ProcessId {
    /// Its number.
    pub(super) pid: i32,
    /// When it started, in the kernel's ticks since boot.
    pub(super) started: u64,
}

/// What the kernel says of a process.
struct Stat {
    id: ProcessId,
    group: i32,
    is_over: bool,
}

impl ProcessId {
    /// Returns the process that has this number now.
    pub(super) fn of(pid: u32) -> Option<Self> {
        Some(stat(i32::try_from(pid).ok()?)?.id)
    }

    /// Says whether it still runs: one that has ended and waits for its parent does not.
    pub(super) fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|found| found.id == self && !found.is_over)
    }

    /// Returns its command line, or its name where it has none.
    pub(super) fn command(self) -> String {
        let bytes = fs::read(proc(self.pid).join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&bytes).replace('\0', " ");
        let name = || fs::read_to_string(proc(self.pid).join("comm")).unwrap_or_default();
        let line = if words.trim().is_empty() { name() } else { words };
        line.trim().chars().take(160).collect()
    }
}

/// Returns every living process, this one excepted, whose directory is below `root` or that has a variable
/// with a path in it, in order.
pub(super) fn within(root: &Path) -> Vec<ProcessId> {
    let text = root.as_os_str().as_bytes();
    others().filter(|id| names(id.pid, text) || cwd(id.pid).is_some_and(|cwd| cwd.starts_with(root))).collect()
}

/// Ends the processes that a drill started in `root`: those `known` by number and start with the groups
/// that they lead, and every other that has the environment's own variables. Returns what was ended.
pub(super) fn end_all(root: &Path, known: &[ProcessId]) -> Vec<String> {
    let watch = Stopwatch::start();
    let mut ended: Vec<(ProcessId, String)> = Vec::new();
    loop {
        let mut found: Vec<ProcessId> = others().filter(|id| is_started_in(id.pid, root)).collect();
        let leads = |group: i32| known.iter().any(|id| id.pid == group && id.is_alive());
        found.extend(others().filter(|id| known.contains(id) || stat(id.pid).is_some_and(|stat| leads(stat.group))));
        found.sort_unstable();
        found.dedup();
        if found.is_empty() || watch.seconds() > GONE_SECONDS {
            return ended.into_iter().map(|(id, command)| format!("ended process {} ({command})", id.pid)).collect();
        }
        for id in found {
            if !ended.iter().any(|(known, _)| *known == id) {
                ended.push((id, id.command()));
            }
            if id.is_alive() {
                // One that has just ended cannot be told to, which is no error.
                let _ = kill(Pid::from_raw(id.pid), Signal::SIGKILL);
            }
        }
        pause(LOOK_EVERY);
    }
}

/// Returns every living process but this one, in order of their numbers.
fn others() -> impl Iterator<Item = ProcessId> {
    let own = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<i32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids.into_iter()
        .filter(move |pid| *pid != own)
        .filter_map(stat)
        .filter(|found| !found.is_over)
        .map(|found| found.id)
}

fn proc(pid: i32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

fn cwd(pid: i32) -> Option<PathBuf> {
    fs::read_link(proc(pid).join("cwd")).ok()
}

/// Says whether any variable of the process holds the path.
fn names(pid: i32, path: &[u8]) -> bool {
    let variables = fs::read(proc(pid).join("environ")).unwrap_or_default();
    variables.windows(path.len()).any(|window| window == path)
}

/// Says whether the process was started by a drill in `root`: its home and its temporary directory are there.
fn is_started_in(pid: i32, root: &Path) -> bool {
    let variables = fs::read(proc(pid).join("environ")).unwrap_or_default();
    variables.split(|byte| *byte == 0).any(|variable| {
        OWN_VARIABLES.iter().any(|name| {
            let path = variable.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            path.is_some_and(|path| Path::new(std::ffi::OsStr::from_bytes(path)).starts_with(root))
        })
    })
}

/// Reads what the kernel says of a process; the fields are counted from behind its name, which may hold anything.
fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read(proc(pid).join("stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let state = *fields.first()?;
    let group = fields.get(2)?.parse().ok()?;
    let started = fields.get(19)?.parse().ok()?;
    Some(Stat { id: ProcessId { pid, started }, group, is_over: matches!(state, "Z" | "X") })
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::CommandExt as _, path::Path, process::Command};

    use super::{ProcessId, end_all, within};

    fn sleeper(home: &Path) -> std::process::Child {
        Command::new("sleep").arg("60").env("HOME", home).process_group(0).spawn().expect("started")
    }

    #[test]
    fn processes_of_a_root_are_found_and_ended_and_no_others() {
        let (room, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let (mut own, mut known, mut foreign) =
            (sleeper(&room.path().join("e01/home")), sleeper(other.path()), sleeper(other.path()));
        let id = |child: &std::process::Child| ProcessId::of(child.id()).expect("a process");
        assert_eq!(within(room.path()), [id(&own)]);
        let reused = ProcessId { started: id(&foreign).started + 1, ..id(&foreign) };
        let ended = end_all(room.path(), &[id(&known), reused]);
        assert_eq!(ended.len(), 2, "{ended:?}");
        assert!(id(&foreign).is_alive(), "a number that was used again is another process");
        foreign.kill().expect("ended");
        for child in [&mut own, &mut known, &mut foreign] {
            child.wait().expect("waited");
        }
        assert!(end_all(room.path(), &[]).is_empty());
    }
}
