//! The form of a file of the casebook (`fixtures/faults/fNN_*.toml`), as docs/faults.md describes it. Reads and
//! checks; breaks nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{harm::Harm, invariant::Invariant};
use crate::drill::mechanism::Mechanism;

/// One fault of the catalogue with the cases that show it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `F01` ... `F64`.
    pub id: String,
    /// What goes wrong, as the catalogue says it.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Its category: the feature file under `features/faults/`.
    pub category: Category,
    /// One of those that matter most to people.
    #[serde(default)]
    pub star: bool,
    /// What the system must do.
    pub must: String,
    /// Cases; a fault without one is not covered.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// A category of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Config.
    Config,
    /// Schema and quality of data.
    Data,
    /// Stores and the file system.
    Storage,
    /// Network and upstream sources.
    Network,
    /// The message bus.
    Bus,
    /// Processes and their deaths.
    Process,
    /// Strategy code.
    Strategy,
    /// Risk and portfolio.
    Risk,
    /// Models and their artefacts.
    Model,
    /// Git and the rollback itself.
    Rollback,
    /// Resources, clock, monitoring, security.
    Resources,
}

impl Category {
    /// Returns the name, which is that of the feature file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Data => "data",
            Self::Storage => "storage",
            Self::Network => "network",
            Self::Bus => "bus",
            Self::Process => "process",
            Self::Strategy => "strategy",
            Self::Risk => "risk",
            Self::Model => "model",
            Self::Rollback => "rollback",
            Self::Resources => "resources",
        }
    }
}

/// One way to inject a fault and what must follow.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, unique in its file.
    pub name: String,
    /// The state that it starts from.
    #[serde(default)]
    pub stage: StageName,
    /// Mechanisms and programs of the machine that it needs: skipped, with the reason, where one is missing.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Commands before anything is broken; each must do as it says.
    #[serde(default)]
    pub before: Vec<Act>,
    /// What is broken, in order.
    #[serde(default)]
    pub inject: Vec<Harm>,
    /// Commands that meet the fault: here it must show.
    #[serde(default)]
    pub run: Vec<Act>,
    /// What holds although the fault is in.
    #[serde(default)]
    pub holds: Vec<Invariant>,
    /// What takes the fault away.
    #[serde(default)]
    pub undo: Undo,
    /// Commands after it; each must do as it says.
    #[serde(default)]
    pub after: Vec<Act>,
    /// What holds after the way back.
    #[serde(default)]
    pub proves: Vec<Invariant>,
}

/// The state that a case starts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Cloned and bootstrapped; the smoke test passed.
    Bootstrapped,
    /// That, and one `NightOps`.
    #[default]
    FirstNight,
    /// That, and one backtest.
    FirstBacktest,
    /// A first night, and one simulation.
    FirstSimulation,
}

/// What takes a fault away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// What was kept of the files before they were broken is put back.
    #[default]
    Files,
    /// Nothing: the system recovers by its own commands, those of `after`.
    Nothing,
}

/// One command and what it must do.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// A command of the target, by its name in drill.toml.
    pub run: Option<String>,
    /// Arguments of the executable, after `--workspace {repo} {set}`.
    pub argv: Option<Vec<String>>,
    /// Any program with its arguments.
    pub program: Option<Vec<String>>,
    /// Bytes sent to a port instead; the answer is its output.
    pub send: Option<String>,
    /// The port they are sent to, by its key in drill.toml: `hud.port`.
    pub to: Option<String>,
    /// The name for people and evidence; the command's own by default.
    pub name: Option<String>,
    /// Variables added to its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The exit codes that are right; 128 and the number for a signal. 0 by default.
    pub exit: Option<Exits>,
    /// Words that its output or logs must hold.
    #[serde(default)]
    pub says: Vec<String>,
    /// It must name every key that a `hurt_config` made wrong.
    #[serde(default)]
    pub names_hurt_keys: bool,
    /// Words that neither may hold.
    #[serde(default)]
    pub unsaid: Vec<String>,
    /// Where it must show.
    #[serde(default)]
    pub signals: Vec<Sign>,
    /// The seconds that it may take (BOUND); past twice that it is killed. Without, drill.toml's deadline.
    pub seconds: Option<f64>,
    /// It goes on beside the others until the case ends, or until an act of `end` names it.
    #[serde(default)]
    pub beside: bool,
    /// The words that a command beside others says once it is ready; without, it is ready at once.
    pub ready: Option<String>,
    /// Ends the command of that name that runs beside, and judges how it ended by this act's expectations.
    pub end: Option<String>,
    /// The mechanism that it runs under, as `docs/faults.md` lists them; it must prove that it fired.
    pub around: Option<Mechanism>,
    /// What happens while it runs.
    #[serde(default)]
    pub meanwhile: Vec<Meanwhile>,
    /// The result equals that of an earlier command of this name (`night`, `backtest`), REPRO.
    pub same_result_as: Option<String>,
}

/// Something that happens while a command runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meanwhile {
    /// Once this path is there.
    pub once: Option<String>,
    /// Once its output or log holds these words.
    pub said: Option<String>,
    /// Seconds after the start, or after `once` or `said`.
    #[serde(default)]
    pub after_seconds: f64,
    /// What is broken then.
    #[serde(default)]
    pub inject: Vec<Harm>,
    /// The signal that its process group gets then: `TERM`, `INT`, `HUP`, `KILL`, `STOP`, `CONT`.
    pub signal: Option<String>,
}

/// Exit codes that are right.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Exits {
    /// One.
    One(i32),
    /// Any of these.
    AnyOf(Vec<i32>),
}

/// Where a fault shows beside the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// An ERROR line of the log.
    Log,
    /// More errors counted by the metrics.
    Metric,
    /// A failed experiment whose class is the exit code.
    Experiment,
    /// No new experiment.
    NoExperiment,
}

impl Case {
    /// Returns how its fault is brought about: the names of its harms, signals and mechanisms.
    pub fn mechanisms(&self) -> impl Iterator<Item = &'static str> {
        let meanwhile = self.run.iter().flat_map(|act| &act.meanwhile);
        let harms = self.inject.iter().chain(meanwhile.clone().flat_map(|one| &one.inject)).map(Harm::name);
        let signals = meanwhile.filter(|one| one.signal.is_some()).map(|_| "signal");
        let sent = self.run.iter().filter(|act| act.send.is_some()).map(|_| "request");
        let acts = self.before.iter().chain(&self.run).chain(&self.after);
        let around = acts.filter_map(|act| act.around.as_ref()).map(Mechanism::name);
        harms.chain(signals).chain(sent).chain(around)
    }
}

impl Act {
    /// Returns the exit codes that are right.
    #[must_use]
    pub fn exits(&self) -> Vec<i32> {
        match &self.exit {
            None => vec![0],
            Some(Exits::One(code)) => vec![*code],
            Some(Exits::AnyOf(codes)) => codes.clone(),
        }
    }

    /// Returns what it is called.
    #[must_use]
    pub fn title(&self) -> String {
        let first = |words: &Option<Vec<String>>| words.as_ref().and_then(|words| words.first().cloned());
        let own = self.name.clone().or_else(|| self.run.clone());
        let sent = self.to.as_ref().map(|port| format!("request_to_{port}"));
        own.or_else(|| first(&self.argv)).or_else(|| first(&self.program)).or(sent).unwrap_or_else(|| "end".into())
    }

    /// Says what is wrong with it.
    fn check(&self) -> Result<(), String> {
        let ways = [self.run.is_some(), self.argv.is_some(), self.program.is_some(), self.send.is_some()];
        let ways = ways.into_iter().filter(|way| *way).count() + usize::from(self.end.is_some());
        if ways != 1 {
            return Err("a command takes exactly one of run, argv, program, send and end".into());
        }
        if self.send.is_some() != self.to.is_some() {
            return Err("send and to go together".into());
        }
        if let Some(words) = self.argv.as_ref().or(self.program.as_ref())
            && words.is_empty()
        {
            return Err("a command has no words".into());
        }
        let unknown = self.meanwhile.iter().filter_map(|one| one.signal.as_deref()).find(|name| signal(name).is_none());
        unknown.map_or(Ok(()), |name| Err(format!("'{name}' is not one of TERM, INT, HUP, KILL, STOP, CONT")))
    }
}

/// Returns the signal of a name.
#[must_use]
pub(in crate::drill) fn signal(name: &str) -> Option<nix::sys::signal::Signal> {
    use nix::sys::signal::Signal as S;
    Some(match name {
        "TERM" => S::SIGTERM,
        "INT" => S::SIGINT,
        "HUP" => S::SIGHUP,
        "KILL" => S::SIGKILL,
        "STOP" => S::SIGSTOP,
        "CONT" => S::SIGCONT,
        _ => return None,
    })
}

/// Reads one file of the casebook.
///
/// # Errors
/// `file:line: what`, when a key is unknown, missing or of the wrong type, or a case makes no sense.
pub fn parse(file: &str, text: &str) -> Result<Entry, String> {
    let entry: Entry = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        format!("{file}:{line}: {}", error.message())
    })?;
    let wrong = |name: &str, what: String| {
        let at = text.find(&format!("\"{name}\"")).map_or(1, |at| line_of(text, at));
        Err(format!("{file}:{at}: {what}"))
    };
    let number = entry.id.strip_prefix('F').and_then(|digits| digits.parse::<u8>().ok());
    if entry.id.len() != 3 || !number.is_some_and(|number| (1..=64).contains(&number)) {
        return wrong(&entry.id, format!("'{}' is not one of F01 to F64", entry.id));
    }
    for (place, case) in entry.cases.iter().enumerate() {
        if entry.cases.iter().take(place).any(|other| other.name == case.name) {
            return wrong(&case.name, format!("two cases are called '{}'", case.name));
        }
        if case.run.is_empty() {
            return wrong(&case.name, format!("case '{}' runs nothing that could meet the fault", case.name));
        }
        if case.after.is_empty() && case.proves.is_empty() {
            return wrong(&case.name, format!("case '{}' proves no recovery: it needs after or proves", case.name));
        }
        for act in case.before.iter().chain(&case.run).chain(&case.after) {
            if let Err(what) = act.check() {
                return wrong(&case.name, format!("case '{}': {}: {what}", case.name, act.title()));
            }
        }
    }
    Ok(entry)
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HEAD: &str = "id = \"F22\"\ntitle = \"t\"\ntitle_zh = \"题\"\ncategory = \"storage\"\nmust = \"m\"\n";

    #[test]
    fn mistake_is_named_with_file_and_line() {
        let of = |rest: &str| parse("f22.toml", &format!("{HEAD}{rest}")).expect_err("wrong");
        let cases = [
            ("[[case]]\nname = \"a\"\nnmae = 1\n", "f22.toml:8: unknown field `nmae`"),
            ("[[case]]\nname = \"a\"\n", "f22.toml:7: case 'a' runs nothing"),
            ("[[case]]\nname = \"a\"\n[[case.run]]\nrun = \"night\"\n", "f22.toml:7: case 'a' proves no recovery"),
            (
                "[[case]]\nname = \"a\"\nproves = [\"TREE\"]\n[[case.run]]\nrun = \"night\"\nargv = [\"x\"]\n",
                "f22.toml:7: case 'a': night: a command takes exactly one of",
            ),
            (
                "[[case]]\nname = \"a\"\nproves = [\"TREE\"]\n[[case.run]]\nrun = \"n\"\n\
                 [[case.inject]]\ndo = \"flip\"\nflie = \"x\"\n",
                "unknown field `flie`",
            ),
        ];
        for (rest, expected) in cases {
            let found = of(rest);
            assert!(found.contains(expected) && found.starts_with("f22.toml:"), "{found}");
        }
    }

    #[test]
    fn fault_without_a_case_is_read() {
        assert_eq!(parse("f22.toml", HEAD).expect("read").cases.len(), 0);
        assert!(parse("f.toml", &HEAD.replace("F22", "F65")).is_err());
    }
}
