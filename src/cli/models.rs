//! `lighthunter models`: the saved models, which of them is in force, and whether they are whole.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit, Failure},
    ops,
    research::{ResearchError, zoo::ModelZoo},
};

/// List the models, or verify them
#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// List every model of every job; `*` marks the one in force
    List,
    /// Show the model in force of every job
    Current,
    /// Check every file of every model against its manifest
    Verify,
}

/// One model as the commands show it.
#[derive(Debug, Serialize)]
struct ModelLine {
    job: String,
    id: String,
    current: bool,
    as_of: Option<Date>,
    label: Option<String>,
    gate_passed: Option<bool>,
    /// What is wrong with it.
    problem: Option<String>,
}

pub(super) fn run(session: &Session, args: &ModelsArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("models")?;
    let (mut lines, failure) = read(&ops::zoo(&station))?;
    if matches!(args.command, ModelsCommand::Current) {
        lines.retain(|line| line.current);
    }
    let console = session.console;
    if lines.is_empty() && failure.is_none() {
        console.note("There is no model yet: `lighthunter night-ops` trains one.");
    }
    for line in &lines {
        let mark = if line.current { '*' } else { ' ' };
        let gate = match line.gate_passed {
            Some(true) => "passed its gate",
            Some(false) => "refused by its gate",
            None => "",
        };
        let state = line.problem.clone().unwrap_or_else(|| {
            let (label, as_of) = (line.label.as_deref().unwrap_or_default(), line.as_of.map(|date| date.to_string()));
            format!("whole; {label} as of {}, {gate}", as_of.unwrap_or_default())
        });
        console.line(format!("{mark} {}/{}  {state}", line.job, line.id));
    }
    if let Some(failure) = failure.filter(|_| matches!(args.command, ModelsCommand::Verify)) {
        console.failure_with(&failure, Some(("models", serde_json::json!(lines))));
        return Ok(failure.exit());
    }
    console.document(&lines);
    Ok(Exit::Done)
}

/// Reads every model; a damaged one is a line with its problem, and the first such failure is returned.
fn read(zoo: &ModelZoo) -> Result<(Vec<ModelLine>, Option<ResearchError>), ResearchError> {
    let (mut lines, mut first) = (Vec::new(), None);
    for job in zoo.jobs()? {
        let current = zoo.current(&job).unwrap_or_else(|failure| {
            first.get_or_insert(failure);
            None
        });
        for id in zoo.list(&job)? {
            let is_current = current.as_ref() == Some(&id);
            let mut line = ModelLine {
                job: job.clone(),
                id: id.clone(),
                current: is_current,
                as_of: None,
                label: None,
                gate_passed: None,
                problem: None,
            };
            match zoo.load(&job, &id) {
                Ok(snapshot) => {
                    line.as_of = Some(snapshot.judgement.as_of);
                    line.label = Some(snapshot.model.label);
                    line.gate_passed = Some(snapshot.judgement.gate.passed);
                }
                Err(failure) => {
                    line.problem = Some(failure.to_string());
                    first.get_or_insert(failure);
                }
            }
            lines.push(line);
        }
    }
    Ok((lines, first))
}
