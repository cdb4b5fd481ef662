//! What a backtest found, with all that it could not do said beside it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::BacktestParams;
use crate::{
    digest::{Digest, Hasher},
    market::Side,
    text::Note,
    trading::{Fen, Fill},
};

/// One session of the equity curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EquityDay {
    /// The session.
    pub date: Date,
    /// Cash plus positions at the session's close, the last close for those that did not trade; fen.
    pub nav: Fen,
    /// Cash, fen.
    pub cash: Fen,
    /// Return over the session before; over the initial cash on the first.
    pub ret: f64,
    /// Half of what was bought and sold over the value of the session before.
    pub turnover: f64,
}

/// The result of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestResult {
    /// The settings.
    pub params: BacktestParams,
    /// One entry a session.
    pub equity: Vec<EquityDay>,
    /// The fills in order.
    pub trades: Vec<Fill>,
    /// Orders that risk or the broker refused, or that ended unfilled, by the word of the reason.
    pub rejects: BTreeMap<String, usize>,
    /// Orders that filled in part, by the word of what kept the rest.
    pub cut: BTreeMap<String, usize>,
    /// Wishes of strategies that a limit of the portfolio cut, by the limit's name.
    pub limited: BTreeMap<String, usize>,
    /// Dividends received, fen, and cash in lieu of actions that the input does not have.
    pub dividends: Fen,
    /// What a reader must know to trust the numbers: too few names, stale prices, inferred dividends.
    pub notes: Vec<Note>,
    /// Digest of all of the above.
    pub digest: Digest,
}

impl BacktestResult {
    /// Returns the daily returns, the first session's included.
    #[must_use]
    pub fn daily_returns(&self) -> Vec<f64> {
        self.equity.iter().map(|day| day.ret).collect()
    }

    /// Returns the turnover of each session.
    #[must_use]
    pub fn turnover(&self) -> Vec<f64> {
        self.equity.iter().map(|day| day.turnover).collect()
    }

    /// Returns the digest of a result whose `digest` is not set yet.
    pub(super) fn digested(mut self) -> Self {
        let mut hasher = Hasher::new("backtest");
        // Struct fields serialise in their order, so equal settings give equal bytes.
        hasher.text(&serde_json::to_string(&self.params).unwrap_or_default());
        hasher.int(self.equity.len() as i64);
        for day in &self.equity {
            hasher.text(&day.date.to_string()).int(day.nav).int(day.cash).float(day.ret).float(day.turnover);
        }
        hasher.int(self.trades.len() as i64);
        // Fills of a session stand together: its date is written once.
        let mut written: Option<(Date, String)> = None;
        for fill in &self.trades {
            if written.as_ref().is_none_or(|(date, _)| *date != fill.date) {
                written = Some((fill.date, fill.date.to_string()));
            }
            let date = written.as_ref().map_or("", |(_, text)| text);
            hasher.text(date).bytes(&fill.symbol.bytes());
            hasher.int(i64::from(fill.side == Side::Buy)).int(fill.wanted).int(fill.shares).int(fill.price);
            hasher.int(fill.charges.total());
        }
        for counts in [&self.rejects, &self.cut, &self.limited] {
            hasher.int(counts.len() as i64);
            for (reason, count) in counts {
                hasher.text(reason).int(*count as i64);
            }
        }
        hasher.int(self.dividends);
        for note in &self.notes {
            hasher.text(note);
        }
        self.digest = hasher.finish();
        self
    }
}
