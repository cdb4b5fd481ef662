//! What a company gives its holders: three in four cash alone, some cash and bonus shares, some rights.

use jiff::civil::Date;

use super::draw::Draw;
use crate::market::{CorporateAction, Symbol, tick::cny};

/// Part of all ex dates that bring cash alone.
const CASH_PART: f64 = 0.75;

/// Part of all ex dates that bring cash alone, or cash and bonus shares; the rest bring rights.
const CASH_OR_BONUS_PART: f64 = 0.9;

/// Part of the last close that a rights share costs.
const RIGHTS_DISCOUNT: f64 = 0.75;

/// Draws the terms of an ex date from the last close before it.
pub(super) fn draw(draw: &mut Draw, symbol: Symbol, ex_date: Date, close: f64) -> CorporateAction {
    let cents = |value: f64| cny((value * 100.0).round() as i64);
    let cash = cents(close * 10.0 * draw.between(0.005, 0.03));
    let kind = draw.uniform();
    let (cash_per_10, bonus_per_10, rights_per_10) = if kind < CASH_PART {
        (cash, 0.0, 0.0)
    } else if kind < CASH_OR_BONUS_PART {
        (cash, draw.whole(1, 5) as f64, 0.0)
    } else {
        (0.0, 0.0, draw.whole(1, 3) as f64)
    };
    let rights_price = if rights_per_10 > 0.0 { cents(close * RIGHTS_DISCOUNT) } else { 0.0 };
    CorporateAction { symbol, ex_date, cash_per_10, bonus_per_10, rights_per_10, rights_price }
}
