//! One run: asked for, traded step by step, committed as it goes.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, civil::Date};

use super::{
    COMPONENT, SimulationOptions,
    day::{self, Day},
    entry::Saved,
    recorder::Recorder,
    report::{AccountReport, SimulationReport},
    scores::{self, Scores},
    wire::Wire,
};
use crate::{
    bus::{Bus, Endpoints},
    clock::{self, Stopwatch},
    digest::{Digest, Hasher},
    exit::AnyFailure,
    market::Symbol,
    ops::{
        day_ops::permission,
        desk::{self, Desk},
        experiment, night_ops,
        station::Station,
    },
    research::experiment::ExperimentRun,
    store::{ExperimentKind, Stores, Table},
    trading::{Bar, TradeCore, TradingError},
};

/// Steps between two commits of a day on which nothing happens.
const QUIET_STEPS_MAX: usize = 30;

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) station: &'a Station,
    pub(super) options: &'a SimulationOptions,
    pub(super) stores: Option<Stores>,
    pub(super) day: Day,
    /// Digest of data and desk; scores and start complete it.
    pub(super) given: Hasher,
    pub(super) started_at: Timestamp,
    pub(super) watch: Stopwatch,
    pub(super) id: String,
    pub(super) in_ledger: bool,
    pub(super) scores: Scores,
    pub(super) recorder: Recorder,
    pub(super) resumed_at: Option<usize>,
    /// Accounts whose kill switch is in the ledger already.
    pub(super) tripped: BTreeSet<String>,
    pub(super) accounts: Vec<AccountReport>,
    /// Accounts that a kill switch has stopped by the end.
    pub(super) tripped_now: Vec<String>,
    /// Steps that are wholly done.
    pub(super) done: usize,
    /// The run whose accounts this one goes on with.
    pub(super) continues: Option<String>,
    /// The DayOps that failed and was overruled.
    pub(super) forced_against: Option<String>,
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
    let permission = permission::ask(stores.ledger(), date, &station.strategy_digest(), options.force)?;
    let mut day = Day::read(&stores, date, &options.symbols)?;
    if let Some(note) = permission.note(date) {
        tracing::warn!(component = COMPONENT, "{}", &*note);
        day.notes.push(note);
    }
    let data = stores.data_digest(date)?;
    // From here on a failure is a failed experiment.
    let desk = desk::open(station);
    let forced_against = permission.forced_against();
    let mut experiment = begin_experiment(station, date, data, (&day, forced_against.as_deref()), desk.as_ref().ok())?;
    let mut run = Run {
        station,
        options,
        stores: Some(stores),
        given: digest_given(station, options, date, &data, desk.as_ref().ok()),
        started_at,
        watch,
        id: experiment.id().to_owned(),
        in_ledger: false,
        scores: Scores::default(),
        recorder: Recorder::new(experiment.id(), &day.days),
        resumed_at: None,
        tripped: BTreeSet::new(),
        accounts: Vec::new(),
        tripped_now: Vec::new(),
        done: 0,
        continues: None,
        forced_against,
        day,
    };
    let failure = desk.and_then(|desk| run.trade(desk.core)).err();
    let report = run.conclude(&mut experiment, failure.as_deref())?;
    Ok((report, failure))
}

impl Run<'_> {
    pub(super) fn stores(&mut self) -> Result<&Stores, AnyFailure> {
        let stores = match self.stores.take() {
            Some(stores) => stores,
            None => self.station.open_stores()?.0,
        };
        Ok(self.stores.insert(stores))
    }

    fn trade(&mut self, mut core: TradeCore) -> Result<(), AnyFailure> {
        self.refuse_tripped(&core)?;
        self.carry_over(&mut core)?;
        let present: Vec<Symbol> = self.day.days.iter().map(|(symbol, _)| *symbol).collect();
        if let Some(stores) = self.stores.take() {
            let (scores, stores) = scores::before(self.station, stores, self.day.date, &present)?;
            (self.scores, self.stores) = (scores, Some(stores));
        }
        let saved = self.enter_ledger()?;
        self.recorder = Recorder::new(&self.id, &self.day.days);
        self.join_bus();
        let traded = self.open(&mut core, saved).and_then(|first| self.play(&mut core, first));
        self.accounts = AccountReport::of(&core, &self.recorder.rows.marks);
        self.tripped_now = core.kill_switches().map(|tripped| tripped.account_id.to_string()).collect();
        if traded.is_err() {
            // What was traded before the failure was traded: the ledger has it as the bus has.
            self.commit(&core, self.done)?;
        }
        traded
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
            self.done = at + 1;
            self.options.listener.part(self.done, steps.len(), "steps of the session");
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
        clock::pause(Duration::try_from_secs_f64(seconds / speed).unwrap_or_default());
    }

    /// Makes a kill switch that tripped survive this process.
    fn note_tripped(&mut self, core: &TradeCore) -> Result<(), AnyFailure> {
        let tripped: Vec<(String, String, String)> = core
            .kill_switches()
            .map(|tripped| (tripped.account_id.to_string(), tripped.at.to_string(), tripped.reason.clone()))
            .collect();
        let id = self.id.clone();
        for (account, at, reason) in tripped {
            if !self.tripped.insert(account.clone()) {
                continue;
            }
            let ledger = self.stores()?.ledger();
            // One that this run tripped before it died, and that a person has released since, stays so.
            let known = ledger.kill_switches()?;
            if !known.iter().any(|row| row.run_id == id && row.account_id == account && row.tripped_at == at) {
                tracing::error!(component = COMPONENT, account, "the kill switch is tripped: {reason}");
                ledger.trip_kill_switch(&account, &at, &reason, &id)?;
            }
        }
        Ok(())
    }

    fn commit(&mut self, core: &TradeCore, done: usize) -> Result<(), AnyFailure> {
        let recorder = &self.recorder;
        let (counts, alerts) = (recorder.counts.clone(), recorder.alerts.clone());
        let saved = Saved { core: core.state(), counts, alerts, refusals: recorder.refusals.clone() };
        let state = serde_json::to_string(&saved).unwrap_or_default();
        if let Some(batch) = self.recorder.batch(done as u64, state) {
            self.stores()?.ledger().commit_trading(&batch)?;
        }
        Ok(())
    }
}

/// Fixes the session: the one asked for, or the newest that daily and intraday bars reach.
fn settle_date(station: &Station, options: &SimulationOptions, stores: &Stores) -> Result<Date, AnyFailure> {
    if let Some(asked) = night_ops::session_asked_for(station, options.date)? {
        return Ok(asked);
    }
    let reach = night_ops::last_completed_session(station);
    let daily = stores.last_date(Table::Daily)?.unwrap_or(reach).min(reach);
    Ok(day::newest_until(stores, daily)?.or(day::newest_until(stores, reach)?).unwrap_or(daily))
}

fn begin_experiment(
    station: &Station,
    date: Date,
    data_digest: Digest,
    (day, forced_against): (&Day, Option<&str>),
    desk: Option<&Desk>,
) -> Result<ExperimentRun, AnyFailure> {
    let mut params = desk.map(|desk| desk.params.clone()).unwrap_or_default();
    params.insert("interval_minutes".into(), day.interval.minutes().into());
    params.insert("symbols".into(), day.days.len().into());
    if let Some(run) = forced_against {
        params.insert("forced_against".into(), run.into());
    }
    let context = experiment::context(station, ExperimentKind::Simulation, (date, data_digest), params);
    Ok(experiment::lab(station).begin(context)?)
}

/// Digests what is given before a run: data, config, and the scripts as they were loaded.
fn digest_given(
    station: &Station,
    options: &SimulationOptions,
    date: Date,
    data: &Digest,
    desk: Option<&Desk>,
) -> Hasher {
    let mut hasher = Hasher::new("simulation input");
    hasher.text(env!("CARGO_PKG_VERSION")).int(station.settings().seed.0 as i64).text(&date.to_string());
    for symbol in &options.symbols {
        hasher.text(&symbol.to_string());
    }
    hasher.digest(&station.config.digest).digest(data);
    let params = desk.map(|desk| serde_json::to_string(&desk.params).unwrap_or_default());
    hasher.text(&params.unwrap_or_default());
    hasher
}
