//! The original system's daily files: `trade_date, code, name, open, high, low, close, volume, amount`, the code a
//! whole number without its leading zeros, the volume in lots. Reads them into bars and names every defect on the
//! way; whether the prices are raw is not judged here.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;

use super::original_defects;
use crate::{
    market::{Calendar, DailyBar, Exchange, Symbol},
    source::SourceError,
    store::{DelimitedLimits, DelimitedReader, DelimitedRecord, unquoted},
};

/// The columns that are read; others are named and left.
const COLUMNS: [&str; 8] = ["trade_date", "code", "open", "high", "low", "close", "volume", "amount"];

/// What an original daily file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OriginalDaily {
    /// Its bars, by date, then symbol, every double too: volumes in shares, no reference price, no factor.
    pub bars: Vec<DailyBar>,
    /// What is wrong with the layout and what was made of it, one sentence each.
    pub defects: Vec<String>,
    /// Lines that are no bar, with the reason.
    pub rejected: Vec<(u64, String)>,
}

/// Says whether a header is that of an original daily file.
#[must_use]
pub fn is_original(header: &[String]) -> bool {
    COLUMNS.iter().all(|column| header.iter().any(|name| name.eq_ignore_ascii_case(column)))
}

/// Reads an original daily file.
///
/// # Errors
/// `Columns` when a column is missing, `Store` when the file cannot be read.
pub fn read_original(path: &Path) -> Result<OriginalDaily, SourceError> {
    let mut reader = DelimitedReader::open(path, DelimitedLimits::default())?;
    let header = reader.header().to_vec();
    if !is_original(&header) {
        let missing = COLUMNS.iter().filter(|column| !header.iter().any(|name| name.eq_ignore_ascii_case(column)));
        return Err(SourceError::Columns {
            path: path.into(),
            table: "original daily",
            problems: format!("missing: {}", missing.copied().collect::<Vec<_>>().join(", ")),
            expected: COLUMNS.join(", "),
            got: header.join(", "),
        });
    }
    let place = |column: &str| header.iter().position(|name| name.eq_ignore_ascii_case(column)).unwrap_or(usize::MAX);
    let places = COLUMNS.map(place);
    let mut found = OriginalDaily::default();
    let mut short_codes = BTreeSet::new();
    while let Some(record) = reader.next_record()? {
        match bar_of(&record, places) {
            Ok((bar, is_short)) => {
                if is_short {
                    short_codes.insert(bar.symbol);
                }
                found.bars.push(bar);
            }
            Err(reason) => found.rejected.push((record.line(), reason)),
        }
    }
    found.bars.sort_by_key(|bar| (bar.date, bar.symbol));
    let units = original_defects::convert(&mut found.bars);
    found.defects = units.into_iter().chain(original_defects::layout(&header, &short_codes, &found)).collect();
    Ok(found)
}

fn bar_of(record: &DelimitedRecord<'_>, places: [usize; 8]) -> Result<(DailyBar, bool), String> {
    let text = |place: usize| String::from_utf8_lossy(unquoted(record.field(place))).trim().to_owned();
    let number = |place: usize, column: &str| {
        let text = text(place);
        text.parse::<f64>()
            .ok()
            .filter(|value| value.is_finite())
            .ok_or_else(|| format!("{column} '{text}' is no number"))
    };
    let [date, code, open, high, low, close, volume, amount] = places;
    let date = date_of(&text(date)).ok_or_else(|| format!("trade_date '{}' is no date", text(date)))?;
    if !matches!(Calendar::builtin().is_session(date), Ok(true)) {
        return Err(format!("{date} is no trading session"));
    }
    let (symbol, is_short) = symbol_of(&text(code)).ok_or_else(|| format!("code '{}' is no A share", text(code)))?;
    let lots = number(volume, "volume")?;
    let bar = DailyBar {
        date,
        symbol,
        open: number(open, "open")?,
        high: number(high, "high")?,
        low: number(low, "low")?,
        close: number(close, "close")?,
        volume: Some(lots as i64),
        amount: Some(number(amount, "amount")?),
        preclose: None,
        adj_factor: f64::NAN,
        suspended: lots <= 0.0,
        source: "original".into(),
    };
    Ok((bar, is_short))
}

/// Reads `2025-01-02`, `20250102`, and either with a time behind it.
fn date_of(text: &str) -> Option<Date> {
    let day = text.split([' ', 'T']).next()?;
    day.parse().ok().or_else(|| Date::strptime("%Y%m%d", day).ok())
}

/// Reads a code with or without its zeros, and with or without its exchange.
fn symbol_of(text: &str) -> Option<(Symbol, bool)> {
    if let Ok(symbol) = text.parse() {
        return Some((symbol, false));
    }
    let digits = text.split_once('.').map_or(text, |(whole, _)| whole);
    let code: u32 = digits.parse().ok()?;
    let exchange = match code {
        430_000..=439_999 | 830_000..=889_999 | 920_000..=929_999 => Exchange::Bj,
        600_000..=699_999 => Exchange::Sh,
        0..=309_999 => Exchange::Sz,
        _ => return None,
    };
    Symbol::new(code, exchange).ok().map(|symbol| (symbol, digits.len() < 6))
}

#[cfg(test)]
mod tests {
    use super::read_original;
    use crate::{durable, exit::Failure};

    fn read(text: &str) -> Result<super::OriginalDaily, crate::source::SourceError> {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("daily.csv");
        durable::replace(&path, text).expect("written");
        read_original(&path)
    }

    const HEADER: &str = "trade_date,code,name,open,high,low,close,volume,amount\n";

    #[test]
    fn layout_is_read_and_its_defects_are_named() {
        let lines = "20250102,1,PAB,11.73,11.77,11.39,11.43,1819597,2102923078.44\n\
                     2025-01-02,600519,X,1,1,1,1,0,0\n2025-01-04,1,PAB,1,1,1,1,1,1\n2025-01-03,1,PAB,x,1,1,1,1,1\n";
        let found = read(&format!("{HEADER}{lines}")).expect("read");
        let symbols: Vec<String> = found.bars.iter().map(|bar| bar.symbol.to_string()).collect();
        assert_eq!(symbols, ["000001.SZ", "600519.SH"]);
        assert_eq!((found.bars[0].volume, found.bars[0].preclose), (Some(181_959_700), None));
        assert!(found.bars[1].suspended);
        let reasons: Vec<&str> = found.rejected.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(reasons, ["2025-01-04 is no trading session", "open 'x' is no number"]);
        let said = found.defects.join("; ");
        for words in
            ["lots of 100", "leading zeros", "no reference price", "no adjustment factor", "2 lines", "line 4: "]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
    }

    #[test]
    fn units_are_told_by_the_turnover() {
        // Volume, turnover and close of one bar; what is said and the volume and turnover that follow.
        let cases = [
            ("1000,1005000", "volume is in lots of 100", (100_000, 1_005_000.0)),
            ("100000,1005000", "volume is in shares", (100_000, 1_005_000.0)),
            ("1000,1005", "amount is in thousands of CNY", (100_000, 1_005_000.0)),
            ("100000,1005", "amount is in thousands of CNY", (100_000, 1_005_000.0)),
            ("1000,40000", "tells no unit", (100_000, 40_000.0)),
        ];
        for (values, words, expected) in cases {
            let found = read(&format!("{HEADER}20250102,1,PAB,10.1,10.2,10,10.05,{values}\n")).expect("read");
            let said = found.defects.join("; ");
            assert!(said.contains(words), "{values}: {said}");
            assert_eq!((found.bars[0].volume, found.bars[0].amount), (Some(expected.0), Some(expected.1)), "{values}");
        }
    }

    #[test]
    fn doubles_and_missing_sessions_are_named() {
        let bar = |date: &str, close: &str| format!("{date},1,PAB,10.1,10.2,10,{close},1000,1005000\n");
        let lines = [("20250102", "10.05"), ("20250103", "10.05"), ("20250103", "10.05"), ("20250108", "10.05")];
        let mut text = lines.iter().fold(HEADER.to_owned(), |text, (date, close)| text + &bar(date, close));
        text.push_str(&bar("20250108", "10.06"));
        let said = read(&text).expect("read").defects.join("; ");
        for words in [
            "1 bars are there twice with the same values: 000001.SZ on 2025-01-03",
            "1 bars are there twice with other values, the first is taken: 000001.SZ on 2025-01-08",
            "000001.SZ has no bar on 2 sessions from 2025-01-02 to 2025-01-08: 2025-01-06, 2025-01-07",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }

    #[test]
    fn other_layouts_are_refused() {
        let error = read("date,symbol\n").expect_err("refused");
        assert_eq!(error.exit(), crate::exit::Exit::DataRefused, "{error}");
        assert!(error.to_string().contains("missing: trade_date, code"), "{error}");
    }
}
