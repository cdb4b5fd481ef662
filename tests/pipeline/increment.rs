//! Nights that go on from the one before, from outside: the next day's bars arrive, and only they are computed.

use std::{fs, path::Path};

use jiff::civil::Date;
use lighthunter::{
    market::MarketData,
    ops::night_ops::{NightOpsReport, Stage},
    source::files::{IntakeOptions, read_directory},
    store::write_market,
};

use crate::room::Room;

const MARKET: &str = "data/raw/market";

/// Returns the rows of the dates that are wanted.
fn part(data: &MarketData, wanted: impl Fn(Date) -> bool) -> MarketData {
    let mut part = MarketData {
        daily: data.daily.clone(),
        index: data.index.clone(),
        actions: data.actions.clone(),
        ..MarketData::default()
    };
    part.daily.retain(|bar| wanted(bar.date));
    part.index.retain(|bar| wanted(bar.date));
    part.actions.retain(|action| wanted(action.ex_date));
    part
}

fn market(room: &Room, data: &MarketData) {
    fs::remove_dir_all(room.path(MARKET)).expect("removed");
    write_market(&room.path(MARKET), data).expect("written");
}

/// Lays the tables beside those that are there, under names of their own.
fn deliver(room: &Room, name: &str, data: &MarketData) {
    let directory = tempfile::tempdir().expect("a directory");
    for file in write_market(directory.path(), data).expect("written") {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        room.write(&format!("{MARKET}/{stem}_{name}.parquet"), fs::read(&file).expect("readable"));
    }
}

fn reason(report: &NightOpsReport, stage: Stage) -> String {
    report.steps.iter().find(|step| step.name == stage).expect("there").reason.to_string()
}

#[test]
fn next_day_is_computed_alone_and_gives_what_a_fresh_workspace_gives() {
    let room = Room::fresh();
    let data = read_directory(&room.path(MARKET), &IntakeOptions::default()).expect("read").data;
    let mut dates: Vec<Date> = data.daily.iter().map(|bar| bar.date).collect();
    dates.sort_unstable();
    dates.dedup();
    // The split moves on at the 160th session, the last.
    let cut = dates[dates.len() - 4];
    let [day, next] = [1, 2].map(|more| dates[dates.binary_search(&cut).expect("a session") + more]);
    market(&room, &part(&data, |date| date <= cut));
    room.run_to(0, &["night-ops", "-q"]);
    let models = || fs::read_dir(room.path("models/ultrashort_main")).expect("listed").count();
    let trained = models();
    let experiments = room.lines("experiments/experiments.jsonl").len();

    for (last, name) in [(day, "day"), (next, "next")] {
        let first = if name == "day" { cut } else { day };
        deliver(&room, name, &part(&data, |date| date > first && date <= last));
        room.run_to(0, &["night-ops", "-q", "--incremental"]);
        let report = room.report();
        assert_eq!(report.date, last);
        assert!(reason(&report, Stage::Factor).contains("goes on from the night of"), "{report:?}");
        assert!(reason(&report, Stage::Train).contains(&format!("trained on the same rows on {cut}")), "{report:?}");
        let fresh = Room::fresh();
        market(&fresh, &part(&data, |date| date <= last));
        fresh.run_to(0, &["night-ops", "-q"]);
        assert_eq!(room.result(), fresh.result(), "up to {last}");
    }
    assert_eq!(models(), trained, "nothing was trained");
    assert_eq!(room.lines("experiments/experiments.jsonl").len(), experiments + 2, "a backtest each, and no training");
    room.assert_clean();

    // Whatever becomes of the cache, a night is a night.
    let result = room.result();
    empty(&room.path("cache/alpha"));
    room.run_to(0, &["night-ops", "-q", "--incremental"]);
    assert!(reason(&room.report(), Stage::Factor).contains("no earlier night has left a carry-over"));
    assert_eq!(room.result(), result);
    assert!(room.run_to(2, &["night-ops", "--incremental", "--resume"]).stderr.contains("--resume"));
}

fn empty(directory: &Path) {
    fs::remove_dir_all(directory).expect("removed");
    fs::create_dir_all(directory).expect("made");
}

#[test]
fn config_asks_for_incremental_nights() {
    let room = Room::nighted();
    let text = room.read("config/system_config.json");
    let asked = text.replace("\"incremental\": false", "\"incremental\": true");
    assert_ne!(text, asked);
    let before = room.result();
    room.write("config/system_config.json", asked);
    room.run_to(0, &["night-ops", "-q"]);
    assert!(reason(&room.report(), Stage::Factor).contains("goes on from the night of"), "{:?}", room.report());
    assert_eq!(room.result(), before);
}

/// An incremental night trains nothing, so that a run that goes on from one must not look for its model in vain.
#[test]
fn resumed_incremental_night_trains_its_model_again() {
    let room = Room::nighted();
    let script = room.read("strategy/u1.luau");
    let planted = script.replace("\tlocal chosen:", "\terror(\"planted\")\n\tlocal chosen:");
    assert_ne!(script, planted);
    room.write("strategy/u1.luau", planted);
    let failed = room.run_to(17, &["night-ops", "-q", "--incremental"]);
    assert!(failed.stderr.contains("planted"), "{}", failed.stderr);
    assert!(reason(&room.report(), Stage::Train).contains("trained on the same rows"), "{:?}", room.report());
    let resumed = room.run_to(17, &["night-ops", "-q", "--resume"]);
    assert!(resumed.stderr.contains("planted"), "the same error, not a model that is missing: {}", resumed.stderr);
    assert!(!reason(&room.report(), Stage::Train).contains("done before"), "{:?}", room.report());
}
