//! What a trade costs, by date: stamp duty, transfer fee, commission. Money is whole fen inside.

use jiff::civil::{Date, date};

use super::{
    Board,
    tick::{cny, divide_half_up, fen, rounded},
};

/// The side of an order or a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Cash becomes shares.
    Buy,
    /// Shares become cash.
    Sell,
}

impl Side {
    /// Returns the word on the wire and in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

/// Rates are whole parts in a thousand million, so that 0.001 % and a broker's 0.854 per 10,000 are exact.
const RATE_UNIT: f64 = 1e9;

/// Stamp duty from a date on: (from, rate on buys, rate on sells) in millionths.
const STAMP_DUTY: &[(Date, i64, i64)] = &[
    (Date::MIN, 1000, 1000),         // common: both sides paid before 2008-09-19, rates varied
    (date(2007, 5, 30), 3000, 3000), // common
    (date(2008, 4, 24), 1000, 1000), // common
    (date(2008, 9, 19), 0, 1000),    // market_rules.md: rqalpha (sells, 0.1 %); the date is common
    (date(2023, 8, 28), 0, 500),     // market_rules.md: rqalpha
];

/// Transfer fee of both sides from a date on: (from, rate, rate on Beijing) in millionths.
const TRANSFER_FEE: &[(Date, i64, i64)] = &[
    (Date::MIN, 20, 25),         // market_rules.md: fxbaogao quoting ChinaClear
    (date(2022, 4, 29), 10, 10), // market_rules.md: fxbaogao quoting ChinaClear
];

/// What a broker asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Commission {
    /// Part of the turnover, such as 0.00025; not below 0.
    pub rate: f64,
    /// The least for an order, over all its fills, CNY.
    pub minimum: f64,
}

impl Default for Commission {
    /// 2.5 per 10,000, at least 5 CNY an order (market_rules.md: common).
    fn default() -> Self {
        Self { rate: 0.000_25, minimum: 5.0 }
    }
}

/// The rates of one board on one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeSchedule {
    stamp_duty_buy: i64,
    stamp_duty_sell: i64,
    transfer_fee: i64,
    commission: i64,
    commission_fen_min: i64,
}

/// The costs of a trade, each in CNY rounded half up to the fen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fees {
    /// To the state.
    pub stamp_duty: f64,
    /// To the clearing house.
    pub transfer_fee: f64,
    /// To the broker.
    pub commission: f64,
}

impl Fees {
    /// Returns the sum, CNY.
    #[must_use]
    pub fn total(&self) -> f64 {
        let parts = [self.stamp_duty, self.transfer_fee, self.commission];
        cny(parts.iter().filter_map(|part| fen(*part)).sum())
    }
}

impl FeeSchedule {
    /// Returns the rates of a board on a date with a broker's commission.
    #[must_use]
    pub fn on(date: Date, board: Board, commission: Commission) -> Self {
        let (_, stamp_duty_buy, stamp_duty_sell) = row_on(STAMP_DUTY, date);
        let (_, elsewhere, beijing) = row_on(TRANSFER_FEE, date);
        let transfer_fee = if board == Board::Beijing { beijing } else { elsewhere };
        Self {
            stamp_duty_buy: stamp_duty_buy * 1000,
            stamp_duty_sell: stamp_duty_sell * 1000,
            transfer_fee: transfer_fee * 1000,
            commission: rounded(commission.rate.max(0.0) * RATE_UNIT),
            commission_fen_min: fen(commission.minimum.max(0.0)).unwrap_or(0),
        }
    }

    /// Returns the costs of an order whose fills make up `amount` CNY; nothing for no turnover.
    #[must_use]
    pub fn charge(&self, side: Side, amount: f64) -> Fees {
        let [stamp_duty, transfer_fee, commission] = self.charge_fen(side, fen(amount).unwrap_or(0)).map(cny);
        Fees { stamp_duty, transfer_fee, commission }
    }

    /// Charges an order of `turnover` fen: stamp duty, transfer fee, commission, fen.
    fn charge_fen(&self, side: Side, turnover: i64) -> [i64; 3] {
        if turnover <= 0 {
            return [0; 3];
        }
        let part = |rate| divide_half_up(i128::from(turnover) * i128::from(rate), RATE_UNIT as i128) as i64;
        let stamp_duty = match side {
            Side::Buy => self.stamp_duty_buy,
            Side::Sell => self.stamp_duty_sell,
        };
        [part(stamp_duty), part(self.transfer_fee), part(self.commission).max(self.commission_fen_min)]
    }

    /// Charges a fill as [`charge_fill`](Self::charge_fill), in whole fen: stamp duty, transfer fee,
    /// commission. Beyond what money is counted to (`tick::fen`) nothing is charged.
    #[must_use]
    pub fn charge_fill_fen(&self, side: Side, before: i64, amount: i64) -> [i64; 3] {
        let counted = |turnover: i64| if fen(cny(turnover)).is_some() { turnover } else { 0 };
        let old = self.charge_fen(side, counted(before));
        let mut new = self.charge_fen(side, counted(before.max(0).saturating_add(amount)));
        new.iter_mut().zip(old).for_each(|(new, old)| *new -= old);
        new
    }

    /// Returns what one more fill adds: the order had filled for `before` CNY and the fill is `amount`
    /// CNY. The parts of all fills sum to [`charge`](Self::charge) of the whole order, whose minimum
    /// commission therefore is paid once, with the first fill.
    #[must_use]
    pub fn charge_fill(&self, side: Side, before: f64, amount: f64) -> Fees {
        let (old, new) = (self.charge(side, before), self.charge(side, before.max(0.0) + amount));
        let more = |new: f64, old: f64| cny(fen(new).unwrap_or(0) - fen(old).unwrap_or(0));
        Fees {
            stamp_duty: more(new.stamp_duty, old.stamp_duty),
            transfer_fee: more(new.transfer_fee, old.transfer_fee),
            commission: more(new.commission, old.commission),
        }
    }
}

fn row_on(table: &[(Date, i64, i64)], on: Date) -> (Date, i64, i64) {
    table.iter().rfind(|(from, _, _)| *from <= on).copied().unwrap_or((Date::MIN, 0, 0))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::{Commission, FeeSchedule, Fees, Side};
    use crate::market::{Board, tick};

    fn charge(date: Date, board: Board, side: Side, amount: f64) -> Fees {
        FeeSchedule::on(date, board, Commission::default()).charge(side, amount)
    }

    #[test]
    fn rates_change_on_their_dates() {
        let sell = |date| charge(date, Board::Main, Side::Sell, 100_000.0);
        assert_eq!(sell(date(2023, 8, 25)).stamp_duty, 100.0);
        assert_eq!(sell(date(2023, 8, 28)).stamp_duty, 50.0);
        assert_eq!(sell(date(2022, 4, 28)).transfer_fee, 2.0);
        assert_eq!(sell(date(2022, 4, 29)).transfer_fee, 1.0);
        assert_eq!(charge(date(2022, 4, 28), Board::Beijing, Side::Buy, 100_000.0).transfer_fee, 2.5);
        assert_eq!(charge(date(2025, 1, 2), Board::Beijing, Side::Buy, 100_000.0).transfer_fee, 1.0);
    }

    #[test]
    fn buys_pay_no_stamp_duty_and_small_orders_the_least_commission() {
        let fees = charge(date(2025, 1, 2), Board::Main, Side::Buy, 1000.0);
        assert_eq!(fees, Fees { stamp_duty: 0.0, transfer_fee: 0.01, commission: 5.0 });
        assert_eq!(fees.total(), 5.01);
        assert_eq!(charge(date(2025, 1, 2), Board::Main, Side::Sell, 0.0), Fees::default());
        assert_eq!(charge(date(2025, 1, 2), Board::Main, Side::Sell, f64::NAN), Fees::default());
    }

    proptest! {
        #[test]
        fn fills_sum_to_the_order(fills in prop::collection::vec(1_i64..100_000_000, 1..8)) {
            let schedule = FeeSchedule::on(date(2025, 1, 2), Board::Star, Commission::default());
            let (mut before, mut paid) = (0_i64, 0_i64);
            for fill in fills {
                let fees = schedule.charge_fill(Side::Sell, tick::cny(before), tick::cny(fill));
                prop_assert!(fees.stamp_duty >= 0.0 && fees.transfer_fee >= 0.0 && fees.commission >= 0.0);
                paid += tick::fen(fees.total()).expect("fen");
                let parts = [fees.stamp_duty, fees.transfer_fee, fees.commission].map(|part| tick::fen(part).expect("fen"));
                prop_assert_eq!(schedule.charge_fill_fen(Side::Sell, before, fill), parts);
                before += fill;
            }
            prop_assert_eq!(tick::cny(paid), schedule.charge(Side::Sell, tick::cny(before)).total());
        }
    }
}
