//! A DuckDB file that was not closed cleanly: its log is tried in a child, never deleted, and the database can
//! be built anew from Parquet and the ledger.

use std::{fs, path::Path};

use lighthunter::clock::Stopwatch;

use super::corruption::{Dice, put};
use crate::room::Room;

/// How many damaged logs `cargo test` tries.
const LOGS: usize = 16;

/// Leaves a log whose replay changes no row: rows are added and taken away again. The files are those of a
/// process that is killed: they are read while it has them open, and put back after it closed them.
fn leave_log(room: &Room) -> Vec<u8> {
    let path = room.path("data/lighthunter.duckdb");
    let connection = duckdb::Connection::open(&path).expect("opened");
    let sql = "PRAGMA disable_checkpoint_on_shutdown;
        INSERT INTO daily SELECT * REPLACE (TIMESTAMP '1999-01-04' AS date) FROM daily LIMIT 50;
        DELETE FROM daily WHERE date = '1999-01-04';
        INSERT INTO index_daily SELECT * REPLACE (TIMESTAMP '1999-01-04' AS date) FROM index_daily LIMIT 50;
        DELETE FROM index_daily WHERE date = '1999-01-04';";
    connection.execute_batch(sql).expect("run");
    let (database, written) = (fs::read(&path).expect("readable"), fs::read(log(room)).expect("a log"));
    drop(connection);
    put(&path, &database);
    put(&log(room), &written);
    written
}

fn log(room: &Room) -> std::path::PathBuf {
    room.path("data/lighthunter.duckdb.wal")
}

fn rows(room: &Room) -> String {
    room.run_to(0, &["data", "status", "--json", "-q"]).json()["tables"].to_string()
}

fn quarantined(room: &Room) -> usize {
    fs::read_dir(room.path("data/quarantine")).map_or(0, Iterator::count)
}

#[test]
fn damaged_log_never_ends_a_command_and_never_gives_wrong_rows() {
    let origin = Room::nighted();
    let expected = rows(&origin);
    let whole = leave_log(&origin);
    origin.run_to(0, &["doctor", "--read-data", "-q"]);
    assert!(log(&origin).exists(), "the doctor leaves the log where it is");
    let count = std::env::var("LIGHTHUNTER_DAMAGE").ok().and_then(|text| text.parse::<usize>().ok());
    let count = count.map_or(LOGS, |count| count / 40);
    let (mut dice, mut aside, mut detected, mut harmless) = (Dice(42), 0, 0, 0);
    for number in 0..count {
        let room = origin.copy();
        let mut damaged = whole.clone();
        if number % 4 == 3 {
            damaged.truncate(dice.below(whole.len()));
        } else {
            let at = dice.below(whole.len());
            for byte in damaged.iter_mut().skip(at).take(1 + dice.below(16)) {
                *byte ^= 1 + dice.below(255) as u8;
            }
        }
        put(&log(&room), &damaged);
        let looked = room.run(&["doctor", "--read-data", "-q"]);
        assert!([0, 14].contains(&looked.code), "{number}: {}\n{}", looked.code, looked.stderr);
        if looked.code == 14 {
            detected += 1;
        } else {
            harmless += 1;
        }
        assert_eq!(rows(&room), expected, "{number}: other rows");
        let moved = quarantined(&room);
        assert!(moved == 0 || moved == 2, "{number}: the log goes with its database");
        aside += usize::from(moved == 2);
        room.run_to(0, &["doctor", "--read-data", "-q"]);
    }
    eprintln!("duckdb log: {count} tried, {detected} detected, {harmless} harmless, {aside} put aside, 0 missed");
    assert!(detected > 0 && aside > 0);
}

#[test]
fn database_is_built_anew_from_parquet_and_the_ledger() {
    let room = Room::nighted();
    let expected = rows(&room);
    put(&room.path("data/lighthunter.duckdb"), b"not a database");
    let done = room.run_to(0, &["data", "rebuild", "--json", "-q"]).json();
    assert_eq!(done["quarantined"].as_array().expect("a list").len(), 1);
    assert_eq!(rows(&room), expected);
    room.run_to(0, &["doctor", "--read-data", "-q"]);
    let part = room.path("data/parquet/daily");
    let first =
        fs::read_dir(&part).expect("listed").map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir());
    let file = first.expect("a date").join("part.parquet");
    put(&file, b"PAR1");
    let refused = room.run(&["data", "rebuild", "-q"]);
    assert_eq!(refused.code, 14, "{}", refused.stderr);
    assert_eq!(quarantined(&room), 1, "nothing was touched");
    assert_eq!(rows(&room), expected, "and opening mends the file from the database");
}

#[test]
fn probe_runs_only_where_a_log_is_left() {
    let room = Room::nighted();
    let probe = |arguments: &[&str]| room.run_to(0, arguments).stderr.matches("probed").count();
    assert_eq!(probe(&["data", "status", "-vv"]), 0, "closed cleanly");
    leave_log(&room);
    let watch = Stopwatch::start();
    assert_eq!(probe(&["data", "status", "-vv"]), 1);
    eprintln!("a start with a log that must be probed took {:.2} s", watch.seconds());
    assert_eq!(probe(&["data", "status", "-vv"]), 0, "and closed cleanly again");
    let path = room.path("data/lighthunter.duckdb").display().to_string();
    let said = room.run_to(0, &["probe-database", &path]).stdout;
    assert!(said.starts_with("lighthunter probe 1\n{"), "{said}");
    assert!(Path::new(&path).exists());
}
