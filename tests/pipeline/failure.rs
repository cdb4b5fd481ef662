//! Nights that fail: every place that a person would look at shows it, and the way back is short.

use lighthunter::{config::write_pointer, store::StageStatus};
use serde_json::Value;

use crate::room::Room;

const CONFIG: &str = "config/system_config.json";
const EXPERIMENTS: &str = "experiments/experiments.jsonl";

fn errors_total(room: &Room) -> u64 {
    let line = room.lines("logs/monitor/metrics.jsonl").pop().expect("a metrics line");
    serde_json::from_str::<Value>(&line).expect("JSON")["errors_total"].as_u64().expect("a count")
}

fn log_errors(room: &Room) -> Vec<String> {
    room.lines("logs/ops/night_ops.log").into_iter().filter(|line| line.contains("\"ERROR\"")).collect()
}

#[test]
fn scenario_a_is_seen_everywhere_and_undone_without_trace() {
    let room = Room::nighted();
    let (right, experiments, errors) = (room.result(), room.lines(EXPERIMENTS), errors_total(&room));
    let config = room.read(CONFIG);
    let path = "data/__invalid_path__/a.duckdb";
    write_pointer(&room.path(CONFIG), "/storage/ts/duckdb_path", &path.into()).expect("written");

    let failed = room.run_to(13, &["night-ops", "--json"]);
    let error = &failed.json()["error"];
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("storage.ts.duckdb_path") && message.contains("__invalid_path__"), "{message}");
    assert_eq!((error["class"].as_u64(), error["report"]["exit"].as_u64()), (Some(13), Some(13)));
    let report = room.report();
    assert_eq!((report.success, report.exit, report.error.as_deref()), (false, 13, Some(message)));
    assert_eq!(report.steps[0].status, StageStatus::Failed);
    assert!(report.steps[1..].iter().all(|step| step.status == StageStatus::Skipped && !step.reason.is_empty()));
    let logged = log_errors(&room);
    assert!(logged.len() == 1 && logged[0].contains("__invalid_path__"), "{logged:?}");
    assert_eq!(errors_total(&room), errors + 1);
    assert_eq!(room.lines(EXPERIMENTS), experiments);
    assert!(!room.path("data/__invalid_path__").exists());

    room.write(CONFIG, config);
    room.assert_clean();
    room.run_to(0, &["night-ops", "-q"]);
    assert_eq!(room.result(), right);
    assert_eq!(errors_total(&room), errors + 1);
}

#[test]
fn resume_goes_on_from_the_last_good_stage() {
    let right = Room::nighted().result();
    let room = Room::fresh();
    // A file where the job's directory should be: training cannot save its model.
    room.write("models/ultrashort_main", "in the way");
    room.run_to(13, &["night-ops", "-q"]);
    let failed = room.report();
    let status = |name: &str| failed.steps.iter().find(|step| step.name.name() == name).map(|step| step.status);
    assert_eq!((status("dataset"), status("train")), (Some(StageStatus::Done), Some(StageStatus::Failed)));
    let experiments = room.run_to(0, &["experiments", "list", "--json"]).json();
    assert_eq!(
        (experiments[0]["status"].as_str(), experiments[0]["error"]["class"].as_u64()),
        (Some("failed"), Some(13))
    );

    std::fs::remove_file(room.path("models/ultrashort_main")).expect("removed");
    room.run_to(0, &["night-ops", "-q", "--resume"]);
    let resumed = room.report();
    assert_eq!(resumed.run_id, failed.run_id);
    for step in &resumed.steps {
        let redone = ["selfcheck", "collect", "train", "backtest", "record"].contains(&step.name.name());
        assert_eq!(step.status, if redone { StageStatus::Done } else { StageStatus::Skipped }, "{}", step.name);
        if !redone {
            assert!(step.reason.starts_with("done before the interruption"), "{}", &*step.reason);
        }
    }
    assert_eq!(room.result(), right);
    room.assert_clean();
}

#[test]
fn resume_after_a_change_of_config_starts_anew() {
    let right = Room::nighted().result();
    let room = Room::fresh();
    room.write("models/ultrashort_main", "in the way");
    room.run_to(13, &["night-ops", "-q", "--set", "alpha.gate.min_rank_ic=0.49"]);
    std::fs::remove_file(room.path("models/ultrashort_main")).expect("removed");
    let failed = room.report();
    assert_eq!(failed.overrides, ["alpha.gate.min_rank_ic=0.49"]);
    room.run_to(0, &["night-ops", "-q", "--resume"]);
    let report = room.report();
    assert_ne!(report.run_id, failed.run_id);
    assert!(report.steps.iter().all(|step| step.status == StageStatus::Done));
    assert_eq!(room.result(), right);
}

#[test]
fn candidate_that_its_gate_refuses_is_backtested_but_not_in_force() {
    let room = Room::fresh();
    room.run_to(0, &["night-ops", "-q", "--set", "alpha.gate.min_rank_ic=0.49"]);
    let job = &room.report().train_jobs[0];
    let promotion = job.promotion.as_deref().expect("a word of the gate");
    assert!(promotion.contains("refused by its gate") && promotion.contains("no model is in force"), "{promotion}");
    assert!(job.backtest_run_id.is_some());
    assert!(!room.path("models/ultrashort_main/current").exists());
}

#[test]
fn dates_that_have_not_ended_or_that_the_bars_do_not_reach_are_refused() {
    let room = Room::nighted();
    let before = room.read("experiments/experiments.jsonl");
    for (as_of, words) in [("2999-01-04", "2026-12-31"), ("2025-12-31", "the daily bars end on 2025-06-30")] {
        let failed = room.run_to(12, &["night-ops", "-q", "--as-of", as_of]);
        assert!(failed.stderr.contains(words), "{as_of}: {}", failed.stderr);
    }
    assert_eq!(room.read("experiments/experiments.jsonl"), before);
}

#[test]
fn a_model_that_has_seen_later_days_is_neither_traded_nor_replaced() {
    let room = Room::nighted();
    let current = std::fs::read_link(room.path("models/ultrashort_main/current")).expect("a model in force");
    let failed = room.run_to(12, &["night-ops", "-q", "--mode", "backtest", "--as-of", "2025-05-30"]);
    assert!(failed.stderr.contains("it has seen the future of that day"), "{}", failed.stderr);
    let newest = room.lines(EXPERIMENTS).pop().expect("a line");
    assert!(newest.contains("\"status\":\"failed\"") && newest.contains("\"kind\":\"backtest\""), "{newest}");
    room.run_to(0, &["night-ops", "-q", "--as-of", "2025-05-30"]);
    assert_eq!(std::fs::read_link(room.path("models/ultrashort_main/current")).expect("still one"), current);
}

#[test]
fn a_backtest_on_seen_sessions_is_no_test() {
    let room = Room::nighted();
    let split = ["train_share=0.8", "valid_share=0.199", "test_share=0.001"].map(|set| format!("research.split.{set}"));
    let sets: Vec<&str> = split.iter().flat_map(|set| ["--set", set]).collect();
    let all = [&["night-ops", "--set", "alpha.gate.min_rows=10"], sets.as_slice()].concat();
    let failed = room.run_to(20, &all);
    assert!(failed.stderr.contains("training and validation have seen them all"), "{}", failed.stderr);
}

#[test]
fn lost_data_can_be_imported_again() {
    let room = Room::nighted();
    let right = room.result();
    std::fs::remove_dir_all(room.path("data/parquet/daily")).expect("removed");
    std::fs::remove_file(room.path("data/lighthunter.duckdb")).expect("removed");
    let failed = room.run_to(14, &["night-ops", "-q"]);
    assert!(failed.stderr.contains("no store holds it any more"), "{}", failed.stderr);
    room.run_to(0, &["night-ops", "-q"]);
    assert_eq!(room.result(), right);
}

#[test]
fn other_bars_make_another_run_of_a_resume() {
    let room = Room::fresh();
    room.write("models/ultrashort_main", "in the way");
    room.run_to(13, &["night-ops", "-q"]);
    let failed = room.report();
    std::fs::remove_file(room.path("models/ultrashort_main")).expect("removed");
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    let row = "2025-06-27,600999.SH,10,10.5,9.9,10.2,1000,10200,10,1,0,test";
    room.write("more/daily.csv", format!("{header}\n{row}\n"));
    room.run_to(0, &["data", "import", &room.path("more").display().to_string()]);
    room.run_to(0, &["night-ops", "-q", "--resume"]);
    let report = room.report();
    assert_ne!((&report.run_id, report.input_digest), (&failed.run_id, failed.input_digest));
}
