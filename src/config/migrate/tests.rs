//! Translations of small files, key by key, and what they give when they are taken as settings.

use std::path::Path;

use super::{DefectKind, Migration, migrate};
use crate::{
    config::{LoadOptions, load},
    durable,
    workspace::Workspace,
};

fn of(text: &str) -> Migration {
    let room = tempfile::tempdir().expect("a directory");
    let path = room.path().join("mk4.json");
    durable::replace(&path, text).expect("written");
    migrate(&path, "mk4.json").unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Loads a translation as the settings of a workspace; returns a value in force.
fn in_force(text: &str, key: &str) -> serde_json::Value {
    let room = tempfile::tempdir().expect("a directory");
    durable::make_directory(&room.path().join("config")).expect("made");
    durable::replace(&room.path().join(Workspace::CONFIG), text).expect("written");
    let workspace = Workspace::open(room.path()).expect("a workspace");
    let loaded = load(&workspace, &LoadOptions::default()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    loaded.origins.get(key).map_or(serde_json::Value::Null, |origin| origin.value.clone())
}

#[test]
fn every_kind_of_defect_is_named_by_key_and_line() {
    let cases = [
        (
            "{\"hud\":\n{\"port\": 1, \"port\": 5000}}",
            "mk4.json:2: hud.port: is there again in line 2",
            DefectKind::Twice,
        ),
        (
            "{\"duckdb\":\n{\"path\": \"data/a.duckdb\"}}",
            "duckdb.path: is storage.ts.duckdb_path here",
            DefectKind::Renamed,
        ),
        ("{\"trading_calendar\": \"china_stock\"}", "trading_calendar: was read by no code", DefectKind::Dead),
        ("{\"risk_micro\": {\"window_size\": 30}}", "risk_micro: has no counterpart", DefectKind::Dropped),
        (
            "{\"risk_account\": {\"max_dd_total\": 20}}",
            "risk.max_dd_total: is 20, more than the whole",
            DefectKind::Unit,
        ),
        (
            "{\"storage\": {\"ts\": {\"duckdb_path\": \"C:\\\\Users\\\\x\\\\a.duckdb\"}}}",
            "storage.ts.duckdb_path: is a path of the author's machine",
            DefectKind::Path,
        ),
        (
            "{\"sentiment\": {\"xueqiu_cookie\": \"xq_a=1\"}}",
            "sentiment.xueqiu_cookie: holds a secret",
            DefectKind::Secret,
        ),
        ("{\"hud\": {\"port\": \"5000\"}}", "hud.port: wrong type", DefectKind::Refused),
        ("{\"hud\": {\"prot\": 5000}}", "hud.prot: unknown key, did you mean port?", DefectKind::Unknown),
        ("{\"ops\": {\"night_ops\": {\"default_mode\": \"data_only\"}}}", "data_only is data here", DefectKind::Shape),
    ];
    for (text, words, kind) in cases {
        let found = of(text);
        let named = found.defects.iter().find(|defect| defect.to_string().contains(words));
        let defect = named.unwrap_or_else(|| panic!("{text}: no '{words}' in {:#?}", found.defects));
        assert_eq!(defect.kind, kind, "{text}");
        assert!(defect.line > 0, "{defect}");
        in_force(&found.text, "hud.port");
    }
}

#[test]
fn values_come_over_under_their_new_names() {
    let cases = [
        ("{\"hud\": {\"port\": 1, \"port\": 5000}}", "hud.port", "5000"),
        (
            "{\"network\": {\"sites\": {\"eastmoney\": {\"base_urls\": [\"http://h\"], \"qps_limit\": 0.5}}}}",
            "network.sites.eastmoney.max_qps",
            "0.5",
        ),
        (
            "{\"paths\": {\"project_root\": \"/home/a/lh\", \"duckdb_path\": \"/home/a/lh/data/x.duckdb\"}}",
            "storage.ts.duckdb_path",
            "\"data/x.duckdb\"",
        ),
        ("{\"paths\": {\"duckdb_path\": \"/srv/x.duckdb\"}}", "storage.ts.duckdb_path", "\"data/lighthunter.duckdb\""),
        ("{\"risk_account\": {\"max_dd_total\": 20}}", "risk.max_dd_total", "0.2"),
        ("{\"network\": {\"default_timeout_sec\": 8000}}", "network.default_timeout_sec", "8.0"),
        ("{\"broker\": {\"paper\": {\"commission_bps\": 0.0003}}}", "broker.paper.commission_bps", "3.0"),
        ("{\"trade_core\": {\"commission_bps\": 4}}", "broker.paper.commission_bps", "4"),
        (
            "{\"trade_core\": {\"commission_bps\": 4}, \"broker\": {\"paper\": {\"commission_bps\": 2}}}",
            "broker.paper.commission_bps",
            "2",
        ),
        ("{\"ops\": {\"night_ops\": {\"default_mode\": \"train_only\"}}}", "ops.night_ops.default_mode", "\"train\""),
        (
            "{\"event_bus\": {\"zmq\": {\"pub_endpoint\": \"tcp://127.0.0.1:6555\", \"sub_endpoint\": \"tcp://127.0.0.1:6555\"}}}",
            "event_bus.sub_endpoint",
            "\"tcp://127.0.0.1:5556\"",
        ),
        (
            "{\"portfolio\": {\"strategies\": {\"U2\": {\"account\": \"paper_main\"}}}}",
            "portfolio.strategies.u2.script",
            "\"strategy/u2.luau\"",
        ),
        ("{\"paths\": {\"parquet_dir\": \"data/pq\"}}", "storage.ts.parquet_dir", "\"data/pq\""),
        ("{\"logging\": {\"max_bytes\": 5000000, \"level\": \"INFO\"}}", "ops.logs.max_bytes", "5000000"),
    ];
    for (text, key, expected) in cases {
        let found = of(text);
        assert_eq!(in_force(&found.text, key).to_string(), expected, "{text}\n{}", found.text);
        assert!(!found.defects.is_empty(), "{text}");
    }
}

#[test]
fn secrets_are_nowhere_in_what_is_said_and_written() {
    let found = of(r#"{"network": {"proxies": {"mode": "global", "default": "a", "pool": [
        {"name": "a", "type": "http", "http": "http://user:hunter2@10.0.0.1:80"}], "api_key": "hunter2"}},
        "unknown": {"deep": [{"token": "hunter2"}], "left": 1}}"#);
    let said = serde_json::to_string(&found).expect("JSON");
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(found.defects.iter().filter(|defect| defect.kind == DefectKind::Secret).count(), 3, "{said}");
    assert!(found.text.contains("//   line 3: unknown: {"), "what is unknown is kept: {}", found.text);
    in_force(&found.text, "hud.port");
}

#[test]
fn own_template_comes_over_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/workspace/config/system_config.json");
    let found = migrate(&path, "template").expect("translated");
    assert_eq!((found.defects, found.changes), (Vec::new(), Vec::new()));
    assert_eq!(found.values, found.carried);
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "[]", "{", "1", "{\"a\": 1,}"] {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("mk4.json");
        durable::replace(&path, text).expect("written");
        assert!(migrate(&path, "mk4.json").is_err(), "{text}");
    }
}
