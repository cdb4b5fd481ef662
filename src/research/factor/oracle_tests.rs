//! The sets of the template against the values of another system.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use jiff::civil::Date;

use crate::research::factor::{AlignedPanel, Computed, ExpressionSet, FactorInput, threads_available};
use crate::{config, store::Frame};

/// How far a cell may be from the other system's, relative to its size, absolute below 1.
const TOLERANCE: f64 = 1e-7;

fn oracle(name: &str, file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle").join(name).join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} not present", path.display());
    None
}

pub(super) fn panel(name: &str) -> Option<AlignedPanel> {
    let path = oracle(name, "input_panel.parquet")?;
    Some(FactorInput::from_frame(&path, &Frame::read(&path).expect("readable"), false).expect("a panel").aligned)
}

pub(super) fn shipped(name: &str) -> ExpressionSet {
    let sets = config::shipped().expect("sound").factors.sets;
    ExpressionSet::read(&sets[name], &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn key(panel: &AlignedPanel, (symbol, session): (usize, usize)) -> (Arc<str>, Date) {
    (Arc::clone(&panel.codes()[symbol]), panel.sessions()[session])
}

/// Returns the worst cell of a column as a share of what is allowed, with its place.
fn worst(ours: &[f64], theirs: &[f64], rows: &[usize]) -> (f64, usize) {
    let mut worst = (0.0, 0);
    for (own, row) in rows.iter().enumerate() {
        let (our, their) = (ours[own], theirs[*row]);
        assert_eq!(our.is_nan(), their.is_nan(), "row {row}: {our}, the oracle has {their}");
        let off = if our == their || our.is_nan() { 0.0 } else { (our - their).abs() / their.abs().max(1.0) };
        if off > worst.0 {
            worst = (off, *row);
        }
    }
    worst
}

fn compare(name: &str) {
    let (Some(panel), Some(path)) = (panel(name), oracle(name, "qlib_alpha158_f64.parquet")) else { return };
    let theirs = Frame::read(&path).expect("readable");
    let computed: Computed = shipped("alpha158").compute(&panel, None, threads_available()).expect("computed");
    let (codes, dates) = (theirs.utf8("instrument").expect("codes"), theirs.dates("datetime").expect("dates"));
    let places: BTreeMap<(Arc<str>, Date), usize> =
        codes.iter().cloned().zip(dates.iter().copied()).enumerate().map(|(row, key)| (key, row)).collect();
    assert_eq!(computed.keys.len(), codes.len(), "rows");
    let rows: Vec<usize> = computed.keys.iter().map(|cell| places[&key(&panel, *cell)]).collect();
    let expected: Vec<&str> = theirs.names().filter(|name| !["instrument", "datetime"].contains(name)).collect();
    assert_eq!(computed.names, expected, "the names, in the oracle's order");
    let mut worst_cell = (0.0, String::new());
    for (column, ours) in computed.names.iter().zip(&computed.columns) {
        let (off, row) = std::panic::catch_unwind(|| worst(ours, theirs.f64(column).expect("numbers"), &rows))
            .unwrap_or_else(|_| panic!("{column} of {name}"));
        let place = format!("{column} of {} on {}", codes[row], dates[row]);
        assert!(off <= TOLERANCE, "{place}: off by {off:e}");
        if off > worst_cell.0 {
            worst_cell = (off, place);
        }
    }
    eprintln!(
        "{name}: {} cells, the worst is off by {:e}: {}",
        rows.len() * expected.len(),
        worst_cell.0,
        worst_cell.1
    );
}

#[test]
fn alpha158_equals_the_oracle_on_the_simulated_panel() {
    compare("small");
}

#[test]
fn alpha158_equals_the_oracle_on_the_real_panel() {
    compare("visible_2025");
}
