//! Tests of partial restores: each part alone, deaths on the way, and what is saved before.

use std::{collections::BTreeMap, fs, path::Path};

use super::{Scope, Vault};
use crate::{clock::Clock, durable};

const TAG: &str = "war-baseline-20250102";
const RESCUE: &str = "refs/lighthunter/rescue/1";

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    durable::make_directory(path.parent().expect("a parent")).expect("made");
    durable::replace(&path, text).expect("written");
}

fn read(root: &Path, path: &str) -> Option<String> {
    fs::read_to_string(root.join(path)).ok()
}

/// A tag, and a commit after it that changes, adds and removes files of both parts.
fn repository(root: &Path) -> Vault {
    let vault = Vault::init(root).expect("made");
    for path in ["config/a.json", "config/gone.json", "strategy/u1.luau", "strategy/gone.luau", "README.md"] {
        put(root, path, "old\n");
    }
    vault.commit_all("first", Clock::system().now()).expect("committed");
    vault.tag(TAG, None, Clock::system().now()).expect("tagged");
    for path in ["config/a.json", "config/new/b.json", "strategy/u1.luau", "strategy/new/u2.luau"] {
        put(root, path, "new\n");
    }
    fs::remove_file(root.join("config/gone.json")).expect("removed");
    fs::remove_file(root.join("strategy/gone.luau")).expect("removed");
    vault.commit_all("second", Clock::system().now()).expect("committed");
    vault
}

fn restore(vault: &Vault, scope: Scope<'_>) -> String {
    let commit = vault.plan_restore(TAG, scope, "rollback: a test", Clock::system().now()).expect("planned");
    vault.restore(&commit, scope, &mut |_| {}).expect("restored");
    assert_eq!(vault.restore_differences(&commit, scope).expect("compared"), Vec::<String>::new());
    commit
}

fn state(vault: &Vault) -> (String, BTreeMap<String, String>, BTreeMap<String, String>) {
    let head = vault.head().expect("a head");
    let tracked = vault.tracked_files(&head, Scope::All).expect("a tree");
    (head, tracked, vault.files_on_disk(Scope::All).expect("files"))
}

#[test]
fn config_alone_goes_back_by_a_commit_and_the_code_stays() {
    let room = tempfile::tempdir().expect("a directory");
    let vault = repository(room.path());
    let before = vault.head().expect("a head");
    put(room.path(), "strategy/u1.luau", "edited\n");
    let commit = restore(&vault, Scope::Below("config"));
    assert_ne!(commit, before);
    assert_eq!(vault.head().expect("a head"), commit);
    let texts = ["config/a.json", "config/gone.json", "config/new/b.json", "strategy/u1.luau", "strategy/new/u2.luau"];
    let texts = texts.map(|path| read(room.path(), path).unwrap_or_else(|| "none".into()));
    assert_eq!(texts.map(|text| text.trim().to_owned()), ["old", "old", "none", "edited", "new"]);
    assert!(!room.path().join("config/new").exists(), "an empty directory goes");
    assert_eq!(vault.status().expect("a status").to_string(), "changed strategy/u1.luau", "not in the commit");
    assert_eq!(restore(&vault, Scope::Below("config")), commit, "a second time changes nothing");
}

#[test]
fn code_alone_goes_back_and_the_config_stays() {
    let room = tempfile::tempdir().expect("a directory");
    let vault = repository(room.path());
    restore(&vault, Scope::NotBelow("config"));
    let texts = ["config/a.json", "config/gone.json", "strategy/u1.luau", "strategy/gone.luau", "strategy/new/u2.luau"];
    let texts = texts.map(|path| read(room.path(), path).unwrap_or_else(|| "none".into()));
    assert_eq!(texts.map(|text| text.trim().to_owned()), ["new", "none", "old", "old", "none"]);
    assert!(vault.status().expect("a status").is_clean());
    // With the config back too, nothing differs from the tag but the commits that led there.
    restore(&vault, Scope::Below("config"));
    assert_eq!(vault.head_tree().expect("a tree"), tree_of(&vault, TAG));
}

#[test]
fn code_goes_to_the_tag_itself_where_the_config_is_the_tags() {
    let room = tempfile::tempdir().expect("a directory");
    let vault = repository(room.path());
    restore(&vault, Scope::Below("config"));
    restore(&vault, Scope::NotBelow("config"));
    assert_eq!(vault.head().expect("a head"), vault.resolve(TAG).expect("a tag"));
}

fn tree_of(vault: &Vault, target: &str) -> String {
    let commit = vault.resolve_commit(target).expect("a commit");
    commit.tree_id().to_string()
}

#[test]
fn restore_stopped_before_any_change_goes_on_to_the_same_state() {
    for scope in [Scope::All, Scope::Below("config"), Scope::NotBelow("config")] {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let at = Clock::system().now();
        let commit = vault.plan_restore(TAG, scope, "rollback: a test", at).expect("planned");
        let mut steps = 0;
        vault.restore(&commit, scope, &mut |_| steps += 1).expect("restored");
        let whole = state(&vault);
        assert!(steps >= 5, "{steps}");
        for stop in 0..steps {
            let room = tempfile::tempdir().expect("a directory");
            let vault = repository(room.path());
            let commit = vault.plan_restore(TAG, scope, "rollback: a test", at).expect("planned");
            let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut step = 0;
                vault.restore(&commit, scope, &mut |_| {
                    if step == stop {
                        std::panic::resume_unwind(Box::new("killed"));
                    }
                    step += 1;
                })
            }));
            assert!(died.is_err(), "{scope:?} {stop}");
            let vault = Vault::open(room.path()).expect("open");
            vault.restore(&commit, scope, &mut |_| {}).expect("goes on");
            let (_, tracked, on_disk) = state(&vault);
            assert_eq!((tracked, on_disk), (whole.1.clone(), whole.2.clone()), "{scope:?} {stop}");
            assert!(vault.status().expect("a status").is_clean(), "{scope:?} {stop}");
        }
    }
}

#[test]
fn edits_and_files_in_the_way_are_saved_and_come_back() {
    let room = tempfile::tempdir().expect("a directory");
    let vault = repository(room.path());
    put(room.path(), "strategy/u1.luau", "edited\n");
    put(room.path(), "config/gone.json", "in the way\n");
    put(room.path(), "mine.txt", "mine\n");
    fs::remove_file(room.path().join("README.md")).expect("removed");
    let at = Clock::system().now();
    let saved = vault.save_edits(TAG, Scope::All, RESCUE, at).expect("saved").expect("something");
    assert_eq!(saved, ["README.md", "config/gone.json", "strategy/u1.luau"]);
    restore(&vault, Scope::All);
    assert_eq!(vault.status().expect("a status").to_string(), "untracked mine.txt");
    let files = vault.tracked_files(RESCUE, Scope::All).expect("a tree");
    assert!(!files.contains_key("README.md") && files.contains_key("config/gone.json"), "{files:?}");
    assert_eq!(vault.save_edits(TAG, Scope::All, "refs/lighthunter/rescue/2", at).expect("looked"), None);
}

#[test]
fn commits_after_the_tag_stay_reachable() {
    let room = tempfile::tempdir().expect("a directory");
    let vault = repository(room.path());
    let head = vault.head().expect("a head");
    let saved = vault.save_edits(TAG, Scope::All, RESCUE, Clock::system().now()).expect("saved");
    assert_eq!(saved, Some(Vec::new()), "no file, but a commit");
    restore(&vault, Scope::All);
    assert_eq!(vault.resolve(RESCUE).expect("named"), head);
}

#[test]
fn line_ends_of_the_machine_do_not_enter_the_tree() {
    let room = tempfile::tempdir().expect("a directory");
    repository(room.path());
    let config = room.path().join(".git/config");
    let text = fs::read_to_string(&config).expect("a config") + "[core]\n\tautocrlf = true\n";
    durable::replace(&config, text).expect("written");
    let vault = Vault::open(room.path()).expect("open");
    restore(&vault, Scope::All);
    assert_eq!(fs::read(room.path().join("strategy/u1.luau")).expect("back"), b"old\n");
    assert!(vault.status().expect("a status").is_clean());
}

#[test]
fn submodules_keep_their_commit_and_their_files() {
    let room = tempfile::tempdir().expect("a directory");
    let [outer, inner] = ["outer", "outer/sub"].map(|name| room.path().join(name));
    let vault = repository(&outer);
    let at = Clock::system().now();
    let own = repository(&inner);
    let pinned = own.head().expect("a head");
    let mut index = vault.repository.index().expect("an index");
    let entry = super::index_entry("sub", git2::Oid::from_str(&pinned).expect("an id"), super::SUBMODULE);
    index.add(&entry).and_then(|()| index.write()).expect("staged");
    vault.commit_all("with a submodule", at).expect("committed");
    vault.tag("with-submodule", None, at).expect("tagged");
    let of_index = |vault: &Vault| {
        let entries = vault.index_entries().expect("an index").into_iter();
        entries.filter(|entry| entry.path == "sub").map(|entry| (entry.id, entry.mode)).collect::<Vec<_>>()
    };
    assert_eq!(of_index(&vault), [(pinned.clone(), 0o160_000)], "the fixture has one");

    put(&outer, "strategy/u1.luau", "edited\n");
    put(&inner, "config/a.json", "of the submodule\n");
    own.commit_all("more", at).expect("committed");
    let saved = vault.save_edits("with-submodule", Scope::All, RESCUE, at).expect("saved");
    assert_eq!(saved.as_deref(), Some(&["strategy/u1.luau".to_owned()][..]), "its edits are its own");
    let commit = vault.plan_restore("with-submodule", Scope::All, "rollback: a test", at).expect("planned");
    vault.restore(&commit, Scope::All, &mut |_| {}).expect("restored");
    assert_eq!(vault.restore_differences(&commit, Scope::All).expect("compared"), Vec::<String>::new());
    assert_eq!(of_index(&vault), [(pinned, 0o160_000)]);
    assert_eq!(read(&inner, "config/a.json").as_deref(), Some("of the submodule\n"));

    // Back to before there was one: its files are nobody's to remove.
    restore(&vault, Scope::All);
    assert_eq!(of_index(&vault), []);
    assert_eq!(read(&inner, "config/a.json").as_deref(), Some("of the submodule\n"));
}
