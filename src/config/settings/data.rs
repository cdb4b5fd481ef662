//! Sections `data_sources` and `data_guardian`: where bars come from and when they are good enough.

use std::path::PathBuf;

use super::Section;
use crate::{config::section::Bounds, seed::Seed};

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

/// The gate that data must pass before anything is computed from them.
#[derive(Debug, Clone, PartialEq)]
pub struct DataGuardian {
    /// The lowest score that passes, 0 to 100.
    pub min_score: f64,
    /// How the parts of the score are weighed.
    pub weights: GuardianWeights,
    /// The largest share of rows quarantined or excluded, 0 to 1.
    pub max_bad_row_share: f64,
    /// The largest share of sessions that a symbol may miss, 0 to 1.
    pub max_missing_share: f64,
    /// Equal closes in a row without trade that mark a series as stale.
    pub stale_sessions: usize,
}

/// Weights of the parts of the score; they sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardianWeights {
    /// Sessions that are there.
    pub coverage: f64,
    /// Agreement of the sources.
    pub source: f64,
    /// Values that obey the rules.
    pub value: f64,
    /// Rows that agree with each other.
    pub consistency: f64,
}

impl DataGuardian {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            min_score: s.number("min_score", Bounds::between(0.0, 100.0)),
            weights: s.section("weights", GuardianWeights::read),
            max_bad_row_share: s.number("max_bad_row_share", Bounds::SHARE),
            max_missing_share: s.number("max_missing_share", Bounds::SHARE),
            stale_sessions: s.size("stale_sessions", 2, 10_000),
        }
    }
}

impl GuardianWeights {
    fn read(s: &mut Section<'_>) -> Self {
        let weights = Self {
            coverage: s.number("coverage", Bounds::SHARE),
            source: s.number("source", Bounds::SHARE),
            value: s.number("value", Bounds::SHARE),
            consistency: s.number("consistency", Bounds::SHARE),
        };
        let sum = weights.coverage + weights.source + weights.value + weights.consistency;
        if (sum - 1.0).abs() > 1e-9 {
            s.mistake("", format!("the weights sum to {sum:.6}, allowed: 1"));
        }
        weights
    }
}
