//! `lighthunter models`: the saved models, which of them is in force, whether they are whole, and the two
//! ways for a person to put one in force.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit, Failure},
    ops::{self, Station},
    research::{
        ResearchError,
        zoo::{Action, Decision, ModelZoo},
    },
};

/// List and verify the models, and choose the one in force
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
    /// Put a model in force, also one that its gate refused; who did and why is recorded
    Use {
        /// The model: an id, or JOB/ID as `models list` shows it
        #[arg(value_name = "ID|JOB/ID")]
        model: String,
        #[command(flatten)]
        choice: Choice,
    },
    /// Put the model in force again that was so before the current one
    Previous {
        #[command(flatten)]
        choice: Choice,
    },
}

#[derive(Debug, Args)]
struct Choice {
    /// The job that the model belongs to [default: `alpha.default_job`]
    #[arg(long)]
    job: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// One model as the commands show it.
#[derive(Debug, Serialize)]
struct ModelLine {
    job: String,
    id: String,
    current: bool,
    as_of: Option<Date>,
    label: Option<String>,
    learner: Option<&'static str>,
    gate_passed: Option<bool>,
    /// What is wrong with it.
    problem: Option<String>,
}

impl ModelLine {
    /// Starts the line of a model of which nothing is known yet.
    fn of(job: &str, id: &str) -> Self {
        let (job, id) = (job.to_owned(), id.to_owned());
        Self { job, id, current: false, as_of: None, label: None, learner: None, gate_passed: None, problem: None }
    }
}

/// A change of the model in force as the commands show it.
#[derive(Debug, Serialize)]
struct Change<'a> {
    job: &'a str,
    model: &'a str,
    previous: Option<&'a str>,
    by: &'a str,
    reason: Option<&'a str>,
    /// The gate's reasons against the model.
    overruled: &'a [String],
    /// The model that `alpha.model_id` pins, whatever is in force.
    pinned: Option<&'a str>,
}

pub(super) fn run(session: &Session, args: &ModelsArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("models")?;
    let zoo = ops::zoo(&station);
    let default_job = || station.settings().alpha.default_job.clone();
    match &args.command {
        ModelsCommand::Use { model, choice } => {
            // JOB/ID names the job itself; a second job beside it is a contradiction, not a preference.
            let (job, id) = match (model.split_once('/'), &choice.job) {
                (Some((job, id)), None) => (job.to_owned(), id),
                (Some((job, id)), Some(other)) if job == other => (job.to_owned(), id),
                (Some(_), Some(other)) => return Err(TwoJobs { model: model.clone(), job: other.clone() }.into()),
                (None, job) => (job.clone().unwrap_or_else(default_job), model.as_str()),
            };
            choose(session, &station, &job, id, (Action::Use, choice.reason.as_deref()))
        }
        ModelsCommand::Previous { choice } => {
            let job = choice.job.clone().unwrap_or_else(default_job);
            let id = zoo.previous(&job)?;
            choose(session, &station, &job, &id, (Action::Previous, choice.reason.as_deref()))
        }
        shown => show(session, &zoo, shown),
    }
}

/// A model named with one job and another job beside it.
#[derive(Debug, thiserror::Error)]
#[error("'{model}' names another job than --job {job}")]
struct TwoJobs {
    model: String,
    job: String,
}

impl Failure for TwoJobs {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("Leave out --job, or name the model by its id alone.".into())
    }
}

fn choose(
    session: &Session,
    station: &Station,
    job: &str,
    id: &str,
    (action, reason): (Action, Option<&str>),
) -> Result<Exit, AnyFailure> {
    let (zoo, console) = (ops::zoo(station), session.console);
    ops::check_model(station, &zoo.load(job, id)?)?;
    let by = std::env::var("USER").unwrap_or_else(|_| "unknown".into());
    let reason = reason.map(str::to_owned);
    let decision = Decision { action, at: station.clock.now(), by, reason };
    let promotion = zoo.promote(job, id, &decision)?;
    let after = promotion.previous.as_deref().map_or_else(String::new, |previous| format!(", after {previous}"));
    console.line(format!("{job}/{id} is in force{after}"));
    if !promotion.overruled.is_empty() {
        let why = decision.reason.as_deref().unwrap_or("no reason was given");
        let against = promotion.overruled.join("; ");
        console.line(format!("Its gate had refused it ({against}); {} overruled that: {why}", decision.by));
    }
    let pinned = station.settings().alpha.model_id.as_deref().filter(|pinned| *pinned != id);
    if let Some(pinned) = pinned {
        console.note(format!("warning: alpha.model_id pins {pinned}: commands go on using that model"));
    }
    console.document(&Change {
        job,
        model: id,
        previous: promotion.previous.as_deref(),
        by: &decision.by,
        reason: decision.reason.as_deref(),
        overruled: &promotion.overruled,
        pinned,
    });
    Ok(Exit::Done)
}

fn show(session: &Session, zoo: &ModelZoo, command: &ModelsCommand) -> Result<Exit, AnyFailure> {
    let (mut lines, failure) = read(zoo)?;
    if matches!(command, ModelsCommand::Current) {
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
    // A list may hold damaged models; what is said to be in force or to be whole must be so.
    let must_be_sound = match command {
        ModelsCommand::Verify => true,
        ModelsCommand::Current => lines.iter().any(|line| line.problem.is_some()),
        _ => false,
    };
    if let Some(failure) = failure.filter(|_| must_be_sound) {
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
            lines.push(ModelLine {
                problem: Some(failure.to_string()),
                current: true,
                ..ModelLine::of(&job, "current")
            });
            first.get_or_insert(failure);
            None
        });
        for id in zoo.list(&job)? {
            let is_current = current.as_ref() == Some(&id);
            let mut line = ModelLine { current: is_current, ..ModelLine::of(&job, &id) };
            match zoo.load(&job, &id) {
                Ok(snapshot) => {
                    line.as_of = Some(snapshot.judgement.as_of);
                    line.learner = Some(snapshot.model.learner.name());
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
