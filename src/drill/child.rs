//! One process of the target: how it is started, watched to its end or killed, and what it said.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::json;

use super::{DrillError, Ended, Environment, Interruption, act::Act, process::ProcessId};
use crate::{clock::Stopwatch, durable::DurableError};

/// How often a running command and its signals are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(3);

/// How often it is looked whether a command is to be killed.
const KILL_LOOK_EVERY: Duration = Duration::from_millis(1);

/// The first file descriptor after the three standard streams.
const FIRST_AFTER_STREAMS: i32 = 3;

/// How much of a captured stream is kept, bytes.
const CAPTURE_BYTES_MAX: usize = 1 << 20;

/// Starts a process in its own group, with the environment's variables, `extra` ones and its output in files.
/// It has no file open that the drill or the drill's caller has.
pub(super) fn spawn(
    program: &Path,
    arguments: &[String],
    environment: &Environment,
    repo: &Path,
    [stdout, stderr]: &[PathBuf; 2],
    extra: &BTreeMap<String, String>,
) -> Result<(Child, Option<Act>), DrillError> {
    let open = |path: &PathBuf| File::create(path).map_err(DurableError::at("make", path));
    // The clone of a repository exists; the origin is made by the command itself.
    let directory = if repo.is_dir() { repo } else { environment.root() };
    let act = environment.intend_process(&format!("{} {}", shown_program(program), arguments.join(" ")))?;
    // What the drill's own caller left open (a shell's, a build server's) would pass on to the target: a lock would
    // stay held by it, and a limit of open files would mean another number on every machine.
    close_fds::set_fds_cloexec_threadsafe(FIRST_AFTER_STREAMS, &[]);
    let started = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(environment.variables())
        .envs(extra)
        .stdin(Stdio::null())
        .stdout(open(stdout)?)
        .stderr(open(stderr)?)
        .process_group(0)
        .spawn();
    match (started, act) {
        (Ok(child), act) => {
            if let (Some(act), Some(id)) = (&act, ProcessId::of(child.id())) {
                act.note(json!(id));
            }
            Ok((child, act))
        }
        (Err(source), act) => {
            if let Some(act) = act {
                act.done(json!({ "started": false }));
            }
            Err(DrillError::Start { program: program.into(), source })
        }
    }
}

/// Returns the program's name for people.
pub(super) fn shown_program(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// What ends a command before it ends by itself.
pub(super) struct Limits<'a, 'k> {
    pub(super) deadline_seconds: f64,
    /// It is killed when this says so.
    pub(super) kill_when: Option<&'k mut (dyn FnMut() -> bool + 'k)>,
    pub(super) interruption: &'a Interruption,
}

/// Waits for the end, or kills the whole group at the deadline or when the drill is to end: then nothing
/// is returned.
pub(super) fn wait(
    child: &mut Child,
    mut limits: Limits<'_, '_>,
    look: &mut impl FnMut(Option<Ended>),
) -> std::io::Result<Option<Ended>> {
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
    let watch = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            // What the command left running goes with it; mostly there is nothing, which is no error.
            let _ = killpg(group, Signal::SIGKILL);
            return Ok(Some(ended(status)));
        }
        let is_interrupted = limits.interruption.signal().is_some();
        if is_interrupted || watch.seconds() > limits.deadline_seconds {
            let _ = killpg(group, Signal::SIGKILL);
            child.wait()?;
            return Ok((!is_interrupted).then_some(Ended::Deadline));
        }
        let every = match &mut limits.kill_when {
            Some(is_time) => {
                if is_time() {
                    // One that has just ended cannot be killed; how it ended is seen above.
                    let _ = killpg(group, Signal::SIGKILL);
                }
                KILL_LOOK_EVERY
            }
            None => LOOK_EVERY,
        };
        look(None);
        thread::sleep(every);
    }
}

pub(super) fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

/// Reads a captured stream; of a flood only the end is kept.
pub(super) fn captured(path: &Path, environment: &Environment) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let kept = bytes.get(bytes.len().saturating_sub(CAPTURE_BYTES_MAX)..).unwrap_or_default();
    environment.shown(&String::from_utf8_lossy(kept))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs::File, os::fd::AsRawFd as _, path::Path};

    use super::{captured, spawn};
    use crate::{drill::Environment, seed::Seed};

    #[test]
    fn file_that_the_caller_left_open_is_not_passed_on() {
        let room = tempfile::tempdir().expect("a directory");
        let environment = Environment::create(room.path(), "s01", 0, Seed(1)).expect("made");
        // A duplicate is passed on to children, as what a shell leaves open is.
        let left = nix::unistd::dup(File::open("/dev/null").expect("opened")).expect("duplicated");
        let outputs = ["out", "err"].map(|name| room.path().join(name));
        let words = ["-c".to_owned(), "ls /proc/$$/fd".to_owned()];
        let (mut child, _) =
            spawn(Path::new("sh"), &words, &environment, room.path(), &outputs, &BTreeMap::new()).expect("started");
        assert!(child.wait().expect("ended").success());
        let open = captured(&outputs[0], &environment);
        assert!(open.lines().any(|number| number == "0"), "{open}");
        assert!(!open.lines().any(|number| number == left.as_raw_fd().to_string()), "{open}");
    }
}
