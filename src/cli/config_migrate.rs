//! `lighthunter config migrate`: the original's settings file in this system's keys, every defect named.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::session::Session;
use crate::{
    config::{self, Migration},
    durable,
    exit::{AnyFailure, Exit, Failure},
};

/// Translate a settings file of the original system, and name what does not come over as it stands
///
/// Prints what the translation changes of the template's values. Exit code 10 where a defect needs a decision: a secret,
/// an unknown or double key, a value in another unit or of another machine, a value that is not allowed.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// The original's file, its `config/system_config.json` or an overlay of it
    file: PathBuf,
    /// Write the translation to this new file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Let the translation take the place of a file that is there
    #[arg(long, requires = "output")]
    overwrite: bool,
}

/// The translation would take the place of a file.
#[derive(Debug, thiserror::Error)]
#[error("{} is there already; nothing is written", .0.display())]
struct OutputExists(PathBuf);

impl Failure for OutputExists {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("Name a new file, or add --overwrite to replace this one.".into())
    }
}

/// Defects that a person has to decide on.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {count} defects need a decision; {state}")]
struct Undecided {
    file: String,
    count: usize,
    state: String,
}

impl Failure for Undecided {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn remedy(&self) -> Option<String> {
        Some(
            "Go through the lines marked with ! above, correct the translation where it must say something else."
                .into(),
        )
    }
}

pub(super) fn run(session: &Session, args: &MigrateArgs) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let migration = config::migrate(&args.file, &args.file.display().to_string())?;
    let mut state = "nothing is written, --output FILE writes the translation".to_owned();
    if let Some(output) = &args.output {
        let is_there = output.symlink_metadata().is_ok();
        if is_there && !args.overwrite {
            return Err(OutputExists(output.clone()).into());
        }
        durable::replace(output, &migration.text)?;
        let over = if is_there { ", over the file that was there" } else { "" };
        state = format!("the translation is written to {}{over}", output.display());
    }
    print(session, &migration);
    let document = json!({ "migration": migration, "output": args.output });
    let count = migration.undecided().count();
    if count > 0 {
        let undecided = Undecided { file: migration.file, count, state };
        console.failure_with(&undecided, Some(("details", document)));
        return Ok(undecided.exit());
    }
    console.line(format!("No defect needs a decision; {state}."));
    console.document(&document);
    Ok(Exit::Done)
}

fn print(session: &Session, migration: &Migration) {
    let console = session.console;
    let Migration { file, values, defects, changes, .. } = migration;
    console.line(format!("{file}: {values} values, {} keys do not come over as they stand", defects.len()));
    for defect in defects {
        let mark = if defect.needs_decision { "!" } else { " " };
        console.line(format!("{mark} {:<8} {defect}", defect.kind.name()));
    }
    console.line(format!("{} changes of the template's values:", changes.len()));
    for change in changes {
        console.line(format!("  {change}"));
    }
}
