//! What the checks of one morning look at, opened once: the trading date, the session before it, the
//! ledger, the stores, the last nights, the newest bars, the model.

use jiff::{Zoned, civil::Date};

use super::{
    Check, CheckName, DayOpsOptions, alerts,
    check::{Findings, remedy_of},
    data, machine, model, night, place, risk, schedule, sources,
    words::Remedy,
};
use crate::{
    config::settings::MarketKind,
    digest::{Digest, Hasher},
    exit::{AnyFailure, Failure},
    market::{Calendar, CorporateAction, DailyBar, SecurityHistory},
    ops::{
        night_ops::{self, Refusal, last_completed_session},
        research_plan,
        station::Station,
    },
    research::zoo::Snapshot,
    store::{Depth, Ledger, Query, RunRecord, StoreError, Stores, Table},
    text::Note,
    workspace::Lock,
};

/// Sessions whose bars are looked at: the newest, the 20 before it, and what a series that stands still
/// needs.
pub(super) const WINDOW_SESSIONS: i64 = 40;
/// How the source of a simulated bar begins.
const SIMULATED: &str = "simulated:";
/// So many of the newest nights are looked through.
const NIGHTS_MAX: usize = 200;

/// What is in the way of a check: words, and what to do.
#[derive(Debug, Clone)]
pub(super) struct Obstacle {
    pub(super) what: Note,
    pub(super) remedy: Note,
}

impl Obstacle {
    fn of(failure: &dyn Failure, otherwise: Remedy) -> Self {
        Self { what: Note::foreign(failure.to_string()), remedy: remedy_of(failure, otherwise) }
    }
}

/// The bars that are looked at.
pub(super) struct Bars {
    /// Daily bars of the newest sessions, by date, then symbol.
    pub(super) daily: Vec<DailyBar>,
    /// Corporate actions up to the session.
    pub(super) actions: Vec<CorporateAction>,
    /// Listings and special treatment up to the session.
    pub(super) history: SecurityHistory,
}

/// One morning.
pub(super) struct Morning<'a> {
    pub(super) station: &'a Station,
    pub(super) options: &'a DayOpsOptions,
    /// The time in Shanghai.
    pub(super) now: Zoned,
    /// The trading date that is about to open.
    pub(super) date: Date,
    /// The newest complete session before it.
    pub(super) session: Date,
    /// Whether the bars are of a market that has no today: one that was simulated once.
    pub(super) is_simulated: bool,
    ledger: Result<Ledger, Obstacle>,
    /// The newest nights up to the session, newest first.
    pub(super) nights: Result<Vec<RunRecord>, Obstacle>,
    pub(super) stores: Result<Stores, Obstacle>,
    /// What opening the stores had to mend.
    pub(super) mended: Vec<String>,
    pub(super) bars: Result<Bars, Obstacle>,
    /// The model that trades: the pinned one, else the one in force.
    pub(super) model: Result<Snapshot, Obstacle>,
    // Held while the checks run, so that no night begins under them.
    _pipeline: Option<Lock>,
}

impl<'a> Morning<'a> {
    /// Opens what there is; what does not open is an obstacle of the checks that need it.
    ///
    /// # Errors
    /// When the date asked for cannot be opened yet or is outside the calendar.
    pub(super) fn open(station: &'a Station, options: &'a DayOpsOptions) -> Result<Self, AnyFailure> {
        if options.date.is_some() {
            // A date that cannot be checked is refused before anything is opened.
            settle(station, options.date, None)?;
        }
        let place = station.store_settings().ledger;
        let again = Remedy::DataStatus;
        let ledger = Ledger::open(&place).map_err(|error| Obstacle::of(&error, again));
        let (pipeline, (stores, mended)) = match Lock::take(&station.workspace, night_ops::COMPONENT, super::COMPONENT)
        {
            Ok(lock) => (Some(lock), open_stores(station, ledger.as_ref().ok())),
            Err(error) => {
                let busy = Obstacle::of(&error, Remedy::Wait);
                (None, (Err(busy), Vec::new()))
            }
        };
        let reach = ledger.as_ref().ok().and_then(|ledger| ledger.partitions(Table::Daily).ok());
        let reach = reach.and_then(|partitions| partitions.keys().next_back().copied());
        let is_simulated = is_simulated(station, stores.as_ref().ok(), reach);
        let (date, session) = settle(station, options.date, reach.filter(|_| is_simulated))?;
        let nights = nights(ledger.as_ref(), session);
        let bars = bars(stores.as_ref(), session);
        let model = model_of(station).map_err(|error| Obstacle::of(error.as_ref(), Remedy::ModelVerify));
        let now = station.clock.shanghai();
        Ok(Self {
            station,
            options,
            now,
            date,
            session,
            is_simulated,
            ledger,
            nights,
            stores,
            mended,
            bars,
            model,
            _pipeline: pipeline,
        })
    }

    /// Returns the ledger where it opens.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_ref().ok()
    }

    /// Returns the ledger, or why it does not open.
    pub(super) fn ledger_or_obstacle(&self) -> Result<&Ledger, &Obstacle> {
        self.ledger.as_ref()
    }

    /// Makes every check, in the order of the report.
    pub(super) fn checks(&self) -> Vec<Check> {
        let check = |name: CheckName, look: fn(&Morning<'_>, &mut Findings)| {
            let mut findings = Findings::default();
            look(self, &mut findings);
            findings.into_check(name)
        };
        vec![
            check(CheckName::NightOps, night::check),
            check(CheckName::Stores, data::stores),
            check(CheckName::DataSessions, data::sessions),
            check(CheckName::DataVolume, data::volume),
            check(CheckName::DataFindings, data::findings),
            check(CheckName::DataSources, sources::check),
            check(CheckName::Model, model::soundness),
            check(CheckName::ModelDefinitions, model::definitions),
            check(CheckName::ModelQuality, model::quality),
            check(CheckName::RiskLimits, risk::limits),
            check(CheckName::Strategies, risk::strategies),
            check(CheckName::KillSwitches, risk::kill_switches),
            check(CheckName::Schedule, schedule::check),
            check(CheckName::Disk, machine::disk),
            check(CheckName::Clock, machine::clock),
            check(CheckName::Config, place::config),
            check(CheckName::Ports, place::ports),
            check(CheckName::Alerts, alerts::check),
        ]
    }

    /// Returns the digest of what the verdict depends on, as far as it has one.
    pub(super) fn input_digest(&self) -> Digest {
        let mut hasher = Hasher::new("day_ops input");
        hasher.text(env!("CARGO_PKG_VERSION")).text(&self.date.to_string());
        hasher.digest(&self.station.config.digest).digest(&self.station.strategy_digest());
        if let Some(data) = self.stores.as_ref().ok().and_then(|stores| stores.data_digest(self.session).ok()) {
            hasher.digest(&data);
        }
        let night = self.nights.as_ref().ok().and_then(|nights| nights.first());
        hasher.text(night.map_or("", |night| &night.id));
        hasher.text(self.model.as_ref().map_or("", |model| &model.id)).text(&self.options.overrides.join(" "));
        hasher.finish()
    }
}

/// Says whether the newest bars were simulated: the config names who made the files, the bars say so
/// themselves.
fn is_simulated(station: &Station, stores: Option<&Stores>, reach: Option<Date>) -> bool {
    let named = station.settings().market.kind == MarketKind::Simulated;
    let Some((stores, reach)) = stores.zip(reach) else { return named };
    let newest = stores.daily(&Query { from: Some(reach), ..Query::up_to(reach) }).unwrap_or_default();
    named && newest.iter().all(|bar| bar.source.starts_with(SIMULATED))
}

/// Fixes the trading date that is about to open and the session before it. A simulated market ends where
/// its bars do (`simulated_until`), so its next session is the one after them, whatever the clock says.
fn settle(station: &Station, asked: Option<Date>, simulated_until: Option<Date>) -> Result<(Date, Date), AnyFailure> {
    let calendar = Calendar::builtin();
    let completed = last_completed_session(station);
    let date = match (asked, simulated_until) {
        (Some(asked), _) if calendar.is_session(asked)? => asked,
        (Some(asked), _) => calendar.next_session(asked)?,
        (None, until) => calendar.next_session(until.map_or(completed, |until| until.min(completed)))?,
    };
    let session = calendar.previous_session(date)?;
    if session > completed {
        return Err(Refusal::NotEnded { asked: session, reach: completed }.into());
    }
    Ok((date, session))
}

/// Opens the stores with every byte held against its digest. Runs of dead processes are noted first, so
/// that they count for the night and not against the stores.
fn open_stores(station: &Station, ledger: Option<&Ledger>) -> (Result<Stores, Obstacle>, Vec<String>) {
    if let Some(Err(error)) = ledger.map(|ledger| ledger.interrupt_orphans(station.clock.now())) {
        tracing::warn!(component = super::COMPONENT, "runs of dead processes are not marked: {error}");
    }
    match station.open_stores_checked(Depth::Full) {
        Ok((stores, mut mended)) => {
            mended.retain(|line| !line.ends_with("was interrupted"));
            (Ok(stores), mended)
        }
        Err(error) => (Err(obstacle(&error)), Vec::new()),
    }
}

fn obstacle(error: &StoreError) -> Obstacle {
    Obstacle::of(error, Remedy::DataStatus)
}

fn nights(ledger: Result<&Ledger, &Obstacle>, session: Date) -> Result<Vec<RunRecord>, Obstacle> {
    let ledger = ledger.map_err(Clone::clone)?;
    let mut nights = ledger.runs_of(night_ops::COMPONENT, NIGHTS_MAX).map_err(|error| obstacle(&error))?;
    nights.retain(|night| night.as_of <= session);
    Ok(nights)
}

fn bars(stores: Result<&Stores, &Obstacle>, session: Date) -> Result<Bars, Obstacle> {
    let stores = stores.map_err(Clone::clone)?;
    let read = || -> Result<Bars, StoreError> {
        let from = Calendar::builtin().offset(session, -WINDOW_SESSIONS).ok();
        let daily = stores.daily(&Query { from, ..Query::up_to(session) })?;
        let history = stores.security_history(session)?.held_against(&daily);
        Ok(Bars { daily, actions: stores.actions(session)?, history })
    };
    read().map_err(|error| obstacle(&error))
}

fn model_of(station: &Station) -> Result<Snapshot, AnyFailure> {
    let (zoo, alpha) = (research_plan::zoo(station), &station.settings().alpha);
    Ok(match &alpha.model_id {
        Some(pinned) => zoo.load(&alpha.default_job, pinned)?,
        None => zoo.load_current(&alpha.default_job)?,
    })
}
