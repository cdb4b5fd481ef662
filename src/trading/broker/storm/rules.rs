//! The exchange's rules once more, in plain whole numbers and apart from the broker's code, as the ledger of
//! a storm needs them. Source of all: market_rules.md.

use jiff::civil::Date;

use super::super::lighthunter::{
    market::{Board, Side},
    trading::{Fen, SymbolDay},
};

/// Returns CNY as whole fen.
pub(super) fn hundred(cny: f64) -> Fen {
    (cny * 100.0).round() as Fen
}

/// Says whether nobody takes the other side: a buy at the upper limit, a sale at the lower.
pub(super) fn at_limit(side: Side, price: Fen, day: &SymbolDay) -> bool {
    day.band.is_some_and(|band| match side {
        Side::Buy => price >= hundred(band.up),
        Side::Sell => price <= hundred(band.down),
    })
}

/// Says whether so many shares may change hands: 100 by 100, from 200 or 100 on one by one.
pub(super) fn is_lot(board: Board, shares: i64, begun: bool) -> bool {
    match board {
        Board::Main | Board::ChiNext => shares % 100 == 0,
        Board::Star => begun || shares >= 200,
        Board::Beijing => begun || shares >= 100,
    }
}

/// Returns the shares of an order in whole lots; all that may be sold is sold whole.
pub(super) fn whole(board: Board, side: Side, shares: i64, sellable: i64) -> i64 {
    if side == Side::Sell && shares == sellable {
        return shares;
    }
    match board {
        Board::Main | Board::ChiNext => shares / 100 * 100,
        Board::Star => {
            if shares < 200 {
                0
            } else {
                shares
            }
        }
        Board::Beijing => {
            if shares < 100 {
                0
            } else {
                shares
            }
        }
    }
}

/// Returns what an order of so many fen costs: 3 bp and at least 5 CNY, stamp duty, transfer fee; each
/// rounded half up to the fen.
pub(super) fn charges(date: Date, board: Board, side: Side, value: Fen) -> Fen {
    let millionths = |rate: Fen| (value * rate + 500_000) / 1_000_000;
    let commission = millionths(300).max(500);
    let stamp_duty = match side {
        Side::Buy => 0,
        Side::Sell if date < jiff::civil::date(2023, 8, 28) => millionths(1000),
        Side::Sell => millionths(500),
    };
    let transfer_fee = match board {
        _ if date >= jiff::civil::date(2022, 4, 29) => millionths(10),
        Board::Beijing => millionths(25),
        _ => millionths(20),
    };
    commission + stamp_duty + transfer_fee
}
