//! The models: which one is in force for each job, which one was before it, and what its gate said. A
//! model is verified against its hashes at each look; one that is not sound is never shown as good.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Fact, Grade, files, place::Place};
use crate::{
    ops,
    research::{
        ResearchError,
        zoo::{HISTORY, ModelZoo},
    },
    text::{Note, Phrase},
};

/// The models of one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelFacts {
    /// The job.
    pub job: String,
    /// The model in force.
    pub current: Option<String>,
    /// The model that was in force before it.
    pub previous: Option<String>,
    /// Models kept.
    pub kept: usize,
    /// The trading date that the model was trained for.
    pub as_of: Option<Date>,
    /// Metrics of its training.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// Whether its gate let it pass.
    pub gate_passed: Option<bool>,
    /// What its gate held against it.
    pub gate_reasons: Vec<String>,
    /// Who put it in force: a person or a run.
    pub chosen_by: Option<String>,
    /// Why it cannot be used.
    pub error: Option<String>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Vec<ModelFacts>> {
    let zoo = ops::zoo(place.station);
    let models = place.station.workspace.path(&place.settings().paths.models_dir);
    let source = place.shown(&models);
    let mut jobs = match zoo.jobs() {
        Ok(jobs) => jobs,
        Err(error) => return Fact::unreadable(source, &error),
    };
    let default = &place.settings().alpha.default_job;
    if !jobs.contains(default) {
        jobs.insert(0, default.clone());
    }
    let found: Vec<ModelFacts> = jobs.iter().map(|job| of(&zoo, job)).collect();
    let at = jobs.iter().filter_map(|job| files::modified(&models.join(job).join(HISTORY))).max();
    let broken =
        found.iter().find_map(|model| Some(Note::new(Phrase::ModelUnsound, [&model.job, model.error.as_ref()?])));
    let none = found.iter().any(|model| model.job == *default && model.current.is_none() && model.error.is_none());
    let refused = found.iter().find(|model| model.gate_passed == Some(false));
    let refused = refused.map(|model| Note::new(Phrase::GateOverruled, [&model.job]));
    let mut fact = Fact::of(source, found).dated(at, place.now);
    if let Some(note) = broken {
        fact = fact.marked(Grade::Fail, note);
    }
    if let Some(note) = refused {
        fact = fact.marked(Grade::Warning, note);
    }
    fact.marked_if(none, Grade::Unknown, || Note::new(Phrase::NoModel, [default]))
}

fn of(zoo: &ModelZoo, job: &str) -> ModelFacts {
    let mut facts = ModelFacts {
        job: job.to_owned(),
        current: None,
        previous: None,
        kept: zoo.list(job).map_or(0, |models| models.len()),
        as_of: None,
        metrics: BTreeMap::new(),
        gate_passed: None,
        gate_reasons: Vec::new(),
        chosen_by: None,
        error: None,
    };
    if let Err(error) = fill(zoo, job, &mut facts) {
        facts.error = Some(error.to_string());
    }
    facts
}

fn fill(zoo: &ModelZoo, job: &str, facts: &mut ModelFacts) -> Result<(), ResearchError> {
    let Some(current) = zoo.current(job)? else { return Ok(()) };
    facts.current = Some(current.clone());
    let judgement = zoo.load(job, &current)?.judgement;
    facts.as_of = Some(judgement.as_of);
    facts.metrics = judgement.metrics;
    facts.gate_passed = Some(judgement.gate.passed);
    facts.gate_reasons = judgement.gate.reasons;
    // A first model has none before it, which is no fault.
    facts.previous = zoo.previous(job).ok();
    facts.chosen_by = zoo.history(job)?.into_iter().rfind(|line| line.model == current).map(|line| line.by);
    Ok(())
}
