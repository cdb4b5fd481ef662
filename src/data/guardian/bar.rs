//! One bar by itself, and beside the one before it.

use super::{FieldBounds, Finding, Rule, Severity, TABLE, series::is_same};
use crate::{
    data::actions::is_moved,
    market::{DailyBar, Field},
};

/// Shares of a lot: what a volume in lots was rounded by at most.
const LOT: f64 = 100.0;

/// What rounding a price to a tick moves it by at most, CNY.
const HALF_TICK: f64 = 0.005;

/// A mean price this share beyond the day's range is no rounding any more.
const AVERAGE_TOLERANCE: f64 = 0.01;

/// Mean price / price of the day, and the mistake that it shows.
const AVERAGE_UNITS: [(f64, &str); 4] = [
    (100.0, ": the volume looks like lots of 100 shares"),
    (0.01, ": the prices look like cents, or the volume was multiplied by 100 twice"),
    (0.001, ": the amount looks like thousands of CNY"),
    (0.0001, ": the amount looks like units of 10,000 CNY"),
];

/// One bar and what is found about it.
pub(super) struct BarCase<'a> {
    pub(super) bar: &'a DailyBar,
    pub(super) findings: Vec<Finding>,
    /// What this bar shows of the one before it.
    pub(super) of_previous: Vec<Finding>,
}

impl BarCase<'_> {
    pub(super) fn add(
        &mut self,
        rule: Rule,
        field: &'static str,
        value: Option<f64>,
        message: String,
        severity: Severity,
    ) {
        let (date, symbol) = (self.bar.date, Some(self.bar.symbol));
        self.findings.push(Finding { date, symbol, rule, field, table: TABLE, value, message, severity });
    }

    pub(super) fn hard(&mut self, rule: Rule, field: &'static str, value: Option<f64>, message: String) {
        self.add(rule, field, value, message, Severity::Hard);
    }

    pub(super) fn soft(&mut self, rule: Rule, field: &'static str, value: Option<f64>, message: String) {
        self.add(rule, field, value, message, Severity::Soft);
    }

    /// Says whether the prices, reference and factor are numbers at all.
    pub(super) fn numbers(&mut self) -> bool {
        let bar = self.bar;
        let fields = [
            ("open", Some(bar.open)),
            ("high", Some(bar.high)),
            ("low", Some(bar.low)),
            ("close", Some(bar.close)),
            ("preclose", bar.preclose),
            ("adj_factor", Some(bar.adj_factor)),
        ];
        for (field, value) in fields {
            if let Some(value) = value.filter(|value| !value.is_finite() || *value <= 0.0) {
                self.hard(Rule::InvalidNumber, field, Some(value), format!("{field} {value} is not a positive number"));
            }
        }
        if let Some(amount) = bar.amount.filter(|amount| !amount.is_finite() || *amount < 0.0) {
            self.hard(
                Rule::InvalidNumber,
                "amount",
                Some(amount),
                format!("amount {amount} is not a number from 0 on"),
            );
        }
        self.findings.is_empty()
    }

    pub(super) fn ohlc_order(&mut self) {
        let DailyBar { open, high, low, close, .. } = *self.bar;
        let range = low..=high;
        let outside = [("open", open), ("close", close)].into_iter().find(|(_, price)| !range.contains(price));
        if high < low {
            self.hard(Rule::OhlcOrder, "high", Some(high), format!("high {high} is below low {low}"));
        } else if let Some((field, price)) = outside {
            self.hard(
                Rule::OhlcOrder,
                field,
                Some(price),
                format!("{field} {price} is outside low {low} to high {high}"),
            );
        }
    }

    pub(super) fn volume(&mut self) {
        let bar = self.bar;
        let message = match (bar.suspended, bar.volume) {
            (false, None) => "the volume of a session that traded is missing".to_owned(),
            (false, Some(volume)) if volume <= 0 => format!("the volume of a session that traded is {volume}"),
            (true, Some(volume)) if volume != 0 => format!("the volume of a suspended session is {volume}"),
            (true, _) => match self.trade_while_suspended() {
                Some(message) => message,
                None => return,
            },
            _ => return,
        };
        self.hard(Rule::Volume, "volume", bar.volume.map(|volume| volume as f64), message);
    }

    pub(super) fn stale(&mut self, same_sessions: usize, sessions_max: usize) {
        if same_sessions >= sessions_max.max(2) {
            let message = format!("the same four prices for {same_sessions} sessions that traded");
            self.hard(Rule::Stale, "close", Some(self.bar.close), message);
        }
    }

    /// Says what shows that a session without volume traded: its prices differ, or are not the last close.
    fn trade_while_suspended(&self) -> Option<String> {
        let DailyBar { open, high, low, close, preclose, .. } = *self.bar;
        if low != high || open != close {
            return Some(format!("prices of {low} to {high} on a session without volume"));
        }
        let before = preclose.filter(|preclose| is_moved(*preclose, close))?;
        Some(format!("closes at {close} beside a reference of {before} on a session without volume"))
    }

    /// Holds the values against the bounds that the config sets.
    pub(super) fn bounds(&mut self, bounds: &[FieldBounds; Field::ALL.len()]) {
        let bar = self.bar;
        let values = [
            ("open", Some(bar.open)),
            ("high", Some(bar.high)),
            ("low", Some(bar.low)),
            ("close", Some(bar.close)),
            ("volume", bar.volume.map(|volume| volume as f64)),
            ("amount", bar.amount),
            ("preclose", bar.preclose),
            ("adj_factor", Some(bar.adj_factor)),
        ];
        for ((field, value), bounds) in values.into_iter().zip(bounds) {
            let Some(value) = value else { continue };
            if let Some(words) = bounds.broken_by(value) {
                let message = format!("{field} {value} is not {words}, as config/data_schema.json asks");
                self.hard(Rule::OutOfBounds, field, Some(value), message);
            }
        }
    }

    /// Turnover / volume is the mean price of the day, so that it lies between low and high. A volume that was
    /// cut to lots, or rounded to them, moves it by less than a lot's share.
    pub(super) fn average_price(&mut self) {
        let DailyBar { high, low, volume, amount, suspended, .. } = *self.bar;
        let (Some(volume), Some(amount)) = (volume.filter(|volume| *volume > 0), amount) else { return };
        // Without turnover there is nothing to divide, unless something traded.
        if suspended {
            return;
        }
        let average = amount / volume as f64;
        let rounding = average * (LOT / volume as f64) + HALF_TICK;
        let (floor, ceiling) = (low - rounding, high + rounding);
        if (floor..=ceiling).contains(&average) {
            return;
        }
        let excess = (average / ceiling).max(floor / average);
        let near =
            AVERAGE_UNITS.iter().find(|(factor, _)| (0.8..1.25).contains(&(average / (low + high) * 2.0 / factor)));
        let looks = near.map_or("", |(_, looks)| *looks);
        let message = format!("amount / volume is {average:.4}, outside low {low} to high {high}{looks}");
        let severity = if excess > 1.0 + AVERAGE_TOLERANCE || average <= 0.0 { Severity::Hard } else { Severity::Soft };
        let field = near.map_or("amount", |(factor, _)| if *factor == 100.0 { "volume" } else { "amount" });
        self.add(Rule::AveragePrice, field, Some(average), message, severity);
    }

    /// A session that has the prices and the volume of the one before it was delivered twice.
    pub(super) fn repeated(&mut self, previous: Option<&DailyBar>) {
        let Some(previous) = previous.filter(|previous| is_same(previous, self.bar)) else { return };
        if self.bar.volume.is_some_and(|volume| volume > 0) && previous.volume == self.bar.volume {
            let message = format!("the prices and the volume of {} again", previous.date);
            self.hard(Rule::Repeated, "close", Some(self.bar.close), message);
        }
    }

    /// Prices that no order could have. Said only where nothing else is wrong with the bar: what is multiplied
    /// by mistake leaves the limits as well.
    pub(super) fn off_tick(&mut self) {
        if !self.findings.is_empty() {
            return;
        }
        let DailyBar { open, high, low, close, .. } = *self.bar;
        let prices = [("open", open), ("high", high), ("low", low), ("close", close)];
        let off = prices.into_iter().find(|(_, price)| (price * 100.0 - (price * 100.0).round()).abs() > 1e-4);
        if let Some((field, price)) = off {
            let message = format!("{field} {price} is no multiple of 0.01: it was adjusted, averaged or rescaled");
            self.hard(Rule::OffTick, field, Some(price), message);
        }
    }

    /// Blames the bar before: today's reference is its open.
    pub(super) fn swapped_before(&mut self, previous: &DailyBar, preclose: f64) {
        self.of_previous.push(Finding {
            date: previous.date,
            symbol: Some(previous.symbol),
            rule: Rule::SwappedColumns,
            field: "close",
            table: TABLE,
            value: Some(previous.close),
            message: format!("the next reference is {preclose}, its open: open and close are swapped"),
            severity: Severity::Hard,
        });
    }
}
