//! The seals of the ledger: for each table the number of its rows and the sum of their digests, kept by
//! triggers in the transaction that changes a row. SQLite has no checksum of its pages: a bit that flips in
//! a row would be read as if it had been written. Checks; repairs nothing.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{
    Connection, Row,
    functions::{Context, FunctionFlags},
    params,
    types::ValueRef,
};

use super::{Ledger, schema};
use crate::{
    digest::{Digest, Hasher},
    store::{Damage, StoreError, StorePath},
};

/// The function that the triggers call: `(sum, sign, table, values...)` to the new sum.
const FUNCTION: &str = "lighthunter_seal";

/// Makes `connection` keep the seals. The triggers are temporary: another program that writes the ledger
/// is not kept from it, but what it wrote does not go with the seal.
pub(super) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    add_function(connection)?;
    // A row that is replaced counts as removed.
    connection.execute_batch("PRAGMA recursive_triggers = ON")?;
    for (table, columns) in tables(connection)? {
        connection.execute_batch(&triggers(&table, &columns))?;
    }
    Ok(())
}

/// Seals what the tables hold; for a ledger that had no seals.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    add_function(connection)?;
    for (table, (rows, sum)) in sums(connection)? {
        connection
            .execute("INSERT OR REPLACE INTO seals (tbl, rows, sum) VALUES (?1, ?2, ?3)", params![table, rows, sum])?;
    }
    Ok(())
}

fn add_function(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(FUNCTION, -1, flags, |context| {
        let sum = u128::from_str_radix(&context.get::<String>(0)?, 16).unwrap_or(0);
        let row = row_digest(&context.get::<String>(2)?, (3..context.len()).map(|at| value_of(context, at)));
        let sum = if context.get::<i64>(1)? < 0 { sum.wrapping_sub(row) } else { sum.wrapping_add(row) };
        Ok(format!("{sum:032x}"))
    })
}

fn value_of<'a>(context: &'a Context<'_>, at: usize) -> ValueRef<'a> {
    context.get_raw(at)
}

/// Returns the digest of a row as a number: sums of them do not depend on the order of the rows.
fn row_digest<'a>(table: &str, values: impl Iterator<Item = ValueRef<'a>>) -> u128 {
    let mut hasher = Hasher::new("lighthunter.ledger row.1");
    hasher.text(table);
    for value in values {
        match value {
            ValueRef::Null => hasher.int(0),
            ValueRef::Integer(value) => hasher.int(1).int(value),
            ValueRef::Real(value) => hasher.int(2).int(value.to_bits() as i64),
            ValueRef::Text(text) => hasher.int(3).bytes(text),
            ValueRef::Blob(bytes) => hasher.int(4).bytes(bytes),
        };
    }
    let digest = hasher.finish().to_string();
    u128::from_str_radix(digest.get(..32).unwrap_or_default(), 16).unwrap_or(0)
}

/// Returns the sealed tables with their columns.
fn tables(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<String>>> {
    let names = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                 AND name <> 'seals'";
    let names: Vec<String> = connection.prepare(names)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let columns = |name: String| {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1, 'main') ORDER BY cid")?;
        let columns = statement.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok((name, columns))
    };
    names.into_iter().map(columns).collect()
}

fn triggers(table: &str, columns: &[String]) -> String {
    let row = |side: &str| columns.iter().map(|column| format!("{side}.\"{column}\"")).collect::<Vec<_>>().join(", ");
    let change = |side: &str, sign: &str| {
        let rows = row(side);
        format!(
            "UPDATE seals SET rows = rows + {sign}, sum = {FUNCTION}(sum, {sign}, '{table}', {rows})
             WHERE tbl = '{table}';"
        )
    };
    let (plus, minus) = (change("NEW", "1"), change("OLD", "-1"));
    format!(
        "CREATE TEMP TRIGGER IF NOT EXISTS seal_insert_{table} AFTER INSERT ON main.{table} BEGIN {plus} END;
         CREATE TEMP TRIGGER IF NOT EXISTS seal_delete_{table} AFTER DELETE ON main.{table} BEGIN {minus} END;
         CREATE TEMP TRIGGER IF NOT EXISTS seal_update_{table} AFTER UPDATE ON main.{table} BEGIN {minus} {plus} END;"
    )
}

/// Returns the rows of each table and the sum of their digests, as they are.
fn sums(connection: &Connection) -> rusqlite::Result<BTreeMap<String, (i64, String)>> {
    let mut sums = BTreeMap::new();
    for (table, columns) in tables(connection)? {
        let list: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let mut statement = connection.prepare(&format!("SELECT {} FROM main.{table}", list.join(", ")))?;
        let (mut rows, mut count, mut sum) = (statement.query([])?, 0, 0_u128);
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|at| row.get_ref(at)).collect::<Result<Vec<_>, _>>()?;
            sum = sum.wrapping_add(row_digest(&table, values.into_iter()));
            count += 1;
        }
        sums.insert(table, (count, format!("{sum:032x}")));
    }
    Ok(sums)
}

/// Returns the statements that make the tables and indexes, by name.
fn statements(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let sql = "SELECT type || ' ' || name || ' of ' || tbl_name, coalesce(sql, '') FROM main.sqlite_schema";
    connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn expected_statements() -> rusqlite::Result<BTreeMap<String, String>> {
    let connection = Connection::open_in_memory()?;
    schema::MIGRATIONS.iter().try_for_each(|migration| connection.execute_batch(migration))?;
    statements(&connection)
}

impl Ledger {
    /// Holds every row, page and table of the ledger against its seals, for one moment of it. Returns the
    /// digest of each table's content and what is damaged.
    ///
    /// # Errors
    /// When the ledger cannot be opened or is of another version than this program's; damage that SQLite
    /// itself refuses to read is no error but in the list.
    pub fn inspect(place: &StorePath) -> Result<(BTreeMap<String, Digest>, Vec<Damage>), StoreError> {
        let ledger = Self::open_read_only(place)?;
        let (found, known) = (ledger.version()?, schema::MIGRATIONS.len() as i64);
        let path = ledger.path.clone();
        if found != known {
            let what =
                format!("its schema version is {found}, this program's is {known}: open the stores with it once");
            return Ok((BTreeMap::new(), vec![Damage { path, what }]));
        }
        let looked = ledger.read("inspect", |connection| {
            let transaction = connection.unchecked_transaction()?;
            look(&transaction, &path)
        });
        looked.or_else(|error| Ok((BTreeMap::new(), vec![Damage { path, what: error.to_string() }])))
    }
}

fn look(connection: &Connection, path: &Path) -> rusqlite::Result<(BTreeMap<String, Digest>, Vec<Damage>)> {
    let mut damages = Vec::new();
    let mut add = |what: String| damages.push(Damage { path: path.to_path_buf(), what });
    if statements(connection)? != expected_statements()? {
        add("its tables are not those that this program makes".into());
    }
    let check = "PRAGMA integrity_check(9)";
    let lines: Vec<String> = connection.prepare(check)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    lines.into_iter().filter(|line| line != "ok").for_each(&mut add);
    let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, (row.get::<_, i64>(1)?, row.get::<_, String>(2)?)));
    let sealed: BTreeMap<String, (i64, String)> =
        connection.prepare("SELECT tbl, rows, sum FROM seals")?.query_map([], pair)?.collect::<Result<_, _>>()?;
    let found = sums(connection)?;
    for table in sealed.keys().filter(|table| !found.contains_key(*table)) {
        add(format!("table {table} has a seal but is not there"));
    }
    let mut read = BTreeMap::new();
    for (table, (rows, sum)) in found {
        match sealed.get(&table) {
            Some(seal) if *seal == (rows, sum.clone()) => {}
            Some((expected, _)) if *expected != rows => {
                add(format!("table {table} has {rows} rows, {expected} were written"));
            }
            Some(_) => add(format!("table {table} holds other values than were written")),
            None => add(format!("table {table} has no seal")),
        }
        read.insert(table, Digest::of(format!("{rows} {sum}")));
    }
    Ok((read, damages))
}

#[cfg(test)]
mod tests {
    use super::{Ledger, StorePath};
    use crate::{digest::Digest, store::fixture::now};

    fn room() -> (tempfile::TempDir, StorePath) {
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("ledger.sqlite"));
        (room, place)
    }

    #[test]
    fn seals_follow_every_kind_of_change() {
        let (_room, place) = room();
        let ledger = Ledger::open(&place).expect("made");
        let source = Digest::of("a file");
        ledger.put_import(&source, "a", 1, now()).expect("inserted");
        ledger.put_import(&source, "b", 2, now()).expect("replaced");
        ledger.begin_experiment("e").expect("begun");
        assert!(ledger.put_experiment("e", "{}").expect("ended"), "a row is removed and made anew");
        let (read, damages) = Ledger::inspect(&place).expect("inspected");
        assert!(damages.is_empty(), "{damages:?}");
        assert!(read.len() > 10, "{read:?}");
        drop(ledger);
        assert_eq!(Ledger::inspect(&place).expect("inspected"), (read, damages), "closing changes nothing");
    }

    #[test]
    fn value_that_changed_behind_the_seal_is_seen() {
        for sql in [
            "UPDATE imports SET rows = 3",
            "DELETE FROM imports",
            "INSERT INTO imports VALUES ('x', 'y', 1, 'z')",
            "UPDATE seals SET rows = 7 WHERE tbl = 'imports'",
            "DELETE FROM seals WHERE tbl = 'runs'",
            "DROP TABLE revisions",
            "PRAGMA user_version = 1",
        ] {
            let (_room, place) = room();
            let ledger = Ledger::open(&place).expect("made");
            ledger.put_import(&Digest::of("a file"), "a", 1, now()).expect("inserted");
            drop(ledger);
            rusqlite::Connection::open(&place.path).expect("opened").execute_batch(sql).expect("run");
            assert!(!Ledger::inspect(&place).expect("inspected").1.is_empty(), "{sql}");
        }
    }
}
