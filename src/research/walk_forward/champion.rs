//! The model in force held against the folds, session by session, on sessions that neither has seen. A fold is
//! what the recipe of the config would have made in time: a model that does worse than that has degraded.

use jiff::civil::Date;
use serde::Serialize;

use super::{WalkForwardResult, words::Word};
use crate::{
    metric::{predict, summarise},
    text::{Language, Note, Speak},
};

/// How the model in force did beside the folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChampionReport {
    /// The model in force.
    pub model_id: String,
    /// The first session compared: the model has seen none from here on.
    pub from: Date,
    /// The last session compared.
    pub to: Date,
    /// Sessions compared: those on which both have a rank IC.
    pub sessions: usize,
    /// Mean daily rank IC of the model on them.
    pub rank_ic: f64,
    /// Mean daily rank IC of the folds on them.
    pub walk_forward_rank_ic: f64,
    /// The folds' less the model's: what the model loses a day.
    pub loss: f64,
    /// The t statistic of that loss over the sessions, each paired with itself; none where the loss never varies.
    pub t: Option<f64>,
    /// The loss that is let pass: `alpha.gate.max_rank_ic_drop`, as when a model is put in force.
    pub tolerance: f64,
    /// The loss is larger than that.
    pub degraded: bool,
}

impl ChampionReport {
    /// Returns the verdict as one sentence.
    #[must_use]
    pub fn verdict(&self) -> Note {
        let t = self.t.map_or_else(Note::default, |t| Note::foreign(format!(", t {t:.2}")));
        let four = |value: f64| format!("{value:.4}");
        let (own, folds, loss) = (four(self.rank_ic), four(self.walk_forward_rank_ic), four(self.loss));
        let word = if self.degraded { Word::ModelDegraded } else { Word::ModelHolds };
        let all: [&dyn Speak; 9] =
            [&self.model_id, &own, &self.sessions, &self.from, &self.to, &folds, &loss, &t, &self.tolerance];
        Note::new(word, all)
    }

    pub(super) fn markdown(&self, language: Language) -> String {
        format!("\n## {}\n\n{}\n", Word::ModelInForce.say(language), self.verdict().say(language))
    }
}

/// Compares `scores`, S x D of the model `model_id`, with the folds' from the session `unseen` on, over the rows
/// that the folds scored; none where no session has both.
#[must_use]
pub fn compare(
    model_id: &str,
    scores: &[f64],
    walked: &WalkForwardResult,
    (dates, unseen): (&[Date], Date),
    tolerance: f64,
) -> Option<ChampionReport> {
    let same_rows = |(score, fold): (&f64, &f64)| if fold.is_nan() { f64::NAN } else { *score };
    let own: Vec<f64> = scores.iter().zip(&walked.scores).map(same_rows).collect();
    let own = predict(&own, &walked.labels, dates.len(), 0.0);
    let days = dates.iter().zip(&own.days).zip(&walked.prediction.days);
    let both: Vec<(Date, f64, f64)> = days
        .filter(|((date, _), _)| **date >= unseen)
        .filter_map(|((date, own), fold)| Some((*date, own.rank_ic?, fold.rank_ic?)))
        .collect();
    let mean = |of: fn(&(Date, f64, f64)) -> f64| summarise(&both.iter().map(|day| Some(of(day))).collect::<Vec<_>>());
    let (own, folds, loss) = (mean(|day| day.1), mean(|day| day.2), mean(|day| day.2 - day.1));
    let lost = loss.mean?;
    Some(ChampionReport {
        model_id: model_id.to_owned(),
        from: both.first()?.0,
        to: both.last()?.0,
        sessions: both.len(),
        rank_ic: own.mean?,
        walk_forward_rank_ic: folds.mean?,
        loss: lost,
        t: loss.t,
        tolerance,
        degraded: lost > tolerance,
    })
}
