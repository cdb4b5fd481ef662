//! The quick regression: the smoke test, then a small NightOps from nothing, in a workspace of its own
//! that goes when it ends. The workspace at hand is not written.

use super::{
    Regression,
    smoke::{self, Answer},
    words::Word,
};
use crate::{
    clock::Stopwatch,
    config::{self, LoadOptions},
    durable::{self, DurableError},
    ops::{
        Station,
        bootstrap::{self, MarketRequest},
        night_ops::{self, NightOpsOptions},
    },
    text::{Note, Speak},
    workspace::Workspace,
};

/// The small market: the fewest symbols and sessions from which a model can be trained.
const MARKET: (&str, usize, usize) = ("simulated:7", 12, 160);

/// Runs the smoke test and a small NightOps; a probe that fails does not stop the others.
#[must_use]
pub fn quick(station: &Station) -> Regression {
    let watch = Stopwatch::start();
    let mut probes = smoke::smoke(station).probes;
    probes.push(smoke::ask(station, "night_ops", small_night));
    let regression = Regression::of("quick", watch.seconds(), probes);
    tracing::info!(component = "regression", passed = regression.passed, "quick test in {} s", regression.seconds);
    regression
}

fn small_night(station: &Station) -> Answer {
    let cache = station.workspace.path("cache/runs");
    durable::make_directory(&cache)?;
    let room = tempfile::tempdir_in(&cache).map_err(DurableError::at("make a directory in", &cache))?;
    let (choice, symbols, days) = MARKET;
    let market = MarketRequest { choice: choice.into(), symbols: Some(symbols), days: Some(days) };
    let made = bootstrap::init(&room.path().join("regression"), &market, &station.clock)?;
    let workspace = Workspace::open(&made.root)?;
    let config = config::load_all(&workspace, &LoadOptions::default())?;
    let small = Station { workspace, config, clock: station.clock.clone() };
    let night = night_ops::run(&small, &NightOpsOptions::default())?;
    if let Some(failure) = night.failure {
        return Err(failure);
    }
    let result = night.report.result_digest;
    let result = result.map_or_else(|| Word::NoResult.into(), |digest| Note::foreign(digest.short()));
    Ok(Note::new(Word::SmallNight, [&night.report.steps.len() as &dyn Speak, &symbols, &days, &result]))
}
