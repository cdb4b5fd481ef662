//! The limits of an account. Plain data; the defaults are the config's.

use std::collections::BTreeSet;

use crate::{market::Symbol, trading::Fen};

/// What an account may do.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskLimits {
    /// Never bought.
    pub blacklist: BTreeSet<Symbol>,
    /// Where it is not empty, nothing else is bought.
    pub whitelist: BTreeSet<Symbol>,
    /// The largest sum of position values over net asset value.
    pub max_leverage: f64,
    /// The largest share of net asset value in one symbol.
    pub concentration_limit: f64,
    /// The largest fall from the session's highest net asset value, a share of it; beyond it nothing is
    /// bought until the next session.
    pub max_dd_intraday: f64,
    /// The largest fall from the highest net asset value of all, a share of it; beyond it the kill switch
    /// trips.
    pub max_dd_total: f64,
    /// The largest value of one buy order, fen.
    pub max_order_value: Fen,
    /// How far the price of a limit buy may lie from the reference price, a share of it.
    pub price_collar: f64,
    /// The largest value traded in a session, buys and sells, over its first net asset value.
    pub max_turnover: f64,
    /// What counts how much in the score.
    pub weights: ScoreWeights,
}

/// The weights of the score; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreWeights {
    /// Of the fall within the session.
    pub dd_intraday: f64,
    /// Of the fall from the highest value of all.
    pub dd_total: f64,
    /// Of the leverage.
    pub leverage: f64,
    /// Of the largest position.
    pub concentration: f64,
}
