//! What every look shares: where things are, the moment, the ledger, and the session that is due.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date};

use crate::{
    clock::shanghai_zone,
    config::settings::{MarketKind, Settings},
    market::Calendar,
    ops::Station,
    store::{Ledger, StoreError, Table},
};

/// The hour at which a session is over, Asia/Shanghai.
const SESSION_END_HOUR: i8 = 15;

/// One look at a workspace.
pub(super) struct Place<'a> {
    pub(super) station: &'a Station,
    pub(super) now: Timestamp,
    /// The ledger, opened once for all; or why it cannot be.
    pub(super) ledger: Result<Ledger, StoreError>,
}

impl<'a> Place<'a> {
    pub(super) fn open(station: &'a Station, now: Timestamp) -> Self {
        Self { station, now, ledger: Ledger::open_read_only(&station.store_settings().ledger) }
    }

    pub(super) fn settings(&self) -> &'a Settings {
        self.station.settings()
    }

    pub(super) fn workspace_name(&self) -> String {
        let root = self.station.workspace.root();
        root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned()
    }

    pub(super) fn reports(&self) -> PathBuf {
        self.station.reports()
    }

    pub(super) fn shown(&self, path: &Path) -> String {
        self.station.workspace.shown(path)
    }

    pub(super) fn ledger_source(&self) -> String {
        self.shown(&self.station.store_settings().ledger.path)
    }

    /// Says whether there is no ledger at all: a workspace before its first run. Where there is a report of
    /// a run, the ledger has been lost.
    pub(super) fn has_no_ledger(&self) -> bool {
        let path = &self.station.store_settings().ledger.path;
        let is_report = |name: PathBuf| name.extension().is_some_and(|ending| ending == "json");
        let reports = fs::read_dir(self.reports()).into_iter().flatten().flatten();
        let has_run = reports.map(|entry| entry.path()).any(is_report);
        !path.exists() && path.parent().is_some_and(Path::is_dir) && !has_run
    }

    /// Returns the newest session with daily bars.
    pub(super) fn newest_session(&self) -> Option<Date> {
        let ledger = self.ledger.as_ref().ok()?;
        ledger.partitions(Table::Daily).ok()?.keys().next_back().copied()
    }

    /// Returns the newest session that there can be bars of. A simulated market has no today: it ends
    /// where its bars end.
    pub(super) fn session_due(&self) -> Option<Date> {
        if self.settings().market.kind == MarketKind::Simulated {
            return self.newest_session();
        }
        let local = self.now.to_zoned(shanghai_zone());
        let ended = if local.hour() >= SESSION_END_HOUR { local.date() } else { local.date().yesterday().ok()? };
        Calendar::builtin().session_on_or_before(ended).ok()
    }

    /// Returns the session that a check before the opening must be of: today's, or the last one.
    pub(super) fn session_of_today(&self) -> Option<Date> {
        if self.settings().market.kind == MarketKind::Simulated {
            return self.newest_session();
        }
        Calendar::builtin().session_on_or_before(self.now.to_zoned(shanghai_zone()).date()).ok()
    }

    /// Returns how many sessions `date` is behind the one that is due; none where the calendar cannot say.
    pub(super) fn sessions_behind(&self, date: Date) -> Option<(i64, Date)> {
        let due = self.session_due()?;
        let behind = Calendar::builtin().count_between(date, due).ok()?;
        Some((behind.max(0), due))
    }
}
