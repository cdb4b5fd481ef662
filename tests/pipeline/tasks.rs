//! The three tasks of `config/label_spec.json`, each learned and traded through the executable.

use serde_json::Value;

use crate::room::Room;

/// The tasks with the label that each learns and the sessions that it reads.
const TASKS: [(&str, &str, u64); 3] = [
    ("ultrashort_t1_direction", "ULTRA_T1_DIR_3C", 1),
    ("ultrashort_t1_regression", "ULTRA_T1_RET_C2C", 1),
    ("ultrashort_t3_swing", "ULTRA_T3_OUTCOME_5C", 3),
];

#[test]
fn every_task_gives_a_model_and_a_backtest_with_its_figures() {
    for (task, label, horizon) in TASKS {
        let room = Room::fresh();
        let set = format!("research.jobs.ultrashort_main.task={task}");
        room.run_to(0, &["night-ops", "-q", "--set", &set]);
        let models = room.run_to(0, &["models", "list", "--json"]).json();
        assert_eq!(models.as_array().map(Vec::len), Some(1), "{task}: {models}");
        let report = room.run_to(0, &["backtest", "-q", "--retrain", "--json", "--set", &set]).json();
        check(&room, task, &report);
        let prediction = &report["figures"]["prediction"];
        assert_eq!((prediction["label"].as_str(), prediction["horizon"].as_u64()), (Some(label), Some(horizon)));
        room.assert_clean();
    }
}

fn check(room: &Room, task: &str, report: &Value) {
    assert!(report["trades"].as_u64().is_some_and(|trades| trades > 0), "{task} traded nothing");
    let (metrics, figures) = (&report["metrics"], &report["figures"]);
    for name in ["bt_ret_total", "bt_sharpe", "ic", "rank_ic", "icir", "hit_rate"] {
        assert!(metrics[name].is_f64(), "{task}: {name} of {metrics}");
    }
    let growth = |parts: &Value| {
        let totals = parts.as_array().expect("a list").iter().map(|part| part["total"].as_f64().expect("a total"));
        totals.fold(1.0, |wealth, total| wealth * (1.0 + total)) - 1.0
    };
    let total = metrics["bt_ret_total"].as_f64().expect("a number");
    for parts in ["years", "months"] {
        assert!((growth(&figures[parts]) - total).abs() < 1e-9, "{task}: {parts} do not compound to the whole");
    }
    let prediction = &figures["prediction"];
    assert_eq!(prediction["ic"]["mean"], metrics["ic"], "{task}");
    assert_eq!(prediction["quantile_returns"].as_array().map(Vec::len), Some(5), "{task}");
    let id = report["run"]["run_id"].as_str().expect("an id");
    let page = room.read(&format!("reports/{id}.html"));
    for words in ["Returns by year", "Returns by month", "IC by month", "by fifth of the scores", "Turnover and costs"]
    {
        assert!(page.contains(words), "{task}: the page has no '{words}'");
    }
    let written: Value = serde_json::from_str(&room.read(&format!("reports/{id}.json"))).expect("JSON");
    assert_eq!(&written, report, "{task}: the file and --json differ");
}
