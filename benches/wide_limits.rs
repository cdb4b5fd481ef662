//! Limits of risk for benchmarks: every one is there and checked, and too wide to be met.

use lighthunter::trading::{
    Fen,
    risk::{RiskLimits, ScoreWeights},
};

/// Returns limits that let one order be worth at most `max_order_value`.
pub(crate) fn wide_limits(max_order_value: Fen) -> RiskLimits {
    RiskLimits {
        blacklist: [].into(),
        whitelist: [].into(),
        max_leverage: 1.0,
        concentration_limit: 0.3,
        max_dd_intraday: 0.5,
        max_dd_total: 0.9,
        max_order_value,
        price_collar: 0.1,
        max_turnover: 10.0,
        weights: ScoreWeights { dd_intraday: 0.4, dd_total: 0.3, leverage: 0.2, concentration: 0.1 },
    }
}
