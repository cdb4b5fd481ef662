//! Nights that go well: the marks of success, the same result twice, nothing newer than asked for.

use jiff::civil::Date;
use lighthunter::{
    market::MarketData,
    source::files::{IntakeOptions, read_directory},
    store::write_market,
};

use crate::room::Room;

const MARKET: &str = "data/raw/market";

#[test]
fn a_new_workspace_comes_up_and_its_first_night_leaves_the_four_marks() {
    let room = Room::fresh();
    room.assert_clean();
    room.run_to(0, &["bootstrap"]);
    room.assert_clean();
    let smoke = room.run_to(0, &["regression", "--mode", "smoke", "--json"]).json();
    assert!(smoke["passed"].as_bool() == Some(true) && smoke["seconds"].as_f64().is_some_and(|s| s < 2.0), "{smoke}");
    room.assert_clean();

    let night = room.run_to(0, &["night-ops", "--mode", "full", "--json"]);
    let report = night.json();
    assert_eq!(report["success"].as_bool(), Some(true));
    let errors = |name: &str| room.lines(name).iter().filter(|line| line.contains("\"ERROR\"")).count();
    assert_eq!((errors("logs/lighthunter.log"), errors("logs/ops/night_ops.log")), (0, 0));
    assert!(!room.lines("logs/ops/night_ops.log").is_empty());
    assert_eq!(room.lines("experiments/experiments.jsonl").len(), 2);
    let backtest = report["steps"].as_array().expect("steps").iter().find(|step| step["name"] == "backtest");
    let page = format!("reports/backtest_{}.html", report["run_id"].as_str().expect("an id"));
    let reason = backtest.expect("there")["reason"].as_str().expect("a reason");
    assert!(reason.ends_with(&page), "{reason}");
    assert!(room.read(&page).contains("<svg") && room.path(&page.replace(".html", ".json")).is_file());
    let date = report["date"].as_str().expect("a date");
    assert!(room.path(&format!("data/parquet/daily/trade_date={date}")).is_dir());
    room.assert_clean();
}

#[test]
fn the_same_night_twice_gives_the_same_result() {
    let room = Room::nighted();
    let first = room.result();
    room.run_to(0, &["night-ops", "-q"]);
    assert_eq!(room.result(), first);
    let collect = &room.report().steps[1];
    assert!(collect.reason.starts_with("nothing is new"), "{}", &*collect.reason);
    room.assert_clean();
    let other = Room::fresh();
    other.run_to(0, &["night-ops", "-q"]);
    assert_eq!(other.result(), first);
}

#[test]
fn an_earlier_trading_date_uses_nothing_newer() {
    let whole = Room::fresh();
    let data = read_directory(&whole.path(MARKET), &IntakeOptions::default()).expect("read").data;
    let dates: Vec<Date> = data.daily.iter().map(|bar| bar.date).collect();
    // The session before the newest listing, special treatment or delisting: that is not known then.
    let newest = data.securities.iter().map(|event| event.date).max().expect("events");
    let cut = *dates.iter().filter(|date| **date < newest).max().expect("more than one session");
    let as_of = cut.to_string();
    whole.run_to(0, &["night-ops", "-q", "--as-of", &as_of]);

    let short = Room::fresh();
    std::fs::remove_dir_all(short.path(MARKET)).expect("removed");
    write_market(&short.path(MARKET), &cut_at(data, cut)).expect("written");
    short.run_to(0, &["night-ops", "-q"]);
    assert_eq!(short.report().date, cut);
    assert_eq!(whole.result(), short.result());
    assert_ne!(whole.result(), Room::nighted().result(), "the last session makes a difference");
}

#[test]
fn a_date_without_a_session_is_the_session_before() {
    let room = Room::nighted();
    let night = |as_of: &str| room.run_to(0, &["night-ops", "--mode", "data", "--json", "--as-of", as_of]).json();
    let (sunday, friday) = (night("2025-06-29"), night("2025-06-27"));
    assert_eq!((sunday["date"].as_str(), &sunday["date"]), (Some("2025-06-27"), &friday["date"]));
    assert_eq!(sunday["result_digest"], friday["result_digest"]);
    let late = room.run_to(12, &["night-ops", "-q", "--as-of", "2031-01-05"]);
    assert!(late.stderr.contains("2031-01-05") && late.stderr.contains("hint: "), "{}", late.stderr);
}

fn cut_at(mut data: MarketData, last: Date) -> MarketData {
    data.daily.retain(|bar| bar.date <= last);
    data.index.retain(|bar| bar.date <= last);
    data.actions.retain(|action| action.ex_date <= last);
    data.securities.retain(|event| event.date <= last);
    data.minute.clear();
    data
}

#[test]
fn json_of_a_night_is_the_report() {
    let room = Room::nighted();
    let printed = room.run_to(0, &["night-ops", "--mode", "data", "--json"]).json();
    let date = printed["date"].as_str().expect("a date").replace('-', "");
    let written: serde_json::Value =
        serde_json::from_str(&room.read(&format!("reports/night_ops_{date}.json"))).expect("JSON");
    assert_eq!(printed, written);
}
