//! Tests of the SQL reader: DuckDB must give what the kernels give.

use std::path::Path;

use crate::{
    config,
    market::DailyPanel,
    research::{
        factor::{AlignedPanel, ExpressionSet},
        testing::{expression_set, random_bars},
    },
    store::{Frame, query_frames},
};

/// How far two engines may be apart, relative above 1.
const TOLERANCE: f64 = 1e-9;

fn panel() -> AlignedPanel {
    AlignedPanel::from_daily(&DailyPanel::from_bars(&random_bars(4, 150)))
}

/// Compares every printable column and returns how many there are.
fn compare(set: &ExpressionSet, panel: &AlignedPanel) -> usize {
    let query = set.to_sql("panel");
    let rows = query_frames(&[("panel", &panel.to_frame().expect("a table"))], &query.text)
        .unwrap_or_else(|error| panic!("{error}\n{}", query.text));
    let ours = set.compute(panel, None, 1).expect("computed");
    for name in &query.names {
        let column = ours.names.iter().position(|own| own == name).expect("computed");
        let theirs: Vec<f64> = match (rows.f64(name), rows.i64(name)) {
            (Some(values), _) => values.to_vec(),
            (None, Some(values)) => values.iter().map(|value| *value as f64).collect(),
            _ => panic!("{name} is no number"),
        };
        assert_eq!(theirs.len(), ours.columns[column].len());
        for (row, (our, their)) in ours.columns[column].iter().zip(&theirs).enumerate() {
            assert_eq!(our.is_nan(), their.is_nan(), "{name} in row {row}: {our}, SQL has {their}");
            let near = our == their || our.is_nan() || (our - their).abs() <= TOLERANCE * our.abs().max(1.0);
            assert!(near, "{name} in row {row}: {our}, SQL has {their}");
        }
    }
    query.names.len()
}

#[test]
fn sets_of_the_template_are_the_same_in_sql() {
    let (panel, sets) = (panel(), config::shipped().expect("sound").factors.sets);
    for (name, printable) in [("alpha158", 139), ("u1_v2_plus", 24)] {
        let set = ExpressionSet::read(&sets[name], &[]).expect("sound");
        assert_eq!(compare(&set, &panel), printable, "{name}: {:?}", set.to_sql("panel").left_out);
    }
}

#[test]
fn every_operator_is_the_same_in_sql_or_left_out_with_a_reason() {
    let texts = [
        ("a", "Sum($close, 7) + Count($close, 3) - Delta($open, 2)"),
        ("b", "Var($close, 9) / Std($open, 4)"),
        ("c", "Med($close, 5) * Sign($close - $open)"),
        ("d", "Cov($close, $volume, 12) / 1000000"),
        ("e", "If($close > $open, Power($high / $low, 2), -Log($close))"),
        ("f", "And($close > $open, Not($volume < 500000)) + Or($close == $open, $high != $low)"),
        ("g", "Less($open, $close) <= Greater(Ref($low, 1), Ref($low, -1))"),
        ("h", "Abs(Ref($close, 1) / ($close - $close)) >= 1"),
        ("i", "Resi($close, 6) + Slope($volume, 5) / $volume + Rsquare($close, 7)"),
        ("j", "Quantile($close, 10, 0.3) + 2.5"),
        ("k", "EMA($close, 5)"),
        ("l", "1 + WMA($close, 5)"),
        ("m", "Rank($close, 5)"),
        ("n", "IdxMax($close, 5)"),
    ];
    let set = ExpressionSet::read(&expression_set(&texts), &[]).expect("sound");
    assert_eq!(compare(&set, &panel()), 10);
    let left_out = set.to_sql("panel").left_out;
    let names: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["k", "l", "m", "n"]);
    assert!(left_out.iter().all(|(_, reason)| reason.len() > 10), "{left_out:?}");
}

#[test]
fn alpha158_in_sql_equals_the_kernels_on_the_real_panel() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle/visible_2025/input_panel.parquet");
    if !path.exists() {
        eprintln!("skipped: {} not present", path.display());
        return;
    }
    let frame = Frame::read(&path).expect("readable");
    let input = crate::research::factor::FactorInput::from_frame(&path, &frame, false).expect("a panel");
    let sets = config::shipped().expect("sound").factors.sets;
    let set = ExpressionSet::read(&sets["alpha158"], &[]).expect("sound");
    assert_eq!(compare(&set, &input.aligned), 139);
}
