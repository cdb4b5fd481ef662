//! The versions of a source's rows: a day that a source restates becomes a new version beside the old one.
//! Writes nothing and drops no version.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

use super::{StoreError, Stores, Table, content::digest_of, database::Slice};
use crate::{
    digest::Digest,
    market::{SourceBar, Symbol},
};

/// The newest version of a day and the digest of its values.
type Newest = BTreeMap<(Date, Symbol, Arc<str>), (u32, Digest)>;

impl Stores {
    /// Returns the rows that say something new, with their versions: what equals the newest version of its day,
    /// symbol and source is left out, so that a page that is delivered twice changes nothing. The versions of
    /// `delivered` are not looked at; its order is the order of delivery.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn versioned(&self, delivered: &[SourceBar]) -> Result<Vec<SourceBar>, StoreError> {
        let dates = delivered.iter().map(|row| row.bar.date);
        let (Some(from), Some(up_to)) = (dates.clone().min(), dates.max()) else {
            return Ok(Vec::new());
        };
        let mut symbols: Vec<Symbol> = delivered.iter().map(|row| row.bar.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let slice = Slice { from: Some(from), up_to: Some(up_to), symbols: Some(&symbols) };
        let mut newest = Newest::new();
        // The rows come by version, so that the last of a key is its newest.
        for row in self.rows::<SourceBar>(Table::MultiSource, &slice)? {
            newest.insert(place(&row), (row.version, values(&row)));
        }
        Ok(delivered.iter().filter_map(|row| renumbered(row, &mut newest)).collect())
    }
}

fn renumbered(row: &SourceBar, newest: &mut Newest) -> Option<SourceBar> {
    let digest = values(row);
    let known = newest.get(&place(row));
    if known.is_some_and(|(_, known)| *known == digest) {
        return None;
    }
    let version = known.map_or(1, |(version, _)| version.saturating_add(1));
    newest.insert(place(row), (version, digest));
    Some(SourceBar { version, ..row.clone() })
}

fn place(row: &SourceBar) -> (Date, Symbol, Arc<str>) {
    (row.bar.date, row.bar.symbol, Arc::clone(&row.bar.source))
}

/// Returns the digest of what the source said, whenever it said so; a value that is missing equals itself.
fn values(row: &SourceBar) -> Digest {
    digest_of(std::slice::from_ref(&row.bar))
}

#[cfg(test)]
mod tests {
    use crate::{
        market::{DailyBar, MarketData, SourceBar},
        store::{
            Engine, Query, Stores, Table, WriteMode, content_digest,
            fixture::{Room, bar, day, now},
        },
    };

    fn delivery(source: &str, date: i8, close: f64, at_second: i64) -> SourceBar {
        let bar = DailyBar { adj_factor: f64::NAN, source: source.into(), ..bar(date, "600000.SH", close) };
        let received_at = now() + jiff::SignedDuration::from_secs(at_second);
        SourceBar { bar, version: 0, received_at }
    }

    fn import(stores: &mut Stores, rows: &[SourceBar]) -> u64 {
        let data = MarketData { source_bars: rows.to_vec(), ..MarketData::default() };
        let report = stores.import(&data, now()).expect("imported");
        report.get(&Table::MultiSource).map_or(0, |report| report.rows_changed)
    }

    fn closes(stores: &Stores) -> Vec<(i8, String, u32, f64)> {
        let rows = stores.source_bars(&Query::up_to(day(31))).expect("read");
        rows.into_iter()
            .map(|row| (row.bar.date.day(), row.bar.source.to_string(), row.version, row.bar.close))
            .collect()
    }

    #[test]
    fn a_restated_day_is_a_new_version_and_the_same_again_is_nothing() {
        for (engine, mode) in [(Engine::DuckDb, WriteMode::Dual), (Engine::Sqlite, WriteMode::Single)] {
            let room = Room::filled(engine, mode);
            let (mut stores, _) = room.open();
            let before = stores.data_digest(day(31)).expect("a digest");
            let first = [delivery("a", 2, 3.0, 0), delivery("b", 2, 3.1, 0), delivery("a", 3, 4.0, 0)];
            assert_eq!(import(&mut stores, &first), 3);
            assert_ne!(stores.data_digest(day(31)).expect("a digest"), before);
            let restated = [delivery("a", 2, 3.0, 5), delivery("a", 3, 4.5, 5), delivery("a", 3, 4.0, 6)];
            assert_eq!(import(&mut stores, &restated), 2, "the second day twice, the first not at all");
            assert_eq!(import(&mut stores, &[delivery("a", 3, 4.0, 7)]), 0, "received later, but the same");
            let expected = [(2, "a", 1, 3.0), (2, "b", 1, 3.1), (3, "a", 1, 4.0), (3, "a", 2, 4.5), (3, "a", 3, 4.0)];
            let expected = expected.map(|(date, source, version, close)| (date, source.to_owned(), version, close));
            assert_eq!(closes(&stores), expected, "{engine:?}");
            assert!(stores.ledger().revisions().expect("listed").is_empty(), "nothing was overwritten");
            drop(stores);
            let (stores, report) = room.open();
            assert!(report.is_clean(), "{report:?}");
            assert_eq!(closes(&stores), expected);
        }
    }

    #[test]
    fn stores_without_a_source_row_keep_their_digests() {
        let room = Room::filled(Engine::DuckDb, WriteMode::Dual);
        let digests = content_digest(&room.settings).expect("digested");
        assert!(digests.keys().all(|name| !name.contains("multi_source_daily")), "{digests:?}");
        let (mut stores, _) = room.open();
        import(&mut stores, &[delivery("a", 2, 3.0, 0)]);
        drop(stores);
        let digests = content_digest(&room.settings).expect("digested");
        assert!(
            digests.contains_key("duckdb.multi_source_daily") && digests.contains_key("parquet.multi_source_daily")
        );
    }
}
