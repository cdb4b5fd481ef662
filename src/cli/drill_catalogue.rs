//! `lighthunter drill list|check|faults|schema`: what there is to drill, without drilling.

use std::path::PathBuf;

use super::{drill::Selection, session::Session};
use crate::{
    drill::{self, DrillError, DrillOptions},
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
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if !lines.is_empty() {
        return Err(DrillError::Unsound(lines).into());
    }
    let steps = drill::registered_count();
    session.console.line(format!("{} features and {steps} step definitions are sound.", checked.features.len()));
    session.console.document(&serde_json::json!({ "features": checked.features.len(), "steps": steps }));
    Ok(Exit::Done)
}

pub(super) fn faults(session: &Session) -> Exit {
    for fault in drill::CATALOGUE {
        session.console.line(format!("{:<22} manual {}  {}", fault.id, fault.chapter, fault.what));
        for (signal, expected) in fault.signs.iter().flat_map(drill::Signs::expected) {
            session.console.line(format!("{:<22}   {}: {expected}", "", signal.name()));
        }
    }
    let all: Vec<_> = drill::CATALOGUE
        .iter()
        .map(|fault| {
            let signs = fault.signs.iter().flat_map(drill::Signs::expected);
            let signs: Vec<_> =
                signs.map(|(signal, expected)| serde_json::json!({ "signal": signal, "expected": expected })).collect();
            serde_json::json!({ "id": fault.id, "chapter": fault.chapter, "what": fault.what, "signals": signs })
        })
        .collect();
    session.console.document(&all);
    Exit::Done
}

pub(super) fn schema(session: &Session) -> Exit {
    let schema = report::schema();
    session.console.line(serde_json::to_string_pretty(&schema).unwrap_or_default());
    session.console.document(&schema);
    Exit::Done
}
