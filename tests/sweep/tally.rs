//! What a sweep tried and what broke: added up over the tasks of a writer, and printed as a row of the table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was tried and what broke.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// States that a kill may leave, planted.
    pub(crate) kills: usize,
    /// Deaths for good, of a thread or of a second process.
    pub(crate) deaths: usize,
    /// Of them those of a process that has DuckDB open.
    pub(crate) duckdb_deaths: usize,
    /// States that a kill during the recovery may leave, planted, and second deaths.
    pub(crate) in_recovery: usize,
    pub(crate) cuts: usize,
    pub(crate) errors: usize,
    pub(crate) broken: Vec<String>,
    /// Where libduckdb ended the second process by itself, which no code of that process can catch; nothing was lost.
    pub(crate) aborted: Vec<String>,
}

/// What the whole sweep must come to.
const KILLS_MIN: usize = 10_000;
const DUCKDB_DEATHS_MIN: usize = 300;
const IN_RECOVERY_MIN: usize = 1_000;
const CUTS_MIN: usize = 2_000;
const ERRORS_MIN: usize = 5_000;

impl Tally {
    /// The names of the columns of a row.
    pub(crate) const HEAD: &str = "  kills  deaths  in recovery  power cuts  errors  aborts  broken";

    pub(crate) fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.deaths += other.deaths;
        self.duckdb_deaths += other.duckdb_deaths;
        self.in_recovery += other.in_recovery;
        self.cuts += other.cuts;
        self.errors += other.errors;
        self.broken.extend(other.broken.iter().cloned());
        self.aborted.extend(other.aborted.iter().cloned());
    }

    /// Returns a line for each kind of point of which there were fewer than the whole sweep promises.
    pub(crate) fn short_of_promised(&self) -> Vec<String> {
        let promised = [
            ("kills", self.kills + self.deaths, KILLS_MIN),
            ("deaths with DuckDB", self.duckdb_deaths, DUCKDB_DEATHS_MIN),
            ("kills in recovery", self.in_recovery, IN_RECOVERY_MIN),
            ("power cuts", self.cuts, CUTS_MIN),
            ("disk errors", self.errors, ERRORS_MIN),
        ];
        let short = promised.into_iter().filter(|(_, found, least)| found < least);
        short.map(|(name, found, least)| format!("too few {name}: {found}, not {least}")).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, deaths, in_recovery, cuts, errors, broken, aborted, .. } = self;
        let (aborts, broken) = (aborted.len(), broken.len());
        write!(f, "{kills:>7} {deaths:>7} {in_recovery:>12} {cuts:>11} {errors:>7} {aborts:>7} {broken:>7}")
    }
}
