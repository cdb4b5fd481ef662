//! The coefficients against hand-made panels and against Qlib's in `../shared/oracle/*/ic_daily.csv`.

use std::{collections::BTreeMap, fs::File};

use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Float64Type},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{DayIc, cross_section, hit_rate, predict, ranks, summarise};
use crate::metric::{Convention, DaySpread, day_spread, sharpe};

#[test]
fn ties_share_their_mean_rank() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0, -0.0, 0.0]), [5.5, 3.0, 5.5, 4.0, 1.5, 1.5]);
}

#[test]
fn days_without_a_spread_have_no_coefficient() {
    let day = cross_section(&[1.0, 1.0, f64::NAN, 4.0], &[0.1, 0.2, 0.3, f64::INFINITY]);
    assert_eq!((day.pairs, day.ic, day.rank_ic), (2, None, None));
    assert_eq!(cross_section(&[1.0], &[1.0]).ic, None);
}

#[test]
fn panel_is_read_day_by_day() {
    // Two symbols, three days: right, wrong, missing.
    let prediction = predict(&[1.0, 1.0, 1.0, 2.0, 2.0, f64::NAN], &[0.1, 0.2, 0.1, 0.2, 0.1, 0.1], 3, 0.0);
    let coefficients: Vec<Option<f64>> = prediction.days.iter().map(|day| day.rank_ic).collect();
    assert_eq!(coefficients, [Some(1.0), Some(-1.0), None]);
    assert_eq!((prediction.rank_ic, prediction.icir), (Some(0.0), Some(0.0)));
}

#[test]
fn hit_rate_leaves_out_what_says_nothing() {
    assert_eq!(hit_rate(&[0.6, 0.4, 0.5, 0.9, f64::NAN], &[1.0, 1.0, 1.0, 0.0, 1.0], 0.5), Some(0.5));
    assert_eq!(hit_rate(&[], &[], 0.0), None);
}

type Columns = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

/// Reads `columns` of the oracle's features: column, then date, then the codes' values in file order.
fn features(path: &str, columns: &[String]) -> Columns {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("open")).expect("parquet");
    let mut values = Columns::new();
    for batch in reader.build().expect("reader") {
        let batch = batch.expect("a batch");
        let dates = cast(batch.column_by_name("datetime").expect("datetime"), &DataType::Utf8).expect("a text");
        for name in columns {
            let column = batch.column_by_name(name).expect("a feature").as_primitive::<Float64Type>();
            let by_date = values.entry(name.clone()).or_default();
            for row in 0..batch.num_rows() {
                let value = if column.is_null(row) { f64::NAN } else { column.value(row) };
                let date = dates.as_string::<i32>().value(row)[..10].to_owned();
                by_date.entry(date).or_default().push(value);
            }
        }
    }
    values
}

/// Says whether a figure of ours is the expected text, to 1e-9.
fn equals(ours: Option<f64>, expected: &str) -> bool {
    match (ours, expected.parse::<f64>()) {
        (None, Err(_)) => true,
        // A feature that is the same for all codes: pandas returns its rounding noise.
        (None, Ok(expected)) => expected.abs() < 1e-12,
        (Some(ours), Ok(expected)) => (ours - expected).abs() <= 1e-9,
        _ => false,
    }
}

fn rows(path: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).expect("readable");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn daily_figures_and_their_summary_equal_qlibs() {
    for set in ["small", "visible_2025"] {
        let room = format!("{}/../shared/oracle/{set}", env!("CARGO_MANIFEST_DIR"));
        if !std::path::Path::new(&room).exists() {
            eprintln!("skipped: {room} not present");
            continue;
        }
        let daily = rows(&format!("{room}/ic_daily.csv"));
        let mut columns: Vec<String> = daily.iter().map(|row| row[1].clone()).collect();
        columns.push("LABEL0".into());
        columns.sort();
        columns.dedup();
        let values = features(&format!("{room}/qlib_alpha158_f64.parquet"), &columns);
        let (mut compared, mut wrong) = (0, Vec::new());
        let mut days: BTreeMap<&str, Vec<(DayIc, DaySpread)>> = BTreeMap::new();
        for row in &daily {
            let (date, factor) = (&row[0], &row[1]);
            let Some(scores) = values[factor].get(date) else { continue };
            let labels = &values["LABEL0"][date];
            let (day, spread) = (cross_section(scores, labels), day_spread(scores, labels, 0.2));
            let figures = [day.ic, day.rank_ic, spread.long_short, spread.long_mean];
            for (ours, expected) in figures.into_iter().zip(&row[3..]) {
                compared += 1;
                if !equals(ours, expected) {
                    wrong.push(format!("{date} {factor}: ours {ours:?}, expected {expected}"));
                }
            }
            assert_eq!(day.pairs.to_string(), row[2], "{date} {factor}");
            // The summary is of pandas' days: one whose coefficient is rounding noise counts there as 0.
            let noise = row[3].parse::<f64>().ok().map(|_| 0.0);
            days.entry(factor).or_default().push((DayIc { ic: day.ic.or(noise), ..day }, spread));
        }
        assert!(compared > 7_800, "{set}: {compared} compared");
        for row in rows(&format!("{room}/ic_summary.csv")) {
            let expected: BTreeMap<&str, &String> = SUMMARY.into_iter().zip(&row[1..]).collect();
            for (name, ours) in summary(&days[row[0].as_str()]) {
                compared += 1;
                if !equals(ours, expected[name]) {
                    wrong.push(format!("{} {name}: ours {ours:?}, expected {}", row[0], expected[name]));
                }
            }
        }
        let shown = wrong[..9.min(wrong.len())].join("\n");
        assert!(wrong.is_empty(), "{set}: {} of {compared} differ:\n{shown}", wrong.len());
    }
}

/// The columns of `ic_summary.csv` after the factor.
const SUMMARY: [&str; 11] = [
    "days",
    "IC",
    "IC_std",
    "ICIR",
    "RankIC",
    "RankIC_std",
    "RankICIR",
    "IC_pos_share",
    "IC_t",
    "LS_mean",
    "LS_ann_sharpe252",
];

fn summary(days: &[(DayIc, DaySpread)]) -> [(&'static str, Option<f64>); 11] {
    let of = |pick: fn(&DayIc) -> Option<f64>| summarise(&days.iter().map(|(day, _)| pick(day)).collect::<Vec<_>>());
    let (ic, rank) = (of(|day| day.ic), of(|day| day.rank_ic));
    let spread: Vec<f64> = days.iter().filter_map(|(_, spread)| spread.long_short).collect();
    let convention = Convention { days_per_year: 252.0, risk_free: 0.0 };
    let figures = [
        Some(ic.days as f64),
        ic.mean,
        ic.deviation,
        ic.ir,
        rank.mean,
        rank.deviation,
        rank.ir,
        ic.positive_share,
        ic.t,
        Some(spread.iter().sum::<f64>() / spread.len() as f64),
        sharpe(&spread, &convention),
    ];
    let mut named = [("", None); 11];
    for ((named, name), figure) in named.iter_mut().zip(SUMMARY).zip(figures) {
        *named = (name, figure);
    }
    named
}
