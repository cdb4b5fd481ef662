//! Lots and charges of one order, by board and date.

use jiff::civil::{Date, date};

use super::{Charges, Fen, Side, TradeTerms};
use crate::market::{Board, Symbol};

/// Returns the shares of an order after rounding down to what the exchange accepts: whole lots of 100
/// on the main boards and ChiNext, at least 200 on STAR and 100 in Beijing and then single shares. A
/// sale of all that may be sold is never rounded, so that an odd remainder can go.
pub(super) fn whole_lots(symbol: Symbol, side: Side, shares: i64, sellable: i64) -> i64 {
    if side == Side::Sell && shares == sellable {
        return shares;
    }
    let (least, step) = match symbol.board() {
        Board::Main | Board::ChiNext => (100, 100),
        Board::Star => (200, 1),
        Board::Beijing => (100, 1),
    };
    if shares < least { 0 } else { shares - shares % step }
}

/// Returns what an order of `value` fen costs; each charge is rounded half up to the fen.
pub(super) fn charges(symbol: Symbol, on: Date, side: Side, value: Fen, terms: &TradeTerms) -> Charges {
    let part = |rate: f64| (value as f64 * rate + 0.5).floor() as Fen;
    let stamp_rate = if on < date(2023, 8, 28) { 1e-3 } else { 5e-4 };
    let transfer_rate = match (symbol.board(), on < date(2022, 4, 29)) {
        (Board::Beijing, true) => 2.5e-5,
        (_, true) => 2e-5,
        (_, false) => 1e-5,
    };
    Charges {
        commission: part(terms.commission_bps / 1e4).max(terms.commission_min),
        stamp_duty: if side == Side::Sell { part(stamp_rate) } else { 0 },
        transfer_fee: part(transfer_rate),
        slippage: part(terms.slippage_bps / 1e4),
    }
}
