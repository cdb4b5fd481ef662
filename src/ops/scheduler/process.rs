//! The process of one job: started from its argument list without a shell, watched, ended with all that
//! it started.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::{SchedulerError, Start};
use crate::{
    clock::{Stopwatch, pause},
    config::{Job, OWN_PROGRAM, TRADE_DATE, program_file},
    exit::Exit,
    ops::{log, station::Station},
    store::JobRunStatus,
    text::Language,
};

/// How long a job may take to end after SIGTERM before it is killed, seconds.
const LEAVE_SECONDS: f64 = 10.0;
/// How long is waited between two looks at a process that is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Why a job was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Deadline(u64),
    Stop,
}

/// What a job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: JobRunStatus,
    pub(super) exit: Option<u8>,
    pub(super) error: Option<String>,
}

impl Outcome {
    pub(super) fn failed(exit: Exit, error: String) -> Self {
        Self { status: JobRunStatus::Failed, exit: Some(exit.code()), error: Some(error) }
    }

    /// Returns the class of the process status; one that is none of LightHunter's is negative.
    pub(super) fn class(&self) -> Exit {
        let code = self.exit.unwrap_or(Exit::Internal.code());
        let known = Exit::ALL.into_iter().find(|exit| exit.code() == code);
        known.unwrap_or(if code > 128 { Exit::Signal(code - 128) } else { Exit::Negative })
    }
}

/// Where the output of a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Its log.
    Log,
    /// Where the scheduler's own goes.
    Inherited,
}

/// What jobs that call LightHunter inherit from the scheduler.
#[derive(Debug, Clone, Default)]
pub struct Inherited {
    /// Its overrides by `--set`.
    pub overrides: Vec<String>,
    /// Its language; a job that names one of its own keeps that.
    pub language: Language,
}

impl Inherited {
    /// Returns the options that stand before a job's own arguments.
    fn options(&self, arguments: &[String]) -> Vec<String> {
        let mut options: Vec<String> =
            self.overrides.iter().flat_map(|set| ["--set".to_owned(), set.clone()]).collect();
        // An option that takes one value is refused when it is there twice.
        let names_language = |argument: &String| argument == "--lang" || argument.starts_with("--lang=");
        if self.language != Language::default() && !arguments.iter().any(names_language) {
            options.extend(["--lang".to_owned(), self.language.tag().to_owned()]);
        }
        options
    }
}

/// Starts the processes of jobs.
pub(super) struct Launcher {
    executable: PathBuf,
    inherited: Inherited,
}

impl Launcher {
    /// Makes the launcher of a scheduler.
    pub(super) fn new(inherited: &Inherited) -> Result<Self, SchedulerError> {
        // Asked for once: after an upgrade the same path holds the new program, and jobs run that.
        let start = |source| SchedulerError::Start { program: OWN_PROGRAM.into(), source };
        Ok(Self { executable: std::env::current_exe().map_err(start)?, inherited: inherited.clone() })
    }

    pub(super) fn start(&self, station: &Station, start: &Start, output: Output) -> Result<Process, SchedulerError> {
        let line = self.line(station, start)?;
        let failed = |source| SchedulerError::Start { program: line.join(" "), source };
        let mut command = Command::new(&self.executable);
        command.args(["scheduler", "launch", "--scheduler", &std::process::id().to_string(), "--"]).args(&line);
        command.current_dir(station.workspace.root()).env("LIGHTHUNTER_WORKSPACE", station.workspace.root());
        command.envs(station.clock.for_child()).stdin(Stdio::null()).process_group(0);
        if output == Output::Log {
            let file = Self::log(station, start, &line.join(" ")).map_err(failed)?;
            command.stdout(file.try_clone().map_err(failed)?).stderr(file);
        }
        let child = command.spawn().map_err(failed)?;
        Ok(Process { child, watch: Stopwatch::start(), timeout_sec: start.job.timeout_sec, told: None })
    }

    /// Returns the program and its arguments, every placeholder filled.
    fn line(&self, station: &Station, start: &Start) -> Result<Vec<String>, SchedulerError> {
        let date = start.trade_date.to_string();
        let words: Vec<String> = start.job.command.iter().map(|word| word.replace(TRADE_DATE, &date)).collect();
        let (program, arguments) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        if program == OWN_PROGRAM {
            let own = self.executable.display().to_string();
            let inherited = self.inherited.options(arguments);
            return Ok(std::iter::once(own).chain(inherited).chain(arguments.iter().cloned()).collect());
        }
        let missing = || SchedulerError::Start {
            program: program.to_owned(),
            source: io::Error::new(io::ErrorKind::NotFound, "no such program can be executed"),
        };
        let file = program_file(station.workspace.root(), program).ok_or_else(missing)?;
        Ok(std::iter::once(file.display().to_string()).chain(arguments.iter().cloned()).collect())
    }

    /// Opens the job's log and says in it what begins.
    fn log(station: &Station, start: &Start, line: &str) -> io::Result<File> {
        let path = log_path(station, &start.job);
        let opened = log::open(&path, &station.settings().ops.logs);
        let mut file = opened.ok_or_else(|| io::Error::other(format!("{} cannot be opened", path.display())))?;
        let now = station.clock.wall();
        writeln!(file, "== {now} {} slot {} run {}: {line}", start.job.id, start.slot, start.seq)?;
        Ok(file)
    }
}

/// Returns where a job's output goes.
pub(super) fn log_path(station: &Station, job: &Job) -> PathBuf {
    let logs = station.workspace.path(&station.settings().paths.logs_dir);
    logs.join("ops/jobs").join(format!("{}.log", job.id))
}

/// A job's process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    watch: Stopwatch,
    timeout_sec: Option<u64>,
    /// Why it was told to end, and since when.
    told: Option<(Cause, Stopwatch)>,
}

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells the job to end because its scheduler ends.
    pub(super) fn stop(&mut self) {
        self.tell(Cause::Stop);
    }

    /// Looks whether the job has ended; one that is over its time, or that does not leave, is helped.
    pub(super) fn look(&mut self) -> io::Result<Option<Outcome>> {
        if let Some(status) = self.child.try_wait()? {
            // What it left running goes with it; mostly there is nothing, which is no error.
            let _ = killpg(self.group(), Signal::SIGKILL);
            return Ok(Some(outcome(status, self.told.map(|(cause, _)| cause))));
        }
        match (self.told, self.timeout_sec) {
            (Some((_, since)), _) if since.seconds() > LEAVE_SECONDS => drop(killpg(self.group(), Signal::SIGKILL)),
            (None, Some(timeout)) if self.watch.seconds() > timeout as f64 => self.tell(Cause::Deadline(timeout)),
            _ => {}
        }
        Ok(None)
    }

    fn tell(&mut self, cause: Cause) {
        if self.told.is_none() {
            self.told = Some((cause, Stopwatch::start()));
            let _ = killpg(self.group(), Signal::SIGTERM);
        }
    }

    fn group(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }
}

/// Ends a process group whose scheduler is gone, and waits until `is_gone`.
pub(super) fn end_group(process: u32, mut is_gone: impl FnMut() -> bool) {
    let Ok(group) = i32::try_from(process).map(Pid::from_raw) else { return };
    let watch = Stopwatch::start();
    let _ = killpg(group, Signal::SIGTERM);
    while !is_gone() && watch.seconds() < 2.0 * LEAVE_SECONDS {
        if watch.seconds() > LEAVE_SECONDS {
            let _ = killpg(group, Signal::SIGKILL);
        }
        pause(LOOK);
    }
}

fn outcome(status: ExitStatus, told: Option<Cause>) -> Outcome {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    let exit = code.or(signal.map(|signal| Exit::Signal(signal).code()));
    match (told, code) {
        (Some(Cause::Deadline(timeout)), _) => {
            Outcome::failed(Exit::Limit, format!("was ended: it took longer than {timeout} s"))
        }
        (_, Some(0)) => Outcome { status: JobRunStatus::Success, exit, error: None },
        (_, Some(code)) if code == Exit::Degraded.code() => {
            Outcome { status: JobRunStatus::Degraded, exit, error: Some(Exit::Degraded.meaning().into()) }
        }
        (Some(Cause::Stop), _) => {
            Outcome { status: JobRunStatus::Interrupted, exit, error: Some("was ended with its scheduler".into()) }
        }
        (None, _) => {
            let mut failed = Outcome { status: JobRunStatus::Failed, exit, error: None };
            let class = Exit::ALL.into_iter().find(|class| Some(class.code()) == exit);
            failed.error = Some(match (class, signal) {
                (_, Some(signal)) => format!("was ended by signal {signal}"),
                (Some(class), None) => format!("ended with {class}"),
                (None, None) => {
                    format!("ended with {}", code.map_or_else(|| "no status".into(), |code| code.to_string()))
                }
            });
            failed
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

    use super::{Cause, Inherited, JobRunStatus, outcome};
    use crate::{exit::Exit, text::Language};

    #[test]
    fn jobs_speak_the_scheduler_s_language_unless_they_name_their_own() {
        let chinese = Inherited { overrides: vec!["a=b".into()], language: Language::Chinese };
        for (inherited, job, options) in [
            (&chinese, "night-ops --mode full", "--set a=b --lang zh"),
            (&chinese, "--lang en night-ops", "--set a=b"),
            (&chinese, "night-ops --lang=en", "--set a=b"),
            (&Inherited::default(), "night-ops", ""),
        ] {
            let arguments: Vec<String> = job.split(' ').map(str::to_owned).collect();
            assert_eq!(inherited.options(&arguments).join(" "), options, "{job}");
        }
    }

    #[test]
    fn exit_class_decides_what_a_run_came_to() {
        let exited = |code: i32| ExitStatus::from_raw(code << 8);
        let cases = [
            (exited(0), None, JobRunStatus::Success, Some(0), Exit::Done),
            (exited(19), None, JobRunStatus::Degraded, Some(19), Exit::Degraded),
            (exited(13), None, JobRunStatus::Failed, Some(13), Exit::Storage),
            (exited(3), None, JobRunStatus::Failed, Some(3), Exit::Negative),
            (exited(20), None, JobRunStatus::Failed, Some(20), Exit::NothingRan),
            (ExitStatus::from_raw(9), None, JobRunStatus::Failed, Some(137), Exit::Signal(9)),
            (ExitStatus::from_raw(15), Some(Cause::Deadline(5)), JobRunStatus::Failed, Some(16), Exit::Limit),
            (ExitStatus::from_raw(15), Some(Cause::Stop), JobRunStatus::Interrupted, Some(143), Exit::Signal(15)),
            (exited(0), Some(Cause::Stop), JobRunStatus::Success, Some(0), Exit::Done),
        ];
        for (status, told, expected, exit, class) in cases {
            let found = outcome(status, told);
            assert_eq!((found.status, found.exit, found.class()), (expected, exit, class), "{status:?} {told:?}");
            assert_eq!(found.error.is_none(), expected == JobRunStatus::Success);
        }
    }
}
