//! The target as a process: started as a user would, in a process group of its own, with a deadline,
//! its output captured; at the deadline the whole group is killed.

use std::{
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

use super::{DrillError, Environment, Spec, service::Service};
use crate::{clock::Stopwatch, durable::DurableError};

/// How often a running command and its signals are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(3);

/// How much of a captured stream is kept, bytes.
const CAPTURE_BYTES_MAX: usize = 1 << 20;

/// The word that stands for the executable under drill.
const EXECUTABLE_WORD: &str = "lighthunter";

/// The target's commands with what fills their places.
#[derive(Debug, Clone)]
pub struct Target {
    /// The executable under drill.
    pub executable: PathBuf,
    /// How the target is drilled.
    pub spec: Spec,
    /// The choice of input bars.
    pub market: String,
    /// The directory of the origin's input bars, or the choice again where there is none.
    pub input: String,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// Killed at its deadline.
    Deadline,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
            Self::Deadline => f.write_str("killed at its deadline"),
        }
    }
}

impl Ended {
    /// Returns the exit code as a shell says it: 128 and the number for a signal.
    #[must_use]
    pub fn shell_code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(number) => Some(128 + number),
            Self::Deadline => None,
        }
    }
}

/// One run of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The command's name in `drill.toml`.
    pub name: String,
    /// The command line, with the environment's root as `$DRILL`.
    pub line: String,
    /// How it ended.
    pub ended: Ended,
    /// How long it took, seconds.
    pub seconds: f64,
    /// What it printed, with the environment's root as `$DRILL`.
    pub stdout: String,
    /// What it said beside, likewise.
    pub stderr: String,
}

impl Run {
    /// Returns the last lines of what was said, for a sentence about a failure.
    #[must_use]
    pub fn last_words(&self) -> String {
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.len().saturating_sub(3);
        lines.get(last..).unwrap_or_default().join(" | ")
    }
}

impl Target {
    /// Says whether the target names the command.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.spec.commands.contains_key(name)
    }

    /// Runs the command `name` in `repo` and kills it, with all that it started, once `when` is there.
    ///
    /// # Errors
    /// When the command is not named or cannot be started.
    pub(super) fn run_until(
        &self,
        name: &str,
        environment: &Environment,
        when: Option<&Path>,
        look: impl FnMut(Option<Ended>),
    ) -> Result<Run, DrillError> {
        self.run_in(name, environment, &environment.repo(), when, look)
    }

    /// Runs the command `name` in `repo` with the environment's variables; `look` is called while it
    /// runs and once after its end.
    ///
    /// # Errors
    /// When the command is not named or cannot be started.
    pub fn run(
        &self,
        name: &str,
        environment: &Environment,
        repo: &Path,
        look: impl FnMut(Option<Ended>),
    ) -> Result<Run, DrillError> {
        self.run_in(name, environment, repo, None, look)
    }

    fn run_in(
        &self,
        name: &str,
        environment: &Environment,
        repo: &Path,
        kill_when: Option<&Path>,
        mut look: impl FnMut(Option<Ended>),
    ) -> Result<Run, DrillError> {
        let (program, arguments) = self.command_line(name, environment, repo)?;
        let outputs = environment.outputs("drill");
        let watch = Stopwatch::start();
        let mut child = spawn(&program, &arguments, environment, repo, &outputs)?;
        let ended = wait(&mut child, self.spec.deadline_seconds(name), kill_when, &mut look)
            .map_err(|source| DrillError::Start { program: program.clone(), source })?;
        let seconds = watch.seconds();
        look(Some(ended));
        let [stdout, stderr] = outputs.map(|path| captured(&path, environment));
        let line = environment.shown(&format!("{} {}", shown_program(&program), arguments.join(" ")));
        tracing::debug!(%line, %ended, seconds, "the target's command ended");
        Ok(Run { name: name.into(), line, ended, seconds, stdout, stderr })
    }

    /// Starts the command `name`, which runs beside others and serves the page of the signals.
    ///
    /// # Errors
    /// When the command is not named or cannot be started.
    pub(super) fn start(&self, name: &str, environment: &Environment) -> Result<Service, DrillError> {
        let repo = environment.repo();
        let (program, arguments) = self.command_line(name, environment, &repo)?;
        let child = spawn(&program, &arguments, environment, &repo, &environment.outputs(name))?;
        let ports = self.spec.ports.keys().zip(environment.ports());
        let page = ports.fold(self.spec.signals.page_of(name).to_owned(), |page, (key, port)| {
            page.replace(&format!("{{{key}}}"), &port.to_string())
        });
        Ok(Service::new(child, page))
    }

    fn command_line(
        &self,
        name: &str,
        environment: &Environment,
        repo: &Path,
    ) -> Result<(PathBuf, Vec<String>), DrillError> {
        let mut words = Vec::new();
        for word in self.spec.commands.get(name).map_or(&[][..], Vec::as_slice) {
            if word == "{set}" {
                let filled = self.spec.ports.iter().zip(environment.ports());
                words.extend(filled.flat_map(|((key, value), port)| {
                    ["--set".to_owned(), format!("{key}={}", value.replace("{port}", &port.to_string()))]
                }));
            } else {
                words.push(
                    word.replace("{repo}", &repo.to_string_lossy())
                        .replace("{executable}", &self.executable.to_string_lossy())
                        .replace("{market}", &self.market)
                        .replace("{input}", &self.input)
                        .replace("{experiment}", &newest_experiment(&repo.join(&self.spec.signals.experiments))),
                );
            }
        }
        if words.is_empty() {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "drill.toml names no such command");
            return Err(DrillError::Start { program: name.into(), source });
        }
        let program = words.remove(0);
        let program = if program == EXECUTABLE_WORD { self.executable.clone() } else { program.into() };
        Ok((program, words))
    }
}

fn spawn(
    program: &Path,
    arguments: &[String],
    environment: &Environment,
    repo: &Path,
    [stdout, stderr]: &[PathBuf; 2],
) -> Result<Child, DrillError> {
    let open = |path: &PathBuf| File::create(path).map_err(DurableError::at("make", path));
    // The clone of a repository exists; the origin is made by the command itself.
    let directory = if repo.is_dir() { repo } else { environment.root() };
    Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(environment.variables())
        .stdin(Stdio::null())
        .stdout(open(stdout)?)
        .stderr(open(stderr)?)
        .process_group(0)
        .spawn()
        .map_err(|source| DrillError::Start { program: program.into(), source })
}

/// Returns the id on the last line of an experiment record; an empty word where there is none.
fn newest_experiment(record: &Path) -> String {
    let text = fs::read_to_string(record).unwrap_or_default();
    let last = text.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let id = last.as_ref().and_then(|line| line.get("id")).and_then(serde_json::Value::as_str);
    id.unwrap_or_default().to_owned()
}

fn shown_program(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Waits for the end, or kills the whole group at the deadline.
fn wait(
    child: &mut Child,
    deadline_seconds: f64,
    kill_when: Option<&Path>,
    look: &mut impl FnMut(Option<Ended>),
) -> std::io::Result<Ended> {
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
    let watch = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            // What the command left running goes with it; mostly there is nothing, which is no error.
            let _ = killpg(group, Signal::SIGKILL);
            return Ok(ended(status));
        }
        if watch.seconds() > deadline_seconds {
            let _ = killpg(group, Signal::SIGKILL);
            child.wait()?;
            return Ok(Ended::Deadline);
        }
        if kill_when.is_some_and(|path| path.symlink_metadata().is_ok()) {
            // One that has just ended cannot be killed; how it ended is seen above.
            let _ = killpg(group, Signal::SIGKILL);
        }
        look(None);
        thread::sleep(LOOK_EVERY);
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

/// Reads a captured stream; of a flood only the end is kept.
fn captured(path: &Path, environment: &Environment) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let kept = bytes.get(bytes.len().saturating_sub(CAPTURE_BYTES_MAX)..).unwrap_or_default();
    environment.shown(&String::from_utf8_lossy(kept))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Ended, Target};
    use crate::{
        drill::{Environment, Spec},
        seed::Seed,
    };

    fn target(spec: &str) -> Target {
        let spec = Spec::parse(spec, Path::new("drill.toml")).expect("a spec");
        Target { executable: PathBuf::from("/bin/echo"), spec, market: "simulated:7".into(), input: "/in".into() }
    }

    #[test]
    fn command_sees_its_places_filled_and_a_cleared_environment() {
        let room = tempfile::tempdir().expect("a directory");
        let environment = Environment::create(room.path(), "s01", 1, Seed(1)).expect("made");
        let target = target(
            "[commands]\necho = [\"lighthunter\", \"{repo}\", \"{market}\", \"{input}\", \"{set}\"]\n\
             env = [\"sh\", \"-c\", \"env; echo said >&2; exit 3\"]\n[ports]\n\"a.b\" = \"tcp:{port}\"\n",
        );
        let run = target.run("echo", &environment, &environment.repo(), |_| {}).expect("ran");
        let port = environment.ports()[0];
        assert_eq!(run.stdout, format!("$DRILL/repo simulated:7 /in --set a.b=tcp:{port}\n"));
        let run = target.run("env", &environment, &environment.repo(), |_| {}).expect("ran");
        assert_eq!((run.ended, run.stderr.as_str()), (Ended::Code(3), "said\n"));
        assert!(run.stdout.contains("HOME=$DRILL/home\n") && !run.stdout.contains("CARGO"), "{}", run.stdout);
    }

    #[test]
    fn deadline_kills_the_whole_group() {
        let room = tempfile::tempdir().expect("a directory");
        let environment = Environment::create(room.path(), "s01", 0, Seed(1)).expect("made");
        let target =
            target("[commands]\nhang = [\"sh\", \"-c\", \"sleep 60 & echo $!; wait\"]\n[deadlines]\nhang = 0.3\n");
        let run = target.run("hang", &environment, &environment.repo(), |_| {}).expect("ran");
        assert_eq!(run.ended, Ended::Deadline);
        assert!(run.seconds < 5.0);
        let child: i32 = run.stdout.trim().parse().expect("a process id");
        // The kernel takes a moment to end a killed process; then it is gone, or waits as a zombie.
        let state = || std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let is_over = |state: &str| state.is_empty() || state.contains(" Z ") || state.contains(" X ");
        let watch = crate::clock::Stopwatch::start();
        while !is_over(&state()) && watch.seconds() < 5.0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(is_over(&state()), "{}", state());
    }
}
