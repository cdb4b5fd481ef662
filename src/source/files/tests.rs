//! Whole directories: the real data set in both forms, and directories that are wrong in one way each.

use std::path::{Path, PathBuf};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use super::{Form, Intake, IntakeOptions, read_daily_csv, read_daily_parquet, read_directory, write_quarantine};
use super::{InputRow, TableReader};
use crate::{
    clock::Stopwatch,
    durable,
    exit::{Exit, Failure},
    market::{CorporateAction, DailyBar, IndexBar, Interval, MarketData, MinuteBar},
    store::{Table, write_market},
};

const HEADER: &str = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";

fn visible() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} not present", path.display());
    None
}

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let room = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        durable::replace(&room.path().join(name), text).expect("written");
    }
    room
}

fn read_daily(rows: &str) -> Intake {
    let room = directory(&[("daily.csv", &format!("{HEADER}\n{rows}"))]);
    read_directory(room.path(), &IntakeOptions::default()).expect("read")
}

fn rows_of<R: InputRow>(path: &Path, table: Table, form: Form) -> Vec<R> {
    let mut reader = TableReader::new(table, None);
    reader.read(path, form).expect("read");
    reader.finish().expect("ordered").rows
}

/// Both forms of one file, where the data set has both.
fn assert_forms_agree<R: InputRow + std::fmt::Debug>(directory: &Path, stem: &str, table: Table) {
    let (text, typed) = (directory.join(format!("{stem}.csv.gz")), directory.join(format!("{stem}.parquet")));
    if !text.is_file() {
        eprintln!("skipped: {} not present", text.display());
        return;
    }
    let (text, typed): (Vec<R>, Vec<R>) = (rows_of(&text, table, Form::CsvGz), rows_of(&typed, table, Form::Parquet));
    assert_eq!(text.len(), typed.len(), "{stem}");
    for (left, right) in text.iter().zip(&typed) {
        assert_eq!(left, right, "{stem}");
    }
}

#[test]
fn both_forms_of_the_visible_files_hold_equal_rows() {
    let Some(directory) = visible() else { return };
    assert_forms_agree::<DailyBar>(&directory, "daily_2017_2020", Table::Daily);
    assert_forms_agree::<DailyBar>(&directory, "daily_2025", Table::Daily);
    assert_forms_agree::<IndexBar>(&directory, "index_daily_2017_2020", Table::Index);
    assert_forms_agree::<CorporateAction>(&directory, "corporate_actions_2005_2020", Table::Actions);
    for interval in Interval::ALL {
        let table = Table::Minute(interval);
        assert_forms_agree::<MinuteBar>(&directory, table.name(), table);
    }
}

#[test]
fn visible_directory_has_the_counts_of_its_readme() {
    let Some(directory) = visible() else { return };
    let intake = read_directory(&directory, &IntakeOptions::default()).expect("read");
    let data = &intake.data;
    assert_eq!(data.daily.len(), 120_809 + 4_788);
    assert_eq!((data.index.len(), data.actions.len()), (1_948, 1_353));
    let minutes: Vec<usize> = data.minute.values().map(Vec::len).collect();
    assert_eq!(minutes, [2_880, 2_500, 115_200 - 192, 2_880], "1, 5, 15 and 60 minutes");
    assert!(intake.rejected.iter().all(|row| row.file == "bars_15m.parquet" && row.reason == super::row::ZERO_BAR));
    assert_eq!(intake.rejected.len(), 192, "the suspended bars");
    assert!(intake.warnings.is_empty(), "{:?}", intake.warnings);
    let skipped = |name: &str| {
        let report = intake.files.iter().find(|report| report.file == name).expect("listed");
        report.skipped.clone().expect("not read")
    };
    assert!(skipped("minute_price_volume.parquet").contains("not open, high, low and close"));
    assert!(skipped("daily_2025.csv.gz").contains("daily_2025.parquet holds the same rows"));
    assert!(skipped("README.md").starts_with("ignored"));
    let calendar = intake.files.iter().find(|report| report.file == "calendar.parquet").expect("listed");
    assert_eq!(calendar.rows_read, 8_797);
}

#[test]
fn speed_of_reading_daily_bars_is_measured() {
    let Some(directory) = visible() else { return };
    for (name, form) in [("daily_2017_2020.csv.gz", Form::CsvGz), ("daily_2017_2020.parquet", Form::Parquet)] {
        let path = directory.join(name);
        let watch = Stopwatch::start();
        let read = if form == Form::Parquet { read_daily_parquet(&path) } else { read_daily_csv(&path) };
        let (rows, rejected) = read.expect("read");
        let seconds = watch.seconds();
        eprintln!("{name}: {} rows in {seconds} s", rows.len());
        assert_eq!((rows.len(), rejected.len()), (120_809, 0));
    }
}

#[test]
fn factor_may_be_missing_and_no_other_column() {
    let header = HEADER.replace(",adj_factor", "");
    let rows = "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,False,x\n";
    let room = directory(&[("daily.csv", &format!("{header}\n{rows}"))]);
    let intake = read_directory(room.path(), &IntakeOptions::default()).expect("read");
    assert!(intake.rejected.is_empty() && intake.data.daily[0].adj_factor.is_nan(), "{:?}", intake.rejected);
    assert!(!intake.data.daily[0].suspended && intake.data.daily[0].source.as_ref() == "x");
    // As Parquet the column is there without a value, or not at all.
    let typed = tempfile::tempdir().expect("a directory");
    write_market(typed.path(), &intake.data).expect("written");
    let (again, rejected) = read_daily_parquet(&typed.path().join("daily.parquet")).expect("read");
    assert!(rejected.is_empty() && again[0].adj_factor.is_nan());
    let short = directory(&[("daily.csv", &format!("{}\n", header.replace(",preclose", "")))]);
    let error = read_directory(short.path(), &IntakeOptions::default()).expect_err("a column is missing");
    assert!(error.to_string().contains("column 'preclose' is missing"), "{error}");
}

#[test]
fn securities_are_read_in_both_forms_and_bad_events_are_kept() {
    let events = "date,symbol,status,name\n2024-01-02,600001.SH,listed,A\n2024-03-02,600001.SH,*ST,*ST A\n\
                  2024-03-04,600002.SH,st,B\n2024-03-02,600003.SH,listed,C\n2024-06-03,600001.SH,delisted,\n";
    let bar = "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x";
    let room = directory(&[("securities.csv", events), ("daily.csv", &format!("{HEADER}\n{bar}\n"))]);
    let intake = read_directory(room.path(), &IntakeOptions::default()).expect("read");
    let read: Vec<(String, &str)> =
        intake.data.securities.iter().map(|event| (event.date.to_string(), event.status.name())).collect();
    let expected = [("2024-01-02", "listed"), ("2024-03-02", "*ST"), ("2024-06-03", "delisted")];
    assert_eq!(read, expected.map(|(date, status)| (date.to_owned(), status)), "a Saturday is no obstacle for *ST");
    let reasons: Vec<(u64, &str)> = intake.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert!(reasons[0].0 == 4 && reasons[0].1.contains("status 'st' is not one of listed"), "{reasons:?}");
    assert!(reasons[1].0 == 5 && reasons[1].1.contains("which is not a trading session"), "{reasons:?}");

    let typed = tempfile::tempdir().expect("a directory");
    write_market(typed.path(), &intake.data).expect("written");
    let again = read_directory(typed.path(), &IntakeOptions::default()).expect("read");
    assert_eq!(again.data.securities, intake.data.securities);
    let early = IntakeOptions { as_of: Some(jiff::civil::date(2024, 3, 4)), ..IntakeOptions::default() };
    let known = read_directory(typed.path(), &early).expect("read");
    assert_eq!(known.data.securities.len(), 2, "what is dated later is not known yet");
}

#[test]
fn bad_rows_are_kept_with_their_reason_and_stop_nothing() {
    let good = "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x";
    let cases = [
        ("2025-13-02,600001.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x", "is not a date"),
        ("2025-01-02,60001.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x", "is not a symbol"),
        ("2025-01-02,600001.SH,ten,10.2,9.9,10.1,1000,10100,10,1,False,x", "open 'ten'"),
        ("2025-01-02,600001.SH,10,inf,9.9,10.1,1000,10100,10,1,False,x", "high 'inf'"),
        ("2025-01-02,600001.SH,10,10.2,NaN,10.1,1000,10100,10,1,False,x", "low 'NaN'"),
        ("2025-01-02,600001.SH,10,10.2,9.9,-10.1,1000,10100,10,1,False,x", "close -10.1 is not positive"),
        ("2025-01-02,600001.SH,10,9.8,9.9,10.1,1000,10100,10,1,False,x", "high 9.8 is below low 9.9"),
        ("2025-01-02,600001.SH,10,10.2,9.9,10.1,-5,10100,10,1,False,x", "volume -5 is negative"),
        ("2025-01-02,600001.SH,10,10.2,9.9,10.1,1000,10100,0,1,False,x", "preclose 0 is not positive"),
        ("2025-01-02,600001.SH,0,0,0,0,0,0,10,1,True,x", "suspended: prices and volume are all zero"),
        ("2025-01-01,600001.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x", "not a trading session"),
        ("2027-01-04,600001.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x", "outside the trading calendar"),
        ("2025-01-02,600001.SH,10,10.2", "4 fields where the header has 12"),
        (good, "duplicate of daily.csv:2"),
    ];
    let lines: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let last = "2025-01-02,600002.SH,10,10.25,9.9,10.123,1000,10100,,1,False,x";
    let intake = read_daily(&format!("{good}\n{}\n{last}\n", lines.join("\n")));
    assert_eq!(intake.data.daily.len(), 2, "the first and the last, off-tick prices and all");
    assert_eq!(intake.rejected.len(), cases.len());
    for (row, (index, (_, reason))) in intake.rejected.iter().zip(cases.iter().enumerate()) {
        assert_eq!(row.line, index as u64 + 3, "{row:?}");
        assert!(row.reason.contains(reason), "{row:?}");
        assert!(row.raw.starts_with("202"), "{row:?}");
    }
    let report = &intake.files[0];
    assert_eq!((report.rows_read, report.rows_good, report.rows_rejected), (16, 2, 14));
}

#[test]
fn rows_after_the_as_of_date_are_in_the_future() {
    let rows = "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n\
                2025-01-03,600000.SH,10,10.2,9.9,10.1,1000,10100,10.1,1,False,x\n";
    let room = directory(&[("daily.csv", &format!("{HEADER}\n{rows}"))]);
    let options = IntakeOptions { as_of: Some(jiff::civil::date(2025, 1, 2)), ..IntakeOptions::default() };
    let intake = read_directory(room.path(), &options).expect("read");
    assert_eq!(intake.data.daily.len(), 1);
    assert!(intake.rejected[0].reason.contains("in the future"), "{:?}", intake.rejected);
}

#[test]
fn same_day_in_two_files_counts_once() {
    let row = "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x";
    let text = format!("{HEADER}\n{row}\n");
    let room = directory(&[("daily_a.csv", &text), ("daily_b.csv", &text)]);
    let intake = read_directory(room.path(), &IntakeOptions::default()).expect("read");
    assert_eq!(intake.data.daily.len(), 1);
    assert_eq!(intake.rejected[0].file, "daily_b.csv");
    assert!(intake.rejected[0].reason.starts_with("duplicate of daily_a.csv:2"), "{:?}", intake.rejected);
}

#[test]
fn columns_that_do_not_fit_refuse_the_input_by_name() {
    let header = HEADER.replace("amount", "turnover").replace("preclose", "close");
    let room = directory(&[("daily.csv", &header)]);
    let error = read_directory(room.path(), &IntakeOptions::default()).expect_err("wrong columns");
    assert_eq!(error.exit(), Exit::DataRefused);
    let text = error.to_string();
    for part in [
        "daily.csv: table daily",
        "column 'turnover' is unknown",
        "column 'close' is there twice",
        "columns amount, preclose are missing",
        "expected columns date, symbol",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn columns_may_stand_in_any_order() {
    let intake = {
        let header = "symbol,date,source,suspended,adj_factor,preclose,amount,volume,close,low,high,open";
        let row = "600000.SH,2025-01-02,x,False,1,10,10100,1000,10.1,9.9,10.2,10";
        let room = directory(&[("daily.csv", &format!("{header}\n{row}\n"))]);
        read_directory(room.path(), &IntakeOptions::default()).expect("read")
    };
    let expected = read_daily("2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n");
    assert_eq!(intake.data, expected.data);
}

#[test]
fn quarantine_holds_every_rejected_row_and_repeats() {
    let intake = read_daily("bad\x1b[1m,row\n2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n");
    let room = tempfile::tempdir().expect("a directory");
    let path = write_quarantine(room.path(), &intake).expect("written").expect("a file");
    assert_eq!(path.file_name().expect("a name").to_string_lossy(), format!("{}.jsonl", intake.digest));
    let text = std::fs::read_to_string(&path).expect("readable");
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["line"], 2);
    assert_eq!(rows[0]["raw"], "bad\\u{1b}[1m,row");
    assert_eq!(write_quarantine(room.path(), &intake).expect("again").expect("a file"), path);
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), text);
    let clean = read_daily("2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n");
    assert_eq!(write_quarantine(room.path(), &clean).expect("nothing to write"), None);
}

#[test]
fn what_the_store_writes_is_read_back() {
    let bars = read_daily("2025-01-02,600000.SH,10,10.2,9.9,10.1,,,10,1,True,x\n").data.daily;
    let data = MarketData { daily: bars, ..MarketData::default() };
    let room = tempfile::tempdir().expect("a directory");
    write_market(room.path(), &data).expect("written");
    assert_eq!(read_directory(room.path(), &IntakeOptions::default()).expect("read").data, data);
}

#[test]
fn bad_parquet_row_is_rejected_by_its_number() {
    let mut bars = read_daily(
        "2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n\
         2025-01-02,600001.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n",
    )
    .data
    .daily;
    bars[1].high = 1.0;
    let room = tempfile::tempdir().expect("a directory");
    write_market(room.path(), &MarketData { daily: bars, ..MarketData::default() }).expect("written");
    let intake = read_directory(room.path(), &IntakeOptions::default()).expect("read");
    assert_eq!((intake.data.daily.len(), intake.rejected.len()), (1, 1));
    let row = &intake.rejected[0];
    assert_eq!((row.file.as_str(), row.line), ("daily.parquet", 2));
    assert!(row.reason.contains("high 1 is below low 9.9") && row.raw.contains("600001.SH"), "{row:?}");
}

#[test]
fn no_cut_of_a_packed_file_is_read_as_whole() {
    let text = format!("{HEADER}\n2025-01-02,600000.SH,10,10.2,9.9,10.1,1000,10100,10,1,False,x\n");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("packed");
    let whole = encoder.finish().expect("packed");
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut MultiGzDecoder::new(whole.as_slice()), &mut unpacked).expect("unpacked");
    assert_eq!(unpacked, text);
    let room = tempfile::tempdir().expect("a directory");
    for length in 0..whole.len() {
        durable::replace(&room.path().join("daily.csv.gz"), &whole[..length]).expect("written");
        assert!(read_directory(room.path(), &IntakeOptions::default()).is_err(), "cut at {length}");
    }
}
