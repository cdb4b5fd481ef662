//! How near its limits an account is: four measures in the same unit as their limits, and one score.
//!
//! Score = sum of weight x tanh(measure / limit), so 0 without risk and 0.76 when every measure is at its
//! limit (tanh 1).

use serde::{Deserialize, Serialize};

use super::{RiskLevel, RiskLimits};
use crate::trading::{Fen, Name};

/// A figure that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The fall from the session's highest net asset value.
    DdIntraday,
    /// The fall from the highest net asset value of all.
    DdTotal,
    /// Position values over net asset value.
    Leverage,
    /// The largest position over net asset value.
    Concentration,
    /// The score.
    Score,
}

/// How risky an account is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RiskScore {
    /// The account.
    pub account_id: Name,
    /// 0 to 1.
    pub score: f64,
    /// The worst level of the measures and the score.
    pub level: RiskLevel,
    /// The fall from the session's highest net asset value, a share of it.
    pub dd_intraday: f64,
    /// The fall from the highest net asset value of all, a share of it.
    pub dd_total: f64,
    /// Position values over net asset value.
    pub leverage: f64,
    /// The largest position over net asset value.
    pub concentration: f64,
}

/// The measures of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) dd_intraday: f64,
    pub(super) dd_total: f64,
    pub(super) leverage: f64,
    pub(super) concentration: f64,
}

/// Where warnings begin, as a share of the limit. Full investment is no warning: leverage has none.
const WARNING_SHARE: f64 = 0.8;
/// Where the score is a warning, and where it is critical: all measures at 55 % and at 87 % of their limits.
const SCORE_LEVELS: (f64, f64) = (0.5, 0.7);
/// A level falls only when the figure is this share below where the level begins, so that a figure on
/// the edge does not alert with every bar.
const FALL_SHARE: f64 = 0.9;

impl Measures {
    /// Returns `sum of weight x tanh(measure / limit)`.
    pub(super) fn score(&self, limits: &RiskLimits) -> f64 {
        let weights = limits.weights;
        weights.dd_intraday * (self.dd_intraday / limits.max_dd_intraday).tanh()
            + weights.dd_total * (self.dd_total / limits.max_dd_total).tanh()
            + weights.leverage * (self.leverage / limits.max_leverage).tanh()
            + weights.concentration * (self.concentration / limits.concentration_limit).tanh()
    }

    /// Returns each measure with where its warning begins and its limit.
    pub(super) fn all(&self, limits: &RiskLimits) -> [(Measure, f64, f64, f64); 5] {
        let of = |measure, value: f64, limit: f64| (measure, value, WARNING_SHARE * limit, limit);
        [
            of(Measure::DdIntraday, self.dd_intraday, limits.max_dd_intraday),
            of(Measure::DdTotal, self.dd_total, limits.max_dd_total),
            (Measure::Leverage, self.leverage, limits.max_leverage, limits.max_leverage),
            of(Measure::Concentration, self.concentration, limits.concentration_limit),
            (Measure::Score, self.score(limits), SCORE_LEVELS.0, SCORE_LEVELS.1),
        ]
    }
}

/// Returns the level of a figure that had level `before`.
pub(super) fn level_of(value: f64, warning: f64, limit: f64, before: RiskLevel) -> RiskLevel {
    let reached = |share: f64| {
        if value > limit * share {
            RiskLevel::Critical
        } else if value > warning * share {
            RiskLevel::Warning
        } else {
            RiskLevel::Info
        }
    };
    // Rising counts at once; falling counts when the figure is clearly below.
    reached(1.0).max(reached(FALL_SHARE).min(before))
}

/// Returns `(peak - nav) / peak`; 0 at or above the peak.
pub(super) fn drawdown(peak: Fen, nav: Fen) -> f64 {
    if peak <= 0 { 0.0 } else { (peak - nav).max(0) as f64 / peak as f64 }
}

/// Returns `value / nav`, both in fen; what is worth nothing is measured against one fen.
pub(super) fn share_of(value: Fen, nav: Fen) -> f64 {
    value.max(0) as f64 / nav.max(1) as f64
}
