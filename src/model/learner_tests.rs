//! Tests of the learners: known truths are found, and input that teaches nothing is an error.

use rand::RngExt as _;

use super::{Effort, Learner, TrainingRows};
use crate::{
    digest::Digest,
    exit::{Exit, Failure},
    model::{BoostedTreesParams, ElasticNetParams, Feature, Form, Model, ModelError, Schema},
    seed::Seed,
};

/// Draws rows of `columns` features in -1..1.
fn features(rows: usize, columns: usize) -> Vec<f64> {
    let mut stream = Seed(3).stream("learner tests");
    (0..rows * columns).map(|_| stream.random_range(-1.0..1.0)).collect()
}

/// A schema that does nothing to its features.
fn schema(columns: usize) -> Schema {
    let feature = |column: usize| Feature { name: format!("f{column}"), steps: vec![] };
    Schema { features: (0..columns).map(feature).collect() }
}

fn fit_with(learner: &Learner, features: &[f64], label: &[f64], effort: Effort) -> Result<Model, ModelError> {
    let columns = features.len().checked_div(label.len()).unwrap_or(1).max(1);
    learner.fit(TrainingRows { schema: &schema(columns), features, label, label_id: "L" }, effort)
}

fn fit(learner: &Learner, features: &[f64], label: &[f64]) -> Result<Model, ModelError> {
    fit_with(learner, features, label, Effort { seed: Seed(1), threads: Some(1) })
}

fn net(change: impl FnOnce(&mut ElasticNetParams)) -> Learner {
    let mut params = ElasticNetParams::default();
    change(&mut params);
    Learner::ElasticNet(params)
}

fn boosted(change: impl FnOnce(&mut BoostedTreesParams)) -> Learner {
    let mut params = BoostedTreesParams { rounds: 30, learning_rate: 0.3, ..BoostedTreesParams::default() };
    change(&mut params);
    Learner::BoostedTrees(params)
}

fn coefficients(model: &Model) -> &[f64] {
    match &model.form {
        Form::Linear { coefficients, .. } => coefficients,
        Form::Trees { .. } => &[],
    }
}

#[test]
fn linear_truth_is_found_whatever_the_features_scale() {
    let features: Vec<f64> =
        features(500, 3).chunks(3).flat_map(|row| [row[0], row[1], 100.0 * row[2] + 7.0]).collect();
    let truth = |row: &[f64]| 0.01 + 0.02 * row[0] - 0.005 * row[2];
    let label: Vec<f64> = features.chunks(3).map(truth).collect();
    let learner = net(|params| (params.penalty, params.tolerance) = (1e-7, 1e-12));
    let model = fit(&learner, &features, &label).expect("fitted");
    for row in [[0.3, -0.5, 0.7], [0.0, 0.0, 0.0], [-0.9, 0.9, 0.2]] {
        assert!((model.predict(&row) - truth(&row)).abs() < 1e-6, "{}", model.predict(&row));
    }
    assert_eq!(model, fit(&learner, &features, &label).expect("fitted"));
}

#[test]
fn penalty_does_not_depend_on_the_unit_of_the_label() {
    let features = features(300, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    let small: Vec<f64> = label.iter().map(|value| value / 1024.0).collect();
    let learner = net(|params| params.penalty = 0.3);
    let model = fit(&learner, &features, &label).expect("fitted");
    let scaled = fit(&learner, &features, &small).expect("fitted");
    assert!((coefficients(&model)[0] / 1024.0 - coefficients(&scaled)[0]).abs() < 1e-15);
}

#[test]
fn trees_find_what_no_line_can() {
    let features = features(4000, 3);
    let truth = |row: &[f64]| if (row[0] > 0.2) == (row[1] > -0.1) { 0.02 } else { -0.01 };
    let label: Vec<f64> = features.chunks(3).map(truth).collect();
    let model = fit(&boosted(|_| ()), &features, &label).expect("fitted");
    for row in [[0.6, 0.5, 0.0], [-0.5, -0.6, 0.9], [0.6, -0.6, 0.0], [-0.5, 0.5, -0.9]] {
        assert!((model.predict(&row) - truth(&row)).abs() < 1e-3, "{row:?}: {}", model.predict(&row));
    }
}

#[test]
fn trees_learn_from_what_is_missing() {
    let mut features = features(2000, 2);
    let label: Vec<f64> = (0..2000).map(|row| if row % 3 == 0 { 1.0 } else { -1.0 }).collect();
    features.iter_mut().step_by(2).step_by(3).for_each(|value| *value = f64::NAN);
    let model = fit(&boosted(|_| ()), &features, &label).expect("fitted");
    assert!(model.predict(&[f64::NAN, 0.1]) > 0.9 && model.predict(&[0.3, 0.1]) < -0.9);
    let error = fit(&Learner::default(), &features, &label).expect_err("the line needs whole rows");
    assert_eq!(error.exit(), Exit::DataRefused, "{error}");
}

#[test]
fn boosting_repeats_by_seed_whatever_the_threads() {
    // More rows than one block of the library's parallel loops.
    let features = features(40_000, 6);
    let label: Vec<f64> = features.chunks(6).map(|row| row[0] * row[1] + 0.3 * row[2]).collect();
    let learner = boosted(|params| (params.rounds, params.subsample, params.column_subsample) = (10, 0.7, 0.5));
    let bytes = |seed, threads| {
        let model = fit_with(&learner, &features, &label, Effort { seed: Seed(seed), threads }).expect("fitted");
        Digest::of(model.to_json().expect("saved"))
    };
    let one = bytes(1, Some(1));
    assert_eq!([bytes(1, Some(1)), bytes(1, Some(2)), bytes(1, None)], [one; 3]);
    assert_ne!(bytes(2, Some(2)), one, "the seed draws other rows");
}

#[test]
fn constant_model_is_an_error() {
    let features = features(300, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    for learner in [net(|params| params.penalty = 10.0), boosted(|params| params.min_gain = 1e9)] {
        let error = fit(&learner, &features, &label).expect_err("constant");
        assert!(matches!(error, ModelError::Constant { .. }), "{error}");
    }
}

#[test]
fn degenerate_input_is_an_error() {
    let good = features(50, 2);
    let label: Vec<f64> = good.chunks(2).map(|row| row[0]).collect();
    let with = |values: &[f64], odd: f64| [&values[1..], &[odd]].concat();
    let cases: [(&str, Vec<f64>, Vec<f64>); 6] = [
        ("constant label", good.clone(), vec![0.1; 50]),
        ("NaN label", good.clone(), with(&label, f64::NAN)),
        ("infinite label", good.clone(), with(&label, f64::INFINITY)),
        ("infinite feature", with(&good, f64::INFINITY), label.clone()),
        ("wrong shape", good[1..].to_vec(), label.clone()),
        ("no rows", vec![], vec![]),
    ];
    for (name, features, label) in cases {
        for learner in [Learner::default(), boosted(|_| ())] {
            let error = fit(&learner, &features, &label).expect_err(name);
            assert!(matches!(error, ModelError::Degenerate(_)), "{name}: {error}");
        }
    }
    assert!(fit(&Learner::default(), &with(&good, f64::NAN), &label).is_err(), "NaN feature");
}

#[test]
fn parameters_out_of_range_are_named() {
    let features = features(50, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    let cases = [
        ("penalty", net(|params| params.penalty = -1.0)),
        ("penalty", net(|params| params.penalty = f64::NAN)),
        ("l1_ratio", net(|params| params.l1_ratio = 0.0)),
        ("l1_ratio", net(|params| params.l1_ratio = 1.1)),
        ("max_iterations", net(|params| params.max_iterations = 0)),
        ("tolerance", net(|params| params.tolerance = f64::INFINITY)),
        ("rounds", boosted(|params| params.rounds = 0)),
        ("rounds", boosted(|params| params.rounds = 10_001)),
        ("learning_rate", boosted(|params| params.learning_rate = 0.0)),
        ("learning_rate", boosted(|params| params.learning_rate = f64::NAN)),
        ("max_depth", boosted(|params| params.max_depth = 0)),
        ("max_leaves", boosted(|params| params.max_leaves = 1)),
        ("min_child_weight", boosted(|params| params.min_child_weight = -1.0)),
        ("subsample", boosted(|params| params.subsample = 1.1)),
        ("column_subsample", boosted(|params| params.column_subsample = 0.4)),
        ("l2", boosted(|params| params.l2 = f64::INFINITY)),
        ("min_gain", boosted(|params| params.min_gain = f64::NAN)),
        ("bins", boosted(|params| params.bins = 1)),
    ];
    for (key, learner) in cases {
        let error = fit(&learner, &features, &label).expect_err(key);
        assert!(matches!(error, ModelError::Parameter { key: got, .. } if got == key), "{key}: {error}");
    }
}

#[test]
fn fit_that_does_not_converge_is_an_error() {
    let features = features(50, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0] - 0.5 * row[1]).collect();
    let learner = net(|params| (params.max_iterations, params.tolerance) = (2, 1e-14));
    let error = fit(&learner, &features, &label).expect_err("two passes");
    assert!(matches!(error, ModelError::NotConverged { iterations: 2, .. }), "{error}");
}
