//! Kill switches: an account that a risk rule has stopped stays stopped over every restart until a
//! person releases it. Nothing is ever deleted; who released what and why is kept.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::Ledger;
use crate::store::StoreError;

/// One time that an account was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KillSwitchRow {
    /// The account.
    pub account_id: String,
    /// When it was stopped, in the market's time.
    pub tripped_at: String,
    /// Why.
    pub reason: String,
    /// The run that stopped it.
    pub run_id: String,
    /// When it was released; absent while in force.
    pub released_at: Option<String>,
    /// Who released it.
    pub released_by: Option<String>,
    /// Why it was released.
    pub release_reason: Option<String>,
}

const COLUMNS: &str = "account_id, tripped_at, reason, run_id, released_at, released_by, release_reason";

fn switch_of(row: &Row<'_>) -> rusqlite::Result<KillSwitchRow> {
    Ok(KillSwitchRow {
        account_id: row.get(0)?,
        tripped_at: row.get(1)?,
        reason: row.get(2)?,
        run_id: row.get(3)?,
        released_at: row.get(4)?,
        released_by: row.get(5)?,
        release_reason: row.get(6)?,
    })
}

impl Ledger {
    /// Stops an account. One that is stopped already keeps its first time and reason.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn trip_kill_switch(&self, account_id: &str, at: &str, reason: &str, run_id: &str) -> Result<(), StoreError> {
        self.write("trip a kill switch", |transaction| {
            transaction.execute(
                "INSERT INTO kill_switches (account_id, tripped_at, reason, run_id) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
                params![account_id, at, reason, run_id],
            )
        })?;
        Ok(())
    }

    /// Returns the kill switch that is in force for an account.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn kill_switch(&self, account_id: &str) -> Result<Option<KillSwitchRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM kill_switches WHERE account_id = ?1 AND released_at IS NULL");
        self.read("find a kill switch", |connection| connection.query_row(&sql, [account_id], switch_of).optional())
    }

    /// Returns all kill switches, released ones too, oldest first.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn kill_switches(&self) -> Result<Vec<KillSwitchRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM kill_switches ORDER BY seq");
        self.read("list kill switches", |connection| connection.prepare(&sql)?.query_map([], switch_of)?.collect())
    }

    /// Lets a stopped account trade again; says whether one was stopped.
    ///
    /// # Errors
    /// `Sqlite`.
    pub fn release_kill_switch(&self, account_id: &str, at: &str, who: &str, reason: &str) -> Result<bool, StoreError> {
        let released = self.write("release a kill switch", |transaction| {
            transaction.execute(
                "UPDATE kill_switches SET released_at = ?2, released_by = ?3, release_reason = ?4
                 WHERE account_id = ?1 AND released_at IS NULL",
                params![account_id, at, who, reason],
            )
        })?;
        Ok(released > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::store::StorePath;

    #[test]
    fn stopped_account_stays_stopped_over_a_restart_until_it_is_released() {
        let room = tempfile::tempdir().expect("a directory");
        let open = || Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("opened");
        assert!(open().kill_switch("main").expect("searched").is_none());
        open().trip_kill_switch("main", "2025-01-02T10:00:00", "drawdown", "run-1").expect("tripped");
        open().trip_kill_switch("main", "2025-01-02T10:05:00", "daily loss", "run-2").expect("tripped again");
        let found = open().kill_switch("main").expect("searched").expect("in force");
        assert_eq!((found.reason.as_str(), found.run_id.as_str()), ("drawdown", "run-1"), "the first is kept");
        assert!(open().kill_switch("other").expect("searched").is_none());
        assert!(!open().release_kill_switch("other", "t", "me", "why").expect("nothing to release"));
        assert!(open().release_kill_switch("main", "2025-01-03T09:00:00", "me", "reviewed").expect("released"));
        assert!(!open().release_kill_switch("main", "t", "me", "twice").expect("nothing to release"));
        assert!(open().kill_switch("main").expect("searched").is_none());
        open().trip_kill_switch("main", "2025-01-03T10:00:00", "concentration", "run-3").expect("tripped");
        let history = open().kill_switches().expect("listed");
        assert_eq!(history.len(), 2);
        assert_eq!(history[0].released_by.as_deref(), Some("me"));
        assert_eq!(history[0].release_reason.as_deref(), Some("reviewed"));
        assert_eq!((history[1].reason.as_str(), &history[1].released_at), ("concentration", &None));
    }
}
