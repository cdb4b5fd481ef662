//! The writers of whole files: drill reports, the config, batches and Parquet tables.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lighthunter::{
    config,
    durable::{self, Batch},
    market::{DailyBar, MarketData},
    record::DrillRecord,
    report,
    store::write_market,
    text::Language,
};
use serde_json::{Value, json};

use crate::{
    hand::Hand,
    writers::{Promise, lines, require, text, tidy},
};

// Reports.

fn record(step: usize) -> DrillRecord {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report/record_v1.json");
    let mut record: DrillRecord = serde_json::from_str(&text(&path)).expect("a record");
    record.id = format!("20200630-{step:06}-abcd");
    record.keep_reports = 3;
    record.scenarios.truncate(1);
    record
}

pub(crate) fn reports(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 0..steps {
        let record = record(step);
        let directory = root.join("drills").join(&record.id);
        hand.step(record.id.clone(), || report::write_all(&record, &directory, Language::English).map(drop));
    }
}

pub(crate) fn reports_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    let record = record(900_000);
    let directory = root.join("drills").join(&record.id);
    hand.step(record.id.clone(), || report::write_all(&record, &directory, Language::English).map(drop));
}

pub(crate) fn reports_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let drills = root.join("drills");
    let history = lines(&drills.join("history.jsonl"));
    let mut acknowledged = promise.acknowledged.clone();
    acknowledged.dedup();
    for id in &acknowledged {
        let count = history.iter().filter(|line| line["id"] == id.as_str()).count();
        require(count == 1, || format!("ACK: {id} is {count} times in the history"))?;
    }
    // Three are kept, of which one may be that of the drill that was interrupted.
    for id in acknowledged.iter().rev().take(2) {
        let found: Result<Value, _> = serde_json::from_str(&text(&drills.join(id).join("record.json")));
        require(found.is_ok_and(|found| found["id"] == id.as_str()), || format!("ACK: no record of {id}"))?;
        let page = text(&drills.join(id).join("report.html"));
        require(page.trim_end().ends_with("</html>"), || format!("WHOLE: the report of {id} is no whole page"))?;
    }
    let Some(last) = acknowledged.last() else { return Ok(()) };
    let target = fs::read_link(drills.join("latest")).map_err(|error| format!("POINT: latest: {error}"))?;
    require(target.to_string_lossy() == last.as_str(), || format!("POINT: latest is {}, not {last}", target.display()))
}

// The config.

fn settings_file(root: &Path) -> PathBuf {
    root.join("config/settings.json")
}

pub(crate) fn settings(root: &Path, hand: &mut Hand, steps: usize) {
    let file = settings_file(root);
    hand.step("made", || {
        durable::make_directory(&root.join("config"))?;
        durable::replace(&file, "{\n  \"comment\": \"kept\",\n  \"value\": 0\n}\n")
    });
    if !file.exists() {
        return;
    }
    for step in 1..=steps {
        hand.step(format!("{step}"), || config::write_pointer(&file, "/value", &json!(step)));
    }
}

pub(crate) fn settings_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    let file = settings_file(root);
    if !file.exists() {
        hand.step("made", || {
            durable::make_directory(&root.join("config"))?;
            durable::replace(&file, "{\n  \"comment\": \"kept\",\n  \"value\": 0\n}\n")
        });
    }
    hand.step("1000", || config::write_pointer(&file, "/value", &json!(1000)));
}

pub(crate) fn settings_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let found: Value =
        serde_json::from_str(&text(&settings_file(root))).map_err(|error| format!("WHOLE: the config: {error}"))?;
    let least = last.parse::<u64>().unwrap_or(0);
    require(found["comment"] == "kept", || "WHOLE: the rest of the config is gone".into())?;
    require(found["value"].as_u64() >= Some(least), || format!("ACK: {} after {least}", found["value"]))
}

// Many files together.

fn batch(root: &Path, step: usize) -> Result<(), durable::DurableError> {
    let mut batch = Batch::new(root);
    for name in ["a/1", "b/2", "b/3"] {
        batch.stage(&root.join(name), format!("{step:09}").repeat(1 + step % 5).as_bytes())?;
    }
    batch.sync()?.publish()
}

pub(crate) fn batches(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || batch(root, step));
    }
}

pub(crate) fn batches_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("1000", || batch(root, 1000));
}

pub(crate) fn batches_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let least: usize = last.parse().map_err(|_| format!("'{last}' is no step"))?;
    for name in ["a/1", "b/2", "b/3"] {
        let found = text(&root.join(name));
        let step: usize = found.get(..9).and_then(|step| step.parse().ok()).unwrap_or(0);
        require(found == format!("{step:09}").repeat(1 + step % 5), || format!("WHOLE: {name} holds '{found}'"))?;
        require(step >= least, || format!("ACK: {name} is of step {step}, not {least}"))?;
    }
    Ok(())
}

// Parquet.

fn bars(step: usize) -> MarketData {
    let bar = |code: usize| DailyBar {
        date: jiff::civil::date(2020, 1, 2),
        symbol: format!("{code:06}.SZ").parse().expect("a symbol"),
        open: 1.0,
        high: 9.0,
        low: 0.5,
        close: step as f64,
        volume: Some(100),
        amount: None,
        preclose: None,
        adj_factor: 1.0,
        suspended: false,
        source: "sweep".into(),
    };
    MarketData { daily: (1..20).map(bar).collect(), ..MarketData::default() }
}

pub(crate) fn tables(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || write_market(&root.join("bars"), &bars(step)).map(drop));
    }
}

pub(crate) fn tables_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("1000", || write_market(&root.join("bars"), &bars(1000)).map(drop));
}

pub(crate) fn tables_check(root: &Path, promise: &Promise) -> Result<(), String> {
    use parquet::{file::reader::FileReader as _, file::reader::SerializedFileReader, record::RowAccessor as _};
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let least: f64 = last.parse().map_err(|_| format!("'{last}' is no step"))?;
    let path = root.join("bars/daily.parquet");
    let file = fs::File::open(&path).map_err(|error| format!("ACK: {error}"))?;
    let reader = SerializedFileReader::new(file).map_err(|error| format!("WHOLE: {error}"))?;
    let columns = reader.metadata().file_metadata().schema_descr();
    let close = (0..columns.num_columns()).find(|at| columns.column(*at).name() == "close").ok_or("no close")?;
    let rows: Result<Vec<f64>, _> = reader.into_iter().map(|row| row.and_then(|row| row.get_double(close))).collect();
    let rows = rows.map_err(|error| format!("WHOLE: {error}"))?;
    require(rows.len() == 19 && rows.iter().all(|row| *row == rows[0]), || format!("WHOLE: rows {rows:?}"))?;
    require(rows[0] >= least, || format!("ACK: {} after {least}", rows[0]))
}
