//! What a researcher gets wrong: a clear message, the exit code of its class, and nothing half-written.

use std::fs;

use lighthunter::{digest::Digest, durable, research::dataset::Dataset};

use crate::room::Room;

const SPEC: &str = "config/factor_spec.json";
const JOB: &str = "models/ultrashort_main";

/// What a failed run may leave: its report, its lines in the log of experiments, its rows in the ledger, and
/// the dataset of a stage that was done, which must be whole.
const RECORDS: [&str; 5] = ["reports/", "experiments/", "data/ledger.sqlite", "data/ts.sqlite", DATASET];
const DATASET: &str = "cache/alpha/20250630";

/// One mistake: what is done to a workspace, the command, its exit code, and the words of its message.
struct Case {
    name: &'static str,
    spoil: fn(&Room),
    command: &'static [&'static str],
    code: i32,
    words: &'static [&'static str],
}

/// Adds a set to the workspace's spec, first in the file: its expressions stand in line 7.
fn add_set(room: &Room, set: &str) {
    let text = room.read(SPEC);
    room.write(SPEC, text.replacen("\"sets\": {", &format!("\"sets\": {{\n    \"mine\": {set},"), 1));
}

fn current(room: &Room) -> String {
    let link = fs::read_link(room.path(JOB).join("current")).expect("a model in force");
    link.to_str().expect("UTF-8").to_owned()
}

/// Changes a file of the model in force, and its manifest with it where that is asked for.
fn spoil_model(room: &Room, file: &str, change: impl Fn(&str) -> String, with_manifest: bool) {
    let directory = room.path(JOB).join(current(room));
    let text = fs::read_to_string(directory.join(file)).expect("readable");
    let other = change(&text);
    assert_ne!(text, other, "{file}");
    if with_manifest {
        let manifest = fs::read_to_string(directory.join("MANIFEST.json")).expect("readable");
        let manifest = manifest.replace(&Digest::of(&text).to_string(), &Digest::of(&other).to_string());
        durable::replace(&directory.join("MANIFEST.json"), manifest).expect("written");
    }
    durable::replace(&directory.join(file), other).expect("written");
}

const UNKNOWN: Case = Case {
    name: "unknown operator",
    spoil: |room| add_set(room, r#"{ "expressions": { "x": "Mean($close, 5) + Sdt($close, 5)" } }"#),
    command: &["night-ops", "--set", MINE],
    code: 10,
    words: &[
        "config/factor_spec.json:7: sets.mine.expressions.x, column 19: unknown operator 'Sdt', did you mean Std?",
        "\n                    ^^^\n",
        "hint: ",
    ],
};

const CYCLE: Case = Case {
    name: "cyclic definitions",
    spoil: |room| {
        add_set(room, r#"{ "definitions": { "a": "b + 1", "b": "Mean(a, 5)" }, "expressions": { "x": "a" } }"#);
    },
    command: &["night-ops", "--set", MINE],
    code: 10,
    words: &[
        "config/factor_spec.json:7: sets.mine.definitions.b, column 6: 'a' is defined by itself: a -> b -> a",
        "\n       ^\n",
    ],
};

const NO_COLUMN: Case = Case {
    name: "a spec that names a missing column",
    spoil: |room| add_set(room, r#"{ "expressions": { "x": "$close / $turnover" } }"#),
    command: &["night-ops", "--set", MINE],
    code: 10,
    words: &["config/factor_spec.json:7: sets.mine.expressions.x, column 10: unknown field '$turnover'", "^^^^^^^^^"],
};

const NO_ROWS: Case = Case {
    name: "a split without rows",
    spoil: |_| {},
    command: &["night-ops", "--mode", "train", "--start-date", "2025-06-26"],
    code: 12,
    words: &["the dataset has no rows to validate on", "purge_or_embargo", "hint: Use more sessions"],
};

const CUT: Case = Case {
    name: "a model that was cut",
    spoil: |room| spoil_model(room, "model.json", |text| text[..text.len() / 2].to_owned(), false),
    command: &["night-ops", "--mode", "backtest"],
    code: 14,
    words: &["model.json is corrupt", "SHA-256 is not the manifest's", "hint: Go back to a sound model"],
};

const SWAPPED: Case = Case {
    name: "a model whose file is another's",
    spoil: |room| spoil_model(room, "metrics.json", |text| text.replacen("true", "false", 1), false),
    command: &["simulate"],
    code: 14,
    words: &["metrics.json is corrupt", "SHA-256 is not the manifest's"],
};

const OTHER_SET: Case = Case {
    name: "a model of another feature set",
    spoil: |room| {
        spoil_model(room, "features.json", |text| text.replace("F_gap_open", "F_other"), true);
    },
    command: &["night-ops", "--mode", "backtest"],
    code: 14,
    words: &["features.json is corrupt", "its features are not those of model.json"],
};

const DROPPED: Case = Case {
    name: "a model of a factor that the set has no more",
    spoil: |room| room.write(SPEC, room.read(SPEC).replacen("\"F_gap_open\",", "", 1)),
    command: &["night-ops", "--mode", "backtest"],
    code: 10,
    words: &["the model needs the feature 'F_gap_open'", "hint: Add the factor to the factor set"],
};

const OLD: Case = Case {
    name: "a model of an older program",
    spoil: |room| {
        let without = |text: &str| {
            let mut features: serde_json::Value = serde_json::from_str(text).expect("JSON");
            features.as_object_mut().and_then(|entries| entries.remove("definitions")).expect("they are there");
            features.to_string()
        };
        spoil_model(room, "features.json", without, true);
    },
    command: &["night-ops", "--mode", "backtest"],
    code: 10,
    words: &["was saved by an older version of the program", "hint: Train again"],
};

const MINE: &str = "research.jobs.ultrashort_main.factor_set=mine";

#[test]
fn mistakes_are_named_where_they_stand_and_leave_the_workspace_as_it_was() {
    for case in [UNKNOWN, CYCLE, NO_COLUMN, NO_ROWS, CUT, SWAPPED, OTHER_SET, DROPPED, OLD] {
        let room = Room::nighted();
        (case.spoil)(&room);
        let before = kept(&room);
        let done = room.run_to(case.code, &[case.command, &["-q"]].concat());
        for word in case.words {
            assert!(done.stderr.contains(word), "{}: no '{word}' in\n{}", case.name, done.stderr);
        }
        let changed: Vec<_> = kept(&room).into_iter().filter(|file| !before.contains(file)).collect();
        assert!(changed.is_empty() && kept(&room).len() == before.len(), "{}: {changed:?}", case.name);
        Dataset::read(&room.path(DATASET)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let left = drafts(&room);
        assert!(left.is_empty(), "{}: {left:?}", case.name);
    }
}

#[test]
fn expression_edited_under_its_name_is_noticed_and_training_again_mends_it() {
    let room = Room::nighted();
    add_set(
        &room,
        r#"{ "definitions": { "ret": "$close / Ref($close, 1) - 1" },
      "expressions": { "calm": "Mean(ret, 5) / (Std(ret, 5) + 1e-12)", "gap": "$open / Ref($close, 1) - 1" } }"#,
    );
    let lenient = [
        "--set",
        MINE,
        "--set",
        "alpha.gate.min_ic=-1",
        "--set",
        "alpha.gate.min_rank_ic=-1",
        "--set",
        "alpha.gate.max_rank_ic_drop=2",
    ];
    let run =
        |mode: &str, code| room.run_to(code, &[&["night-ops", "-q", "--mode", mode], lenient.as_slice()].concat());
    run("train", 0);
    run("backtest", 0);
    let model = current(&room);

    // Another way to write the same changes nothing.
    let spec = room.read(SPEC);
    let rewritten = spec.replacen("$open / Ref($close, 1) - 1", "( $open/pre )  - 1", 1);
    room.write(SPEC, rewritten.replacen("\"ret\":", "\"pre\": \"Ref($close, 1)\", \"ret\":", 1));
    run("backtest", 0);

    // A helper that means something else does.
    room.write(SPEC, spec.replacen("$close / Ref($close, 1) - 1", "$close / Ref($close, 2) - 1", 1));
    let failed = run("backtest", 10);
    let words = format!("model '{model}' was made with another definition of calm\n");
    assert!(failed.stderr.contains(&words) && failed.stderr.contains("hint: Train again"), "{}", failed.stderr);
    room.refused(10, &["models", "use", &model, "--set", MINE], &["another definition of calm"]);
    run("train", 0);
    run("backtest", 0);
    assert_ne!(current(&room), model);
}

#[test]
fn config_check_shows_every_expression_beside_the_other_mistakes() {
    let room = Room::fresh();
    add_set(
        &room,
        r#"{
      "expressions": {
        "x": "Mean($close, 5) + Sdt($close, 5)",
        "y": "Mean($close, 0)",
        "good": "$close",
        "peek": "Ref($close, -1)"
      } }"#,
    );
    let words = [
        "config/factor_spec.json:9: sets.mine.expressions.x: column 19: unknown operator 'Sdt', did you mean Std?",
        "\n                    ^^^\n",
        "config/factor_spec.json:10: sets.mine.expressions.y: column 14: the window of 'Mean' is 0",
    ];
    room.refused(10, &["config", "check"], &words);
    let both = room.refused(10, &["config", "check", "--set", "hud.prot=1"], &words);
    assert!(both.stderr.contains("did you mean port?"), "{}", both.stderr);
    let document = room.run_to(10, &["config", "check", "--json"]).json();
    let mistakes = document["error"]["mistakes"].as_array().expect("mistakes").clone();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake["line"].as_u64()).collect();
    assert_eq!(lines, [Some(9), Some(10)], "{mistakes:?}");

    let spec = room.read(SPEC).replacen("Sdt(", "Std(", 1).replacen("Mean($close, 0)", "Mean($close, 2)", 1);
    room.write(SPEC, &spec);
    room.refused(10, &["config", "check"], &["sets.mine.expressions.peek: column 1: looks 1 session ahead"]);
    room.write(SPEC, spec.replacen("Ref($close, -1)", "Ref($close, 1)", 1));
    room.run_to(0, &["config", "check"]);
}

/// Returns the digests of all files but the records that a failed run must leave.
fn kept(room: &Room) -> Vec<(String, String)> {
    let mut content = room.content();
    content.retain(|(name, _)| !RECORDS.iter().any(|record| name.starts_with(record)));
    content
}

/// Returns what a killed or failed writer would leave behind.
fn drafts(room: &Room) -> Vec<String> {
    let names = room.content().into_iter().map(|(name, _)| name);
    names.filter(|name| name.contains(".tmp")).collect()
}
