//! The words of refusals, pinned as a person reads them: what, where, why, and what to do.

use std::fmt::Write as _;

use lighthunter::config::write_pointer;

use crate::room::Room;

#[test]
fn refusals_say_what_where_why_and_what_to_do() {
    let room = Room::nighted();
    let root = room.root().canonicalize().expect("a path").display().to_string();
    room.write("columns/daily.csv", "date,symbol,price\n");
    room.write("notes/notes.txt", "");
    let cases: [&[&str]; 15] = [
        &["night-ops", "--set", "storage.ts.duckdb_path=data/__invalid_path__/a.duckdb"],
        &["night-ops", "--set", "storage.ts.duckdb_path=../a.duckdb"],
        &["night-ops", "--set", "alpha.gate.min_rank_ic=1.49", "--set", "alpha.gate.min_row=9"],
        &["night-ops", "--set", "alpha.default_job=ultrashort_mian"],
        &["night-ops", "--start-date", "2025-06-27"],
        &["night-ops", "--as-of", "2001-01-05"],
        &["night-ops", "--mode", "train", "--set", "research.learner.penalty=100"],
        &["night-ops", "--set", "data_sources.market.path=data/raw/nowhere"],
        &["data", "import", "columns"],
        &["data", "import", "notes"],
        &["data", "import", "nowhere"],
        &["data", "check", "--as-of", "2001-01-05"],
        &["experiments", "show", "train_1"],
        &["config", "check", "--set", "seed=-1", "--set", "hud.prot=1", "--set", "nothing=1"],
        &["init", "."],
    ];
    let mut text = String::new();
    for arguments in cases {
        let output = room.command().current_dir(room.root()).arg("-q").args(arguments).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).replace(&root, "$W");
        let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("ERROR")).collect();
        let code = output.status.code().expect("no signal");
        let _ = writeln!(text, "$ {}\n{}\n=> {code}\n", arguments.join(" "), said.join("\n"));
    }
    write_pointer(&room.path("config/system_config.json"), "/hud/port", &"x".into()).expect("written");
    let config = std::fs::read_to_string(room.path("config/system_config.json")).expect("readable");
    let line = 1 + config.lines().position(|line| line.contains("\"port\": \"x\"")).expect("written");
    let said = room.run_to(10, &["doctor"]).stderr;
    // The line moves with each new setting; that it is the right one is what counts.
    let _ = writeln!(text, "{}", said.replace(&format!("system_config.json:{line}:"), "system_config.json:LINE:"));
    insta::assert_snapshot!(text);
}
