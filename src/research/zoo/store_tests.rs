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
    model::{Learner, MODEL_VERSION, Model, Scaling, Schema},
    research::{
        ResearchError,
        factor::Window,
        zoo::{Features, Gate, Judgement, MANIFEST, Snapshot, verify},
    },
    seed::Seed,
};

const JOB: &str = "ultrashort_main";

fn snapshot(id: &str) -> Snapshot {
    let feature =
        Scaling { name: "F_gap_open".into(), lower: -0.1, upper: 0.1, mean: 1.0 / 3.0e3, deviation: 0.1 + 0.2 };
    let model = Model {
        version: MODEL_VERSION,
        learner: Learner::default(),
        label: "R1".into(),
        rows: 100,
        intercept: 1e-300,
        coefficients: vec![2.0 / 3.0],
        features: Schema { features: vec![feature] },
    };
    let window = Window { lookback: 5, big_down: -0.05 };
    Snapshot {
        job: JOB.into(),
        id: id.into(),
        model,
        features: Features { names: vec!["F_gap_open".into()], window, dropped: vec![] },
        judgement: Judgement {
            as_of: jiff::civil::date(2020, 12, 31),
            metrics: BTreeMap::from([("ic".into(), Some(0.1 + 0.2)), ("icir".into(), None)]),
            gate: Gate { passed: true, reasons: vec![] },
            dataset_digest: Digest::of("rows"),
            seed: Seed(7),
        },
    }
}

/// A zoo with three models, the second in force.
fn zoo() -> (tempfile::TempDir, ModelZoo) {
    let room = tempfile::tempdir().expect("a directory");
    let zoo = ModelZoo::at(room.path().join("models"));
    for id in ["20201229_a", "20201230_b", "20201231_c"] {
        zoo.publish(&snapshot(id)).expect("published");
    }
    zoo.promote(JOB, "20201230_b").expect("promoted");
    (room, zoo)
}

fn at(zoo: &ModelZoo, path: &str) -> PathBuf {
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
fn promotion_moves_the_link_and_knows_what_was_before() {
    let (_room, zoo) = zoo();
    assert_eq!(zoo.previous(JOB).expect("there"), "20201229_a");
    let promotion = zoo.promote(JOB, "20201231_c").expect("promoted");
    assert_eq!(promotion.previous.as_deref(), Some("20201230_b"));
    assert_eq!(zoo.current(JOB).expect("sound").as_deref(), Some("20201231_c"));
    assert_eq!(zoo.previous(JOB).expect("there"), "20201230_b");
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
    let draft = at(&zoo, ".20210104_d.draft");
    fs::create_dir(&draft).expect("made");
    durable::replace(&draft.join("model.json"), "half").expect("written");
    assert_eq!(zoo.list(JOB).expect("listed").len(), 3);
    zoo.publish(&snapshot("20210104_d")).expect("the leftover is not in the way");
    assert!(!draft.exists());
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
        zoo.promote(JOB, "20201230_b").expect("a promotion mends the link");
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
fn absent_jobs_models_and_bad_names_are_config_errors() {
    let (_room, zoo) = zoo();
    let errors = [
        zoo.load_current("nobody").expect_err("no job"),
        zoo.load(JOB, "20201230_x").expect_err("no model"),
        zoo.load("../models", "20201230_b").expect_err("a path"),
        zoo.load(JOB, "..").expect_err("a path"),
        zoo.promote(JOB, "../x").expect_err("a path"),
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
    let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
    let manifest = fs::read_to_string(directory.join(MANIFEST)).expect("readable");
    let manifest = manifest.replace(&Digest::of(&text).to_string(), &Digest::of(&newer).to_string());
    durable::replace(&directory.join("model.json"), newer).expect("written");
    durable::replace(&directory.join(MANIFEST), manifest).expect("written");
    let error = verify(&directory).expect_err("another version");
    assert_eq!(error.exit(), Exit::Config, "{error}");
    assert_eq!(error.remedy().as_deref(), Some("Train the model again."));
}
