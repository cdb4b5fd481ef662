//! The checks of the model that would trade: there and sound, made of what the config has, and good.

use super::{
    CheckName,
    check::Findings,
    morning::Morning,
    quality,
    words::{Found, Remedy},
};
use crate::{
    ops::research_plan::{self, check_model},
    research::zoo::{HistoryLine, Snapshot},
    text::Note,
};

/// The model is there, every byte is what its manifest says, and it has not seen the day.
pub(super) fn soundness(morning: &Morning<'_>, findings: &mut Findings) {
    let model = match &morning.model {
        Ok(model) => model,
        Err(obstacle) => return findings.fail(obstacle.what.clone(), obstacle.remedy.clone()),
    };
    let trained = model.judgement.as_of;
    if trained >= morning.date {
        let what = Note::new(Found::ModelSawSession, [&model.id, &trained, &morning.date]);
        return findings.fail(what, Remedy::ModelOlder);
    }
    let factors = model.features.names.len();
    findings.ok(Note::new(Found::ModelSound, [&model.job, &model.id, &factors, &trained]));
}

/// The model predicts the label of its job's task from factors of its job's set.
pub(super) fn definitions(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(model) = model_of(morning, findings) else { return };
    match check_model(morning.station, model) {
        Ok(()) => findings.ok(Note::new(Found::ModelFits, [&model.model.label, &model.features.names.len()])),
        Err(error) => findings.failure(error.as_ref(), Remedy::ModelTrain),
    }
}

/// The model passed its gate against the champion before it, and orders the newest sessions as it promised.
pub(super) fn quality(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(model) = model_of(morning, findings) else { return };
    chosen(morning, model, findings);
    if let Err(obstacle) = &morning.stores {
        return findings.not_made(obstacle.what.clone(), CheckName::Stores);
    }
    let shown = quality::promised(model);
    match quality::recent(morning, model) {
        Err(error) => findings.failure(error.as_ref(), Remedy::NightOnly),
        Ok(None) => findings.ok(Note::new(Found::ModelUnmeasured, [&shown])),
        Ok(Some(recent)) => recent.judge(morning, model, findings),
    }
}

/// How the model came into force: by its gate, or over it.
fn chosen(morning: &Morning<'_>, model: &Snapshot, findings: &mut Findings) {
    let gate = &model.judgement.gate;
    if !gate.passed {
        let what = Note::new(Found::GateRefused, [&model.id, &gate.reasons.join(", ")]);
        findings.warn(what, Remedy::ModelPrevious);
    }
    let zoo = research_plan::zoo(morning.station);
    let current = zoo.current(&model.job).ok().flatten();
    if current.as_deref() != Some(&*model.id) {
        compare_pinned(morning, model, current.as_deref(), findings);
        return;
    }
    let history = match zoo.history(&model.job) {
        Ok(history) => history,
        Err(error) => return findings.failure(&error, Remedy::ModelList),
    };
    match history.iter().rev().find(|line| line.model == model.id) {
        Some(HistoryLine { at, by, .. }) if gate.passed => {
            findings.ok(Note::new(Found::GatePassed, [&model.id, at, by]));
        }
        Some(_) => {}
        None => findings.warn(
            Note::new(Found::ChooserUnknown, [&model.job, &model.id]),
            Note::new(Remedy::ModelUseSaid, [&model.id]),
        ),
    }
}

/// A model that the config pins is held against the one in force.
fn compare_pinned(morning: &Morning<'_>, model: &Snapshot, current: Option<&str>, findings: &mut Findings) {
    let champion = current.and_then(|id| research_plan::zoo(morning.station).load(&model.job, id).ok());
    let Some(champion) = champion else {
        return findings.warn(Note::new(Found::PinnedAlone, [&model.id]), Note::new(Remedy::ModelUse, [&model.id]));
    };
    let rank_ic = |of: &Snapshot| of.judgement.metrics.get("rank_ic").copied().flatten();
    let (own, best) = (rank_ic(model).unwrap_or(f64::NEG_INFINITY), rank_ic(&champion).unwrap_or(f64::NEG_INFINITY));
    let drop_max = morning.station.settings().alpha.gate.max_rank_ic_drop;
    let [of_own, of_best] = [own, best].map(|value| format!("{value:.4}"));
    let found = Note::new(Found::PinnedAgainst, [&model.id, &of_own, &champion.id, &of_best]);
    if own < best - drop_max {
        findings.warn(found, Remedy::ModelUnpin);
    } else {
        findings.ok(found);
    }
}

/// Returns the model; where there is none the check is not made.
fn model_of<'m>(morning: &'m Morning<'_>, findings: &mut Findings) -> Option<&'m Snapshot> {
    match &morning.model {
        Ok(model) => Some(model),
        Err(obstacle) => {
            findings.not_made(obstacle.what.clone(), CheckName::Model);
            None
        }
    }
}
