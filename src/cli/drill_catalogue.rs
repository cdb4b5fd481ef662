//! `lighthunter drill list|check|faults|schema`: what there is to drill, without drilling.

use std::{collections::BTreeMap, path::PathBuf};

use super::{drill::Selection, session::Session};
use crate::{
    drill::{
        self, DrillError, DrillOptions,
        casebook::{self, Coverage},
    },
    exit::{AnyFailure, Exit},
    report,
};

pub(super) fn list(session: &Session, selection: Selection) -> Result<Exit, AnyFailure> {
    let options = DrillOptions {
        features: selection.features,
        tags: selection.tags,
        name: selection.name,
        ..DrillOptions::new(PathBuf::new(), PathBuf::new(), session.clock.clone())
    };
    let scenarios = drill::list(&options)?;
    for scenario in &scenarios {
        session.console.line(format!("{}:{}  {}", scenario.file, scenario.line, scenario.name));
    }
    session.console.document(&scenarios);
    Ok(Exit::Done)
}

pub(super) fn check(session: &Session, selection: &Selection) -> Result<Exit, AnyFailure> {
    let features = if selection.features.is_empty() { drill::every() } else { drill::select(&selection.features)? };
    let checked = drill::check(&features);
    let mut findings = checked.findings;
    if selection.features.is_empty() {
        // A part of the features need not use every step.
        findings.extend(drill::unused_definitions(&checked.features));
        findings.extend(casebook::findings());
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if !lines.is_empty() {
        return Err(DrillError::Unsound(lines).into());
    }
    let steps = drill::registered_count();
    let faults = drill::casebook::FAULT_FILES.len();
    let features = checked.features.len();
    session.console.line(format!("{features} features, {steps} step definitions and {faults} faults are sound."));
    session
        .console
        .document(&serde_json::json!({ "features": checked.features.len(), "steps": steps, "faults": faults }));
    Ok(Exit::Done)
}

/// Lists the faults that the war drill injects, and the catalogue of 64 with what of it is covered here.
pub(super) fn faults(session: &Session) -> Result<Exit, AnyFailure> {
    let console = session.console;
    console.line("Faults of the war drill:");
    for fault in drill::CATALOGUE {
        console.line(format!("{:<22} manual {}  {}", fault.id, fault.chapter, fault.what));
        for (signal, expected) in fault.signs.iter().flat_map(drill::Signs::expected) {
            console.line(format!("{:<22}   {}: {expected}", "", signal.name()));
        }
    }
    let own: Vec<_> = drill::CATALOGUE
        .iter()
        .map(|fault| {
            let signs = fault.signs.iter().flat_map(drill::Signs::expected);
            let signs: Vec<_> =
                signs.map(|(signal, expected)| serde_json::json!({ "signal": signal, "expected": expected })).collect();
            serde_json::json!({ "id": fault.id, "chapter": fault.chapter, "what": fault.what, "signals": signs })
        })
        .collect();
    let listed = casebook::coverage().map_err(DrillError::Unsound)?;
    console.line("");
    console.line("The catalogue (lighthunter drill run features/faults); * matters most to people:");
    for fault in &listed {
        let star = if fault.star { '*' } else { ' ' };
        let (category, covered) = (fault.category.name(), fault.covered.words());
        console.line(format!("{}{star} {category:<9} {covered:<19} {}", fault.id, fault.title));
        console.line(format!("{:<33} must {}", "", fault.must));
        if !fault.mechanisms.is_empty() {
            console.line(format!("{:<33} by {}", "", fault.mechanisms.join(", ")));
        }
        for case in &fault.cases {
            let ends: Vec<String> = case.exits.iter().map(|codes| end_words(codes)).collect();
            let lacking = case.missing.as_ref().map(|why| format!("; skipped: {why}")).unwrap_or_default();
            console.line(format!("{:<35} {} -> {}{lacking}", "", case.name, ends.join(", then ")));
        }
    }
    let counts = counted(&listed);
    console.line("");
    let stands = casebook::Covered::WORDS.iter().filter_map(|words| Some(format!("{} {words}", counts.get(words)?)));
    let of = |key: &str| counts.get(key).copied().unwrap_or_default();
    console.line(format!("{} faults: {}", of("faults"), stands.collect::<Vec<_>>().join(", ")));
    console.line(format!("{} cases, {} of them skipped here", of("cases"), of("cases skipped here")));
    console.document(&serde_json::json!({ "war_drill": own, "catalogue": listed, "counts": counts }));
    Ok(Exit::Done)
}

/// How a command of a case must end; a request has an answer and no exit code.
fn end_words(codes: &[i32]) -> String {
    let codes: Vec<String> = codes.iter().map(i32::to_string).collect();
    if codes.is_empty() { "an answer".into() } else { format!("exit {}", codes.join(" or ")) }
}

/// Counts the faults by how they stand, and their cases.
fn counted(listed: &[Coverage]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::from([("faults", listed.len())]);
    for fault in listed {
        *counts.entry(fault.covered.words()).or_default() += 1;
        *counts.entry("cases").or_default() += fault.cases.len();
        *counts.entry("cases skipped here").or_default() +=
            fault.cases.iter().filter(|case| case.missing.is_some()).count();
    }
    counts
}

pub(super) fn schema(session: &Session) -> Exit {
    let schema = report::schema();
    session.console.line(serde_json::to_string_pretty(&schema).unwrap_or_default());
    session.console.document(&schema);
    Exit::Done
}
