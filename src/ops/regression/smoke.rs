//! The smoke test: does every room answer? Runs in a second on a ready workspace and leaves nothing.

use std::time::Duration;

use super::{Probe, Regression};
use crate::{
    bus,
    clock::Stopwatch,
    config::{self, LoadOptions},
    exit::{AnyFailure, Exit, Failure},
    market::Calendar,
    metric::{Convention, measure},
    ops::{Station, research_plan},
    seed::Seed,
    source::{SimulatedSpec, simulated},
    vault::Vault,
};

/// How long a message on the bus may take.
const BUS_PATIENCE: Duration = Duration::from_secs(1);

type Answer = Result<String, AnyFailure>;

/// A probe's name and how it is asked.
type Asked = (&'static str, fn(&Station) -> Answer);

/// Runs every probe; one that fails does not stop the others.
#[must_use]
pub fn smoke(station: &Station) -> Regression {
    let watch = Stopwatch::start();
    let probes: [Asked; 9] = [
        ("config", configuration),
        ("market", market),
        ("source", source),
        ("store", stores),
        ("bus", message_bus),
        ("vault", repository),
        ("metric", metrics),
        ("research", research),
        ("monitor", monitor),
    ];
    let probes = probes.map(|(name, probe)| ask(station, name, probe)).into();
    let regression = Regression::of("smoke", watch.seconds(), probes);
    for probe in regression.probes.iter().filter(|probe| !probe.passed) {
        tracing::error!(component = "regression", probe = probe.name, "{}", probe.answer);
    }
    tracing::info!(component = "regression", passed = regression.passed, "smoke test in {} s", regression.seconds);
    regression
}

pub(super) fn ask(station: &Station, name: &'static str, probe: fn(&Station) -> Answer) -> Probe {
    let watch = Stopwatch::start();
    let answer = probe(station);
    let seconds = watch.seconds();
    match answer {
        Ok(answer) => Probe { name, passed: true, answer, seconds },
        Err(failure) => Probe { name, passed: false, answer: failure.to_string(), seconds },
    }
}

fn configuration(station: &Station) -> Answer {
    let report = config::check(&station.workspace, &LoadOptions::default())?;
    Ok(format!("{} files agree, digest {}", report.files.len(), report.digest.short()))
}

fn market(station: &Station) -> Answer {
    let (calendar, today) = (Calendar::builtin(), station.clock.today());
    let last = calendar.session_on_or_before(today.min(calendar.last()))?;
    Ok(format!("the calendar reaches {}; the last session up to today is {last}", calendar.last()))
}

fn source(_: &Station) -> Answer {
    let spec = SimulatedSpec { seed: Seed::DEFAULT, symbols: 3, days: 5, minute_days: 1, ..SimulatedSpec::default() };
    let data = simulated::generate(&spec)?;
    Ok(format!("a market of {} daily bars was simulated", data.daily.len()))
}

fn stores(station: &Station) -> Answer {
    let (stores, recovered) = station.open_stores()?;
    stores.probe()?;
    let rows: u64 = stores.counts()?.values().sum();
    Ok(format!("{rows} rows; written to and read back; recovery mended {} things", recovered.len()))
}

fn message_bus(_: &Station) -> Answer {
    Ok(format!("a ZeroMQ message came back in {:.1} ms", bus::round_trip(BUS_PATIENCE)? * 1e3))
}

fn repository(station: &Station) -> Answer {
    let vault = Vault::open(station.workspace.root())?;
    let head = vault.head()?;
    Ok(format!("commit {}, {}", head.get(..12).unwrap_or(&head), vault.status()?))
}

fn metrics(_: &Station) -> Answer {
    let total = measure(&[0.01, -0.02, 0.03], &Convention::default()).total.unwrap_or(f64::NAN);
    let (found, expected) = (format!("{total:.6}"), format!("{:.6}", 1.01 * 0.98 * 1.03 - 1.0));
    if found == expected {
        Ok(format!("three days return {found}"))
    } else {
        Err(WrongAnswer { found, expected }.into())
    }
}

fn research(station: &Station) -> Answer {
    let plan = research_plan::ResearchPlan::of(station)?;
    let zoo = research_plan::zoo(station);
    let model = match zoo.current(&plan.job.id)? {
        Some(_) => format!("model {} is whole", zoo.load_current(&plan.job.id)?.id),
        None => "no model yet".to_owned(),
    };
    Ok(format!(
        "job {} learns {} from {} factors; {model}",
        plan.job.id,
        plan.task.primary_label,
        plan.factors.factors.len()
    ))
}

fn monitor(station: &Station) -> Answer {
    let state = station.metrics().read()?;
    Ok(format!("{} operations ended, {} errors", state.runs_total, state.errors_total))
}

/// A room that answers wrong.
#[derive(Debug, thiserror::Error)]
#[error("the answer is {found}, {expected} is right")]
struct WrongAnswer {
    found: String,
    expected: String,
}

impl Failure for WrongAnswer {
    fn exit(&self) -> Exit {
        Exit::Internal
    }
}
