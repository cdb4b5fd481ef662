//! Sections `data_sources` and `data_guardian`: where bars come from and when they are good enough.

use std::path::PathBuf;

use super::Section;
use crate::{
    config::section::Bounds,
    market::{Calendar, Closure, ClosureError},
    seed::Seed,
};

/// Where bars come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketSource {
    /// Who made the files.
    pub kind: MarketKind,
    /// The directory of the files.
    pub path: PathBuf,
    /// The seed of the simulated market.
    pub seed: Seed,
    /// Symbols of the simulated market.
    pub symbols: usize,
    /// Sessions of the simulated market.
    pub days: usize,
    /// The newest sessions of the simulated market that also have minute bars.
    pub minute_days: usize,
    /// Closures of the exchanges in years that the program does not know yet.
    pub closures: Vec<Closure>,
}

/// Who made the files of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketKind {
    /// The simulated market, from its seed.
    Simulated,
    /// Real bars from a directory.
    Directory,
}

impl MarketSource {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let kinds = [("simulated", MarketKind::Simulated), ("directory", MarketKind::Directory)];
        let market = Self {
            kind: s.choice("kind", &kinds, MarketKind::Simulated),
            path: s.path("path"),
            seed: Seed(s.count("seed", 0, u64::MAX)),
            symbols: s.size("symbols", 1, 10_000),
            days: s.size("days", 1, 10_000),
            minute_days: s.size("minute_days", 0, 10_000),
            closures: closures(s),
        };
        if market.minute_days > market.days {
            s.disagreement(
                ["minute_days", "days"],
                format!("minute_days is {}, more than days, {}", market.minute_days, market.days),
            );
        }
        market
    }
}

/// Reads the list of closures; it must make a calendar together with the years that the program knows.
fn closures(s: &mut Section<'_>) -> Vec<Closure> {
    let read: Vec<Result<Closure, ClosureError>> = s.texts("closures").iter().map(|text| text.parse()).collect();
    let list: Result<Vec<Closure>, ClosureError> = read.into_iter().collect();
    match list.and_then(|list| Calendar::with_closures(&list).map(|_| list)) {
        Ok(list) => list,
        Err(error) => {
            s.mistake("closures", error);
            Vec::new()
        }
    }
}

/// The gate that data must pass before anything is computed from them.
#[derive(Debug, Clone, PartialEq)]
pub struct DataGuardian {
    /// The largest share of daily rows with a hard finding, 0 to 1.
    pub max_bad_row_share: f64,
    /// Sessions with the same four prices, while trading, that mark a series as stale.
    pub stale_sessions: usize,
}

impl DataGuardian {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            max_bad_row_share: s.number("max_bad_row_share", Bounds::SHARE),
            stale_sessions: s.size("stale_sessions", 2, 10_000),
        }
    }
}
