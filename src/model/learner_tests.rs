//! Tests of the learner: known weights are found, and input that teaches nothing is an error.

use rand::RngExt as _;

use super::{ElasticNetParams, Learner};
use crate::{
    model::{ModelError, Scaling, Schema},
    seed::Seed,
};

/// Draws rows of `columns` features in -1..1.
fn features(rows: usize, columns: usize) -> Vec<f64> {
    let mut stream = Seed(3).stream("learner tests");
    (0..rows * columns).map(|_| stream.random_range(-1.0..1.0)).collect()
}

fn schema(features: &[f64], columns: usize) -> Schema {
    let feature = |column: usize| {
        let values: Vec<f64> = features.iter().skip(column).step_by(columns).copied().collect();
        Scaling::fit(&format!("f{column}"), &values).expect("it varies")
    };
    Schema { features: (0..columns).map(feature).collect() }
}

fn with(change: impl FnOnce(&mut ElasticNetParams)) -> Learner {
    let mut params = ElasticNetParams::default();
    change(&mut params);
    Learner::ElasticNet(params)
}

#[test]
fn linear_truth_is_found_and_the_fit_repeats() {
    let features = features(500, 3);
    let truth = |row: &[f64]| 0.01 + 0.02 * row[0] - 0.005 * row[2];
    let label: Vec<f64> = features.chunks(3).map(truth).collect();
    let schema = schema(&features, 3);
    let learner = with(|params| (params.penalty, params.tolerance) = (1e-6, 1e-10));
    let model = learner.fit(&schema, &features, &label, "L").expect("fitted");
    // The tails that winsorising cuts bend the line a little.
    for row in [[0.3, -0.5, 0.7], [0.0, 0.0, 0.0], [-0.9, 0.9, 0.2]] {
        assert!((model.predict(&row) - truth(&row)).abs() < 5e-5, "{}", model.predict(&row));
    }
    assert_eq!(model, learner.fit(&schema, &features, &label, "L").expect("fitted"));
}

#[test]
fn penalty_does_not_depend_on_the_unit_of_the_label() {
    let features = features(300, 2);
    let schema = schema(&features, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    let small: Vec<f64> = label.iter().map(|value| value / 1024.0).collect();
    let learner = with(|params| params.penalty = 0.3);
    let model = learner.fit(&schema, &features, &label, "L").expect("fitted");
    let scaled = learner.fit(&schema, &features, &small, "L").expect("fitted");
    assert!((model.coefficients[0] / 1024.0 - scaled.coefficients[0]).abs() < 1e-15);
}

#[test]
fn strong_penalty_leaves_a_constant_model_which_is_an_error() {
    let features = features(300, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    let learner = with(|params| params.penalty = 10.0);
    let error = learner.fit(&schema(&features, 2), &features, &label, "L").expect_err("constant");
    assert!(matches!(error, ModelError::Constant { columns: 2, .. }), "{error}");
}

#[test]
fn degenerate_input_is_an_error() {
    let good = features(50, 2);
    let schema = schema(&good, 2);
    let label: Vec<f64> = good.chunks(2).map(|row| row[0]).collect();
    let with_nan = |values: &[f64]| [&values[1..], &[f64::NAN]].concat();
    let cases: [(&str, Vec<f64>, Vec<f64>); 5] = [
        ("constant label", good.clone(), vec![0.1; 50]),
        ("NaN label", good.clone(), with_nan(&label)),
        ("NaN feature", with_nan(&good), label.clone()),
        ("wrong shape", good[1..].to_vec(), label.clone()),
        ("no rows", vec![], vec![]),
    ];
    for (name, features, label) in cases {
        let error = Learner::default().fit(&schema, &features, &label, "L").expect_err(name);
        assert!(matches!(error, ModelError::Degenerate(_)), "{name}: {error}");
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let features = features(50, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0]).collect();
    let cases = [
        ("penalty", with(|params| params.penalty = -1.0)),
        ("penalty", with(|params| params.penalty = f64::NAN)),
        ("l1_ratio", with(|params| params.l1_ratio = 0.0)),
        ("l1_ratio", with(|params| params.l1_ratio = 1.1)),
        ("max_iterations", with(|params| params.max_iterations = 0)),
        ("tolerance", with(|params| params.tolerance = f64::INFINITY)),
    ];
    for (key, learner) in cases {
        let error = learner.fit(&schema(&features, 2), &features, &label, "L").expect_err(key);
        assert!(matches!(error, ModelError::Parameter { key: got, .. } if got == key), "{error}");
    }
}

#[test]
fn fit_that_does_not_converge_is_an_error() {
    let features = features(50, 2);
    let label: Vec<f64> = features.chunks(2).map(|row| row[0] - 0.5 * row[1]).collect();
    let learner = with(|params| (params.max_iterations, params.tolerance) = (2, 1e-14));
    let error = learner.fit(&schema(&features, 2), &features, &label, "L").expect_err("two passes");
    assert!(matches!(error, ModelError::NotConverged { iterations: 2, .. }), "{error}");
}
