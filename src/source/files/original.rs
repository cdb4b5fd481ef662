//! The original system's daily files: `trade_date, code, name, open, high, low, close, volume, amount`, the code a
//! whole number without its leading zeros, the volume in lots. Reads them into bars and names every defect on the
//! way; whether the prices are raw is not judged here.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;

use crate::{
    market::{Calendar, DailyBar, Exchange, Symbol},
    source::SourceError,
    store::{DelimitedLimits, DelimitedReader, DelimitedRecord, unquoted},
};

/// The columns that are read; others are named and left.
const COLUMNS: [&str; 8] = ["trade_date", "code", "open", "high", "low", "close", "volume", "amount"];

/// Shares of a lot.
const LOT: f64 = 100.0;

/// What an original daily file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OriginalDaily {
    /// Its bars, by date, then symbol: volumes in shares, no reference price, no factor.
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
    found.defects = defects(&header, &short_codes, &found);
    found.bars.iter_mut().for_each(|bar| bar.volume = bar.volume.map(|volume| volume * LOT as i64));
    Ok(found)
}

fn defects(header: &[String], short_codes: &BTreeSet<Symbol>, found: &OriginalDaily) -> Vec<String> {
    let mut defects = vec!["volume is in lots of 100 shares: taken times 100".to_owned()];
    if !short_codes.is_empty() {
        let shown: Vec<String> = short_codes.iter().take(3).map(ToString::to_string).collect();
        defects.push(format!("code is a whole number without leading zeros or exchange: read as {}", shown.join(", ")));
    } else if !found.bars.is_empty() {
        defects.push("code has no exchange: read from its first digits".to_owned());
    }
    let has = |column: &str| header.iter().any(|name| name.eq_ignore_ascii_case(column));
    if !has("preclose") && !has("pre_close") {
        defects.push("there is no reference price: ex dates cannot be seen in the file itself".to_owned());
    }
    if !has("adj_factor") && !has("factor") {
        defects.push("there is no adjustment factor".to_owned());
    }
    if !found.rejected.is_empty() {
        defects.push(format!("{} lines are no bars", found.rejected.len()));
    }
    let twice = found.bars.windows(2).filter(|pair| matches!(pair, [a, b] if (a.date, a.symbol) == (b.date, b.symbol)));
    let twice = twice.count();
    if twice > 0 {
        defects.push(format!("{twice} bars are there twice"));
    }
    defects
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
        for words in ["lots of 100", "leading zeros", "no reference price", "no adjustment factor", "2 lines"] {
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
