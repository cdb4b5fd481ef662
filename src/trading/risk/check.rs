//! Whether an order may be sent: one rule after the other, the first that forbids it speaks.

use super::{KillSwitch, RiskAlert, RiskBrain, RiskLevel, RiskRefusal, score::share_of, words::Word};
use crate::{
    market::{Side, Symbol},
    text::{Note, Speak},
    trading::{
        Account, Fen,
        broker::{OrderKind, OrderRequest},
    },
};

/// What is known when an order is checked; amounts in fen.
pub struct RiskView<'a> {
    /// Net asset value at market.
    pub nav: Fen,
    /// The account.
    pub account: &'a Account,
    /// The price of a share now.
    pub price: Fen,
    /// The exchange's reference price; where there is none the price now stands for it.
    pub reference: Option<Fen>,
    /// All positions at market.
    pub gross: Fen,
    /// The position in the order's symbol at market, its open buys included.
    pub position_value: Fen,
    /// All open buys of the account at market.
    pub pending_buy_value: Fen,
}

impl RiskBrain {
    /// Says whether an order may be sent. A sell of what is held always may.
    ///
    /// # Errors
    /// The first rule that forbids it.
    pub fn check(&self, order: &OrderRequest, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        match order.side {
            Side::Sell => {
                let (shares, held) = (order.shares, view.account.position(order.symbol).shares);
                if shares > held { Err(RiskRefusal::ShortSale { shares, held }) } else { Ok(()) }
            }
            Side::Buy => {
                self.check_permission(order.symbol)?;
                let price = match order.kind {
                    OrderKind::Limit(price) => price,
                    OrderKind::Market => view.price,
                };
                if price <= 0 || view.nav <= 0 {
                    return Err(RiskRefusal::NotJudged { price, nav: view.nav });
                }
                if let OrderKind::Limit(price) = order.kind {
                    self.check_collar(price, view)?;
                }
                self.check_size(order.shares.saturating_mul(price), view)
            }
        }
    }

    /// Checks what does not depend on the order's size.
    fn check_permission(&self, symbol: Symbol) -> Result<(), RiskRefusal> {
        let limits = &self.limits;
        if let Some(KillSwitch { reason, .. }) = &self.state.kill_switch {
            return Err(RiskRefusal::KillSwitch { reason: reason.clone() });
        }
        if self.state.is_halted {
            return Err(RiskRefusal::DayLoss { limit: limits.max_dd_intraday });
        }
        if limits.blacklist.contains(&symbol) {
            return Err(RiskRefusal::Blacklisted);
        }
        if !limits.whitelist.is_empty() && !limits.whitelist.contains(&symbol) {
            return Err(RiskRefusal::NotWhitelisted);
        }
        Ok(())
    }

    fn check_collar(&self, price: Fen, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        let reference = view.reference.unwrap_or(view.price);
        if reference <= 0 {
            return Err(RiskRefusal::NotJudged { price: reference, nav: view.nav });
        }
        let distance = (price - reference).abs() as f64 / reference as f64;
        let limit = self.limits.price_collar;
        if distance > limit { Err(RiskRefusal::PriceCollar { price, reference, distance, limit }) } else { Ok(()) }
    }

    fn check_size(&self, value: Fen, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        let limits = &self.limits;
        if value > limits.max_order_value {
            return Err(RiskRefusal::OrderValue { value, limit: limits.max_order_value });
        }
        let share = share_of(view.position_value.saturating_add(value), view.nav);
        if share > limits.concentration_limit {
            return Err(RiskRefusal::Concentration { share, limit: limits.concentration_limit });
        }
        let buys = view.pending_buy_value.saturating_add(value);
        let leverage = share_of(view.gross.saturating_add(buys), view.nav);
        if leverage > limits.max_leverage {
            return Err(RiskRefusal::Leverage { leverage, limit: limits.max_leverage });
        }
        // Before the first session is opened there is no first value; today's stands for it.
        let first_nav = if self.state.first_nav > 0 { self.state.first_nav } else { view.nav };
        let turnover = share_of(self.state.traded.saturating_add(buys), first_nav);
        if turnover > limits.max_turnover {
            return Err(RiskRefusal::Turnover { turnover, limit: limits.max_turnover });
        }
        Ok(())
    }

    /// Returns the alert of a refused order; none when the same was told in this session already.
    pub fn refusal_alert(&mut self, order: &OrderRequest, refusal: &RiskRefusal) -> Option<RiskAlert> {
        if !self.state.refused.insert((order.symbol, refusal.name().to_owned())) {
            return None;
        }
        let side = if order.side == Side::Buy { Word::BuyRefused } else { Word::SellRefused };
        let message = Note::new(side, [&order.shares as &dyn Speak, &order.symbol, refusal]);
        Some(self.alert(Some(order.symbol), RiskLevel::Warning, &message, order.at))
    }
}
