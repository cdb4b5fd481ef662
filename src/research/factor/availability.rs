//! How much of each factor there is. A factor without numbers is never a silent column of nulls.

use super::KnownValues;

const ORDER_FLOW: &str = "needs order flow (ticks, order book), which the workspace does not collect";
const SENTIMENT: &str = "needs posts and news scores, which the workspace does not collect";
const CONCEPT: &str = "needs the concept graph, which the workspace does not collect";

/// Factors of `ultrashort_core` that no table of the workspace can give, with the reason.
pub const UNAVAILABLE: [(&str, &str); 22] = [
    ("OF_buy_pressure", ORDER_FLOW),
    ("OF_order_imbalance", ORDER_FLOW),
    ("OF_buy_value_ratio", ORDER_FLOW),
    ("OF_buy_tick_ratio", ORDER_FLOW),
    ("OF_large_buy_ratio", ORDER_FLOW),
    ("OF_bid_ask_imbalance", ORDER_FLOW),
    ("OF_spread_mean", ORDER_FLOW),
    ("OF_spread_norm_mean", ORDER_FLOW),
    ("SENT_stock_score", SENTIMENT),
    ("SENT_stock_score_std", SENTIMENT),
    ("SENT_stock_post_count", SENTIMENT),
    ("SENT_stock_bull_ratio", SENTIMENT),
    ("SENT_stock_bear_ratio", SENTIMENT),
    ("SENT_market_score", SENTIMENT),
    ("SENT_market_bull_ratio", SENTIMENT),
    ("SENT_market_bear_ratio", SENTIMENT),
    ("SENT_market_phase", SENTIMENT),
    ("CONCEPT_hot_score", CONCEPT),
    ("CONCEPT_centrality", CONCEPT),
    ("cg_degree", CONCEPT),
    ("cg_weighted_degree", CONCEPT),
    ("cg_pagerank", CONCEPT),
];

/// How much of one factor there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Availability {
    /// The factor.
    pub name: String,
    /// Share of the cells that traded where it is missing, 0 to 1.
    pub null_share: f64,
    /// It has one value everywhere, so nothing can be learned from it.
    pub constant: bool,
    /// Why there is nothing of it, where there is nothing.
    pub reason: Option<String>,
}

impl Availability {
    /// Says whether a model can learn from it.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.reason.is_none() && !self.constant
    }
}

/// Reports on the factors `asked` for; `names` and `columns` are those computed, `traded` the cells
/// where a number could be.
#[must_use]
pub fn availability(asked: &[String], names: &[String], columns: &[Vec<f64>], traded: &[bool]) -> Vec<Availability> {
    let known: Vec<KnownValues> =
        names.iter().zip(columns).map(|(name, column)| KnownValues::count(name, column)).collect();
    KnownValues::availability(asked, &known, traded.iter().filter(|traded| **traded).count())
}

pub(super) fn absent(name: &str) -> Availability {
    let reason = UNAVAILABLE.iter().find(|(known, _)| *known == name).map_or("not computed", |(_, why)| why);
    Availability { name: name.into(), null_share: 1.0, constant: false, reason: Some(reason.into()) }
}

pub(super) fn of_known(known: &KnownValues, traded_cells: usize) -> Availability {
    let name = known.name.clone();
    let constant = known.one.is_some() && !known.varies;
    let null_share = if traded_cells == 0 { 1.0 } else { 1.0 - known.cells as f64 / traded_cells as f64 };
    let reason = known.one.is_none().then(|| format!("no value in {traded_cells} traded cells: {}", lack(&name)));
    Availability { name, null_share, constant, reason }
}

/// Says what a factor without any number lacks.
pub(crate) fn lack(name: &str) -> &'static str {
    if name == "F_amt_ratio_5d" { "amount is null" } else { "an input is null or no window is full" }
}
