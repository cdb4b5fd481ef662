//! Collectors: bring rows from upstream sources into the stores, for `data collect` and NightOps.
//!
//! A page that came is kept in the ledger with its bytes before anything else; it is in from then on, and is not
//! asked for again after a kill. Kept pages are written into the stores in large batches. What did not come is
//! named in the report, and the exit class says so.

mod fetching;
mod report;
mod servers;
mod settle;
mod snapshot;
mod universe;

use std::time::Duration;

use jiff::civil::Date;

pub use report::{CollectLoss, CollectReport, MissingPage, SourceReport};
pub use snapshot::Polling;

use super::{alarm, listener::Listener, station::Station};
use crate::{
    config::settings::{DataSource, SourceKind},
    data::collector::{self, Upstream, Wish},
    exit::{AnyFailure, Exit, Failure},
    market::{Calendar, CalendarError, Interval, Symbol},
    source::web::{DataKind, Site},
    store::{Coverage, Stores},
};
use fetching::Keeper;
use servers::Servers;

/// The component's name in logs and metrics.
const COMPONENT: &str = "data_collect";

/// The sessions that are collected where nobody says.
const SESSIONS_A_YEAR: i64 = 243;

/// What to collect.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// One source by its id, enabled or not; all enabled ones where absent.
    pub source: Option<String>,
    /// The kinds; what the config says of each source where empty.
    pub kinds: Vec<SourceKind>,
    /// The symbols; those that the stores know where empty.
    pub symbols: Vec<Symbol>,
    /// The first date.
    pub first: Date,
    /// The last date; its session must be over.
    pub last: Date,
    /// The length of minute bars.
    pub interval: Interval,
    /// Whether to ask again for what is in, so that restated days become new versions.
    pub again: bool,
    /// Whether to ask again only for sessions that a symbol misses between bars that it has.
    pub gaps: bool,
    /// How quotes are polled.
    pub polling: Polling,
    /// Who hears how far it has come.
    pub listener: Listener,
}

impl CollectOptions {
    /// Asks every enabled source for what its config says, of the symbols that the stores know.
    #[must_use]
    pub fn between(first: Date, last: Date) -> Self {
        Self {
            source: None,
            kinds: Vec::new(),
            symbols: Vec::new(),
            first,
            last,
            interval: Interval::M1,
            again: false,
            gaps: false,
            polling: Polling { rounds: 1, every: Duration::ZERO },
            listener: Listener::default(),
        }
    }
}

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No source is named and none is enabled.
    #[error("no upstream source is enabled: data_sources of the config has none beside market")]
    NoSource,
    /// The source is not in the config.
    #[error("data_sources has no source '{asked}'; there are: {known}")]
    UnknownSource {
        /// The id asked for.
        asked: String,
        /// The ids there are.
        known: String,
    },
    /// Nobody says which symbols.
    #[error("the stores know no symbol to collect {kind} for")]
    NoSymbol {
        /// The kind.
        kind: &'static str,
    },
    /// The dates are the wrong way round, or not over yet.
    #[error("nothing to collect from {first} to {last}: the newest session that is over is {over}")]
    Dates {
        /// The first date.
        first: Date,
        /// The last date.
        last: Date,
        /// The newest session that is over.
        over: Date,
    },
    /// The source does not deliver what was asked for.
    #[error("{source_id} ({site}) does not deliver {kind}, or not for these symbols")]
    NotOffered {
        /// The source.
        source_id: String,
        /// Its site.
        site: &'static str,
        /// The kind.
        kind: &'static str,
    },
}

impl Failure for CollectError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSource | Self::UnknownSource { .. } => Exit::Config,
            Self::NoSymbol { .. } | Self::Dates { .. } | Self::NotOffered { .. } => Exit::Usage,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::NoSource => {
                "Enable a source in data_sources (docs/collect.md has an example), or name one by --source."
            }
            Self::UnknownSource { .. } => "Name a source of the config, or add it to data_sources.",
            Self::NoSymbol { .. } => "Name symbols by --symbols, such as 600000.SH,000001.SZ.",
            Self::Dates { .. } => "Give an earlier --end-date, and a --start-date that is not after it.",
            Self::NotOffered { .. } => "Ask another source; docs/collect.md lists what each delivers.",
        };
        Some(text.to_owned())
    }
}

/// Returns the dates to collect: up to the newest session that is over, from a year before, where nobody says.
///
/// # Errors
/// When a date lies outside the calendar.
pub fn dates(station: &Station, first: Option<Date>, last: Option<Date>) -> Result<(Date, Date), CalendarError> {
    let last = last.unwrap_or_else(|| super::night_ops::last_completed_session(station));
    let calendar = Calendar::builtin();
    let year = || calendar.offset(calendar.session_on_or_before(last)?, -SESSIONS_A_YEAR);
    Ok((first.map_or_else(year, Ok)?, last))
}

/// Says whether there is something to collect, before any store is opened.
///
/// # Errors
/// When no source is enabled or has the name, or the dates are not over yet.
pub fn check(station: &Station, options: &CollectOptions) -> Result<(), CollectError> {
    chosen(station, options)?;
    let over = super::night_ops::last_completed_session(station);
    let has_dates = options.kinds.iter().any(|kind| *kind != SourceKind::Snapshot) || options.kinds.is_empty();
    if has_dates && (options.last > over || options.first > options.last) {
        return Err(CollectError::Dates { first: options.first, last: options.last, over });
    }
    Ok(())
}

/// Collects and writes what came into the stores; durable when this returns. What did not come is in the report.
///
/// # Errors
/// When nothing can be asked for at all, or a store cannot be read or written.
pub fn collect(station: &Station, stores: &mut Stores, options: &CollectOptions) -> Result<CollectReport, AnyFailure> {
    check(station, options)?;
    let sources = chosen(station, options)?;
    // What a killed run had kept is written first, so that gaps and versions are seen as they are.
    let mut report = CollectReport { recovered_pages: settle::settle(station, stores)?, ..CollectReport::default() };
    let servers = Servers::of(station, &sources)?;
    for source in &sources {
        for kind in wanted_kinds(source, options)? {
            let one = if kind == SourceKind::Snapshot {
                snapshot::poll(station, stores, (source, &servers), options)?
            } else {
                pages(station, stores, (source, kind, &servers), options)?
            };
            report.sources.push(one);
        }
    }
    report.counters = servers.counters();
    // The rows are in: a metrics line that cannot be written must not lose their report.
    if let Err(error) = station.metrics().update(|state| state.note_network(&report.counters)) {
        tracing::warn!("the request engine's counts are not in the metrics: {error}");
    }
    for source in &report.sources {
        source.log();
    }
    Ok(report)
}

/// Says of a collection that a person started how it ended: counted as an operation, and what did not come as one
/// ERROR line and one event.
pub fn conclude(station: &Station, report: &CollectReport) -> Option<CollectLoss> {
    let loss = report.shortfall();
    if let Some(loss) = &loss {
        alarm::raise(station, COMPONENT, loss);
    }
    let words = loss.as_ref().map(ToString::to_string);
    if let Err(error) = station.metrics().run_ended(COMPONENT, words.as_deref()) {
        tracing::warn!("the collection is not in the metrics: {error}");
    }
    loss
}

fn chosen(station: &Station, options: &CollectOptions) -> Result<Vec<DataSource>, CollectError> {
    let all = &station.settings().data_sources;
    let known = || all.iter().map(|source| source.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(asked) = &options.source {
        let found = all.iter().find(|source| source.id == *asked);
        let unknown = || CollectError::UnknownSource { asked: asked.clone(), known: known() };
        return found.map(|source| vec![source.clone()]).ok_or_else(unknown);
    }
    let enabled: Vec<DataSource> = all.iter().filter(|source| source.enabled).cloned().collect();
    if enabled.is_empty() { Err(CollectError::NoSource) } else { Ok(enabled) }
}

/// Returns the kinds to ask a source for: those asked for that it delivers, else those of its config.
fn wanted_kinds(source: &DataSource, options: &CollectOptions) -> Result<Vec<SourceKind>, CollectError> {
    let asked = if options.kinds.is_empty() { &source.kinds } else { &options.kinds };
    let site = site_of(source);
    let offered =
        |kind: SourceKind| site.is_some_and(|site| site.symbols_max(data_kind(kind, options.interval)).is_some());
    // Quotes are of the moment: they are polled where somebody asks for it, not by the way at night.
    let by_the_way = options.kinds.is_empty() && options.source.is_none();
    let is_wanted = |kind: &SourceKind| offered(*kind) && !(by_the_way && *kind == SourceKind::Snapshot);
    let kinds: Vec<SourceKind> = asked.iter().copied().filter(is_wanted).collect();
    // Of several sources each gives what it has; one that is named must have it.
    match asked.iter().find(|kind| !offered(**kind)) {
        Some(kind) if options.source.is_some() || options.kinds.is_empty() => {
            Err(CollectError::NotOffered { source_id: source.id.clone(), site: source.site, kind: kind.name() })
        }
        _ => Ok(kinds),
    }
}

fn site_of(source: &DataSource) -> Option<Site> {
    Site::named(source.site)
}

const fn data_kind(kind: SourceKind, interval: Interval) -> DataKind {
    match kind {
        SourceKind::Daily => DataKind::Daily,
        SourceKind::Index => DataKind::Index,
        SourceKind::Minute => DataKind::Minute(interval),
        SourceKind::Snapshot => DataKind::Snapshot,
        SourceKind::Basic => DataKind::Basic,
    }
}

/// Collects one kind from one source, page by page.
fn pages(
    station: &Station,
    stores: &mut Stores,
    (source, kind, servers): (&DataSource, SourceKind, &Servers),
    options: &CollectOptions,
) -> Result<SourceReport, AnyFailure> {
    let site = site_of(source).ok_or(CollectError::NoSource)?;
    let kind_of_data = data_kind(kind, options.interval);
    let mut symbols = universe::symbols(stores, kind, &options.symbols)?;
    symbols.retain(|symbol| site.delivers(*symbol));
    if symbols.is_empty() && options.source.is_some() {
        let (source_id, site, kind) = (source.id.clone(), source.site, kind.name());
        return Err(CollectError::NotOffered { source_id, site, kind }.into());
    }
    // What a security is today is asked for today only.
    let wanted = if kind == SourceKind::Basic { options.last } else { options.first };
    let reach = reach(station, site, kind_of_data)?;
    let first = reach.map_or(wanted, |reach| reach.max(wanted));
    let wish = Wish { site, kind: kind_of_data, symbols: &symbols, first, last: options.last };
    let covered = stores.ledger().covered(&source.id, kind_of_data.name())?;
    let requests = if options.gaps {
        universe::gaps(stores, &source.id, &wish)?
    } else {
        collector::requests(&wish, if options.again { &EMPTY } else { &covered })?
    };
    let mut report = SourceReport::of(source, kind_of_data.name(), symbols.len(), requests.len());
    report.reaches_back_to = reach.filter(|reach| *reach > wanted);
    tracing::info!(source = source.id, kind = kind_of_data.name(), pages = requests.len(), "pages to ask for");
    let upstream = Upstream {
        id: source.id.as_str().into(),
        site,
        server: servers::server_name(source, site, kind_of_data),
        threads: servers.threads(source, site, kind_of_data),
    };
    let mut keeper = Keeper::new(station, stores, &upstream, &mut report, &options.listener);
    collector::fetch(servers.engine(), &upstream, &requests, |fetched| keeper.take(fetched))?;
    keeper.finish()?;
    Ok(report)
}

/// Returns the first session that a site still delivers, where it forgets.
fn reach(station: &Station, site: Site, kind: DataKind) -> Result<Option<Date>, CalendarError> {
    let over = super::night_ops::last_completed_session(station);
    let back = |sessions: i64| Calendar::builtin().offset(over, 1 - sessions);
    site.reach_sessions(kind).map(back).transpose()
}

/// Nothing is in.
static EMPTY: Coverage = Coverage::new();
