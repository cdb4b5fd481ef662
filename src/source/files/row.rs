//! Rows of the input tables: read from delimited text, and what a single row must satisfy whatever form
//! it came in. Knows no file and no neighbour of the row.

use jiff::civil::Time;

use super::field::{FieldParser, flag, number, optional_number, optional_whole, symbol};
use crate::{
    market::{Calendar, CorporateAction, DailyBar, IndexBar, MinuteBar, SecurityEvent, SecurityStatus},
    store::{DelimitedRecord, Row},
};

/// Why a bar of zeros is not imported: a price of zero is no price. Sources put such bars where a symbol
/// was suspended; a day without intraday bars says the same.
pub(super) const ZERO_BAR: &str = "suspended: prices and volume are all zero, so the bar holds no price";

/// The fields of one record in the order of the table's columns.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) record: DelimitedRecord<'a>,
    /// Where each column of the table stands in the record.
    pub(super) positions: &'a [usize],
}

impl<'a> Fields<'a> {
    fn at(&self, column: usize) -> &'a [u8] {
        self.positions.get(column).map_or(&[], |position| self.record.field(*position))
    }

    fn prices(&self, first: usize) -> Result<[f64; 4], String> {
        Ok([
            number("open", self.at(first))?,
            number("high", self.at(first + 1))?,
            number("low", self.at(first + 2))?,
            number("close", self.at(first + 3))?,
        ])
    }
}

/// What tells the units of a bar: all three positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct UnitSample {
    /// Last price.
    pub(super) close: f64,
    /// Volume, where known.
    pub(super) volume: Option<f64>,
    /// Turnover, where known.
    pub(super) amount: Option<f64>,
}

/// A row that files bring in.
pub(super) trait InputRow: Row {
    /// Reads a record whose fields stand in the order of [`Row::schema`].
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String>;

    /// Says what is impossible in the row.
    fn check(&self) -> Result<(), String>;

    /// Returns the columns that a file may lack: their values then are missing in every row.
    fn optional_columns() -> &'static [&'static str] {
        &[]
    }

    /// Says whether the row's date must be a trading session.
    fn needs_session() -> bool {
        true
    }

    /// Returns what tells the units of the row; none where nothing does.
    fn unit_sample(&self) -> Option<UnitSample> {
        None
    }
}

impl InputRow for DailyBar {
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String> {
        let date = parser.date("date", fields.at(0))?;
        let symbol = symbol("symbol", fields.at(1))?;
        let [open, high, low, close] = fields.prices(2)?;
        Ok(Self {
            date,
            symbol,
            open,
            high,
            low,
            close,
            volume: optional_whole("volume", fields.at(6))?,
            amount: optional_number("amount", fields.at(7))?,
            preclose: optional_number("preclose", fields.at(8))?,
            adj_factor: optional_number("adj_factor", fields.at(9))?.unwrap_or(f64::NAN),
            suspended: flag("suspended", fields.at(10))?,
            source: parser.shared(fields.at(11)),
        })
    }

    fn check(&self) -> Result<(), String> {
        check_prices([self.open, self.high, self.low, self.close], self.volume)?;
        check_sizes(self.volume, self.amount)?;
        match self.preclose {
            Some(preclose) if preclose <= 0.0 => Err(format!("preclose {preclose} is not positive")),
            _ if self.adj_factor <= 0.0 => Err(format!("adj_factor {} is not positive", self.adj_factor)),
            _ => Ok(()),
        }
    }

    fn optional_columns() -> &'static [&'static str] {
        // It follows from closes, references and corporate actions.
        &["adj_factor"]
    }

    fn unit_sample(&self) -> Option<UnitSample> {
        Some(sample(self.close, self.volume, self.amount))
    }
}

impl InputRow for MinuteBar {
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String> {
        let ts = parser.datetime("ts", fields.at(0))?;
        let symbol = symbol("symbol", fields.at(1))?;
        let [open, high, low, close] = fields.prices(2)?;
        Ok(Self {
            ts,
            symbol,
            open,
            high,
            low,
            close,
            volume: optional_whole("volume", fields.at(6))?,
            amount: optional_number("amount", fields.at(7))?,
            source: parser.shared(fields.at(8)),
        })
    }

    fn check(&self) -> Result<(), String> {
        // From the end of the opening call to the end of the after-hours session.
        let (first, last) = (Time::constant(9, 25, 0, 0), Time::constant(15, 30, 0, 0));
        let time = self.ts.time();
        if time < first || time > last {
            return Err(format!("ts {} is outside the trading hours {first} to {last}", self.ts));
        }
        check_prices([self.open, self.high, self.low, self.close], self.volume)?;
        check_sizes(self.volume, self.amount)
    }

    fn unit_sample(&self) -> Option<UnitSample> {
        Some(sample(self.close, self.volume, self.amount))
    }
}

impl InputRow for IndexBar {
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String> {
        let date = parser.date("date", fields.at(0))?;
        let symbol = symbol("symbol", fields.at(1))?;
        let [open, high, low, close] = fields.prices(2)?;
        Ok(Self { date, symbol, open, high, low, close, volume: optional_whole("volume", fields.at(6))? })
    }

    fn check(&self) -> Result<(), String> {
        check_prices([self.open, self.high, self.low, self.close], self.volume)?;
        check_sizes(self.volume, None)
    }
}

impl InputRow for CorporateAction {
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String> {
        Ok(Self {
            symbol: symbol("symbol", fields.at(0))?,
            ex_date: parser.date("ex_date", fields.at(1))?,
            cash_per_10: number("cash_per_10", fields.at(2))?,
            bonus_per_10: number("bonus_per_10", fields.at(3))?,
            rights_per_10: number("rights_per_10", fields.at(4))?,
            rights_price: number("rights_price", fields.at(5))?,
        })
    }

    fn check(&self) -> Result<(), String> {
        let amounts = [
            ("cash_per_10", self.cash_per_10),
            ("bonus_per_10", self.bonus_per_10),
            ("rights_per_10", self.rights_per_10),
            ("rights_price", self.rights_price),
        ];
        match amounts.iter().find(|(_, value)| *value < 0.0) {
            Some((name, value)) => Err(format!("{name} {value} is negative")),
            None => Ok(()),
        }
    }
}

impl InputRow for SecurityEvent {
    fn parse_text(parser: &mut FieldParser, fields: Fields<'_>) -> Result<Self, String> {
        Ok(Self {
            date: parser.date("date", fields.at(0))?,
            symbol: symbol("symbol", fields.at(1))?,
            status: parser.shared(fields.at(2)).parse().map_err(|error| format!("{error}"))?,
            name: parser.shared(fields.at(3)),
        })
    }

    fn check(&self) -> Result<(), String> {
        // Sessions are counted from a listing, so it must be one.
        let is_listing = self.status == SecurityStatus::Listed;
        if is_listing && !Calendar::builtin().is_session(self.date).unwrap_or(false) {
            return Err(format!("{} is listed on {}, which is not a trading session", self.symbol, self.date));
        }
        Ok(())
    }

    /// A status announced over a weekend holds from the next session on.
    fn needs_session() -> bool {
        false
    }
}

/// The order of the four prices is the guardian's to judge, except that no range runs backwards.
fn check_prices(prices: [f64; 4], volume: Option<i64>) -> Result<(), String> {
    let [_, high, low, _] = prices;
    if prices == [0.0; 4] && volume.unwrap_or(0) == 0 {
        return Err(ZERO_BAR.to_owned());
    }
    for (name, price) in ["open", "high", "low", "close"].into_iter().zip(prices) {
        if price <= 0.0 {
            return Err(format!("{name} {price} is not positive"));
        }
    }
    if high < low { Err(format!("high {high} is below low {low}")) } else { Ok(()) }
}

fn check_sizes(volume: Option<i64>, amount: Option<f64>) -> Result<(), String> {
    match (volume, amount) {
        (Some(volume), _) if volume < 0 => Err(format!("volume {volume} is negative")),
        (_, Some(amount)) if amount < 0.0 => Err(format!("amount {amount} is negative")),
        _ => Ok(()),
    }
}

fn sample(close: f64, volume: Option<i64>, amount: Option<f64>) -> UnitSample {
    let volume = volume.filter(|volume| *volume > 0).map(|volume| volume as f64);
    UnitSample { close, volume, amount: amount.filter(|amount| *amount > 0.0) }
}
