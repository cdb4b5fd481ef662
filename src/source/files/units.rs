//! Units: a table in lots, thousands or fen is refused as a whole, because every number that follows
//! from it would be wrong by the same factor and nothing later would notice.

use std::path::Path;

use super::row::UnitSample;
use crate::{metric::upper_median, source::SourceError};

/// Fewer bars than these say nothing about a unit.
const SAMPLES_MIN: usize = 10;
/// Turnover / (volume x close) of a table in shares and CNY: the mean price of a day lies within a price
/// limit of its close, so the median over many bars is far inside this range.
const RATIO_RANGE: std::ops::RangeInclusive<f64> = 0.5..=2.0;
/// A median price above which whole numbers only mean fen, CNY.
const WHOLE_PRICE_MIN: f64 = 100.0;

/// Refuses a table whose prices, volumes or turnovers are in another unit.
pub(super) fn check_units(path: &Path, table: &'static str, samples: &[UnitSample]) -> Result<(), SourceError> {
    let refused =
        |column, expected, got: String| SourceError::Units { path: path.into(), table, column, expected, got };
    let prices_whole = samples.len() >= SAMPLES_MIN && samples.iter().all(|sample| sample.close.fract() == 0.0);
    let median_close = upper_median(samples.iter().map(|sample| sample.close).collect()).unwrap_or(f64::NAN);
    if prices_whole && median_close >= WHOLE_PRICE_MIN {
        let got = format!("whole numbers only, median {median_close}: this looks like fen");
        return Err(refused("close", "CNY, in steps of 0.01", got));
    }
    let ratios: Vec<f64> = samples.iter().filter_map(ratio).collect();
    if ratios.len() < SAMPLES_MIN {
        return Ok(());
    }
    let ratio = upper_median(ratios).unwrap_or(f64::NAN);
    if RATIO_RANGE.contains(&ratio) {
        return Ok(());
    }
    let (column, expected, looks_like) = diagnosis(ratio);
    let got = format!("a median of amount / (volume x close) of {ratio:.4e} where 1 is expected: {looks_like}");
    Err(refused(column, expected, got))
}

fn ratio(sample: &UnitSample) -> Option<f64> {
    Some(sample.amount? / (sample.volume? * sample.close))
}

/// Returns the column, the unit it should have, and the known unit that is nearest to what was measured.
fn diagnosis(ratio: f64) -> (&'static str, &'static str, &'static str) {
    const SHARES: &str = "shares";
    const CNY: &str = "CNY";
    const KNOWN: [(f64, &str, &str, &str); 5] = [
        (100.0, "volume", SHARES, "this looks like lots of 100 shares"),
        (0.1, "volume", SHARES, "this looks like lots of 100 shares, with amounts in thousands of CNY"),
        (0.01, "close", CNY, "this looks like prices in fen, or lots with amounts in units of 10,000 CNY"),
        (0.001, "amount", CNY, "this looks like thousands of CNY"),
        (0.0001, "amount", CNY, "this looks like units of 10,000 CNY"),
    ];
    let near = KNOWN.iter().find(|(known, ..)| RATIO_RANGE.contains(&(ratio / known)));
    near.map_or(("amount", CNY, "this fits no unit that is known"), |(_, column, expected, text)| {
        (*column, *expected, *text)
    })
}

#[cfg(test)]
mod tests {
    use super::{UnitSample, check_units};
    use crate::{
        exit::{Exit, Failure},
        source::SourceError,
    };
    use std::path::Path;

    fn check(price: f64, shares: f64, cny: Option<f64>) -> Result<(), SourceError> {
        let samples: Vec<UnitSample> = (1..40)
            .map(|day| {
                let (close, volume) = (10.01 + f64::from(day), 1000.0 * f64::from(day));
                let amount = cny.map(|unit| close * volume * unit * 1.01);
                UnitSample { close: (close * price * 100.0).round() / 100.0, volume: Some(volume * shares), amount }
            })
            .collect();
        check_units(Path::new("daily.csv"), "daily", &samples)
    }

    #[test]
    fn shares_and_cny_pass() {
        check(1.0, 1.0, Some(1.0)).expect("the units of the table");
        check(1.0, 1.0, None).expect("nothing to compare with");
    }

    #[test]
    fn other_units_are_refused_by_column() {
        for (price, shares, cny, column, text) in [
            (1.0, 0.01, Some(1.0), "volume", "lots"),
            (1.0, 1.0, Some(0.001), "amount", "thousands"),
            (1.0, 1.0, Some(0.0001), "amount", "10,000"),
            (1.0, 0.01, Some(0.001), "volume", "lots of 100 shares, with amounts in thousands"),
            (100.0, 1.0, Some(1.0), "close", "fen"),
            (100.0, 1.0, None, "close", "fen"),
            (1.0, 1.0, Some(7.0), "amount", "no unit that is known"),
        ] {
            let error = check(price, shares, cny).expect_err(text);
            assert_eq!(error.exit(), Exit::DataRefused, "{error}");
            let words = error.to_string();
            assert!(words.contains(&format!("column {column}:")) && words.contains(text), "{words}");
            assert!(words.starts_with("daily.csv: "), "{words}");
        }
    }
}
