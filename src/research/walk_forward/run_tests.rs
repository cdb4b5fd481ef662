//! The folds at work on a random market with a truth planted in its label.

use super::{WalkForwardInput, WalkForwardResult, cut, run};
use crate::{
    config::settings::{FoldMode, WalkForward},
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel},
    model::Learner,
    research::{
        dataset::DatasetRule,
        factor::{self, FactorFrame},
        label::{self, LabelFrame},
        testing::{NEXT_RETURN, core_set, label_spec, random_bars},
        walk_forward::{FoldRule, WalkForwardError},
    },
    seed::Seed,
};

const DAYS: usize = 160;

fn frames(bars: &[DailyBar]) -> (FactorFrame, LabelFrame) {
    let panel = DailyPanel::from_bars(bars);
    let factors = factor::compute(&core_set(), &panel).expect("factors");
    let mut labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
    let (first, second) = (factors.columns[0].clone(), factors.columns[1].clone());
    for ((value, first), second) in labels.labels[0].values.iter_mut().zip(first).zip(second) {
        *value = 0.1 * *value + 0.3 * second - 0.1 * first;
    }
    (factors, labels)
}

fn rule(mode: FoldMode, test_days: usize, step_days: usize) -> FoldRule {
    FoldRule { lengths: WalkForward { mode, train_days: 80, test_days, step_days }, embargo_sessions: 1 }
}

fn walk(
    factors: &FactorFrame,
    labels: &LabelFrame,
    folds: &FoldRule,
    threads: usize,
) -> Result<WalkForwardResult, WalkForwardError> {
    let (dataset, learner) = (DatasetRule::of("R1"), Learner::default());
    let input = WalkForwardInput {
        factors,
        labels,
        dataset: &dataset,
        folds,
        learner: &learner,
        seed: Seed(1),
        threads,
        fit_threads: threads,
    };
    run(&input, &|_, _| ())
}

fn bits(scores: &[f64]) -> Vec<u64> {
    scores.iter().map(|score| score.to_bits()).collect()
}

#[test]
fn truth_is_found_in_every_fold_and_threads_change_nothing() {
    let (factors, labels) = frames(&random_bars(12, DAYS));
    let rule = rule(FoldMode::Sliding, 20, 20);
    let one = walk(&factors, &labels, &rule, 1).expect("walked");
    assert_eq!((one.folds.len(), one.tested.clone()), (4, 81..160));
    assert!(one.folds.iter().all(|fold| fold.ic.expect("known") > 0.8 && fold.train_rows > 0), "{:?}", one.folds);
    assert!(one.prediction.rank_ic.expect("known") > 0.8);
    assert!(one.prediction.days[..81].iter().all(|day| day.pairs == 0), "nothing is scored before the first test");
    for threads in [2, 16] {
        let other = walk(&factors, &labels, &rule, threads).expect("walked");
        assert_eq!((other.digest, bits(&other.scores)), (one.digest, bits(&one.scores)));
        assert_eq!(other.folds, one.folds);
    }
}

#[test]
fn expanding_is_not_sliding() {
    let (factors, labels) = frames(&random_bars(12, DAYS));
    let [sliding, expanding] = [FoldMode::Sliding, FoldMode::Expanding]
        .map(|mode| walk(&factors, &labels, &rule(mode, 20, 20), 2).expect("walked"));
    assert_eq!(sliding.folds[0], expanding.folds[0], "the first windows are the same");
    assert_ne!(sliding.digest, expanding.digest);
    let rows = |result: &WalkForwardResult| result.folds.iter().map(|fold| fold.train_rows).collect::<Vec<_>>();
    assert!(rows(&expanding).is_sorted_by(|left, right| left < right), "{:?}", rows(&expanding));
    assert!(rows(&sliding)[3] < rows(&expanding)[3]);
}

#[test]
fn scores_know_nothing_of_what_came_later() {
    let bars = random_bars(12, DAYS);
    let (factors, labels) = frames(&bars);
    let rule = rule(FoldMode::Sliding, 20, 20);
    let whole = walk(&factors, &labels, &rule, 2).expect("walked");
    // Two folds end at session 121; the bars after it never happened.
    let end = factors.dates[121];
    let before: Vec<DailyBar> = bars.into_iter().filter(|bar| bar.date < end).collect();
    let (factors, labels) = frames(&before);
    let short = walk(&factors, &labels, &rule, 2).expect("walked");
    assert_eq!(bits(&short.scores), bits(&cut(&whole.scores, DAYS, &(0..121))));
}

#[test]
fn newest_model_scores_a_session_that_two_folds_test() {
    let (factors, labels) = frames(&random_bars(12, DAYS));
    let overlapping = walk(&factors, &labels, &rule(FoldMode::Sliding, 20, 10), 2).expect("walked");
    let apart = walk(&factors, &labels, &rule(FoldMode::Sliding, 10, 10), 2).expect("walked");
    // Only the last fold tests its second half alone; it is not cut short here.
    assert_eq!(bits(&overlapping.scores), bits(&apart.scores));
    assert_ne!(overlapping.folds[0].test_rows, apart.folds[0].test_rows);
}

#[test]
fn fold_without_rows_is_named() {
    let (factors, mut labels) = frames(&random_bars(12, DAYS));
    // The window of the fourth fold is 60..140; nothing is known of its validation part.
    for row in labels.labels[0].values.chunks_exact_mut(DAYS) {
        row[120..140].fill(f64::NAN);
    }
    let error = walk(&factors, &labels, &rule(FoldMode::Sliding, 20, 20), 2).expect_err("no rows");
    assert!(error.to_string().starts_with("fold 4 of 4 (trained "), "{error}");
    assert_eq!(error.exit(), Exit::DataRefused);

    let (mut factors, labels) = frames(&random_bars(12, DAYS));
    for row in factors.columns[0].chunks_exact_mut(DAYS) {
        row[101..121].fill(f64::NAN);
    }
    let error = walk(&factors, &labels, &rule(FoldMode::Sliding, 20, 20), 2).expect_err("nothing scored");
    assert!(error.to_string().starts_with("fold 2 of 4 has no row to test"), "{error}");
}

#[test]
fn too_few_sessions_and_unknown_labels_are_refused() {
    let (factors, labels) = frames(&random_bars(6, 60));
    let error = walk(&factors, &labels, &rule(FoldMode::Sliding, 20, 20), 1).expect_err("too short");
    assert_eq!(error.exit(), Exit::NothingRan);
    let other = LabelFrame { dates: labels.dates[1..].to_vec(), ..labels.clone() };
    assert_eq!(walk(&factors, &other, &rule(FoldMode::Sliding, 20, 20), 1).expect_err("apart").exit(), Exit::Internal);
    let none = LabelFrame { labels: Vec::new(), ..labels };
    assert_eq!(walk(&factors, &none, &rule(FoldMode::Sliding, 20, 20), 1).expect_err("none").exit(), Exit::Config);
}
