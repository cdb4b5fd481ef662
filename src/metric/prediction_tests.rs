//! The coefficients against hand-made panels and against Qlib's in `../shared/oracle/*/ic_daily.csv`.

use std::{collections::BTreeMap, fs::File};

use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Float64Type},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{cross_section, hit_rate, predict, ranks};

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

#[test]
fn coefficients_equal_qlibs() {
    for set in ["small", "visible_2025"] {
        let room = format!("{}/../shared/oracle/{set}", env!("CARGO_MANIFEST_DIR"));
        if !std::path::Path::new(&room).exists() {
            eprintln!("skipped: {room} not present");
            continue;
        }
        let mut reader = csv::Reader::from_path(format!("{room}/ic_daily.csv")).expect("readable");
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let mut columns: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
        columns.push("LABEL0".into());
        columns.sort();
        columns.dedup();
        let values = features(&format!("{room}/qlib_alpha158_f64.parquet"), &columns);
        let (mut compared, mut wrong) = (0, Vec::new());
        for row in &rows {
            let (date, factor) = (&row[0], &row[1]);
            let Some(scores) = values[factor].get(date) else { continue };
            let day = cross_section(scores, &values["LABEL0"][date]);
            for (ours, expected) in [(day.ic, &row[3]), (day.rank_ic, &row[4])] {
                compared += 1;
                let equal = match (ours, expected.parse::<f64>()) {
                    (None, Err(_)) => true,
                    // A feature that is the same for all codes: pandas returns its rounding noise.
                    (None, Ok(expected)) => expected.abs() < 1e-12,
                    (Some(ours), Ok(expected)) => (ours - expected).abs() <= 1e-9,
                    _ => false,
                };
                if !equal {
                    wrong.push(format!("{date} {factor}: ours {ours:?}, expected {expected}"));
                }
            }
            assert_eq!(day.pairs.to_string(), row[2], "{date} {factor}");
        }
        assert!(
            wrong.is_empty(),
            "{set}: {} of {compared} differ:\n{}",
            wrong.len(),
            wrong[..9.min(wrong.len())].join("\n")
        );
        assert!(compared > 3_900, "{set}: {compared} compared");
    }
}
