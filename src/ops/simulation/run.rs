//! One run: from the day's bars to a committed experiment.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    COMPONENT, SimulationError, SimulationOptions,
    day::{self, Day},
    recorder::{Counts, Recorder, Rows, equity_csv, trades_csv},
    report::{AccountReport, SimulationReport},
    scores::{self, Scores},
    wire::{BusUse, Wire},
};
use crate::{
    bus::{Bus, Endpoints},
    clock::{self, Stopwatch},
    digest::{Digest, Hasher},
    exit::{AnyFailure, Failure},
    market::{Calendar, Symbol},
    ops::{
        desk::{self, Desk},
        night_ops,
        station::Station,
    },
    research::experiment::{ExperimentLab, ExperimentRun, Outcome, RunContext},
    store::{ExperimentKind, RunEnd, RunStart, RunStatus, Stores, Table},
    trading::{Bar, Fen, SessionOpen, Silent, TradeCore, TradingError},
};

/// Steps between two commits of a day on which nothing happens.
const QUIET_STEPS_MAX: usize = 30;

/// What a run keeps in the ledger beside its rows.
#[derive(Serialize, Deserialize)]
struct Saved {
    core: Value,
    counts: Counts,
}

/// A run under way.
struct Run<'a> {
    station: &'a Station,
    options: &'a SimulationOptions,
    stores: Option<Stores>,
    day: Day,
    input: Digest,
    started_at: Timestamp,
    watch: Stopwatch,
    id: String,
    in_ledger: bool,
    scores: Scores,
    recorder: Recorder,
    resumed_at: Option<usize>,
    accounts: Vec<AccountReport>,
}

/// Replays a session and records it. The failure beside the report is what ended the run early.
///
/// # Errors
/// What keeps the run from starting.
pub(super) fn replay(
    station: &Station,
    options: &SimulationOptions,
) -> Result<(SimulationReport, Option<AnyFailure>), AnyFailure> {
    let (watch, started_at) = (Stopwatch::start(), station.clock.now());
    let (stores, _) = station.open_stores()?;
    let date = settle_date(station, options, &stores)?;
    let day = Day::read(&stores, date, &options.symbols)?;
    let data = stores.data_digest(date)?;
    // From here on a failure is a failed experiment.
    let desk = desk::open(station);
    let mut experiment = begin_experiment(station, date, data, &day, desk.as_ref().ok())?;
    let mut run = Run {
        station,
        options,
        stores: Some(stores),
        input: digest_input(station, options, date, &data),
        started_at,
        watch,
        id: experiment.id().to_owned(),
        in_ledger: false,
        scores: Scores::default(),
        recorder: Recorder::new(experiment.id(), [], &day.days),
        resumed_at: None,
        accounts: Vec::new(),
        day,
    };
    let failure = desk.and_then(|desk| run.trade(desk.core)).err();
    let report = run.conclude(&mut experiment, failure.as_deref())?;
    Ok((report, failure))
}

impl Run<'_> {
    fn stores(&mut self) -> Result<&Stores, AnyFailure> {
        let stores = match self.stores.take() {
            Some(stores) => stores,
            None => self.station.open_stores()?.0,
        };
        Ok(self.stores.insert(stores))
    }

    fn trade(&mut self, mut core: TradeCore) -> Result<(), AnyFailure> {
        self.refuse_tripped(&core)?;
        let present: Vec<Symbol> = self.day.days.iter().map(|(symbol, _)| *symbol).collect();
        if let Some(stores) = self.stores.take() {
            let (scores, stores) = scores::before(self.station, stores, self.day.date, &present)?;
            (self.scores, self.stores) = (scores, Some(stores));
        }
        let saved = self.enter_ledger()?;
        let cash =
            core.accounts().map(|id| (id.to_string(), core.account(id).map_or(0, crate::trading::Account::cash)));
        self.recorder = Recorder::new(&self.id, cash, &self.day.days);
        self.join_bus();
        let first = self.open(&mut core, saved)?;
        let played = self.play(&mut core, first);
        self.accounts = AccountReport::of(&core, &self.recorder.rows.marks);
        played
    }

    /// Refuses to trade for an account whose kill switch a person has not released.
    fn refuse_tripped(&mut self, core: &TradeCore) -> Result<(), AnyFailure> {
        let accounts: Vec<String> = core.accounts().map(ToString::to_string).collect();
        let ledger = self.stores()?.ledger();
        for account in accounts {
            if let Some(tripped) = ledger.kill_switch(&account)? {
                let (since, reason) = (tripped.tripped_at, tripped.reason);
                return Err(TradingError::KillSwitch { account, since, reason }.into());
            }
        }
        Ok(())
    }

    /// Enters the run in the ledger, or takes up the one of the same input that died; returns its state.
    fn enter_ledger(&mut self) -> Result<Option<(usize, Saved)>, AnyFailure> {
        let (date, input, resume) = (self.day.date, self.input, self.options.resume);
        let start = RunStart {
            id: self.id.clone(),
            kind: COMPONENT.into(),
            as_of: date,
            input_digest: input,
            started_at: self.started_at,
        };
        let steps = self.day.steps.len();
        let ledger = self.stores()?.ledger();
        let candidate = if resume { ledger.resume_candidate(COMPONENT, date, &input)? } else { None };
        let Some(run) = candidate else {
            ledger.begin_run(&start)?;
            self.in_ledger = true;
            return Ok(None);
        };
        ledger.resume_run(&run.id)?;
        let state = ledger.trade_state(&run.id)?;
        (self.id, self.in_ledger) = (run.id, true);
        let Some(state) = state else { return Ok(None) };
        let saved: Saved = serde_json::from_str(&state.state)
            .map_err(|error| TradingError::State { part: "simulation", what: error.to_string() })?;
        let done = usize::try_from(state.step).unwrap_or(usize::MAX);
        if done > steps {
            return Err(SimulationError::Resume { saved: state.step, steps }.into());
        }
        Ok(Some((done, saved)))
    }

    /// Opens the session; a run that goes on gets back what its ledger has. Returns the first step to play.
    fn open(&mut self, core: &mut TradeCore, saved: Option<(usize, Saved)>) -> Result<usize, AnyFailure> {
        let opening = self.day.date.at(9, 15, 0, 0);
        let (days, actions) = (self.day.days.clone(), self.day.actions.clone());
        let open = SessionOpen { at: opening, days: &days, actions: &actions, falls: &[] };
        let Some((done, saved)) = saved else {
            core.open_session(&open, &mut self.recorder)?;
            if !self.scores.values.is_empty() {
                core.decide(opening, &self.scores.values, &mut self.recorder)?;
            }
            return Ok(0);
        };
        core.open_session(&open, &mut Silent)?;
        if !self.scores.values.is_empty() {
            core.rehearse_decision(&self.scores.values)?;
        }
        for step in self.day.steps.iter().take(done) {
            core.rehearse(step)?;
        }
        core.restore(&saved.core)?;
        let id = self.id.clone();
        let ledger = self.stores()?.ledger();
        let rows = Rows { orders: ledger.orders(&id)?, executions: ledger.executions(&id)?, marks: ledger.marks(&id)? };
        let prices: Vec<(Symbol, Fen)> =
            days.iter().filter_map(|(symbol, _)| Some((*symbol, core.price(*symbol)?))).collect();
        self.recorder.take_up(rows, saved.counts, &prices);
        self.resumed_at = Some(done);
        tracing::info!(component = COMPONENT, run = id, step = done, "goes on with the run that died");
        Ok(done)
    }

    /// Joins the bus where it is enabled. A run goes on without one, and says so.
    fn join_bus(&mut self) {
        let bus = &self.station.settings().event_bus;
        if !bus.enabled {
            return;
        }
        let endpoints = Endpoints::new(&bus.pub_endpoint, &bus.sub_endpoint, &bus.monitor_endpoint);
        let job = &self.station.settings().alpha.default_job;
        let model = self.scores.model_id.clone();
        let wire = Bus::join(&endpoints).and_then(|bus| Wire::open(bus, COMPONENT, job, model, self.day.interval));
        match wire {
            Ok(wire) => self.recorder.wire = Some(wire),
            Err(error) => {
                tracing::warn!(component = COMPONENT, "goes on without the event bus: {error}");
                self.recorder.bus_error = Some(error.to_string());
            }
        }
    }

    /// Plays the steps that are left, and commits as it goes: what is acknowledged survives a kill.
    fn play(&mut self, core: &mut TradeCore, first: usize) -> Result<(), AnyFailure> {
        let steps = std::mem::take(&mut self.day.steps);
        let mut quiet = 0;
        for (at, step) in steps.iter().enumerate().skip(first) {
            self.pace(steps.get(at.wrapping_sub(1)), step);
            let events = self.recorder.counts.orders + self.recorder.counts.fills;
            core.step(step, &mut self.recorder)?;
            if let Some(imbalance) = self.recorder.take_imbalance() {
                return Err(imbalance.into());
            }
            self.note_tripped(core)?;
            quiet = if self.recorder.counts.orders + self.recorder.counts.fills == events { quiet + 1 } else { 0 };
            // The last step is committed with what the end of the session cancels.
            if at + 1 < steps.len() && (quiet == 0 || quiet >= QUIET_STEPS_MAX) {
                self.commit(core, at + 1)?;
                quiet = 0;
            }
        }
        self.day.steps = steps;
        core.close_session(self.day.date.at(15, 0, 0, 0), &mut self.recorder);
        self.commit(core, self.day.steps.len())
    }

    /// Waits as long as the market would have, divided by the speed asked for.
    fn pace(&self, before: Option<&Vec<Bar>>, step: &[Bar]) {
        let Some(speed) = self.options.speed.filter(|speed| *speed > 0.0) else { return };
        let ends = before.and_then(|before| before.first()).zip(step.first());
        let Some((before, bar)) = ends else { return };
        // Over the lunch break nothing is waited for: nothing trades.
        let minutes = self.day.interval.minutes() as f64;
        let seconds = bar.end.duration_since(before.end).as_secs_f64().min(minutes * 60.0);
        clock::pause(Duration::from_secs_f64((seconds / speed).max(0.0)));
    }

    /// Makes a kill switch that tripped survive this process.
    fn note_tripped(&mut self, core: &TradeCore) -> Result<(), AnyFailure> {
        let tripped: Vec<(String, String, String)> = core
            .kill_switches()
            .map(|tripped| (tripped.account_id.to_string(), tripped.at.to_string(), tripped.reason.clone()))
            .collect();
        let id = self.id.clone();
        for (account, at, reason) in tripped {
            let ledger = self.stores()?.ledger();
            if ledger.kill_switch(&account)?.is_none() {
                ledger.trip_kill_switch(&account, &at, &reason, &id)?;
            }
        }
        Ok(())
    }

    fn commit(&mut self, core: &TradeCore, done: usize) -> Result<(), AnyFailure> {
        let saved = Saved { core: core.state(), counts: self.recorder.counts.clone() };
        let state = serde_json::to_string(&saved).unwrap_or_default();
        if let Some(batch) = self.recorder.batch(done as u64, state) {
            self.stores()?.ledger().commit_trading(&batch)?;
        }
        Ok(())
    }

    /// Records how the run ended, whatever it was.
    fn conclude(
        mut self,
        experiment: &mut ExperimentRun,
        failure: Option<&dyn Failure>,
    ) -> Result<SimulationReport, AnyFailure> {
        let bus = self.farewell();
        let digest = self.recorder.digest();
        let record = match failure {
            Some(failure) => experiment.fail(failure),
            None => self.succeed(experiment, digest)?,
        };
        let end = RunEnd {
            status: if failure.is_none() { RunStatus::Success } else { RunStatus::Failed },
            finished_at: self.station.clock.now(),
            result_digest: failure.is_none().then_some(digest),
            exit: failure.map_or(0, |failure| failure.exit().code()),
            error: failure.map(ToString::to_string),
        };
        let (id, in_ledger) = (self.id.clone(), self.in_ledger);
        let stores = self.stores()?;
        stores.experiments().record(&record)?;
        if in_ledger {
            stores.ledger().finish_run(&id, &end)?;
        }
        let mut notes = std::mem::take(&mut self.day.notes);
        notes.extend(self.scores.note.take());
        Ok(SimulationReport {
            date: self.day.date,
            run_id: id,
            experiment_id: record.id,
            success: failure.is_none(),
            exit: end.exit,
            error: end.error,
            started_at: self.started_at,
            seconds: self.watch.seconds(),
            interval_minutes: self.day.interval.minutes(),
            symbols: self.day.days.len(),
            model_id: self.scores.model_id,
            resumed_at_step: self.resumed_at,
            counts: self.recorder.counts.clone(),
            accounts: self.accounts,
            alerts: self.recorder.alerts.clone(),
            notes,
            bus,
            result_digest: end.result_digest,
        })
    }

    fn succeed(
        &mut self,
        experiment: &mut ExperimentRun,
        digest: Digest,
    ) -> Result<crate::store::Experiment, AnyFailure> {
        let rows = &self.recorder.rows;
        experiment.add_table("trades.csv", trades_csv(&rows.executions))?;
        experiment.add_table("equity.csv", equity_csv(&rows.marks))?;
        let sum = |value: fn(&AccountReport) -> Fen| self.accounts.iter().map(value).sum::<Fen>() as f64;
        let (first, last) = (sum(|account| account.opening_nav), sum(|account| account.nav));
        let metrics = [
            ("bt_ret_total".to_owned(), (first > 0.0).then(|| last / first - 1.0)),
            ("bt_trades".to_owned(), Some(self.recorder.counts.fills as f64)),
        ];
        let outcome = Outcome {
            metrics: metrics.into(),
            result_digest: Some(digest),
            model_id: self.scores.model_id.clone(),
            ..Outcome::default()
        };
        Ok(experiment.succeed(outcome)?)
    }

    fn farewell(&mut self) -> Option<BusUse> {
        let error = self.recorder.bus_error.take();
        match self.recorder.wire.take() {
            Some(wire) => Some(wire.close()),
            None => error.map(|error| BusUse { error: Some(error), ..BusUse::default() }),
        }
    }
}

/// Fixes the session: the one asked for, or the newest that daily and intraday bars reach.
fn settle_date(station: &Station, options: &SimulationOptions, stores: &Stores) -> Result<Date, AnyFailure> {
    let reach = night_ops::last_completed_session(station);
    if let Some(asked) = options.date {
        let session = Calendar::builtin().session_on_or_before(asked)?;
        if session > reach {
            return Err(night_ops::Refusal::NotEnded { asked, reach }.into());
        }
        return Ok(session);
    }
    let daily = stores.last_date(Table::Daily)?.unwrap_or(reach).min(reach);
    Ok(day::newest_until(stores, daily)?.or(day::newest_until(stores, reach)?).unwrap_or(daily))
}

fn begin_experiment(
    station: &Station,
    date: Date,
    data_digest: Digest,
    day: &Day,
    desk: Option<&Desk>,
) -> Result<ExperimentRun, AnyFailure> {
    let mut params = desk.map(|desk| desk.params.clone()).unwrap_or_default();
    params.insert("interval_minutes".into(), day.interval.minutes().into());
    params.insert("symbols".into(), day.days.len().into());
    let lab = ExperimentLab::new(&station.workspace, &station.settings().paths.experiments_dir, &station.clock);
    let context = RunContext {
        kind: ExperimentKind::Simulation,
        job: station.settings().alpha.default_job.clone(),
        model_id: None,
        as_of: date,
        seed: station.settings().seed.0,
        git_commit: station.commit(),
        config_digest: station.config.digest,
        data_digest,
        params,
    };
    Ok(lab.begin(context)?)
}

/// Returns the digest of everything that the result depends on.
fn digest_input(station: &Station, options: &SimulationOptions, date: Date, data: &Digest) -> Digest {
    let mut hasher = Hasher::new("simulation input");
    hasher.text(env!("CARGO_PKG_VERSION")).int(station.settings().seed.0 as i64).text(&date.to_string());
    for symbol in &options.symbols {
        hasher.text(&symbol.to_string());
    }
    hasher.digest(&station.config.digest).digest(&station.strategy_digest()).digest(data);
    hasher.finish()
}
