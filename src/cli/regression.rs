//! `lighthunter regression`: the smoke test and its longer sisters.

use clap::{Args, ValueEnum};

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    ops::regression,
};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// Libraries load, DuckDB is writable, a ZeroMQ message comes back, every room answers: seconds
    Smoke,
    /// Smoke, then a small NightOps from nothing in a workspace of its own: half a minute
    Quick,
}

/// Run the regression checks
#[derive(Debug, Args)]
pub(super) struct RegressionArgs {
    /// How deep
    #[arg(long, value_enum, default_value_t = Mode::Smoke)]
    mode: Mode,
}

pub(super) fn run(session: &Session, args: &RegressionArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("regression")?;
    let outcome = match args.mode {
        Mode::Smoke => regression::smoke(&station),
        Mode::Quick => regression::quick(&station),
    };
    for probe in &outcome.probes {
        let mark = if probe.passed { "ok  " } else { "FAIL" };
        session.console.line(format!("{mark} {:<12} {:>7.3} s  {}", probe.name, probe.seconds, probe.answer));
    }
    let verdict = if outcome.passed { "passed" } else { "FAILED" };
    session.console.line(format!("Regression {} {verdict} in {:.3} s.", outcome.mode, outcome.seconds));
    session.console.document(&outcome);
    Ok(if outcome.passed { Exit::Done } else { Exit::Negative })
}
