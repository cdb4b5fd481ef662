//! The experiment matrix from outside: each cell an experiment, one failure stops no other, what is
//! done is kept.

use serde_json::Value;

use crate::room::Room;

const MATRIX: &str = "defaults: {}
experiments:
  - id: base
    name: \"As shipped\"
    tags: [keep]
    set: {}
  - id: constant
    name: \"A penalty that leaves nothing to learn\"
    tags: [odd]
    set: { research.learner.penalty: 10.0 }
sweeps:
  - id: penalty
    base_experiment: base
    vary: { research.learner.penalty: [0.01, 0.03] }
";

fn cells(report: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |cell: &Value, key: &str| cell[key].as_str().map(str::to_owned);
    let cells = report["cells"].as_array().expect("cells").iter();
    cells
        .map(|cell| (text(cell, "id").expect("id"), text(cell, "status").expect("status"), text(cell, "result_digest")))
        .collect()
}

#[test]
fn failed_cell_is_recorded_as_failed_and_stops_no_other() {
    let room = Room::nighted();
    let night = room.lines("experiments/experiments.jsonl").len();
    room.write("config/experiment_matrix.yaml", MATRIX);
    room.run_to(0, &["experiments", "run-matrix", "--dry-run", "-q"]);
    assert_eq!(room.lines("experiments/experiments.jsonl").len(), night, "a dry run runs nothing");

    let run = room.run_to(12, &["experiments", "run-matrix", "--json", "--jobs", "2"]).json();
    let first = cells(&run["error"]["report"]);
    let statuses: Vec<&str> = first.iter().map(|(_, status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["done", "failed", "done", "done"]);
    let lines = room.lines("experiments/experiments.jsonl");
    let recorded: Vec<Value> = lines[night..].iter().map(|line| serde_json::from_str(line).expect("json")).collect();
    let count = |status: &str| recorded.iter().filter(|one| one["status"].as_str() == Some(status)).count();
    assert_eq!((count("success"), count("failed")), (3, 1));
    assert!(recorded.iter().all(|one| one["kind"].as_str() == Some("matrix")));
    // The night trained and traded the shipped settings too: the same numbers from the same pipeline.
    let of_night: Value = serde_json::from_str(&lines[night - 1]).expect("json");
    let base = recorded.iter().find(|one| one["params"]["experiment"].as_str() == Some("base")).expect("recorded");
    assert_eq!(base["metrics"]["bt_ret_total"], of_night["metrics"]["bt_ret_total"]);

    let resumed = room.run_to(12, &["experiments", "run-matrix", "--json", "--jobs", "1", "--resume"]).json();
    let second = cells(&resumed["error"]["report"]);
    let statuses: Vec<&str> = second.iter().map(|(_, status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["skipped", "failed", "skipped", "skipped"]);
    let one = room.run_to(0, &["experiments", "run-matrix", "--json", "--jobs", "1", "--only", "base,penalty"]).json();
    let digests = |cells: &[(String, String, Option<String>)]| -> Vec<Option<String>> {
        cells.iter().filter(|(id, ..)| id != "constant").map(|(_, _, digest)| digest.clone()).collect()
    };
    assert_eq!(digests(&cells(&one)), digests(&first), "one thread or two");

    let ids = recorded.iter().filter(|one| one["status"].as_str() == Some("success"));
    let ids: Vec<&str> = ids.map(|one| one["id"].as_str().expect("an id")).collect();
    let compared = room.run_to(0, &["experiments", "compare", ids[0], ids[1], "--json"]).json();
    assert_eq!(compared["experiments"].as_array().map(Vec::len), Some(2));
    assert!(compared["differences"]["params.learner.penalty"].is_array(), "{compared}");
    room.run_to(2, &["experiments", "compare", ids[0], "none"]);
}

#[test]
fn matrix_mistakes_name_file_and_line() {
    let room = Room::nighted();
    let refused = |from: &str, to: &str, expected: &str| {
        room.write("config/experiment_matrix.yaml", MATRIX.replace(from, to));
        let run = room.run_to(10, &["experiments", "run-matrix", "-q"]);
        assert!(run.stderr.contains(expected), "expected {expected}: {}", run.stderr);
    };
    refused("penalty: 10.0", "penalty: -1", "config/experiment_matrix.yaml:10: constant sets research.learner.penalty");
    refused("[0.01, 0.03]", "[0.01, x]", "config/experiment_matrix.yaml:14: penalty__base__2 sets research");
    refused("set: {}", "set: { paths.data_dir: x }", "config/experiment_matrix.yaml:6: experiments[0].set: paths");
    refused("learner.penalty: 10", "lerner.penalty: 10", "did you mean research.learner.penalty");
    room.write("config/experiment_matrix.yaml", MATRIX);
    let run = room.run_to(2, &["experiments", "run-matrix", "-q", "--only", "bsae"]);
    assert!(run.stderr.contains("nearest is 'base'"), "{}", run.stderr);
    room.run_to(20, &["experiments", "run-matrix", "-q", "--tag", "none"]);
}
