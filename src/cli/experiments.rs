//! `lighthunter experiments`: what was trained and backtested, from the ledger.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit, Failure},
    store::{Experiment, ExperimentStatus, Experiments, Ledger},
};

/// List the experiments, or show one
#[derive(Debug, Args)]
pub(super) struct ExperimentsArgs {
    #[command(subcommand)]
    command: ExperimentsCommand,
}

#[derive(Debug, Subcommand)]
enum ExperimentsCommand {
    /// List every experiment that has ended, oldest first
    List,
    /// Show one experiment with its parameters and metrics
    Show {
        /// Its id
        id: String,
    },
}

/// An id that no experiment has.
#[derive(Debug, thiserror::Error)]
#[error("there is no experiment '{0}'")]
struct NoExperiment(String);

impl Failure for NoExperiment {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("List the experiments there are with `lighthunter experiments list`.".into())
    }
}

pub(super) fn run(session: &Session, args: &ExperimentsArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("experiments")?;
    let settings = station.store_settings();
    // The ledger alone: a night that is under way does not keep anyone from looking.
    let ledger = Ledger::open(&settings.ledger)?;
    let experiments = Experiments::new(&ledger, &settings.experiments.path);
    match &args.command {
        ExperimentsCommand::List => list(session, &experiments.list()?),
        ExperimentsCommand::Show { id } => {
            show(session, &experiments.get(id)?.ok_or_else(|| NoExperiment(id.clone()))?);
        }
    }
    Ok(Exit::Done)
}

fn list(session: &Session, experiments: &[Experiment]) {
    let console = session.console;
    if experiments.is_empty() {
        console.note("There is no experiment yet: `lighthunter night-ops` makes one.");
    }
    for experiment in experiments {
        let figure = experiment.error.as_ref().map_or_else(|| headline(experiment), |error| error.message.clone());
        let (kind, status) = (word(&experiment.kind), word(&experiment.status));
        console.line(format!("{}  {kind:<12} {status:<8} {}  {figure}", experiment.id, experiment.as_of));
    }
    console.document(&experiments);
}

fn show(session: &Session, experiment: &Experiment) {
    let console = session.console;
    let Ok(Value::Object(fields)) = serde_json::to_value(experiment) else { return };
    for (name, value) in &fields {
        match value {
            Value::Object(entries) => {
                console.line(format!("{name}:"));
                for (name, value) in entries {
                    console.line(format!("  {name} = {value}"));
                }
            }
            Value::String(text) => console.line(format!("{name}: {text}")),
            other => console.line(format!("{name}: {other}")),
        }
    }
    console.document(experiment);
}

/// Returns the figures that a person looks for first.
fn headline(experiment: &Experiment) -> String {
    let shown = |name: &str| {
        let value = experiment.metrics.get(name).copied().flatten()?;
        Some(format!("{name} {value:.4}"))
    };
    let figures: Vec<String> =
        ["rank_ic", "bt_ret_total", "bt_sharpe", "bt_max_dd"].into_iter().filter_map(shown).collect();
    if experiment.status == ExperimentStatus::Success { figures.join(", ") } else { String::new() }
}

/// Returns the word that a kind or status is written as.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
