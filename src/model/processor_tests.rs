//! Tests of the processors: each against values worked out by hand.

use super::{FillWith, Processor, Step, quantile};

fn fitted(processor: Processor, training: &[f64]) -> Step {
    processor.fit(training.iter().copied()).expect("fitted")
}

fn applied(step: Step, column: &[f64], days: usize) -> Vec<f64> {
    let mut column = column.to_vec();
    let present = vec![true; column.len()];
    step.apply(&mut column, days, &present);
    column
}

#[test]
fn quantile_interpolates_between_neighbours() {
    assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
    assert_eq!(quantile(&[7.0], 0.99), 7.0);
    assert!(quantile(&[], 0.5).is_nan());
}

#[test]
fn outliers_are_cut_by_quantile_and_by_mad() {
    let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
    values.push(1e9);
    let step = fitted(Processor::WinsoriseQuantile { tail: 0.01 }, &values);
    assert_eq!(step, Step::Clip { lower: 10.0, upper: 990.0 });
    let out = applied(step, &[1e9, -5.0, 500.0, f64::NAN], 1);
    assert_eq!(out[..3], [990.0, 10.0, 500.0]);
    assert!(out[3].is_nan());
    // Median 3, distances 2 1 0 1 97: median distance 1.
    let step = fitted(Processor::WinsoriseMad { deviations: 2.0 }, &[1.0, 2.0, 3.0, 4.0, 100.0]);
    assert_eq!(step, Step::Clip { lower: 3.0 - 2.0 * 1.4826, upper: 3.0 + 2.0 * 1.4826 });
}

#[test]
fn rare_event_is_kept() {
    let mut values = vec![0.0; 1000];
    values[3] = 1.0;
    for processor in [Processor::WinsoriseQuantile { tail: 0.01 }, Processor::WinsoriseMad { deviations: 3.0 }] {
        assert_eq!(fitted(processor, &values), Step::Clip { lower: 0.0, upper: 1.0 });
    }
}

#[test]
fn training_zscore_knows_mean_and_deviation_of_the_known_values() {
    let step = fitted(Processor::ZscoreTrain, &[1.0, f64::NAN, 3.0]);
    assert_eq!(step, Step::Zscore { mean: 2.0, deviation: 2.0_f64.sqrt() });
    for values in [vec![], vec![f64::NAN], vec![1.0], vec![0.1; 50]] {
        assert!(Processor::ZscoreTrain.fit(values.iter().copied()).is_err(), "{values:?}");
    }
}

#[test]
fn daily_processors_look_at_one_day_only() {
    // Three symbols x two days: the first day holds 1, 5, 3; the second -, 7, 7.
    let column = [1.0, f64::NAN, 5.0, 7.0, 3.0, 7.0];
    let same = |got: Vec<f64>, expected: [f64; 6]| {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&got), bits(&expected), "{got:?}");
    };
    let third = 1.0 / 3.0;
    let low = (1.0 - 0.5) * third;
    same(applied(Step::ZscoreByDay, &column, 2), [-1.0, f64::NAN, 1.0, 0.0, 0.0, 0.0]);
    let got = applied(Step::RankByDay, &column, 2);
    assert!((got[0] - (low - 0.5)).abs() < 1e-15 && (got[2] + got[0]).abs() < 1e-15 && got[4].abs() < 1e-15);
    assert!(got[1].is_nan() && got[3] == 0.0 && got[5] == 0.0, "ties stand at their mean rank: {got:?}");
    assert_eq!(applied(Step::RankByDay, &[9.0, f64::NAN], 1)[0], 0.0, "one value stands in the middle");
}

#[test]
fn fill_leaves_absent_cells_empty() {
    assert_eq!(fitted(Processor::Fill { with: FillWith::Median }, &[9.0, 1.0, 2.0]), Step::Fill { value: 2.0 });
    let mut column = [f64::NAN, f64::NAN, 5.0];
    Step::Fill { value: 2.0 }.apply(&mut column, 1, &[true, false, true]);
    assert!(column[0] == 2.0 && column[1].is_nan() && column[2] == 5.0, "{column:?}");
}

#[test]
fn parameters_out_of_range_are_named() {
    let cases = [
        ("tail", Processor::WinsoriseQuantile { tail: 0.5 }),
        ("tail", Processor::WinsoriseQuantile { tail: f64::NAN }),
        ("deviations", Processor::WinsoriseMad { deviations: 0.0 }),
        ("deviations", Processor::WinsoriseMad { deviations: f64::INFINITY }),
    ];
    for (key, processor) in cases {
        assert!(processor.check().is_err_and(|error| error.to_string().contains(key)), "{processor:?}");
    }
}
