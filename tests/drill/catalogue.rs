//! The catalogue of faults, tried as a whole: the record must count what the casebook says can be tried here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use lighthunter::{
    drill::{
        self,
        casebook::{Covered, coverage},
    },
    record::{DrillRecord, Outcome},
};

use crate::{Check, Failed, own_options, require};

pub(crate) const CHECKS: &[Check] = &[
    ("catalogue of faults is detected and recovered from", all_faults),
    ("control run of the catalogue passes no fault", control_run),
];

/// Asks for all cases of each fault; without it the first of each is tried, since all take four minutes.
const ALL: &str = "LIGHTHUNTER_FAULTS_ALL";

/// The smallest simulated market whose model passes the template's gate: what is tried are the faults, not the bars.
const MARKET: [&str; 6] = ["--market", "simulated:7", "--symbols", "16", "--days", "160"];

/// Makes a small workspace that the environments clone.
fn small_workspace(room: &Path) -> Result<PathBuf, Failed> {
    let root = room.join("small");
    let made = Command::new(env!("CARGO_BIN_EXE_lighthunter")).arg("init").arg(&root).args(MARKET).output()?;
    require(made.status.success(), || String::from_utf8_lossy(&made.stderr).into_owned())?;
    Ok(root)
}

fn all_faults() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = own_options("catalogue")?;
    options.origin = Some(small_workspace(room.path())?);
    options.features = vec!["features/faults".into()];
    options.jobs = 2;
    options.cases_max = std::env::var_os(ALL).is_none().then_some(1);
    let cases_max = options.cases_max.unwrap_or(usize::MAX);
    if options.cases_max.is_some() {
        println!("        the first case of each fault; `make faults` tries all");
    }
    let record = drill::run(options)?;
    println!("        {}: {} in {:.0} s", record.verdict, record.verdict_reason, record.seconds);
    let faults = coverage().map_err(|wrong| wrong.join("\n"))?;
    require(record.scenarios.len() == faults.len(), || {
        format!("{} scenarios for {} faults", record.scenarios.len(), faults.len())
    })?;
    let by_id: BTreeMap<&str, _> = record.scenarios.iter().filter_map(|one| Some((one.name.get(..3)?, one))).collect();
    for fault in &faults {
        let scenario = by_id.get(fault.id).ok_or_else(|| format!("{} was not tried", fault.id))?;
        let found = scenario.outcome.name();
        let tried = fault.cases.len().min(cases_max);
        let skipped = fault.cases.iter().take(tried).filter(|case| case.missing.is_some()).count();
        let expected = match fault.covered {
            Covered::NotCovered => "NotStarted",
            _ if skipped == tried => "Skipped",
            _ => "Passed",
        };
        let why = || format!("{} is {found}, not {expected}: {:?}", fault.id, scenario.outcome.reason());
        require(found == expected, why)?;
        let recorded = scenario.cases.iter().filter(|case| matches!(case.outcome, Outcome::Skipped { .. })).count();
        require((scenario.cases.len(), recorded) == (tried, skipped), || {
            format!("{}: {} cases, {recorded} skipped, not {skipped}", fault.id, scenario.cases.len())
        })?;
        for case in scenario.cases.iter().filter(|case| case.outcome == Outcome::Passed) {
            require(!case.fired.is_empty(), || format!("{}: '{}' passed and nothing fired", fault.id, case.name))?;
        }
    }
    Ok(())
}

/// Without its fault, no case is green: whatever says that it saw one tells a lie.
fn control_run() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = own_options("catalogue_control")?;
    options.origin = Some(small_workspace(room.path())?);
    options.features = vec!["features/faults/config.feature".into()];
    options.control = true;
    options.keep = drill::Keep::Never;
    let record = drill::run(options)?;
    let wrong = |record: &DrillRecord| {
        let passed = record.scenarios.iter().find(|scenario| scenario.outcome.name() != "NotInjected");
        passed.map(|scenario| format!("'{}' is {:?} in a control run", scenario.name, scenario.outcome))
    };
    require(wrong(&record).is_none(), || wrong(&record).unwrap_or_default())
}
