//! A new model against the one in force: both are measured on the same rows.

use std::ops::Range;

use jiff::civil::Date;

use super::{Duel, Gate, GateRule, ModelZoo, Snapshot};
use crate::{
    model::ModelError,
    research::{
        ResearchError,
        dataset::Dataset,
        factor::FactorFrame,
        train::{Trained, measure, predict_rows, scores_of_rows},
    },
};

/// The gate's word on a new model, and what is in force meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The gate's word.
    pub gate: Gate,
    /// Id and day of the model in force, where there is one that can be read.
    pub current: Option<(String, Date)>,
}

impl ModelZoo {
    /// Judges a trained model against the rule and against the model in force for the same label, both on
    /// the validation rows of `dataset`, as far as both have a score for them. A model in force that an older
    /// program saved is no rival: the new one is what replaces it.
    ///
    /// # Errors
    /// When there is a model in force and it is not sound.
    pub fn judge(
        &self,
        job: &str,
        rule: &GateRule,
        trained: &Trained,
        dataset: &Dataset,
        factors: &FactorFrame,
    ) -> Result<Verdict, ResearchError> {
        let champion = match self.current(job)?.map(|id| self.load(job, &id)).transpose() {
            Err(error @ (ResearchError::Model(ModelError::Version { .. }) | ResearchError::Undefined { .. })) => {
                tracing::warn!(job, "the model in force cannot be compared: {error}");
                None
            }
            loaded => loaded?,
        };
        let current = champion.as_ref().map(|champion| (champion.id.clone(), champion.judgement.as_of));
        let rival = champion.filter(|champion| champion.model.label == trained.model.label);
        let duel = rival.map(|champion| duel(&champion, trained, dataset, factors));
        Ok(Verdict { gate: Gate::judge(rule, &trained.metrics, duel.as_ref()), current })
    }
}

/// Measures both models; a champion that needs other factors than there are is held to what it showed in its
/// own training.
fn duel(champion: &Snapshot, trained: &Trained, dataset: &Dataset, factors: &FactorFrame) -> Duel {
    let rows = dataset.parts.valid.clone();
    let mut own = predict_rows(&trained.model, dataset, rows.clone());
    let Ok(best) = champion.scores(factors) else {
        let rank_ic = |of: &std::collections::BTreeMap<String, Option<f64>>| of.get("rank_ic").copied().flatten();
        return Duel { own: rank_ic(&trained.metrics), champion: rank_ic(&champion.judgement.metrics) };
    };
    let mut best = scores_of_rows(&best, factors, dataset, rows.clone());
    for (own, best) in own.iter_mut().zip(&mut best) {
        if own.is_nan() || best.is_nan() {
            (*own, *best) = (f64::NAN, f64::NAN);
        }
    }
    let rank_ic = |scores: &[f64], rows: Range<usize>| measure(dataset, rows, scores).rank_ic;
    Duel { own: rank_ic(&own, rows.clone()), champion: rank_ic(&best, rows) }
}
