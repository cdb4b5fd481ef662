//! The orders that risk refused, for the record: one entry for an account, symbol, side and rule, however
//! often a strategy tried again, so that a day of refusals stays short. Plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    research::experiment::csv_table,
    trading::{broker::OrderRequest, risk::RiskRefusal},
};

/// What risk refused of one account, symbol and side by one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedOrder {
    /// When it was first refused, Asia/Shanghai.
    pub at: String,
    /// When it was last refused.
    pub last_at: String,
    /// How often.
    pub times: u64,
    /// The account.
    pub account_id: String,
    /// The strategies that first wanted it.
    pub strategy_id: String,
    /// The symbol.
    pub symbol: String,
    /// `BUY` or `SELL`.
    pub side: String,
    /// The shares that were first asked for.
    pub shares: i64,
    /// The rule's name.
    pub rule: String,
    /// The first refusal in words, with its figures.
    pub reason: String,
}

/// The refused orders of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Refusals(BTreeMap<String, RefusedOrder>);

impl Refusals {
    /// Notes a refusal.
    pub(super) fn note(&mut self, order: &OrderRequest, refusal: &RiskRefusal) {
        let (symbol, side, rule, at) = (order.symbol, order.side.word(), refusal.name(), order.at.to_string());
        let entry = self.0.entry(format!("{} {symbol} {side} {rule}", order.account_id));
        let refused = entry.or_insert_with(|| RefusedOrder {
            at: at.clone(),
            last_at: String::new(),
            times: 0,
            account_id: order.account_id.to_string(),
            strategy_id: order.strategy_id.to_string(),
            symbol: symbol.to_string(),
            side: side.into(),
            shares: order.shares,
            rule: rule.into(),
            reason: refusal.to_string(),
        });
        refused.last_at = at;
        refused.times += 1;
    }

    /// Returns the refused orders in the order in which they were first refused.
    pub(super) fn listed(&self) -> Vec<RefusedOrder> {
        let mut listed: Vec<RefusedOrder> = self.0.values().cloned().collect();
        listed.sort_by(|a, b| a.at.cmp(&b.at));
        listed
    }
}

/// Returns `refused.csv`.
pub(super) fn refused_csv(refused: &[RefusedOrder]) -> String {
    let header = ["at", "last_at", "times", "account", "strategy", "symbol", "side", "shares", "rule", "reason"];
    let rows = refused.iter().map(|row| {
        [
            row.at.clone(),
            row.last_at.clone(),
            row.times.to_string(),
            row.account_id.clone(),
            row.strategy_id.clone(),
            row.symbol.clone(),
            row.side.clone(),
            row.shares.to_string(),
            row.rule.clone(),
            row.reason.clone(),
        ]
    });
    csv_table(header, rows)
}

#[cfg(test)]
mod tests {
    use super::{Refusals, refused_csv};
    use crate::{
        market::Side,
        trading::{
            broker::{ClientOrderId, OrderKind, OrderRequest, TimeInForce, Venue},
            risk::RiskRefusal,
        },
    };

    #[test]
    fn the_same_refusal_again_is_one_line_and_counted() {
        let mut refusals = Refusals::default();
        let note = |refusals: &mut Refusals, code: &str, minute: i8, refusal: &RiskRefusal| {
            let (symbol, at) = (code.parse().expect("a symbol"), jiff::civil::date(2025, 6, 30).at(9, minute, 0, 0));
            let order = OrderRequest {
                client_order_id: ClientOrderId::numbered("u1", symbol, at, 1),
                account_id: "main".into(),
                strategy_id: "u1".into(),
                symbol,
                side: Side::Buy,
                shares: 100 * i64::from(minute),
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                venue: Venue::Any,
                at,
            };
            refusals.note(&order, refusal);
        };
        let size = RiskRefusal::OrderValue { value: 3_000_000, limit: 2_000_000 };
        for minute in [40, 45] {
            note(&mut refusals, "600000.SH", minute, &size);
        }
        note(&mut refusals, "600001.SH", 35, &size);
        note(&mut refusals, "600000.SH", 50, &RiskRefusal::Blacklisted);
        let listed = refusals.listed();
        let seen: Vec<(&str, i64, u64)> =
            listed.iter().map(|row| (row.symbol.as_str(), row.shares, row.times)).collect();
        assert_eq!(seen, [("600001.SH", 3500, 1), ("600000.SH", 4000, 2), ("600000.SH", 5000, 1)]);
        let csv = refused_csv(&listed);
        assert!(
            csv.contains("2025-06-30T09:40:00,2025-06-30T09:45:00,2,main,u1,600000.SH,BUY,4000,order_value,"),
            "{csv}"
        );
    }
}
