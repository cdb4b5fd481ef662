//! DayOps from outside: its verdict as exit code, report and ledger, and what it means for trading.

use lighthunter::store::{Ledger, StorePath};

use crate::room::Room;

const NO_BUS: [&str; 2] = ["--set", "event_bus.enabled=false"];

#[test]
fn a_good_night_lets_the_day_begin_and_a_tripped_kill_switch_stops_it() {
    let room = Room::nighted();
    let good = room.run_to(0, &["day-ops", "--json"]).json();
    assert!(good["grade"] != "FAIL" && good["checks"].as_array().is_some_and(|checks| checks.len() == 18), "{good}");
    assert_eq!((good["date"].as_str(), good["session"].as_str()), (Some("2025-07-01"), Some("2025-06-30")));
    assert!(room.read("reports/day_ops_20250701.md").starts_with("# DayOps 2025-07-01: "));
    assert!(!room.lines("logs/ops/day_ops.log").is_empty());
    room.run_to(0, &[&["simulate", "-q"], &NO_BUS[..]].concat());

    let ledger = || Ledger::open(&StorePath::new("ledger", room.path("data/ledger.sqlite"))).expect("opened");
    ledger().trip_kill_switch("paper_main", "2025-06-30T10:00:00", "drawdown", "planted").expect("tripped");
    let failed = room.run_to(1, &["day-ops"]);
    assert!(
        failed.stdout.contains("FAIL     kill_switches      the kill switch of account paper_main"),
        "{}",
        failed.stdout
    );
    assert!(failed.stdout.contains("risk release paper_main --reason"), "{}", failed.stdout);
    let run = ledger().last_run("day_ops").expect("searched").expect("in the ledger");
    assert_eq!((run.exit, run.as_of.to_string().as_str()), (Some(1), "2025-07-01"));
    room.assert_clean();
}

#[test]
fn simulation_against_a_failed_day_ops_needs_force_and_records_it() {
    let room = Room::nighted();
    let blind = ["day-ops", "-q", "--set", "risk.max_dd_total=1.0"];
    room.run_to(1, &blind);
    let before = room.lines("experiments/experiments.jsonl").len();
    let refused = room.run_to(17, &[&["simulate"], &NO_BUS[..]].concat());
    assert!(refused.stderr.contains("risk_limits") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(room.lines("experiments/experiments.jsonl").len(), before, "it did not start");

    let forced = room.run_to(0, &[&["simulate", "--force", "--json"], &NO_BUS[..]].concat()).json();
    let run = forced["forced_against"].as_str().expect("recorded").to_owned();
    assert!(run.starts_with("day_ops_") && forced["notes"].to_string().contains(&run), "{forced}");
    let experiment = room.lines("experiments/experiments.jsonl").pop().expect("a line");
    assert!(experiment.contains(&format!("\"forced_against\":\"{run}\"")), "{experiment}");

    // Research on a date of which no DayOps speaks goes on, and says so.
    let old = room.run_to(0, &[&["simulate", "--json", "--date", "2025-06-25"], &NO_BUS[..]].concat()).json();
    assert!(old["notes"].to_string().contains("no DayOps speaks for 2025-06-25"), "{old}");
    room.run_to(0, &["day-ops", "-q"]);
    let free = room.run_to(0, &[&["simulate", "--json"], &NO_BUS[..]].concat()).json();
    assert!(free["forced_against"].is_null(), "{free}");
    assert_eq!(free["result_digest"], forced["result_digest"], "force changes nothing that is traded");
}

#[test]
fn warning_ends_with_1_only_where_it_is_strict() {
    let room = Room::nighted();
    let wide = ["day-ops", "--set", "risk.max_leverage=2.0"];
    let warned = room.run_to(0, &wide);
    assert!(warned.stdout.contains("DayOps 2025-07-01: WARNING"), "{}", warned.stdout);
    room.run_to(1, &[&wide[..], &["--strict"]].concat());
    room.refused(12, &["day-ops", "--as-of", "2099-01-05"], &["outside the trading calendar"]);
}

#[test]
fn reports_are_said_in_chinese_and_json_has_no_language() {
    let room = Room::nighted();
    let say = |code: i32, arguments: &[&str]| room.run_to(code, &[arguments, &["--lang", "zh"], &NO_BUS[..]].concat());
    let is_chinese = |text: &str| text.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
    let day = say(0, &["day-ops", "-q"]).stdout;
    assert!(day.contains("盘前体检 2025-07-01：") && day.contains("风控限额"), "{day}");
    let day = room.read("reports/day_ops_20250701.md");
    assert!(day.starts_with("# 盘前体检 2025-07-01：") && day.contains("| 熔断 | 正常 |"), "{day}");
    let night = say(0, &["night-ops", "-q", "--mode", "data"]).stdout;
    assert!(night.contains("夜间流水线 2025-06-30 成功，耗时"), "{night}");
    let night = room.read("reports/night_ops_20250630.md");
    assert!(night.contains("| 阶段 | 状态 |") && night.contains("| 行情采集 | 完成 |"), "{night}");
    let traded = say(0, &["simulate", "-q"]).stdout;
    assert!(traded.contains("2025-06-30 模拟交易成功：K 线"), "{traded}");
    assert!(room.read("reports/simulation_20250630.md").contains("| 账户 | 期初净值 |"));
    let tested = say(0, &["backtest", "-q"]).stdout;
    assert!(tested.contains("最大回撤") && tested.contains("夏普"), "{tested}");
    let page = tested.lines().find_map(|line| line.strip_prefix("报告：").filter(|path| path.contains(".html")));
    let page = room.read(page.expect("a page"));
    assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("分月收益（%）"), "{page}");
    for name in ["day_ops_20250701", "night_ops_20250630", "simulation_20250630"] {
        assert!(!is_chinese(&without_glossary(&room.read(&format!("reports/{name}.json")))), "{name}");
    }
    let json = room.run(&["day-ops", "--json", "--lang", "zh"]).stdout;
    assert!(!is_chinese(&without_glossary(&json)), "{json}");
}

#[test]
fn workspace_without_a_night_fails() {
    let room = Room::fresh();
    // A date, since the machine's own may lie beyond the exchanges' calendar.
    let failed = room.run_to(1, &["day-ops", "--as-of", "2025-07-01"]);
    assert!(failed.stdout.contains("FAIL     night_ops"), "{}", failed.stdout);
    assert!(failed.stdout.contains("lighthunter night-ops"), "{}", failed.stdout);
}

/// Returns a report without `zh`, which holds its sentences in Chinese whatever language was asked for.
fn without_glossary(json: &str) -> String {
    let mut report: serde_json::Value = serde_json::from_str(json).expect("JSON");
    if let Some(report) = report.as_object_mut() {
        report.remove("zh");
    }
    report.to_string()
}
