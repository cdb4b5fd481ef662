//! Fields of delimited text as values, byte by byte: no field is copied, and nothing is guessed. Every
//! refusal names the column and the text.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};

use crate::{
    market::{Exchange, Symbol},
    store::unquoted,
};

/// Reads fields; remembers the last date and the last source text, which neighbouring rows share.
#[derive(Debug)]
pub(super) struct FieldParser {
    date: Option<([u8; 10], Date)>,
    source: Arc<str>,
}

impl FieldParser {
    pub(super) fn new() -> Self {
        Self { date: None, source: Arc::from("") }
    }

    /// Reads `YYYY-MM-DD`.
    pub(super) fn date(&mut self, column: &str, field: &[u8]) -> Result<Date, String> {
        let text: [u8; 10] = unquoted(field).try_into().map_err(|_| wrong(column, field, "a date YYYY-MM-DD"))?;
        if let Some((last, date)) = self.date
            && last == text
        {
            return Ok(date);
        }
        let date = date_of(&text).ok_or_else(|| wrong(column, field, "a date YYYY-MM-DD"))?;
        self.date = Some((text, date));
        Ok(date)
    }

    /// Reads `YYYY-MM-DD HH:MM:SS`, seconds whole; a `T` may stand between date and time.
    pub(super) fn datetime(&mut self, column: &str, field: &[u8]) -> Result<DateTime, String> {
        let refused = || wrong(column, field, "a time YYYY-MM-DD HH:MM:SS");
        let text = unquoted(field);
        let (date, rest) = text.split_at_checked(10).ok_or_else(refused)?;
        let [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] = rest else { return Err(refused()) };
        let two = |high: &u8, low: &u8| Some(digit(*high)? * 10 + digit(*low)?);
        let part = |high, low| two(high, low).map(|value| value as i8).ok_or_else(refused);
        let time = Time::new(part(h1, h2)?, part(m1, m2)?, part(s1, s2)?, 0).map_err(|_| refused())?;
        Ok(self.date(column, date)?.to_datetime(time))
    }

    /// Reads a text that few rows change.
    pub(super) fn shared(&mut self, field: &[u8]) -> Arc<str> {
        let text = unquoted(field);
        if self.source.as_bytes() != text {
            self.source = Arc::from(String::from_utf8_lossy(text));
        }
        Arc::clone(&self.source)
    }
}

/// Reads `600000.SH`.
pub(super) fn symbol(column: &str, field: &[u8]) -> Result<Symbol, String> {
    let refused = || wrong(column, field, "a symbol such as 600000.SH");
    let (digits, suffix) = unquoted(field).split_at_checked(6).ok_or_else(refused)?;
    let exchange = match suffix {
        b".SH" => Exchange::Sh,
        b".SZ" => Exchange::Sz,
        b".BJ" => Exchange::Bj,
        _ => return Err(refused()),
    };
    let code = whole(digits).ok_or_else(refused)?;
    Symbol::new(code as u32, exchange).map_err(|_| refused())
}

/// Reads a finite number.
pub(super) fn number(column: &str, field: &[u8]) -> Result<f64, String> {
    if let Some(value) = short_decimal(field) {
        return Ok(value);
    }
    let text = unquoted(field);
    if text.is_empty() {
        return Err(format!("{column} is missing"));
    }
    let value: Option<f64> = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    value.filter(|value| value.is_finite()).ok_or_else(|| wrong(column, field, "a finite number"))
}

/// Reads a number that may be missing: an empty field, or a NaN as some writers put it.
pub(super) fn optional_number(column: &str, field: &[u8]) -> Result<Option<f64>, String> {
    if is_missing(field) { Ok(None) } else { number(column, field).map(Some) }
}

/// Reads a whole number that may be missing; `100.0`, as some writers put it, is whole.
pub(super) fn optional_whole(column: &str, field: &[u8]) -> Result<Option<i64>, String> {
    if let Some(value) = whole(field) {
        return Ok(Some(value));
    }
    match optional_number(column, field)? {
        // Above 2^53 a float no longer says which whole number was meant.
        Some(value) if value.fract() != 0.0 || value.abs() > 9e15 => Err(wrong(column, field, "a whole number")),
        value => Ok(value.map(|value| value as i64)),
    }
}

/// Reads yes or no.
pub(super) fn flag(column: &str, field: &[u8]) -> Result<bool, String> {
    match unquoted(field) {
        b"False" | b"false" | b"FALSE" | b"0" => Ok(false),
        b"True" | b"true" | b"TRUE" | b"1" => Ok(true),
        _ => Err(wrong(column, field, "True or False")),
    }
}

fn is_missing(field: &[u8]) -> bool {
    let text = unquoted(field);
    text.is_empty() || text.eq_ignore_ascii_case(b"nan")
}

fn wrong(column: &str, field: &[u8], expected: &str) -> String {
    format!("{column} '{}' is not {expected}", super::printable(&String::from_utf8_lossy(field), 40))
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Reads up to 18 digits and nothing else.
fn whole(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |value, byte| Some(value * 10 + digit(*byte)?))
}

fn date_of(text: &[u8; 10]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = whole(&[*y1, *y2, *y3, *y4])?;
    Date::new(year as i16, whole(&[*m1, *m2])? as i8, whole(&[*d1, *d2])? as i8).ok()
}

/// Reads a plain decimal of at most 15 digits exactly: both its digits and the power of ten are exact
/// floats then, so that the one division rounds to the nearest float, as the standard parser does.
fn short_decimal(field: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    if field.is_empty() || field.len() > 16 {
        return None;
    }
    let (mut digits, mut count, mut decimals, mut point) = (0_i64, 0_usize, 0_usize, false);
    for byte in field {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + i64::from(byte - b'0');
                count += 1;
                decimals += usize::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    POWERS.get(decimals).map(|power| digits as f64 / power)
}

#[cfg(test)]
mod tests {
    use super::{FieldParser, flag, number, optional_number, optional_whole, symbol};
    use proptest::prelude::*;

    #[test]
    fn fields_of_the_input_are_read() {
        let mut parser = FieldParser::new();
        assert_eq!(parser.date("date", b"2017-01-03").expect("a date").to_string(), "2017-01-03");
        let ts = parser.datetime("ts", b"2025-01-02 09:45:00").expect("a time");
        assert_eq!(ts.to_string(), "2025-01-02T09:45:00");
        assert_eq!(symbol("symbol", b"\"688001.SH\"").expect("a symbol").to_string(), "688001.SH");
        assert_eq!(optional_whole("volume", b"39280187"), Ok(Some(39_280_187)));
        assert_eq!(optional_whole("volume", b"39280187.0"), Ok(Some(39_280_187)));
        assert_eq!(optional_whole("volume", b""), Ok(None));
        assert_eq!(optional_number("amount", b"NaN"), Ok(None));
        assert_eq!(flag("suspended", b"False"), Ok(false));
    }

    #[test]
    fn what_is_no_value_is_refused_by_name() {
        let mut parser = FieldParser::new();
        for text in ["", "2017-1-3", "2017-02-30", "20170103", "2017-01-03 00:00:00", "２０１７-01"] {
            let reason = parser.date("date", text.as_bytes()).expect_err(text);
            assert!(reason.starts_with("date '"), "{reason}");
        }
        for text in ["2025-01-02", "2025-01-02 24:00:00", "2025-01-02 09:45", "2025-01-02 09:45:00+08:00"] {
            assert!(parser.datetime("ts", text.as_bytes()).is_err(), "{text}");
        }
        for text in ["", "600000", "600000.XX", "60000a.SH", "-60000.SH", "6000000.SH"] {
            assert!(symbol("symbol", text.as_bytes()).is_err(), "{text}");
        }
        for text in ["", "abc", "NaN", "inf", "-inf", "1e999", "1,5", "."] {
            assert!(number("open", text.as_bytes()).is_err(), "{text}");
        }
        assert!(optional_whole("volume", b"1.5").is_err());
        assert!(flag("suspended", b"maybe").is_err());
        let reason = number("open", b"\x1b[31m\xff").expect_err("no number");
        assert!(!reason.contains('\x1b'), "{reason:?}");
    }

    proptest! {
        #[test]
        fn numbers_equal_the_standard_parser(digits in 0_u64..1_000_000_000_000_000, decimals in 0_usize..10) {
            let text = format!("{:.*}", decimals, digits as f64 / 10_f64.powi(decimals as i32));
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(number("x", text.as_bytes()), Ok(expected));
        }

        #[test]
        fn any_number_is_read_as_printed(value in proptest::num::f64::NORMAL) {
            prop_assert_eq!(number("x", value.to_string().as_bytes()), Ok(value));
        }
    }
}
