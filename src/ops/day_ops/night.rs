//! The check of the last night, by its run in the ledger: ended well, whole, for the newest session.

use super::{check::Findings, morning::Morning};
use crate::{
    market::Calendar,
    ops::night_ops::Stage,
    store::{RunRecord, RunStatus, StageStatus},
};

const AGAIN: &str = "Run `lighthunter night-ops`, then `lighthunter day-ops`.";

pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let nights = match &morning.nights {
        Ok(nights) => nights,
        Err(obstacle) => return findings.fail(&*obstacle.what, &*obstacle.remedy),
    };
    let session = morning.session;
    let Some(last) = nights.first() else {
        return findings.fail(format!("the ledger has no NightOps up to the session {session}"), AGAIN);
    };
    // A night that was repeated and failed leaves the good one before it in force.
    let good = nights.iter().find(|night| night.status == RunStatus::Success);
    match (ended(last), good) {
        (None, _) => {}
        (Some((what, remedy)), Some(good)) if good.as_of == session && last.status != RunStatus::Running => {
            let before = format!("{what}; before it {} of the same session succeeded", good.id);
            findings.warn(before, remedy);
        }
        (Some((what, remedy)), _) => return findings.fail(what, remedy),
    }
    let Some(good) = good else { return };
    age(morning, good, findings);
    completeness(morning, good, findings);
    reproducibility(good, nights, findings);
}

/// Returns what is wrong with how a night ended, with what to do.
fn ended(night: &RunRecord) -> Option<(String, &'static str)> {
    let RunRecord { id, as_of, started_at, .. } = night;
    let of = format!("NightOps {id} of {as_of}");
    match night.status {
        RunStatus::Success => None,
        RunStatus::Running => {
            let wait = "Wait for it to end (logs/ops/night_ops.log), then `lighthunter day-ops`.";
            Some((format!("{of} is still running, since {started_at}"), wait))
        }
        RunStatus::Interrupted => {
            let resume = "Run `lighthunter night-ops --resume`, then `lighthunter day-ops`.";
            Some((format!("{of} was interrupted: its process died"), resume))
        }
        RunStatus::Failed => {
            let error = night.error.as_deref().unwrap_or("no error was recorded");
            let code = night.exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
            Some((format!("{of} failed with {code}: {error}"), AGAIN))
        }
    }
}

/// How many sessions old the night is.
fn age(morning: &Morning<'_>, night: &RunRecord, findings: &mut Findings) {
    let allowed = morning.station.settings().ops.day_ops.max_night_ops_age_sessions;
    let (as_of, session, id) = (night.as_of, morning.session, &night.id);
    let age = match Calendar::builtin().count_between(as_of, session) {
        Ok(age) => age,
        Err(error) => return findings.fail(error.to_string(), AGAIN),
    };
    let old = format!(
        "the last good NightOps is of {as_of}, {age} sessions before {session} \
         (ops.day_ops.max_night_ops_age_sessions: {allowed})"
    );
    if age <= 0 {
        findings.ok(format!("{id} succeeded for {as_of}, the newest completed session"));
    } else if usize::try_from(age).is_ok_and(|age| age <= allowed) {
        findings.warn(old, AGAIN);
    } else {
        findings.fail(old, AGAIN);
    }
}

/// Whether every stage of a whole night is done.
fn completeness(morning: &Morning<'_>, night: &RunRecord, findings: &mut Findings) {
    let stages = match morning.ledger_or_obstacle() {
        Ok(ledger) => ledger.stages(&night.id),
        Err(obstacle) => return findings.fail(&*obstacle.what, &*obstacle.remedy),
    };
    let stages = match stages {
        Ok(stages) => stages,
        Err(error) => return findings.failure(&error, AGAIN),
    };
    let done =
        |stage: &Stage| stages.iter().any(|record| record.name == stage.name() && record.status == StageStatus::Done);
    let missing: Vec<&str> = Stage::ALL.iter().filter(|stage| !done(stage)).map(|stage| stage.name()).collect();
    match &night.result_digest {
        _ if !missing.is_empty() => findings.warn(
            format!(
                "the night was partial: {} of {} stages did not run: {}",
                missing.len(),
                Stage::ALL.len(),
                missing.join(", ")
            ),
            "Run `lighthunter night-ops --mode full`.",
        ),
        Some(digest) => findings.ok(format!("all {} stages done, result digest {}", Stage::ALL.len(), digest.short())),
        None => findings.fail(format!("{} succeeded without a result digest", night.id), AGAIN),
    }
}

/// Whether every night with the same run key came to the same result.
fn reproducibility(night: &RunRecord, nights: &[RunRecord], findings: &mut Findings) {
    let same_key = |other: &&RunRecord| other.run_key == night.run_key && other.status == RunStatus::Success;
    let other = nights.iter().filter(same_key).find(|other| other.result_digest != night.result_digest);
    if let Some(other) = other {
        findings.fail(
            format!("{} and {} have the same run key and different result digests", night.id, other.id),
            "Run `lighthunter data check`, then `lighthunter night-ops`: equal inputs must give an equal digest.",
        );
    }
}
