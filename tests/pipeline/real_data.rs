//! The real bars: what comes in is what the stores hold, column by column.

use std::path::Path;

use jiff::civil::Date;
use lighthunter::{
    clock::Clock,
    config::{LoadOptions, load_all},
    market::DailyBar,
    ops::Station,
    source::files::{IntakeOptions, read_directory},
    store::{Query, Table},
    workspace::Workspace,
};

use crate::room::Room;

/// Daily rows of the two files of the data set.
const DAILY_ROWS: usize = 120_809 + 4_788;

#[test]
fn night_on_the_real_bars_keeps_every_row() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
    if !source.is_dir() {
        eprintln!("skipped: {} not present", source.display());
        return;
    }
    let room = Room::over(&source);
    room.assert_clean();
    assert!(!room.lines("experiments/experiments.jsonl").is_empty());

    let delivered = read_directory(&source, &IntakeOptions::default()).expect("read").data;
    assert_eq!(delivered.daily.len(), DAILY_ROWS);
    let workspace = Workspace::open(&room.root()).expect("a workspace");
    let config = load_all(&workspace, &LoadOptions::default()).expect("loaded");
    let station = Station { workspace, config, clock: Clock::system() };
    let (stores, _) = station.open_stores().expect("open");
    let everything = Query::up_to(Date::MAX);
    assert!(stores.daily(&everything).expect("read") == delivered.daily, "DuckDB holds other daily bars");
    let dates = stores.partitions(Table::Daily).expect("listed");
    let parquet: Vec<DailyBar> =
        dates.keys().flat_map(|date| stores.daily_from_parquet(*date).expect("read")).collect();
    assert!(parquet == delivered.daily, "Parquet holds other daily bars");
    assert!(stores.index(&everything).expect("read") == delivered.index, "DuckDB holds other index bars");
    assert!(stores.actions(Date::MAX).expect("read") == delivered.actions, "DuckDB holds other actions");
}
