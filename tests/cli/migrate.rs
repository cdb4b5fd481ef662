//! `config migrate` and `config diff`: the original's settings file, end to end.

use std::path::Path;

use serde_json::Value;

use crate::room::Room;

const CONFIG: &str = "config/system_config.json";

const FIXTURE: &str = include_str!("../../fixtures/legacy/mk4_system_config.json");

/// The line, from 1, of the fixture that holds `part`; the last one of several.
fn line_of(part: &str) -> usize {
    FIXTURE.lines().enumerate().filter(|(_, line)| line.contains(part)).last().map(|(at, _)| at + 1).expect(part)
}

/// Puts the fixture into a workspace; returns its path.
fn place(room: &Room) -> String {
    room.write("mk4.json", FIXTURE);
    at(room, "mk4.json")
}

/// Returns a path of a workspace as an argument.
fn at(room: &Room, name: &str) -> String {
    room.path(name).display().to_string()
}

#[test]
fn mk4_file_is_translated_and_its_defects_are_named_by_key_and_line() {
    let room = Room::fresh();
    let file = place(&room);
    let done = room.run_to(10, &["config", "migrate", &file, "--output", &at(&room, "new.json"), "--json"]);
    let error = &done.json()["error"];
    assert_eq!(error["class"], 10);
    let defects = error["details"]["migration"]["defects"].as_array().expect("defects").clone();
    let expected: [(&str, &str, &str); 24] = [
        ("trading_calendar", "dead", "\"trading_calendar\""),
        ("paths.project_root", "dead", "\"project_root\""),
        ("paths.duckdb_path", "path", "\"duckdb_path\": \"/home/author"),
        ("paths.universe_file", "path", "universe_file"),
        ("paths.data_root", "renamed", "data_root"),
        ("logging", "dead", "\"logging\""),
        ("logging.backup_count", "renamed", "\"logging\""),
        ("network.default_timeout_sec", "unit", "planted: milliseconds"),
        ("network.proxies.pool[1].http", "secret", "planted: a secret"),
        ("network.proxies.pool[1]", "refused", "planted: a secret"),
        ("network.sites.eastmoney.qps_limit", "renamed", "\"qps_limit\""),
        ("network.sites.eastmoney.roles", "dead", "\"roles\""),
        ("request_engine.default_timeout_sec", "twice", "\"request_engine\""),
        ("event_bus.sub_endpoint", "shape", "\"zmq\""),
        ("storage.duckdb.path", "twice", "data/storage/lighthunter.duckdb"),
        ("collector", "dropped", "\"collector\""),
        ("trade_core.trading_cost_bps", "dead", "trading_cost_bps\": 2.0"),
        ("broker.paper.slippage_bps", "shape", "\"slippage_bps\": 0"),
        ("portfolio.strategies.U2", "twice", "\"max_positions\": 12"),
        ("portfolio.strategies.U1.max_single_position_pct", "unit", "\"max_single_position_pct\": 25"),
        ("risk_micro", "dropped", "\"risk_micro\""),
        ("sentiment.xueqiu_cookie", "secret", "\"xueqiu_cookie\":"),
        ("wechat_push", "unknown", "\"wechat_push\""),
        ("hud_server", "unknown", "\"hud_server\""),
    ];
    for (key, kind, part) in expected {
        let is_it = |defect: &&Value| defect["key"] == key && defect["kind"] == kind && defect["line"] == line_of(part);
        assert!(defects.iter().any(|defect| is_it(&defect)), "{key} {kind} {}: {defects:#?}", line_of(part));
    }
    for secret in ["pa55w0rd", "0123456789abcdef"] {
        let everything = [&done.stdout, &done.stderr, &room.read("new.json")];
        assert!(everything.iter().all(|text| !text.contains(secret)), "{secret} is repeated");
    }
}

#[test]
fn translation_is_taken_as_the_settings_of_a_workspace() {
    let room = Room::fresh();
    let file = place(&room);
    room.run_to(10, &["config", "migrate", &file, "--output", &at(&room, CONFIG), "--overwrite"]);
    room.run_to(0, &["config", "check"]);
    let shown = room.run_to(0, &["config", "show", "--json"]).json();
    let expected = [
        ("hud.port", Value::from(5000)),
        ("storage.ts.duckdb_path", "data/lighthunter.duckdb".into()),
        ("network.default_timeout_sec", 8.0.into()),
        ("network.sites.eastmoney.max_qps", 2.into()),
        ("network.sites.eastmoney.circuit_breaker.error_rate_window_sec", 300.into()),
        ("portfolio.strategies.u1.max_single_position_pct", 0.25.into()),
        ("portfolio.strategies.u2.max_positions", 15.into()),
        ("portfolio.strategies.u1.script", "strategy/u1.luau".into()),
        ("portfolio.strategies.u2.account_id", "paper_main".into()),
        ("risk.max_leverage", 2.into()),
        ("ops.logs.keep_files", 7.into()),
        ("data_sources.snapshot_tx.site", "tx_quote".into()),
    ];
    for (key, value) in expected {
        assert_eq!(shown[key], value, "{key}");
    }
    let again = room.run_to(0, &["config", "migrate", &at(&room, CONFIG), "--json"]).json();
    let undecided = again["migration"]["defects"].as_array().expect("defects");
    assert!(undecided.iter().all(|defect| defect["kind"] == "shape"), "{undecided:#?}");
}

#[test]
fn nothing_is_written_over_unless_that_is_said() {
    let room = Room::fresh();
    let file = place(&room);
    room.refused(2, &["config", "migrate", &file, "--output", &at(&room, CONFIG)], &["is there already"]);
    room.refused(2, &["config", "migrate", &file, "--overwrite"], &["--output"]);
    let before = room.content();
    let done = room.run_to(10, &["config", "migrate", &file]);
    assert_eq!(before, room.content(), "a translation that is only printed writes nothing");
    for words in ["! secret", "  renamed", "mk4.json:", "~ hud.port: 8000 -> 5000", "changes of the template's values"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert!(done.stderr.contains("need a decision") && done.stderr.contains("--output"), "{}", done.stderr);
    let done = room.run_to(10, &["config", "migrate", &file, "--output", &file, "--overwrite"]);
    assert!(done.stderr.contains("over the file that was there"), "{}", done.stderr);
}

#[test]
fn files_that_cannot_be_translated_are_refused() {
    let room = Room::fresh();
    for (name, text, words) in [
        ("a.json", "{\"a\": 1,\n", "a.json:"),
        ("b.json", "[1]\n", "wrong type"),
        ("c.json", "", "is empty"),
        ("d.json", "{\"hud\": {\"port\": NaN}}", "not valid JSON"),
    ] {
        room.write(name, text);
        room.refused(10, &["config", "migrate", &at(&room, name), "--output", &at(&room, "new.json")], &[words]);
    }
    room.refused(10, &["config", "migrate", "none.json"], &["none.json: cannot be read"]);
    room.write("right.json", "{\"hud\": {\"port\": 8123}}");
    let done = room.run_to(0, &["config", "migrate", &at(&room, "right.json")]);
    assert!(done.stdout.contains("No defect needs a decision"), "{}", done.stdout);
    // No workspace is needed.
    let empty = Room::empty();
    std::fs::create_dir_all(empty.root()).expect("made");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/legacy/mk4_system_config.json");
    empty.run_to(10, &["config", "migrate", &fixture.display().to_string(), "--output", &at(&empty, "new.json")]);
    assert!(empty.path("new.json").is_file());
}

#[test]
fn two_settings_files_are_compared_by_key() {
    let room = Room::fresh();
    let text = room.read("config/system_config.json");
    room.write("other.json", text.replacen("\"port\": 8000", "\"port\":   8002", 1));
    let done = room.run_to(0, &["config", "diff", &at(&room, CONFIG), &at(&room, "other.json")]);
    assert!(done.stdout.starts_with("~ hud.port: 8000 -> 8002  # "), "{}", done.stdout);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
    let same = room.run_to(0, &["config", "diff", &at(&room, "other.json"), &at(&room, "other.json"), "--json"]).json();
    assert_eq!(same["differences"], Value::Array(Vec::new()));
    room.refused(10, &["config", "diff", &at(&room, "other.json"), "none.json"], &["none.json: cannot be read"]);
}
