//! Places that are not what they must be: data, database, repository, lock, workspace.

use std::net::TcpListener;

use lighthunter::workspace::{Lock, Workspace};

use crate::room::{Room, lighthunter};

#[test]
fn data_folder_with_wrong_columns_is_refused() {
    let room = Room::nighted();
    room.write("in/daily.csv", "date,symbol,price\n2025-01-02,600000.SH,1\n");
    let folder = room.path("in").display().to_string();
    room.refused(12, &["data", "import", &folder], &["daily.csv", "table daily", "price", "preclose", "hint: "]);
    room.write("in/daily.csv", "");
    room.refused(12, &["data", "import", &folder], &["daily.csv"]);
}

#[test]
fn data_folder_without_tables_or_without_a_folder_is_refused() {
    let room = Room::nighted();
    room.write("in/notes.txt", "nothing");
    let folder = room.path("in").display().to_string();
    room.refused(12, &["data", "import", &folder], &["holds no table", "notes.txt"]);
    room.refused(13, &["data", "import", &room.path("nowhere").display().to_string()], &["nowhere"]);
}

#[test]
fn directory_in_place_of_the_database_is_refused() {
    let room = Room::fresh();
    room.write("data/lighthunter.duckdb/file", "mine");
    room.refused(13, &["data", "status"], &["storage.ts.duckdb_path", "is not a file but a directory", "hint: "]);
    let done = room.run_to(13, &["night-ops", "-q"]);
    assert!(done.stderr.contains("storage.ts.duckdb_path"), "{}", done.stderr);
    assert_eq!(room.read("data/lighthunter.duckdb/file"), "mine");
    assert!(room.lines("experiments/experiments.jsonl").is_empty());
}

#[test]
fn workspace_that_is_no_repository_is_refused_where_git_is_needed() {
    let room = Room::fresh();
    std::fs::remove_dir_all(room.path(".git")).expect("removed");
    let target = room.root().display().to_string();
    room.refused(10, &["drill", "run", "--target", &target], &["is not a git repository", "hint: "]);
    let done = room.run_to(1, &["doctor"]);
    let line = done.stdout.lines().find(|line| line.contains("repository")).expect("a line on the repository");
    assert!(line.starts_with("fail") && line.contains("is not a git repository"), "{line}");
}

#[test]
fn doctor_names_every_port_that_another_program_holds() {
    let room = Room::fresh();
    for key in ["event_bus.pub_endpoint", "hud.port", "monitor.port"] {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = other.local_addr().expect("bound").port();
        let value = if key.ends_with("endpoint") { format!("tcp://127.0.0.1:{port}") } else { port.to_string() };
        let stdout = room.run(&["doctor", "--set", &format!("{key}={value}")]).stdout;
        let line = stdout.lines().find(|line| line.contains("ports")).expect("a line on the ports");
        assert!(line.starts_with("warn") && line.contains(&format!("127.0.0.1:{port}")), "{key}: {line}");
    }
}

#[test]
fn dirty_tree_is_refused_before_a_drill() {
    let room = Room::fresh();
    room.write("strategy/u1.luau", "-- changed");
    let target = room.root().display().to_string();
    room.refused(11, &["drill", "run", "--target", &target], &["strategy/u1.luau", "is not clean", "hint: "]);
}

#[test]
fn second_run_is_told_who_holds_the_workspace() {
    let room = Room::nighted();
    let workspace = Workspace::open(&room.root()).expect("a workspace");
    let held = Lock::take(&workspace, "night_ops", "night-ops").expect("free");
    let holder = format!("night-ops (process {})", std::process::id());
    room.refused(11, &["night-ops"], &["busy", &holder, "hint: "]);
    let raw = room.path("data/raw/market").display().to_string();
    room.refused(11, &["data", "import", &raw], &["busy", &holder]);
    drop(held);
    room.run_to(0, &["data", "import", &raw]);
}

#[test]
fn what_is_no_workspace_is_refused() {
    let room = Room::empty();
    std::fs::create_dir_all(room.root()).expect("made");
    for arguments in [&["night-ops"][..], &["config", "check"], &["data", "status"], &["models", "list"]] {
        room.refused(10, arguments, &["is not a LightHunter workspace", "hint: "]);
    }
    let outside =
        lighthunter(&room.root()).env_remove("LIGHTHUNTER_WORKSPACE").current_dir("/").arg("bootstrap").output();
    let outside = outside.expect("it starts");
    assert_eq!(outside.status.code(), Some(10));
    assert!(String::from_utf8_lossy(&outside.stderr).contains("no LightHunter workspace at or above /"));
}
