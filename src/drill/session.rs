//! One drill under way: what all its scenarios share.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    DrillError, DrillOptions, EntryKind, Environment, Journal, Keep, Observation, ROOT_SHOWN, Run, Spec, Target, Watch,
    origin, stage::Stages, trace::Trace,
};
use crate::{
    clock::Stopwatch,
    durable::{self, DurableError},
    vault::Vault,
};

/// One run of a command with what the signals showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The run.
    pub run: Run,
    /// What the signals showed.
    pub seen: Observation,
}

/// Where a scenario is: file and line.
pub(super) type ScenarioKey = (String, usize);

/// One drill under way.
pub(super) struct Session {
    /// What was asked for.
    pub(super) options: DrillOptions,
    /// The target's commands.
    pub(super) target: Target,
    /// The repository that every environment clones.
    pub(super) origin: PathBuf,
    /// The origin's commit.
    pub(super) commit: String,
    /// The date in the names of branch and tags.
    pub(super) date: Date,
    /// The journal.
    pub(super) journal: Journal,
    /// What holds every environment.
    pub(super) root: PathBuf,
    /// The states that were made once.
    pub(super) stages: Stages,
    traces: Mutex<BTreeMap<ScenarioKey, Trace>>,
    environments: AtomicUsize,
    removals: Mutex<Vec<JoinHandle<Result<(), DrillError>>>>,
}

impl Session {
    /// Starts a drill: the temporary root, the journal, and the origin. An origin that is given must be
    /// a clean repository; without one the target's `init` makes a fresh workspace.
    ///
    /// # Errors
    /// When the origin is dirty, is no repository or cannot be made.
    pub(super) fn start(options: DrillOptions) -> Result<Self, DrillError> {
        let given = options.origin().map(|path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
        if let Some(origin) = &given {
            Vault::open(origin)?.require_clean()?;
        }
        let journal = Journal::start(&options.directory())?;
        let room = origin::temporary_room()?;
        // The real path, so that it is found again in what the target prints.
        let root = room.path().canonicalize().map_err(DurableError::at("resolve", room.path()))?;
        let detail = json!({ "root": root, "repeat": options.repeat_command() });
        journal.write(&options.clock, "", EntryKind::Intent, "drill", detail)?;
        let origin = match given {
            Some(origin) => origin,
            None => origin::make(&options, &root)?,
        };
        let commit = Vault::open(&origin)?.head()?;
        // Bars that were named win over the target's own.
        let own =
            ["data/raw/market", "data/raw"].map(|place| origin.join(place)).into_iter().find(|path| path.is_dir());
        let bars = own.filter(|_| options.origin().is_none() || !options.names_market());
        let input = bars.map_or_else(|| options.market.clone(), |path| path.to_string_lossy().into_owned());
        let target = Target {
            executable: options.executable.clone(),
            spec: Spec::of(&origin)?,
            market: options.market.clone(),
            input,
        };
        // From here on the session removes it; until here an error does.
        let _ = room.keep();
        Ok(Self {
            date: options.clock.today(),
            options,
            target,
            origin,
            commit,
            journal,
            root,
            stages: Stages::default(),
            traces: Mutex::default(),
            environments: AtomicUsize::new(0),
            removals: Mutex::default(),
        })
    }

    /// Returns where the bars come from, for the record.
    pub(super) fn bars(&self) -> String {
        let own = Path::new(&self.target.input).strip_prefix(&self.origin).ok();
        match own.filter(|_| self.options.origin().is_some()) {
            Some(own) => format!("the target's own, {}", own.display()),
            None => self.options.market.clone(),
        }
    }

    /// Makes an empty environment.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn environment(&self) -> Result<Environment, DrillError> {
        Environment::create(&self.root, &self.next_name(), self.target.spec.ports.len(), self.options.seed)
    }

    /// Runs a command and watches the signals; their times run from `since`.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(super) fn run(&self, name: &str, environment: &Environment, since: &Stopwatch) -> Result<Ran, DrillError> {
        self.run_until(name, environment, None, since)
    }

    /// Runs a command as [`Session::run`] does, and kills it once `when` is there.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(super) fn run_until(
        &self,
        name: &str,
        environment: &Environment,
        when: Option<&Path>,
        since: &Stopwatch,
    ) -> Result<Ran, DrillError> {
        let repo = environment.repo();
        let mut watch = Watch::start(&repo, &self.target.spec.signals, name);
        let run = self.target.run_until(name, environment, when, |ended| watch.look(since.seconds(), ended))?;
        Ok(Ran { run, seen: watch.finish() })
    }

    /// Writes one evidence file and returns its path relative to the drill's directory. Evidence is not
    /// synced: after a power cut the journal, which is, says what must be done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn evidence(&self, scenario: &str, name: &str, bytes: impl AsRef<[u8]>) -> Result<String, DrillError> {
        let relative = format!("evidence/{}/{name}", slug(scenario));
        let path = self.options.directory().join(&relative);
        durable::make_directory(path.parent().unwrap_or(&path))?;
        File::create(&path)
            .and_then(|mut file| file.write_all(bytes.as_ref()))
            .map_err(DurableError::at("write", &path))?;
        Ok(relative)
    }

    /// Writes what a run said and what the signals showed; returns the paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn evidence_of_run(&self, scenario: &str, label: &str, ran: &Ran) -> Result<Vec<String>, DrillError> {
        let metrics = [&ran.seen.metrics_before, &ran.seen.metrics_after];
        let metrics: Vec<String> = metrics.iter().filter_map(|line| line.as_ref().map(Value::to_string)).collect();
        let run = &ran.run;
        let command = format!("$ {}\n{} after {} s\n\n{}", run.line, run.ended, run.seconds, run.stdout);
        let parts = [
            (format!("{label}.stdout.txt"), command),
            (format!("{label}.stderr.txt"), ran.run.stderr.clone()),
            (format!("{label}.log.jsonl"), self.shown(&ran.seen.log)),
            (format!("{label}.metrics.jsonl"), self.shown(&metrics.join("\n"))),
        ];
        parts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(file, text)| self.evidence(scenario, &file, text))
            .collect()
    }

    /// Ends a scenario: its trace is kept for the record, its environment by the rule.
    pub(super) fn end_scenario(
        &self,
        (key, name): (ScenarioKey, &str),
        mut trace: Trace,
        environment: Option<Environment>,
        red: bool,
    ) {
        let keep = match self.options.keep {
            Keep::Always => true,
            Keep::Never => false,
            Keep::OnFailure => red && trace.skipped.is_none(),
        };
        match environment {
            Some(environment) if keep => trace.kept = Some(environment.root().to_string_lossy().into_owned()),
            Some(environment) => {
                // Thousands of small files go while the next scenario runs.
                let removal = thread::spawn(move || environment.remove());
                self.removals.lock().unwrap_or_else(PoisonError::into_inner).push(removal);
            }
            None => {}
        }
        if trace.fault.as_ref().is_some_and(|fault| fault.injected) {
            // Whatever was not taken back went with the environment, or is kept on purpose.
            let detail = json!({ "by": "the end of the scenario", "kept": trace.kept });
            let written = self.journal.write(&self.options.clock, name, EntryKind::Done, "inject", detail);
            if let Err(error) = written {
                tracing::warn!(%error, "the journal has no end of a scenario");
            }
        }
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).insert(key, trace);
    }

    /// Takes the trace of a scenario that has ended.
    #[must_use]
    pub(super) fn take_trace(&self, key: &ScenarioKey) -> Trace {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).remove(key).unwrap_or_default()
    }

    /// Ends the drill: the temporary root is removed unless an environment in it was kept.
    ///
    /// # Errors
    /// When the journal's last line cannot be written.
    pub(super) fn finish(&self, kept: bool) -> Result<(), DrillError> {
        for removal in std::mem::take(&mut *self.removals.lock().unwrap_or_else(PoisonError::into_inner)) {
            if let Ok(Err(error)) = removal.join() {
                tracing::warn!(%error, "an environment is left behind");
            }
        }
        if !kept && let Err(error) = fs::remove_dir_all(&self.root) {
            tracing::warn!(%error, root = %self.root.display(), "the drill's temporary root is left behind");
        }
        self.journal.write(&self.options.clock, "", EntryKind::Done, "drill", json!({ "kept": kept }))
    }

    /// Returns `text` with the root of whatever environment it names written as `$DRILL`.
    #[must_use]
    pub(super) fn shown(&self, text: &str) -> String {
        let root = format!("{}/", self.root.display());
        let mut parts = text.split(&root);
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // What follows the root is the environment's name.
            let rest = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
            shown.push_str(ROOT_SHOWN);
            shown.push_str(part.get(rest..).unwrap_or_default());
        }
        shown
    }

    pub(super) fn next_name(&self) -> String {
        format!("e{:02}", self.environments.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.options.id)
    }
}

/// Returns a name for files: lower case words joined by underscores.
pub(super) fn slug(name: &str) -> String {
    let mapped: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    mapped.split_whitespace().collect::<Vec<_>>().join("_").chars().take(80).collect()
}
