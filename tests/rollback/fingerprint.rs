//! A fingerprint that knows rows already sees every change all the same: what it knows is by the bytes, never by
//! size and time.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
};

use lighthunter::rollback::{ExtraFiles, KnownData, compare, fingerprint, fingerprint_again, fingerprint_knowing};

use crate::room::Room;

/// Inverts one byte of a file in place; its size and the time of its last change stay.
fn flip(path: &PathBuf, at: usize) {
    let found = fs::metadata(path).expect("there");
    let mut bytes = fs::read(path).expect("readable");
    bytes[at] ^= 0x01;
    let mut file = File::options().write(true).open(path).expect("open");
    file.write_all(&bytes).expect("written");
    file.set_modified(found.modified().expect("a time")).expect("set");
    let now = fs::metadata(path).expect("there");
    assert_eq!((now.len(), now.modified().ok()), (found.len(), found.modified().ok()));
}

#[test]
fn rows_that_are_known_hide_no_change_of_equal_size_and_time() {
    let room = Room::nighted();
    let known = KnownData::default();
    let state = || fingerprint_knowing(&room.root(), &ExtraFiles::default(), &known).expect("a state");
    let before = state();
    assert_eq!(before, fingerprint(&room.root()).expect("a state"), "what is known says nothing else");
    let copy = room.copy();
    assert_eq!(
        fingerprint_knowing(&copy.root(), &ExtraFiles::default(), &known).expect("a state"),
        before,
        "a copy is the same state"
    );

    let daily = room.path("data/parquet/daily");
    let mut dates: Vec<_> = fs::read_dir(&daily).expect("listed").map(|entry| entry.expect("read").path()).collect();
    dates.sort();
    let part = dates.iter().find(|path| path.is_dir()).expect("a partition").join("part.parquet");
    let database = room.path("data/lighthunter.duckdb");
    let middle = |path: &PathBuf| usize::try_from(fs::metadata(path).expect("there").len() / 2).expect("small");
    // The second byte of the row data, the magic word at its end, and a page of the database.
    for (path, at) in [(&part, 5), (&part, middle(&part)), (&database, 12_300), (&database, middle(&database))] {
        flip(path, at);
        let name = path.display();
        let after = state();
        assert!(!compare(&before, &after, 0.0).holds, "{name} at {at} is not seen");
        assert_eq!(after, fingerprint(&room.root()).expect("a state"), "{name} at {at}: read afresh it is the same");
        assert!(!compare(&before, &fingerprint_again(&room.root(), &before).expect("a state"), 0.0).holds, "{name}");
        flip(path, at);
        assert_eq!(state(), before, "{name} at {at} is back");
    }
}

#[test]
fn rows_that_are_known_are_those_of_one_engine() {
    let room = Room::nighted();
    let known = KnownData::default();
    let state = || fingerprint_knowing(&room.root(), &ExtraFiles::default(), &known).expect("a state");
    let before = state();
    let text = room.read("config/system_config.json");
    assert!(text.contains("\"write_mode\": \"dual\""), "{text}");
    room.write("config/system_config.json", text.replacen("\"write_mode\": \"dual\"", "\"write_mode\": \"single\"", 1));
    assert_ne!(state().layers, before.layers);
    assert_eq!(state(), fingerprint(&room.root()).expect("a state"));
    room.write("config/system_config.json", text);
    assert_eq!(state(), before);
}
