//! Baselines and rollbacks of all four layers: what is refused, what comes back, and deaths on the way.

mod crash;
mod fingerprint;
mod layers;
mod matrix;

use std::{collections::BTreeMap, fs, path::Path};

use lighthunter::vault::Vault;

use crate::room::Room;

/// What a baseline takes back: tracked files and the stores. Not the history, which stays.
pub(crate) const TAKEN_BACK: [&str; 6] =
    ["config/", "strategy/", "drill.toml", "README.md", "data/lighthunter.duckdb", "data/parquet/"];

/// Returns the digests of what a rollback of all layers takes back, the model's files too, and the pointer.
pub(crate) fn state(room: &Room) -> BTreeMap<String, String> {
    let is_model = |name: &str| name.starts_with("models/") && !name.ends_with("/history.jsonl");
    let is_own = |name: &str| TAKEN_BACK.iter().any(|own| name.starts_with(own)) || is_model(name);
    let mut state: BTreeMap<String, String> = room.content().into_iter().filter(|(name, _)| is_own(name)).collect();
    state.insert("current".into(), current(room));
    state.insert("HEAD".into(), Vault::open(&room.root()).and_then(|vault| vault.head_tree()).expect("a tree"));
    state
}

pub(crate) fn current(room: &Room) -> String {
    fs::read_link(room.path("models/ultrashort_main/current")).expect("a link").display().to_string()
}

/// Changes a file and commits it.
pub(crate) fn commit(room: &Room, name: &str, from: &str, to: &str) {
    let text = room.read(name);
    assert!(text.contains(from), "{name} does not hold '{from}'");
    room.write(name, text.replacen(from, to, 1));
    let vault = Vault::open(&room.root()).expect("a repository");
    vault.commit_all("a change", lighthunter::clock::Clock::system().now()).expect("committed");
}

/// Breaks every layer: a bad commit of code and config, an edit, a damaged and a missing store file, a
/// stray partition, the model in force damaged, cut and added to, a pointer that points nowhere.
pub(crate) fn break_everything(room: &Room) {
    commit(room, "config/system_config.json", "\"data/lighthunter.duckdb\"", "\"data/__invalid__/x.duckdb\"");
    commit(room, "strategy/u1.luau", "--", "-- broken --");
    room.write("strategy/u2.luau", "this is no strategy");
    fs::remove_file(room.path("config/jobs.yaml")).expect("removed");
    let mut database = fs::read(room.path("data/lighthunter.duckdb")).expect("readable");
    database.iter_mut().skip(12_000).take(4096).for_each(|byte| *byte ^= 0xff);
    room.write("data/lighthunter.duckdb", database);
    let daily = room.path("data/parquet/daily");
    let mut dates: Vec<_> = fs::read_dir(&daily).expect("listed").map(|entry| entry.expect("read").path()).collect();
    dates.sort();
    for date in dates.iter().filter(|path| path.is_dir()).take(2) {
        fs::remove_dir_all(date).expect("removed");
    }
    room.write("data/parquet/daily/trade_date=2031-01-02/part.parquet", "stray");
    let model = format!("models/ultrashort_main/{}", current(room));
    room.write(&format!("{model}/model.json"), "{}");
    fs::remove_file(room.path(&format!("{model}/features.json"))).expect("removed");
    room.write(&format!("{model}/stray.json"), "stray");
    point(&room.path("models/ultrashort_main/current"), "nowhere");
}

pub(crate) fn point(link: &Path, target: &str) {
    lighthunter::durable::point(link, Path::new(target)).expect("linked");
}
