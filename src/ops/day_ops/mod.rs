//! DayOps: the check before the exchange opens (the manual's 2.2). Is what the night left behind fit to
//! trade on today?
//!
//! Every check is OK, WARNING or FAIL, with what was found and what to type about it; the worst is the
//! verdict. It mends nothing but what opening the stores mends, and a check that could not be made is
//! never OK. On FAIL a trading command refuses to start ([`permission`]).

mod alerts;
mod check;
mod data;
mod machine;
mod model;
mod morning;
mod night;
pub mod permission;
mod place;
mod quality;
mod report;
mod risk;
mod schedule;
mod sources;
mod words;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date};

pub use check::{Check, CheckName, Grade};
pub use report::{DayOpsReport, GradeCounts};

use super::{alarm, station::Station};
use crate::{
    clock::Stopwatch,
    digest::{Digest, Hasher},
    exit::{AnyFailure, Exit, Failure},
    store::{Ledger, RunEnd, RunStart, RunStatus, StageRecord, StageStatus, StoreError},
    text::{Glossary, Language, Note},
    workspace::Lock,
};
use morning::Morning;

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "day_ops";

/// What a person asks of a run.
#[derive(Debug, Clone, Default)]
pub struct DayOpsOptions {
    /// The trading date that is about to open; by default the one that comes next by the clock, on a
    /// simulated market the one after its newest bars.
    pub date: Option<Date>,
    /// A warning is a failure, also where the config does not say so.
    pub strict: bool,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
    /// The language of the report for people.
    pub language: Language,
}

/// A run that ended.
#[derive(Debug)]
pub struct DayOpsRun {
    /// Its report.
    pub report: DayOpsReport,
    /// The report's files.
    pub files: Vec<PathBuf>,
    /// Its exit class.
    pub exit: Exit,
}

/// A verdict that keeps trading from starting.
#[derive(Debug, thiserror::Error)]
#[error("DayOps {date} is {grade}: {what}")]
struct Unfit {
    date: Date,
    grade: Grade,
    what: String,
}

impl Failure for Unfit {
    fn exit(&self) -> Exit {
        Exit::Negative
    }
}

/// Runs DayOps.
///
/// # Errors
/// When the run could not even start (another one is under way, the date is outside the calendar), or its
/// report cannot be written. A check that fails is not an error but a verdict.
pub fn run(station: &Station, options: &DayOpsOptions) -> Result<DayOpsRun, AnyFailure> {
    let (watch, started_at) = (Stopwatch::start(), station.clock.now());
    let _lock = Lock::take(&station.workspace, COMPONENT, COMPONENT)?;
    let morning = Morning::open(station, options)?;
    // Before the checks read them: what changes from here on is not what was looked at.
    let strategies = station.strategy_digest();
    let checks = morning.checks();
    let report = conclude(&morning, checks, options, (started_at, watch));
    say(&report);
    let unfit = unfit(&report);
    if let Some(unfit) = &unfit {
        alarm::raise(station, COMPONENT, unfit);
    }
    if let Err(error) = record(morning.ledger(), &report, (station.clock.now(), strategies), unfit.as_ref()) {
        tracing::warn!(component = COMPONENT, "the run is not in the ledger: {error}");
    }
    let files = report.write(&station.reports(), options.language)?.into();
    let words = unfit.as_ref().map(ToString::to_string);
    station.metrics().day_ops_ended(&report, words.as_deref())?;
    let exit = if unfit.is_some() { Exit::Negative } else { Exit::Done };
    Ok(DayOpsRun { report, files, exit })
}

fn conclude(
    morning: &Morning<'_>,
    checks: Vec<Check>,
    options: &DayOpsOptions,
    (started_at, watch): (Timestamp, Stopwatch),
) -> DayOpsReport {
    let station = morning.station;
    // No check at all is not a good sign either.
    let grade = checks.iter().map(|check| check.grade).max().unwrap_or(Grade::Fail);
    let strict = options.strict || station.settings().ops.day_ops.strict;
    let negative = grade == Grade::Fail || (strict && grade == Grade::Warning);
    DayOpsReport {
        run_id: run_id(station),
        date: morning.date,
        session: morning.session,
        grade,
        strict,
        exit: if negative { Exit::Negative } else { Exit::Done }.code(),
        counts: GradeCounts::of(&checks),
        started_at,
        seconds: watch.seconds(),
        git_commit: station.commit(),
        config_digest: station.config.digest,
        input_digest: morning.input_digest(),
        result_digest: digest_of(&checks),
        overrides: options.overrides.clone(),
        zh: glossary(&checks),
        checks,
    }
}

/// Notes the Chinese of what the checks say.
fn glossary(checks: &[Check]) -> Glossary {
    let names: Vec<Note> = checks.iter().map(|check| check.name.note()).collect();
    let said = checks.iter().flat_map(|check| std::iter::once(&check.reason).chain(&check.remedy));
    Glossary::of(names.iter().chain(said))
}

/// Digests what was found; figures such as free space differ from run to run and are left out.
fn digest_of(checks: &[Check]) -> Digest {
    let mut hasher = Hasher::new("day_ops result");
    for check in checks {
        hasher.text(check.name.word()).text(check.grade.word());
    }
    hasher.finish()
}

fn unfit(report: &DayOpsReport) -> Option<Unfit> {
    let counted = |check: &&Check| check.grade == Grade::Fail || (report.strict && check.grade == Grade::Warning);
    let what: Vec<String> = report
        .checks
        .iter()
        .filter(counted)
        .map(|check| format!("{}: {}", check.name, check.reason.say(Language::English)))
        .collect();
    let (date, grade) = (report.date, report.grade);
    (report.exit == Exit::Negative.code()).then(|| Unfit { date, grade, what: what.join("; ") })
}

/// Logs each check; those that failed are in the alarm's line too.
fn say(report: &DayOpsReport) {
    for Check { name, grade, reason, remedy } in &report.checks {
        let english = |note: &Note| note.say(Language::English);
        let (check, grade, reason) = (name.word(), grade.word(), english(reason));
        let remedy = remedy.as_ref().map(english).unwrap_or_default();
        if grade == Grade::Ok.word() {
            tracing::info!(component = COMPONENT, check, grade, "{check}: {reason}");
        } else {
            tracing::warn!(component = COMPONENT, check, grade, remedy, "{check}: {reason}");
        }
    }
}

fn record(
    ledger: Option<&Ledger>,
    report: &DayOpsReport,
    (finished_at, strategies): (Timestamp, Digest),
    unfit: Option<&Unfit>,
) -> Result<(), StoreError> {
    let Some(ledger) = ledger else {
        tracing::warn!(component = COMPONENT, "the run is not in the ledger, which does not open");
        return Ok(());
    };
    ledger.begin_run(&RunStart {
        id: report.run_id.clone(),
        kind: COMPONENT.into(),
        as_of: report.date,
        input_digest: report.input_digest,
        started_at: report.started_at,
    })?;
    let stage = StageRecord {
        name: permission::STRATEGIES.into(),
        status: StageStatus::Done,
        reason: None,
        rows_in: 0,
        rows_out: 0,
        digest: Some(strategies),
        seconds: 0.0,
    };
    ledger.put_stage(&report.run_id, &stage)?;
    ledger.finish_run(
        &report.run_id,
        &RunEnd {
            status: if unfit.is_none() { RunStatus::Success } else { RunStatus::Failed },
            finished_at,
            result_digest: Some(report.result_digest),
            exit: report.exit,
            error: unfit.map(ToString::to_string),
        },
    )
}

/// Returns an id that no run of another second or process has.
fn run_id(station: &Station) -> String {
    let now = station.clock.shanghai();
    let mark = Digest::of(format!("{now} {}", std::process::id())).short();
    format!("{COMPONENT}_{}_{}", now.strftime("%Y%m%d_%H%M%S"), mark.get(..6).unwrap_or(&mark))
}
