//! What changed rows and why: revisions by a newer delivery, repairs by a rule, rows put aside.

use jiff::civil::Date;
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Ledger, count, parsed};
use crate::{
    market::Symbol,
    store::{StoreError, Table},
};

/// A row that a newer delivery replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRecord {
    /// The table.
    pub table: Table,
    /// The trading date.
    pub trade_date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// The old values as text.
    pub old: String,
    /// The new values as text.
    pub new: String,
}

/// A value that a rule repaired; `old` brings it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairRecord {
    /// The table's name.
    pub table: String,
    /// The trading date.
    pub trade_date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// The column.
    pub field: String,
    /// The value before; absent when it was missing.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// The rule that derived it.
    pub rule: String,
    /// The run that did it.
    pub run_id: String,
}

fn repair_of(row: &Row<'_>) -> rusqlite::Result<RepairRecord> {
    Ok(RepairRecord {
        table: row.get(0)?,
        trade_date: parsed(row, 1)?,
        symbol: parsed(row, 2)?,
        field: row.get(3)?,
        old: row.get(4)?,
        new: row.get(5)?,
        rule: row.get(6)?,
        run_id: row.get(7)?,
    })
}

impl Ledger {
    /// Records repairs, before they are written to any store.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn put_repairs(&self, repairs: &[RepairRecord]) -> Result<(), StoreError> {
        self.write("record repairs", |transaction| {
            let sql = "INSERT INTO repairs (tbl, trade_date, symbol, field, old, new, rule, run_id, undone)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)";
            let mut statement = transaction.prepare(sql)?;
            for repair in repairs {
                statement.execute(params![
                    repair.table,
                    repair.trade_date.to_string(),
                    repair.symbol.to_string(),
                    repair.field,
                    repair.old,
                    repair.new,
                    repair.rule,
                    repair.run_id
                ])?;
            }
            Ok(())
        })
    }

    /// Returns the repairs in force, oldest first; of one run where it is named.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn repairs(&self, run: Option<&str>) -> Result<Vec<RepairRecord>, StoreError> {
        let sql = "SELECT tbl, trade_date, symbol, field, old, new, rule, run_id FROM repairs
                   WHERE undone = 0 AND (?1 IS NULL OR run_id = ?1) ORDER BY seq";
        self.read("list repairs", |connection| connection.prepare(sql)?.query_map([run], repair_of)?.collect())
    }

    /// Returns the repairs that were taken back, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn undone_repairs(&self) -> Result<Vec<RepairRecord>, StoreError> {
        let sql = "SELECT tbl, trade_date, symbol, field, old, new, rule, run_id FROM repairs
                   WHERE undone = 1 ORDER BY seq";
        self.read("list repairs taken back", |connection| connection.prepare(sql)?.query_map([], repair_of)?.collect())
    }

    /// Marks the repairs of a run as undone; the caller has written the old values back.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn undo_repairs(&self, run: &str) -> Result<usize, StoreError> {
        self.write("undo repairs", |transaction| {
            transaction.execute("UPDATE repairs SET undone = 1 WHERE run_id = ?1", [run])
        })
    }

    /// Returns the revisions, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn revisions(&self) -> Result<Vec<RevisionRecord>, StoreError> {
        let sql = "SELECT tbl, trade_date, symbol, old, new FROM revisions ORDER BY seq";
        let of = |row: &Row<'_>| {
            let name: String = row.get(0)?;
            let Some(table) = Table::named(&name) else { return Ok(None) };
            let (trade_date, symbol) = (parsed(row, 1)?, parsed(row, 2)?);
            Ok(Some(RevisionRecord { table, trade_date, symbol, old: row.get(3)?, new: row.get(4)? }))
        };
        let found: Vec<Option<RevisionRecord>> =
            self.read("list revisions", |connection| connection.prepare(sql)?.query_map([], of)?.collect())?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Records that rows or a file were put aside.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn put_quarantine(&self, source: &str, reason: &str, rows: u64, run: Option<&str>) -> Result<(), StoreError> {
        self.write("record a quarantine", |transaction| {
            transaction.execute(
                "INSERT INTO quarantine (source, reason, rows, run_id) VALUES (?1, ?2, ?3, ?4)",
                params![source, reason, rows as i64, run],
            )
        })?;
        Ok(())
    }

    /// Returns how many rows were put aside, by reason.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn quarantine_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT reason, sum(rows) FROM quarantine GROUP BY reason ORDER BY reason";
        let of = |row: &Row<'_>| Ok((row.get(0)?, count(row, 1)?));
        self.read("count the quarantine", |connection| connection.prepare(sql)?.query_map([], of)?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, RepairRecord};
    use crate::store::StorePath;

    #[test]
    fn undone_repair_is_no_longer_in_force() {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        let repair = |run: &str| RepairRecord {
            table: "daily".into(),
            trade_date: jiff::civil::date(2020, 1, 2),
            symbol: "600000.SH".parse().expect("a symbol"),
            field: "amount".into(),
            old: None,
            new: Some("1.5".into()),
            rule: "vwap".into(),
            run_id: run.into(),
        };
        ledger.put_repairs(&[repair("a"), repair("b")]).expect("recorded");
        assert_eq!(ledger.undo_repairs("a").expect("undone"), 1);
        assert_eq!(ledger.undone_repairs().expect("listed").len(), 1);
        assert_eq!(ledger.repairs(None).expect("listed"), [repair("b")]);
        assert!(ledger.repairs(Some("a")).expect("listed").is_empty());
    }
}
