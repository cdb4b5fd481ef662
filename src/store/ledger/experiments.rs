//! Experiments in the ledger: the line of `experiments.jsonl` is committed here first.

use rusqlite::{OptionalExtension, Row, params};

use super::{Ledger, owner};
use crate::{digest::Digest, store::StoreError};

impl Ledger {
    /// Records that an experiment runs in this process.
    ///
    /// # Errors
    /// `Sqlite`, also when the id is taken.
    pub fn begin_experiment(&self, id: &str) -> Result<(), StoreError> {
        self.write("begin an experiment", |transaction| {
            transaction.execute(
                "INSERT INTO experiments (id, status, owner) VALUES (?1, 'running', ?2)",
                params![id, owner::own()],
            )
        })?;
        Ok(())
    }

    /// Commits the line of an experiment that has ended. The same line again changes nothing.
    ///
    /// Returns whether the line is new.
    ///
    /// # Errors
    /// `Conflict` when the id is recorded with another line.
    pub(crate) fn put_experiment(&self, id: &str, line: &str) -> Result<bool, StoreError> {
        let digest = Digest::of(line).to_string();
        let known: Option<Option<String>> = self.read("find an experiment", |connection| {
            connection.query_row("SELECT digest FROM experiments WHERE id = ?1", [id], |row| row.get(0)).optional()
        })?;
        match known.flatten() {
            Some(found) if found == digest => return Ok(false),
            Some(_) => return Err(StoreError::Conflict { what: format!("experiment {id}") }),
            None => {}
        }
        // The row is made anew, so that the order of the ledger is the order of the lines.
        self.write("record an experiment", |transaction| {
            transaction.execute("DELETE FROM experiments WHERE id = ?1", [id])?;
            transaction.execute(
                "INSERT INTO experiments (id, status, owner, line, digest) VALUES (?1, 'ended', ?2, ?3, ?4)",
                params![id, owner::own(), line, digest],
            )
        })?;
        Ok(true)
    }

    /// Returns the lines of all ended experiments, oldest first.
    ///
    /// # Errors
    /// `Sqlite`; `Damaged` when a line does not match its digest.
    pub(crate) fn experiment_lines(&self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT id, line, digest FROM experiments WHERE line IS NOT NULL ORDER BY seq";
        let of = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
        let rows: Vec<(String, String, String)> =
            self.read("list experiments", |connection| connection.prepare(sql)?.query_map([], of)?.collect())?;
        let mut lines = Vec::with_capacity(rows.len());
        for (id, line, expected) in rows {
            let found = Digest::of(&line).to_string();
            if found != expected {
                return Err(StoreError::Damaged { path: self.path.join(id), expected, found });
            }
            lines.push((id, line));
        }
        Ok(lines)
    }

    /// Returns the ids of the experiments that run, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn running_experiments(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM experiments WHERE status = 'running' ORDER BY seq";
        self.read("list experiments", |connection| connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect())
    }

    /// Marks experiments of dead processes as interrupted and returns their ids.
    ///
    /// # Errors
    /// `Sqlite`.
    pub(crate) fn interrupt_orphan_experiments(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id, owner FROM experiments WHERE status = 'running' ORDER BY seq";
        let of = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let running: Vec<(String, String)> =
            self.read("list experiments", |connection| connection.prepare(sql)?.query_map([], of)?.collect())?;
        let orphans: Vec<String> =
            running.into_iter().filter(|(_, owner)| !owner::is_alive(owner)).map(|(id, _)| id).collect();
        for id in &orphans {
            self.write("mark an interrupted experiment", |transaction| {
                transaction.execute("UPDATE experiments SET status = 'interrupted' WHERE id = ?1", [id])
            })?;
        }
        Ok(orphans)
    }
}
