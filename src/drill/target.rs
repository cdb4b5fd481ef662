//! The target as a process: started as a user would, in a process group of its own, with a deadline,
//! its output captured; at the deadline the whole group is killed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde_json::json;

use super::{
    DrillError, Environment, Interruption, Spec,
    busy::Busy,
    child::{Limits, captured, shown_program, spawn, wait},
    service::Service,
};
use crate::{
    clock::{Clock, Stopwatch},
    market::Calendar,
};

/// The word that stands for the executable under drill.
const EXECUTABLE_WORD: &str = "lighthunter";

/// The target's own rollback, where it names one.
pub(super) const ROLLBACK: &str = "rollback";

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
    /// Says what is today, for bars that end long before it.
    pub(super) clock: Clock,
    /// Ends a command early.
    pub(super) interruption: Interruption,
    /// The time in which commands run.
    pub(super) busy: Busy,
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

    /// Says whether a word of the command `name` holds `place`.
    #[must_use]
    pub(super) fn takes(&self, name: &str, place: &str) -> bool {
        self.spec.commands.get(name).is_some_and(|words| words.iter().any(|word| word.contains(place)))
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
        let repo = environment.repo();
        let Some(when) = when else { return self.run_in((name, &[]), environment, &repo, None, look) };
        let mut is_there = || when.symlink_metadata().is_ok();
        self.run_in((name, &[]), environment, &repo, Some(&mut is_there), look)
    }

    /// Runs the target's own rollback to the state `to`.
    ///
    /// # Errors
    /// When the command is not named or cannot be started.
    pub(super) fn run_rollback(&self, environment: &Environment, to: &str) -> Result<Run, DrillError> {
        self.run_in((ROLLBACK, &[to]), environment, &environment.repo(), None, |_| {})
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
        self.run_in((name, &[]), environment, repo, None, look)
    }

    /// As [`run`](Self::run), with what stands for `{args}`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with(
        &self,
        name: &str,
        given: &[&str],
        environment: &Environment,
        repo: &Path,
        look: impl FnMut(Option<Ended>),
    ) -> Result<Run, DrillError> {
        self.run_in((name, given), environment, repo, None, look)
    }

    fn run_in(
        &self,
        (name, given): (&str, &[&str]),
        environment: &Environment,
        repo: &Path,
        kill_when: Option<&mut dyn FnMut() -> bool>,
        mut look: impl FnMut(Option<Ended>),
    ) -> Result<Run, DrillError> {
        self.interruption.check()?;
        let (program, arguments) = self.command_line(name, given, environment, repo)?;
        let outputs = environment.outputs("drill");
        let watch = Stopwatch::start();
        let running = self.busy.start();
        let (mut child, act) = spawn(&program, &arguments, environment, repo, &outputs, &BTreeMap::new())?;
        let deadline_seconds = self.spec.deadline_seconds(name);
        let limits = Limits { deadline_seconds, kill_when, interruption: &self.interruption };
        let ended = wait(&mut child, limits, &mut look)
            .map_err(|source| DrillError::Start { program: program.clone(), source })?;
        let seconds = watch.seconds();
        drop(running);
        if let Some(act) = act {
            act.done(json!({}));
        }
        let ended = ended.ok_or_else(|| DrillError::Interrupted(self.interruption.signal().unwrap_or_default()))?;
        look(Some(ended));
        Ok(Self::ran(name, (&program, &arguments), environment, &outputs, (ended, seconds)))
    }

    /// As [`run_with`](Self::run_with), but kills the whole group as soon as `is_time` says so.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_killed(
        &self,
        name: &str,
        given: &[&str],
        environment: &Environment,
        mut is_time: impl FnMut() -> bool,
    ) -> Result<Run, DrillError> {
        self.run_in((name, given), environment, &environment.repo(), Some(&mut is_time), |_| {})
    }

    fn ran(
        name: &str,
        (program, arguments): (&Path, &[String]),
        environment: &Environment,
        outputs: &[PathBuf; 2],
        (ended, seconds): (Ended, f64),
    ) -> Run {
        let [stdout, stderr] = outputs.each_ref().map(|path| captured(path, environment));
        let line = environment.shown(&format!("{} {}", shown_program(program), arguments.join(" ")));
        tracing::debug!(%line, %ended, seconds, "the target's command ended");
        Run { name: name.into(), line, ended, seconds, stdout, stderr }
    }

    /// Starts the command `name`, which runs beside others and serves the page of the signals.
    ///
    /// # Errors
    /// When the command is not named or cannot be started.
    pub(super) fn start(&self, name: &str, environment: &Environment) -> Result<Service, DrillError> {
        let repo = environment.repo();
        let (program, arguments) = self.command_line(name, &[], environment, &repo)?;
        let outputs = environment.outputs(name);
        let (child, act) = spawn(&program, &arguments, environment, &repo, &outputs, &BTreeMap::new())?;
        let ports = self.spec.ports.keys().zip(environment.ports());
        let page = ports.fold(self.spec.signals.page_of(name).to_owned(), |page, (key, port)| {
            page.replace(&format!("{{{key}}}"), &port.to_string())
        });
        Ok(Service::new(child, page, act))
    }

    fn command_line(
        &self,
        name: &str,
        given: &[&str],
        environment: &Environment,
        repo: &Path,
    ) -> Result<(PathBuf, Vec<String>), DrillError> {
        self.filled(self.spec.commands.get(name).map_or(&[][..], Vec::as_slice), given, environment, repo).ok_or_else(
            || {
                let source = std::io::Error::new(std::io::ErrorKind::NotFound, "drill.toml names no such command");
                DrillError::Start { program: name.into(), source }
            },
        )
    }

    /// Returns a command line with its places filled; `None` where there are no words.
    pub(super) fn filled(
        &self,
        line: &[String],
        given: &[&str],
        environment: &Environment,
        repo: &Path,
    ) -> Option<(PathBuf, Vec<String>)> {
        let mut words = Vec::new();
        for word in line {
            if word == "{set}" {
                let filled = self.spec.ports.iter().zip(environment.ports());
                words.extend(filled.flat_map(|((key, value), port)| {
                    ["--set".to_owned(), format!("{key}={}", value.replace("{port}", &port.to_string()))]
                }));
            } else if word == "{as_of}" {
                let morning = morning_after(&repo.join(&self.spec.signals.experiments), self.clock.today());
                words.extend(morning.into_iter().flat_map(|date| ["--as-of".to_owned(), date.to_string()]));
            } else if word == "{args}" {
                words.extend(given.iter().map(|word| (*word).to_owned()));
            } else {
                words.push(
                    word.replace("{repo}", &repo.to_string_lossy())
                        .replace("{executable}", &self.executable.to_string_lossy())
                        .replace("{market}", &self.market)
                        .replace("{to}", given.first().copied().unwrap_or_default())
                        .replace("{input}", &self.input)
                        .replace("{experiment}", &newest_experiment(&repo.join(&self.spec.signals.experiments))),
                );
            }
        }
        if words.is_empty() {
            return None;
        }
        let program = words.remove(0);
        let program = if program == EXECUTABLE_WORD { self.executable.clone() } else { program.into() };
        Some((program, words))
    }
}

/// Returns the id on the last line of an experiment record; an empty word where there is none.
fn newest_experiment(record: &Path) -> String {
    newest(record, "id").unwrap_or_default()
}

/// Returns the session after that of the newest experiment, where it lies before `today`: bars that ended in the past
/// are drilled as on the morning after them, or a check before the opening would find nothing but their age. Before
/// anything ran, a machine that is beyond the trading calendar drills as on its last session: the calendar's end is no
/// fault that a scenario planted.
fn morning_after(record: &Path, today: Date) -> Option<Date> {
    let calendar = Calendar::builtin();
    let Some(newest) = newest(record, "as_of") else {
        return calendar.session_on_or_before(calendar.last()).ok().filter(|_| calendar.last() < today);
    };
    calendar.next_session(newest.parse().ok()?).ok().filter(|morning| *morning < today)
}

/// Returns a word of the last line of an experiment record.
fn newest(record: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(record).unwrap_or_default();
    let last = text.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    Some(last?.get(name)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Ended, Target};
    use crate::{
        drill::{Environment, Interruption, Spec, busy::Busy},
        market::Calendar,
        seed::Seed,
    };

    fn target(spec: &str) -> Target {
        let spec = Spec::parse(spec, Path::new("drill.toml")).expect("a spec");
        Target {
            executable: PathBuf::from("/bin/echo"),
            spec,
            market: "simulated:7".into(),
            input: "/in".into(),
            clock: crate::clock::Clock::system(),
            interruption: Interruption::default(),
            busy: Busy::default(),
        }
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
    fn bars_of_the_past_are_drilled_as_on_the_morning_after_them() {
        let room = tempfile::tempdir().expect("a directory");
        let record = room.path().join("experiments.jsonl");
        let today = jiff::civil::date(2026, 11, 23);
        assert_eq!(super::morning_after(&record, today), None, "nothing ran yet");
        let end = Calendar::builtin().last();
        assert_eq!(super::morning_after(&record, end), None, "the calendar knows today");
        assert_eq!(super::morning_after(&record, end.tomorrow().expect("a day")), Some(end));
        for (as_of, morning) in [("2025-10-31", Some(jiff::civil::date(2025, 11, 3))), ("2026-11-20", None)] {
            let line = format!("{{\"id\":\"x\",\"as_of\":\"{as_of}\"}}\n");
            crate::durable::replace(&record, line).expect("written");
            assert_eq!(super::morning_after(&record, today), morning, "{as_of}");
        }
        assert_eq!(super::newest_experiment(&record), "x");
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
