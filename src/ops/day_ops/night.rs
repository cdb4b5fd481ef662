//! The check of the last night, by its run in the ledger: ended well, whole, for the newest session.

use super::{
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    market::Calendar,
    ops::night_ops::Stage,
    store::{RunRecord, RunStatus, StageStatus},
    text::Note,
};

const AGAIN: Remedy = Remedy::NightAgain;

pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let nights = match &morning.nights {
        Ok(nights) => nights,
        Err(obstacle) => return findings.fail(obstacle.what.clone(), obstacle.remedy.clone()),
    };
    let session = morning.session;
    let Some(last) = nights.first() else {
        return findings.fail(Note::new(Found::NoNight, [&session]), AGAIN);
    };
    // A night that was repeated and failed leaves the good one before it in force.
    let good = nights.iter().find(|night| night.status == RunStatus::Success);
    match (ended(last), good) {
        (None, _) => {}
        (Some((what, remedy)), Some(good)) if good.as_of == session && last.status != RunStatus::Running => {
            findings.warn(Note::new(Found::FailedAfterGood, [&what, &good.id]), remedy);
        }
        (Some((what, remedy)), _) => return findings.fail(what, remedy),
    }
    let Some(good) = good else { return };
    age(morning, good, findings);
    completeness(morning, good, findings);
    reproducibility(good, nights, findings);
}

/// Returns what is wrong with how a night ended, with what to do.
fn ended(night: &RunRecord) -> Option<(Note, Remedy)> {
    let RunRecord { id, as_of, started_at, .. } = night;
    match night.status {
        RunStatus::Success => None,
        RunStatus::Running => Some((Note::new(Found::NightRunning, [id, as_of, started_at]), Remedy::NightWait)),
        RunStatus::Interrupted => Some((Note::new(Found::NightInterrupted, [id, as_of]), Remedy::NightResume)),
        RunStatus::Failed => {
            let error = night.error.as_ref().map_or_else(|| Found::NoError.into(), Note::foreign);
            let code = |code: u8| Note::new(Found::ExitCode, [&code]);
            let code = night.exit.map_or_else(|| Found::NoExitCode.into(), code);
            Some((Note::new(Found::NightFailed, [id, as_of, &code, &error]), AGAIN))
        }
    }
}

/// How many sessions old the night is.
fn age(morning: &Morning<'_>, night: &RunRecord, findings: &mut Findings) {
    let allowed = morning.station.settings().ops.day_ops.max_night_ops_age_sessions;
    let (as_of, session, id) = (night.as_of, morning.session, &night.id);
    let age = match Calendar::builtin().count_between(as_of, session) {
        Ok(age) => age,
        Err(error) => return findings.failure(&error, AGAIN),
    };
    let old = Note::new(Found::NightOld, [&as_of, &age, &session, &allowed]);
    if age <= 0 {
        findings.ok(Note::new(Found::NightNewest, [id, &as_of]));
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
        Err(obstacle) => return findings.fail(obstacle.what.clone(), obstacle.remedy.clone()),
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
            Note::new(Found::NightPartial, [&missing.len(), &Stage::ALL.len(), &missing.join(", ")]),
            Remedy::NightFull,
        ),
        Some(digest) => findings.ok(Note::new(Found::NightWhole, [&Stage::ALL.len(), &digest.short()])),
        None => findings.fail(Note::new(Found::NightWithoutDigest, [&night.id]), AGAIN),
    }
}

/// Whether every night with the same run key came to the same result.
fn reproducibility(night: &RunRecord, nights: &[RunRecord], findings: &mut Findings) {
    let same_key = |other: &&RunRecord| other.run_key == night.run_key && other.status == RunStatus::Success;
    let other = nights.iter().filter(same_key).find(|other| other.result_digest != night.result_digest);
    if let Some(other) = other {
        findings.fail(Note::new(Found::NightDiffers, [&night.id, &other.id]), Remedy::NightCompare);
    }
}
