//! The machine-readable forms against their schemas, judged by other people's validators: JSON Schema by
//! Python's jsonschema, JUnit by lxml. `scripts/setup_report.sh` gets both; where they are missing the tests
//! say that they are skipped, and fail where CI is "true".

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{json, junit, markdown, samples, schema, write_all};
use crate::{
    durable,
    record::{DrillRecord, Duty, RECORD_VERSION, Verdict},
    report::{Comparison, Report, html, read_record},
    text::Language,
};

/// What `validate.py` ends with where the library is missing.
const NO_LIBRARY: i32 = 3;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns what does not fit; `None` where nobody is there to judge.
fn misfits(schema: &Path, document: &Path) -> Option<String> {
    let own = project().join("target/report_python/bin/python");
    for python in [own, PathBuf::from("python3")] {
        let script = project().join("fixtures/report/validate.py");
        let Ok(judged) = Command::new(python).arg(script).arg(schema).arg(document).output() else { continue };
        if judged.status.code() == Some(NO_LIBRARY) {
            continue;
        }
        let said = [judged.stdout, judged.stderr].concat();
        let ended = if judged.status.success() { "" } else { "refused: " };
        return Some(format!("{ended}{}", String::from_utf8_lossy(&said)));
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI needs scripts/setup_report.sh");
    eprintln!("skipped: python3 with jsonschema and lxml not present (scripts/setup_report.sh)");
    None
}

fn records() -> Vec<DrillRecord> {
    let mut nothing = samples::small();
    nothing.scenarios.clear();
    nothing.verdict = Verdict::NotReady;
    vec![samples::small(), samples::red(), samples::hostile(), nothing]
}

#[test]
fn record_fits_its_schema_and_a_wrong_one_does_not() {
    let room = tempfile::tempdir().expect("a directory");
    let place = |name: &str| room.path().join(name);
    durable::replace(&place("schema.json"), schema().to_string()).expect("written");
    for record in records() {
        durable::replace(&place("record.json"), json(&record)).expect("written");
        let Some(found) = misfits(&place("schema.json"), &place("record.json")) else { return };
        assert_eq!(found, "");
    }
    let mut wrong = samples::small();
    wrong.version = 0;
    durable::replace(&place("record.json"), json(&wrong)).expect("written");
    assert!(misfits(&place("schema.json"), &place("record.json")).expect("judged").contains("version"));
}

#[test]
fn junit_fits_its_schema_and_a_wrong_one_does_not() {
    let room = tempfile::tempdir().expect("a directory");
    let (xsd, document) = (project().join("fixtures/report/junit.xsd"), room.path().join("junit.xml"));
    for record in records() {
        durable::replace(&document, junit(&record)).expect("written");
        let Some(found) = misfits(&xsd, &document) else { return };
        assert_eq!(found, "");
    }
    let wrong = junit(&samples::small()).replace("classname=", "class=");
    durable::replace(&document, wrong).expect("written");
    assert!(misfits(&xsd, &document).expect("judged").contains("classname"));
}

#[test]
fn record_of_version_1_still_renders_in_every_form() {
    let room = tempfile::tempdir().expect("a directory");
    let directory = room.path().join("drills/20261123-000000-0001");
    durable::make_directory(&directory).expect("made");
    let text = std::fs::read(project().join("fixtures/report/record_v1.json")).expect("the fixture");
    durable::replace(&directory.join("record.json"), text).expect("written");
    let record = read_record(&directory).expect("read");
    assert!(record.version < RECORD_VERSION);
    assert!(record.scenarios.iter().all(|scenario| scenario.phases.is_empty()));
    assert!(record.scenarios.iter().flat_map(|scenario| &scenario.signals).all(|signal| signal.duty == Duty::Show));
    for language in Language::ALL {
        let report = Report { record: &record, comparison: &Comparison::default(), language };
        for form in [html(&report), markdown(&report)] {
            let names = |scenario| form.contains(&*report.scenario_name(scenario));
            assert!(record.scenarios.iter().all(names), "{form}");
        }
    }
    let for_machines = junit(&record);
    assert!(record.scenarios.iter().all(|scenario| for_machines.contains(&scenario.name)), "{for_machines}");
    let paths = write_all(&record, &directory, Language::English).expect("written");
    assert_eq!(read_record(&directory).expect("read"), record);
    assert!(paths.html.is_file());
}
