//! Stores in a temporary directory and rows to put there, for the tests of this room.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date};

use super::{
    Depth, Engine, ExecutionRow, MarkRow, OrderRow, Query, RecoveryReport, StoreError, StorePath, StoreSettings,
    Stores, TradeBatch, WriteMode, partition::files_below,
};
use crate::{
    clock::Clock,
    market::{CorporateAction, DailyBar, IndexBar, Interval, MarketData, MinuteBar, SecurityEvent, SecurityStatus},
};

/// A temporary directory with settings for stores in it.
pub(super) struct Room {
    pub(super) room: tempfile::TempDir,
    pub(super) settings: StoreSettings,
}

pub(super) fn now() -> Timestamp {
    "2020-06-30T12:00:00Z".parse().expect("a timestamp")
}

/// Returns settings for stores in a directory.
pub(super) fn settings_in(directory: &Path, engine: Engine, write_mode: WriteMode) -> StoreSettings {
    let at = |key: &str, name: &str| StorePath::new(key, directory.join(name));
    StoreSettings {
        engine,
        write_mode,
        duckdb: at("storage.ts.duckdb_path", "lighthunter.duckdb"),
        sqlite: at("storage.ts.sqlite_path", "ts.sqlite"),
        parquet: at("storage.parquet_dir", "parquet"),
        ledger: at("storage.ledger_path", "ledger.sqlite"),
        experiments: at("paths.experiments", "experiments.jsonl"),
        quarantine_dir: directory.join("quarantine"),
    }
}

impl Room {
    pub(super) fn new(engine: Engine, write_mode: WriteMode) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let settings = settings_in(room.path(), engine, write_mode);
        Self { room, settings }
    }

    pub(super) fn try_open(&self, depth: Depth) -> Result<(Stores, RecoveryReport), StoreError> {
        Stores::open(&self.settings, &Clock::starting_at(now()), depth)
    }

    pub(super) fn open(&self) -> (Stores, RecoveryReport) {
        self.try_open(Depth::Full).expect("opened")
    }

    /// Opens the stores and brings the sample in.
    pub(super) fn filled(engine: Engine, write_mode: WriteMode) -> Self {
        let room = Self::new(engine, write_mode);
        let (mut stores, report) = room.open();
        assert!(report.is_clean(), "{report:?}");
        stores.import(&sample(), now()).expect("imported");
        room
    }

    pub(super) fn part(&self, day: i8) -> PathBuf {
        self.settings.parquet.path.join(format!("daily/trade_date=2020-01-{day:02}/part.parquet"))
    }

    pub(super) fn quarantined(&self) -> usize {
        fs::read_dir(&self.settings.quarantine_dir).map_or(0, Iterator::count)
    }

    pub(super) fn parquet_files(&self) -> usize {
        files_below(&self.settings.parquet.path).expect("listed").len()
    }
}

pub(super) fn day(day: i8) -> Date {
    jiff::civil::date(2020, 1, day)
}

pub(super) fn bar(date: i8, symbol: &str, close: f64) -> DailyBar {
    DailyBar {
        date: day(date),
        symbol: symbol.parse().expect("a symbol"),
        open: 1.0,
        high: 9.0,
        low: 0.5,
        close,
        volume: (date != 3).then_some(100),
        amount: None,
        preclose: Some(1.0),
        adj_factor: 1.25,
        suspended: date == 3,
        source: "sample".into(),
    }
}

/// Two symbols on three days, an index, a corporate action, special treatment and two intraday bars.
pub(super) fn sample() -> MarketData {
    let daily = [2, 3, 6].iter().flat_map(|date| [bar(*date, "000001.SZ", 2.0), bar(*date, "600000.SH", 3.0)]);
    let minute = |minute| MinuteBar {
        ts: day(2).at(9, minute, 0, 0),
        symbol: "600000.SH".parse().expect("a symbol"),
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: Some(100),
        amount: Some(100.5),
        source: "sample".into(),
    };
    MarketData {
        daily: daily.collect(),
        index: vec![IndexBar {
            date: day(2),
            symbol: "000300.SH".parse().expect("a symbol"),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 1.0,
            volume: Some(1),
        }],
        minute: [(Interval::M1, vec![minute(31), minute(32)])].into(),
        actions: vec![CorporateAction {
            symbol: "600000.SH".parse().expect("a symbol"),
            ex_date: day(3),
            cash_per_10: 1.5,
            bonus_per_10: 0.0,
            rights_per_10: 0.0,
            rights_price: 0.0,
        }],
        securities: vec![SecurityEvent {
            date: day(3),
            symbol: "600000.SH".parse().expect("a symbol"),
            status: SecurityStatus::StarSt,
            name: "*ST sample".into(),
        }],
        source_bars: Vec::new(),
    }
}

/// Checks that the stores hold exactly the sample.
pub(super) fn assert_sample(stores: &Stores) {
    let sample = sample();
    let newest = Query::up_to(day(31));
    assert_eq!(stores.daily(&newest).expect("read"), sample.daily);
    assert_eq!(stores.index(&newest).expect("read"), sample.index);
    assert_eq!(stores.actions(day(31)).expect("read"), sample.actions);
    assert_eq!(stores.securities(day(31)).expect("read"), sample.securities);
    assert_eq!(stores.minute(Interval::M1, day(2)).expect("read"), sample.minute[&Interval::M1]);
}

/// Returns a batch of the run `run` with one order, one execution and one mark a number; its step is the
/// last number.
pub(super) fn batch(numbers: RangeInclusive<u64>) -> TradeBatch {
    let order = |number: u64| OrderRow {
        client_order_id: format!("main-{number}"),
        account_id: "main".into(),
        strategy_id: "u1".into(),
        symbol: "600000.SH".into(),
        side: "buy".into(),
        shares: 100,
        order_type: "limit".into(),
        limit_price: number.is_multiple_of(2).then_some(1_050),
        time_in_force: "day".into(),
        at: "2025-01-02T09:31:00".into(),
    };
    let execution = |number: u64| ExecutionRow {
        exec_id: number,
        order_id: number + 7,
        client_order_id: format!("main-{number}"),
        account_id: "main".into(),
        strategy_id: "u1".into(),
        symbol: "600000.SH".into(),
        side: "buy".into(),
        shares: 100,
        price: 1_049,
        commission: 500,
        stamp_duty: 1,
        transfer_fee: 2,
        slippage: 3,
        status: "filled".into(),
        reason: number.is_multiple_of(3).then(|| "limit_up".into()),
        cash_after: -5,
        position_after: 100,
        at: "2025-01-02T09:31:00".into(),
    };
    let mark = |number: u64| MarkRow {
        account_id: "main".into(),
        at: format!("2025-01-02T09:{number:06}"),
        cash: 1,
        positions_value: 2,
        nav: 3,
        nav_peak: 4,
    };
    let step = *numbers.end();
    TradeBatch {
        run_id: "run".into(),
        step,
        orders: numbers.clone().map(order).collect(),
        executions: numbers.clone().map(execution).collect(),
        marks: numbers.map(mark).collect(),
        state: format!("{{\"step\":{step}}}"),
    }
}
