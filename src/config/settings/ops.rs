//! Sections `ops` and `performance`: the daily operations and the conventions of their figures.

use super::Section;
use crate::config::section::Bounds;

/// The daily operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Ops {
    /// The night's research.
    pub night_ops: NightOps,
    /// The check before the exchange opens.
    pub day_ops: DayOps,
    /// How logs are rotated.
    pub logs: LogFiles,
    /// Below this much free space nothing is started, bytes.
    pub min_free_disk_bytes: u64,
    /// How many baselines are kept.
    pub baselines_keep: usize,
}

/// The night's research.
#[derive(Debug, Clone, PartialEq)]
pub struct NightOps {
    /// Whether the scheduler runs it.
    pub enabled: bool,
    /// What it does where `--mode` is not given.
    pub default_mode: NightMode,
    /// How long it may take, seconds.
    pub deadline_sec: f64,
    /// Whether a night goes on from what the one before it left, where it can; else it computes everything.
    pub incremental: bool,
}

/// How much of the night's research is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NightMode {
    /// All stages.
    Full,
    /// The stages up to the data's repair.
    Data,
    /// The stages up to the model.
    Train,
    /// The backtest of the model in use.
    Backtest,
}

/// The check before the exchange opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOps {
    /// Whether a warning is a failure.
    pub strict: bool,
    /// How many sessions old the last night may be.
    pub max_night_ops_age_sessions: usize,
}

/// How logs are rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFiles {
    /// A log that would grow beyond it starts a new file, bytes.
    pub max_bytes: u64,
    /// Older files kept.
    pub keep_files: usize,
}

/// Conventions of the performance figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// Sessions of a year.
    pub trading_days: u32,
    /// Risk-free rate a year.
    pub risk_free_rate: f64,
}

impl Ops {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            night_ops: s.section("night_ops", NightOps::read),
            day_ops: s.section("day_ops", |s| DayOps {
                strict: s.flag("strict"),
                max_night_ops_age_sessions: s.size("max_night_ops_age_sessions", 0, 1000),
            }),
            logs: s.section("logs", |s| LogFiles {
                max_bytes: s.count("max_bytes", 4096, 1 << 40),
                keep_files: s.size("keep_files", 1, 1000),
            }),
            min_free_disk_bytes: s.count("min_free_disk_bytes", 0, 1 << 50),
            baselines_keep: s.section("baselines", |s| s.size("keep", 1, 1000)),
        }
    }
}

impl NightOps {
    fn read(s: &mut Section<'_>) -> Self {
        let modes = [
            ("full", NightMode::Full),
            ("data", NightMode::Data),
            ("train", NightMode::Train),
            ("backtest", NightMode::Backtest),
        ];
        Self {
            enabled: s.flag("enabled"),
            default_mode: s.choice("default_mode", &modes, NightMode::Full),
            deadline_sec: s.number("deadline_sec", Bounds::above(0.0, 86_400.0)),
            incremental: s.flag("incremental"),
        }
    }
}

impl Performance {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            trading_days: u32::try_from(s.count("trading_days", 1, 366)).unwrap_or(u32::MAX),
            risk_free_rate: s.number("risk_free_rate", Bounds::between(-1.0, 1.0)),
        }
    }
}
