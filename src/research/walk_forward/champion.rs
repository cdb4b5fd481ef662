//! The model in force held against the folds, session by session, on sessions that neither has seen. A fold is
//! what the recipe of the config would have made in time: a model that does worse than that has degraded, and so
//! has one that keeps much less of what it learnt, whatever the market gives.

use std::ops::Range;

use jiff::civil::Date;
use serde::Serialize;

use super::{WalkForwardResult, words::Word};
use crate::{
    metric::{predict, summarise},
    text::{Language, Note, Speak},
};

/// A rank IC with a t statistic from here on is no luck.
const SKILL_T: f64 = 2.0;

/// What the model in force is held to.
#[derive(Debug, Clone, PartialEq)]
pub struct ChampionRule {
    /// Sessions that it was trained on.
    pub seen: Range<usize>,
    /// The first date that it has not seen.
    pub unseen: Date,
    /// The loss of rank IC that is let pass: `alpha.gate.max_rank_ic_drop`, as when a model is put in force.
    pub max_drop: f64,
    /// The overfit that is let pass: `alpha.gate.max_overfit`.
    pub max_overfit: f64,
}

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
    /// The loss that is let pass.
    pub tolerance: f64,
    /// Mean daily rank IC of the model on the sessions that it was trained on; none where no label of them is known.
    pub train_rank_ic: Option<f64>,
    /// Mean over the folds that tested a session compared of their rank IC on their own training rows.
    pub walk_forward_train_rank_ic: Option<f64>,
    /// What the model loses from the sessions that it was trained on to those compared, less what the folds lose.
    /// A calm or a wild market takes from both, noise that was learnt by heart from one only.
    pub overfit: Option<f64>,
    /// The overfit that is let pass.
    pub overfit_tolerance: f64,
    /// The loss is larger than is let pass; or the overfit is, and what the model has left is no skill beyond chance
    /// that the folds do not have too. To be better than folds without skill is none: where they find nothing, so does
    /// noise.
    pub degraded: bool,
}

impl ChampionReport {
    /// Returns the verdict as one sentence.
    #[must_use]
    pub fn verdict(&self) -> Note {
        let t = self.t.map_or_else(Note::default, |t| Note::foreign(format!(", t {t:.2}")));
        let four = |value: f64| format!("{value:.4}");
        let (own, folds) = (four(self.rank_ic), four(self.walk_forward_rank_ic));
        let loss = if self.loss < 0.0 { Word::Gains } else { Word::Loses };
        let loss = Note::new(loss, [&four(self.loss.abs()) as &dyn Speak]);
        let word = if self.degraded { Word::ModelDegraded } else { Word::ModelHolds };
        let learnt = self.learnt();
        let all: [&dyn Speak; 10] =
            [&self.model_id, &own, &self.sessions, &self.from, &self.to, &folds, &loss, &t, &self.tolerance, &learnt];
        Note::new(word, all)
    }

    /// Returns what it and the folds kept of what they had learnt; nothing where that is not known.
    fn learnt(&self) -> Note {
        let (Some(own), Some(folds), Some(overfit)) =
            (self.train_rank_ic, self.walk_forward_train_rank_ic, self.overfit)
        else {
            return Note::default();
        };
        let [own, folds, overfit] = [own, folds, overfit].map(|value| format!("{value:.4}"));
        Note::new(Word::Overfit, [&own as &dyn Speak, &folds, &overfit, &self.overfit_tolerance])
    }

    pub(super) fn markdown(&self, language: Language) -> String {
        format!("\n## {}\n\n{}\n", Word::ModelInForce.say(language), self.verdict().say(language))
    }
}

/// Compares `scores`, S x D of the model `model_id`, with the folds' over the rows that the folds scored; none where
/// no session has both.
#[must_use]
pub fn compare(
    model_id: &str,
    scores: &[f64],
    walked: &WalkForwardResult,
    dates: &[Date],
    rule: &ChampionRule,
) -> Option<ChampionReport> {
    let same_rows = |(score, fold): (&f64, &f64)| if fold.is_nan() { f64::NAN } else { *score };
    let own: Vec<f64> = scores.iter().zip(&walked.scores).map(same_rows).collect();
    let own = predict(&own, &walked.labels, dates.len(), 0.0);
    let days = dates.iter().zip(&own.days).zip(&walked.prediction.days);
    let both: Vec<(Date, f64, f64)> = days
        .filter(|((date, _), _)| **date >= rule.unseen)
        .filter_map(|((date, own), fold)| Some((*date, own.rank_ic?, fold.rank_ic?)))
        .collect();
    let mean = |of: fn(&(Date, f64, f64)) -> f64| summarise(&both.iter().map(|day| Some(of(day))).collect::<Vec<_>>());
    let (own, folds, loss) = (mean(|day| day.1), mean(|day| day.2), mean(|day| day.2 - day.1));
    let (lost, rank_ic, walk_forward_rank_ic) = (loss.mean?, own.mean?, folds.mean?);
    let (from, to) = (both.first()?.0, both.last()?.0);
    let of_folds = walked.folds.iter().filter(|fold| fold.test_to >= from).map(|fold| fold.train_rank_ic);
    let walk_forward_train_rank_ic = summarise(&of_folds.collect::<Vec<_>>()).mean;
    let train_rank_ic = seen_rank_ic(scores, &walked.labels, dates.len(), &rule.seen);
    let overfit = train_rank_ic
        .zip(walk_forward_train_rank_ic)
        .map(|(own, folds)| (own - rank_ic) - (folds - walk_forward_rank_ic));
    let is_overfit = overfit.is_some_and(|overfit| overfit > rule.max_overfit);
    let is_skilled = lost <= 0.0 && rank_ic > 0.0 && own.t.is_none_or(|t| t >= SKILL_T);
    Some(ChampionReport {
        model_id: model_id.to_owned(),
        from,
        to,
        sessions: both.len(),
        rank_ic,
        walk_forward_rank_ic,
        loss: lost,
        t: loss.t,
        tolerance: rule.max_drop,
        train_rank_ic,
        walk_forward_train_rank_ic,
        overfit,
        overfit_tolerance: rule.max_overfit,
        degraded: lost > rule.max_drop || is_overfit && !is_skilled,
    })
}

/// Returns the mean daily rank IC of scores on the sessions that their model was trained on.
fn seen_rank_ic(scores: &[f64], labels: &[f64], days: usize, seen: &Range<usize>) -> Option<f64> {
    let of_seen = predict(scores, labels, days, 0.0).days;
    summarise(&of_seen.get(seen.clone())?.iter().map(|day| day.rank_ic).collect::<Vec<_>>()).mean
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::{ChampionReport, ChampionRule, compare, predict};
    use crate::{
        digest::Digest,
        research::{
            testing::sessions,
            walk_forward::{FoldReport, WalkForwardResult},
        },
        seed::Seed,
        text::Language,
    };

    const SYMBOLS: usize = 40;
    const DAYS: usize = 160;
    /// Sessions before this were trained on, those from here on are tested.
    const UNSEEN: usize = 80;

    /// Returns S x D numbers: so much of the truth, the rest chance of their own.
    fn mixed(name: &str, truth: &[f64], share: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut stream = Seed(3).stream(name);
        let cells = truth.iter().enumerate();
        cells.map(|(cell, truth)| share(cell % DAYS) * truth + stream.random_range(-1.0..1.0)).collect()
    }

    /// Holds a model that learnt `seen` and knows `unseen` of the truth against folds that know `folds` of it.
    fn held(seen: f64, unseen: f64, folds: f64) -> ChampionReport {
        let nothing = vec![0.0; SYMBOLS * DAYS];
        let labels = mixed("labels", &nothing, |_| 0.0);
        let of_session = |before: f64, after: f64| move |day| if day < UNSEEN { before } else { after };
        let mut scores = mixed("folds", &labels, of_session(folds, folds));
        let learnt = predict(&scores, &labels, DAYS, 0.0).rank_ic;
        scores.chunks_exact_mut(DAYS).for_each(|row| row[..UNSEEN].fill(f64::NAN));
        let dates = sessions("2018-01-02", DAYS);
        let fold = FoldReport {
            number: 1,
            train_from: dates[0],
            train_to: dates[UNSEEN - 1],
            test_from: dates[UNSEEN],
            test_to: dates[DAYS - 1],
            test_sessions: DAYS - UNSEEN,
            train_rows: SYMBOLS * UNSEEN,
            valid_rows: 0,
            test_rows: SYMBOLS * (DAYS - UNSEEN),
            features: 1,
            train_rank_ic: learnt,
            ic: None,
            rank_ic: None,
            icir: None,
            hit_rate: None,
            digest: Digest::of("a fold"),
        };
        let walked = WalkForwardResult {
            folds: vec![fold],
            prediction: predict(&scores, &labels, DAYS, 0.0),
            scores,
            labels,
            tested: UNSEEN..DAYS,
            digest: Digest::of("walked"),
        };
        let own = mixed("own", &walked.labels, of_session(seen, unseen));
        let rule = ChampionRule { seen: 0..UNSEEN, unseen: dates[UNSEEN], max_drop: 0.05, max_overfit: 0.1 };
        compare("m", &own, &walked, &dates, &rule).expect("both scored")
    }

    #[test]
    fn model_that_does_as_the_folds_holds_whatever_the_market_gives() {
        for share in [0.0, 0.3, 1.0] {
            let report = held(share, share, share);
            assert!(!report.degraded && report.overfit.expect("known").abs() < 0.1, "{share}: {report:?}");
        }
    }

    #[test]
    fn noise_learnt_by_heart_is_seen_where_the_folds_find_nothing_too() {
        let report = held(5.0, 0.0, 0.0);
        assert!(report.loss < report.tolerance && report.overfit.expect("known") > 0.5, "{report:?}");
        assert!(report.degraded);
        let said = report.verdict().say(Language::English);
        assert!(said.starts_with("The model m has DEGRADED: rank IC ") && said.contains("trained on"), "{said}");
        // To be better than folds that are wrong is no skill.
        assert!(held(5.0, 0.0, -0.3).degraded);
    }

    #[test]
    fn model_that_learnt_much_and_kept_skill_holds() {
        let report = held(5.0, 0.5, 0.3);
        assert!(report.overfit.expect("known") > report.overfit_tolerance && !report.degraded, "{report:?}");
        let report = held(0.0, 0.3, 0.0);
        assert!(!report.degraded && report.verdict().say(Language::English).contains("gains"), "{report:?}");
    }

    #[test]
    fn model_that_has_lost_what_the_folds_find_has_degraded() {
        for seen in [0.0, 0.5, 5.0] {
            let report = held(seen, 0.0, 0.5);
            assert!(report.degraded && report.loss > report.tolerance, "{report:?}");
        }
    }
}
