//! A foreign target, a repository of shell scripts, drilled by the same features: as it is, and with
//! one defect planted at a time, each of which must be red with its own outcome.

use std::{fs, path::Path};

use lighthunter::{
    clock::Clock,
    drill::{self, BudgetRule, DrillOptions, Keep},
    record::{DrillRecord, Verdict},
    vault::Vault,
};

use crate::{Check, Failed, reports, require};

pub(crate) const CHECKS: &[Check] = &[
    ("foreign target is Ready", foreign_target_is_ready),
    ("planted defects are red", planted_defects_are_red),
    ("rollbacks that fail, hang or lie are red", bad_rollbacks_are_red),
    ("foreign control run passes no failure", control_run),
    ("nothing selected is nothing ran", nothing_selected),
    ("a drill leaves nothing behind", leaves_nothing_behind),
];

/// A defect: file, text, what it becomes; the scenario that must see it, and its outcome.
pub(crate) type Planted = (&'static str, &'static str, &'static str, &'static str, &'static str);

pub(crate) const FAILURE: &str = "NightOps fails, and every signal shows it";
pub(crate) const RERUN: &str = "After failure A the rollback brings back the same result";

pub(crate) const REFUSAL: &str = "The backtest refuses a weight of 1.7, and comes back";
pub(crate) const LOOP: &str = "The backtest refuses an endless loop, and comes back";
pub(crate) const BACKTEST: &str = "A backtest leaves its report and its experiment";

/// What the target has no command for: no DayOps, no simulation, no monitor, no baseline of all layers.
const WITHOUT_COMMAND: &[&str] = &[
    "The overlays of dev and prod differ in what they say, and git stays clean",
    "The doctor finds the machine fit",
    "The script of chapter 1 brings a clone up",
    "DayOps after a good night lets the day begin",
    "DayOps without a night before it stops the day",
    "HUD and monitor see the data flow and the experiment's result",
    "A simulated day ends with executions, accounts and a report",
    "The same day gives the same result, with the bus and without it",
    "The plan lacks the night, DayOps warns, and the stable schedule comes back",
    "The simulation refuses a signal that is no number, and its experiment says why",
    "The monitor counts what backtest and simulation refuse, and goes on",
    "The monitor counts failure A, and the HUD shows it and goes on",
    "Everything is broken and comes back in one step",
    "A rollback that is killed in the middle goes on",
    "A bad config that was committed is taken back by a commit",
    "Damaged stores come back from the baseline's copies",
    "Sixteen mixed states",
    "A degraded model is found by the walk-forward and taken back",
    "A worse model is found by the backtest and taken back by the pointer",
    "A worse model is found by the backtest and passed over by the config",
    "The sites refuse, are left alone, and serve again under the stable config",
    "From a clean environment through failure A and back",
    "From a clean environment through failure B and back",
    "Code, config and model are each taken back by command, and all runs are as before",
    "The runbook of the workspace is written from its features",
];

pub(crate) const PLANTED: &[Planted] = &[
    ("smoke.sh", "set -e", "exit 3", FAILURE, "NotStarted"),
    ("night.sh", "mkdir -p", "exit 5; mkdir -p", FAILURE, "NotStarted"),
    ("night.sh", "mkdir -p", "sleep 60; mkdir -p", FAILURE, "NotStarted"),
    ("config/system_config.json", "duckdb_path", "duckdb_file", FAILURE, "NotInjected"),
    ("night.sh", "exit 13", "exit 1", FAILURE, "NotDetected"),
    ("night.sh", "\\\"ERROR\\\"", "\\\"INFO\\\"", FAILURE, "NotDetected"),
    ("night.sh", "{\"errors_total\":1}", "{\"errors_total\":0}", FAILURE, "NotDetected"),
    ("night.sh", "  exit 13", "  echo '{}' >> experiments/experiments.jsonl; exit 13", FAILURE, "NotDetected"),
    ("night.sh", "  exit 13", "  echo lost > data/lost; exit 13", RERUN, "NotRecovered"),
    ("night.sh", "  exit 13", "  echo mine > left_behind.txt; exit 13", RERUN, "NotRecovered"),
    ("night.sh", "digest=$(", "digest=$$; : $(", RERUN, "NotRecovered"),
    ("strategy/portfolio.luau", "u1 = 0.4", "u2 = 0.4", BACKTEST, "NotStarted"),
    ("backtest.sh", "exit $code", "exit 1", REFUSAL, "NotDetected"),
    ("backtest.sh", "<= 1", "<= 2", REFUSAL, "NotDetected"),
    ("backtest.sh", "portfolio.luau:1: the", "portfolio.luau: the", REFUSAL, "NotDetected"),
    ("backtest.sh", "\\\"ERROR\\\"", "\\\"INFO\\\"", REFUSAL, "NotDetected"),
    ("backtest.sh", "{\"count\":1,", "{\"count\":0,", REFUSAL, "NotDetected"),
    ("backtest.sh", "\\\"failed\\\"", "\\\"success\\\"", REFUSAL, "NotDetected"),
    ("backtest.sh", "\\\"class\\\":$code", "\\\"class\\\":70", REFUSAL, "NotDetected"),
    ("backtest.sh", "'while true'", "'while false'", LOOP, "NotDetected"),
    ("backtest.sh", "digest=$(", "digest=$$; : $(", REFUSAL, "NotRecovered"),
    ("backtest.sh", "digest=$(", "digest=$$; : $(", "The same model and bars give the same backtest", "Failed"),
    ("backtest.sh", "value\\n2025-01-02,1", "value", BACKTEST, "Failed"),
    ("backtest.sh", "> reports/backtest.json", "> reports/other.json", BACKTEST, "Failed"),
    ("backtest.sh", "\"trades\\\":1", "\"trades\\\":0", BACKTEST, "Failed"),
    ("backtest.sh", "{\"count\":0,\"runs_total\":1}", "{}", BACKTEST, "Failed"),
    ("night.sh", "digest=$(", "digest=$$; : $(", "The same inputs give the same result", "Failed"),
    (
        "bootstrap.sh",
        "data/ts",
        "data/elsewhere",
        "Bootstrap makes the configuration and the fixed directories",
        "Failed",
    ),
    ("bootstrap.sh", "set -e", "date +%N > stray.txt", "Bootstrap a second time changes nothing", "Failed"),
];

fn foreign_target_is_ready() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let record = drill::run(options(&target(room.path(), None)?, "foreign")?)?;
    let skipped: Vec<&str> =
        record.scenarios.iter().filter(|s| s.outcome.name() == "Skipped").map(|s| s.name.as_str()).collect();
    require(skipped == WITHOUT_COMMAND, || format!("these are skipped: {}", skipped.join("; ")))?;
    let red: Vec<String> = record
        .scenarios
        .iter()
        .filter(|s| s.outcome.is_red(false))
        .map(|s| format!("{}: {} ({})", s.name, s.outcome.name(), s.outcome.reason().unwrap_or_default()))
        .collect();
    require(record.verdict == Verdict::Ready && red.is_empty(), || red.join("; "))?;
    for scenario in [FAILURE, REFUSAL, LOOP] {
        let failure = find(&record, scenario)?;
        require(failure.signals.len() == 4 && failure.signals.iter().all(|signal| signal.seen), || {
            format!("not all signals saw the fault of '{scenario}': {:?}", failure.signals)
        })?;
    }
    let ticked: Vec<&str> = record.checklist.iter().filter(|item| item.ticked).map(|item| item.id.as_str()).collect();
    let covered = ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.3", "3.1", "3.2", "4.1", "5.1"];
    require(ticked == covered, || format!("these boxes are ticked: {}", ticked.join(" ")))
}

fn planted_defects_are_red() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for planted in PLANTED {
        let (file, text, _, scenario, expected) = planted;
        let room = tempfile::tempdir()?;
        let mut options = options(&target(room.path(), Some(planted))?, "planted")?;
        options.name = Some(format!("^{}$", regex::escape(scenario)));
        let record = drill::run(options)?;
        let outcome = &find(&record, scenario)?.outcome;
        if outcome.name() != *expected {
            let reason = outcome.reason().unwrap_or_default();
            wrong.push(format!("'{text}' of {file}: {} instead of {expected}: {reason}", outcome.name()));
        }
    }
    require(wrong.is_empty(), || wrong.join("\n        "))
}

/// What a target's own rollback does after or instead of going back, and the outcome.
pub(crate) const ROLLBACKS: &[(&str, &str)] = &[
    ("", "Passed"),
    ("exit 3", "NotRecovered"),
    ("sleep 60", "NotRecovered"),
    ("kill -9 $$", "NotRecovered"),
    ("printf ' ' >> config/system_config.json", "NotRecovered"),
];

/// Nothing is taken back at all.
const IDLE: &str = "#!/bin/sh\nexit 0\n";

pub(crate) const CONFIG_BACK: &str = "A bad config that was committed is taken back by a commit";

fn bad_rollbacks_are_red() -> Result<(), Failed> {
    let good = "#!/bin/sh\nset -e\ngit checkout -q \"$(cat .git/stable)\" -- config\n\
                git -c user.name=x -c user.email=x@localhost commit -qam 'rollback: revert config to war-config-stable-x'\n";
    let mut scripts: Vec<(String, &str)> =
        ROLLBACKS.iter().map(|(after, expected)| (format!("{good}{after}\n"), *expected)).collect();
    scripts.push((IDLE.into(), "NotRecovered"));
    let mut wrong = Vec::new();
    for (script, expected) in scripts {
        let room = tempfile::tempdir()?;
        let root = target(room.path(), None)?;
        let spec = fs::read_to_string(root.join("drill.toml"))?;
        let commands = "[commands]\nbaseline = [\"sh\", \"-c\", \"git rev-parse HEAD > .git/stable\", \"{args}\"]\n\
                        rollback = [\"sh\", \"rollback.sh\", \"{args}\"]\n";
        let spec = spec.replace("[commands]\n", commands).replace("[deadlines]\n", "[deadlines]\nrollback = 2\n");
        lighthunter::durable::replace(&root.join("drill.toml"), spec)?;
        lighthunter::durable::replace(&root.join("rollback.sh"), &script)?;
        Vault::open(&root)?.commit_all("a way back of its own", Clock::system().now())?;
        let mut options = options(&root, "way_back")?;
        options.name = Some(format!("^{}$", regex::escape(CONFIG_BACK)));
        let record = drill::run(options)?;
        let outcome = &find(&record, CONFIG_BACK)?.outcome;
        if outcome.name() != expected {
            let reason = outcome.reason().unwrap_or_default();
            wrong.push(format!("{script:?}: {} instead of {expected}: {reason}", outcome.name()));
        }
    }
    require(wrong.is_empty(), || wrong.join("\n        "))
}

fn control_run() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = options(&target(room.path(), None)?, "foreign_control")?;
    options.control = true;
    let record = drill::run(options)?;
    for scenario in &record.scenarios {
        let broken = scenario.tags.iter().any(|tag| tag.starts_with("fault-"));
        let expected = match scenario.name.as_str() {
            name if WITHOUT_COMMAND.contains(&name) => "Skipped",
            _ if broken => "NotInjected",
            _ => "Passed",
        };
        let found = scenario.outcome.name();
        require(found == expected, || format!("'{}' is {found}, not {expected}", scenario.name))?;
    }
    require(record.verdict == Verdict::NotReady, || "a control run is never Ready".into())
}

fn nothing_selected() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = options(&target(room.path(), None)?, "nothing")?;
    options.tags = Some("@no-such-tag".into());
    let error = drill::run(options).err().ok_or("it ran")?;
    let code = lighthunter::exit::Failure::exit(&error).code();
    require(code == 20, || format!("exit code {code}: {error}"))
}

fn leaves_nothing_behind() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let origin = target(room.path(), None)?;
    let before = lighthunter::rollback::fingerprint(&origin)?;
    let mut options = options(&origin, "residue")?;
    options.name = Some("A bad commit|every signal shows it".into());
    let directory = options.directory();
    drill::run(options)?;
    require(lighthunter::rollback::fingerprint(&origin)? == before, || "the origin was changed".into())?;
    let journal = drill::read_journal(&directory)?;
    let open = drill::unfinished(&journal.entries);
    require(journal.damaged.is_empty() && !journal.torn && open.is_empty(), || format!("not undone: {open:?}"))?;
    let root = journal.entries.first().and_then(|entry| entry.detail.get("root")).and_then(|root| root.as_str());
    let root = root.ok_or("the journal names no root")?;
    require(!Path::new(root).exists(), || format!("{root} is left behind"))
}

pub(crate) fn find<'a>(record: &'a DrillRecord, name: &str) -> Result<&'a lighthunter::record::ScenarioRecord, Failed> {
    record.scenarios.iter().find(|scenario| scenario.name == name).ok_or_else(|| format!("'{name}' did not run").into())
}

/// Makes the target's repository in `room`, with one defect if one is given.
pub(crate) fn target(room: &Path, planted: Option<&Planted>) -> Result<std::path::PathBuf, Failed> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shell_target");
    let root = room.join("target");
    copy(&fixture, &root)?;
    if let Some((file, text, becomes, ..)) = planted {
        let path = root.join(file);
        let whole = fs::read_to_string(&path)?;
        if !whole.contains(text) {
            return Err(format!("harness error: {file} does not hold '{text}'").into());
        }
        lighthunter::durable::replace(&path, whole.replacen(text, becomes, 1))?;
    }
    // A hang is cut short.
    let spec = fs::read_to_string(root.join("drill.toml"))?.replace("night = 20", "night = 2");
    lighthunter::durable::replace(&root.join("drill.toml"), spec)?;
    let vault = Vault::init(&root)?;
    vault.commit_all("first", Clock::system().now())?;
    Ok(root)
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().ok_or("no name")?);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            lighthunter::durable::replace(&target, fs::read(&path)?)?;
        }
    }
    Ok(())
}

pub(crate) fn options(origin: &Path, name: &str) -> Result<DrillOptions, Failed> {
    let mut options = DrillOptions::new("/nowhere".into(), reports(name)?, Clock::system());
    options.origin = Some(origin.into());
    options.keep = Keep::Never;
    options.budgets = BudgetRule::Warn;
    Ok(options)
}
