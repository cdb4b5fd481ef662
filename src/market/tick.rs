//! The tick: A-share prices move in steps of 0.01 CNY, one fen. Rules compute in whole fen, because
//! 0.01 has no exact binary form.

/// The tick of every A share, CNY. Source: common to all boards and dates.
pub const TICK: f64 = 0.01;

/// The largest price that a rule accepts, CNY: far above any share, far below where a float loses fen.
const PRICE_MAX: f64 = 1e12;

/// Returns a price or amount in CNY as whole fen, rounded to the nearest; none when it is not a number
/// or beyond any real price.
#[must_use]
pub fn fen(cny: f64) -> Option<i64> {
    (cny.abs() <= PRICE_MAX).then(|| (cny * 100.0).round() as i64)
}

/// Returns whole fen as CNY: the float nearest to the decimal number, the same that parsing it gives.
#[must_use]
pub fn cny(fen: i64) -> f64 {
    fen as f64 / 100.0
}

/// Says whether a price lies on a tick, as far as a float can.
#[must_use]
pub fn is_on_tick(price: f64) -> bool {
    fen(price).is_some_and(|fen| (cny(fen) - price).abs() <= price.abs() * f64::EPSILON)
}

/// Divides and rounds half away from zero for positive numbers (half up, as the exchanges do).
pub(super) const fn divide_half_up(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

#[cfg(test)]
mod tests {
    use super::{cny, divide_half_up, fen, is_on_tick};

    #[test]
    fn fen_round_trip_is_the_parsed_decimal() {
        for fen_count in [1, 29, 1015, 113_549, 999_999] {
            let text = format!("{}.{:02}", fen_count / 100, fen_count % 100);
            let price: f64 = text.parse().expect("a number");
            assert_eq!(fen(price), Some(fen_count), "{text}");
            assert_eq!(cny(fen_count), price, "{text}");
            assert!(is_on_tick(price), "{text}");
        }
        assert!(!is_on_tick(10.005));
        assert_eq!(fen(f64::NAN), None);
        assert_eq!(fen(f64::INFINITY), None);
    }

    #[test]
    fn half_rounds_up() {
        let rounded: Vec<i128> = [149, 150, 249, 250].iter().map(|value| divide_half_up(*value, 100)).collect();
        assert_eq!(rounded, [1, 2, 2, 3]);
    }
}
