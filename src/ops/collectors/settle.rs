//! Writes kept pages into the stores: read once more from their bytes, imported, then settled. A kill in between
//! leaves them kept, and the next run writes the same rows again, which changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    config::settings::SourceRole,
    exit::AnyFailure,
    market::{Interval, MarketData, SecurityEvent, SecurityHistory, SecurityStatus, SourceBar},
    ops::station::Station,
    source::web::{self, Adjustment, DataKind, Profile, Request, Rows, Site, WebError},
    store::{Stores, WaitingPage},
};

/// So many rows are read and written at once.
const ROWS_AT_ONCE: u64 = 500_000;

/// Writes every kept page into the stores and returns how many there were.
pub(super) fn settle(station: &Station, stores: &mut Stores) -> Result<u64, AnyFailure> {
    let mut settled = 0;
    loop {
        let pages = stores.ledger().waiting_pages(ROWS_AT_ONCE)?;
        if pages.is_empty() {
            return Ok(settled);
        }
        settled += pages.len() as u64;
        let now = station.clock.now();
        let history = stores.security_history(station.clock.today())?;
        let mut take = Take { station, history, data: MarketData::default() };
        let mut taken = Vec::with_capacity(pages.len());
        for page in pages {
            match take.page(&page) {
                Ok(()) => taken.push(page),
                Err(problem) => put_aside(stores, &page, &problem)?,
            }
        }
        stores.import(&take.data, now)?;
        stores.ledger().settle_pages(&taken)?;
    }
}

/// A page was read before it was kept; only another version of the program can read it otherwise.
fn put_aside(stores: &Stores, page: &WaitingPage, problem: &str) -> Result<(), AnyFailure> {
    let name = format!("{} {} {}", page.page.source, page.page.kind, page.page.symbol);
    tracing::warn!(page = name, problem, "a kept page cannot be read and is asked for again");
    stores.ledger().put_quarantine(&name, "kept page that cannot be read", page.page.rows, None)?;
    stores.ledger().drop_page(page)?;
    Ok(())
}

/// Rows on their way from pages into the stores.
struct Take<'a> {
    station: &'a Station,
    history: SecurityHistory,
    data: MarketData,
}

impl Take<'_> {
    fn page(&mut self, waiting: &WaitingPage) -> Result<(), String> {
        let page = &waiting.page;
        let site = Site::named(&page.site).ok_or_else(|| format!("no site is called {}", page.site))?;
        let kind = kind_named(&page.kind).ok_or_else(|| format!("no kind is called {}", page.kind))?;
        let symbol = page.symbol.parse().map_err(|error| format!("{error}"))?;
        let (first, last) = (page.first, page.last);
        let request = Request { kind, symbols: vec![symbol], first, last, adjustment: Adjustment::Raw };
        let source: Arc<str> = page.source.as_str().into();
        let read = web::read(site, &request, &source, &page.body).map_err(|error: WebError| error.to_string())?;
        let is_primary = self.is_primary(&page.source);
        match read.rows {
            Rows::Daily(bars) => {
                for bar in bars {
                    if is_primary {
                        self.data.daily.push(bar.clone());
                    }
                    self.data.source_bars.push(SourceBar { bar, version: 0, received_at: page.received_at });
                }
            }
            Rows::Index(bars) if is_primary => self.data.index.extend(bars),
            Rows::Minute(bars) if is_primary => {
                if let DataKind::Minute(interval) = kind {
                    self.data.minute.entry(interval).or_default().extend(bars);
                }
            }
            Rows::Profiles(profiles) if is_primary => {
                for profile in profiles {
                    self.profile(&profile, last);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_primary(&self, id: &str) -> bool {
        let sources = &self.station.settings().data_sources;
        sources.iter().any(|source| source.id == id && source.role == SourceRole::Primary)
    }

    /// Writes down what is not known yet: the listing, and a status other than the one in force.
    fn profile(&mut self, profile: &Profile, on: jiff::civil::Date) {
        let Profile { symbol, name, listed_on, status } = profile;
        let mut event = |date, status| {
            self.data.securities.push(SecurityEvent { date, symbol: *symbol, status, name: name.as_str().into() });
        };
        let mut known = self.history.status_on(*symbol, on);
        if let Some(listed) = listed_on.filter(|listed| *listed <= on)
            && !self.history.tells_listing(*symbol)
        {
            event(listed, SecurityStatus::Listed);
            known = known.or(Some(SecurityStatus::Listed));
        }
        let is_new = match known {
            None | Some(SecurityStatus::Listed | SecurityStatus::Normal) => *status != SecurityStatus::Normal,
            Some(known) => known != *status,
        };
        if is_new && *listed_on != Some(on) {
            event(on, *status);
        }
    }
}

fn kind_named(name: &str) -> Option<DataKind> {
    let plain = [DataKind::Daily, DataKind::Index, DataKind::Basic];
    let minutes = Interval::ALL.map(DataKind::Minute);
    let kinds: BTreeMap<&str, DataKind> = plain.into_iter().chain(minutes).map(|kind| (kind.name(), kind)).collect();
    kinds.get(name).copied()
}
