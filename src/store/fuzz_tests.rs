//! Damaged tables and records: refused or read within bounds, never a panic that leaves the room.

use std::{fs::File, io::Write as _, path::Path};

use super::{
    DelimitedLimits, DelimitedReader, Engine, Experiment, WriteMode,
    fixture::{Room, day, sample},
    inspect_sealed, read_jsonl, read_parquet,
};
use crate::seed::fuzz::{corpus, fuzz};

/// Returns a directory in memory where there is one: a fuzzed file need not survive anything.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a directory")
}

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut file| file.write_all(bytes)).expect("written");
}

#[test]
fn damaged_csv_never_panics() {
    let room = scratch();
    fuzz("bars_csv", 0.12, corpus("bars_csv"), |input| {
        let path = room.path().join("daily.csv");
        put(&path, input);
        let Ok(mut reader) = DelimitedReader::open(&path, DelimitedLimits::default()) else { return };
        while let Ok(Some(record)) = reader.next_record() {
            assert!(record.line() > 1 || record.is_empty() || record.line() == 1);
        }
    });
}

#[test]
fn damaged_gzip_never_panics() {
    use flate2::{Compression, write::GzEncoder};
    let room = scratch();
    let mut inputs = Vec::new();
    for text in corpus("bars_csv") {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&text).expect("packed");
        inputs.push(encoder.finish().expect("packed"));
    }
    fuzz("bars_csv_gz", 0.04, inputs, |input| {
        let path = room.path().join("daily.csv.gz");
        put(&path, input);
        let Ok(mut reader) = DelimitedReader::open(&path, DelimitedLimits::default()) else { return };
        while let Ok(Some(_)) = reader.next_record() {}
    });
}

#[test]
fn damaged_parquet_never_panics() {
    let own = Room::filled(Engine::Sqlite, WriteMode::Dual);
    let mut inputs = vec![std::fs::read(own.part(2)).expect("a file")];
    let wide = own.room.path().join("wide.parquet");
    let batch = <crate::market::DailyBar as super::Row>::to_batch(&sample().daily).expect("a batch");
    super::write_parquet(&wide, &[batch]).expect("written");
    inputs.push(std::fs::read(&wide).expect("a file"));
    assert!(own.part(2).exists() && day(2).day() == 2);
    let room = scratch();
    fuzz("bars_parquet", 0.10, inputs, |input| {
        let path = room.path().join("daily.parquet");
        put(&path, input);
        let _ = read_parquet(&path);
    });
}

#[test]
fn damaged_records_and_seals_never_panic() {
    let room = scratch();
    fuzz("jsonl", 0.08, corpus("journal"), |input| {
        let path = room.path().join("x.jsonl");
        put(&path, input);
        let read = read_jsonl::<Experiment>(&path).expect("a bad line is no error");
        assert!(read.good.len() + read.bad.len() <= input.len() + 1);
    });
    let seals = room.path().join(".seals");
    std::fs::create_dir(&seals).expect("made");
    fuzz("seals", 0.04, vec![format!("sha256 {0}\nbefore {0}\n", "a".repeat(64)).into_bytes()], |input| {
        put(&seals.join("x.jsonl"), input);
        assert!(inspect_sealed(room.path()).expect("read").0.is_empty(), "no damaged seal seals what is there");
    });
}
