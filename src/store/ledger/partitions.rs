//! Partitions: which rows of which table and date are acknowledged, by digest, and the write-ahead
//! note of those that an import is about to change.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Ledger, RevisionRecord, count, maybe_parsed, parsed};
use crate::{
    digest::Digest,
    store::{StoreError, Table},
};

/// The rows of one table and date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionRecord {
    /// The table.
    pub table: Table,
    /// The trading date.
    pub trade_date: Date,
    /// How many rows.
    pub rows: u64,
    /// Digest of the rows, whatever store holds them.
    pub digest: Digest,
    /// Digest of the Parquet file's bytes; absent where only the database is written.
    pub sha256: Option<Digest>,
    /// The length of the Parquet file.
    pub bytes: u64,
    /// The Parquet file, relative to the directory of the tables.
    pub path: String,
    /// The engine's own quick checksum of the rows, with its version.
    pub engine_sum: Option<String>,
}

const COLUMNS: &str = "tbl, trade_date, rows, digest, sha256, bytes, path, engine_sum";

fn partition_of(row: &Row<'_>) -> rusqlite::Result<Option<PartitionRecord>> {
    let name: String = row.get(0)?;
    let Some(table) = Table::named(&name) else {
        return Ok(None);
    };
    Ok(Some(PartitionRecord {
        table,
        trade_date: parsed(row, 1)?,
        rows: count(row, 2)?,
        digest: parsed(row, 3)?,
        sha256: maybe_parsed(row, 4)?,
        bytes: count(row, 5)?,
        path: row.get(6)?,
        engine_sum: row.get(7)?,
    }))
}

fn put(connection: &Connection, into: &str, partitions: &[PartitionRecord]) -> rusqlite::Result<()> {
    let sql = format!("INSERT OR REPLACE INTO {into} ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    let mut statement = connection.prepare(&sql)?;
    for partition in partitions {
        statement.execute(params![
            partition.table.name(),
            partition.trade_date.to_string(),
            partition.rows as i64,
            partition.digest.to_string(),
            partition.sha256.map(String::from),
            partition.bytes as i64,
            partition.path,
            partition.engine_sum
        ])?;
    }
    Ok(())
}

impl Ledger {
    /// Returns the acknowledged partitions of a table by date.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn partitions(&self, table: Table) -> Result<BTreeMap<Date, PartitionRecord>, StoreError> {
        self.partitions_in("partitions", table)
    }

    /// Returns the partitions of a table that an unfinished import was about to write.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn pending(&self, table: Table) -> Result<BTreeMap<Date, PartitionRecord>, StoreError> {
        self.partitions_in("pending", table)
    }

    fn partitions_in(&self, from: &str, table: Table) -> Result<BTreeMap<Date, PartitionRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM {from} WHERE tbl = ?1 ORDER BY trade_date");
        let found: Vec<Option<PartitionRecord>> = self.read("list partitions", |connection| {
            connection.prepare(&sql)?.query_map([table.name()], partition_of)?.collect()
        })?;
        Ok(found.into_iter().flatten().map(|partition| (partition.trade_date, partition)).collect())
    }

    /// Notes which partitions an import is about to write, before it touches any store.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn announce(&self, partitions: &[PartitionRecord]) -> Result<(), StoreError> {
        self.write("announce an import", |transaction| put(transaction, "pending", partitions))
    }

    /// Acknowledges partitions, with the revisions that they bring, and drops every announcement.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn acknowledge(
        &self,
        partitions: &[PartitionRecord],
        revisions: &[RevisionRecord],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("acknowledge an import", |transaction| {
            put(transaction, "partitions", partitions)?;
            let sql = "INSERT INTO revisions (tbl, trade_date, symbol, old, new, recorded_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut statement = transaction.prepare(sql)?;
            for revision in revisions {
                statement.execute(params![
                    revision.table.name(),
                    revision.trade_date.to_string(),
                    revision.symbol.to_string(),
                    revision.old,
                    revision.new,
                    now.to_string()
                ])?;
            }
            transaction.execute("DELETE FROM pending", [])?;
            Ok(())
        })
    }

    /// Takes back the acknowledgement of partitions that no store holds any more.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn forget(&self, table: Table, dates: &[Date]) -> Result<(), StoreError> {
        self.write("forget lost partitions", |transaction| {
            let mut statement = transaction.prepare("DELETE FROM partitions WHERE tbl = ?1 AND trade_date = ?2")?;
            for date in dates {
                statement.execute(params![table.name(), date.to_string()])?;
            }
            // What is lost must be importable again, and nobody knows from which file it came.
            transaction.execute("DELETE FROM imports", [])?;
            transaction.execute("DELETE FROM collected", [])?;
            Ok(())
        })
    }

    /// Says whether an input with this digest was imported completely, and no other input under `name` after it:
    /// a delivery that was replaced and comes again is to be imported again. An input that was never imported under
    /// this name (it was renamed) is known by its digest alone.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn is_imported(&self, source: &Digest, name: &str) -> Result<bool, StoreError> {
        let digest = source.to_string();
        self.read("find an import", |connection| {
            let newest = "SELECT digest FROM imports WHERE source = ?1 ORDER BY finished_at DESC LIMIT 1";
            let newest: Option<String> = connection.query_row(newest, [name], |row| row.get(0)).optional()?;
            let known: Option<i64> = connection
                .query_row("SELECT 1 FROM imports WHERE digest = ?1", [&digest], |row| row.get(0))
                .optional()?;
            Ok(known.is_some() && newest.is_none_or(|newest| newest == digest))
        })
    }

    /// Records that an input was imported completely.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn put_import(&self, source: &Digest, name: &str, rows: u64, now: Timestamp) -> Result<(), StoreError> {
        self.write("record an import", |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO imports (digest, source, rows, finished_at) VALUES (?1, ?2, ?3, ?4)",
                params![source.to_string(), name, rows as i64, now.to_string()],
            )
        })?;
        Ok(())
    }
}
