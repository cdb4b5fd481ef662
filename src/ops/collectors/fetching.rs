//! Keeps pages as they come: a batch is one transaction of the ledger, and many batches one import.

use jiff::Timestamp;

use super::{
    report::{MissingPage, SourceReport},
    settle,
};
use crate::{
    clock::Stopwatch,
    data::collector::{Fetched, Upstream},
    exit::{AnyFailure, Failure},
    ops::{listener::Listener, station::Station},
    store::{FetchedPage, Stores},
};

/// Pages of one transaction, at most; each transaction waits for the disk once.
const BATCH_PAGES: usize = 100;
/// The longest that a page waits for its transaction, seconds: so much is asked for again after a kill.
const BATCH_SECONDS: f64 = 0.1;
/// So many rows are written into the stores at once.
const SETTLE_ROWS: u64 = 500_000;

/// Takes what comes of one source and kind.
pub(super) struct Keeper<'a> {
    station: &'a Station,
    stores: &'a mut Stores,
    upstream: &'a Upstream,
    report: &'a mut SourceReport,
    listener: &'a Listener,
    batch: Vec<FetchedPage>,
    since: Stopwatch,
    waiting_rows: u64,
    done: usize,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        station: &'a Station,
        stores: &'a mut Stores,
        upstream: &'a Upstream,
        report: &'a mut SourceReport,
        listener: &'a Listener,
    ) -> Self {
        let (batch, since) = (Vec::new(), Stopwatch::start());
        Self { station, stores, upstream, report, listener, batch, since, waiting_rows: 0, done: 0 }
    }

    /// Takes one page: keeps its bytes, or writes down why it is missing.
    pub(super) fn take(&mut self, fetched: Fetched) -> Result<(), AnyFailure> {
        let Fetched { request, outcome } = fetched;
        let symbol = request.symbols.first().map(ToString::to_string).unwrap_or_default();
        match outcome {
            Ok((response, page)) => {
                let rows = page.rows.len() as u64;
                self.report.pages_in += 1;
                self.report.rows += rows;
                self.report.rows_rejected += page.rejected.len() as u64;
                for rejected in &page.rejected {
                    self.report.note_rejected(&rejected.reason);
                }
                self.batch.push(FetchedPage {
                    source: self.upstream.id.to_string(),
                    site: self.upstream.site.name().to_owned(),
                    kind: request.kind.name().to_owned(),
                    symbol,
                    first: request.first,
                    last: request.last,
                    rows,
                    received_at: whole_micros(response.received_at),
                    body: response.body,
                });
            }
            Err(error) => self.report.missing.push(MissingPage {
                symbol,
                first: request.first,
                last: request.last,
                reason: error.to_string(),
                exit: error.exit(),
                remedy: error.remedy(),
            }),
        }
        self.done += 1;
        self.listener.part(self.done, self.report.pages_asked, "pages");
        if self.batch.len() >= BATCH_PAGES || self.since.seconds() > BATCH_SECONDS {
            self.keep()?;
        }
        if self.waiting_rows >= SETTLE_ROWS {
            self.settle()?;
        }
        Ok(())
    }

    /// Writes what is kept into the stores.
    pub(super) fn finish(mut self) -> Result<(), AnyFailure> {
        self.keep()?;
        self.settle()
    }

    fn keep(&mut self) -> Result<(), AnyFailure> {
        self.since = Stopwatch::start();
        if self.batch.is_empty() {
            return Ok(());
        }
        self.stores.ledger().put_pages(&self.batch)?;
        self.waiting_rows += self.batch.iter().map(|page| page.rows.max(1)).sum::<u64>();
        self.batch.clear();
        Ok(())
    }

    fn settle(&mut self) -> Result<(), AnyFailure> {
        self.waiting_rows = 0;
        settle::settle(self.station, self.stores)?;
        Ok(())
    }
}

/// The stores keep microseconds; what is read back must equal what was written.
fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
