//! `lighthunter simulate`: one session's minute bars through strategies, risk and broker.

use std::{collections::BTreeSet, str::FromStr};

use clap::Args;
use jiff::civil::Date;

use super::{
    progress::Progress,
    session::Session,
    words::{Word, saved},
};
use crate::{
    exit::{AnyFailure, Exit},
    market::Symbol,
    ops::simulation::{self, SimulationOptions},
    text::Note,
};

/// Replay a session's minute bars through strategies, risk and broker, with every event on the bus
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// The session [default: the newest that daily and intraday bars reach]
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "as_of")]
    date: Option<Date>,
    /// Only these symbols
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    symbols: Vec<Symbol>,
    /// How many times faster than the market, or `max`
    #[arg(long, default_value = "max", value_name = "N|max")]
    speed: Speed,
    /// The job whose model scores the session before; the same as --set alpha.default_job=ID
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Go on with a run of the same day and input that died
    #[arg(long)]
    resume: bool,
    /// Start from the accounts as the newest simulated session before left them, not from cash
    #[arg(long = "continue")]
    carry_over: bool,
    /// Start although the last DayOps of the day failed; it is recorded
    #[arg(long)]
    force: bool,
}

/// The slowest and the fastest replay that is timed at all.
const SLOWEST: f64 = 0.01;
const FASTEST: f64 = 1e6;

/// A speed as the command line has it.
#[derive(Debug, Clone, Copy)]
struct Speed(Option<f64>);

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self(None));
        }
        let speed: Option<f64> = text.parse().ok();
        let speed = speed.filter(|speed| (SLOWEST..=FASTEST).contains(speed));
        speed
            .map(|speed| Self(Some(speed)))
            .ok_or_else(|| format!("'{text}' is no number from {SLOWEST} to {FASTEST} and not 'max'"))
    }
}

pub(super) fn run(mut session: Session, args: SimulateArgs) -> Result<Exit, AnyFailure> {
    session.set("alpha.default_job", args.job.as_deref());
    let station = session.station(simulation::COMPONENT)?;
    let progress = Progress::of(&session.screen, "the session");
    let language = session.global.lang;
    let options = SimulationOptions {
        date: session.global.as_of.or(args.date),
        symbols: args.symbols.into_iter().collect::<BTreeSet<Symbol>>(),
        speed: args.speed.0,
        resume: args.resume,
        carry_over: args.carry_over,
        listener: progress.listener(),
        force: args.force,
        overrides: session.global.sets.clone(),
        language,
    };
    let run = simulation::run(&station, &options)?;
    drop((progress, options));
    let (console, report) = (session.console, &run.report);
    for path in &run.files {
        console.line(saved(language, &station.workspace.shown(path)));
    }
    console.line(Note::new(Word::Experiment, [&report.experiment_id]).say(language));
    for note in &report.notes {
        console.line(Note::new(Word::Note, [note]).say(language));
    }
    for line in report.lines() {
        console.line(line.say(language));
    }
    if let Some(digest) = &report.result_digest {
        console.line(Note::new(Word::ResultDigest, [digest]).say(language));
    }
    console.line(report.verdict().say(language));
    if let Some(failure) = run.failure {
        console.failure_with(failure.as_ref(), Some(("report", serde_json::json!(report))));
    } else {
        console.document(report);
    }
    Ok(run.exit)
}
