//! `lighthunter factors`: the sets of factors, whether they are sound, and their values on any panel.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::{arguments::Threads, progress::Progress, session::Session};
use crate::{
    config::{self, FactorSet, FactorSpec},
    exit::{AnyFailure, Exit, Failure},
    market::SecurityHistory,
    ops::night_ops,
    research::factor::{FactorInput, FactorPlan, KERNELS, OPERATORS, Peek, UNAVAILABLE, peeks, threads_available},
    source::{SimulatedSpec, simulated},
    store::Frame,
};

/// At how many sessions `check` cuts the data.
const CUTS: usize = 5;

/// List, check or compute the sets of factors; --set NAME picks one
///
/// `--set NAME` names a set of `config/factor_spec.json`; `--set KEY=VALUE` overrides a config key as everywhere.
#[derive(Debug, Args)]
pub(super) struct FactorsArgs {
    #[command(subcommand)]
    command: FactorsCommand,
}

#[derive(Debug, Subcommand)]
enum FactorsCommand {
    /// List the sets with their factors, and the operators
    List,
    /// Read every expression and look for factors that use later data
    Check {
        /// The panel to compute on [default: a simulated one]
        #[arg(long, value_name = "PANEL.parquet")]
        input: Option<PathBuf>,
    },
    /// Compute a set over a panel
    Compute(ComputeArgs),
}

#[derive(Debug, Args)]
struct ComputeArgs {
    /// A table with code, date, open, high, low, close, volume, vwap, factor [default: the workspace's daily bars,
    /// repaired]
    #[arg(long, value_name = "PANEL.parquet")]
    input: Option<PathBuf>,
    /// The table to write: code, date and a column a factor, labels included
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Only the last N sessions; their bytes are those of a full run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn run(mut session: Session, args: &FactorsArgs) -> Result<Exit, AnyFailure> {
    let name = set_name(&mut session)?;
    match &args.command {
        FactorsCommand::List => list(&session, name.as_deref()),
        FactorsCommand::Check { input } => check(&session, name.as_deref(), input.as_deref()),
        FactorsCommand::Compute(args) => {
            compute(&session, &name.ok_or(FactorsError::SetName("needs --set NAME"))?, args)
        }
    }
}

/// Takes the name of a set from what was given as `--set`; a config override has an equals sign, no name has.
fn set_name(session: &mut Session) -> Result<Option<String>, FactorsError> {
    let (overrides, mut names): (Vec<String>, Vec<String>) =
        session.global.sets.drain(..).partition(|text| text.contains('='));
    session.global.sets = overrides;
    let name = names.pop();
    if names.is_empty() { Ok(name) } else { Err(FactorsError::SetName("takes one --set NAME")) }
}

/// Why the command cannot go on.
#[derive(Debug, thiserror::Error)]
enum FactorsError {
    #[error("`factors` {0}")]
    SetName(&'static str),
    #[error("config/factor_spec.json has no set '{name}', it has {}", sets.join(", "))]
    NoSet { name: String, sets: Vec<String> },
    #[error("there are no bars to compute from")]
    NoRows,
    #[error("these factors use later data: {}", names.join(", "))]
    Peeking { names: Vec<String>, is_written: bool },
}

impl Failure for FactorsError {
    fn exit(&self) -> Exit {
        match self {
            Self::SetName(_) => Exit::Usage,
            Self::NoSet { .. } | Self::Peeking { is_written: true, .. } => Exit::Config,
            Self::NoRows => Exit::DataRefused,
            // No expression says so, yet it is so: a defect that the check has found.
            Self::Peeking { is_written: false, .. } => Exit::Negative,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::SetName(_) | Self::NoSet { .. } => "Name one of the sets; `factors list` shows them.".into(),
            Self::NoRows => {
                "Run `lighthunter night-ops` or `data import DIR` first, or name a table by --input.".into()
            }
            Self::Peeking { .. } => "Take what looks forward out of the factors; only `labels` may.".into(),
        })
    }
}

/// Returns the sets of the workspace here, else those that LightHunter comes with.
fn spec(session: &Session) -> Result<FactorSpec, AnyFailure> {
    Ok(match session.workspace_here()? {
        Some(workspace) => config::load_all(&workspace, &session.load_options()?)?.factors,
        None => config::shipped()?.factors,
    })
}

/// Returns the named set, or all.
fn chosen(spec: FactorSpec, name: Option<&str>) -> Result<Vec<(String, FactorSet)>, AnyFailure> {
    let sets: Vec<String> = spec.sets.keys().cloned().collect();
    let mut chosen: Vec<(String, FactorSet)> = spec.sets.into_iter().collect();
    if let Some(name) = name {
        chosen.retain(|(own, _)| own == name);
        if chosen.is_empty() {
            return Err(FactorsError::NoSet { name: name.to_owned(), sets }.into());
        }
    }
    Ok(chosen)
}

/// One column of a set as the commands show it.
#[derive(Debug, Serialize)]
struct ColumnLine {
    name: String,
    kind: &'static str,
    expression: String,
    /// Sessions before its own that a value needs; none where it needs all.
    lookback: Option<usize>,
}

fn lines(set: &FactorSet, plan: Option<&FactorPlan>) -> Vec<ColumnLine> {
    let built_in = |name: &String| {
        let kernel = KERNELS.iter().find(|kernel| kernel.name == name);
        let reason = UNAVAILABLE.iter().find(|(own, _)| own == name).map_or("not known", |(_, reason)| reason);
        let lookback = kernel.is_some().then_some(set.lookback);
        let expression = kernel.map_or(reason, |kernel| kernel.formula).to_owned();
        ColumnLine { name: name.clone(), kind: "built-in", expression, lookback }
    };
    let mut lines: Vec<ColumnLine> = set.factors.iter().map(built_in).collect();
    let written = [("expression", &set.expressions), ("label", &set.labels)];
    for (kind, expression) in written.into_iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, one))) {
        let column = plan.and_then(|plan| plan.expressions().columns().iter().find(|own| own.name == expression.name));
        lines.push(ColumnLine {
            name: expression.name.clone(),
            kind,
            expression: expression.text.clone(),
            lookback: column.and_then(|column| column.lookback),
        });
    }
    lines
}

fn list(session: &Session, name: Option<&str>) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let mut documents = Vec::new();
    for (name, set) in chosen(spec(session)?, name)? {
        let plan = FactorPlan::read(&set, &[]);
        let columns = lines(&set, plan.as_ref().ok());
        console.line(format!("{name}: {} factors, {} labels", columns.len() - set.labels.len(), set.labels.len()));
        if let Err(problem) = &plan {
            console.note(format!("warning: {problem}"));
        }
        for column in &columns {
            console.line(format!("  {:<20} {}", column.name, column.expression));
        }
        let problem = plan.err().map(|problem| problem.to_string());
        documents.push(json!({ "name": name, "columns": columns, "problem": problem }));
    }
    console.line("operators:");
    for operator in &OPERATORS {
        console.line(format!(
            "  {:<20} {}",
            format!("{}{}", operator.name, operator.form.arguments()),
            operator.meaning
        ));
    }
    let operators = OPERATORS.iter().map(|operator| {
        json!({ "name": operator.name, "arguments": operator.form.arguments(), "meaning": operator.meaning })
    });
    let operators: Vec<_> = operators.collect();
    console.document(&json!({ "sets": documents, "operators": operators }));
    Ok(Exit::Done)
}

fn check(session: &Session, name: Option<&str>, input: Option<&Path>) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let sets = chosen(spec(session)?, name)?;
    let (mut documents, mut failures): (_, Vec<AnyFailure>) = (Vec::new(), Vec::new());
    let simulated = if input.is_none() { Some(simulated_input()?) } else { None };
    for (name, set) in &sets {
        let checked = check_set(set, input, simulated.as_ref());
        let (peeks, failure) = checked.unwrap_or_else(|failure| (Vec::new(), Some(failure)));
        let columns = set.factors.len() + set.expressions.len();
        match &failure {
            Some(failure) => console.line(format!("fail  {name}: {failure}")),
            None => console.line(format!("ok    {name}: {columns} factors, {} labels", set.labels.len())),
        }
        for peek in peeks.iter().filter(|peek| !peek.is_label) {
            let shown = |value: Option<f64>| value.map_or("missing".to_owned(), |value| value.to_string());
            console.line(format!(
                "      {}: {} on {} is {} with data up to {}, {} with all",
                peek.name,
                peek.code,
                peek.date,
                shown(peek.known),
                peek.cut,
                shown(peek.whole)
            ));
        }
        let problem = failure.as_ref().map(ToString::to_string);
        documents.push(json!({
            "name": name, "ok": failure.is_none(), "factors": columns, "labels": set.labels.len(),
            "looks_ahead": peeks, "problem": problem,
        }));
        failures.extend(failure);
    }
    // A mistake in the spec comes first: it is what a person can correct.
    failures.sort_by_key(|failure| failure.exit() == Exit::Negative);
    let document = json!({ "cuts": CUTS, "sets": documents });
    if let Some(failure) = failures.first() {
        console.failure_with(failure.as_ref(), Some(("factors", document)));
        return Ok(failure.exit());
    }
    console.document(&document);
    Ok(Exit::Done)
}

/// Reads a set and computes it on cut data; a mistake in it is an error, a look ahead comes with its values.
fn check_set(
    set: &FactorSet,
    input: Option<&Path>,
    simulated: Option<&FactorInput>,
) -> Result<(Vec<Peek>, Option<AnyFailure>), AnyFailure> {
    let read;
    let (input, plan) = match (input, simulated) {
        (Some(path), _) => {
            let (plan, input) = planned(set, path)?;
            read = input;
            (&read, plan)
        }
        (None, Some(simulated)) => (simulated, FactorPlan::read(set, &[])?),
        (None, None) => return Ok((Vec::new(), None)),
    };
    let written = plan.expressions().check_forward().err();
    let found = peeks(&plan, input, CUTS, threads_available())?;
    let names: Vec<String> = found.iter().filter(|peek| !peek.is_label).map(|peek| peek.name.clone()).collect();
    let failure: Option<AnyFailure> = match (written, names.is_empty()) {
        (Some(error), true) => Some(error.into()),
        (written, false) => Some(FactorsError::Peeking { names, is_written: written.is_some() }.into()),
        (None, true) => None,
    };
    Ok((found, failure))
}

/// Reads a set against the columns of a file, and the file.
fn planned(set: &FactorSet, path: &Path) -> Result<(FactorPlan, FactorInput), AnyFailure> {
    let frame = Frame::read(path)?;
    let names: Vec<&str> = frame.names().collect();
    let plan = FactorPlan::read(set, &names)?;
    let input = FactorInput::from_frame(path, &frame, plan.needs_bars())?;
    Ok((plan, input))
}

fn simulated_input() -> Result<FactorInput, AnyFailure> {
    let spec = SimulatedSpec { symbols: 6, days: 260, minute_days: 0, ..SimulatedSpec::default() };
    let market = simulated::generate(&spec)?;
    let history = SecurityHistory::of(&market.securities);
    Ok(FactorInput::from_bars(market.daily, history))
}

fn compute(session: &Session, name: &str, args: &ComputeArgs) -> Result<Exit, AnyFailure> {
    let set = chosen(spec(session)?, Some(name))?.pop().map(|(_, set)| set).unwrap_or_default();
    let (plan, input) = if let Some(path) = &args.input {
        planned(&set, path)?
    } else {
        let plan = FactorPlan::read(&set, &[])?;
        // Before the stores are opened, which makes them where there are none.
        plan.expressions().check_forward()?;
        (plan, stored_input(session)?)
    };
    plan.expressions().check_forward()?;
    if input.aligned.rows() == 0 {
        return Err(FactorsError::NoRows.into());
    }
    let progress = Progress::of(&session.screen, "symbols");
    let last = args.last.map(|last| last as usize);
    let table = plan.compute_telling(&input, last, args.threads.count(), &|done, total| progress.tell(done, total))?;
    drop(progress);
    let availability = table.availability.clone();
    let frame = table.into_frame()?;
    let digest = frame.write(&args.out)?;
    let console = session.console;
    let unusable: Vec<_> = availability.iter().filter(|entry| !entry.is_usable()).collect();
    for entry in &unusable {
        let what = entry.reason.clone().unwrap_or_else(|| "has one value everywhere".into());
        console.note(format!("warning: {}: {what}", entry.name));
    }
    let columns = frame.names().count() - 2;
    let out = args.out.display();
    console.line(format!("{out}: {} rows, {columns} columns, digest {digest}", frame.rows()));
    console.document(&json!({
        "set": name, "out": args.out, "rows": frame.rows(), "codes": input.aligned.codes().len(),
        "sessions": input.aligned.sessions().len(), "columns": columns, "digest": digest,
        "unusable": unusable.iter().map(|entry| json!({
            "name": entry.name, "null_share": entry.null_share, "constant": entry.constant, "reason": entry.reason,
        })).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

/// Returns the workspace's daily bars up to the trading date, as NightOps hands them to its factors.
fn stored_input(session: &Session) -> Result<FactorInput, AnyFailure> {
    let station = session.station("factors")?;
    let (bars, history) = night_ops::research_bars(&station, session.global.as_of, "factors")?;
    Ok(FactorInput::from_bars(bars, history))
}
