//! Section `risk`: limits that refuse orders, halt buys or trip the kill switch, and the risk score.

use super::Section;
use crate::{config::section::Bounds, market::Symbol};

/// Limits of every account.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Never bought.
    pub blacklist_symbols: Vec<Symbol>,
    /// Where it is not empty, nothing else is bought.
    pub whitelist_symbols: Vec<Symbol>,
    /// Largest sum of position values over net asset value.
    pub max_leverage: f64,
    /// Largest share of net asset value in one symbol.
    pub concentration_limit: f64,
    /// Largest fall within a session from its highest net asset value, a share; beyond it nothing is
    /// bought until the next session.
    pub max_dd_intraday: f64,
    /// Largest fall from the highest net asset value of all, a share; beyond it the kill switch trips.
    pub max_dd_total: f64,
    /// Largest value of one buy order, CNY.
    pub max_order_value: f64,
    /// How far the price of a limit buy may lie from the reference price, a share of it.
    pub price_collar_pct: f64,
    /// Largest value traded in a session, buys and sells, over its first net asset value.
    pub max_turnover: f64,
    /// Weight of the fall within the session in the risk score; the four weights sum to 1.
    pub w_dd_intraday: f64,
    /// Weight of the fall from the highest value of all.
    pub w_dd_total: f64,
    /// Weight of the leverage.
    pub w_leverage: f64,
    /// Weight of the largest position.
    pub w_concentration: f64,
}

impl Risk {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let risk = Self {
            blacklist_symbols: s.symbols("blacklist_symbols"),
            whitelist_symbols: s.symbols("whitelist_symbols"),
            max_leverage: s.number("max_leverage", Bounds::above(0.0, 10.0)),
            concentration_limit: s.number("concentration_limit", Bounds::above(0.0, 1.0)),
            max_dd_intraday: s.number("max_dd_intraday", Bounds::above(0.0, 1.0)),
            max_dd_total: s.number("max_dd_total", Bounds::above(0.0, 1.0)),
            max_order_value: s.number("max_order_value", Bounds::above(0.0, super::trading::CASH_MAX)),
            price_collar_pct: s.number("price_collar_pct", Bounds::above(0.0, 1.0)),
            max_turnover: s.number("max_turnover", Bounds::above(0.0, 100.0)),
            w_dd_intraday: s.number("w_dd_intraday", Bounds::SHARE),
            w_dd_total: s.number("w_dd_total", Bounds::SHARE),
            w_leverage: s.number("w_leverage", Bounds::SHARE),
            w_concentration: s.number("w_concentration", Bounds::SHARE),
        };
        let sum = risk.w_dd_intraday + risk.w_dd_total + risk.w_leverage + risk.w_concentration;
        if (sum - 1.0).abs() > 1e-9 {
            s.mistake("", format!("the weights w_* sum to {sum:.6}, allowed: 1"));
        }
        risk
    }
}
