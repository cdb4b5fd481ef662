//! How much of each factor there is. A factor without numbers is never a silent column of nulls.

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
    let computed = |name: &String| names.iter().position(|own| own == name).and_then(|at| columns.get(at));
    let report = |name: &String| computed(name).map_or_else(|| absent(name), |column| of_column(name, column, traded));
    asked.iter().map(report).collect()
}

fn absent(name: &str) -> Availability {
    let reason = UNAVAILABLE.iter().find(|(known, _)| *known == name).map_or("not computed", |(_, why)| why);
    Availability { name: name.into(), null_share: 1.0, constant: false, reason: Some(reason.into()) }
}

fn of_column(name: &str, column: &[f64], traded: &[bool]) -> Availability {
    let cells = traded.iter().filter(|traded| **traded).count();
    let mut known = column.iter().copied().filter(|value| !value.is_nan());
    let first = known.next();
    let constant = first.is_some_and(|first| known.all(|value| value == first));
    let count = column.iter().filter(|value| !value.is_nan()).count();
    let null_share = if cells == 0 { 1.0 } else { 1.0 - count as f64 / cells as f64 };
    let reason = first.is_none().then(|| {
        let input = if name == "F_amt_ratio_5d" { "amount is null" } else { "an input is null or no window is full" };
        format!("no value in {cells} traded cells: {input}")
    });
    Availability { name: name.into(), null_share, constant, reason }
}
