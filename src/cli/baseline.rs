//! `lighthunter baseline`: named known-good states of all four layers.

use clap::{Args, Subcommand};
use serde_json::json;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    ops::ZooPointers,
    record::LayerProof,
    rollback::{self, Baseline, CreateOptions, Site},
    workspace::Workspace,
};

/// Record known-good states of code, config, models and data, to go back to
#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
enum BaselineCommand {
    /// Record all four layers of the workspace as they are; the tree must be clean
    Create {
        /// Its name [default: war-baseline-YYYYMMDD, today in Shanghai]
        name: Option<String>,
    },
    /// List the baselines, oldest first
    List,
    /// Show a baseline, and what differs from it now
    Show {
        /// Its name, or `previous` for the newest
        #[arg(default_value = rollback::PREVIOUS)]
        name: String,
    },
    /// Check that a baseline can be gone back to: its tags, its commit, its models, every copy of its data
    Verify {
        /// Its name; every baseline where none is given
        name: Option<String>,
    },
}

pub(super) fn run(session: &Session, args: &BaselineArgs) -> Result<Exit, AnyFailure> {
    match &args.command {
        BaselineCommand::Create { name } => create(session, name.as_deref()),
        BaselineCommand::List => list(session),
        BaselineCommand::Show { name } => show(session, name),
        BaselineCommand::Verify { name } => verify(session, name.as_deref()),
    }
}

/// Returns who calls, for the record.
pub(super) fn caller() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".into())
}

/// Returns the site of a workspace; works whatever the config says.
pub(super) fn site<'a>(session: &'a Session, workspace: &'a Workspace, by: &'a str) -> Site<'a> {
    Site { workspace, models: &ZooPointers, clock: &session.clock, by }
}

fn create(session: &Session, name: Option<&str>) -> Result<Exit, AnyFailure> {
    let station = session.station("baseline")?;
    let by = caller();
    let keep = station.settings().ops.baselines_keep;
    let options = CreateOptions { name, date: session.clock.today(), keep };
    let site = site(session, &station.workspace, &by);
    let created = rollback::create(site, station.settings(), options, &mut |step| tracing::debug!("baseline: {step}"))?;
    let (console, baseline) = (session.console, &created.baseline);
    tracing::info!(name = baseline.name, commit = baseline.code.commit, "baseline made");
    describe(session, baseline);
    for removed in &created.removed {
        console.line(format!("removed {removed}: the newest {keep} are kept (ops.baselines.keep)"));
    }
    console.document(&json!({ "baseline": baseline, "removed": created.removed }));
    Ok(Exit::Done)
}

fn describe(session: &Session, baseline: &Baseline) {
    let console = session.console;
    console.line(format!("{}  {} by {}", baseline.name, baseline.created_at, baseline.by));
    console.line(format!("  code    {:.12}  tag {}", baseline.code.commit, baseline.code.tag));
    console.line(format!("  config  {} files  tag {}", baseline.config.files.len(), baseline.config.tag));
    for (job, model) in &baseline.models.jobs {
        console.line(format!("  model   {job}/{}", model.id));
    }
    let data = &baseline.data;
    let mebibytes = data.bytes as f64 / f64::from(1 << 20);
    console.line(format!("  data    {} files, {mebibytes:.1} MiB, {} tables", data.file_count, data.content.len()));
}

fn list(session: &Session) -> Result<Exit, AnyFailure> {
    let workspace = session.workspace()?;
    let (console, mut exit, mut lines) = (session.console, Exit::Done, Vec::new());
    let found = rollback::baselines(workspace.root())?;
    if found.is_empty() {
        console.note("There is no baseline yet: `lighthunter baseline create` makes one.");
    }
    for (name, found) in found {
        match found {
            Ok(baseline) => {
                console.line(format!("{name}  {}  {:.12}", baseline.created_at, baseline.code.commit));
                lines.push(json!({ "name": name, "created_at": baseline.created_at, "commit": baseline.code.commit }));
            }
            Err(error) => {
                console.line(format!("{name}  DAMAGED: {error}"));
                lines.push(json!({ "name": name, "problem": error.to_string() }));
                exit = Exit::Corrupt;
            }
        }
    }
    console.document(&lines);
    Ok(exit)
}

fn show(session: &Session, name: &str) -> Result<Exit, AnyFailure> {
    let (workspace, by) = (session.workspace()?, caller());
    let baseline = rollback::baseline(workspace.root(), name)?;
    describe(session, &baseline);
    let proofs = rollback::differences(site(session, &workspace, &by), &baseline)?;
    say_layers(session, &proofs);
    session.console.document(&json!({ "baseline": baseline, "now": proofs }));
    Ok(Exit::Done)
}

/// Prints what was compared, layer by layer.
pub(super) fn say_layers(session: &Session, proofs: &[LayerProof]) {
    for proof in proofs {
        let (name, before, after) = (rollback::name_of(proof.layer), proof.before.short(), proof.after.short());
        let state = match proof.differences.len() {
            0 => format!("equal     {before}"),
            count => format!("{count} differ  {before} is now {after}"),
        };
        session.console.line(format!("  {name:<7} {state}"));
        for difference in &proof.differences {
            session.console.line(format!("            {difference}"));
        }
    }
}

fn verify(session: &Session, name: Option<&str>) -> Result<Exit, AnyFailure> {
    let (workspace, by) = (session.workspace()?, caller());
    let site = site(session, &workspace, &by);
    let chosen = match name {
        Some(name) => vec![(name.to_owned(), rollback::baseline(workspace.root(), name))],
        None => rollback::baselines(workspace.root())?,
    };
    let (mut first, mut lines) = (None, Vec::new());
    for (name, found) in chosen {
        let checked = found.and_then(|baseline| rollback::verify(site, &baseline));
        let state = checked.as_ref().map_or_else(|error| format!("DAMAGED: {error}"), |()| "whole".into());
        session.console.line(format!("{name}  {state}"));
        lines.push(json!({ "name": name, "problem": checked.as_ref().err().map(ToString::to_string) }));
        first = first.or(checked.err());
    }
    if lines.is_empty() {
        session.console.note("There is no baseline yet: `lighthunter baseline create` makes one.");
        session.console.document(&lines);
        return Ok(Exit::NothingRan);
    }
    if let Some(error) = first {
        return Err(error.into());
    }
    session.console.document(&lines);
    Ok(Exit::Done)
}
