//! Events of the market: bars and snapshots.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

use super::{Extra, civil, finite};
use crate::market::{Interval, MinuteBar};

/// An intraday bar, on topic `market.bar.1m`; a bar of another length says so in `payload.interval`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketBar1mEvent<'a> {
    /// Where the bar came from.
    pub source: Cow<'a, str>,
    /// The symbol, such as `600000.SH`.
    pub symbol: Cow<'a, str>,
    /// The session.
    #[serde(serialize_with = "civil::date")]
    pub trading_date: Date,
    /// The end of the bar, Asia/Shanghai.
    #[serde(serialize_with = "civil::date_time")]
    pub bar_ts: DateTime,
    /// First price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub open: f64,
    /// Highest price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub high: f64,
    /// Lowest price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub low: f64,
    /// Last price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub close: f64,
    /// Shares traded; null where the source does not say.
    pub volume: Option<i64>,
    /// Turnover in CNY; null where the source does not say.
    #[serde(serialize_with = "finite::optional")]
    pub amount: Option<f64>,
    /// What else there is to say: `interval`, in minutes as `5m`, unless it is `1m`.
    #[serde(default)]
    pub payload: Extra,
}

impl<'a> MarketBar1mEvent<'a> {
    /// Makes the event of a bar of this length.
    #[must_use]
    pub fn from_bar(bar: &'a MinuteBar, interval: Interval) -> Self {
        let mut payload = Extra::new();
        if interval != Interval::M1 {
            payload.insert("interval".into(), format!("{}m", interval.minutes()).into());
        }
        Self {
            source: Cow::Borrowed(&bar.source),
            symbol: bar.symbol.to_string().into(),
            trading_date: bar.ts.date(),
            bar_ts: bar.ts,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            amount: bar.amount,
            payload,
        }
    }

    /// Returns the length of the bar, `1m` unless the payload says otherwise.
    #[must_use]
    pub fn interval(&self) -> &str {
        self.payload.get("interval").and_then(serde_json::Value::as_str).unwrap_or("1m")
    }
}

/// A symbol's day so far, on topic `market.snapshot`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotEvent<'a> {
    /// The symbol.
    pub symbol: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// First price of the day, CNY.
    #[serde(serialize_with = "finite::number")]
    pub open: f64,
    /// Highest price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub high: f64,
    /// Lowest price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub low: f64,
    /// Last price, CNY.
    #[serde(serialize_with = "finite::number")]
    pub close: f64,
    /// Shares traded.
    pub volume: i64,
}
