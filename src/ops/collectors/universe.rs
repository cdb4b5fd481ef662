//! For which symbols and sessions a source is asked where nobody says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::CollectError;
use crate::{
    config::settings::SourceKind,
    data::collector::{self, Wish},
    exit::AnyFailure,
    market::{Calendar, Symbol},
    source::web::Request,
    store::{Coverage, Query, Stores, Table},
};

/// The indices where the stores know none: SSE Composite, CSI 300, SZSE Component, ChiNext.
const INDICES: [&str; 4] = ["000001.SH", "000300.SH", "399001.SZ", "399006.SZ"];

/// Returns the symbols asked for, else those of the newest session that the stores hold.
pub(super) fn symbols(stores: &Stores, kind: SourceKind, asked: &[Symbol]) -> Result<Vec<Symbol>, AnyFailure> {
    let mut found: BTreeSet<Symbol> = asked.iter().copied().collect();
    let table = if kind == SourceKind::Index { Table::Index } else { Table::Daily };
    if found.is_empty()
        && let Some(last) = stores.last_date(table)?
    {
        let query = Query { from: Some(last), up_to: last, symbols: None };
        if kind == SourceKind::Index {
            found.extend(stores.index(&query)?.iter().map(|bar| bar.symbol));
        } else {
            found.extend(stores.daily_as_delivered(&query)?.iter().map(|bar| bar.symbol));
        }
    }
    if found.is_empty() && kind == SourceKind::Index {
        found.extend(INDICES.iter().filter_map(|text| text.parse::<Symbol>().ok()));
    }
    if found.is_empty() {
        return Err(CollectError::NoSymbol { kind: kind.name() }.into());
    }
    Ok(found.into_iter().collect())
}

/// Returns requests for the sessions that a symbol misses between its first and its last bar of the source. A
/// suspension is such a gap too: it is asked for, and stays one.
pub(super) fn gaps(stores: &Stores, source: &str, wish: &Wish<'_>) -> Result<Vec<Request>, AnyFailure> {
    let query = Query { from: Some(wish.first), up_to: wish.last, symbols: Some(wish.symbols) };
    let mut held = BTreeMap::<Symbol, BTreeSet<Date>>::new();
    for row in stores.source_bars(&query)? {
        if *row.bar.source == *source {
            held.entry(row.bar.symbol).or_default().insert(row.bar.date);
        }
    }
    let mut requests = Vec::new();
    for (symbol, dates) in &held {
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { continue };
        let sessions = Calendar::builtin().sessions(*first..=*last)?;
        let spans = sessions.chunk_by(|a, b| dates.contains(a) == dates.contains(b));
        // What is there is what is not asked for.
        let covered: Vec<(Date, Date)> = spans
            .filter(|span| span.first().is_some_and(|date| dates.contains(date)))
            .filter_map(|span| Some((*span.first()?, *span.last()?)))
            .collect();
        let coverage = Coverage::from([(symbol.to_string(), covered)]);
        let symbols = [*symbol];
        requests
            .extend(collector::requests(&Wish { symbols: &symbols, first: *first, last: *last, ..*wish }, &coverage)?);
    }
    Ok(requests)
}
