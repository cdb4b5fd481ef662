//! Models as a person handles them: trained by either learner, chosen against the gate, taken back, pinned.

use std::fs;

use serde_json::Value;

use crate::room::Room;

/// Returns the id of the model in force.
fn current(room: &Room) -> String {
    let models = room.run_to(0, &["models", "current", "--json"]).json();
    models[0]["id"].as_str().expect("a model in force").to_owned()
}

/// Trains boosted trees that the gate refuses; returns their id.
fn refused_trees(room: &Room) -> String {
    let mut train = vec!["night-ops", "-q", "--mode", "train"];
    for set in ["research.learner.kind=boosted_trees", "research.learner.rounds=10", "alpha.gate.min_ic=0.9"] {
        train.extend(["--set", set]);
    }
    room.run_to(0, &train);
    let models = room.run_to(0, &["models", "list", "--json"]).json();
    let refused = |model: &&Value| model["gate_passed"].as_bool() == Some(false);
    let model = models.as_array().expect("models").iter().find(refused).expect("a refused model");
    assert_eq!((model["learner"].as_str(), model["current"].as_bool()), (Some("boosted_trees"), Some(false)));
    model["id"].as_str().expect("an id").to_owned()
}

#[test]
fn person_overrules_the_gate_and_goes_back() {
    let room = Room::nighted();
    let first = current(&room);
    let trees = refused_trees(&room);
    assert_eq!(current(&room), first, "the gate kept the old model");

    let change = room.run_to(0, &["models", "use", &trees, "--reason", "to see it trade", "--json"]).json();
    assert_eq!((change["model"].as_str(), change["previous"].as_str()), (Some(&*trees), Some(&*first)));
    assert!(change["overruled"][0].as_str().is_some_and(|reason| reason.contains("below the floor")), "{change}");
    assert_eq!(current(&room), trees);
    let history = room.lines("models/ultrashort_main/history.jsonl");
    let last = history.last().expect("recorded");
    assert!(last.contains("to see it trade") && last.contains("below the floor") && last.contains("\"use\""), "{last}");
    room.run_to(0, &["night-ops", "-q", "--mode", "backtest"]);

    let said = room.run_to(0, &["models", "previous"]).stdout;
    assert!(said.contains(&format!("ultrashort_main/{first} is in force, after {trees}")), "{said}");
    assert_eq!(current(&room), first);
    room.refused(10, &["models", "previous"], &[&format!("before {first}"), "models list"]);
    let pin = format!("alpha.model_id={trees}");
    let again = room.run_to(0, &["models", "use", &format!("ultrashort_main/{first}"), "--set", &pin]);
    assert!(again.stderr.contains(&format!("pins {trees}")), "{}", again.stderr);
    room.run_to(0, &["models", "verify", "-q"]);
    room.assert_clean();
}

#[test]
fn model_that_is_not_there_not_whole_or_of_another_set_is_not_put_in_force() {
    let room = Room::nighted();
    let first = current(&room);
    let trees = refused_trees(&room);
    room.refused(10, &["models", "use", "20200101_nothing"], &["does not exist", "models list"]);
    room.refused(10, &["models", "use", "../../etc"], &["is not a model id"]);
    room.refused(2, &["models", "use", &format!("a/{trees}"), "--job", "b"], &["another job", "--job"]);
    let spec = room.path("config/factor_spec.json");
    let factors = fs::read_to_string(&spec).expect("readable");
    lighthunter::durable::replace(&spec, factors.replacen("\"F_gap_open\",", "", 1)).expect("written");
    room.refused(10, &["models", "use", &trees], &["the model needs the feature 'F_gap_open'"]);
    lighthunter::durable::replace(&spec, &factors).expect("written");
    let model = room.path(&format!("models/ultrashort_main/{trees}/model.json"));
    let good = fs::read(&model).expect("readable");
    lighthunter::durable::replace(&model, &good[..good.len() / 2]).expect("cut");
    room.refused(14, &["models", "use", &trees], &["model.json is corrupt", "SHA-256"]);
    assert_eq!(current(&room), first);
    assert_eq!(room.lines("models/ultrashort_main/history.jsonl").len(), 1, "only what was done is recorded");
}
