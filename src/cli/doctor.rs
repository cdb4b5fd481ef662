//! `lighthunter doctor`: the manual's environment step, as a machine check; with `--read-data`, every
//! recorded byte of the workspace against its record.

use clap::Args;
use serde_json::json;

use super::{session::Session, words::cell};
use crate::{
    drill,
    exit::{AnyFailure, Exit},
    ops::{
        doctor,
        inspection::{self, DamageFound, Part},
    },
    store::Inspection,
    workspace::Workspace,
};

/// Check the machine: executable, git, disk, ports, libraries, clock, locks
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Read every recorded byte of the workspace and hold it against its digest; mends nothing
    #[arg(long)]
    read_data: bool,
}

pub(super) fn run(session: &Session, args: &DoctorArgs) -> Result<Exit, AnyFailure> {
    if args.read_data {
        return read_data(session);
    }
    let station = match session.workspace_here()? {
        Some(_) => Some(session.station("doctor")?),
        None => None,
    };
    let report = doctor::examine(station.as_ref(), &session.clock);
    let language = session.global.lang;
    for check in &report.checks {
        let (grade, found) = (cell(check.grade.say(language), 5), check.found.say(language));
        session.console.line(format!("{grade} {:<12} {found}", check.name));
        if let Some(remedy) = &check.remedy {
            session.console.line(format!("{:>19}{}", "-> ", remedy.say(language)));
        }
    }
    session.console.document(&report);
    Ok(report.exit())
}

/// Inspects part by part. What git tracks comes first and needs no config: damage of the config itself is
/// then named as damage, and not only as a config that cannot be read.
fn read_data(session: &Session) -> Result<Exit, AnyFailure> {
    let workspace = session.workspace()?;
    let mut found = inspection::tracked(&workspace)?;
    say(session, Part::Tracked, &found);
    match session.station("doctor") {
        Err(failure) if found.damages.is_empty() => return Err(failure),
        Err(failure) => session.console.note(format!("the rest was not read: {failure}")),
        Ok(station) => {
            for part in Part::ALL.into_iter().filter(|part| *part != Part::Tracked) {
                let mut read = inspection::inspect(&station, part)?;
                if part == Part::Reports {
                    journals(&workspace, &station.reports(), &mut read);
                }
                say(session, part, &read);
                found.extend(read);
            }
        }
    }
    let document = json!({ "read": found.read, "damages": found.damages });
    if let Some(failure) = DamageFound::of(&found) {
        session.console.failure_with(&failure, Some(("inspection", document)));
        return Ok(crate::exit::Failure::exit(&failure));
    }
    session.console.document(&document);
    Ok(Exit::Done)
}

fn say(session: &Session, part: Part, found: &Inspection) {
    let (read, damaged) = (found.read.len(), found.damages.len());
    let grade = if damaged == 0 { "ok" } else { "fail" };
    session.console.line(format!("{grade:<5} {:<12} {read} read, {damaged} damaged", part.name()));
    for damage in &found.damages {
        session.console.line(format!("{:>19}{}: {}", "-> ", damage.path.display(), damage.what));
    }
}

/// Adds the damaged lines of the journals of drills; each line has its checksum.
fn journals(workspace: &Workspace, reports: &std::path::Path, found: &mut Inspection) {
    for entry in std::fs::read_dir(reports.join("drills")).into_iter().flatten().flatten() {
        // `latest` is a link to one of the others.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path().join(drill::JOURNAL_FILE);
        let Ok(read) = drill::read_journal(&entry.path()) else { continue };
        for line in read.damaged {
            found.add(&path, format!("line {line} does not go with its checksum"));
        }
        let said = crate::digest::Digest::of(format!("{:?}", read.entries));
        found.read.insert(format!("journal {}", workspace.shown(&path)), said);
    }
}
