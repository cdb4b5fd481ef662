//! `lighthunter regression`: the smoke test and its longer sisters.
//!
//! The drill drives the system as a process, so that no operation may call it: the full regression is put
//! together here.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::{
    drill,
    session::Session,
    words::{Word, cell},
};
use crate::{
    clock::Stopwatch,
    exit::{AnyFailure, Exit, Failure},
    ops::regression::{self, Probe, Regression},
    record::{DrillRecord, Verdict},
    report,
    text::{Note, Speak},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Libraries load, DuckDB is writable, a ZeroMQ message comes back, every room answers: seconds
    Smoke,
    /// Smoke, then a small NightOps from nothing in a workspace of its own: half a minute
    Quick,
    /// Quick, then the drill of the workspace, held against the drills before it: minutes
    Full,
}

/// Run the regression checks
#[derive(Debug, Args)]
pub(super) struct RegressionArgs {
    /// How deep
    #[arg(long, value_enum, default_value_t = Mode::Smoke)]
    mode: Mode,
    /// With --mode full: only the drill's scenarios whose tags match
    #[arg(long, value_name = "EXPR")]
    tags: Option<String>,
    /// With --mode full: only the drill's scenarios whose name matches
    #[arg(long, value_name = "RE")]
    name: Option<String>,
}

/// A choice of scenarios where no drill runs.
#[derive(Debug, thiserror::Error)]
#[error("--tags and --name choose scenarios of the drill, which only --mode full runs")]
struct NoDrill;

impl Failure for NoDrill {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("Add --mode full, or leave the choice out.".into())
    }
}

pub(super) fn run(session: &Session, args: RegressionArgs) -> Result<Exit, AnyFailure> {
    if args.mode != Mode::Full && (args.tags.is_some() || args.name.is_some()) {
        return Err(NoDrill.into());
    }
    let (console, language) = (session.console, session.global.lang);
    let station = session.station("regression")?;
    let outcome = match args.mode {
        Mode::Smoke => told(session, regression::smoke(&station)),
        Mode::Quick => told(session, regression::quick(&station)),
        Mode::Full => {
            let quick = told(session, regression::quick(&station));
            drill_probes(session, args).into_iter().fold(quick, |found, probe| {
                tell(session, std::slice::from_ref(&probe));
                found.deepened("full", probe)
            })
        }
    };
    console.line(outcome.verdict().say(language));
    console.document(&outcome);
    Ok(if outcome.passed { Exit::Done } else { Exit::Negative })
}

fn told(session: &Session, regression: Regression) -> Regression {
    tell(session, &regression.probes);
    regression
}

fn tell(session: &Session, probes: &[Probe]) {
    let language = session.global.lang;
    for probe in probes {
        let mark = cell(if probe.passed { Word::ProbeOk } else { Word::ProbeFailed }.say(language), 4);
        session.console.line(format!(
            "{mark} {} {:>7.3} s  {}",
            cell(probe.name, 12),
            probe.seconds,
            probe.answer.say(language)
        ));
    }
}

/// Drills the workspace, then holds the drill against those before it; a drill that could not run has failed.
fn drill_probes(session: &Session, args: RegressionArgs) -> Vec<Probe> {
    let watch = Stopwatch::start();
    let probe = |name, passed, answer| Probe { name, passed, answer, seconds: watch.seconds() };
    let (record, page) = match drill::of_workspace(session, args.tags, args.name) {
        Ok(ended) => ended,
        Err(failure) => return vec![probe("drill", false, Note::foreign(failure.to_string()))],
    };
    let ready = record.verdict == Verdict::Ready;
    let verdict = Note::plain(if ready { Word::Ready } else { Word::NotReady });
    let answer = Note::new(Word::DrillAnswer, [&verdict as &dyn Speak, &record.verdict_reason, &page.display()]);
    let drill = probe("drill", ready, answer);
    vec![drill, history_probe(&record, &page)]
}

/// Asks the history whether anything got worse. The first drill of its kind has nothing to be worse than.
fn history_probe(record: &DrillRecord, page: &Path) -> Probe {
    let watch = Stopwatch::start();
    let (passed, answer) = match report::comparison(record, page.parent().unwrap_or(page)) {
        Err(failure) => (false, Note::foreign(failure.to_string())),
        Ok(comparison) => match (comparison.worse(), comparison.previous) {
            (worse, Some(previous)) if worse.is_empty() => (true, Note::new(Word::NothingWorse, [&previous.id])),
            (worse, None) if worse.is_empty() => (true, Note::plain(Word::FirstOfItsKind)),
            (worse, _) => (false, Note::foreign(worse.join("; "))),
        },
    };
    Probe { name: "history", passed, answer, seconds: watch.seconds() }
}
