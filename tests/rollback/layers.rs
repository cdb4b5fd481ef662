//! What comes back, what is refused before anything is touched, and what survives.

use std::fs;

use lighthunter::vault::Vault;

use super::{break_everything, commit, current, point, state};
use crate::room::Room;

fn with_baseline() -> Room {
    let room = Room::nighted();
    room.run_to(0, &["baseline", "create", "good", "-q"]);
    room
}

#[test]
fn everything_comes_back_and_history_and_own_files_stay() {
    let room = with_baseline();
    let before = state(&room);
    let (experiments, history) = (room.lines("experiments/experiments.jsonl"), "models/ultrashort_main/history.jsonl");
    let history_lines = room.lines(history).len();
    break_everything(&room);
    room.write("notes_of_mine.txt", "mine");
    assert_ne!(state(&room), before);
    let dry = room.run_to(0, &["rollback", "--to", "good", "--dry-run", "--json"]).json();
    assert_eq!(dry["proof"]["holds"].as_bool(), Some(false));
    let done = room.run_to(0, &["rollback", "--to", "previous", "--json"]).json();
    assert_eq!(done["proof"]["holds"].as_bool(), Some(true), "{done}");
    assert_eq!(done["proof"]["layers"].as_array().map(Vec::len), Some(4));
    assert_eq!(state(&room), before);
    assert_eq!(room.read("notes_of_mine.txt"), "mine");
    assert_eq!(room.lines("experiments/experiments.jsonl"), experiments);
    assert_eq!(room.lines(history).len(), history_lines + 1, "who put the model in force is recorded");
    let rescue = done["rescue"].as_str().expect("edits were saved");
    let saved = Vault::open(&room.root()).and_then(|vault| vault.resolve(rescue));
    assert!(saved.is_ok(), "{rescue}");
    let aside = room.content().into_iter().any(|(name, _)| name.ends_with("trade_date=2031-01-02/part.parquet"));
    assert!(aside, "a stray file is moved, not deleted");
    let result = room.result();
    room.run_to(0, &["night-ops", "-q"]);
    assert_eq!(room.result(), result, "the same result as before");
}

#[test]
fn baseline_is_refused_on_a_dirty_tree_and_never_replaced() {
    let room = Room::nighted();
    room.write("notes_of_mine.txt", "mine");
    room.refused(11, &["baseline", "create"], &["untracked notes_of_mine.txt"]);
    fs::remove_file(room.path("notes_of_mine.txt")).expect("removed");
    room.run_to(0, &["baseline", "create", "-q"]);
    room.refused(2, &["baseline", "create"], &["is there already, made 2", "of commit", "baseline create NAME"]);
    room.refused(2, &["baseline", "create", "../x"], &["is no name for a baseline"]);
    let listed = room.run_to(0, &["baseline", "list", "--json"]).json();
    let name = listed[0]["name"].as_str().expect("a name").to_owned();
    assert!(name.starts_with("war-baseline-"), "{name}");
    room.run_to(0, &["baseline", "verify"]);
    let tags = Vault::open(&room.root()).and_then(|vault| vault.tags("war-*")).expect("tags");
    assert_eq!(tags.len(), 2, "{tags:?}");
}

#[test]
fn what_cannot_be_gone_back_to_is_refused_and_nothing_is_touched() {
    let room = with_baseline();
    let to_good = ["rollback", "--to", "good"];
    room.refused(14, &["rollback", "--to", "no_such"], &["there is no baseline 'no_such'", "baseline list"]);
    room.refused(20, &["rollback", "--resume"], &["no rollback was interrupted"]);
    room.refused(2, &["rollback", "--to", "good", "--only", "cod"], &["code"]);
    let file = room.read("monitor/baselines/good.json");
    room.write("monitor/baselines/good.json", file.replacen("\"version\": 1", "\"version\": 2", 1));
    room.refused(14, &to_good, &["monitor/baselines/good.json is damaged", "its digest is"]);
    room.run_to(14, &["baseline", "verify", "good"]);
    room.write("monitor/baselines/good.json", file);
    let lock = fs::File::create(room.path(".git/index.lock")).expect("made");
    room.refused(11, &to_good, &["index.lock is held open by process"]);
    drop(lock);
    fs::remove_file(room.path(".git/index.lock")).expect("removed");
    let tags = Vault::open(&room.root()).and_then(|vault| vault.tags("war-baseline-*")).expect("tags");
    let tag = room.path(".git/refs/tags").join(&tags[0]);
    fs::remove_file(&tag).expect("removed");
    room.refused(10, &to_good, &["no tag, branch or commit", &tags[0]]);
}

#[test]
fn damaged_copy_is_refused_when_it_is_needed() {
    let room = with_baseline();
    let database = fs::read(room.path("data/lighthunter.duckdb")).expect("readable");
    let name = lighthunter::digest::Digest::of(&database).to_string();
    let object = format!("data/.baselines/objects/{}/{name}", &name[..2]);
    let mut flipped = database.clone();
    flipped[9000] ^= 1;
    room.write(&object, &flipped);
    room.run_to(14, &["baseline", "verify"]);
    room.run_to(0, &["rollback", "--to", "good", "-q"]);
    room.write("data/lighthunter.duckdb", &flipped);
    room.refused(14, &["rollback", "--to", "good"], &["is damaged", "baseline list"]);
}

#[test]
fn damaged_and_deleted_models_come_back_byte_for_byte() {
    let room = with_baseline();
    let before = state(&room);
    let folder = format!("models/ultrashort_main/{}", current(&room));
    let flip = || {
        let mut bytes = fs::read(room.path(&format!("{folder}/model.json"))).expect("readable");
        bytes[40] ^= 1;
        room.write(&format!("{folder}/model.json"), bytes);
    };
    let breaks: [(&str, &dyn Fn()); 4] = [
        ("one bit", &flip),
        ("the folder", &|| fs::remove_dir_all(room.path(&folder)).expect("removed")),
        ("the whole job", &|| fs::remove_dir_all(room.path("models/ultrashort_main")).expect("removed")),
        ("a stray file", &|| room.write(&format!("{folder}/notes.txt"), "mine")),
    ];
    for (what, damage) in breaks {
        damage();
        let is_there = room.path("models/ultrashort_main/current").is_symlink();
        assert!(!is_there || state(&room) != before, "{what}");
        room.run_to(0, &["baseline", "verify", "good"]);
        let shown = room.run_to(0, &["rollback", "--to", "good", "--dry-run", "--json"]).json();
        assert_eq!(shown["proof"]["holds"], false, "{what} is seen");
        let done = room.run_to(0, &["rollback", "--to", "good", "--only", "model", "--json"]).json();
        assert_eq!(done["proof"]["holds"], true, "{what}: {done}");
        assert_eq!(state(&room), before, "{what}");
        room.run_to(0, &["models", "verify", "-q"]);
    }
    let aside = room.content().into_iter().any(|(name, _)| name.ends_with(&format!("{folder}/notes.txt")));
    assert!(aside, "a person's file is moved, not deleted");
}

#[test]
fn damaged_copy_of_a_model_is_refused_when_it_is_needed() {
    let room = with_baseline();
    let model = format!("models/ultrashort_main/{}/model.json", current(&room));
    let whole = fs::read(room.path(&model)).expect("readable");
    let name = lighthunter::digest::Digest::of(&whole).to_string();
    let object = format!("data/.baselines/objects/{}/{name}", &name[..2]);
    assert_eq!(fs::read(room.path(&object)).expect("a copy"), whole);
    room.write(&object, "{}");
    let verified = room.run_to(14, &["baseline", "verify", "good"]);
    assert!(verified.stderr.contains(&name), "{}", verified.stderr);
    room.run_to(0, &["rollback", "--to", "good", "-q"]);
    room.write(&model, "{}");
    room.refused(14, &["rollback", "--to", "good"], &["is damaged", &name]);
}

#[test]
fn baseline_of_before_the_copies_asks_for_a_whole_model() {
    let room = with_baseline();
    let path = "monitor/baselines/good.json";
    let mut sealed: serde_json::Value = serde_json::from_str(&room.read(path)).expect("JSON");
    for job in sealed["content"]["models"]["jobs"].as_object_mut().expect("jobs").values_mut() {
        assert!(job.as_object_mut().expect("a model").remove("files").is_some());
    }
    sealed["digest"] = lighthunter::digest::Digest::of(sealed["content"].to_string()).to_string().into();
    room.write(path, sealed.to_string());
    room.run_to(0, &["baseline", "verify", "good"]);
    let model = format!("models/ultrashort_main/{}/model.json", current(&room));
    room.write(&model, room.read(&model).replacen('1', "2", 1));
    room.refused(14, &["rollback", "--to", "good"], &["model.json"]);
    room.run_to(14, &["baseline", "verify", "good"]);
}

#[test]
fn running_night_refuses_a_rollback_and_a_baseline() {
    let room = with_baseline();
    let workspace = lighthunter::workspace::Workspace::open(&room.root()).expect("a workspace");
    let lock = lighthunter::workspace::Lock::take(&workspace, "night_ops", "night-ops").expect("free");
    room.refused(11, &["rollback", "--to", "good"], &["night-ops (process"]);
    room.refused(11, &["baseline", "create", "other"], &["night-ops (process"]);
    drop(lock);
}

#[test]
fn one_layer_goes_back_and_the_others_stay() {
    let room = with_baseline();
    let vault = Vault::open(&room.root()).expect("a repository");
    commit(&room, "config/system_config.json", "\"strict\": false", "\"strict\": true");
    commit(&room, "strategy/u1.luau", "--", "-- new --");
    let after = vault.head().expect("a head");
    room.run_to(0, &["rollback", "--to", "good", "--only", "config", "-q"]);
    assert!(room.read("config/system_config.json").contains("\"strict\": false"));
    assert!(room.read("strategy/u1.luau").contains("-- new --"), "the code stays");
    assert_ne!(vault.head().expect("a head"), after, "a commit on top");
    let log = std::process::Command::new("git").args(["log", "-1", "--format=%s"]).current_dir(room.root()).output();
    let subject = String::from_utf8(log.expect("git").stdout).expect("UTF-8");
    assert!(subject.starts_with("rollback: revert config to war-config-stable-"), "{subject}");
    room.assert_clean();
    room.run_to(0, &["rollback", "--to", "good", "--only", "code", "-q"]);
    assert!(!room.read("strategy/u1.luau").contains("-- new --"));
    point(&room.path("models/ultrashort_main/current"), "nowhere");
    room.run_to(0, &["rollback", "--to", "good", "--only", "model", "-q"]);
    assert_ne!(current(&room), "nowhere");
}

#[test]
fn retention_keeps_the_newest_and_their_copies() {
    let room = Room::nighted();
    let keep = ["--set", "ops.baselines.keep=2", "-q"];
    for name in ["one", "two", "three"] {
        room.run_to(0, &[&["baseline", "create", name], keep.as_slice()].concat());
    }
    let listed = room.run_to(0, &["baseline", "list", "--json"]).json();
    let names: Vec<&str> = listed.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["two", "three"]);
    room.run_to(0, &["baseline", "verify"]);
    let model = format!("models/ultrashort_main/{}/model.json", current(&room));
    let digest = lighthunter::digest::Digest::of(fs::read(room.path(&model)).expect("readable")).to_string();
    let copy = room.path(&format!("data/.baselines/objects/{}/{digest}", &digest[..2]));
    assert!(copy.is_file(), "a model that two baselines need is kept");
    room.run_to(0, &["night-ops", "--mode", "train", "--set", "research.learner.l1_ratio=0.4", "-q"]);
    let other = format!("models/ultrashort_main/{}/model.json", current(&room));
    assert_ne!(model, other, "another model is in force");
    for name in ["four", "five"] {
        room.run_to(0, &[&["baseline", "create", name], keep.as_slice()].concat());
    }
    assert!(!copy.exists(), "and goes with the last baseline that needs it");
    room.run_to(0, &["baseline", "verify"]);
}
