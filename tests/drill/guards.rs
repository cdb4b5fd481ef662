//! The guards over features and steps: nothing is undefined, ambiguous, unused or lost in silence.

use std::{fs, path::Path};

use lighthunter::drill;

use crate::{Check, Failed, planted, require};

pub(crate) const CHECKS: &[Check] = &[
    ("every feature is sound", features_are_sound),
    ("every step definition is used", definitions_are_used),
    ("every step definition is registered", definitions_are_registered),
];

fn features_are_sound() -> Result<(), Failed> {
    let checked = drill::check(&drill::every());
    let findings: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    require(checked.findings.is_empty(), || findings.join("; "))?;
    require(!checked.features.is_empty(), || "there is no feature".into())
}

fn definitions_are_used() -> Result<(), Failed> {
    let mut unused = drill::unused_definitions(&drill::check(&drill::every()).features);
    unused.retain(|finding| !planted::is_planted(&finding.file));
    let lines: Vec<String> = unused.iter().map(ToString::to_string).collect();
    require(unused.is_empty(), || lines.join("; "))
}

/// A step file that nobody compiles in would be undefined steps at best.
fn definitions_are_registered() -> Result<(), Failed> {
    let steps = Path::new(env!("CARGO_MANIFEST_DIR")).join("steps");
    let mut written = 0;
    let files = fs::read_dir(steps)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    for path in files.into_iter().chain([Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drill/planted.rs")]) {
        let text = fs::read_to_string(path)?;
        let is_attribute = |line: &&str| ["#[given(", "#[when(", "#[then("].iter().any(|start| line.starts_with(start));
        written += text.lines().filter(is_attribute).count();
    }
    let registered = drill::registered_count();
    require(written == registered, || format!("{written} definitions are written, {registered} registered"))
}
