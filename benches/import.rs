//! The whole durable import into fresh stores: parsing, opening, and rows on disk in DuckDB, Parquet and
//! the ledger.

use std::path::Path;

use lighthunter::{
    clock::{Clock, Stopwatch},
    source::files::{IntakeOptions, read_directory},
    store::{Depth, Engine, StorePath, StoreSettings, Stores, Table, WriteMode},
};

use crate::{
    board::{Board, Target},
    input::Input,
};

/// Measures the import.
pub(crate) fn bench(board: &mut Board, input: &Input) {
    let name = "durable import";
    let mut rooms = Vec::new();
    let samples = board.sample(name, None, || {
        let room = tempfile::tempdir().expect("a directory");
        let settings = settings_in(room.path());
        let clock = Clock::system();
        let watch = Stopwatch::start();
        let intake = read_directory(input.directory(), &IntakeOptions::default()).expect("readable");
        let (mut stores, _) = Stores::open(&settings, &clock, Depth::Quick).expect("opened");
        stores.import(&intake.data, clock.now()).expect("imported");
        let seconds = watch.seconds();
        let counts = stores.counts().expect("counted");
        assert_eq!(counts.get(&Table::Daily), Some(&(intake.data.daily.len() as u64)));
        drop(stores);
        rooms.push(room);
        seconds
    });
    board.keep(rooms);
    board.put(name, samples, "s", Target::AtMost(3.0));
}

fn settings_in(directory: &Path) -> StoreSettings {
    let at = |key: &str, name: &str| StorePath::new(key, directory.join(name));
    StoreSettings {
        engine: Engine::DuckDb,
        write_mode: WriteMode::Dual,
        duckdb: at("storage.ts.duckdb_path", "lighthunter.duckdb"),
        sqlite: at("storage.ts.sqlite_path", "ts.sqlite"),
        parquet: at("storage.ts.parquet_dir", "parquet"),
        ledger: at("storage.ledger_path", "ledger.sqlite"),
        experiments: at("paths.experiments_dir", "experiments.jsonl"),
        quarantine_dir: directory.join("quarantine"),
    }
}
