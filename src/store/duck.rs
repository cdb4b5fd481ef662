//! DuckDB: the tables in one file. Made under a temporary name and renamed when whole; checkpointed
//! after every batch, so that there is hardly ever a write-ahead log to replay. No extension is loaded
//! and no other file can be reached from SQL.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use arrow::{
    datatypes::{DataType, Schema},
    record_batch::RecordBatch,
};
use duckdb::{AccessMode, Config, Connection};
use jiff::civil::Date;

use super::{
    StoreError, StorePath, Table,
    abort::AbortGuard,
    database::{Database, DateSum, PROBE, Slice, TableChange, column_list},
    probe,
    refusal::refused,
};
use crate::{
    digest::{Digest, Hasher},
    durable::{self, DurableError},
};

/// The memory that DuckDB's buffers may take; set before the file is opened, because replaying a log
/// counts as well.
const MEMORY_MAX: &str = "512MB";
/// The disk that its temporary files may take.
const TEMPORARY_MAX: &str = "4GB";
/// The threads of one database.
const THREADS: i64 = 2;

/// An open DuckDB database.
#[derive(Debug)]
pub(crate) struct DuckStore {
    connection: Connection,
    path: PathBuf,
    version: String,
    /// The last field: closing the connection can end the process.
    _abort: Option<AbortGuard>,
}

/// Returns the version of the DuckDB library that is loaded.
pub(crate) fn version() -> String {
    let asked = Connection::open_in_memory().and_then(|connection| connection.version());
    asked.unwrap_or_else(|error| format!("unknown ({error})"))
}

/// Refuses a path that DuckDB takes apart: of `a?b` it puts the log at `a.wal?b`, which is another directory.
fn require_plain(place: &StorePath) -> Result<(), StoreError> {
    if !place.path.to_string_lossy().contains('?') {
        return Ok(());
    }
    let what = "DuckDB keeps no log beside a path that holds '?': move the workspace";
    Err(StoreError::Io { step: "open", path: place.path.clone(), source: std::io::Error::other(what) })
}

impl DuckStore {
    /// Opens the database and makes it where it is missing.
    pub(crate) fn open(place: &StorePath) -> Result<Self, StoreError> {
        place.check_file()?;
        require_plain(place)?;
        if place.path.exists() {
            probe::require_openable(place)?;
        } else {
            create(place)?;
        }
        let store = Self::connect(place, AccessMode::ReadWrite)?;
        store.run("make tables", &tables())?;
        Ok(store)
    }

    /// Opens the database beside other readers.
    pub(crate) fn open_read_only(place: &StorePath) -> Result<Self, StoreError> {
        place.check_file()?;
        require_plain(place)?;
        probe::require_openable(place)?;
        Self::connect(place, AccessMode::ReadOnly)
    }

    /// As [`DuckStore::open_read_only`], in the process that is the probe.
    pub(crate) fn open_unprobed(place: &StorePath) -> Result<Self, StoreError> {
        place.check_file()?;
        Self::connect(place, AccessMode::ReadOnly)
    }

    fn connect(place: &StorePath, mode: AccessMode) -> Result<Self, StoreError> {
        let abort = (mode == AccessMode::ReadWrite).then(AbortGuard::new);
        let connection = settings(mode)
            .and_then(|settings| Connection::open_with_flags(&place.path, settings))
            .map_err(refused(place, "open"))?;
        lock(&connection).map_err(refused(place, "open"))?;
        let version = connection.version().map_err(refused(place, "open"))?;
        Ok(Self { connection, path: place.path.clone(), version, _abort: abort })
    }

    fn failed(&self, step: &'static str) -> impl FnOnce(duckdb::Error) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::DuckDb { step, path, source }
    }

    fn run(&self, step: &'static str, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(self.failed(step))
    }

    fn write(&self, change: &TableChange) -> Result<(), StoreError> {
        let (table, time) = (change.table.name(), change.table.time_column());
        if !change.replaced.is_empty() {
            let dates: Vec<String> = change.replaced.iter().map(|date| format!("DATE '{date}'")).collect();
            let sql = format!("DELETE FROM {table} WHERE CAST({time} AS DATE) IN ({})", dates.join(", "));
            self.run("replace rows", &sql)?;
        }
        let mut appender = self.connection.appender(table).map_err(self.failed("append to a table"))?;
        appender.append_record_batch(change.batch.clone()).map_err(self.failed("append rows"))?;
        appender.flush().map_err(self.failed("append rows"))
    }
}

impl Database for DuckStore {
    fn path(&self) -> &Path {
        &self.path
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.run("write to", PROBE)
    }

    fn apply(&mut self, changes: &[TableChange]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.run("begin", "BEGIN TRANSACTION")?;
        if let Err(error) = changes.iter().try_for_each(|change| self.write(change)) {
            // The first error is the cause; a rollback that fails too adds nothing.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(error);
        }
        self.run("commit", "COMMIT")?;
        self.run("checkpoint", "CHECKPOINT")
    }

    fn read(&self, table: Table, slice: &Slice<'_>) -> Result<Vec<RecordBatch>, StoreError> {
        let time = table.time_column();
        let (columns, condition, key) = (column_list(table), slice.condition(time), table.key_columns());
        let sql = format!("SELECT {columns} FROM {table} WHERE {condition} ORDER BY {key}");
        let mut statement = self.connection.prepare(&sql).map_err(self.failed("read rows"))?;
        let batches = statement.query_arrow([]).map_err(self.failed("read rows"))?;
        Ok(batches.collect())
    }

    fn sums(&self, table: Table) -> Result<BTreeMap<Date, DateSum>, StoreError> {
        let (time, columns) = (table.time_column(), column_list(table));
        let sql = format!(
            "SELECT CAST(CAST({time} AS DATE) AS VARCHAR), count(*), CAST(sum(hash({columns})) AS VARCHAR)
             FROM {table} GROUP BY CAST({time} AS DATE)"
        );
        let mut statement = self.connection.prepare(&sql).map_err(self.failed("sum rows"))?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))
            .map_err(self.failed("sum rows"))?;
        let mut sums = BTreeMap::new();
        for row in rows {
            let (date, rows, sum) = row.map_err(self.failed("sum rows"))?;
            // A date that no calendar knows cannot have been written by this program.
            let Ok(date) = date.parse::<Date>() else { continue };
            let sum = Some(format!("duckdb {} {sum}", self.version));
            sums.insert(date, DateSum { rows: rows as u64, sum });
        }
        Ok(sums)
    }

    fn has_rows(&self, table: Table) -> Result<bool, StoreError> {
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let exists = format!("SELECT count(*) FROM duckdb_tables() WHERE table_name = '{table}'");
        if count(&exists).map_err(self.failed("look for a table"))? == 0 {
            return Ok(false);
        }
        let rows = format!("SELECT count(*) FROM {table}");
        Ok(count(&rows).map_err(self.failed("count rows"))? > 0)
    }

    fn digest(&self, table: Table) -> Result<Digest, StoreError> {
        let columns = column_list(table);
        let sql = format!(
            "SELECT count(*), coalesce(CAST(sum(hash({columns})) AS VARCHAR), ''),
             coalesce(CAST(bit_xor(hash({columns}, 1)) AS VARCHAR), '') FROM {table}"
        );
        let (rows, sum, xor) = self
            .connection
            .query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
            .map_err(self.failed("digest rows"))?;
        Ok(Hasher::new("lighthunter.duckdb.1").int(rows).text(&sum).text(&xor).finish())
    }
}

pub(super) fn settings(mode: AccessMode) -> duckdb::Result<Config> {
    Config::default()
        .access_mode(mode)?
        .threads(THREADS)?
        .max_memory(MEMORY_MAX)?
        .with("max_temp_directory_size", TEMPORARY_MAX)?
        .with("autoinstall_known_extensions", "false")?
        .enable_autoload_extension(false)?
        .with("allow_community_extensions", "false")?
        .enable_external_access(false)
}

/// Makes the settings final: no statement can loosen them any more. The last step, after all others.
pub(super) fn lock(connection: &Connection) -> duckdb::Result<()> {
    connection.execute_batch("SET lock_configuration = true")
}

/// Makes an empty database under another name and renames it when it is whole: a kill while DuckDB
/// makes its first file can leave one that does not open.
fn create(place: &StorePath) -> Result<(), StoreError> {
    let directory = place.path.parent().unwrap_or(Path::new("."));
    let name = place.path.file_name().unwrap_or_default().to_string_lossy();
    let room = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .suffix(&format!(".{}.tmp", std::process::id()))
        .tempdir_in(directory)
        .map_err(DurableError::at("make a directory beside", &place.path))?;
    let temporary = StorePath::new(place.key.clone(), room.path().join("new.duckdb"));
    let store = DuckStore::connect(&temporary, AccessMode::ReadWrite)?;
    store.run("make tables", &tables())?;
    store.run("checkpoint", "CHECKPOINT")?;
    let path = store.path.clone();
    store.connection.close().map_err(|(_, source)| StoreError::DuckDb { step: "close", path, source })?;
    durable::publish_directory(&temporary.path, &place.path)?;
    Ok(())
}

fn tables() -> String {
    Table::ALL.map(|own| table(own.name(), &own.schema())).join("\n")
}

/// Returns the statement that makes a table.
pub(super) fn table(name: &str, schema: &Schema) -> String {
    let columns: Vec<String> =
        schema.fields().iter().map(|field| format!("\"{}\" {}", field.name(), sql_type(field.data_type()))).collect();
    format!("CREATE TABLE IF NOT EXISTS {name} ({});", columns.join(", "))
}

fn sql_type(kind: &DataType) -> &'static str {
    match kind {
        DataType::Timestamp(..) => "TIMESTAMP",
        DataType::Float64 => "DOUBLE",
        DataType::Int64 => "BIGINT",
        DataType::Boolean => "BOOLEAN",
        _ => "VARCHAR",
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessMode, DuckStore, StorePath, durable};

    #[test]
    fn no_statement_reaches_beyond_the_database() {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("own.duckdb"));
        drop(DuckStore::open(&place).expect("made"));
        let beside = room.path().join("beside.csv");
        durable::replace(&beside, "a,b\n1,2\n").expect("written");
        let store = DuckStore::connect(&place, AccessMode::ReadWrite).expect("opened");
        let (csv, out) = (beside.display(), room.path().join("out").display().to_string());
        let other = room.path().join("other.duckdb");
        let probes = [
            format!("SELECT * FROM read_csv('{csv}')"),
            format!("SELECT * FROM read_text('{csv}')"),
            format!("SELECT * FROM read_blob('{csv}')"),
            format!("SELECT * FROM glob('{}/*')", room.path().display()),
            format!("SELECT * FROM '{csv}'"),
            "SELECT * FROM '/etc/passwd'".into(),
            "SELECT * FROM read_csv('../../../../etc/passwd')".into(),
            "SELECT * FROM read_parquet('/tmp/*.parquet')".into(),
            format!("COPY daily FROM '{csv}'"),
            format!("COPY daily TO '{out}.csv'"),
            format!("COPY daily TO '{out}.parquet' (FORMAT parquet)"),
            format!("EXPORT DATABASE '{out}'"),
            format!("IMPORT DATABASE '{out}'"),
            format!("ATTACH '{}'", other.display()),
            format!("ATTACH '{csv}' AS c (TYPE sqlite)"),
            "INSTALL httpfs".into(),
            "LOAD httpfs".into(),
            format!("LOAD '{out}.duckdb_extension'"),
            "SET enable_external_access = true".into(),
            "SET lock_configuration = false".into(),
            "SET allow_community_extensions = true".into(),
            "SET autoinstall_known_extensions = true".into(),
            "SET memory_limit = '64GB'".into(),
            "SET threads = 64".into(),
            "SET temp_directory = '/tmp'".into(),
            "SET home_directory = '/'".into(),
            "SET allowed_directories = ['/']".into(),
            "RESET memory_limit".into(),
            "PRAGMA memory_limit = '64GB'".into(),
            "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')".into(),
        ];
        for probe in probes {
            let outcome = store.connection.execute_batch(&probe);
            assert!(outcome.is_err(), "{probe} was allowed");
        }
        for name in ["out", "out.csv", "out.parquet", "other.duckdb"] {
            assert!(!room.path().join(name).exists(), "{name} was written");
        }
        let value = |name: &str| {
            let sql = format!("SELECT CAST(current_setting('{name}') AS VARCHAR)");
            store.connection.query_row(&sql, [], |row| row.get::<_, String>(0)).expect("a setting")
        };
        for (name, expected) in [
            ("lock_configuration", "true"),
            ("enable_external_access", "false"),
            ("allow_community_extensions", "false"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("threads", "2"),
        ] {
            assert_eq!(value(name), expected, "{name}");
        }
    }
}
