//! What dividends, bonus shares and rights issues do to prices and holdings, in exact integers; and the backward
//! adjustment factors that follow.
//!
//! Source: market_rules.md: reference = (close - cash + rights price x rights) / (1 + bonus + rights).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    CorporateAction, DailyBar, Symbol,
    tick::{cny, divide_half_up, fen},
};

/// Terms are whole millionths: vendors give at most six decimals.
const MICRO: i128 = 1_000_000;

/// All actions of one symbol on one ex date, added up: per ten shares, in millionths.
struct Terms {
    cash: i128,
    bonus: i128,
    rights: i128,
    /// Rights x their price, in millionths of a millionth of CNY.
    rights_cost: i128,
}

impl Terms {
    fn of(actions: &[CorporateAction]) -> Option<Self> {
        let mut terms = Self { cash: 0, bonus: 0, rights: 0, rights_cost: 0 };
        for action in actions {
            let rights = micro(action.rights_per_10)?;
            terms.cash += micro(action.cash_per_10)?;
            terms.bonus += micro(action.bonus_per_10)?;
            terms.rights += rights;
            terms.rights_cost += rights * micro(action.rights_price)?;
        }
        Some(terms)
    }
}

fn micro(value: f64) -> Option<i128> {
    (0.0..1e9).contains(&value).then(|| (value * MICRO as f64).round() as i128)
}

/// Returns the reference price of an ex date from the last close before it and all the symbol's actions
/// of that date, CNY, rounded half up to the tick. None when a term is negative or not a number, or the
/// cash is more than the share is worth.
#[must_use]
pub fn ex_reference_price(close: f64, actions: &[CorporateAction]) -> Option<f64> {
    let terms = Terms::of(actions)?;
    let close = i128::from(fen(close).filter(|fen| *fen > 0)?);
    // Ten shares, in 1e-12 CNY; a fen is 1e10 of those.
    let worth = close * 10 * 10_000 * MICRO - terms.cash * MICRO + terms.rights_cost;
    let shares = 10 * MICRO + terms.bonus + terms.rights;
    let reference = divide_half_up(worth, shares * 10_000);
    (reference > 0).then(|| cny(reference as i64))
}

/// Returns by how much the backward adjustment factor grows from one session to the next: the close
/// before over the reference price of the day; 1 on every ordinary day.
#[must_use]
pub fn adjustment_step(previous_close: f64, preclose: f64) -> f64 {
    if previous_close == preclose { 1.0 } else { previous_close / preclose }
}

/// Gives each bar whose factor was not delivered (NaN) the one that follows from the bar before it: the factor
/// before x previous close / reference price of the day. The reference is the exchange's own, else the one
/// that the corporate actions since the bar before make of its close. A symbol's first bar has factor 1. No
/// bar's factor depends on a later bar or action. A bar whose prices cannot be keeps the factor before it, and
/// nothing is derived from its close: the bar after it follows from the last sound close and the actions since.
/// `bars` are by date; `actions` are in any order.
pub fn derive_factors(bars: &mut [DailyBar], actions: &[CorporateAction]) {
    if !bars.iter().any(|bar| bar.adj_factor.is_nan()) {
        return;
    }
    let mut by_symbol: BTreeMap<Symbol, BTreeMap<Date, Vec<CorporateAction>>> = BTreeMap::new();
    for action in actions {
        by_symbol.entry(action.symbol).or_default().entry(action.ex_date).or_default().push(action.clone());
    }
    let mut last: BTreeMap<Symbol, Link> = BTreeMap::new();
    for bar in bars {
        if bar.adj_factor.is_nan() {
            bar.adj_factor = last.get(&bar.symbol).map_or(1.0, |Link { date, close, factor, is_next }| {
                let own = by_symbol.get(&bar.symbol);
                let after = (std::ops::Bound::Excluded(*date), std::ops::Bound::Included(bar.date));
                if !is_sound(bar) {
                    return *factor;
                }
                let reference = bar.preclose.filter(|_| *is_next).or_else(|| {
                    let dates = own.into_iter().flat_map(|own| own.range(after));
                    dates
                        .map(|(_, of_date)| of_date)
                        .try_fold(*close, |close, of_date| ex_reference_price(close, of_date))
                });
                factor
                    * reference.filter(|price| *price > 0.0).map_or(1.0, |reference| adjustment_step(*close, reference))
            });
        }
        if is_sound(bar) {
            let (date, close, factor) = (bar.date, bar.close, bar.adj_factor);
            last.insert(bar.symbol, Link { date, close, factor, is_next: true });
        } else if let Some(link) = last.get_mut(&bar.symbol) {
            link.is_next = false;
        }
    }
}

/// What the factor of a symbol's next bar follows from.
struct Link {
    date: Date,
    close: f64,
    factor: f64,
    /// No bar lies between this one and the next, so that its reference price says what went ex.
    is_next: bool,
}

/// Says whether the prices of a bar can be at all.
fn is_sound(bar: &DailyBar) -> bool {
    let is_price = |price: &f64| price.is_finite() && *price > 0.0;
    let prices = [bar.open, bar.high, bar.low, bar.close];
    prices.iter().all(is_price) && (bar.low..=bar.high).contains(&bar.open) && (bar.low..=bar.high).contains(&bar.close)
}

/// Returns the new shares that a holder of `held` gets as a bonus, rounded half up to whole shares.
#[must_use]
pub fn bonus_shares(held: i64, action: &CorporateAction) -> i64 {
    micro(action.bonus_per_10).map_or(0, |bonus| divide_half_up(i128::from(held) * bonus, 10 * MICRO) as i64)
}

/// Returns the cash that a holder of `held` gets, CNY before tax, rounded half up to the fen.
#[must_use]
pub fn cash_dividend(held: i64, action: &CorporateAction) -> f64 {
    micro(action.cash_per_10).map_or(0.0, |cash| cny(divide_half_up(i128::from(held) * cash, 10 * 10_000) as i64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::{Date, date};

    use super::{adjustment_step, bonus_shares, cash_dividend, derive_factors, ex_reference_price};
    use crate::market::{CorporateAction, DailyBar, Symbol, visible};

    fn action(cash: f64, bonus: f64, rights: f64, rights_price: f64) -> CorporateAction {
        CorporateAction {
            symbol: "600000.SH".parse().expect("a symbol"),
            ex_date: date(2025, 6, 30),
            cash_per_10: cash,
            bonus_per_10: bonus,
            rights_per_10: rights,
            rights_price,
        }
    }

    #[test]
    fn reference_price_follows_the_formula() {
        // (close, cash, bonus, rights, rights price, expected)
        let cases = [
            (10.0, 2.0, 0.0, 0.0, 0.0, Some(9.8)),
            (10.0, 0.0, 10.0, 0.0, 0.0, Some(5.0)),
            (10.0, 1.0, 5.0, 0.0, 0.0, Some(6.6)),
            (10.0, 0.0, 0.0, 3.0, 6.0, Some(9.08)),    // 118 / 13 = 9.0769
            (10.01, 0.05, 0.0, 0.0, 0.0, Some(10.01)), // 10.005 rounds half up
            (10.0, 200.0, 0.0, 0.0, 0.0, None),
            (f64::NAN, 1.0, 0.0, 0.0, 0.0, None),
            (10.0, -1.0, 0.0, 0.0, 0.0, None),
        ];
        for (close, cash, bonus, rights, price, expected) in cases {
            assert_eq!(ex_reference_price(close, &[action(cash, bonus, rights, price)]), expected, "{close} {cash}");
        }
        assert_eq!(ex_reference_price(10.0, &[]), Some(10.0), "no action, no change");
        assert_eq!(ex_reference_price(10.0, &[action(1.0, 0.0, 0.0, 0.0), action(1.0, 0.0, 0.0, 0.0)]), Some(9.8));
    }

    #[test]
    fn holders_get_whole_shares_and_whole_fen() {
        assert_eq!(bonus_shares(105, &action(0.0, 3.0, 0.0, 0.0)), 32, "31.5 rounds half up");
        assert_eq!(cash_dividend(105, &action(1.2345, 0.0, 0.0, 0.0)), 12.96);
        assert_eq!(adjustment_step(10.0, 9.8), 10.0 / 9.8);
        assert_eq!(adjustment_step(9.8, 9.8), 1.0);
    }

    type Actions = BTreeMap<(Symbol, Date), Vec<CorporateAction>>;

    fn visible_actions() -> Option<Actions> {
        let mut actions = Actions::new();
        for row in visible::rows("corporate_actions_2005_2020.csv.gz")? {
            let number = |name: &str| visible::number(&row[name]).expect("a number");
            let symbol: Symbol = row["symbol"].parse().expect("a symbol");
            let ex_date = visible::date(&row["ex_date"]);
            actions.entry((symbol, ex_date)).or_default().push(CorporateAction {
                symbol,
                ex_date,
                cash_per_10: number("cash_per_10"),
                bonus_per_10: number("bonus_per_10"),
                rights_per_10: number("rights_per_10"),
                rights_price: number("rights_price"),
            });
        }
        Some(actions)
    }

    #[test]
    fn real_ex_dates_give_the_reference_prices_of_the_data_set() {
        let (Some(actions), Some(rows)) = (visible_actions(), visible::rows("daily_2017_2020.csv.gz")) else { return };
        let (mut closes, mut checked) = (BTreeMap::<Symbol, f64>::new(), 0);
        for row in rows {
            let symbol: Symbol = row["symbol"].parse().expect("a symbol");
            let close = visible::number(&row["close"]).expect("a close");
            let (before, preclose) = (closes.insert(symbol, close), visible::number(&row["preclose"]));
            let of_day = actions.get(&(symbol, visible::date(&row["date"])));
            if let (Some(before), Some(preclose), Some(of_day)) = (before, preclose, of_day) {
                assert_eq!(ex_reference_price(before, of_day), Some(preclose), "{symbol} {}", row["date"]);
                checked += 1;
            }
        }
        assert!(checked >= 480, "{checked} ex dates checked");
    }

    /// Bars of one real table without their factors, and the factors.
    fn without_factors() -> Option<(Vec<DailyBar>, Vec<f64>)> {
        let rows = visible::rows("daily_2017_2020.csv.gz")?;
        let bar = |row: &visible::Row| {
            let number = |name: &str| visible::number(&row[name]);
            let price = |name: &str| number(name).expect("a price");
            DailyBar {
                date: visible::date(&row["date"]),
                symbol: row["symbol"].parse().expect("a symbol"),
                open: price("open"),
                high: price("high"),
                low: price("low"),
                close: price("close"),
                volume: None,
                amount: None,
                preclose: number("preclose"),
                adj_factor: f64::NAN,
                suspended: false,
                source: "test".into(),
            }
        };
        let factors = rows.iter().map(|row| visible::number(&row["adj_factor"]).expect("a factor")).collect();
        Some((rows.iter().map(bar).collect(), factors))
    }

    #[test]
    fn derived_factors_grow_as_the_delivered_ones() {
        let (Some((bars, delivered)), Some(actions)) = (without_factors(), visible_actions()) else { return };
        let actions: Vec<CorporateAction> = actions.into_values().flatten().collect();
        let derive = |keep_references: bool| {
            let mut derived = bars.clone();
            if !keep_references {
                for bar in &mut derived {
                    bar.preclose = None;
                }
            }
            derive_factors(&mut derived, &actions);
            derived
        };
        // The delivered ones have eight decimals and begin at 1 years earlier, so what counts is the growth since the first bar.
        let growth = |derived: &[DailyBar]| {
            let mut first = BTreeMap::<Symbol, f64>::new();
            let off = derived.iter().zip(&delivered).filter(|(bar, delivered)| {
                let scale = *first.entry(bar.symbol).or_insert(**delivered / bar.adj_factor);
                (bar.adj_factor * scale / **delivered - 1.0).abs() > 1e-8
            });
            off.count()
        };
        assert_eq!(growth(&derive(true)), 0, "from the exchange's references");
        let from_actions = growth(&derive(false));
        assert_eq!(from_actions, 0, "from raw closes and corporate actions alone");
    }

    #[test]
    fn factor_of_a_day_needs_nothing_later() {
        let bar = |day: i8, close: f64| DailyBar {
            date: date(2025, 7, day),
            symbol: "600000.SH".parse().expect("a symbol"),
            open: close,
            high: close,
            low: close,
            close,
            volume: None,
            amount: None,
            preclose: None,
            adj_factor: f64::NAN,
            suspended: false,
            source: "test".into(),
        };
        let on = |day: i8, cash: f64, bonus: f64| CorporateAction {
            ex_date: date(2025, 7, day),
            ..action(cash, bonus, 0.0, 0.0)
        };
        let bars = [bar(1, 10.0), bar(2, 9.8), bar(3, 4.9), bar(7, 4.9)];
        // The last lies on a day without a bar: it moves the factor of the next bar.
        let actions = [on(3, 0.0, 10.0), on(2, 2.0, 0.0), on(4, 1.0, 0.0)];
        let factors = |bars: &[DailyBar], actions: &[CorporateAction]| {
            let mut bars = bars.to_vec();
            derive_factors(&mut bars, actions);
            bars.iter().map(|bar| bar.adj_factor).collect::<Vec<f64>>()
        };
        let (two, three) = (10.0 / 9.8, 10.0 / 9.8 * 2.0);
        let whole = factors(&bars, &actions);
        assert_eq!(whole, [1.0, two, three, three * (4.9 / 4.8)]);
        for cut in 1..=bars.len() {
            let last = bars[cut - 1].date;
            let known: Vec<_> = actions.iter().filter(|action| action.ex_date <= last).cloned().collect();
            assert_eq!(factors(&bars[..cut], &known), whole[..cut], "as known on {last}");
        }
        let mut wrong = [bar(1, 10.0), bar(2, 98.0), bar(3, 4.9), bar(7, 4.9)];
        (wrong[1].high, wrong[2].preclose) = (9.8, Some(4.9));
        assert_eq!(factors(&wrong, &actions)[1], 1.0, "nothing follows from a close above the high");
        let after = factors(&wrong, &actions)[2];
        assert!((after / three - 1.0).abs() < 2e-3, "the days after follow from the last sound close: {after}");
        let mut delivered = bars.clone();
        for bar in &mut delivered {
            bar.adj_factor = 3.0;
        }
        assert_eq!(factors(&delivered, &actions), [3.0; 4], "what is delivered stays");
    }
}
