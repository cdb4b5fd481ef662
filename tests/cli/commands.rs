//! What the commands say when all is well, and how they say it.

use serde_json::Value;

use crate::room::Room;

#[test]
fn unknown_option_command_or_id_is_a_usage_error() {
    let room = Room::nighted();
    room.refused(2, &["night-ops", "--resum"], &["--resum", "--resume"]);
    room.refused(2, &["nigth-ops"], &["nigth-ops", "night-ops"]);
    room.refused(2, &["night-ops", "--mode", "ful"], &["there is no mode 'ful'", "full"]);
    room.refused(2, &["night-ops", "--tasks", "trian"], &["there is no stage 'trian'", "train"]);
    room.refused(2, &["experiments", "show", "no_such"], &["there is no experiment 'no_such'", "experiments list"]);
}

#[test]
fn origin_of_every_value_is_shown() {
    let room = Room::fresh();
    let shown = room.run_to(0, &["config", "show", "--origin", "--json", "--set", "hud.port=8123"]).json();
    assert_eq!(
        (shown["hud.port"]["value"].as_u64(), shown["hud.port"]["origin"].as_str()),
        (Some(8123), Some("--set"))
    );
    let origin = shown["storage.ts.duckdb_path"]["origin"].as_str().expect("an origin").to_owned();
    let (file, line) = origin.rsplit_once(':').expect("FILE:LINE");
    let line: usize = line.parse().expect("a line number");
    assert!(room.lines(file)[line - 1].contains("duckdb_path"), "{origin}");
    let text = room.run_to(0, &["config", "show"]).stdout;
    assert!(text.lines().any(|line| line == "hud.port = 8000"), "{text}");
}

#[test]
fn json_is_one_document_on_stdout() {
    let room = Room::nighted();
    let documents: [&[&str]; 10] = [
        &["config", "check"],
        &["config", "show"],
        &["data", "status"],
        &["data", "check"],
        &["models", "list"],
        &["models", "current"],
        &["models", "verify"],
        &["experiments", "list"],
        &["doctor"],
        &["help", "exit-codes"],
    ];
    for arguments in documents {
        let document = room.run_to(0, &[arguments, &["--json"]].concat()).json();
        assert!(document.is_object() || document.is_array(), "{arguments:?}: {document}");
    }
    let failed = room.run_to(10, &["night-ops", "--json", "--set", "hud.prot=1"]).json();
    assert_eq!(failed["error"]["class"], 10);
}

#[test]
fn status_counts_what_was_imported() {
    let room = Room::nighted();
    let status = room.run_to(0, &["data", "status", "--json"]).json();
    let tables = status["tables"].as_array().expect("tables");
    let daily = tables.iter().find(|table| table["table"] == "daily").expect("daily bars");
    let rows = daily["rows"].as_u64().expect("a count");
    assert!(rows > 1_500 && daily["partitions"] == 160, "{daily}");
    let checked = room.run_to(0, &["data", "check", "--json"]).json();
    assert_eq!((checked["passed"].as_bool(), checked["totals"]["rows"].as_u64()), (Some(true), Some(rows)));
}

#[test]
fn faulty_bars_are_refused_by_the_check() {
    let room = Room::nighted();
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    // Far beyond the day's limit: a row that can be read and cannot be true.
    room.write("in/daily.csv", format!("{header}\n2025-06-27,688999.SH,90,95,89,92,1000,92000,10,1,0,test\n"));
    room.run_to(0, &["data", "import", &room.path("in").display().to_string()]);
    room.run_to(0, &["data", "check"]);
    let strict = "data_guardian.max_bad_row_share=0";
    let done = room.run_to(12, &["data", "check", "--json", "--set", strict]);
    let error = &done.json()["error"];
    assert_eq!((error["class"].as_u64(), error["check"]["passed"].as_bool()), (Some(12), Some(false)));
    assert_eq!(error["check"]["totals"]["hard_rows"], 1);
    assert!(done.stderr.contains("the guardian refuses table daily") && done.stderr.contains("hint: "));
    let night = room.run_to(12, &["night-ops", "-q", "--set", strict]);
    assert!(night.stderr.contains("the guardian refuses table daily"), "{}", night.stderr);
}

#[test]
fn import_reports_what_it_rejected_and_counts_it_once() {
    let room = Room::nighted();
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    let good = "2025-06-27,688999.SH,10,10.5,9.9,10.2,1000,10200,10,1,0,test";
    room.write(
        "in/daily.csv",
        format!("{header}\n{good}\n2025-06-28,688999.SH,10,10.5,9.9,10.2,1000,10200,10,1,0,test\n"),
    );
    let folder = room.path("in").display().to_string();
    let import = room.run_to(0, &["data", "import", &folder, "--json"]).json();
    assert_eq!(
        (import["tables"][0]["rows_changed"].as_u64(), import["files"][0]["rows_rejected"].as_u64()),
        (Some(1), Some(1))
    );
    let kept = import["quarantine"].as_str().expect("a file");
    assert!(std::fs::read_to_string(kept).expect("there").contains("2025-06-28"));
    let again = room.run_to(0, &["data", "import", &folder]).stdout;
    assert!(again.contains("nothing is new"), "{again}");
    let status = room.run_to(0, &["data", "status", "--json"]).json();
    assert_eq!(status["quarantined"][0]["rows"], 1);
}

#[test]
fn older_delivery_in_the_folder_does_not_take_a_correction_back() {
    let room = Room::nighted();
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    let bar = |close: &str| format!("{header}\n2025-06-27,688999.SH,10,10.5,9.9,{close},1000,10200,10,1,0,test\n");
    room.write("data/raw/market/daily_a.csv", bar("10.2"));
    let raw = room.path("data/raw/market").display().to_string();
    room.run_to(0, &["data", "import", &raw]);
    room.write("correction/daily.csv", bar("10.3"));
    room.run_to(0, &["data", "import", &room.path("correction").display().to_string()]);
    let corrected = room.run_to(0, &["data", "status", "--json"]).json()["digest"].clone();
    let newer = "2025-06-27,688998.SH,10,10.5,9.9,10.2,1000,10200,10,1,0,test";
    room.write("data/raw/market/daily_b.csv", format!("{header}\n{newer}\n"));
    let import = room.run_to(0, &["data", "import", &raw, "--json"]).json();
    assert_eq!(
        (import["tables"][0]["rows_changed"].as_u64(), import["tables"][0]["revisions"].as_u64()),
        (Some(1), Some(0))
    );
    assert_ne!(room.run_to(0, &["data", "status", "--json"]).json()["digest"], corrected);
}

#[test]
fn models_and_experiments_are_listed_shown_and_verified() {
    let room = Room::nighted();
    let models = room.run_to(0, &["models", "list", "--json"]).json();
    let model = &models[0];
    assert_eq!((model["current"].as_bool(), model["problem"].is_null()), (Some(true), true));
    let experiments = room.run_to(0, &["experiments", "list", "--json"]).json();
    let kinds: Vec<&Value> = experiments.as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["train", "backtest"]);
    let id = experiments[1]["id"].as_str().expect("an id");
    assert_eq!(room.run_to(0, &["experiments", "show", id, "--json"]).json(), experiments[1]);
    assert!(room.run_to(0, &["experiments", "show", id]).stdout.contains("bt_ret_total = "));

    let file = format!(
        "models/{}/{}/MANIFEST.json",
        model["job"].as_str().expect("a job"),
        model["id"].as_str().expect("an id")
    );
    room.write(&file, room.read(&file).replacen("\"version\"", "\"vision\"", 1));
    let damaged = room.run_to(14, &["models", "verify", "--json"]).json();
    assert_eq!(damaged["error"]["class"], 14);
    assert!(room.run_to(0, &["models", "list"]).stdout.contains("is corrupt"));
}

#[test]
fn drill_takes_bars_from_a_path_relative_to_where_it_is_called() {
    let room = Room::fresh();
    let reports = room.path("reports").display().to_string();
    let run = |market: &str| {
        let words = ["drill", "run", "--market", market, "--name", "holds nothing", "--reports", &reports];
        room.command().current_dir(room.root()).args(words).output().expect("it starts")
    };
    let done = run("data/raw/market");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let refused = run("data/raw/nowhere");
    assert_eq!(refused.status.code(), Some(13));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("data/raw/nowhere"));
}
