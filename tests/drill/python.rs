//! A foreign target in Python, drilled by the same features and by its own: as it is, and with one
//! defect planted at a time, each of which must be red with its own outcome.

use std::{fs, path::Path, process::Command};

use lighthunter::{
    clock::Clock,
    drill::{self, DrillOptions},
    record::Verdict,
};

use crate::{Check, Failed, foreign, require};

pub(crate) const CHECKS: &[Check] = &[
    ("python target is Ready", python_target_is_ready),
    ("python target's planted defects are red", planted_defects_are_red),
    ("what git ignores is proven where the target names it", named_files_are_proven),
];

/// The fixture, which names its faults in its own drill.toml.
const FIXTURE: &str = "fixtures/python_target";

/// The scenarios that must have run and be green, beside whatever else did.
const MUST_PASS: &[&str] = &[
    "DayOps after a good night lets the day begin",
    "NightOps fails, and every signal shows it",
    "The plan lacks the night, DayOps warns, and the stable schedule comes back",
    "The backtest refuses a weight of 1.7, and comes back",
    "The backtest refuses a signal that is no number, and comes back",
    "The backtest refuses a script that does not parse, and comes back",
    "The backtest refuses an endless loop, and comes back",
    "The backtest refuses an endless loop that catches it, and comes back",
    "After failure A the rollback brings back the same result",
    "From a clean environment through failure A and back",
    FLIPPED,
    "The night and the day see that the store is truncated, and it comes back",
    "The night and the day see that the store is gone, and it comes back",
    KILLED,
];

const FLIPPED: &str = "The night and the day see that the store is flipped, and it comes back";
const KILLED: &str = "A night that is killed is done again, and nothing is lost";
const REFUSAL: &str = "The backtest refuses a weight of 1.7, and comes back";
const UNSCHEDULED: &str = "The plan lacks the night, DayOps warns, and the stable schedule comes back";
const FAILURE: &str = "NightOps fails, and every signal shows it";

/// A defect: file, text, what it becomes; the scenario that must see it, and its outcome.
pub(crate) const PLANTED: &[foreign::Planted] = &[
    ("research.py", "!= seal.read_text", "== 0 != seal.read_text", FLIPPED, "NotDetected"),
    ("research.py", "part.unlink(missing_ok=True)", "pass", KILLED, "NotDetected"),
    ("research.py", "result_of(found))", "result_of(found, time.time_ns()))", KILLED, "NotRecovered"),
    ("research.py", "0 <= weight <= 1:", "0 <= weight:", REFUSAL, "NotDetected"),
    ("research.py", "len(scheduled(\"night_ops_full\")) == 5", "True", UNSCHEDULED, "NotDetected"),
    ("research.py", "raise Refused(13", "raise Refused(1", FAILURE, "NotDetected"),
    ("drill.toml", "pointer = \"/weights/u1\"", "pointer = \"/weights/u9\"", REFUSAL, "NotInjected"),
    ("drill.toml", "when = \"data/night.begun\"", "when = \"data/night.never\"", KILLED, "NotInjected"),
];

fn python_target_is_ready() -> Result<(), Failed> {
    if is_missing() {
        return Ok(());
    }
    let room = tempfile::tempdir()?;
    let record = drill::run(options(room.path(), None, "python")?)?;
    let red: Vec<String> = record
        .scenarios
        .iter()
        .filter(|s| s.outcome.is_red(false))
        .map(|s| format!("{}: {} ({})", s.name, s.outcome.name(), s.outcome.reason().unwrap_or_default()))
        .collect();
    require(record.verdict == Verdict::Ready && red.is_empty(), || red.join("; "))?;
    let is_green = |name: &&&str| !record.scenarios.iter().any(|s| s.name == **name && s.outcome.name() == "Passed");
    let absent: Vec<&&str> = MUST_PASS.iter().filter(is_green).collect();
    require(absent.is_empty(), || format!("these did not pass: {absent:?}"))
}

fn planted_defects_are_red() -> Result<(), Failed> {
    if is_missing() {
        return Ok(());
    }
    let mut wrong = Vec::new();
    for (file, text, becomes, scenario, expected) in PLANTED {
        let room = tempfile::tempdir()?;
        let mut options = options(room.path(), Some((file, text, becomes)), "python_planted")?;
        options.name = Some(format!("^{}$", regex::escape(scenario)));
        let record = drill::run(options)?;
        let found = record.scenarios.first().ok_or("nothing ran")?;
        if found.outcome.name() != *expected {
            let reason = found.outcome.reason().unwrap_or_default();
            wrong.push(format!("'{text}' of {file}: {} instead of {expected}: {reason}", found.outcome.name()));
        }
    }
    require(wrong.is_empty(), || wrong.join("\n        "))
}

/// A night that fails writes into a folder that git does not see, and no way back by git takes that out again: the
/// proof holds only where `drill.toml` does not name the folder.
fn named_files_are_proven() -> Result<(), Failed> {
    if is_missing() {
        return Ok(());
    }
    let state = "\n[state]\nmodels = [\"weights\"]\n";
    for (named, expected) in [("", "Passed"), (state, "NotRecovered")] {
        let room = tempfile::tempdir()?;
        let failing = ("research.py", "        raise Refused(13", "        lose_weights()\n        raise Refused(13");
        let mut options = options(room.path(), Some(failing), "python_state")?;
        let root = room.path().join("target");
        let append = |file: &str, text: &str| -> Result<(), Failed> {
            let whole = fs::read_to_string(root.join(file))?;
            Ok(lighthunter::durable::replace(&root.join(file), whole + text)?)
        };
        append(".gitignore", "weights/\n")?;
        append("drill.toml", named)?;
        let lose = "def lose_weights():\n    Path(\"weights\").mkdir(exist_ok=True)\n    \
            Path(\"weights/net.bin\").write_text(\"lost\", \"utf-8\")\n\n\ndef store_path";
        let script = fs::read_to_string(root.join("research.py"))?;
        require(script.contains("def store_path"), || "harness error: research.py has no store_path".into())?;
        lighthunter::durable::replace(&root.join("research.py"), script.replacen("def store_path", lose, 1))?;
        lighthunter::vault::Vault::open(&root)?.commit_all("weights", Clock::system().now())?;
        options.name = Some(format!("^{}$", regex::escape(foreign::RERUN)));
        let record = drill::run(options)?;
        let found = foreign::find(&record, foreign::RERUN)?;
        let reason = found.outcome.reason().unwrap_or_default();
        require(found.outcome.name() == expected, || {
            format!("with '{}': {} instead of {expected}: {reason}", named.trim(), found.outcome.name())
        })?;
        require(named.is_empty() || reason.contains("added weights/net.bin"), || reason.to_owned())?;
    }
    Ok(())
}

/// The target needs Python 3.11, which reads TOML; without it this is said and nothing is tested.
pub(crate) fn is_missing() -> bool {
    let there = Command::new("python3").args(["-c", "import tomllib, sqlite3"]).output();
    let missing = !there.is_ok_and(|output| output.status.success());
    if missing {
        println!("        skipped: python3 with tomllib and sqlite3 is not present");
    }
    missing
}

pub(crate) fn options(room: &Path, planted: Option<(&str, &str, &str)>, name: &str) -> Result<DrillOptions, Failed> {
    let root = room.join("target");
    foreign::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE), &root)?;
    if let Some((file, text, becomes)) = planted {
        let whole = fs::read_to_string(root.join(file))?;
        require(whole.contains(text), || format!("harness error: {file} does not hold '{text}'"))?;
        lighthunter::durable::replace(&root.join(file), whole.replacen(text, becomes, 1))?;
    }
    let vault = lighthunter::vault::Vault::init(&root)?;
    vault.commit_all("first", Clock::system().now())?;
    let mut options = foreign::options(&root, name)?;
    let own = root.join("features").to_string_lossy().into_owned();
    let all = ["1_bootstrap", "2_full_run", "3_failure", "4_rollback", "5_war_drill", own.as_str()];
    options.features = all.iter().map(|folder| (*folder).to_owned()).collect();
    Ok(options)
}
