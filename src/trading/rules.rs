//! Lots and charges of one order, asked of the market's rules.

use jiff::civil::Date;

use super::{Charges, Fen, Side, TradeTerms};
use crate::market::{FeeSchedule, LotRule, Symbol};

/// Returns the shares of an order after rounding down to what the exchange accepts. A sale of all that
/// may be sold is never rounded, so that an odd remainder goes with the last sale; until then it stays.
pub(super) fn whole_lots(symbol: Symbol, side: Side, shares: i64, sellable: i64) -> i64 {
    if side == Side::Sell && shares == sellable { shares } else { LotRule::of(symbol.board()).round_buy(shares) }
}

/// Returns how much of an order fills where less than all of it can: whole lots, of which the first must
/// be one that the board takes.
pub(super) fn cut_lots(symbol: Symbol, shares: i64, begun: bool) -> i64 {
    let lots = LotRule::of(symbol.board());
    if begun { shares - shares % lots.step } else { lots.round_buy(shares) }
}

/// Returns what an order of `value` fen costs; each charge is rounded half up to the fen.
pub(super) fn charges(symbol: Symbol, on: Date, side: Side, value: Fen, terms: &TradeTerms) -> Charges {
    more_charges(symbol, on, side, 0, value, terms)
}

/// Returns what a buy of `value` fen costs with all charges.
pub(super) fn buy_cost(symbol: Symbol, on: Date, value: Fen, terms: &TradeTerms) -> Fen {
    value + charges(symbol, on, Side::Buy, value, terms).total()
}

/// Returns what a fill of `value` fen adds to the costs of an order that had filled for `before` fen, so
/// that the least commission is paid once an order (market_rules.md).
pub(super) fn more_charges(
    symbol: Symbol,
    on: Date,
    side: Side,
    before: Fen,
    value: Fen,
    terms: &TradeTerms,
) -> Charges {
    let fees = FeeSchedule::on(on, symbol.board(), terms.commission);
    let [stamp_duty, transfer_fee, commission] = fees.charge_fill_fen(side, before, value);
    let slippage = |value: Fen| {
        if terms.slippage_bps == 0.0 { 0 } else { (value as f64 * terms.slippage_bps / 1e4 + 0.5).floor() as Fen }
    };
    Charges { commission, stamp_duty, transfer_fee, slippage: slippage(before + value) - slippage(before) }
}
