//! What a drill is asked to do.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    DrillError, EntryKind, Interruption, JOURNAL_FILE, Medium,
    journal::{DRILL, read},
    recovery::has_ended,
};
use crate::{clock::Clock, digest::Digest, record::ScenarioRecord, seed::Seed};

/// When an environment is kept after its scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Keep {
    /// When the scenario is red.
    #[default]
    OnFailure,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What being over budget does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum BudgetRule {
    /// The scenario is Failed.
    #[default]
    Enforce,
    /// It is said, and nothing else: a build machine's speed is not the target's.
    Warn,
}

/// Called with each scenario when it has ended.
pub type Progress = Box<dyn Fn(&ScenarioRecord) + Send + Sync>;

/// What a drill is asked to do.
pub struct DrillOptions {
    /// The executable under drill.
    pub executable: PathBuf,
    /// The repository to drill; `None` for a fresh workspace that the target's `init` makes.
    pub origin: Option<PathBuf>,
    /// The choice of input bars: `simulated`, `simulated:SEED` or a directory.
    pub market: String,
    /// Feature files or folders, embedded or on disk; empty for all that are embedded.
    pub features: Vec<String>,
    /// A tag expression, such as `@fault-a and not @slow`.
    pub tags: Option<String>,
    /// A pattern that a scenario's name must match.
    pub name: Option<String>,
    /// How many cases of each fault of the catalogue are tried, the first ones; `None` for all.
    pub cases_max: Option<usize>,
    /// When environments are kept.
    pub keep: Keep,
    /// The seed of every random choice; the target gets it too.
    pub seed: Seed,
    /// Skipped scenarios are red.
    pub strict: bool,
    /// Inject nothing, to show that the probes can fail.
    pub control: bool,
    /// What being over budget does.
    pub budgets: BudgetRule,
    /// How many scenarios run at a time, one or more.
    pub jobs: usize,
    /// What the environments are to lie on; those that are kept are on a disk in any case.
    pub medium: Medium,
    /// Go on with the drill of this id, which was interrupted or died.
    pub resume: bool,
    /// The commit that the origin stood at when a drill began that is gone on with.
    pub began_at: Option<String>,
    /// Ends the drill early.
    pub interruption: Interruption,
    /// The directory that holds `drills/<id>/`.
    pub reports: PathBuf,
    /// The drill's id.
    pub id: String,
    /// The clock.
    pub clock: Clock,
    /// Called with each scenario when it has ended.
    pub progress: Option<Progress>,
}

/// The bars of a drill that names none and whose target has none of its own.
const DEFAULT_MARKET: &str = "simulated";

impl DrillOptions {
    /// Returns the options of the whole drill with every default.
    #[must_use]
    pub fn new(executable: PathBuf, reports: PathBuf, clock: Clock) -> Self {
        Self {
            executable,
            origin: None,
            market: DEFAULT_MARKET.into(),
            features: Vec::new(),
            tags: None,
            name: None,
            cases_max: None,
            keep: Keep::default(),
            seed: Seed::DEFAULT,
            strict: false,
            control: false,
            budgets: BudgetRule::default(),
            jobs: 1,
            medium: Medium::default(),
            resume: false,
            began_at: None,
            interruption: Interruption::default(),
            reports,
            id: new_id(&clock),
            clock,
            progress: None,
        }
    }

    /// Returns the options that go on with the drill `id` under these reports: what it drills and how is
    /// the drill's own, all else is as it is here.
    ///
    /// # Errors
    /// When there is no such drill, it has ended and is reported, or its journal does not say what it was.
    pub fn resuming(self, id: &str, is_reported: bool) -> Result<Self, DrillError> {
        let not = |why: &str| DrillError::NotResumable { id: id.into(), why: why.into() };
        let options = Self { id: id.into(), resume: true, ..self };
        if !options.directory().join(JOURNAL_FILE).is_file() {
            return Err(not(&format!("there is none under {}", options.reports.display())));
        }
        let entries = read(&options.directory())?.entries;
        if has_ended(&entries) && is_reported {
            return Err(not("it has ended"));
        }
        let first = entries.iter().find(|entry| entry.action == DRILL && entry.kind == EntryKind::Intent);
        let saved = first.and_then(|entry| Saved::deserialize(entry.detail.get("options")?).ok());
        let saved = saved.ok_or_else(|| not("its journal does not say what was asked for"))?;
        Ok(Self {
            origin: saved.origin,
            market: saved.market,
            features: saved.features,
            tags: saved.tags,
            name: saved.name,
            keep: saved.keep,
            seed: Seed(saved.seed),
            strict: saved.strict,
            control: saved.control,
            budgets: saved.budgets,
            medium: saved.medium,
            began_at: saved.commit,
            ..options
        })
    }

    /// Returns what a journal must hold to go on with the drill; `commit` is the origin's, where one was given.
    pub(super) fn saved(&self, commit: Option<String>) -> Value {
        let absolute = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let saved = Saved {
            origin: self.origin.as_ref().map(absolute),
            market: self.market.clone(),
            features: self.features.clone(),
            tags: self.tags.clone(),
            name: self.name.clone(),
            keep: self.keep,
            seed: self.seed.0,
            strict: self.strict,
            control: self.control,
            budgets: self.budgets,
            medium: self.medium,
            commit,
        };
        serde_json::to_value(saved).unwrap_or_default()
    }

    /// Says whether the market is another than the one that is used where none is named.
    #[must_use]
    pub(super) fn names_market(&self) -> bool {
        self.market != DEFAULT_MARKET
    }

    /// Returns the drill's own directory under `reports`.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.reports.join("drills").join(&self.id)
    }

    /// Returns the command that repeats this drill.
    #[must_use]
    pub fn repeat_command(&self) -> String {
        let mut words = vec!["lighthunter drill run".to_owned()];
        words.extend(self.features.iter().map(|feature| quoted(feature)));
        let shown = self.origin.as_deref().map(|path| path.to_string_lossy().into_owned());
        let pairs = [("--target", shown.as_ref()), ("--tags", self.tags.as_ref()), ("--name", self.name.as_ref())];
        words.extend(pairs.iter().filter_map(|(flag, value)| Some(format!("{flag} {}", quoted(value.as_deref()?)))));
        // A target's own bars win over the default market, so that naming it would mislead.
        if self.origin.is_none() || self.names_market() {
            words.push(format!("--market {}", quoted(&self.market)));
        }
        words.push(format!("--seed {}", self.seed));
        let switches =
            [("--strict", self.strict), ("--control", self.control), ("--root disk", self.medium == Medium::Disk)];
        words.extend(switches.iter().filter(|(_, on)| *on).map(|(flag, _)| (*flag).to_owned()));
        words.join(" ")
    }

    /// Returns the origin as the reader named it.
    #[must_use]
    pub fn origin(&self) -> Option<&Path> {
        self.origin.as_deref()
    }
}

/// What was asked for, as a journal holds it.
#[derive(Serialize, Deserialize)]
struct Saved {
    origin: Option<PathBuf>,
    market: String,
    features: Vec<String>,
    tags: Option<String>,
    name: Option<String>,
    keep: Keep,
    seed: u64,
    strict: bool,
    control: bool,
    budgets: BudgetRule,
    #[serde(default)]
    medium: Medium,
    /// A fresh workspace is made again, by the same command.
    #[serde(default)]
    commit: Option<String>,
}

impl fmt::Debug for DrillOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DrillOptions({}: {})", self.id, self.repeat_command())
    }
}

/// Returns a new drill's id: `YYYYMMDD-HHMMSS-<4 hex>`, in Asia/Shanghai.
#[must_use]
pub fn new_id(clock: &Clock) -> String {
    let now = clock.shanghai();
    let unique = Digest::of(format!("{} {}", clock.now(), std::process::id())).to_string();
    format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), unique.get(..4).unwrap_or_default())
}

/// Returns a word as a shell is given it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::DrillOptions;
    use crate::clock::Clock;

    #[test]
    fn command_that_repeats_a_drill_is_safe_to_paste() {
        let clock = Clock::starting_at("2025-01-02T03:04:05Z".parse().expect("a timestamp"));
        let mut options = DrillOptions::new("x".into(), "reports".into(), clock);
        options.tags = Some("@fault-a and not @slow".into());
        options.features = vec!["3_failure".into()];
        let command =
            "lighthunter drill run 3_failure --tags '@fault-a and not @slow' --market simulated --seed 20250101";
        assert_eq!(options.repeat_command(), command);
        assert!(options.id.starts_with("20250102-110405-") && options.id.len() == 20, "{}", options.id);
    }
}
