//! The checks of the model that would trade: there and sound, made of what the config has, and good.

use super::{CheckName, check::Findings, morning::Morning, quality};
use crate::{
    ops::research_plan::{self, check_model},
    research::zoo::{HistoryLine, Snapshot},
};

/// The model is there, every byte is what its manifest says, and it has not seen the day.
pub(super) fn soundness(morning: &Morning<'_>, findings: &mut Findings) {
    let model = match &morning.model {
        Ok(model) => model,
        Err(obstacle) => return findings.fail(&*obstacle.what, &*obstacle.remedy),
    };
    let trained = model.judgement.as_of;
    if trained >= morning.date {
        let what = format!("model {} was trained as of {trained}: it has seen the session {}", model.id, morning.date);
        return findings.fail(what, "Pin an older model (alpha.model_id), or run `lighthunter models previous`.");
    }
    let factors = model.features.names.len();
    findings.ok(format!("{}/{} is sound: {factors} factors, trained as of {trained}", model.job, model.id));
}

/// The model predicts the label of its job's task from factors of its job's set.
pub(super) fn definitions(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(model) = model_of(morning, findings) else { return };
    match check_model(morning.station, model) {
        Ok(()) => findings.ok(format!(
            "label {} from {} factors, as the config has them",
            model.model.label,
            model.features.names.len()
        )),
        Err(error) => findings.failure(error.as_ref(), "Run `lighthunter night-ops --mode train`."),
    }
}

/// The model passed its gate against the champion before it, and orders the newest sessions as it promised.
pub(super) fn quality(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(model) = model_of(morning, findings) else { return };
    chosen(morning, model, findings);
    if let Err(obstacle) = &morning.stores {
        return findings.not_made(&obstacle.what, CheckName::Stores);
    }
    let shown = quality::promised(model);
    match quality::recent(morning, model) {
        Err(error) => findings.failure(error.as_ref(), "Run `lighthunter night-ops`."),
        Ok(None) => findings.ok(format!("too few sessions with a known label to measure; in training {shown}")),
        Ok(Some(recent)) => recent.judge(morning, model, findings),
    }
}

/// How the model came into force: by its gate, or over it.
fn chosen(morning: &Morning<'_>, model: &Snapshot, findings: &mut Findings) {
    let gate = &model.judgement.gate;
    if !gate.passed {
        let what = format!("model {} is in force though its gate refused it: {}", model.id, gate.reasons.join(", "));
        findings.warn(what, "Run `lighthunter models previous`, or keep it knowing why.");
    }
    let zoo = research_plan::zoo(morning.station);
    let current = zoo.current(&model.job).ok().flatten();
    if current.as_deref() != Some(&*model.id) {
        compare_pinned(morning, model, current.as_deref(), findings);
        return;
    }
    let history = match zoo.history(&model.job) {
        Ok(history) => history,
        Err(error) => return findings.failure(&error, "Run `lighthunter models list`."),
    };
    match history.iter().rev().find(|line| line.model == model.id) {
        Some(HistoryLine { at, by, .. }) if gate.passed => {
            findings.ok(format!("model {} passed its gate and is in force since {at}, by {by}", model.id));
        }
        Some(_) => {}
        None => findings.warn(
            format!("models/{}/history.jsonl does not say who put {} in force", model.job, model.id),
            format!("Run `lighthunter models use {}`, which says so.", model.id),
        ),
    }
}

/// A model that the config pins is held against the one in force.
fn compare_pinned(morning: &Morning<'_>, model: &Snapshot, current: Option<&str>, findings: &mut Findings) {
    let champion = current.and_then(|id| research_plan::zoo(morning.station).load(&model.job, id).ok());
    let Some(champion) = champion else {
        return findings.warn(
            format!("alpha.model_id pins {}, and no model is in force to compare it with", model.id),
            format!("Run `lighthunter models use {}`.", model.id),
        );
    };
    let rank_ic = |of: &Snapshot| of.judgement.metrics.get("rank_ic").copied().flatten();
    let (own, best) = (rank_ic(model).unwrap_or(f64::NEG_INFINITY), rank_ic(&champion).unwrap_or(f64::NEG_INFINITY));
    let drop_max = morning.station.settings().alpha.gate.max_rank_ic_drop;
    let found = format!("pinned {} has rank IC {own:.4}, the model in force {} has {best:.4}", model.id, champion.id);
    if own < best - drop_max {
        findings.warn(found, "Set alpha.model_id to null, which takes the model in force.");
    } else {
        findings.ok(found);
    }
}

/// Returns the model; where there is none the check is not made.
fn model_of<'m>(morning: &'m Morning<'_>, findings: &mut Findings) -> Option<&'m Snapshot> {
    match &morning.model {
        Ok(model) => Some(model),
        Err(obstacle) => {
            findings.not_made(&obstacle.what, CheckName::Model);
            None
        }
    }
}
