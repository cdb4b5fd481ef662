//! The open stores: reading rows, nothing newer than asked for. Importing is in `import`, repairing in
//! `recovery`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use jiff::civil::Date;

use super::{
    Experiments, Ledger, PartitionRecord, Row, StoreError, StoreSettings, Table, WriteMode,
    database::{self, Database, Slice},
    import::table_digest,
    partition::{files_below, read_partition},
};
use crate::{
    digest::{Digest, Hasher},
    market::{
        CorporateAction, DailyBar, IndexBar, Interval, MinuteBar, SecurityEvent, SecurityHistory, SourceBar, Symbol,
        adjust,
    },
};

/// Which daily rows are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The first date; all where absent.
    pub from: Option<Date>,
    /// The last date: nothing newer is returned.
    pub up_to: Date,
    /// The symbols; all where absent.
    pub symbols: Option<&'a [Symbol]>,
}

impl<'a> Query<'a> {
    /// Asks for everything up to a date.
    #[must_use]
    pub const fn up_to(up_to: Date) -> Self {
        Self { from: None, up_to, symbols: None }
    }

    const fn slice(&self) -> Slice<'a> {
        Slice { from: self.from, up_to: Some(self.up_to), symbols: self.symbols }
    }
}

/// The ledger, the database and Parquet, open for one process.
#[derive(Debug)]
pub struct Stores {
    pub(super) settings: StoreSettings,
    pub(super) ledger: Ledger,
    pub(super) database: Box<dyn Database>,
    pub(super) failed: bool,
}

impl Stores {
    /// Returns the ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the experiments.
    #[must_use]
    pub fn experiments(&self) -> Experiments<'_> {
        Experiments::new(&self.ledger, &self.settings.experiments.path)
    }

    /// Shows that the database can be written to: writes a row, reads it back, takes it back.
    ///
    /// # Errors
    /// What the database says.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.database.probe()
    }

    /// Returns the settings that the stores were opened with.
    #[must_use]
    pub const fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// Returns daily bars by date, then symbol. Adjustment factors that were not delivered are derived from the
    /// bars asked for and the corporate actions up to the last date; they begin at 1 with the first bar.
    ///
    /// # Errors
    /// What the database says.
    pub fn daily(&self, query: &Query<'_>) -> Result<Vec<DailyBar>, StoreError> {
        let mut bars = self.daily_as_delivered(query)?;
        if bars.iter().any(|bar| bar.adj_factor.is_nan()) {
            adjust::derive_factors(&mut bars, &self.actions(query.up_to)?);
        }
        Ok(bars)
    }

    /// Returns daily bars by date, then symbol; an adjustment factor that was not delivered is NaN.
    ///
    /// # Errors
    /// What the database says.
    pub fn daily_as_delivered(&self, query: &Query<'_>) -> Result<Vec<DailyBar>, StoreError> {
        self.rows(Table::Daily, &query.slice())
    }

    /// Returns index bars by date, then symbol.
    ///
    /// # Errors
    /// What the database says.
    pub fn index(&self, query: &Query<'_>) -> Result<Vec<IndexBar>, StoreError> {
        self.rows(Table::Index, &query.slice())
    }

    /// Returns the intraday bars of one date by time, then symbol.
    ///
    /// # Errors
    /// What the database says.
    pub fn minute(&self, interval: Interval, date: Date) -> Result<Vec<MinuteBar>, StoreError> {
        let slice = Slice { from: Some(date), up_to: Some(date), symbols: None };
        self.rows(Table::Minute(interval), &slice)
    }

    /// Returns the corporate actions with an ex date up to a date, by ex date, then symbol.
    ///
    /// # Errors
    /// What the database says.
    pub fn actions(&self, up_to: Date) -> Result<Vec<CorporateAction>, StoreError> {
        self.rows(Table::Actions, &Slice { up_to: Some(up_to), ..Slice::default() })
    }

    /// Returns listings, special treatment and delistings up to a date, by date, then symbol.
    ///
    /// # Errors
    /// What the database says.
    pub fn securities(&self, up_to: Date) -> Result<Vec<SecurityEvent>, StoreError> {
        self.rows(Table::Securities, &Slice { up_to: Some(up_to), ..Slice::default() })
    }

    /// Returns daily bars as each source delivered them, every version, by date, symbol, source and version.
    ///
    /// # Errors
    /// What the database says.
    pub fn source_bars(&self, query: &Query<'_>) -> Result<Vec<SourceBar>, StoreError> {
        self.rows(Table::MultiSource, &query.slice())
    }

    /// Returns what was known of the securities on a date; of nothing where the input does not say.
    ///
    /// # Errors
    /// What the database says.
    pub fn security_history(&self, up_to: Date) -> Result<SecurityHistory, StoreError> {
        Ok(SecurityHistory::of(&self.securities(up_to)?))
    }

    pub(super) fn rows<R: Row>(&self, table: Table, slice: &Slice<'_>) -> Result<Vec<R>, StoreError> {
        R::from_batches(self.database.path(), &self.database.read(table, slice)?)
    }

    /// Returns daily bars of one date from its Parquet file, checked against the ledger.
    ///
    /// # Errors
    /// `Damaged` names a file whose bytes are not those that were acknowledged; `Lost` when there is none.
    pub fn daily_from_parquet(&self, date: Date) -> Result<Vec<DailyBar>, StoreError> {
        let record = self.ledger.partitions(Table::Daily)?.remove(&date);
        let record = record.ok_or_else(|| StoreError::Lost { what: format!("daily {date}") })?;
        let root = &self.settings.parquet.path;
        let partition = read_partition(root, &record)?;
        DailyBar::from_batches(&root.join(&record.path), &[partition.batch])
    }

    /// Returns the acknowledged partitions of a table, by date.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn partitions(&self, table: Table) -> Result<BTreeMap<Date, PartitionRecord>, StoreError> {
        self.ledger.partitions(table)
    }

    /// Returns the newest date of a table.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn last_date(&self, table: Table) -> Result<Option<Date>, StoreError> {
        Ok(self.ledger.partitions(table)?.keys().next_back().copied())
    }

    /// Returns the rows of every table that has some.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn counts(&self) -> Result<BTreeMap<Table, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for table in Table::ALL {
            let rows = self.ledger.partitions(table)?.values().map(|record| record.rows).sum();
            if rows > 0 {
                counts.insert(table, rows);
            }
        }
        Ok(counts)
    }

    /// Returns the digest of the acknowledged content of all tables up to a date: the data digest of a
    /// run. Reads the ledger only.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn data_digest(&self, up_to: Date) -> Result<Digest, StoreError> {
        let mut hasher = Hasher::new("lighthunter.data.1");
        for table in Table::ALL {
            let partitions = self.ledger.partitions(table)?;
            if table.counts_only_with_rows() && partitions.range(..=up_to).next().is_none() {
                continue;
            }
            hasher.text(table.name()).digest(&table_digest(&partitions, Some(up_to)));
        }
        Ok(hasher.finish())
    }
}

/// Returns the digest of what each store really holds, by store and table: `duckdb.daily`,
/// `parquet.daily`, ... Writes nothing and looks at no ledger, so that it sees what the ledger does
/// not know. A store that is not there yet has no entries.
///
/// # Errors
/// `DirectoryMissing` with the config key, `Busy` when another process writes, what the stores say.
pub fn content_digest(settings: &StoreSettings) -> Result<BTreeMap<String, Digest>, StoreError> {
    settings.check()?;
    let place = settings.database();
    let mut digests = BTreeMap::new();
    if place.path.exists() {
        let database = database::open_read_only(settings.engine, place)?;
        let engine = match settings.engine {
            super::Engine::DuckDb => "duckdb",
            super::Engine::Sqlite => "sqlite",
        };
        for table in Table::ALL {
            if !table.counts_only_with_rows() || database.has_rows(table)? {
                digests.insert(format!("{engine}.{table}"), database.digest(table)?);
            }
        }
    }
    if settings.write_mode == WriteMode::Dual {
        let root = &settings.parquet.path;
        for table in Table::ALL {
            let files = files_below(&root.join(table.name()))?;
            if !files.is_empty() {
                digests.insert(format!("parquet.{table}"), files_digest(root, &files)?);
            }
        }
    }
    Ok(digests)
}

fn files_digest(root: &PathBuf, files: &[PathBuf]) -> Result<Digest, StoreError> {
    let mut hasher = Hasher::new("lighthunter.files.1");
    for file in files {
        let bytes = fs::read(file).map_err(StoreError::io("read", file))?;
        hasher.text(&file.strip_prefix(root).unwrap_or(file).to_string_lossy()).bytes(&bytes);
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Query, content_digest};
    use crate::{
        clock::Stopwatch,
        market::{DailyBar, MarketData},
        store::{
            Depth, Engine, Row, StoreError, Table, WriteMode,
            fixture::{Room, assert_sample, bar, day, now, sample},
            read_parquet,
        },
    };

    #[test]
    fn nothing_newer_than_asked_for_is_returned() {
        let room = Room::filled(Engine::DuckDb, WriteMode::Dual);
        let (stores, _) = room.open();
        let rows = stores.daily(&Query::up_to(day(3))).expect("read");
        assert!(rows.len() == 4 && rows.iter().all(|row| row.date <= day(3)), "{rows:?}");
        assert!(stores.actions(day(2)).expect("read").is_empty());
        assert!(stores.securities(day(2)).expect("read").is_empty());
        assert!(stores.security_history(day(2)).expect("read").is_empty());
        let symbols = ["000001.SZ".parse().expect("a symbol")];
        let query = Query { from: Some(day(3)), up_to: day(3), symbols: Some(&symbols) };
        assert_eq!(stores.daily(&query).expect("read"), [bar(3, "000001.SZ", 2.0)]);
        assert!(stores.daily(&Query { symbols: Some(&[]), ..query }).expect("read").is_empty());
    }

    #[test]
    fn content_digest_sees_every_change_and_no_rewriting() {
        for engine in [Engine::DuckDb, Engine::Sqlite] {
            let room = Room::filled(engine, WriteMode::Dual);
            let before = content_digest(&room.settings).expect("digested");
            assert!(before.contains_key("parquet.daily"));
            drop(room.open());
            assert_eq!(content_digest(&room.settings).expect("digested"), before, "opening changes nothing");
            let (mut stores, _) = room.open();
            for close in [8.0, 3.0] {
                let daily = vec![bar(6, "600000.SH", close)];
                stores.import(&MarketData { daily, ..MarketData::default() }, now()).expect("imported");
            }
            assert_sample(&stores);
            drop(stores);
            assert_eq!(content_digest(&room.settings).expect("digested"), before, "the same rows again");
            std::fs::remove_file(room.part(3)).expect("removed");
            assert_ne!(content_digest(&room.settings).expect("digested"), before);
            let mut settings = room.settings.clone();
            settings.duckdb.path = room.room.path().join("gone/x.duckdb");
            settings.sqlite.path = settings.duckdb.path.clone();
            assert!(matches!(content_digest(&settings), Err(StoreError::DirectoryMissing { .. })));
        }
    }

    #[test]
    fn factors_that_were_not_delivered_are_derived_as_known() {
        let room = Room::new(Engine::DuckDb, WriteMode::Dual);
        let (mut stores, _) = room.open();
        let mut data = MarketData { actions: sample().actions, ..MarketData::default() };
        for (date, close) in [(2, 3.0), (3, 2.85), (6, 2.85)] {
            data.daily.push(DailyBar { adj_factor: f64::NAN, preclose: None, ..bar(date, "600000.SH", close) });
        }
        stores.import(&data, now()).expect("imported");
        let digest = stores.data_digest(day(31)).expect("a digest");
        let report = stores.import(&data, now()).expect("imported");
        assert_eq!(report[&Table::Daily].partitions_unchanged, 3, "what is missing equals itself");
        assert_eq!(stores.data_digest(day(31)).expect("a digest"), digest);
        let factors = |up_to: i8| {
            let bars = stores.daily(&Query::up_to(day(up_to))).expect("read");
            bars.iter().map(|bar| bar.adj_factor).collect::<Vec<f64>>()
        };
        // 1.50 CNY for ten shares from the third on: 3.00 becomes 2.85.
        assert_eq!(factors(31), [1.0, 3.0 / 2.85, 3.0 / 2.85]);
        for up_to in [2, 3, 6] {
            let known = factors(up_to);
            assert_eq!(known, factors(31)[..known.len()], "as known on {up_to}");
        }
        drop(stores);
        assert!(room.open().1.is_clean());
    }

    #[test]
    fn real_bars_go_in_and_come_out() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
        if !source.is_dir() {
            eprintln!("skipped: {} not present", source.display());
            return;
        }
        let watch = Stopwatch::start();
        let read = |name: &str| {
            let path = source.join(name);
            DailyBar::from_batches(&path, &read_parquet(&path).expect("readable")).expect("rows")
        };
        let daily = [read("daily_2017_2020.parquet"), read("daily_2025.parquet")].concat();
        let parsed = watch.seconds();
        let room = Room::new(Engine::DuckDb, WriteMode::Dual);
        let (mut stores, _) = room.open();
        let data = MarketData { daily, ..MarketData::default() };
        let report = stores.import(&data, now()).expect("imported");
        let imported = watch.seconds();
        assert_eq!((report[&Table::Daily].rows_changed, report[&Table::Daily].partitions_written), (125_597, 1_174));
        let back = stores.daily(&Query::up_to(jiff::civil::date(2030, 1, 1))).expect("read");
        let read_back = watch.seconds();
        assert!(back == data.daily, "equal to the source");
        drop(stores);
        let watch = Stopwatch::start();
        assert!(room.try_open(Depth::Quick).expect("opened").1.is_clean());
        let quick = watch.seconds();
        assert!(room.open().1.is_clean());
        let full = watch.seconds() - quick;
        let watch = Stopwatch::start();
        content_digest(&room.settings).expect("digested");
        eprintln!(
            "parsed {parsed:.3} s, opened and imported {:.3}, read back {:.3}, opened quick {quick:.3}, full {full:.3}, \
             digested {:.3}",
            imported - parsed,
            read_back - imported,
            watch.seconds()
        );
    }
}
