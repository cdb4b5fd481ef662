//! Polls quotes and writes 1-minute bars of them.

use std::time::Duration;

use super::{
    CollectError, CollectOptions,
    report::SourceReport,
    servers::{Servers, server_name},
    site_of, universe,
};
use crate::{
    clock::pause,
    config::settings::{DataSource, SourceKind, SourceRole},
    data::collector::{self, Fetched, MinuteAggregator, Upstream},
    exit::{AnyFailure, Failure},
    market::{Interval, MarketData, MinuteBar},
    ops::{collectors::report::MissingPage, station::Station},
    source::web::{Adjustment, DataKind, Quote, Request, Rows},
    store::Stores,
};

/// How quotes are polled.
#[derive(Debug, Clone, Copy)]
pub struct Polling {
    /// How often.
    pub rounds: usize,
    /// The time between the beginnings of two rounds.
    pub every: Duration,
}

/// Polls every symbol round by round; the bars of a round are durable before the next one begins. Only a primary
/// source's bars are kept, since the table of minute bars knows one source.
pub(super) fn poll(
    station: &Station,
    stores: &mut Stores,
    (source, servers): (&DataSource, &Servers),
    options: &CollectOptions,
) -> Result<SourceReport, AnyFailure> {
    let site = site_of(source).ok_or(CollectError::NoSource)?;
    let symbols = universe::symbols(stores, SourceKind::Snapshot, &options.symbols)?;
    let today = station.clock.today();
    let most = site.symbols_max(DataKind::Snapshot).unwrap_or(1);
    let request = |part: &[_]| Request {
        kind: DataKind::Snapshot,
        symbols: part.to_vec(),
        first: today,
        last: today,
        adjustment: Adjustment::Raw,
    };
    let requests: Vec<Request> = symbols.chunks(most).map(request).collect();
    let pages = requests.len() * options.polling.rounds;
    let mut report = SourceReport::of(source, DataKind::Snapshot.name(), symbols.len(), pages);
    let upstream = Upstream {
        id: source.id.as_str().into(),
        site,
        server: server_name(source, site, DataKind::Snapshot),
        threads: servers.threads(source, site, DataKind::Snapshot),
    };
    let mut aggregator = MinuteAggregator::new(upstream.id.clone());
    aggregator.resume(&stores.minute(Interval::M1, today)?);
    for round in 0..options.polling.rounds {
        if round > 0 {
            pause(options.polling.every);
        }
        let mut quotes = Vec::new();
        collector::fetch(servers.engine(), &upstream, &requests, |fetched| {
            take(fetched, &mut quotes, &mut report);
            options.listener.part(report.pages_in + report.missing.len(), pages, "pages");
            Ok::<(), AnyFailure>(())
        })?;
        quotes.sort_by_key(|quote: &Quote| (quote.symbol, quote.at));
        let mut bars: Vec<MinuteBar> = quotes.iter().filter_map(|quote| aggregator.take(quote)).collect();
        let now = station.clock.shanghai().datetime();
        bars.extend(aggregator.end_before(now));
        report.rows += bars.len() as u64;
        write(station, stores, source, bars)?;
    }
    Ok(report)
}

fn take(fetched: Fetched, quotes: &mut Vec<Quote>, report: &mut SourceReport) {
    let Fetched { request, outcome } = fetched;
    match outcome {
        Ok((_, page)) => {
            report.pages_in += 1;
            if let Rows::Quotes(found) = page.rows {
                quotes.extend(found);
            }
        }
        Err(error) => {
            let symbols: Vec<String> = request.symbols.iter().map(ToString::to_string).collect();
            report.missing.push(MissingPage {
                symbol: symbols.join(","),
                first: request.first,
                last: request.last,
                reason: error.to_string(),
                exit: error.exit(),
                remedy: error.remedy(),
            });
        }
    }
}

fn write(station: &Station, stores: &mut Stores, source: &DataSource, bars: Vec<MinuteBar>) -> Result<(), AnyFailure> {
    if bars.is_empty() || source.role != SourceRole::Primary {
        return Ok(());
    }
    let data = MarketData { minute: [(Interval::M1, bars)].into(), ..MarketData::default() };
    stores.import(&data, station.clock.now())?;
    Ok(())
}
