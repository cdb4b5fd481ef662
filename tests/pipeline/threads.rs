//! One result on any number of threads, and another by another seed where a learner draws.

use crate::room::Room;

/// The ordinary job on alpha158 with boosted trees that draw rows and columns.
const TREES: [&str; 6] = [
    "research.jobs.ultrashort_main.factor_set=alpha158",
    "research.learner.kind=boosted_trees",
    "research.learner.rounds=15",
    "research.learner.subsample=0.7",
    "research.learner.column_subsample=0.5",
    "alpha.gate.min_ic=-1",
];

/// Cells by both learners.
const MATRIX: &str = "defaults: {}
experiments:
  - { id: line, name: Line, tags: [], set: {} }
  - { id: trees, name: Trees, tags: [], set: { research.learner.kind: boosted_trees, research.learner.rounds: 15 } }
sweeps: []
";

/// Returns the command with settings, and the digest of what it gives on so many threads.
fn digest(room: &Room, command: &[&str], sets: &[&str], threads: &str) -> String {
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let arguments = [command, &["--json", "--threads", threads], &sets].concat();
    let document = room.run_to(0, &arguments).json();
    let found = ["result_digest", "digest"].iter().find_map(|name| document[name].as_str());
    found.unwrap_or_else(|| panic!("{arguments:?} gives no digest: {document}")).to_owned()
}

#[test]
fn one_and_two_threads_give_one_result_and_another_seed_another() {
    let room = Room::nighted();
    let commands: [&[&str]; 3] =
        [&["night-ops"], &["backtest", "--retrain"], &["walk-forward", "--set", "research.walk_forward.train_days=60"]];
    for command in commands {
        for (sets, draws) in [(&[] as &[&str], false), (&TREES, true)] {
            let one = digest(&room, command, sets, "1");
            assert_eq!(digest(&room, command, sets, "2"), one, "{command:?} {sets:?}");
            assert_eq!(digest(&room, command, sets, "1"), one, "{command:?} {sets:?} again");
            if draws {
                let other = digest(&room, command, &[sets, &["seed=99"]].concat(), "2");
                assert_ne!(other, one, "{command:?}: another seed draws other rows");
            }
        }
    }
    room.assert_clean();
}

#[test]
fn matrix_gives_the_same_cells_on_one_and_two_threads() {
    let room = Room::nighted();
    room.write("config/experiment_matrix.yaml", MATRIX);
    let cells = |threads: &str| {
        let run = ["experiments", "run-matrix", "--json", "--threads", threads];
        let document = room.run_to(0, &run).json();
        let cells = document["cells"].as_array().expect("cells").clone();
        assert_eq!(cells.len(), 2);
        cells.iter().map(|cell| cell["result_digest"].as_str().expect("a digest").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(cells("1"), cells("2"));
}

#[test]
fn number_of_threads_is_checked() {
    let room = Room::fresh();
    for threads in ["0", "257", "many"] {
        room.refused(2, &["night-ops", "--threads", threads], &["--threads"]);
    }
}
