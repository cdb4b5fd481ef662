//! An order that a broker took and that is not done: how far it came, and at what price a bar meets it.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{OrderKind, OrderRequest, OrderStatus, Refusal, TimeInForce, Venue};
use crate::{
    market::{PriceBand, Side, tick::cny},
    trading::{Bar, Fen, Reject, execution::Progress},
};

/// An order in a broker's book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenOrder {
    /// The broker's number of it.
    pub(super) number: u64,
    /// What was asked.
    pub(super) request: OrderRequest,
    /// The place of its account among the broker's; found again when a state is read.
    #[serde(skip)]
    pub(super) account: usize,
    /// When it reaches the market; none where it did when it was sent.
    pub(super) arrives: Option<DateTime>,
    /// Shares wanted in whole lots; 0 until the first fill.
    pub(super) wanted: i64,
    /// Shares filled.
    pub(super) filled: i64,
    /// What they were worth, fen; the order's charges so far follow from it.
    pub(super) value: Fen,
    /// Bars that it met.
    pub(super) meetings: u32,
    /// What last kept it from filling.
    pub(super) kept_by: Option<Reject>,
}

impl OpenOrder {
    /// Takes an order.
    pub(super) const fn new(number: u64, request: OrderRequest, account: usize, arrives: Option<DateTime>) -> Self {
        Self { number, request, account, arrives, wanted: 0, filled: 0, value: 0, meetings: 0, kept_by: None }
    }

    /// Says whether a bar that began at `began` can match it: it was in the market before the bar, and the
    /// bar holds the auction that it waits for. An order made of a bar's close is not older than the bar's
    /// end, so that it meets the next bar at the earliest.
    pub(super) fn meets(&self, bar: &Bar, began: DateTime) -> bool {
        let in_time = self.arrives.map_or(self.request.at < bar.end, |arrives| arrives <= began);
        in_time && (self.request.venue == Venue::Any || bar.closes)
    }

    /// Says whether the limit is no price of a session with this band.
    pub(super) fn is_off(&self, band: Option<PriceBand>) -> bool {
        match (self.request.kind, band) {
            (OrderKind::Limit(limit), Some(band)) => !band.contains(cny(limit)),
            _ => false,
        }
    }

    /// Returns the price at which a bar fills it; none where the bar does not reach the limit.
    ///
    /// The opening and the closing call have one price each. An order that waits in the book before a bar
    /// begins fills at the bar's first price where that is within its limit, else at its limit when the
    /// bar's range reaches it; never at a worse price (LEGACY W22).
    pub(super) fn price_in(&self, bar: &Bar) -> Option<Fen> {
        let first = if self.request.venue == Venue::ClosingCall { bar.close } else { bar.open };
        let OrderKind::Limit(limit) = self.request.kind else { return Some(first) };
        match (self.request.venue, self.request.side) {
            (Venue::ClosingCall, Side::Buy) => (first <= limit).then_some(first),
            (Venue::ClosingCall, Side::Sell) => (first >= limit).then_some(first),
            (Venue::Any, Side::Buy) => (bar.low <= limit).then_some(first.min(limit)),
            (Venue::Any, Side::Sell) => (bar.high >= limit).then_some(first.max(limit)),
        }
    }

    /// Returns how far it came.
    pub(super) const fn progress(&self) -> Progress {
        Progress { wanted: self.wanted, filled: self.filled, value: self.value }
    }

    /// Returns the shares that are still to be had.
    pub(super) const fn left(&self) -> i64 {
        if self.filled > 0 { self.wanted - self.filled } else { self.request.shares }
    }

    /// Says whether it lives on after a match that did not fill it all.
    pub(super) fn lives_on(&self) -> bool {
        self.request.time_in_force == TimeInForce::Day
    }

    /// Returns how an order that a rule ends stands: refused, or cancelled where some was filled.
    pub(super) const fn refused(&self) -> OrderStatus {
        if self.filled == 0 { OrderStatus::Rejected } else { OrderStatus::Cancelled }
    }

    /// Returns why an IOC or FOK order ends at its match.
    pub(super) fn not_at_once(&self) -> Refusal {
        match self.kept_by {
            Some(reject) if self.filled == 0 && reject != Reject::NoVolume => Refusal::Rule(reject),
            _ => Refusal::NotAtOnce,
        }
    }

    /// Returns why the session's end cancels it.
    pub(super) fn at_the_end(&self) -> Refusal {
        self.kept_by.map_or(Refusal::SessionEnded, Refusal::Rule)
    }
}

/// Says whether a refusal may pass within the session.
pub(super) const fn may_pass(reject: Reject) -> bool {
    match reject {
        Reject::Suspended | Reject::NoPrice | Reject::LimitUp | Reject::LimitDown | Reject::NoVolume => true,
        Reject::BelowLot | Reject::NotSellable | Reject::NotEnoughCash | Reject::NotPositive => false,
    }
}
