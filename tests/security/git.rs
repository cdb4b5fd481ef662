//! A workspace whose `.git` an attacker wrote: no hook, filter, monitor or helper of it is ever run.

use std::{fmt::Write as _, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use crate::room::Room;

/// Every hook that git knows of.
const HOOKS: [&str; 14] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-commit",
    "pre-push",
    "prepare-commit-msg",
    "pre-rebase",
    "reference-transaction",
    "update",
];

/// Plants programs wherever git would run one; each leaves a file behind.
fn plant(room: &Room) -> std::path::PathBuf {
    let marks = room.path("../marks");
    fs::create_dir_all(&marks).expect("made");
    let program = |name: &str| {
        let path = room.path(&format!(".git/evil/{name}"));
        room.write(&format!(".git/evil/{name}"), format!("#!/bin/sh\ntouch '{}/{name}'\ncat\n", marks.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        path.display().to_string()
    };
    for hook in HOOKS {
        let path = program(hook);
        fs::create_dir_all(room.path(".git/hooks")).expect("made");
        lighthunter::durable::point(&room.path(".git/hooks").join(hook), Path::new(&path)).expect("linked");
    }
    let mut config = room.read(".git/config");
    for (section, key) in [
        ("core", "fsmonitor"),
        ("core", "sshCommand"),
        ("core", "editor"),
        ("core", "pager"),
        ("core", "askPass"),
        ("core", "alternateRefsCommand"),
        ("credential", "helper"),
        ("diff", "external"),
        ("gpg", "program"),
        ("filter \"evil\"", "clean"),
        ("filter \"evil\"", "smudge"),
        ("filter \"evil\"", "process"),
        ("diff \"evil\"", "textconv"),
        ("merge \"evil\"", "driver"),
    ] {
        let name = format!("{}.{key}", section.replace([' ', '"'], "_"));
        writeln!(config, "[{section}]\n\t{key} = {}", program(&name)).expect("a text");
    }
    config.push_str("[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n");
    room.write(".git/config", config);
    room.write(".git/info/attributes", "* filter=evil diff=evil merge=evil\n");
    marks
}

fn marks_in(marks: &Path) -> Vec<String> {
    let entries = fs::read_dir(marks).expect("listed");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn nothing_of_a_hostile_repository_is_run() {
    let room = Room::nighted();
    room.run_to(0, &["baseline", "create", "good", "-q"]);
    let marks = plant(&room);
    room.run(&["doctor"]);
    room.run(&["doctor", "--read-data"]);
    room.run(&["day-ops", "-q"]);
    room.run(&["config", "check"]);
    room.run(&["baseline", "verify"]);
    room.run(&["baseline", "create", "again", "-q"]);
    room.write("strategy/u1.luau", "-- edited\n");
    room.run(&["baseline", "show", "good"]);
    room.run(&["rollback", "--to", "good", "--dry-run"]);
    room.run(&["rollback", "--to", "good", "--only", "config,code"]);
    room.run(&["night-ops", "--mode", "data", "-q"]);
    assert_eq!(marks_in(&marks), Vec::<String>::new(), "programs of the repository were run");
    // The plant bites: the git command does run it.
    room.write("strategy/u2.luau", "-- edited\n");
    match Command::new("git").args(["status"]).current_dir(room.root()).output() {
        Ok(_) => assert!(!marks_in(&marks).is_empty(), "the planted programs are run by nobody"),
        Err(_) => eprintln!("skipped: the git command is not present, so the plant was not seen to bite"),
    }
}
