//! Tests of the model zoo on disk: snapshots, the pointer in force, and damage.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::ModelZoo;
use crate::{
    digest::Digest,
    durable,
    exit::{Exit, Failure},
    model::{BoostedTreesParams, Feature, Form, Learner, MODEL_VERSION, Model, Schema, Step, Tree, TreeNode},
    research::{
        ResearchError,
        dataset::DroppedColumn,
        factor::Window,
        zoo::{Action, Decision, Features, Gate, HISTORY, Judgement, MANIFEST, Snapshot, verify},
    },
    seed::Seed,
};

pub(in crate::research::zoo) const JOB: &str = "ultrashort_main";

pub(in crate::research::zoo) fn snapshot(id: &str) -> Snapshot {
    let steps = vec![Step::Clip { lower: -0.1, upper: 0.1 }, Step::Zscore { mean: 1.0 / 3.0e3, deviation: 0.1 + 0.2 }];
    let feature = Feature { name: "F_gap_open".into(), steps };
    let model = Model {
        version: MODEL_VERSION,
        learner: Learner::default(),
        label: "R1".into(),
        rows: 100,
        features: Schema { features: vec![feature] },
        form: Form::Linear { intercept: 1e-300, coefficients: vec![2.0 / 3.0] },
    };
    let window = Window { lookback: 5, big_down: -0.05 };
    Snapshot {
        job: JOB.into(),
        id: id.into(),
        model,
        features: Features {
            names: vec!["F_gap_open".into()],
            definitions: BTreeMap::from([("F_gap_open".into(), Digest::of("what it means"))]),
            window,
            dropped: vec![],
        },
        judgement: Judgement {
            as_of: jiff::civil::date(2020, 12, 31),
            metrics: BTreeMap::from([("ic".into(), Some(0.1 + 0.2)), ("icir".into(), None)]),
            gate: Gate { passed: true, reasons: vec![] },
            dataset_digest: Digest::of("rows"),
            seed: Seed(7),
        },
    }
}

/// As [`snapshot`], of boosted trees.
fn forest(id: &str) -> Snapshot {
    let mut snapshot = snapshot(id);
    let nodes = vec![TreeNode::Split(0, 0.1 + 0.2, 1, 2, 2), TreeNode::Leaf(-1.0 / 3.0), TreeNode::Leaf(1e-9)];
    snapshot.model.learner = Learner::BoostedTrees(BoostedTreesParams::default());
    snapshot.model.form = Form::Trees { base: 0.1 + 0.2, trees: vec![Tree { nodes }] };
    snapshot
}

/// A decision of the gate.
pub(in crate::research::zoo) fn by_gate() -> Decision {
    decision(Action::Gate)
}

pub(in crate::research::zoo) fn decision(action: Action) -> Decision {
    Decision { action, at: jiff::Timestamp::UNIX_EPOCH, by: "test".into(), reason: Some("because".into()) }
}

/// A zoo with three models, the second in force.
fn zoo() -> (tempfile::TempDir, ModelZoo) {
    let room = tempfile::tempdir().expect("a directory");
    let zoo = ModelZoo::at(room.path().join("models"));
    for id in ["20201229_a", "20201230_b", "20201231_c"] {
        zoo.publish(&snapshot(id)).expect("published");
    }
    zoo.promote(JOB, "20201230_b", &by_gate()).expect("promoted");
    (room, zoo)
}

pub(in crate::research::zoo) fn at(zoo: &ModelZoo, path: &str) -> PathBuf {
    zoo.job_directory(JOB).expect("a job").join(path)
}

#[test]
fn snapshot_reads_back_as_it_was() {
    let (_room, zoo) = zoo();
    assert_eq!(zoo.load_current(JOB).expect("loaded"), snapshot("20201230_b"));
    assert_eq!(zoo.list(JOB).expect("listed"), ["20201229_a", "20201230_b", "20201231_c"]);
    assert_eq!(zoo.jobs().expect("listed"), [JOB]);
    assert_eq!(fs::read_link(at(&zoo, "current")).expect("a link"), Path::new("20201230_b"));
}

#[test]
fn promotion_moves_the_link_and_previous_goes_back_step_by_step() {
    let (_room, zoo) = zoo();
    let promotion = zoo.promote(JOB, "20201231_c", &by_gate()).expect("promoted");
    assert_eq!(promotion.previous.as_deref(), Some("20201230_b"));
    zoo.promote(JOB, "20201229_a", &decision(Action::Use)).expect("promoted");
    for before in ["20201231_c", "20201230_b"] {
        assert_eq!(zoo.previous(JOB).expect("there"), before);
        zoo.promote(JOB, before, &decision(Action::Previous)).expect("promoted");
        assert_eq!(zoo.current(JOB).expect("sound").as_deref(), Some(before));
    }
    let error = zoo.previous(JOB).expect_err("20201229_a was not in force before 20201230_b");
    assert_eq!(error.exit(), Exit::Config, "{error}");
}

#[test]
fn previous_of_a_zoo_without_history_is_the_newest_older_model_that_passed() {
    let (_room, zoo) = zoo();
    let mut refused = snapshot("20201230_z");
    refused.judgement.gate = Gate { passed: false, reasons: vec!["it is bad".into()] };
    zoo.publish(&refused).expect("published");
    zoo.promote(JOB, "20201231_c", &by_gate()).expect("promoted");
    fs::remove_file(at(&zoo, HISTORY)).expect("removed");
    assert_eq!(zoo.previous(JOB).expect("there"), "20201230_b");
}

#[test]
fn decision_against_the_gate_is_recorded_with_who_and_why() {
    let (_room, zoo) = zoo();
    let mut refused = snapshot("20210104_d");
    refused.judgement.gate = Gate { passed: false, reasons: vec!["ic is below".into()] };
    zoo.publish(&refused).expect("published");
    let promotion = zoo.promote(JOB, "20210104_d", &decision(Action::Use)).expect("it may be overruled");
    assert_eq!(promotion.overruled, ["ic is below"]);
    let history = zoo.history(JOB).expect("read");
    let line = history.last().expect("recorded");
    assert_eq!((line.model.as_str(), line.previous.as_deref()), ("20210104_d", Some("20201230_b")));
    assert_eq!((line.by.as_str(), line.reason.as_deref()), ("test", Some("because")));
    assert_eq!((line.action, &line.overruled), (Action::Use, &promotion.overruled));
    assert_eq!(history.len(), 2);
}

#[test]
fn published_model_is_never_overwritten() {
    let (_room, zoo) = zoo();
    let error = zoo.publish(&snapshot("20201230_b")).expect_err("taken");
    assert!(matches!(error, ResearchError::Taken(_)), "{error}");
}

#[test]
fn draft_of_a_killed_run_is_no_model() {
    let (_room, zoo) = zoo();
    // Of a process that had this number before, and of one that no process can have now (the most is 2^22).
    let drafts = [std::process::id(), 2_000_000_000].map(|process| at(&zoo, &format!(".20210104_d.{process}.tmp")));
    for draft in &drafts {
        fs::create_dir(draft).expect("made");
        durable::replace(&draft.join("model.json"), "half").expect("written");
    }
    assert_eq!(zoo.list(JOB).expect("listed").len(), 3);
    zoo.publish(&snapshot("20210104_d")).expect("the leftover is not in the way");
    assert!(!drafts.iter().any(|draft| draft.exists()));
    zoo.load(JOB, "20210104_d").expect("sound");
}

#[test]
fn any_changed_byte_is_found() {
    let (_room, zoo) = zoo();
    for name in ["model.json", "features.json", "metrics.json", MANIFEST] {
        let path = at(&zoo, "20201230_b").join(name);
        let good = fs::read(&path).expect("readable");
        for place in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[place] ^= 1;
            durable::replace(&path, &bad).expect("written");
            match zoo.load_current(JOB) {
                Err(error) => assert_eq!(error.exit(), Exit::Corrupt, "{name} at {place}: {error}"),
                // White space of the manifest may change: nothing that it says does.
                Ok(loaded) => assert!(name == MANIFEST && loaded == snapshot("20201230_b"), "{name} at {place}"),
            }
        }
        durable::replace(&path, &good).expect("written");
    }
    zoo.load_current(JOB).expect("sound again");
}

#[test]
fn each_file_of_a_forest_cut_emptied_or_swapped_is_refused() {
    let (_room, zoo) = zoo();
    let other =
        Snapshot { judgement: Judgement { seed: Seed(8), ..forest("20210105_e").judgement }, ..forest("20210105_e") };
    let mut other = Snapshot { model: Model { rows: 99, ..other.model }, ..other };
    other.features.dropped = vec![DroppedColumn { name: "F_x".into(), reason: "none".into() }];
    zoo.publish(&forest("20210104_d")).expect("published");
    zoo.publish(&other).expect("published");
    zoo.promote(JOB, "20210104_d", &by_gate()).expect("promoted");
    assert_eq!(zoo.load_current(JOB).expect("loaded"), forest("20210104_d"));
    for name in ["model.json", "features.json", "metrics.json", MANIFEST] {
        let path = at(&zoo, "20210104_d").join(name);
        let good = fs::read(&path).expect("readable");
        let swapped = fs::read(at(&zoo, "20210105_e").join(name)).expect("readable");
        assert_ne!(good, swapped, "{name}");
        let damages = [&good[..good.len() / 2], &good[..good.len() - 2], &[], &swapped];
        for (at, damage) in damages.into_iter().enumerate() {
            durable::replace(&path, damage).expect("written");
            let error = zoo.load_current(JOB).expect_err(name);
            assert_eq!(error.exit(), Exit::Corrupt, "{name} {at}: {error}");
            let refused = zoo.promote(JOB, "20210104_d", &decision(Action::Use)).expect_err(name);
            assert_eq!(refused.exit(), Exit::Corrupt, "{name} {at}: {refused}");
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(zoo.load_current(JOB).expect_err(name).exit(), Exit::Corrupt, "{name} missing");
        durable::replace(&path, &good).expect("written");
    }
    zoo.load_current(JOB).expect("sound again");
    assert_eq!(zoo.history(JOB).expect("read").len(), 2, "a refused choice leaves no line");
}

/// Changes a model's features, and the manifest with it.
fn rewrite_features(directory: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(directory.join("features.json")).expect("readable");
    let other = change(&text);
    assert_ne!(text, other);
    let manifest = fs::read_to_string(directory.join(MANIFEST)).expect("readable");
    let manifest = manifest.replace(&Digest::of(&text).to_string(), &Digest::of(&other).to_string());
    durable::replace(&directory.join("features.json"), other).expect("written");
    durable::replace(&directory.join(MANIFEST), manifest).expect("written");
}

#[test]
fn features_of_another_set_under_a_matching_hash_are_refused() {
    let (_room, zoo) = zoo();
    let directory = at(&zoo, "20201230_b");
    rewrite_features(&directory, |text| text.replace("F_gap_open", "F_other"));
    let error = zoo.load_current(JOB).expect_err("another feature set");
    assert_eq!(error.exit(), Exit::Corrupt);
    assert!(error.to_string().contains("not those of model.json"), "{error}");
}

#[test]
fn model_of_an_older_program_without_definitions_asks_for_training() {
    let (_room, zoo) = zoo();
    let definitions = |text: &str| {
        let mut features: serde_json::Value = serde_json::from_str(text).expect("JSON");
        features.as_object_mut().and_then(|entries| entries.remove("definitions")).expect("they were there");
        features.to_string()
    };
    rewrite_features(&at(&zoo, "20201230_b"), definitions);
    let error = zoo.load_current(JOB).expect_err("nobody knows what its factors mean");
    assert_eq!(error.exit(), Exit::Config, "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("Train again")), "{error}");
    rewrite_features(&at(&zoo, "20201231_c"), |text| text.replacen("F_gap_open\":", "F_other\":", 1));
    let error = zoo.load(JOB, "20201231_c").expect_err("definitions of other factors");
    assert!(error.to_string().contains("does not define exactly its factors"), "{error}");
}

#[test]
fn factors_that_changed_under_their_names_are_named() {
    let model = snapshot("20201230_b");
    let window = model.features.window;
    let known = model.features.definitions.clone();
    model.check_factors(window, &known).expect("the same");
    let mut more = known.clone();
    more.insert("F_new".into(), Digest::of("new"));
    model.check_factors(window, &more).expect("a set may grow");
    let edited = BTreeMap::from([("F_gap_open".to_owned(), Digest::of("something else"))]);
    let cases = [
        (window, edited, "model '20201230_b' was made with another definition of F_gap_open"),
        (window, BTreeMap::new(), "needs the feature 'F_gap_open'"),
        (Window { lookback: 6, ..window }, known, "made with lookback 5"),
    ];
    for (window, definitions, words) in cases {
        let error = model.check_factors(window, &definitions).expect_err(words);
        assert_eq!(error.exit(), Exit::Config, "{error}");
        assert!(error.to_string().contains(words) && error.remedy().is_some(), "{error}");
    }
}

#[test]
fn missing_added_or_moved_files_are_found() {
    type Damage = fn(&ModelZoo);
    let cases: [(&str, Damage); 6] = [
        ("is missing", |zoo| fs::remove_file(at(zoo, "20201230_b/model.json")).expect("removed")),
        ("is missing", |zoo| fs::remove_file(at(zoo, "20201230_b/MANIFEST.json")).expect("removed")),
        ("does not name it", |zoo| durable::replace(&at(zoo, "20201230_b/extra.bin"), "x").expect("written")),
        ("it is of ultrashort_main/20201231_c", |zoo| {
            fs::remove_dir_all(at(zoo, "20201230_b")).expect("removed");
            durable::publish_directory(&at(zoo, "20201231_c"), &at(zoo, "20201230_b")).expect("moved");
        }),
        ("not a plain file", |zoo| {
            fs::remove_file(at(zoo, "20201230_b/model.json")).expect("removed");
            durable::point(&at(zoo, "20201230_b/model.json"), Path::new("../20201231_c/model.json")).expect("linked");
        }),
        ("is not there", |zoo| fs::remove_dir_all(at(zoo, "20201230_b")).expect("removed")),
    ];
    for (text, damage) in cases {
        let (_room, zoo) = zoo();
        damage(&zoo);
        let error = zoo.load_current(JOB).expect_err(text);
        assert_eq!(error.exit(), Exit::Corrupt, "{error}");
        assert!(error.to_string().contains(text), "{text}: {error}");
    }
}

#[test]
fn current_that_leaves_the_job_is_corrupt() {
    for target in ["../other/20201230_b", "/etc", "..", ".", "20201230_b/../../x", "no_such", "UPPER"] {
        let (_room, zoo) = zoo();
        durable::point(&at(&zoo, "current"), Path::new(target)).expect("linked");
        assert_eq!(zoo.load_current(JOB).expect_err(target).exit(), Exit::Corrupt, "{target}");
        zoo.promote(JOB, "20201230_b", &by_gate()).expect("a promotion mends the link");
        zoo.load_current(JOB).expect("sound again");
    }
    let (room, zoo) = zoo();
    let outside = room.path().join("outside");
    fs::create_dir(&outside).expect("made");
    durable::point(&at(&zoo, "20210104_link"), &outside).expect("linked");
    durable::point(&at(&zoo, "current"), Path::new("20210104_link")).expect("linked");
    assert_eq!(zoo.load_current(JOB).expect_err("a link out of the zoo").exit(), Exit::Corrupt);
    assert_eq!(zoo.list(JOB).expect("listed").len(), 3, "a link is no model");
    fs::remove_file(at(&zoo, "current")).expect("removed");
    durable::replace(&at(&zoo, "current"), "20201230_b").expect("written");
    assert_eq!(zoo.load_current(JOB).expect_err("a file").exit(), Exit::Corrupt);
}

#[test]
fn directory_in_place_of_the_link_is_corrupt_moved_aside_and_keeps_its_files() {
    let (_room, zoo) = zoo();
    for number in 1..3 {
        fs::remove_file(at(&zoo, "current")).expect("removed");
        fs::create_dir(at(&zoo, "current")).expect("made");
        durable::replace(&at(&zoo, "current/mine.txt"), "mine").expect("written");
        let error = zoo.load_current(JOB).expect_err("a directory");
        assert!(error.exit() == Exit::Corrupt && error.to_string().contains("not a symbolic link"), "{error}");
        zoo.promote(JOB, "20201230_b", &by_gate()).expect("a promotion mends the link");
        assert_eq!(zoo.current(JOB).expect("sound").as_deref(), Some("20201230_b"));
        assert!(at(&zoo, &format!(".current.displaced-{number}/mine.txt")).exists());
    }
    assert_eq!(zoo.list(JOB).expect("listed").len(), 3, "what is moved aside is no model");
}

#[test]
fn previous_of_a_broken_link_is_the_last_model_that_was_in_force_and_is_there() {
    let (_room, zoo) = zoo();
    for id in ["20201229_a", "20201231_c", "20201230_b"] {
        zoo.promote(JOB, id, &by_gate()).expect("promoted");
    }
    durable::point(&at(&zoo, "current"), Path::new("no_such")).expect("linked");
    assert_eq!(zoo.previous(JOB).expect("there"), "20201230_b");
    fs::remove_dir_all(at(&zoo, "20201230_b")).expect("removed");
    assert_eq!(zoo.previous(JOB).expect("there"), "20201231_c");
    for id in ["20201229_a", "20201231_c"] {
        fs::remove_dir_all(at(&zoo, id)).expect("removed");
    }
    assert_eq!(zoo.previous(JOB).expect_err("none is left").exit(), Exit::Corrupt);
}

#[test]
fn absent_jobs_models_and_bad_names_are_config_errors() {
    let (_room, zoo) = zoo();
    let errors = [
        zoo.load_current("nobody").expect_err("no job"),
        zoo.load(JOB, "20201230_x").expect_err("no model"),
        zoo.load("../models", "20201230_b").expect_err("a path"),
        zoo.load(JOB, "..").expect_err("a path"),
        zoo.promote(JOB, "../x", &by_gate()).expect_err("a path"),
    ];
    for error in errors {
        assert_eq!(error.exit(), Exit::Config, "{error}");
        assert!(error.remedy().is_some());
    }
    assert!(zoo.list("nobody").expect("listed").is_empty());
    assert_eq!(zoo.current(JOB).expect("sound").as_deref(), Some("20201230_b"));
}

#[test]
fn model_of_another_version_asks_for_training() {
    let (_room, zoo) = zoo();
    let directory = at(&zoo, "20201230_b");
    let text = fs::read_to_string(directory.join("model.json")).expect("readable");
    let newer = text.replacen("\"version\": 2", "\"version\": 3", 1);
    let manifest = fs::read_to_string(directory.join(MANIFEST)).expect("readable");
    let manifest = manifest.replace(&Digest::of(&text).to_string(), &Digest::of(&newer).to_string());
    durable::replace(&directory.join("model.json"), newer).expect("written");
    durable::replace(&directory.join(MANIFEST), manifest).expect("written");
    let error = verify(&directory).expect_err("another version");
    assert_eq!(error.exit(), Exit::Config, "{error}");
    assert_eq!(error.remedy().as_deref(), Some("Train the model again."));
}
