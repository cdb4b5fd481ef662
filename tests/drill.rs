//! The drill as a test: the features on LightHunter itself, the guards, and drills that must be red.
//!
//! `harness = false`: the list of scenarios and the verdict are the output. Budgets are warnings here,
//! since a build machine's speed is not the target's. Arguments are words that a check's name must
//! hold; flags of other test harnesses are passed over.

#![expect(clippy::print_stdout, reason = "the list of scenarios and the verdict are this program's output")]

#[path = "../steps/mod.rs"]
mod steps;

#[path = "drill/bug_table.rs"]
mod bug_table;
#[path = "drill/bugs.rs"]
mod bugs;
#[path = "drill/canary.rs"]
mod canary;
#[path = "drill/catalogue.rs"]
mod catalogue;
#[path = "drill/foreign.rs"]
mod foreign;
#[path = "drill/guards.rs"]
mod guards;
#[path = "drill/kills.rs"]
mod kills;
#[path = "drill/lanes.rs"]
mod lanes;
#[path = "drill/left.rs"]
mod left;
#[path = "drill/manual.rs"]
mod manual;
#[path = "drill/planted.rs"]
mod planted;
#[path = "drill/python.rs"]
mod python;
#[path = "drill/reports.rs"]
mod reports;
#[path = "drill/runbook.rs"]
mod runbook;
#[path = "drill/shell.rs"]
mod shell;
#[path = "drill/truth.rs"]
mod truth;

use std::{path::PathBuf, process::ExitCode};

use lighthunter::{
    clock::Clock,
    drill::{self, BudgetRule, DrillOptions},
    record::{DrillRecord, Verdict},
};

/// Why a check failed.
type Failed = Box<dyn std::error::Error>;

/// One check: its name and what it does.
type Check = (&'static str, fn() -> Result<(), Failed>);

fn main() -> ExitCode {
    if let Some(port) = left::asked_to_listen() {
        return left::listen(&port);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let checks: Vec<Check> = [
        guards::CHECKS,
        planted::CHECKS,
        manual::CHECKS,
        foreign::CHECKS,
        python::CHECKS,
        reports::CHECKS,
        runbook::CHECKS,
        truth::CHECKS,
        bugs::CHECKS,
        lanes::CHECKS,
    ]
    .into_iter()
    .chain([kills::CHECKS, left::CHECKS, canary::CHECKS, catalogue::CHECKS, OWN])
    .flatten()
    .copied()
    .collect();
    let chosen: Vec<Check> = checks
        .into_iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| name.contains(word)))
        .collect();
    let mut failed = 0;
    for (name, check) in &chosen {
        match check() {
            Ok(()) => println!("ok      {name}"),
            Err(error) => {
                failed += 1;
                println!("FAILED  {name}\n        {error}");
            }
        }
    }
    println!("{} passed, {failed} failed", chosen.len() - failed);
    // A selection that matches nothing is no success, unless the words were for another binary.
    if failed == 0 && (!chosen.is_empty() || !wanted.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The drill of LightHunter itself, and the same with nothing broken.
const OWN: &[Check] = &[("LightHunter is Ready", lighthunter_is_ready), ("control run passes no failure", control_run)];

fn lighthunter_is_ready() -> Result<(), Failed> {
    let record = drill::run(own_options("own")?)?;
    println!("        {}: {}", record.verdict, record.verdict_reason);
    require(record.verdict == Verdict::Ready, || record.verdict_reason.clone())?;
    manual::require_shown(&record)
}

fn control_run() -> Result<(), Failed> {
    let mut options = own_options("control")?;
    options.control = true;
    options.tags = Some("@fault-a or @fault-b or @fault-code".into());
    options.keep = drill::Keep::Never;
    let record = drill::run(options)?;
    let wrong = |record: &DrillRecord| {
        record
            .scenarios
            .iter()
            .find(|scenario| scenario.outcome.name() != "NotInjected")
            .map(|scenario| format!("'{}' is {} in a control run", scenario.name, scenario.outcome.name()))
    };
    require(wrong(&record).is_none(), || wrong(&record).unwrap_or_default())
}

fn own_options(name: &str) -> Result<DrillOptions, Failed> {
    let mut options =
        DrillOptions::new(env!("CARGO_BIN_EXE_lighthunter").into(), reports(name)?, Clock::from_environment());
    options.budgets = BudgetRule::Warn;
    options.progress = Some(Box::new(|scenario| {
        println!("        {:<12} {:>6.2} s  {}", scenario.outcome.name(), scenario.seconds, scenario.name);
        if let Some(reason) = scenario.outcome.reason() {
            println!("                     {reason}");
        }
    }));
    Ok(options)
}

/// Returns an empty reports directory of this run, under the build's own temporary directory.
fn reports(name: &str) -> Result<PathBuf, Failed> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("drill").join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn require(condition: bool, reason: impl FnOnce() -> String) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(reason().into()) }
}
