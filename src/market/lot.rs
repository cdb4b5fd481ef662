//! How many shares an order may have, by board. An odd remainder is sold whole.

use super::Board;

/// The order sizes of a board, in shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotRule {
    /// The smallest order.
    pub minimum: i64,
    /// Orders above the minimum grow by this many shares.
    pub step: i64,
}

/// Of each board one row: no size has changed since the board opened. Source: market_rules.md (rqalpha,
/// TradingAgents-astock #85).
const LOTS: &[(Board, LotRule)] = &[
    (Board::Main, LotRule { minimum: 100, step: 100 }),
    (Board::ChiNext, LotRule { minimum: 100, step: 100 }),
    (Board::Star, LotRule { minimum: 200, step: 1 }),
    (Board::Beijing, LotRule { minimum: 100, step: 1 }),
];

impl LotRule {
    /// Returns the rule of a board.
    #[must_use]
    pub fn of(board: Board) -> Self {
        let row = LOTS.iter().find(|(of, _)| *of == board);
        row.map_or(Self { minimum: 100, step: 100 }, |(_, rule)| *rule)
    }

    /// Returns the largest quantity that one may buy, not above `shares`; 0 below the minimum.
    #[must_use]
    pub fn round_buy(self, shares: i64) -> i64 {
        if shares < self.minimum {
            return 0;
        }
        shares - (shares - self.minimum) % self.step
    }

    /// Returns the largest quantity that one may sell of `held` shares, not above `shares`. What is left
    /// of `held` beside whole lots is sold whole or not at all, alone or with whole lots.
    #[must_use]
    pub fn round_sell(self, shares: i64, held: i64) -> i64 {
        if held <= 0 || shares >= held {
            return held.max(0);
        }
        let odd = held - self.round_buy(held);
        let with_odd = if shares >= odd { self.whole(shares - odd) + odd } else { 0 };
        self.whole(shares).max(with_odd)
    }

    /// Says whether one may order to buy exactly `shares`.
    #[must_use]
    pub fn may_buy(self, shares: i64) -> bool {
        shares > 0 && self.round_buy(shares) == shares
    }

    /// Says whether one may order to sell exactly `shares` of `held`.
    #[must_use]
    pub fn may_sell(self, shares: i64, held: i64) -> bool {
        shares > 0 && shares <= held && self.round_sell(shares, held) == shares
    }

    fn whole(self, shares: i64) -> i64 {
        self.round_buy(shares.max(0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::LotRule;
    use crate::market::Board;

    const BOARDS: [Board; 4] = [Board::Main, Board::ChiNext, Board::Star, Board::Beijing];

    #[test]
    fn buys_are_rounded_down_to_the_boards_sizes() {
        let cases = [
            (Board::Main, [(99, 0), (100, 100), (199, 100), (250, 200)]),
            (Board::ChiNext, [(99, 0), (100, 100), (199, 100), (250, 200)]),
            (Board::Star, [(199, 0), (200, 200), (201, 201), (250, 250)]),
            (Board::Beijing, [(99, 0), (100, 100), (101, 101), (-5, 0)]),
        ];
        for (board, pairs) in cases {
            for (wanted, expected) in pairs {
                assert_eq!(LotRule::of(board).round_buy(wanted), expected, "{board:?} {wanted}");
            }
        }
    }

    #[test]
    fn an_odd_remainder_is_sold_whole() {
        // (board, wanted, held, expected)
        let cases = [
            (Board::Main, 250, 250, 250),
            (Board::Main, 249, 250, 200),
            (Board::Main, 150, 250, 150),
            (Board::Main, 120, 250, 100),
            (Board::Main, 60, 250, 50),
            (Board::Main, 40, 250, 0),
            (Board::Main, 30, 30, 30),
            (Board::Main, 500, 250, 250),
            (Board::Star, 150, 1000, 0),
            (Board::Star, 150, 150, 150),
            (Board::Star, 149, 150, 0),
            (Board::Beijing, 101, 1000, 101),
            (Board::Main, 100, 0, 0),
            (Board::Main, -100, 500, 0),
        ];
        for (board, wanted, held, expected) in cases {
            assert_eq!(LotRule::of(board).round_sell(wanted, held), expected, "{board:?} {wanted} of {held}");
        }
    }

    proptest! {
        #[test]
        fn rounding_keeps_to_the_rules(board in prop::sample::select(&BOARDS[..]), wanted in -10_i64..5000, held in 0_i64..5000) {
            let rule = LotRule::of(board);
            let (buy, sell) = (rule.round_buy(wanted), rule.round_sell(wanted, held));
            prop_assert!(buy == 0 || (buy <= wanted && rule.may_buy(buy)));
            prop_assert!(!(buy + 1..=wanted).any(|more| rule.may_buy(more)), "no larger buy fits");
            prop_assert!(sell == 0 || (sell <= wanted && rule.may_sell(sell, held)));
            prop_assert_eq!(rule.round_sell(held, held), held, "one can always leave");
        }
    }
}
