//! One drill under way: what all its scenarios share.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use jiff::{Timestamp, civil::Date};
use serde_json::json;

use super::{
    DrillError, DrillOptions, EntryKind, Environment, Journal, Observation, Run, Spec, Target,
    act::ActLog,
    busy::Busy,
    canary::Canary,
    journal::DRILL,
    origin,
    recovery::{self, Recovered},
    residue::Outside,
    root,
    stage::Stages,
    trace::Trace,
    undo::UndoLog,
};
use crate::{record::ScenarioRecord, rollback::KnownData, vault::Vault};

/// One run of a command with what the signals showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The run.
    pub run: Run,
    /// What the signals showed.
    pub seen: Observation,
}

/// More environments than one run of a drill makes.
const ENVIRONMENTS_MAX: usize = 1000;

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
    pub(super) journal: Arc<Journal>,
    /// What holds every environment.
    pub(super) root: PathBuf,
    /// What the root lies on, for the record.
    pub(super) medium: String,
    /// The states that were made once.
    pub(super) stages: Stages,
    /// What this drill did before it was taken up again.
    pub(super) earlier: Earlier,
    /// What stores hold whose bytes this drill has read already.
    pub(super) known: KnownData,
    pub(super) outside: Outside,
    /// The search for the secret that every environment holds.
    pub(super) canary: Arc<Canary>,
    pub(super) traces: Mutex<BTreeMap<ScenarioKey, Trace>>,
    environments: AtomicUsize,
    pub(super) ports: Mutex<BTreeSet<u16>>,
    pub(super) kept: Mutex<Vec<PathBuf>>,
    pub(super) injections: Mutex<Vec<(String, UndoLog)>>,
    pub(super) removals: Mutex<Vec<JoinHandle<Result<(), DrillError>>>>,
}

/// What a drill did before it was taken up again.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The scenarios that had ended.
    pub(super) scenarios: Vec<ScenarioRecord>,
    /// How often it was taken up again.
    pub(super) resumed: usize,
    /// When it first started.
    pub(super) started_at: Option<Timestamp>,
    /// How long it ran, seconds.
    pub(super) seconds: f64,
    /// What was undone of it.
    pub(super) undone: Vec<String>,
    /// What could not be undone.
    pub(super) residue: Vec<String>,
}

impl Session {
    /// Starts a drill: the temporary root, the journal, and the origin. An origin that is given must be
    /// a clean repository; without one the target's `init` makes a fresh workspace.
    ///
    /// # Errors
    /// When the origin is dirty, is no repository or cannot be made.
    pub(super) fn start(options: DrillOptions) -> Result<Self, DrillError> {
        let given = options.origin().map(|path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
        let commit = given.as_deref().map(|origin| required_commit(origin, &options)).transpose()?;
        let outside = Outside::look(given.as_deref(), &options.reports)?;
        let (journal, earlier) = Self::journal_of(&options)?;
        let journal = Arc::new(journal);
        let root = root::place(&options.id, options.medium)?;
        let detail = json!({ "root": root, "repeat": options.repeat_command(), "options": options.saved(commit) });
        journal.write(&options.clock, "", EntryKind::Intent, DRILL, detail)?;
        let made = Self::make(options, given, root, (Arc::clone(&journal), earlier, outside));
        made.map_err(|failed| {
            let (options, error) = *failed;
            let detail = json!({ "ended": false, "error": error.to_string() });
            if let Err(error) = journal.write(&options.clock, "", EntryKind::Done, DRILL, detail) {
                tracing::warn!(%error, "the journal of a drill that could not start has no end");
            }
            error
        })
    }

    /// Starts the drill's journal, or takes it over and undoes what it says.
    fn journal_of(options: &DrillOptions) -> Result<(Journal, Earlier), DrillError> {
        if !options.resume {
            return Ok((Journal::start(&options.directory())?, Earlier::default()));
        }
        let recovered = recovery::recover(&options.directory(), &options.id, &options.clock)?;
        let Recovered { journal, read, undone, residue } =
            recovered.ok_or_else(|| DrillError::Leased(options.directory()))?;
        let entries = read.entries;
        let starts = entries.iter().filter(|entry| entry.action == DRILL && entry.kind == EntryKind::Intent);
        let (first, last) = (entries.first().map(|entry| entry.at), entries.last().map(|entry| entry.at));
        let seconds = first.zip(last).map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64());
        let resumed = starts.count();
        let scenarios = recovery::ended_scenarios(&entries);
        Ok((journal, Earlier { scenarios, resumed, started_at: first, seconds, undone, residue }))
    }

    fn make(
        options: DrillOptions,
        given: Option<PathBuf>,
        root: PathBuf,
        (journal, earlier, outside): (Arc<Journal>, Earlier, Outside),
    ) -> Result<Self, Box<(DrillOptions, DrillError)>> {
        if let Err(error) = root::make(&root, options.resume) {
            return Err(Box::new((options, error)));
        }
        let kept: Vec<PathBuf> =
            earlier.scenarios.iter().filter_map(|scenario| scenario.kept.as_ref().map(PathBuf::from)).collect();
        let (target, origin, commit) = match Self::target_of(&options, given, &root, &journal) {
            Ok(made) => made,
            Err(error) => {
                // What was made goes again.
                if let Err(error) = root::remove(&root, &options.id, &kept) {
                    tracing::warn!(%error, "a drill that could not start left its root behind");
                }
                return Err(Box::new((options, error)));
            }
        };
        // Environments that were kept have their names still.
        let named = earlier.resumed * ENVIRONMENTS_MAX;
        Ok(Self {
            date: options.clock.today(),
            options,
            target,
            origin,
            commit,
            journal,
            medium: root::medium_of(&root),
            root,
            stages: Stages::default(),
            earlier,
            known: KnownData::default(),
            outside,
            canary: Arc::default(),
            traces: Mutex::default(),
            environments: AtomicUsize::new(named),
            ports: Mutex::default(),
            kept: Mutex::new(kept),
            injections: Mutex::default(),
            removals: Mutex::default(),
        })
    }

    /// Returns the target, its origin and the origin's commit.
    fn target_of(
        options: &DrillOptions,
        given: Option<PathBuf>,
        root: &Path,
        journal: &Arc<Journal>,
    ) -> Result<(Target, PathBuf, String), DrillError> {
        let mut target = Target {
            executable: options.executable.clone(),
            spec: Spec::parse("", root)?,
            market: options.market.clone(),
            input: options.market.clone(),
            clock: options.clock.clone(),
            interruption: options.interruption.clone(),
            busy: Busy::default(),
        };
        let log = ActLog::new(Arc::clone(journal), options.clock.clone());
        let origin = match given {
            Some(origin) => origin,
            None => origin::make(options, &target, root, log)?,
        };
        let commit = Vault::open(&origin)?.head()?;
        // Bars that were named win over the target's own.
        let own =
            ["data/raw/market", "data/raw"].map(|place| origin.join(place)).into_iter().find(|path| path.is_dir());
        let bars = own.filter(|_| options.origin().is_none() || !options.names_market());
        target.input = bars.map_or_else(|| options.market.clone(), |path| path.to_string_lossy().into_owned());
        target.spec = Spec::of(&origin)?;
        Ok((target, origin, commit))
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
        let log = ActLog::new(Arc::clone(&self.journal), self.options.clock.clone());
        let count = self.target.spec.ports.len();
        let made = Environment::create_logged(&self.root, &self.next_name(), count, self.options.seed, Some(log))?;
        self.note_ports(&made);
        Ok(made)
    }

    /// Remembers the ports of an environment: nobody may listen there when the drill has ended.
    pub(super) fn note_ports(&self, environment: &Environment) {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).extend(environment.ports());
    }

    /// Takes the trace of a scenario that has ended.
    #[must_use]
    pub(super) fn take_trace(&self, key: &ScenarioKey) -> Trace {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).remove(key).unwrap_or_default()
    }

    pub(super) fn next_name(&self) -> String {
        format!("e{:02}", self.environments.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// Returns the commit that a clean origin stands at. A drill that is taken up again is of the commit that it began
/// from, or its record would say of one state what was seen of another.
fn required_commit(origin: &Path, options: &DrillOptions) -> Result<String, DrillError> {
    let vault = Vault::open(origin)?;
    vault.require_clean()?;
    let found = vault.head()?;
    match &options.began_at {
        Some(began) if *began != found => {
            Err(DrillError::OriginMoved { id: options.id.clone(), origin: origin.into(), began: began.clone(), found })
        }
        _ => Ok(found),
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.options.id)
    }
}
