//! SQLite in the place of DuckDB: the same tables, time as text, one row a bar.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray},
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
    record_batch::RecordBatch,
};
use jiff::civil::{Date, DateTime};
use rusqlite::{Connection, OpenFlags, Row, params_from_iter, types::Value};

use super::{
    StoreError, StorePath, Table,
    columnar::{datetime_micros, datetime_of},
    content::partitions_in,
    database::{Database, DateSum, PROBE, Slice, TableChange, column_list},
    refusal::refused,
};
use crate::digest::{Digest, Hasher};

/// An open SQLite database with bars.
#[derive(Debug)]
pub(crate) struct LiteStore {
    connection: Connection,
    path: PathBuf,
}

impl LiteStore {
    /// Opens the database and makes it where it is missing.
    pub(crate) fn open(place: &StorePath) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let store = Self::connect(place, flags)?;
        let prepare = || {
            store.connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            store.connection.execute_batch("PRAGMA synchronous = FULL")?;
            store.connection.execute_batch(&tables())
        };
        prepare().map_err(refused(place, "open"))?;
        Ok(store)
    }

    /// Opens the database beside other readers.
    pub(crate) fn open_read_only(place: &StorePath) -> Result<Self, StoreError> {
        Self::connect(place, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn connect(place: &StorePath, flags: OpenFlags) -> Result<Self, StoreError> {
        place.check_file()?;
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(&place.path, flags)?;
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        };
        let connection = open().map_err(refused(place, "open"))?;
        Ok(Self { connection, path: place.path.clone() })
    }

    fn failed(&self, step: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
        let path = self.path.clone();
        move |source| StoreError::Sqlite { step, path, source }
    }
}

impl Database for LiteStore {
    fn path(&self) -> &Path {
        &self.path
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.connection.execute_batch(PROBE).map_err(self.failed("write to"))
    }

    fn apply(&mut self, changes: &[TableChange]) -> Result<(), StoreError> {
        let run = || {
            let transaction = self.connection.unchecked_transaction()?;
            for change in changes {
                write(&transaction, change)?;
            }
            transaction.commit()
        };
        run().map_err(self.failed("write rows"))
    }

    fn read(&self, table: Table, slice: &Slice<'_>) -> Result<Vec<RecordBatch>, StoreError> {
        let time = table.time_column();
        let (columns, condition, key) = (column_list(table), slice.condition(time), table.key_columns());
        let sql = format!("SELECT {columns} FROM {table} WHERE {condition} ORDER BY {key}");
        let width = table.schema().fields().len();
        let mut cells: Vec<Vec<Value>> = vec![Vec::new(); width];
        let mut collect = || {
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for (index, column) in cells.iter_mut().enumerate() {
                    column.push(row.get(index)?);
                }
            }
            Ok(())
        };
        collect().map_err(self.failed("read rows"))?;
        let schema = table.schema();
        let arrays = schema.fields().iter().zip(&cells).map(|(field, values)| array_of(field.data_type(), values));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect());
        Ok(vec![batch.map_err(StoreError::arrow(&self.path))?])
    }

    fn sums(&self, table: Table) -> Result<BTreeMap<Date, DateSum>, StoreError> {
        let time = table.time_column();
        let sql = format!("SELECT substr({time}, 1, 10), count(*) FROM {table} GROUP BY 1");
        let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let collect = || self.connection.prepare(&sql)?.query_map([], pair)?.collect::<rusqlite::Result<Vec<_>>>();
        let rows = collect().map_err(self.failed("count rows"))?;
        let sums = rows
            .into_iter()
            .filter_map(|(date, rows)| Some((date.parse().ok()?, DateSum { rows: rows as u64, sum: None })));
        Ok(sums.collect())
    }

    fn has_rows(&self, table: Table) -> Result<bool, StoreError> {
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let exists = format!("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '{table}'");
        if count(&exists).map_err(self.failed("look for a table"))? == 0 {
            return Ok(false);
        }
        let rows = format!("SELECT count(*) FROM {table}");
        Ok(count(&rows).map_err(self.failed("count rows"))? > 0)
    }

    fn digest(&self, table: Table) -> Result<Digest, StoreError> {
        let batches = self.read(table, &Slice::default())?;
        let mut hasher = Hasher::new("lighthunter.sqlite.1");
        for partition in partitions_in(table, &self.path, &batches)?.values() {
            hasher.text(&partition.trade_date.to_string()).digest(&partition.digest);
        }
        Ok(hasher.finish())
    }
}

fn write(connection: &Connection, change: &TableChange) -> rusqlite::Result<()> {
    let (table, time) = (change.table.name(), change.table.time_column());
    let mut delete = connection.prepare(&format!("DELETE FROM {table} WHERE {time} >= ?1 AND {time} <= ?2"))?;
    for date in &change.replaced {
        delete.execute([format!("{date} 00:00:00"), format!("{date} 23:59:59.999999")])?;
    }
    let marks = vec!["?"; change.batch.num_columns()].join(", ");
    let mut insert =
        connection.prepare(&format!("INSERT INTO {table} ({}) VALUES ({marks})", column_list(change.table)))?;
    for row in 0..change.batch.num_rows() {
        insert.execute(params_from_iter(change.batch.columns().iter().map(|column| value_of(column, row))))?;
    }
    Ok(())
}

fn value_of(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Timestamp(..) => {
            let time = datetime_of(column.as_primitive::<TimestampMicrosecondType>().value(row));
            time.map_or(Value::Null, |time| Value::Text(time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string()))
        }
        DataType::Float64 => Value::Real(column.as_primitive::<Float64Type>().value(row)),
        DataType::Int64 => Value::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Boolean => Value::Integer(i64::from(column.as_boolean().value(row))),
        _ => Value::Text(column.as_string::<i32>().value(row).to_owned()),
    }
}

fn array_of(kind: &DataType, values: &[Value]) -> ArrayRef {
    let float = |value: &Value| match value {
        Value::Real(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    };
    let int = |value: &Value| if let Value::Integer(number) = value { Some(*number) } else { None };
    let text = |value: &Value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
    match kind {
        DataType::Timestamp(..) => {
            let micros = |value: &Value| text(value)?.parse::<DateTime>().ok().map(datetime_micros);
            Arc::new(values.iter().map(micros).collect::<TimestampMicrosecondArray>())
        }
        DataType::Float64 => Arc::new(values.iter().map(float).collect::<Float64Array>()),
        DataType::Int64 => Arc::new(values.iter().map(int).collect::<Int64Array>()),
        DataType::Boolean => {
            Arc::new(values.iter().map(|value| int(value).map(|number| number != 0)).collect::<BooleanArray>())
        }
        _ => Arc::new(values.iter().map(text).collect::<StringArray>()),
    }
}

fn tables() -> String {
    let table = |table: Table| {
        let columns: Vec<String> = table
            .schema()
            .fields()
            .iter()
            .map(|field| format!("\"{}\" {}", field.name(), sql_type(field.data_type())))
            .collect();
        let key = table.key_columns();
        format!(
            "CREATE TABLE IF NOT EXISTS {table} ({}, PRIMARY KEY ({key})) STRICT, WITHOUT ROWID;",
            columns.join(", ")
        )
    };
    Table::ALL.map(table).join("\n")
}

fn sql_type(kind: &DataType) -> &'static str {
    match kind {
        DataType::Float64 => "REAL",
        DataType::Int64 | DataType::Boolean => "INTEGER",
        _ => "TEXT",
    }
}
