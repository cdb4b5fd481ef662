//! Trading in the ledger: what a run ordered, what became of it, and the newest state to go on from,
//! committed together, so that a restart neither forgets an execution nor does one twice.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    ExecutionRow, Ledger, MarkRow, OrderRow, RunRecord, count, integer, parsed,
    runs::{RUN, run_of},
    trade_row::TradeRow,
};
use crate::{
    digest::{Digest, Hasher},
    store::StoreError,
};

/// What a run did since its last batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TradeBatch {
    /// The run; it must be in the ledger.
    pub run_id: String,
    /// Steps of the run that are done, these included.
    pub step: u64,
    /// Orders given.
    pub orders: Vec<OrderRow>,
    /// What the broker reported.
    pub executions: Vec<ExecutionRow>,
    /// What the accounts were worth.
    pub marks: Vec<MarkRow>,
    /// Broker, portfolio and risk after the last step, as JSON.
    pub state: String,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeState {
    /// Steps of the run that are done.
    pub step: u64,
    /// Broker, portfolio and risk after that step, as JSON.
    pub state: String,
    /// Digest of both.
    pub digest: Digest,
}

fn state_digest(step: i64, state: &str) -> Digest {
    Hasher::new("trade_state").int(step).text(state).finish()
}

/// Why a batch is not committed.
enum Refusal {
    Sqlite(rusqlite::Error),
    Conflict(String),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Puts the rows that are not there yet; where `all_known`, each must be.
fn put_rows<T: TradeRow>(transaction: &Connection, run: &str, rows: &[T], all_known: bool) -> Result<(), Refusal> {
    if rows.is_empty() {
        return Ok(());
    }
    // Prepared once a batch: the cost of it is spread over the rows.
    let (mut put, mut find) = (transaction.prepare(T::PUT)?, transaction.prepare(T::FIND)?);
    for row in rows {
        if !all_known && row.put(run, &mut put)? == 1 {
            continue;
        }
        if row.find(run, &mut find)?.as_ref() != Some(row) {
            return Err(Refusal::Conflict(row.name()));
        }
    }
    Ok(())
}

fn put_batch(transaction: &Connection, batch: &TradeBatch) -> Result<(), Refusal> {
    let step = integer(batch.step)?;
    let digest = state_digest(step, &batch.state).to_string();
    let known: Option<(i64, String)> = transaction
        .query_row("SELECT step, state_digest FROM trade_states WHERE run_id = ?1", [&batch.run_id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (is_older, is_same) =
        known.as_ref().map_or((false, false), |(known, found)| (*known > step, *known == step && *found == digest));
    if !is_older && !is_same && known.is_some_and(|(known, _)| known == step) {
        return Err(Refusal::Conflict(format!("state after step {step}")));
    }
    let all_known = is_older || is_same;
    put_rows(transaction, &batch.run_id, &batch.orders, all_known)?;
    put_rows(transaction, &batch.run_id, &batch.executions, all_known)?;
    put_rows(transaction, &batch.run_id, &batch.marks, all_known)?;
    if !all_known {
        transaction.execute(
            "INSERT INTO trade_states (run_id, step, state, state_digest) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run_id) DO UPDATE
             SET step = excluded.step, state = excluded.state, state_digest = excluded.state_digest",
            params![batch.run_id, step, batch.state, digest],
        )?;
    }
    Ok(())
}

impl Ledger {
    /// Commits a batch in one transaction. A batch that is there already changes nothing, also when
    /// the run has gone on since.
    ///
    /// # Errors
    /// `Conflict`, with nothing changed, when a row or the state of this step is there with other
    /// content, or when a step that is done already brings new rows; `Sqlite`, also when the run is
    /// unknown.
    pub fn commit_trading(&self, batch: &TradeBatch) -> Result<(), StoreError> {
        self.transact(|transaction| put_batch(transaction, batch)).map_err(|refusal| match refusal {
            Refusal::Sqlite(source) => {
                StoreError::Sqlite { step: "commit a trading batch", path: self.path.clone(), source }
            }
            Refusal::Conflict(what) => StoreError::Conflict { what: format!("run {}: {what}", batch.run_id) },
        })
    }

    /// Returns where a run stands; none when it has committed no batch.
    ///
    /// # Errors
    /// `RecordDamaged` when the state does not match its digest; `Sqlite`.
    pub fn trade_state(&self, run_id: &str) -> Result<Option<TradeState>, StoreError> {
        let sql = "SELECT step, state, state_digest FROM trade_states WHERE run_id = ?1";
        let found = self.read("find a trading state", |connection| {
            connection.query_row(sql, [run_id], |row| state_of(row, 0)).optional()
        })?;
        found.map(|state| self.checked(run_id, state)).transpose()
    }

    /// Returns the newest run of a job that ended well before a date, with the state that it left; runs
    /// that left none are passed over.
    ///
    /// # Errors
    /// `RecordDamaged` when the state does not match its digest; `Sqlite`.
    pub fn last_trade_state(&self, kind: &str, before: Date) -> Result<Option<(RunRecord, TradeState)>, StoreError> {
        let sql = format!(
            "SELECT {RUN}, step, state, state_digest FROM runs JOIN trade_states ON run_id = id
             WHERE kind = ?1 AND status = 'success' AND as_of < ?2 ORDER BY as_of DESC, seq DESC LIMIT 1"
        );
        let after_run = RUN.split(',').count();
        let found = self.read("find a trading state", |connection| {
            let of = |row: &Row<'_>| Ok((run_of(row)?, state_of(row, after_run)?));
            connection.query_row(&sql, params![kind, before.to_string()], of).optional()
        })?;
        let Some((run, state)) = found else { return Ok(None) };
        let state = self.checked(&run.id, state)?;
        Ok(Some((run, state)))
    }

    fn checked(&self, run_id: &str, state: TradeState) -> Result<TradeState, StoreError> {
        // What was read came through `count`, so it fits.
        let found = state_digest(state.step as i64, &state.state);
        if found == state.digest {
            return Ok(state);
        }
        Err(StoreError::RecordDamaged {
            path: self.path.clone(),
            what: format!("the trading state of run {run_id}"),
            expected: state.digest.to_string(),
            found: found.to_string(),
        })
    }

    fn trade_rows<T: TradeRow>(&self, step: &'static str, run_id: &str) -> Result<Vec<T>, StoreError> {
        self.read(step, |connection| connection.prepare(T::LIST)?.query_map([run_id], T::of)?.collect())
    }

    /// Returns the orders of a run, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn orders(&self, run_id: &str) -> Result<Vec<OrderRow>, StoreError> {
        self.trade_rows("list orders", run_id)
    }

    /// Returns the executions of a run, by number.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn executions(&self, run_id: &str) -> Result<Vec<ExecutionRow>, StoreError> {
        self.trade_rows("list executions", run_id)
    }

    /// Returns the marks of a run, by time and account.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn marks(&self, run_id: &str) -> Result<Vec<MarkRow>, StoreError> {
        self.trade_rows("list marks", run_id)
    }
}

fn state_of(row: &Row<'_>, column: usize) -> rusqlite::Result<TradeState> {
    Ok(TradeState { step: count(row, column)?, state: row.get(column + 1)?, digest: parsed(row, column + 2)? })
}

#[cfg(test)]
#[path = "trading_tests.rs"]
mod tests;
