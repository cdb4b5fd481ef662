//! `lighthunter experiments`: what was trained and backtested, from the ledger.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{arguments::Threads, progress::Progress, session::Session};
use crate::{
    exit::{AnyFailure, Exit, Failure},
    ops::{
        self,
        matrix::{CellStatus, MatrixOptions},
    },
    research::{
        matrix::{self, Comparison},
        performance::Metrics,
    },
    store::{Experiment, ExperimentStatus, Experiments, Ledger},
};

/// List, show and compare experiments, or run the experiment matrix
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
    /// Show experiments side by side: their metrics, and what differs of what made them
    Compare {
        /// Their ids, two or more
        #[arg(num_args = 2.., required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Train and backtest every experiment of config/experiment_matrix.yaml
    RunMatrix(RunMatrixArgs),
}

/// Which experiments of the matrix run, and how.
#[derive(Debug, Args)]
struct RunMatrixArgs {
    /// Only these experiments or sweeps, by id
    #[arg(long, value_delimiter = ',', value_name = "ID,..")]
    only: Vec<String>,
    /// Only experiments with this tag
    #[arg(long, value_name = "T")]
    tag: Option<String>,
    /// Say what would run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Experiments at work at a time; changes no result [default: the threads]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    threads: Threads,
    /// Keep what an earlier experiment has done with the same inputs
    #[arg(long)]
    resume: bool,
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
    if let ExperimentsCommand::RunMatrix(args) = &args.command {
        return run_matrix(session, args);
    }
    let station = session.station("experiments")?;
    let settings = station.store_settings();
    // The ledger alone: a night that is under way does not keep anyone from looking.
    let ledger = Ledger::open_or_look(&settings.ledger)?;
    let experiments = Experiments::new(&ledger, &settings.experiments.path);
    match &args.command {
        ExperimentsCommand::List => list(session, &experiments.list()?),
        ExperimentsCommand::Show { id } => {
            show(session, &experiments.get(id)?.ok_or_else(|| NoExperiment(id.clone()))?);
        }
        ExperimentsCommand::Compare { ids } => {
            let all = experiments.list()?;
            let named = |id: &String| {
                let found = all.iter().find(|experiment| experiment.id == *id).cloned();
                found.ok_or_else(|| NoExperiment(id.clone()))
            };
            compare(session, &matrix::compare(&ids.iter().map(named).collect::<Result<Vec<_>, _>>()?));
        }
        ExperimentsCommand::RunMatrix(_) => {}
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

fn compare(session: &Session, comparison: &Comparison) {
    let console = session.console;
    let row = |name: &str, values: Vec<String>| {
        let cells: Vec<String> = values.iter().map(|value| format!("{value:>16}")).collect();
        console.line(format!("{name:<44}  {}", cells.join("  ")));
    };
    for (at, id) in comparison.experiments.iter().enumerate() {
        console.line(format!("[{}] {id}", at + 1));
    }
    row("metrics", (1..=comparison.experiments.len()).map(|at| format!("[{at}]")).collect());
    let shown = |value: &Option<f64>| value.map_or_else(|| "not defined".into(), |value| format!("{value:.6}"));
    for (name, values) in &comparison.metrics {
        row(name, values.iter().map(shown).collect());
    }
    console.line("differences");
    for (name, values) in &comparison.differences {
        let shown = |value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // Digests are told apart by their beginning; --json has them whole.
            if text.len() == 64 { text.chars().take(12).collect() } else { text }
        };
        row(name, values.iter().map(shown).collect());
    }
    console.document(comparison);
}

fn run_matrix(session: &Session, args: &RunMatrixArgs) -> Result<Exit, AnyFailure> {
    let station = session.station(ops::matrix::COMPONENT)?;
    let options = MatrixOptions {
        only: args.only.clone(),
        tag: args.tag.clone(),
        to: session.global.as_of,
        jobs: args.threads.jobs(args.jobs),
        threads: args.threads.count(),
        resume: args.resume,
        dry_run: args.dry_run,
        overrides: session.global.sets.clone(),
    };
    let console = session.console;
    let progress = Progress::of(&session.screen, "experiments");
    let run = ops::matrix::run(&station, &options, &|done, total| progress.tell(done, total))?;
    drop(progress);
    for cell in &run.report.cells {
        let what = match cell.status {
            CellStatus::Done => figures(&cell.metrics),
            CellStatus::Planned => serde_json::to_string(&cell.set).unwrap_or_default(),
            CellStatus::Skipped | CellStatus::Failed => cell.reason.clone().unwrap_or_default(),
        };
        let experiment = cell.experiment_id.as_deref().unwrap_or("-");
        console.line(format!("{:<32} {:<8} {experiment}  {what}", cell.id, word(&cell.status)));
    }
    let Some(failure) = run.failure else {
        console.document(&run.report);
        return Ok(Exit::Done);
    };
    console.failure_with(failure.as_ref(), Some(("report", serde_json::json!(run.report))));
    Ok(failure.exit())
}

/// Returns the figures that a person looks for first.
fn headline(experiment: &Experiment) -> String {
    if experiment.status == ExperimentStatus::Success { figures(&experiment.metrics) } else { String::new() }
}

fn figures(metrics: &Metrics) -> String {
    let shown = |name: &str| Some(format!("{name} {:.4}", metrics.get(name).copied().flatten()?));
    let figures: Vec<String> =
        ["rank_ic", "bt_ret_total", "bt_sharpe", "bt_max_dd"].into_iter().filter_map(shown).collect();
    figures.join(", ")
}

/// Returns the word that a kind or status is written as.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
