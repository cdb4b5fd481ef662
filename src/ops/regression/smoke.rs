//! The smoke test: does every room answer? Runs in a second on a ready workspace and leaves nothing.

use std::time::Duration;

use super::{Probe, Regression, words::Word};
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
    text::{Note, Speak},
    vault::Vault,
};

/// How long a message on the bus may take.
const BUS_PATIENCE: Duration = Duration::from_secs(1);

pub(super) type Answer = Result<Note, AnyFailure>;

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
        tracing::error!(component = "regression", probe = probe.name, "{}", &*probe.answer);
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
        Err(failure) => Probe { name, passed: false, answer: Note::foreign(failure.to_string()), seconds },
    }
}

fn configuration(station: &Station) -> Answer {
    let report = config::check(&station.workspace, &LoadOptions::default())?;
    Ok(Note::new(Word::FilesAgree, [&report.files.len() as &dyn Speak, &report.digest.short()]))
}

fn market(station: &Station) -> Answer {
    let (calendar, today) = (Calendar::builtin(), station.clock.today());
    let last = calendar.session_on_or_before(today.min(calendar.last()))?;
    Ok(Note::new(Word::Calendar, [&calendar.last(), &last]))
}

fn source(_: &Station) -> Answer {
    let spec = SimulatedSpec { seed: Seed::DEFAULT, symbols: 3, days: 5, minute_days: 1, ..SimulatedSpec::default() };
    let data = simulated::generate(&spec)?;
    Ok(Note::new(Word::Simulated, [&data.daily.len()]))
}

fn stores(station: &Station) -> Answer {
    let (stores, recovered) = station.open_stores()?;
    stores.probe()?;
    let rows: u64 = stores.counts()?.values().sum();
    Ok(Note::new(Word::Stores, [&rows as &dyn Speak, &recovered.len()]))
}

fn message_bus(_: &Station) -> Answer {
    Ok(Note::new(Word::MessageBack, [&format!("{:.1}", bus::round_trip(BUS_PATIENCE)? * 1e3)]))
}

fn repository(station: &Station) -> Answer {
    let vault = Vault::open(station.workspace.root())?;
    let head = vault.head()?;
    Ok(Note::new(Word::Head, [&head.get(..12).unwrap_or(&head) as &dyn Speak, &vault.status()?]))
}

fn metrics(_: &Station) -> Answer {
    let total = measure(&[0.01, -0.02, 0.03], &Convention::default()).total.unwrap_or(f64::NAN);
    let (found, expected) = (format!("{total:.6}"), format!("{:.6}", 1.01 * 0.98 * 1.03 - 1.0));
    if found == expected {
        Ok(Note::new(Word::ThreeDays, [&found]))
    } else {
        Err(WrongAnswer { found, expected }.into())
    }
}

fn research(station: &Station) -> Answer {
    let plan = research_plan::ResearchPlan::of(station)?;
    let zoo = research_plan::zoo(station);
    let model = match zoo.current(&plan.job.id)? {
        Some(_) => Note::new(Word::ModelWhole, [&zoo.load_current(&plan.job.id)?.id]),
        None => Word::NoModel.into(),
    };
    let factors = plan.factors.factors.len();
    Ok(Note::new(Word::Learns, [&plan.job.id as &dyn Speak, &plan.task.primary_label, &factors, &model]))
}

fn monitor(station: &Station) -> Answer {
    let state = station.metrics().read()?;
    Ok(Note::new(Word::Operations, [&state.runs_total, &state.errors_total]))
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
