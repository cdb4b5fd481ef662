//! What the ledger of a storm asks of a bar: that each fill's price was to be had, that each refusal's reason
//! is true, and that no order slept through a bar that could have filled it.

use super::{
    super::lighthunter::{
        market::Side,
        trading::{
            Bar, Fen, Reject, SymbolDay,
            broker::{Execution, OrderKind, OrderStatus, Refusal, TimeInForce, Venue},
        },
    },
    ledger::Ledger,
    rules::{at_limit, hundred, whole},
};

impl Ledger {
    /// A fill's price is one that the bar gave to this order.
    pub(super) fn check_market(&mut self, place: usize, change: &Execution, bar: &Bar, day: &SymbolDay) {
        let request = &self.orders[place].request;
        let closing = request.venue == Venue::ClosingCall;
        let first = if closing { bar.close } else { bar.open };
        let within = match (request.kind, request.side) {
            (OrderKind::Market, _) => change.price == first,
            (OrderKind::Limit(limit), Side::Buy) => {
                change.price <= limit && (change.price == first || (!closing && change.price == limit && first > limit))
            }
            (OrderKind::Limit(limit), Side::Sell) => {
                change.price >= limit && (change.price == first || (!closing && change.price == limit && first < limit))
            }
        };
        let at_limit = at_limit(request.side, change.price, day);
        let fair = within
            && !at_limit
            && (bar.low..=bar.high).contains(&change.price)
            && !day.suspended
            && request.at < bar.end
            && (!closing || bar.closes);
        let what = format!("{change:?} of {request:?} in {bar:?}, {day:?}");
        self.demand(fair, || what);
    }

    /// A refusal's reason is true.
    pub(super) fn check_reason(&mut self, place: usize, change: &Execution, bar: &Bar, day: &SymbolDay) {
        let order = &self.orders[place];
        let request = &order.request;
        let (_, sellable) = self.held(&request.account_id, request.symbol);
        let cash = self.cash.get(&*request.account_id).copied().unwrap_or_default();
        let wanted = if order.filled > 0 {
            order.wanted - order.filled
        } else {
            whole(request.symbol.board(), request.side, request.shares, sellable)
        };
        let once = request.time_in_force != TimeInForce::Day;
        let off = |limit: Fen| day.band.is_some_and(|band| limit > hundred(band.up) || limit < hundred(band.down));
        let sale = request.side == Side::Sell;
        let fair = match change.reason {
            Some(Refusal::InvalidPrice) => matches!(request.kind, OrderKind::Limit(limit) if off(limit)),
            Some(Refusal::NotAtOnce) => once,
            Some(Refusal::Rule(rule)) => match rule {
                Reject::BelowLot => wanted == 0,
                Reject::NotSellable => sale && wanted > sellable,
                // A sale can cost more than it brings.
                Reject::NotEnoughCash if sale => cash < 600,
                Reject::NotEnoughCash => {
                    i128::from(wanted) * i128::from(bar.high) + i128::from(wanted) + 500 > i128::from(cash)
                }
                Reject::LimitUp => once && !sale,
                Reject::LimitDown => once && sale,
                Reject::Suspended => once && day.suspended,
                Reject::NoVolume | Reject::NoPrice | Reject::NotPositive => false,
            },
            _ => false,
        };
        let refused = order.filled == 0 && !matches!(change.reason, Some(Refusal::NotAtOnce)) && !once;
        let status = if refused { OrderStatus::Rejected } else { change.status };
        let fair = fair && status == change.status && (order.filled == 0 || change.status == OrderStatus::Cancelled);
        let what = format!("{change:?} of {request:?}: {wanted} wanted, {sellable} sellable, {cash} fen, {day:?}");
        self.demand(fair, || what);
    }

    /// An order that a bar could have filled did not sleep through it.
    pub(super) fn check_still(&mut self, bar: &Bar, day: &SymbolDay, taken: i64) {
        let mut places = self.open.remove(&bar.symbol).unwrap_or_default();
        places.retain(|place| !self.orders[*place].done);
        let room = bar.volume.unwrap_or(0) / 4 - taken;
        for place in &places {
            let order = &mut self.orders[*place];
            let moved = std::mem::take(&mut order.moved);
            let request = &order.request;
            let (first, may) = match request.venue {
                Venue::Any => (bar.open, true),
                Venue::ClosingCall => (bar.close, bar.closes),
            };
            let reached = match (request.kind, request.side) {
                (OrderKind::Market, _) => true,
                (OrderKind::Limit(limit), Side::Buy) => first <= limit,
                (OrderKind::Limit(limit), Side::Sell) => first >= limit,
            };
            let met = may && request.at < bar.end;
            let fillable = met && reached && !day.suspended && !at_limit(request.side, first, day);
            let asleep = fillable && !moved && room >= 200 && room >= order.wanted - order.filled;
            let overstayed = met && request.time_in_force != TimeInForce::Day;
            if asleep || overstayed {
                let what = format!("{request:?} slept through {bar:?}, {day:?} with room for {room}");
                self.violation(|| what);
            }
        }
        self.open.insert(bar.symbol, places);
    }
}
