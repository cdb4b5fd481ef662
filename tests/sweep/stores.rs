//! The writers with a database: each part is played in a second process, and judged here from the files of the stores
//! by the libraries themselves, not by LightHunter's readers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
    process::ExitCode,
};

use jiff::{Timestamp, civil::Date};
use lighthunter::{
    clock::Clock,
    digest::Digest,
    exit::{Exit, Failure as _},
    market::{DailyBar, MarketData},
    store::{
        Depth, Engine, Experiment, ExperimentKind, ExperimentStatus, StoreError, StorePath, StoreSettings, Stores,
        WriteMode,
    },
};

use crate::{
    shim::ACKNOWLEDGED,
    writers::{Promise, whole},
};

/// A part of the second process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Experiments: ledger and JSON lines.
    Experiments,
    /// Imports: ledger, database, Parquet, manifests.
    Import(Engine),
}

/// Days of an import and symbols of a day.
const DAYS: i8 = 3;
const SYMBOLS: usize = 6;

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Experiments, Self::Import(Engine::Sqlite), Self::Import(Engine::DuckDb)];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Experiments => "ledger and experiments",
            Self::Import(Engine::Sqlite) => "import into SQLite",
            Self::Import(Engine::DuckDb) => "import into DuckDB",
        }
    }

    pub(crate) fn has_duckdb(self) -> bool {
        self == Self::Import(Engine::DuckDb)
    }

    fn engine(self) -> Engine {
        match self {
            Self::Experiments => Engine::Sqlite,
            Self::Import(engine) => engine,
        }
    }
}

fn settings(root: &Path, part: Part) -> StoreSettings {
    let at = |key: &str, name: &str| StorePath::new(key, root.join(name));
    StoreSettings {
        engine: part.engine(),
        write_mode: if part == Part::Experiments { WriteMode::Single } else { WriteMode::Dual },
        duckdb: at("storage.ts.duckdb_path", "bars.duckdb"),
        sqlite: at("storage.ts.sqlite_path", "bars.sqlite"),
        parquet: at("storage.parquet_dir", "parquet"),
        ledger: at("storage.ledger_path", "ledger.sqlite"),
        experiments: at("paths.experiments", "experiments.jsonl"),
        quarantine_dir: root.join("quarantine"),
    }
}

fn now() -> Timestamp {
    "2020-06-30T12:00:00Z".parse().expect("a time")
}

fn day(day: i8) -> Date {
    jiff::civil::date(2020, 1, day)
}

/// Bars of a day whose close says which delivery they are of.
fn bars(date: i8, delivery: f64) -> MarketData {
    let bar = |code: usize| DailyBar {
        date: day(date),
        symbol: format!("{:06}.SZ", code + 1).parse().expect("a symbol"),
        open: 1.0,
        high: 9.0,
        low: 0.5,
        close: delivery,
        volume: Some(100),
        amount: None,
        preclose: None,
        adj_factor: 1.0,
        suspended: false,
        source: "sweep".into(),
    };
    MarketData { daily: (0..SYMBOLS).map(bar).collect(), ..MarketData::default() }
}

fn experiment(id: &str) -> Experiment {
    Experiment {
        id: id.into(),
        kind: ExperimentKind::Train,
        job: "job".into(),
        model_id: None,
        status: ExperimentStatus::Success,
        as_of: day(2),
        started_at: now(),
        finished_at: now(),
        seed: 1,
        git_commit: "c".into(),
        config_digest: Digest::of("c"),
        data_digest: Digest::of("d"),
        result_digest: None,
        params: BTreeMap::new(),
        metrics: BTreeMap::from([("ic".into(), Some(0.1))]),
        artifacts: vec![],
        error: None,
    }
}

/// Plays the second process: `ROLE` is `work PART` or `recover PART`, `SWEEP_ROOT` the directory.
pub(crate) fn play(role: &str) -> ExitCode {
    let root = std::env::var_os("SWEEP_ROOT").expect("a root");
    let (act, name) = role.split_once(' ').expect("a part");
    let part = Part::ALL.into_iter().find(|part| part.name() == name).expect("a known part");
    let played = if act == "recover" { recover(root.as_ref(), part) } else { work(root.as_ref(), part) };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            error.exit().code().into()
        }
    }
}

fn acknowledge(root: &Path, name: &str) {
    let file = OpenOptions::new().create(true).append(true).open(root.join(ACKNOWLEDGED));
    file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes())).expect("said");
}

fn opened(root: &Path, part: Part) -> Result<Stores, StoreError> {
    Stores::open(&settings(root, part), &Clock::starting_at(now()), Depth::Full).map(|(stores, _)| stores)
}

fn work(root: &Path, part: Part) -> Result<(), StoreError> {
    let mut stores = opened(root, part)?;
    if part == Part::Experiments {
        for number in 0..6 {
            let id = format!("train_{number}");
            stores.experiments().record(&experiment(&id))?;
            acknowledge(root, &id);
        }
        return Ok(());
    }
    // The second delivery of a day replaces rows that are there.
    for delivery in [1.0, 2.0] {
        for date in 1..=DAYS {
            stores.import(&bars(date, delivery), now())?;
            acknowledge(root, &format!("{date} {delivery}"));
        }
    }
    Ok(())
}

/// Comes back as the next command does: opening the stores recovers them.
pub(crate) fn recover(root: &Path, part: Part) -> Result<(), StoreError> {
    opened(root, part).map(drop)
}

/// Returns what the second process acknowledged.
pub(crate) fn acknowledged(root: &Path) -> Promise {
    let text = fs::read_to_string(root.join(ACKNOWLEDGED)).unwrap_or_default();
    Promise { acknowledged: text.lines().map(str::to_owned).collect(), power_cut: false }
}

/// Says what of the promise is broken, after a recovery.
pub(crate) fn check(root: &Path, part: Part, promise: &Promise) -> Result<(), String> {
    whole(root)?;
    if part == Part::Experiments { check_experiments(root, promise) } else { check_import(root, part, promise) }
}

fn ledger(root: &Path) -> Result<rusqlite::Connection, String> {
    let found = rusqlite::Connection::open(root.join("ledger.sqlite")).map_err(|error| format!("OPEN: {error}"))?;
    let sound: String = found
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| format!("OPEN: the ledger: {error}"))?;
    if sound == "ok" { Ok(found) } else { Err(format!("OPEN: the ledger: {sound}")) }
}

fn check_experiments(root: &Path, promise: &Promise) -> Result<(), String> {
    let ledger = ledger(root)?;
    let mut asked = ledger
        .prepare("SELECT line FROM experiments WHERE line IS NOT NULL ORDER BY seq")
        .map_err(|error| error.to_string())?;
    let lines: Result<Vec<String>, _> = asked.query_map([], |row| row.get(0)).map_err(|e| e.to_string())?.collect();
    let lines = lines.map_err(|error| error.to_string())?;
    let file = fs::read_to_string(root.join("experiments.jsonl")).unwrap_or_default();
    let expected = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    if file != expected {
        return Err("AGREE: experiments.jsonl is not what the ledger says".into());
    }
    for id in &promise.acknowledged {
        let quoted = format!("\"id\":\"{id}\"");
        let count = lines.iter().filter(|line| line.contains(&quoted)).count();
        if count != 1 {
            return Err(format!("ACK: {id} is there {count} times"));
        }
    }
    Ok(())
}

/// The rows of a day: how many, and of which delivery; a day with two is torn.
type Days = BTreeMap<String, (usize, BTreeSet<String>)>;

fn check_import(root: &Path, part: Part, promise: &Promise) -> Result<(), String> {
    let database = match part.engine() {
        Engine::DuckDb => of_duckdb(&root.join("bars.duckdb"))?,
        Engine::Sqlite => of_sqlite(&root.join("bars.sqlite"))?,
    };
    let files = of_parquet(root)?;
    if database != files {
        return Err(format!("AGREE: the database has {database:?}, Parquet {files:?}"));
    }
    let ledger = ledger(root)?;
    let known: Vec<String> = ledger
        .prepare("SELECT trade_date FROM partitions WHERE tbl = 'daily' ORDER BY trade_date")
        .and_then(|mut asked| asked.query_map([], |row| row.get(0))?.collect())
        .map_err(|error| error.to_string())?;
    if known.iter().ne(database.keys()) {
        return Err(format!("AGREE: the ledger has {known:?}, the database {:?}", database.keys()));
    }
    for (date, (rows, deliveries)) in &database {
        if *rows != SYMBOLS || deliveries.len() != 1 {
            return Err(format!("WHOLE: {date} has {rows} rows of deliveries {deliveries:?}"));
        }
    }
    for name in &promise.acknowledged {
        let (date, delivery) = name.split_once(' ').ok_or("no step")?;
        let found = database.get(&format!("2020-01-0{date}")).and_then(|(_, found)| found.first());
        if found.is_none_or(|found| found.as_str() < delivery) {
            return Err(format!("ACK: {name} acknowledged, {found:?} found"));
        }
    }
    Ok(())
}

fn gathered(rows: impl Iterator<Item = (String, f64)>) -> Days {
    let mut days = Days::new();
    for (date, close) in rows {
        let day = days.entry(date.get(..10).unwrap_or_default().to_owned()).or_default();
        day.0 += 1;
        day.1.insert(close.to_string());
    }
    days
}

fn of_duckdb(path: &Path) -> Result<Days, String> {
    let failed = |error: duckdb::Error| format!("OPEN: {}: {error}", path.display());
    let database = duckdb::Connection::open(path).map_err(failed)?;
    let mut asked = database.prepare("SELECT CAST(date AS VARCHAR), close FROM daily").map_err(failed)?;
    let rows: Result<Vec<(String, f64)>, _> =
        asked.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?.collect();
    Ok(gathered(rows.map_err(failed)?.into_iter()))
}

fn of_sqlite(path: &Path) -> Result<Days, String> {
    let failed = |error: rusqlite::Error| format!("OPEN: {}: {error}", path.display());
    let database = rusqlite::Connection::open(path).map_err(failed)?;
    let mut asked = database.prepare("SELECT date, close FROM daily").map_err(failed)?;
    let rows: Result<Vec<(String, f64)>, _> =
        asked.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?.collect();
    Ok(gathered(rows.map_err(failed)?.into_iter()))
}

fn of_parquet(root: &Path) -> Result<Days, String> {
    use parquet::{file::reader::FileReader as _, file::reader::SerializedFileReader, record::RowAccessor as _};
    let mut rows = Vec::new();
    for entry in fs::read_dir(root.join("parquet/daily")).into_iter().flatten().flatten() {
        let Some(date) = entry.file_name().to_string_lossy().strip_prefix("trade_date=").map(str::to_owned) else {
            continue;
        };
        let path = entry.path().join("part.parquet");
        if !path.exists() {
            continue;
        }
        let failed = |error: parquet::errors::ParquetError| format!("WHOLE: {}: {error}", path.display());
        let file = fs::File::open(&path).map_err(|error| format!("WHOLE: {error}"))?;
        let reader = SerializedFileReader::new(file).map_err(failed)?;
        let columns = reader.metadata().file_metadata().schema_descr();
        let close = (0..columns.num_columns()).find(|at| columns.column(*at).name() == "close").ok_or("no close")?;
        for row in reader {
            rows.push((date.clone(), row.and_then(|row| row.get_double(close)).map_err(failed)?));
        }
    }
    Ok(gathered(rows.into_iter()))
}

/// Says whether an exit code is one that a disk that fails may give.
pub(crate) fn is_of_a_failing_disk(code: i32) -> bool {
    [Exit::Done, Exit::Storage].iter().any(|exit| i32::from(exit.code()) == code)
}
