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
    /// What coverage counts for in the whole score, beside the other weights.
    pub weight_coverage: f64,
    /// What the agreement of the sources counts for.
    pub weight_source: f64,
    /// What valid values count for.
    pub weight_value: f64,
    /// What rows that do not contradict each other count for.
    pub weight_consistency: f64,
    /// The source that others are held against; `median` where it is none of them.
    pub reference_source: String,
    /// The share by which a volume or turnover may differ from it; prices may not differ by a tick.
    pub diff_threshold: f64,
    /// A row that comes later after the close is late, seconds.
    pub latency_seconds: f64,
}

impl DataGuardian {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let weight = Bounds::between(0.0, 1e6);
        let gate = Self {
            max_bad_row_share: s.number("max_bad_row_share", Bounds::SHARE),
            stale_sessions: s.size("stale_sessions", 2, 10_000),
            weight_coverage: s.number("weight_coverage", weight),
            weight_source: s.number("weight_source", weight),
            weight_value: s.number("weight_value", weight),
            weight_consistency: s.number("weight_consistency", weight),
            reference_source: s.text("reference_source"),
            diff_threshold: s.number("diff_threshold", Bounds::SHARE),
            latency_seconds: s.number("latency_seconds", Bounds::POSITIVE),
        };
        let sum = gate.weight_coverage + gate.weight_source + gate.weight_value + gate.weight_consistency;
        if sum <= 0.0 {
            s.mistake("weight_coverage", "is 0 like all other weights, allowed: at least one above 0");
        }
        gate
    }
}
