//! What the ledger says of the data, apart from the history that it keeps: which partitions are
//! acknowledged, which inputs were imported and which pages collected. A rollback takes this back and nothing else: runs,
//! experiments, orders, revisions and kill switches are what happened, and stay.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::store::StoreError;

/// The acknowledged partitions and the imported inputs, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataState {
    partitions: Vec<Partition>,
    imports: Vec<Import>,
    // Left out while there is none, so that the states of before, and of who collects nothing, stay as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    collected: Vec<Collected>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Partition {
    table: String,
    trade_date: String,
    rows: i64,
    digest: String,
    sha256: Option<String>,
    bytes: i64,
    path: String,
    engine_sum: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    digest: String,
    source: String,
    rows: i64,
    finished_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collected {
    source: String,
    kind: String,
    symbol: String,
    first: String,
    last: String,
    rows: i64,
}

impl DataState {
    /// Returns how many partitions are acknowledged.
    #[must_use]
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }
}

impl Ledger {
    /// Returns which partitions are acknowledged and which inputs were imported.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn data_state(&self) -> Result<DataState, StoreError> {
        let partitions = "SELECT tbl, trade_date, rows, digest, sha256, bytes, path, engine_sum FROM partitions
                          ORDER BY tbl, trade_date";
        let imports = "SELECT digest, source, rows, finished_at FROM imports ORDER BY digest";
        let collected = "SELECT source, kind, symbol, first, last, rows FROM collected
                         ORDER BY source, kind, symbol, first";
        self.read("read the state of the data", |connection| {
            let partition = |row: &rusqlite::Row<'_>| {
                Ok(Partition {
                    table: row.get(0)?,
                    trade_date: row.get(1)?,
                    rows: row.get(2)?,
                    digest: row.get(3)?,
                    sha256: row.get(4)?,
                    bytes: row.get(5)?,
                    path: row.get(6)?,
                    engine_sum: row.get(7)?,
                })
            };
            let import = |row: &rusqlite::Row<'_>| {
                Ok(Import { digest: row.get(0)?, source: row.get(1)?, rows: row.get(2)?, finished_at: row.get(3)? })
            };
            let span = |row: &rusqlite::Row<'_>| {
                Ok(Collected {
                    source: row.get(0)?,
                    kind: row.get(1)?,
                    symbol: row.get(2)?,
                    first: row.get(3)?,
                    last: row.get(4)?,
                    rows: row.get(5)?,
                })
            };
            Ok(DataState {
                partitions: connection.prepare(partitions)?.query_map([], partition)?.collect::<Result<_, _>>()?,
                imports: connection.prepare(imports)?.query_map([], import)?.collect::<Result<_, _>>()?,
                collected: connection.prepare(collected)?.query_map([], span)?.collect::<Result<_, _>>()?,
            })
        })
    }

    /// Sets which partitions are acknowledged and which inputs were imported, and drops every announcement,
    /// in one transaction.
    ///
    /// # Errors
    /// `Sqlite`; nothing is changed then.
    pub fn set_data_state(&self, state: &DataState) -> Result<(), StoreError> {
        self.write("take the state of the data back", |transaction| {
            transaction.execute_batch(
                "DELETE FROM pending; DELETE FROM partitions; DELETE FROM imports;
                                       DELETE FROM fetched_pages; DELETE FROM collected;",
            )?;
            let sql = "INSERT INTO partitions (tbl, trade_date, rows, digest, sha256, bytes, path, engine_sum)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let mut statement = transaction.prepare(sql)?;
            for own in &state.partitions {
                let Partition { table, trade_date, rows, digest, sha256, bytes, path, engine_sum } = own;
                statement.execute(params![table, trade_date, rows, digest, sha256, bytes, path, engine_sum])?;
            }
            let sql = "INSERT INTO imports (digest, source, rows, finished_at) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = transaction.prepare(sql)?;
            for Import { digest, source, rows, finished_at } in &state.imports {
                statement.execute(params![digest, source, rows, finished_at])?;
            }
            let sql = "INSERT INTO collected (source, kind, symbol, first, last, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut statement = transaction.prepare(sql)?;
            for Collected { source, kind, symbol, first, last, rows } in &state.collected {
                statement.execute(params![source, kind, symbol, first, last, rows])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        market::MarketData,
        store::{
            Engine, WriteMode,
            fixture::{Room, bar, now},
        },
    };

    #[test]
    fn data_state_goes_back_and_history_stays() {
        let room = Room::filled(Engine::DuckDb, WriteMode::Dual);
        let (mut stores, _) = room.open();
        let before = stores.ledger().data_state().expect("read");
        assert!(before.partition_count() > 0);
        let newer = MarketData { daily: vec![bar(6, "600000.SH", 7.0)], ..MarketData::default() };
        stores.import(&newer, now()).expect("imported");
        let after = stores.ledger().data_state().expect("read");
        assert_ne!(after, before);
        let revisions = |stores: &crate::store::Stores| stores.ledger().revisions().expect("listed").len();
        let told = revisions(&stores);
        for _ in 0..2 {
            stores.ledger().set_data_state(&before).expect("set");
            assert_eq!(stores.ledger().data_state().expect("read"), before);
        }
        assert_eq!(revisions(&stores), told);
    }
}
