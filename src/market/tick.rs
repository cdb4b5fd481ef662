//! The tick: A-share prices move in steps of 0.01 CNY, one fen. Rules compute in whole fen, because
//! 0.01 has no exact binary form.

/// The tick of every A share, CNY. Source: common to all boards and dates.
pub const TICK: f64 = 0.01;

/// The largest price that a rule accepts, CNY: far above any share, far below where a float loses fen.
const PRICE_MAX: f64 = 1e12;

/// Returns a price or amount in CNY as whole fen, rounded to the nearest; none when it is not a number
/// or beyond any real price.
#[must_use]
#[inline]
pub fn fen(cny: f64) -> Option<i64> {
    (cny.abs() <= PRICE_MAX).then(|| rounded(cny * 100.0))
}

/// Rounds half away from zero. `f64::round` does the same, but is a call into the C library wherever the
/// processor is not known to round by itself, and every price of every rule comes through here.
#[inline]
pub(super) const fn rounded(value: f64) -> i64 {
    let whole = value as i64;
    let rest = value - whole as f64;
    if rest >= 0.5 {
        whole.saturating_add(1)
    } else if rest <= -0.5 {
        whole.saturating_sub(1)
    } else {
        whole
    }
}

/// Returns whole fen as CNY: the float nearest to the decimal number, the same that parsing it gives.
#[must_use]
#[inline]
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
    let (above, below) = (2 * numerator + denominator, 2 * denominator);
    // Dividing 64 bits takes a tenth of the time, and most money fits.
    if above as i64 as i128 == above && below as i64 as i128 == below {
        (above as i64).div_euclid(below as i64) as i128
    } else {
        above.div_euclid(below)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PRICE_MAX, cny, divide_half_up, fen, is_on_tick, rounded};

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

    proptest! {
        #[test]
        fn rounding_is_that_of_the_standard_library(value in any::<f64>(), money in -PRICE_MAX..PRICE_MAX) {
            let half = (money * 2.0).trunc() / 2.0;
            for value in [value, money, half, half + f64::EPSILON, half.next_down()] {
                prop_assert_eq!(rounded(value), value.round() as i64, "{}", value);
            }
        }

        #[test]
        fn division_of_any_width_is_the_same(numerator in any::<i128>(), shift in 0..126_u32, denominator in 1..1_i128 << 40) {
            let numerator = (numerator >> shift) / 4;
            let exact = (2 * numerator + denominator).div_euclid(2 * denominator);
            prop_assert_eq!(divide_half_up(numerator, denominator), exact);
        }
    }
}
