//! What is read after a drill, by the shipped executable on a real one: its record and its JUnit against their
//! schemas, `drill report`, `drill signals`, `drill history` and `drill manual`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use lighthunter::{durable, report};
use serde_json::Value;

use crate::{
    Check, Failed,
    foreign::FAILURE,
    require,
    shell::{Room, ended, said},
};

pub(crate) const CHECKS: &[Check] = &[
    ("records of real drills fit their schemas, and are read again", drills_are_read_again),
    ("the manual of a workspace holds what its drill showed", manual_holds_the_drill),
];

/// What `validate.py` ends with where the library is missing.
const NO_LIBRARY: i32 = 3;

fn drills_are_read_again() -> Result<(), Failed> {
    let room = Room::new("0")?;
    let drill = drilled(&room, &[], 0)?;
    fits_its_schemas(&room.directory(&drill))?;
    signals_of_a_drill(&room, &drill)?;
    let control = drilled(&room, &["--control"], 1)?;
    fits_its_schemas(&room.directory(&control))?;
    signals_of_a_control_run(&room, &control)?;
    history_has_the_drill(&room, &drill, &control)?;
    report_is_written_again(&room, &drill)?;
    blind_spot_is_negative(&room, &drill)
}

/// Runs the short drill and returns its id; it must end with `code`.
fn drilled(room: &Room, more: &[&str], code: i32) -> Result<String, Failed> {
    let before = room.ids();
    let output = ended(room.drill(more).spawn()?)?;
    require(output.status.code() == Some(code), || said(&output))?;
    let new = room.ids().into_iter().find(|id| !before.contains(id));
    new.ok_or_else(|| format!("no drill was added: {}", said(&output)).into())
}

/// The record and the JUnit of a drill, judged by other people's validators.
fn fits_its_schemas(directory: &Path) -> Result<(), Failed> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schemas = tempfile::tempdir()?;
    let record_schema = schemas.path().join("schema.json");
    durable::replace(&record_schema, report::schema().to_string())?;
    let junit_schema = project.join("fixtures/report/junit.xsd");
    for (schema, document) in [(record_schema, "record.json"), (junit_schema, "junit.xml")] {
        let judged = [project.join("target/report_python/bin/python"), PathBuf::from("python3")]
            .iter()
            .filter_map(|python| {
                let script = project.join("fixtures/report/validate.py");
                Command::new(python).arg(script).arg(&schema).arg(directory.join(document)).output().ok()
            })
            .find(|judged| judged.status.code() != Some(NO_LIBRARY));
        if let Some(judged) = judged {
            require(judged.status.success(), || format!("{document} does not fit: {}", said(&judged)))?;
        } else {
            require(std::env::var_os("CI").is_none_or(|ci| ci != "true"), || "CI needs setup_report.sh".into())?;
            println!("skipped: python3 with jsonschema and lxml not present (scripts/setup_report.sh)");
        }
    }
    Ok(())
}

fn signals_of_a_drill(room: &Room, drill: &str) -> Result<(), Failed> {
    let matrix = document(&asked(room, &["signals"], 0)?)?;
    require(matrix["drill"] == drill && matrix["rows"][0]["fault"] == "duckdb-path", || matrix.to_string())?;
    let cells = matrix["rows"][0]["cells"].as_array().map_or(0, Vec::len);
    require(cells == 5 && !matrix.to_string().contains("blind_spot"), || matrix.to_string())
}

/// A control run beside the drill: its signals were watched and stayed silent.
fn signals_of_a_control_run(room: &Room, control: &str) -> Result<(), Failed> {
    let matrix = document(&asked(room, &["signals", "--control"], 0)?)?;
    let of_control = &matrix["control"];
    let is_silent = of_control["false_alarms"].as_array().is_some_and(Vec::is_empty);
    let watched = of_control["watched"].as_u64().unwrap_or_default();
    require(of_control["drill"] == control && is_silent && watched > 0, || matrix.to_string())
}

/// A control run is no part of the trend: its times are those of commands that nothing broke.
fn history_has_the_drill(room: &Room, drill: &str, control: &str) -> Result<(), Failed> {
    let text = String::from_utf8(plain(room, &["history"], 0)?.stdout)?;
    for words in [drill, FAILURE, "simulated: 1 drill"] {
        require(text.contains(words), || format!("the history does not name {words}: {text}"))?;
    }
    require(!text.contains(control), || format!("the control run is in the trend: {text}"))?;
    let chinese = String::from_utf8(plain(room, &["history", "--lang", "zh"], 0)?.stdout)?;
    require(chinese.contains("1 次演练") && chinese.contains("走势"), || format!("no Chinese: {chinese}"))?;
    let history = document(&asked(room, &["history", "--last", "2"], 0)?)?;
    let damaged = history["damaged_lines"].as_array().map_or(1, Vec::len);
    require(history["newest"] == drill && damaged == 0, || history.to_string())
}

/// The report in the other language; the record keeps its bytes.
fn report_is_written_again(room: &Room, drill: &str) -> Result<(), Failed> {
    let record = room.directory(drill).join("record.json");
    let before = fs::read(&record)?;
    let page = room.directory(drill).join("report.html");
    require(fs::read_to_string(&page)?.contains("How the drill ran"), || "no part of the drill itself".into())?;
    plain(room, &["report", drill, "--lang", "zh"], 0)?;
    let chinese = fs::read_to_string(&page)?;
    for words in ["演练的执行情况", "指向不存在的目录", "就绪"] {
        require(chinese.contains(words), || format!("the page does not say {words}"))?;
    }
    require(fs::read(&record)? == before, || "the record was changed".into())
}

/// A signal that stayed silent is an exit code of its own.
fn blind_spot_is_negative(room: &Room, drill: &str) -> Result<(), Failed> {
    let path = room.directory(drill).join("record.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let scenarios = record["scenarios"].as_array_mut().ok_or("no scenarios")?;
    let signals = scenarios.iter_mut().filter_map(|scenario| scenario["signals"].as_array_mut());
    for signal in signals.flatten().filter(|signal| signal["kind"] == "log") {
        signal["seen"] = Value::Bool(false);
    }
    durable::replace(&path, record.to_string())?;
    let text = String::from_utf8(plain(room, &["signals", drill], 1)?.stdout)?;
    require(text.contains("1 blind spot\n") && text.contains("duckdb-path, log"), || text.clone())
}

fn manual_holds_the_drill() -> Result<(), Failed> {
    let room = Room::new("0")?;
    let drill = drilled(&room, &[], 0)?;
    let workspace = room.path.join("workspace");
    let made = lighthunter(&room).arg("init").arg(&workspace).output()?;
    require(made.status.success(), || said(&made))?;
    let kept = workspace.join("reports/drills").join(&drill);
    durable::make_directory(&kept)?;
    durable::replace(&kept.join("record.json"), fs::read(room.directory(&drill).join("record.json"))?)?;
    let ask = |more: &[&str]| -> Result<String, Failed> {
        let place = workspace.to_string_lossy().into_owned();
        let output = lighthunter(&room).args(["--workspace", &place, "drill", "manual"]).args(more).output()?;
        require(output.status.success(), || said(&output))?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let bare = ask(&["--bare"])?;
    require(bare.contains("lighthunter night-ops --mode full") && !bare.contains("Passed"), || bare.clone())?;
    let timed = ask(&["--drill", &drill])?;
    require(timed.contains(&drill) && timed.contains("(Passed, "), || timed.clone())?;
    let checklist = ask(&["--page", "checklist", "--drill", &drill])?;
    require(checklist.contains("- [x] **3.1**") && checklist.contains("- [ ] **2.2**"), || checklist.clone())?;
    for (page, words) in [("runbook", "必须看到"), ("sop", "标准流程"), ("map", "手册与场景对照")] {
        let text = ask(&["--page", page, "--lang", "zh", "--bare"])?;
        require(text.contains(words), || format!("{page} does not say {words}: {text}"))?;
    }
    Ok(())
}

fn lighthunter(room: &Room) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
    command.current_dir(&room.path).env("HOME", room.path.join("home")).env("TMPDIR", room.path.join("tmp"));
    command
}

/// Asks about the room's drills, for a person; it must end with `code`.
fn plain(room: &Room, words: &[&str], code: i32) -> Result<Output, Failed> {
    let reports = room.path.join("reports");
    let output = lighthunter(room).arg("drill").args(words).arg("--reports").arg(reports).output()?;
    require(output.status.code() == Some(code), || format!("{words:?}: {}", said(&output)))?;
    Ok(output)
}

/// The same for a program.
fn asked(room: &Room, words: &[&str], code: i32) -> Result<Output, Failed> {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    plain(room, &words, code)
}

fn document(output: &Output) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {}", said(output)))?)
}
