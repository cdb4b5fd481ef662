//! `lighthunter drill`: the recovery drill and what belongs to it.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use clap::{Args, Subcommand, ValueEnum};

use super::{
    drill_catalogue,
    drill_history::{self, HistoryArgs},
    drill_manual, drill_quotes,
    drill_report::{self, ReportArgs},
    drill_signals::{self, SignalsArgs},
    progress::Progress,
    session::Session,
};
use crate::{
    drill::{self, DrillOptions, Interruption},
    durable::DurableError,
    exit::{AnyFailure, Exit, Failure},
    record::{DrillRecord, ScenarioRecord, Verdict},
    report,
    seed::Seed,
    source::MarketChoice,
    workspace::Workspace,
};

/// Bring a target up in a clean environment, break it, roll it back, prove that it is back
#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    #[command(subcommand)]
    command: DrillCommand,
}

#[derive(Debug, Subcommand)]
enum DrillCommand {
    /// Run the drill: the whole war drill, or the features that are named
    Run(Box<RunArgs>),
    /// List the scenarios, and run nothing
    List(Selection),
    /// Check every feature and step, and run nothing
    Check(Selection),
    /// List the faults that can be injected
    Faults,
    /// Show which signal saw which fault, and when: blind spots and false alarms
    Signals(SignalsArgs),
    /// Show the trend of every scenario, what is slower than usual and what changed
    History(HistoryArgs),
    /// Render a drill's report again from its record
    Report(ReportArgs),
    /// Print the JSON Schema of record.json
    Schema,
    /// Write the runbook of this workspace from the features, or another paper
    Manual(drill_manual::ManualArgs),
    #[command(hide = true)]
    Quotes(drill_quotes::QuotesArgs),
}

/// Which scenarios.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Feature files or folders, carried by the executable or on disk [default: all that it carries]
    pub(super) features: Vec<String>,
    /// A tag expression, such as `@fault-a and not @slow`
    #[arg(long, value_name = "EXPR")]
    pub(super) tags: Option<String>,
    /// A pattern that a scenario's name must match
    #[arg(long, value_name = "RE")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    selection: Selection,
    /// The repository to drill [default: the workspace here, or a fresh one]
    #[arg(long, value_name = "DIR")]
    target: Option<PathBuf>,
    /// Drill a fresh workspace with these bars
    #[arg(long, value_name = "simulated[:SEED]|DIR")]
    market: Option<String>,
    /// When environments are kept
    #[arg(long, value_enum, default_value_t = Keep::OnFailure)]
    keep: Keep,
    /// The seed of every random choice
    #[arg(long, value_name = "S", env = "LIGHTHUNTER_SEED", default_value_t = Seed::DEFAULT.0)]
    seed: u64,
    /// Skipped scenarios make the drill NotReady
    #[arg(long)]
    strict: bool,
    /// Inject nothing: no scenario of failure may pass
    #[arg(long)]
    control: bool,
    /// How many scenarios run at a time [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// What the environments lie on; what is kept goes to a disk in any case
    #[arg(long, value_enum, default_value_t = Root::Memory)]
    root: Root,
    /// Go on with a drill that was interrupted or died; what it drills is its own
    #[arg(long, value_name = "ID", conflicts_with_all = ["features", "tags", "name", "target", "market", "strict", "control", "keep", "root"])]
    resume: Option<String>,
    /// Where reports go [default: the workspace's reports, or ./reports]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Root {
    /// /dev/shm where it has room and TMPDIR is not set: quicker, and no sync costs anything
    Memory,
    /// The temporary directory of the system, or TMPDIR: with what the disk costs the target
    Disk,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Keep {
    /// Those of red scenarios
    OnFailure,
    /// All
    Always,
    /// None
    Never,
}

pub(super) fn run(session: &Session, args: DrillArgs) -> Result<Exit, AnyFailure> {
    match args.command {
        DrillCommand::Run(args) => run_drill(session, *args),
        DrillCommand::List(selection) => drill_catalogue::list(session, selection),
        DrillCommand::Check(selection) => drill_catalogue::check(session, &selection),
        DrillCommand::Faults => drill_catalogue::faults(session),
        DrillCommand::Signals(args) => drill_signals::run(session, args),
        DrillCommand::History(args) => drill_history::run(session, args),
        DrillCommand::Report(args) => drill_report::run(session, args),
        DrillCommand::Schema => Ok(drill_catalogue::schema(session)),
        DrillCommand::Quotes(args) => drill_quotes::run(session, &args),
        DrillCommand::Manual(args) => drill_manual::run(session, &args),
    }
}

/// Returns the market as the target can read it, which runs in another directory: a directory of bars by
/// its whole path.
fn absolute(market: &str) -> Result<String, AnyFailure> {
    Ok(match MarketChoice::parse(market)? {
        MarketChoice::Simulated { .. } => market.to_owned(),
        MarketChoice::Directory(path) => {
            path.canonicalize().map_err(DurableError::at("find", &path))?.display().to_string()
        }
    })
}

/// A global option that a drill's target would never see.
#[derive(Debug, thiserror::Error)]
#[error("--as-of and --set do not reach the target of a drill, which runs the commands of its drill.toml")]
struct NotForDrills;

impl Failure for NotForDrills {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("Write the options into the commands of drill.toml.".into())
    }
}

fn run_drill(session: &Session, args: RunArgs) -> Result<Exit, AnyFailure> {
    if session.global.as_of.is_some() || !session.global.sets.is_empty() {
        return Err(NotForDrills.into());
    }
    let here = session.workspace_here()?;
    let executable = std::env::current_exe().map_err(DurableError::at("find", &PathBuf::from("the executable")))?;
    let workspace_reports = here.as_ref().map(|workspace| workspace.path("reports"));
    let reports = args.reports.or(workspace_reports).unwrap_or_else(|| "reports".into());
    let console = session.console;
    // Bars that are named are for a fresh workspace: they never go into the one here.
    let own = here.filter(|_| args.market.is_none()).map(|workspace: Workspace| workspace.root().to_path_buf());
    let options = DrillOptions {
        origin: args.target.or(own),
        market: args.market.map_or_else(|| Ok("simulated".into()), |market| absolute(&market))?,
        features: args.selection.features,
        tags: args.selection.tags,
        name: args.selection.name,
        keep: match args.keep {
            Keep::OnFailure => drill::Keep::OnFailure,
            Keep::Always => drill::Keep::Always,
            Keep::Never => drill::Keep::Never,
        },
        seed: Seed(args.seed),
        strict: args.strict,
        control: args.control,
        medium: match args.root {
            Root::Disk => drill::Medium::Disk,
            Root::Memory => drill::Medium::Memory,
        },
        jobs: args.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from),
        interruption: listen()?,
        ..DrillOptions::new(executable, reports, session.clock.clone())
    };
    let options = match &args.resume {
        // One that ended and died before its report was whole is written again.
        Some(id) => {
            let is_reported = report::ReportPaths::within(&options.reports.join("drills").join(id)).junit.is_file();
            options.resuming(id, is_reported)?
        }
        None => options,
    };
    let (record, page) = perform(session, options)?;
    say(session, &record);
    console.line(page.display().to_string());
    console.document(&record);
    if let Some(signal) = record.conduct.interrupted_by {
        return Ok(Exit::Signal(signal));
    }
    Ok(match record.verdict {
        Verdict::Ready => Exit::Done,
        Verdict::NotReady => Exit::Negative,
    })
}

fn listen() -> Result<Interruption, DurableError> {
    Interruption::listen().map_err(DurableError::at("listen for signals in", Path::new("the drill")))
}

/// Runs a drill and writes its report; returns the record and the report's page.
fn perform(session: &Session, options: DrillOptions) -> Result<(DrillRecord, PathBuf), AnyFailure> {
    let progress = Progress::of(&session.screen, "scenarios");
    let options = DrillOptions { progress: Some(teller(session, &progress, drill::list(&options)?.len())), ..options };
    let directory = options.directory();
    let record = drill::run(options)?;
    drop(progress);
    let paths = report::write_all(&record, &directory, session.global.lang)?;
    Ok((record, paths.html))
}

/// Drills the workspace at hand, its reports beside the others: the last part of the full regression.
pub(super) fn of_workspace(
    session: &Session,
    tags: Option<String>,
    name: Option<String>,
) -> Result<(DrillRecord, PathBuf), AnyFailure> {
    let workspace = session.workspace()?;
    let executable = std::env::current_exe().map_err(DurableError::at("find", &PathBuf::from("the executable")))?;
    let options = DrillOptions {
        origin: Some(workspace.root().to_path_buf()),
        tags,
        name,
        // At night there is time for what a disk costs, and each night proves that the budgets hold there.
        medium: drill::Medium::Disk,
        interruption: listen()?,
        ..DrillOptions::new(executable, workspace.path("reports"), session.clock.clone())
    };
    perform(session, options)
}

/// Returns what says each scenario that ended, and how many are done.
fn teller(session: &Session, progress: &Progress, total: usize) -> drill::Progress {
    let (console, screen, progress, done) =
        (session.console, session.screen.clone(), progress.clone(), AtomicUsize::new(0));
    Box::new(move |scenario| {
        screen.beside(|| console.line(scenario_line(scenario)));
        progress.tell(done.fetch_add(1, Ordering::Relaxed) + 1, total);
    })
}

fn scenario_line(scenario: &ScenarioRecord) -> String {
    let line = format!("{:<14} {:>7.2} s  {}", scenario.outcome.name(), scenario.seconds, scenario.name);
    match scenario.outcome.reason() {
        Some(reason) => format!("{line}\n{:>26}{reason}", ""),
        None => line,
    }
}

fn say(session: &Session, record: &DrillRecord) {
    session.console.line(format!("\n{} in {:.1} s: {}", record.verdict, record.seconds, record.verdict_reason));
    let conduct = &record.conduct;
    for (what, lines) in [("Undone", &conduct.undone), ("Left behind", &conduct.residue)] {
        for line in lines {
            session.console.line(format!("{what}: {line}"));
        }
    }
    let share = 100.0 * conduct.overhead_seconds / record.seconds.max(f64::MIN_POSITIVE);
    let p95 =
        conduct.rollback_p95_seconds.map_or_else(String::new, |p95| format!("; p95 from rollback to proof {p95:.2} s"));
    session
        .console
        .line(format!("Overhead: {:.2} s, {share:.1} %, {} at a time{p95}", conduct.overhead_seconds, conduct.jobs));
    session.console.line(format!("Machine: {}", record.target.machine));
    if conduct.interrupted_by.is_some() {
        session.console.line(format!("Go on: lighthunter drill run --resume {}", record.id));
    }
    let kept: Vec<&str> = record.scenarios.iter().filter_map(|scenario| scenario.kept.as_deref()).collect();
    if !kept.is_empty() {
        session.console.line(format!("Kept: {}", kept.join(", ")));
    }
    session.console.line(format!("Repeat: {}", record.repeat_command));
}
