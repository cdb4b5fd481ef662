//! The model in force: gone, damaged, of other factors, refused or worse by now.

use std::fs;

use super::room::{Room, assert_only, room_name};
use crate::{
    ops::day_ops::{CheckName, Grade},
    research::zoo::Gate,
};

#[test]
fn missing_and_damaged_models_are_seen() {
    let unseen = [
        (CheckName::Model, Grade::Fail),
        (CheckName::ModelDefinitions, Grade::Warning),
        (CheckName::ModelQuality, Grade::Warning),
    ];
    let room = Room::nighted();
    let job = room.root.join("models/ultrashort_main");
    let model = job.join(fs::read_link(job.join("current")).expect("a link")).join("model.json");
    room.write(&room_name(&room, &model), |text| text.replace("0.", "1."));
    assert_only(&room.morning(&[]), &unseen, "SHA-256");
    fs::remove_file(job.join("current")).expect("removed");
    assert_only(&room.morning(&[]), &unseen, "no current model");
}

#[test]
fn model_of_other_definitions_is_seen() {
    let room = Room::nighted();
    let other = [("research.jobs.ultrashort_main.task", "ultrashort_t3_swing")];
    assert_only(&room.morning(&other), &[(CheckName::ModelDefinitions, Grade::Fail)], "predicts ULTRA_T1_RET_C2C");
}

#[test]
fn model_that_was_refused_or_has_lost_its_skill_is_seen() {
    let room = Room::nighted();
    room.plant_model(|model| model.judgement.gate = Gate { passed: false, reasons: vec!["too weak".into()] });
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "its gate refused it: too weak");
    let room = Room::nighted();
    room.plant_model(|model| {
        let _ = model.judgement.metrics.insert("rank_ic".into(), Some(0.9));
    });
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "lost its skill: rank IC");
    fs::remove_file(room.root.join("models/ultrashort_main/history.jsonl")).expect("removed");
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "does not say who put");
    let pinned = fs::read_dir(room.root.join("models/ultrashort_main")).expect("listed").flatten();
    let pinned = pinned.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let pinned = pinned.filter(|name| name.contains("train")).max().expect("the trained one");
    let pin = [("alpha.model_id", pinned.as_str())];
    assert_only(
        &room.morning(&pin),
        &[(CheckName::ModelQuality, Grade::Warning)],
        "the model in force 20250630_planted has 0.9",
    );
}
