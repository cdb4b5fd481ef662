//! Pages of upstream answers: those that wait to be written into the stores, with their bytes, and the dates
//! that are in, by source, kind and symbol. Knows no site and reads no body.
//!
//! A page is in from the moment that [`Ledger::put_pages`] returns: whoever collects asks
//! [`Ledger::covered`] first and never asks upstream again for what is in.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, Row, params};

use super::{Ledger, count, parsed};
use crate::store::StoreError;

/// An answer as it came, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedPage {
    /// The source's id in the config.
    pub source: String,
    /// The site that answered, so that the bytes can be read when the config names the source no more.
    pub site: String,
    /// The kind of rows.
    pub kind: String,
    /// The symbol, or what else the page is about.
    pub symbol: String,
    /// The first date that was asked for.
    pub first: Date,
    /// The last date that was asked for.
    pub last: Date,
    /// How many rows it has.
    pub rows: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A page that waits, with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    /// The number; a page that came later has a higher one.
    pub seq: i64,
    /// The page.
    pub page: FetchedPage,
}

/// What one source has delivered of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The source.
    pub source: String,
    /// The kind.
    pub kind: String,
    /// The newest date that is in.
    pub newest: Date,
    /// Symbols of which anything is in.
    pub symbols: u64,
    /// Symbols whose newest date is that one.
    pub symbols_newest: u64,
}

/// Spans of dates that are in, in order and apart from each other, by symbol.
pub type Coverage = BTreeMap<String, Vec<(Date, Date)>>;

fn waiting_of(row: &Row<'_>) -> rusqlite::Result<WaitingPage> {
    let page = FetchedPage {
        source: row.get(1)?,
        site: row.get(2)?,
        kind: row.get(3)?,
        symbol: row.get(4)?,
        first: parsed(row, 5)?,
        last: parsed(row, 6)?,
        rows: count(row, 7)?,
        received_at: parsed(row, 8)?,
        body: row.get(9)?,
    };
    Ok(WaitingPage { seq: row.get(0)?, page })
}

impl Ledger {
    /// Keeps pages until they are written into the stores, in one transaction.
    ///
    /// # Errors
    /// `Sqlite`; none of them is kept then.
    pub fn put_pages(&self, pages: &[FetchedPage]) -> Result<(), StoreError> {
        self.write("keep fetched pages", |transaction| {
            let sql = "INSERT INTO fetched_pages (source, site, kind, symbol, first, last, rows, received_at, body)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let mut statement = transaction.prepare(sql)?;
            for page in pages {
                statement.execute(params![
                    page.source,
                    page.site,
                    page.kind,
                    page.symbol,
                    page.first.to_string(),
                    page.last.to_string(),
                    page.rows as i64,
                    page.received_at.to_string(),
                    page.body
                ])?;
            }
            Ok(())
        })
    }

    /// Returns pages that wait, in the order in which they came: the first, and as many more as have `rows_max`
    /// rows together.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn waiting_pages(&self, rows_max: u64) -> Result<Vec<WaitingPage>, StoreError> {
        let sql = "SELECT seq, source, site, kind, symbol, first, last, rows, received_at, body FROM fetched_pages
                   ORDER BY seq";
        self.read("read fetched pages", |connection| {
            let (mut pages, mut rows) = (Vec::new(), 0);
            for page in connection.prepare(sql)?.query_map([], waiting_of)? {
                let page = page?;
                rows += page.page.rows;
                if rows > rows_max && !pages.is_empty() {
                    break;
                }
                pages.push(page);
            }
            Ok(pages)
        })
    }

    /// Records that pages are written into the stores: their dates stay in, their bytes go.
    ///
    /// # Errors
    /// `Sqlite`; all of them wait on then.
    pub fn settle_pages(&self, pages: &[WaitingPage]) -> Result<(), StoreError> {
        self.write("settle fetched pages", |transaction| {
            let mut gone = transaction.prepare("DELETE FROM fetched_pages WHERE seq = ?1")?;
            for WaitingPage { seq, page } in pages {
                gone.execute([seq])?;
                cover(transaction, page)?;
            }
            Ok(())
        })
    }

    /// Drops a page whose bytes cannot be read any more: its dates are not in, and can be asked for again.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn drop_page(&self, page: &WaitingPage) -> Result<(), StoreError> {
        let sql = "DELETE FROM fetched_pages WHERE seq = ?1";
        self.write("drop a fetched page", |transaction| transaction.execute(sql, [page.seq]))?;
        Ok(())
    }

    /// Returns how far each source has delivered each kind, by source, then kind.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        let sql = "WITH pages AS (SELECT source, kind, symbol, last FROM collected
                                  UNION ALL SELECT source, kind, symbol, last FROM fetched_pages),
                        own AS (SELECT source, kind, symbol, MAX(last) AS last FROM pages GROUP BY 1, 2, 3),
                        newest AS (SELECT source, kind, MAX(last) AS last FROM own GROUP BY 1, 2)
                   SELECT own.source, own.kind, newest.last, COUNT(*), SUM(own.last = newest.last)
                   FROM own JOIN newest USING (source, kind) GROUP BY 1, 2, 3 ORDER BY 1, 2";
        let delivery = |row: &Row<'_>| {
            let (source, kind, newest) = (row.get(0)?, row.get(1)?, parsed(row, 2)?);
            Ok(Delivery { source, kind, newest, symbols: count(row, 3)?, symbols_newest: count(row, 4)? })
        };
        self.read("see what was delivered", |connection| connection.prepare(sql)?.query_map([], delivery)?.collect())
    }

    /// Returns which dates of a source and kind are in, waiting or written.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn covered(&self, source: &str, kind: &str) -> Result<Coverage, StoreError> {
        let sql = "SELECT symbol, first, last FROM collected WHERE source = ?1 AND kind = ?2
                   UNION ALL SELECT symbol, first, last FROM fetched_pages WHERE source = ?1 AND kind = ?2
                   ORDER BY 1, 2, 3";
        let span = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, (parsed(row, 1)?, parsed(row, 2)?)));
        let spans: Vec<(String, (Date, Date))> = self.read("list collected pages", |connection| {
            connection.prepare(sql)?.query_map([source, kind], span)?.collect()
        })?;
        let mut coverage = Coverage::new();
        for (symbol, (first, last)) in spans {
            let own = coverage.entry(symbol).or_default();
            match own.last_mut() {
                Some((_, end)) if touches(*end, first) => *end = last.max(*end),
                _ => own.push((first, last)),
            }
        }
        Ok(coverage)
    }
}

/// Says whether a span that begins at `first` goes on from one that ends at `end`.
fn touches(end: Date, first: Date) -> bool {
    end.tomorrow().map_or(true, |next| first <= next)
}

/// Adds the dates of a page to those that are in; spans that meet become one.
fn cover(connection: &Connection, page: &FetchedPage) -> rusqlite::Result<()> {
    let key = [&page.source, &page.kind, &page.symbol];
    let sql = "SELECT first, last, rows FROM collected WHERE source = ?1 AND kind = ?2 AND symbol = ?3";
    let span = |row: &Row<'_>| Ok((parsed::<Date>(row, 0)?, parsed::<Date>(row, 1)?, count(row, 2)?));
    let known: Vec<(Date, Date, u64)> =
        connection.prepare(sql)?.query_map(key, span)?.collect::<rusqlite::Result<_>>()?;
    let (mut first, mut last, mut rows) = (page.first, page.last, page.rows);
    let sql = "DELETE FROM collected WHERE source = ?1 AND kind = ?2 AND symbol = ?3 AND first = ?4";
    let mut gone = connection.prepare(sql)?;
    for (from, to, had) in known {
        if touches(to, page.first) && touches(page.last, from) {
            gone.execute([key[0].as_str(), key[1], key[2], &from.to_string()])?;
            (first, last, rows) = (first.min(from), last.max(to), rows.saturating_add(had));
        }
    }
    let sql = "INSERT INTO collected (source, kind, symbol, first, last, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare(sql)?.execute(params![
        page.source,
        page.kind,
        page.symbol,
        first.to_string(),
        last.to_string(),
        rows as i64
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::{FetchedPage, Ledger};
    use crate::store::StorePath;

    fn day(day: i8) -> Date {
        jiff::civil::date(2025, 1, day)
    }

    fn page(symbol: &str, first: i8, last: i8) -> FetchedPage {
        FetchedPage {
            source: "east".into(),
            site: "eastmoney".into(),
            kind: "daily".into(),
            symbol: symbol.into(),
            first: day(first),
            last: day(last),
            rows: 10,
            received_at: jiff::Timestamp::UNIX_EPOCH,
            body: vec![1, 2, 3],
        }
    }

    #[test]
    fn what_is_kept_is_in_before_and_after_it_is_written() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("ledger.sqlite"));
        let ledger = Ledger::open(&place).expect("made");
        ledger.put_pages(&[page("a", 2, 3), page("b", 2, 3), page("a", 8, 9)]).expect("kept");
        let spans = |ledger: &Ledger, symbol: &str| ledger.covered("east", "daily").expect("listed")[symbol].clone();
        assert_eq!(spans(&ledger, "a"), [(day(2), day(3)), (day(8), day(9))]);
        drop(ledger);

        let ledger = Ledger::open(&place).expect("opened");
        let first = ledger.waiting_pages(15).expect("read");
        assert_eq!(first.len(), 1, "ten rows are within fifteen, twenty are not");
        ledger.settle_pages(&first).expect("settled");
        assert_eq!(ledger.waiting_pages(1000).expect("read").len(), 2);
        assert_eq!(spans(&ledger, "a"), [(day(2), day(3)), (day(8), day(9))]);
        ledger.settle_pages(&ledger.waiting_pages(1000).expect("read")).expect("settled");
        ledger.put_pages(&[page("a", 4, 7), page("a", 6, 8)]).expect("kept");
        assert_eq!(spans(&ledger, "a"), [(day(2), day(9))], "spans that meet are one");
        ledger.settle_pages(&ledger.waiting_pages(1000).expect("read")).expect("settled");
        assert_eq!(spans(&ledger, "a"), [(day(2), day(9))]);
        assert!(ledger.waiting_pages(1).expect("read").is_empty());
        assert!(ledger.covered("other", "daily").expect("listed").is_empty());
    }

    #[test]
    fn a_rollback_takes_back_what_was_collected_since() {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        let bare = serde_json::to_value(ledger.data_state().expect("read")).expect("written");
        assert!(bare.get("collected").is_none(), "states of ledgers that collected nothing are as they were");
        ledger.put_pages(&[page("a", 2, 3)]).expect("kept");
        ledger.settle_pages(&ledger.waiting_pages(1).expect("read")).expect("settled");
        let before = ledger.data_state().expect("read");
        ledger.put_pages(&[page("a", 4, 5), page("b", 4, 5)]).expect("kept");
        ledger.set_data_state(&before).expect("set");
        let covered = ledger.covered("east", "daily").expect("listed");
        assert_eq!(covered.into_iter().collect::<Vec<_>>(), [("a".to_owned(), vec![(day(2), day(3))])]);
        assert!(ledger.waiting_pages(1).expect("read").is_empty());
    }
}
