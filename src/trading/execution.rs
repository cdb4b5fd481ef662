//! What the exchange makes of an order at one price of one session: a fill, or a refusal with its
//! reason. Every rule is checked at the fill, not when the order was made.

use jiff::civil::Date;

use super::{Account, Fen, Fill, Order, Reject, rules};
use crate::market::{
    Commission, PriceBand, Side, Symbol,
    tick::{cny, fen},
};

/// What trading costs and how much of the market one may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TradeTerms {
    /// What the broker asks.
    pub commission: Commission,
    /// Slippage of both sides, in hundredths of a percent of the value; paid as money, so that prices
    /// stay on the tick and within the limits.
    pub slippage_bps: f64,
    /// Greatest share of a session's volume that one may trade, 0 to 1.
    pub participation: f64,
    /// Whether a buy that the cash does not pay for is cut to the whole lots that it pays for, as the
    /// original's paper broker did, and not refused.
    pub trim_to_cash: bool,
}

impl Default for TradeTerms {
    fn default() -> Self {
        Self { commission: Commission::default(), slippage_bps: 0.0, participation: 0.25, trim_to_cash: false }
    }
}

/// The market in one symbol at the moment of the fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// The session.
    pub date: Date,
    /// The price, fen.
    pub price: Option<Fen>,
    /// The session's price limits; none where no limit applies.
    pub band: Option<PriceBand>,
    /// Whether the symbol does not trade that session.
    pub suspended: bool,
    /// Shares that the session trades; none when not known, and then nothing fills.
    pub volume: Option<i64>,
}

/// How far an order has come in earlier matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Shares wanted in whole lots, as the first fill fixed them.
    pub(super) wanted: i64,
    /// Shares filled.
    pub(super) filled: i64,
    /// What they were worth, fen.
    pub(super) value: Fen,
}

/// One meeting of an order with the market: both the backtest and the brokers come through here.
pub(super) struct Match<'a> {
    /// The market.
    pub(super) quote: &'a Quote,
    /// What others traded of the quote's volume already.
    pub(super) traded: i64,
    /// Costs and the participation cap.
    pub(super) terms: &'a TradeTerms,
    /// The part of what could fill that does, 0 to 1.
    pub(super) share: f64,
    /// Whether a fill of less than all that is left is no fill.
    pub(super) all: bool,
}

impl Match<'_> {
    /// Fills what is left of an order and books it, or refuses it and leaves the account as it was. Beside
    /// the fill stands what keeps the rest, where there is one.
    pub(super) fn fill(
        &self,
        account: &mut Account,
        order: &Order,
        progress: &Progress,
    ) -> Result<(Fill, Reject), Reject> {
        if order.shares <= 0 {
            return Err(Reject::NotPositive);
        }
        let sellable = account.position(order.symbol).sellable;
        // The exchange asks for whole lots of the order; what a cut leaves of it needs none.
        let wanted = if progress.filled > 0 {
            progress.wanted - progress.filled
        } else {
            rules::whole_lots(order.symbol, order.side, order.shares, sellable)
        };
        if wanted == 0 {
            return Err(Reject::BelowLot);
        }
        if order.side == Side::Sell && wanted > sellable {
            return Err(Reject::NotSellable);
        }
        let Quote { date, .. } = *self.quote;
        let price = tradable_price(order.side, self.quote)?;
        let priced = |shares: i64| {
            let value = worth(shares, price).ok_or(Reject::NotEnoughCash)?;
            let charges = rules::more_charges(order.symbol, date, order.side, progress.value, value, self.terms);
            Ok(Fill { date, symbol: order.symbol, side: order.side, wanted, shares, price, charges })
        };
        let mut fill = priced(self.shares(order, wanted, progress.filled > 0)?)?;
        let mut cut_by = Reject::NoVolume;
        if account.cash() + fill.cash_flow() < 0 {
            let may_trim = self.terms.trim_to_cash && !self.all && order.side == Side::Buy;
            let most = if may_trim {
                affordable_shares(account.cash(), order.symbol, fill.shares, price, date, self.terms)
            } else {
                0
            };
            if most == 0 {
                return Err(Reject::NotEnoughCash);
            }
            fill = priced(most)?;
            cut_by = Reject::NotEnoughCash;
        }
        account.book(&fill);
        Ok((fill, cut_by))
    }

    /// Returns how many of the wanted shares the volume and the match's share leave, in whole lots.
    fn shares(&self, order: &Order, wanted: i64, begun: bool) -> Result<i64, Reject> {
        let room = volume_room(self.quote, self.traded, self.terms)?;
        let most = wanted.min(room);
        let most = if self.share < 1.0 { (most as f64 * self.share.max(0.0)).floor() as i64 } else { most };
        let shares = if most == wanted { wanted } else { rules::cut_lots(order.symbol, most, begun) };
        if shares == 0 || (self.all && shares < wanted) { Err(Reject::NoVolume) } else { Ok(shares) }
    }
}

/// Returns shares x price; none beyond what rules compute with (`tick::fen`): no account holds that much.
fn worth(shares: i64, price: Fen) -> Option<Fen> {
    shares.checked_mul(price).filter(|value| fen(cny(*value)).is_some())
}

fn tradable_price(side: Side, quote: &Quote) -> Result<Fen, Reject> {
    if quote.suspended {
        return Err(Reject::Suspended);
    }
    let price = quote.price.filter(|price| *price > 0).ok_or(Reject::NoPrice)?;
    match (side, quote.band) {
        (Side::Buy, Some(band)) if band.is_up(cny(price)) => Err(Reject::LimitUp),
        (Side::Sell, Some(band)) if band.is_down(cny(price)) => Err(Reject::LimitDown),
        _ => Ok(price),
    }
}

fn volume_room(quote: &Quote, traded: i64, terms: &TradeTerms) -> Result<i64, Reject> {
    let cap = (quote.volume.unwrap_or(0) as f64 * terms.participation).floor() as i64;
    let room = cap - traded;
    if room > 0 { Ok(room) } else { Err(Reject::NoVolume) }
}

/// Returns the most shares, at most `wanted`, that `cash` pays for at `price` with all charges, in
/// whole lots.
#[must_use]
pub fn affordable_shares(cash: Fen, symbol: Symbol, wanted: i64, price: Fen, date: Date, terms: &TradeTerms) -> i64 {
    affordable(cash, symbol, wanted, price, date, terms).shares
}

/// Shares and what they cost with all charges, fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Affordable {
    pub(super) shares: i64,
    pub(super) cost: Fen,
}

/// As [`affordable_shares`], with what these shares cost.
pub(super) fn affordable(
    cash: Fen,
    symbol: Symbol,
    wanted: i64,
    price: Fen,
    date: Date,
    terms: &TradeTerms,
) -> Affordable {
    if price <= 0 || wanted <= 0 {
        return Affordable::default();
    }
    let cost = |shares: i64| rules::buy_cost(symbol, date, shares * price, terms);
    // The cost grows with the shares, so the most that fits is found by halving; mostly all of them fit.
    let most = wanted.min(cash / price);
    let cost_of_most = cost(most);
    let (mut fits, mut exceeds) = if cost_of_most <= cash { (most, most + 1) } else { (0, most) };
    while exceeds - fits > 1 {
        let middle = fits + (exceeds - fits) / 2;
        if cost(middle) <= cash { fits = middle } else { exceeds = middle }
    }
    let shares = rules::whole_lots(symbol, Side::Buy, fits, 0);
    Affordable { shares, cost: if shares == most { cost_of_most } else { cost(shares) } }
}

#[cfg(test)]
#[path = "execution_tests.rs"]
mod tests;
