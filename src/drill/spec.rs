//! `drill.toml`: how a repository is drilled. Every key has a default, LightHunter's own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path},
};

use serde::Deserialize;

use super::{DrillError, Fault, fault::Kind, fault_spec::FaultFile};
use crate::{
    record::{KEEP_REPORTS_DEFAULT, Phase},
    rollback::ExtraFiles,
};

/// The file's name in a repository.
pub const SPEC_FILE: &str = "drill.toml";

/// The default file with its comments; also the template that a new workspace gets.
pub const SPEC_DEFAULT: &str = include_str!("../../config/workspace/drill.toml");

/// The deadline of a command for which none is named, seconds.
const DEADLINE_SECONDS: f64 = 300.0;

/// How a repository is drilled.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The target's name.
    pub name: String,
    /// The argument lists of its commands, by name.
    pub commands: BTreeMap<String, Vec<String>>,
    /// Seconds after which a command is killed, by name.
    pub deadlines: BTreeMap<String, f64>,
    /// Config keys that get a free port, with the value that holds `{port}`.
    pub ports: BTreeMap<String, String>,
    /// Where a fault shows.
    pub signals: SignalPlaces,
    /// How long things may take.
    pub budgets: Budgets,
    /// Reasons of known failures, by scenario name.
    pub known_failures: BTreeMap<String, String>,
    /// How many drills' reports are kept, the newest; 0 keeps all.
    pub keep_reports: u32,
    /// The target's own faults.
    pub faults: Vec<Fault>,
    /// Its models and data outside `models` and `data`.
    pub state: ExtraFiles,
}

/// Where a fault shows: files relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalPlaces {
    /// The log, JSON lines with `level` and `message`, or plain lines that hold `ERROR`.
    pub log: String,
    /// The logs of commands that write another one, by command.
    pub logs: BTreeMap<String, String>,
    /// The metrics, JSON lines with `errors_total` or `errors.<component>.count`.
    pub metrics: String,
    /// The experiment record, JSON lines with `result_digest`.
    pub experiments: String,
    /// The address of the monitor's page, OpenMetrics text; a key of the ports in braces is its port.
    pub page: String,
    /// The addresses of commands that serve another page, by command.
    pub pages: BTreeMap<String, String>,
}

impl SignalPlaces {
    /// Returns the log of a command.
    #[must_use]
    pub fn log_of(&self, command: &str) -> &str {
        self.logs.get(command).unwrap_or(&self.log)
    }

    /// Returns the address of the page that a command serves.
    #[must_use]
    pub fn page_of(&self, command: &str) -> &str {
        self.pages.get(command).unwrap_or(&self.page)
    }
}

/// How long things may take, by phase. A phase without a budget takes as long as it takes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Budgets(BTreeMap<Phase, f64>);

impl Budgets {
    /// Returns the seconds that a phase may take.
    #[must_use]
    pub fn of(&self, phase: Phase) -> Option<f64> {
        self.0.get(&phase).copied()
    }
}

impl FromIterator<(Phase, f64)> for Budgets {
    fn from_iter<I: IntoIterator<Item = (Phase, f64)>>(seconds: I) -> Self {
        Self(seconds.into_iter().collect())
    }
}

impl Spec {
    /// Reads the spec of the repository at `root`; without a file it is the default.
    ///
    /// # Errors
    /// When the file cannot be read or does not parse, with its line.
    pub fn of(root: &Path) -> Result<Self, DrillError> {
        let path = root.join(SPEC_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::parse("", &path),
            Err(source) => Err(DrillError::Unreadable { path, source }),
        }
    }

    /// Reads a spec from text over the defaults.
    ///
    /// # Errors
    /// When a key is unknown or a value has the wrong type, with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, DrillError> {
        let wrong = |source| DrillError::Spec { path: path.into(), source };
        let default: SpecFile = toml::from_str(SPEC_DEFAULT).map_err(wrong)?;
        let own: SpecFile = toml::from_str(text).map_err(wrong)?;
        own.over(default).map_err(|why| wrong(serde::de::Error::custom(why)))
    }

    /// Returns the fault of that id: the target's own, or the catalogue's.
    #[must_use]
    pub fn fault(&self, id: &str) -> Option<Fault> {
        self.faults.iter().find(|fault| fault.id == id).copied().or_else(|| Fault::named(id))
    }

    /// Returns what belongs to the target's state beside the files of its layers: what it names so, and every file
    /// that one of its faults damages, as git may not know it.
    #[must_use]
    pub fn extra_files(&self) -> ExtraFiles {
        let mut extra = self.state.clone();
        extra.data.extend(self.faults.iter().filter_map(|fault| match fault.kind {
            Kind::Bytes { file, .. } if !extra.models.iter().any(|place| Path::new(file).starts_with(place)) => {
                Some(file.to_owned())
            }
            _ => None,
        }));
        extra
    }

    /// Returns the seconds after which the command `name` is killed.
    #[must_use]
    pub fn deadline_seconds(&self, name: &str) -> f64 {
        self.deadlines.get(name).copied().unwrap_or(DEADLINE_SECONDS)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SpecFile {
    name: Option<String>,
    commands: Option<BTreeMap<String, Vec<String>>>,
    deadlines: BTreeMap<String, f64>,
    ports: Option<BTreeMap<String, String>>,
    signals: SignalsFile,
    budgets: BTreeMap<Phase, f64>,
    known_failures: BTreeMap<String, String>,
    keep_reports: Option<u32>,
    faults: Vec<FaultFile>,
    state: StateFile,
}

/// What git ignores and is state all the same: files and folders relative to the repository.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StateFile {
    models: Vec<String>,
    data: Vec<String>,
}

impl StateFile {
    fn checked(self) -> Result<ExtraFiles, String> {
        let outside = |place: &&String| {
            let mut parts = Path::new(place.as_str()).components();
            place.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_)))
        };
        match self.models.iter().chain(&self.data).find(outside) {
            Some(place) => Err(format!("state: '{place}' is no path inside the repository")),
            None => Ok(ExtraFiles { models: self.models.into_iter().collect(), data: self.data.into_iter().collect() }),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignalsFile {
    log: Option<String>,
    logs: BTreeMap<String, String>,
    metrics: Option<String>,
    experiments: Option<String>,
    page: Option<String>,
    pages: BTreeMap<String, String>,
}

impl SpecFile {
    /// A file that names commands or ports replaces all of them: a foreign target must never be run
    /// by LightHunter's own.
    fn over(self, default: Self) -> Result<Spec, String> {
        // Faults break files of the target that names them, so that another's are none of its own.
        let faults = if self.commands.is_some() {
            self.faults
        } else {
            [default.faults, self.faults].into_iter().flatten().collect()
        };
        let faults = faults.into_iter().map(FaultFile::fault).collect::<Result<_, _>>()?;
        let mut deadlines = default.deadlines;
        deadlines.extend(self.deadlines);
        let mut logs = default.signals.logs;
        logs.extend(self.signals.logs);
        let mut pages = default.signals.pages;
        pages.extend(self.signals.pages);
        let text = |own: Option<String>, default: Option<String>| own.or(default).unwrap_or_default();
        let mut budgets = default.budgets;
        budgets.extend(self.budgets);
        Ok(Spec {
            name: text(self.name, default.name),
            ports: self.ports.or(if self.commands.is_some() { None } else { default.ports }).unwrap_or_default(),
            commands: self.commands.or(default.commands).unwrap_or_default(),
            deadlines,
            signals: SignalPlaces {
                log: text(self.signals.log, default.signals.log),
                logs,
                metrics: text(self.signals.metrics, default.signals.metrics),
                experiments: text(self.signals.experiments, default.signals.experiments),
                page: text(self.signals.page, default.signals.page),
                pages,
            },
            budgets: Budgets(budgets),
            keep_reports: self.keep_reports.or(default.keep_reports).unwrap_or(KEEP_REPORTS_DEFAULT),
            known_failures: self.known_failures,
            faults,
            state: self.state.checked()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Spec;

    fn parse(text: &str) -> Result<Spec, String> {
        Spec::parse(text, Path::new("drill.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_lighthunters() {
        let spec = parse("").expect("the default parses");
        assert_eq!(spec.name, "lighthunter");
        assert_eq!(spec.commands["night"].last().map(String::as_str), Some("full"));
        assert_eq!((spec.ports.len(), spec.deadline_seconds("smoke")), (5, 30.0));
    }

    #[test]
    fn foreign_commands_replace_all_defaults() {
        let spec = parse("name = \"py\"\n[commands]\nnight = [\"python\", \"night.py\"]\n").expect("parses");
        assert_eq!(spec.commands.keys().collect::<Vec<_>>(), ["night"]);
        assert!(spec.ports.is_empty());
        assert_eq!(spec.signals.log_of("night"), "logs/ops/night_ops.log");
        assert_eq!(spec.signals.log_of("backtest"), "logs/ops/backtest.log");
    }

    #[test]
    fn state_that_git_ignores_is_named_and_lies_inside() {
        let text = "[state]\nmodels = [\"weights\"]\ndata = [\"store/a.db\"]\n\
            [[faults]]\nid = \"a\"\nwhat = \"a\"\nfile = \"store/b.db\"\ndamage = \"flip\"\n\
            [[faults]]\nid = \"b\"\nwhat = \"b\"\nfile = \"weights/net.bin\"\ndamage = \"delete\"\n";
        let extra = parse(text).expect("parses").extra_files();
        assert_eq!(extra.models.iter().collect::<Vec<_>>(), ["weights"]);
        assert_eq!(extra.data.iter().collect::<Vec<_>>(), ["store/a.db", "store/b.db"]);
        for outside in ["/etc", "../other", "a/../../b", ""] {
            let error = parse(&format!("[state]\ndata = [\"{outside}\"]\n")).expect_err("outside");
            assert!(error.contains("no path inside the repository"), "{error}");
        }
    }

    #[test]
    fn unknown_key_is_an_error_with_its_line() {
        let error = parse("name = \"x\"\n[budgets]\nrecovr = 2\n").expect_err("unknown");
        assert!(error.contains("line 3") && error.contains("recovr"), "{error}");
    }
}
