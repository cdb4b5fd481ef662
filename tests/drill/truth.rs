//! The truth table: whatever goes wrong in a drill is red with the outcome that names it, the repository
//! that is drilled is untouched, and no fault is left in what is kept. That a killed and an interrupted
//! drill are red is shown in `kills`.

use std::{fs, path::Path};

use lighthunter::{
    clock::Clock,
    drill::{self, Keep},
    record::Verdict,
    report,
    rollback::fingerprint,
    vault::Vault,
};

use crate::{
    Check, Failed,
    foreign::{FAILURE, RERUN, find, options, target},
    require,
};

pub(crate) const CHECKS: &[Check] =
    &[("whatever goes wrong is red and named", truth_table), ("target's own rollback is proven", own_rollback_proven)];

/// What goes wrong, where: file, text, what it becomes.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    edits: &'static [(&'static str, &'static str, &'static str)],
    pub(crate) scenario: &'static str,
    pub(crate) outcome: &'static str,
    reason: &'static str,
}

const BOOTSTRAP: &str = "Bootstrap makes the configuration and the fixed directories";
const COMMANDS: &str = "[commands]\n";
const ROLLBACK: &str = "[commands]\nrollback = [\"sh\", \"rollback.sh\", \"{to}\"]\n";

pub(crate) const TABLE: &[Row] = &[
    Row {
        what: "rollback exits 3",
        edits: &[("drill.toml", COMMANDS, ROLLBACK), ("rollback.sh", "", "exit 3\n")],
        scenario: RERUN,
        outcome: "NotRecovered",
        reason: "the rollback ended with exit code 3",
    },
    Row {
        what: "rollback hangs",
        edits: &[
            ("drill.toml", COMMANDS, ROLLBACK),
            ("drill.toml", "[deadlines]\n", "[deadlines]\nrollback = 0.5\n"),
            ("rollback.sh", "", "sleep 60\n"),
        ],
        scenario: RERUN,
        outcome: "NotRecovered",
        reason: "killed at its deadline",
    },
    Row {
        what: "rollback restores other bytes and exits 0",
        edits: &[("drill.toml", COMMANDS, ROLLBACK), ("rollback.sh", "", "echo x > config/system_config.json\n")],
        scenario: RERUN,
        outcome: "NotRecovered",
        reason: "config/system_config.json",
    },
    Row {
        what: "action exits 7",
        edits: &[("bootstrap.sh", "set -e", "exit 7")],
        scenario: BOOTSTRAP,
        outcome: "Failed",
        reason: "exit code 7",
    },
    Row {
        what: "baseline broken",
        edits: &[("night.sh", "mkdir -p", "exit 7; mkdir -p")],
        scenario: FAILURE,
        outcome: "NotStarted",
        reason: "the baseline is red: night ended with exit code 7",
    },
    Row {
        what: "fault silently not applied",
        edits: &[
            ("config/system_config.json", "data/shell.duckdb", "data/__invalid_path__/lighthunter.duckdb"),
            ("bootstrap.sh", "data/ts", "data/ts data/__invalid_path__"),
        ],
        scenario: FAILURE,
        outcome: "NotInjected",
        reason: "changes nothing",
    },
    Row {
        what: "fault finds nothing to break",
        edits: &[("config/system_config.json", "duckdb_path", "duckdb_file")],
        scenario: FAILURE,
        outcome: "NotInjected",
        reason: "the fault did not take",
    },
    Row {
        what: "probe inverted",
        edits: &[
            ("night.sh", "{\"errors_total\":1}", "{\"errors_total\":x}"),
            ("night.sh", "{\"errors_total\":0}", "{\"errors_total\":1}"),
            ("night.sh", "{\"errors_total\":x}", "{\"errors_total\":0}"),
        ],
        scenario: FAILURE,
        outcome: "NotDetected",
        reason: "metric",
    },
];

fn truth_table() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for row in TABLE {
        if let Err(error) = check(row) {
            wrong.push(format!("{}: {error}", row.what));
        }
    }
    require(wrong.is_empty(), || wrong.join("\n        "))
}

fn check(row: &Row) -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let origin = edited(room.path(), row.edits)?;
    let before = fingerprint(&origin)?;
    let mut options = options(&origin, "truth")?;
    options.name = Some(format!("^{}$", regex::escape(row.scenario)));
    options.keep = Keep::OnFailure;
    let directory = options.directory();
    let record = drill::run(options)?;
    let scenario = find(&record, row.scenario)?;
    let reason = scenario.outcome.reason().unwrap_or_default();
    require(record.verdict == Verdict::NotReady, || format!("the verdict is {}", record.verdict))?;
    require(scenario.outcome.name() == row.outcome && reason.contains(row.reason), || {
        format!("{} instead of {}: {reason}", scenario.outcome.name(), row.outcome)
    })?;
    require(fingerprint(&origin)? == before, || "the target's repository is not what it was".into())?;
    if row.what.starts_with("rollback") {
        require(scenario.rollback.as_ref().is_some_and(|rollback| !rollback.succeeded), || {
            "the rollback is not recorded as failed".into()
        })?;
        let junit = report::junit(&record);
        require(junit.matches("<testcase").count() == 5 && junit.contains("rollback"), || {
            format!("the rollback is no test case of its own: {junit}")
        })?;
    }
    let Some(kept) = &scenario.kept else { return Ok(()) };
    let kept = Path::new(kept);
    let fault_was_in = scenario.fault.as_ref().is_some_and(|fault| fault.injected);
    let status = Vault::open(&kept.join("repo"))?.status()?;
    if fault_was_in {
        let state = fs::read(directory.join("evidence").join(slug(row.scenario)).join("fingerprint_before.json"))?;
        let state: serde_json::Value = serde_json::from_slice(&state)?;
        let found = serde_json::to_value(fingerprint(&kept.join("repo"))?)?;
        require(found == state && status.is_clean(), || format!("the kept tree is not the baseline's: {status}"))?;
    }
    fs::remove_dir_all(kept.parent().ok_or("no root")?)?;
    Ok(())
}

/// The same rollback that exits 0 and does its work passes, so that the rows above are no accident.
fn own_rollback_proven() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let does = ("rollback.sh", "", "git -c core.hooksPath=/dev/null reset --quiet --hard \"$1\"\n");
    let origin = edited(room.path(), &[("drill.toml", COMMANDS, ROLLBACK), does])?;
    let mut options = options(&origin, "own_rollback")?;
    options.name = Some(format!("^{}$", regex::escape(RERUN)));
    let record = drill::run(options)?;
    let scenario = find(&record, RERUN)?;
    require(record.verdict == Verdict::Ready && scenario.proven() == Some(true), || record.verdict_reason.clone())
}

fn edited(room: &Path, edits: &[(&str, &str, &str)]) -> Result<std::path::PathBuf, Failed> {
    let origin = target(room, None)?;
    for (file, text, becomes) in edits {
        let path = origin.join(file);
        let whole = fs::read_to_string(&path).unwrap_or_default();
        require(whole.contains(text), || format!("harness error: {file} does not hold '{text}'"))?;
        lighthunter::durable::replace(&path, whole.replacen(text, becomes, 1))?;
    }
    Vault::open(&origin)?.commit_all("a defect", Clock::system().now())?;
    Ok(origin)
}

fn slug(name: &str) -> String {
    let mapped: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    mapped.split_whitespace().collect::<Vec<_>>().join("_")
}
