//! Events of trading as messages of the bus. What the bus does or fails to do never changes the run: a
//! message that cannot be sent is counted, and the run says so at its end.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use jiff::{Timestamp, civil::DateTime};

use super::COMPONENT;
use crate::{
    bus::{
        AccountNavEvent, AccountPositionEvent, AlertLevel, Bus, BusError, BusEvent, Direction as WireDirection,
        ErrorEvent, ExecutionEvent, Extra, MarketBar1mEvent, OrderEvent, OrderType, Publisher, RiskAlertEvent,
        SignalEvent, TimeInForce as WireTime,
    },
    clock::shanghai_zone,
    exit::Failure,
    market::{Interval, Symbol, tick::cny},
    ops::metrics::LEVEL_COUNTED,
    trading::{
        Bar, Direction, Event, EventSink, Fen, Mark, Name, Signal,
        broker::{Execution, OrderKind, OrderRequest, Refusal, TimeInForce},
        risk::{AlertKind, RiskAlert, RiskLevel},
    },
};

/// How long is waited for subscriptions to settle before the first event.
const SETTLE: Duration = Duration::from_millis(400);
/// How long slow subscribers get at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// A run's way onto the bus.
pub(super) struct Wire {
    bus: Bus,
    publisher: Publisher,
    /// What the messages say beside the events: model and job of the scores, length of the bars.
    model_id: Option<String>,
    job: String,
    interval: Interval,
    refused: u64,
    last_error: Option<BusError>,
}

/// What the bus did in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct BusUse {
    /// Messages handed to the bus.
    pub published: u64,
    /// Messages that the bus did not take; subscribers see the gap.
    pub dropped: u64,
    /// Whether this run hosted the forwarder.
    pub hosted: bool,
    /// What was wrong with the bus, in words.
    pub error: Option<String>,
}

impl Wire {
    /// Takes a bus that was joined and waits for its subscribers to settle.
    pub(super) fn open(
        bus: Bus,
        component: &str,
        job: &str,
        model_id: Option<String>,
        interval: Interval,
    ) -> Result<Self, BusError> {
        let publisher = bus.publisher(component)?;
        let heard = publisher.wait_for_subscribers(SETTLE);
        if !heard {
            tracing::info!(component, "nobody listens on the event bus; the ledger has every event all the same");
        }
        Ok(Self { bus, publisher, model_id, job: job.to_owned(), interval, refused: 0, last_error: None })
    }

    /// Says goodbye, and returns what the bus did.
    pub(super) fn close(self) -> BusUse {
        let (hosted, counts) = (self.bus.is_host(), self.publisher.counts());
        let handed = self.publisher.close(FAREWELL);
        self.bus.close(FAREWELL);
        let unsent = (!handed).then(|| "not every message left the queue in time".to_owned());
        let error = self.last_error.map(|error| error.to_string()).or(unsent);
        BusUse { published: counts.published, dropped: counts.dropped.max(self.refused), hosted, error }
    }

    /// Says what ended the run; the run counts it itself.
    pub(super) fn failed(&mut self, failure: &dyn Failure, now: Timestamp) {
        self.send(&ErrorEvent {
            component: COMPONENT.into(),
            message: failure.to_string().into(),
            level: LEVEL_COUNTED.into(),
            ts: now,
        });
    }

    fn send<E: BusEvent>(&mut self, event: &E) {
        if let Err(error) = self.publisher.publish(event) {
            self.refused += 1;
            self.last_error = Some(error);
        }
    }

    fn bar(&mut self, bar: &Bar) {
        let mut payload = Extra::new();
        if self.interval != Interval::M1 {
            payload.insert("interval".into(), format!("{}m", self.interval.minutes()).into());
        }
        let symbol = bar.symbol.to_string();
        self.send(&MarketBar1mEvent {
            source: Cow::Borrowed("simulate"),
            symbol: symbol.as_str().into(),
            trading_date: bar.date(),
            bar_ts: bar.end,
            open: cny(bar.open),
            high: cny(bar.high),
            low: cny(bar.low),
            close: cny(bar.close),
            volume: bar.volume,
            amount: bar.amount,
            payload,
        });
    }

    fn signal(&mut self, signal: &Signal) {
        let symbol = signal.symbol.to_string();
        let (model_id, job_id) = match (signal.horizon, &self.model_id) {
            ("daily", Some(model)) => (model.clone(), Some(self.job.clone())),
            _ => (signal.strategy_id.to_string(), None),
        };
        self.send(&SignalEvent {
            symbol: symbol.as_str().into(),
            ts: instant(signal.at),
            direction: match signal.direction {
                Direction::Buy => WireDirection::Buy,
                Direction::Sell => WireDirection::Sell,
                Direction::Flat => WireDirection::Flat,
            },
            score: signal.score,
            weight: signal.weight,
            strategy_id: Cow::Borrowed(&signal.strategy_id),
            model_id: model_id.into(),
            job_id: job_id.map(Into::into),
            horizon: signal.horizon.into(),
            extra: Extra::new(),
        });
    }

    fn order(&mut self, order: &OrderRequest, price: Option<Fen>) {
        let symbol = order.symbol.to_string();
        let (order_type, limit_price) = match order.kind {
            OrderKind::Market => (OrderType::Market, None),
            OrderKind::Limit(limit) => (OrderType::Limit, Some(cny(limit))),
        };
        let mut extra = Extra::new();
        if let Some(price) = price {
            extra.insert("ref_price".into(), cny(price).into());
        }
        self.send(&OrderEvent {
            symbol: symbol.as_str().into(),
            side: order.side,
            quantity: order.shares.unsigned_abs(),
            order_type,
            limit_price,
            time_in_force: match order.time_in_force {
                TimeInForce::Day => WireTime::Day,
                TimeInForce::Ioc => WireTime::ImmediateOrCancel,
                TimeInForce::Fok => WireTime::FillOrKill,
            },
            account_id: Cow::Borrowed(&order.account_id),
            strategy_id: Cow::Borrowed(&order.strategy_id),
            client_order_id: order.client_order_id.as_str().into(),
            ts: instant(order.at),
            extra,
        });
    }

    fn execution(&mut self, execution: &Execution) {
        let symbol = execution.symbol.to_string();
        let charges = &execution.charges;
        let mut raw = Extra::new();
        for (name, fen) in [
            ("commission", charges.commission),
            ("stamp_duty", charges.stamp_duty),
            ("transfer_fee", charges.transfer_fee),
            ("slippage", charges.slippage),
            ("cash_after", execution.cash_after),
        ] {
            raw.insert(name.into(), cny(fen).into());
        }
        raw.insert("position_after".into(), execution.position_after.into());
        raw.insert("reason".into(), execution.reason.map(Refusal::name).into());
        self.send(&ExecutionEvent {
            order_id: execution.order_id.to_string().into(),
            client_order_id: execution.client_order_id.as_str().into(),
            exec_id: execution.exec_id.to_string().into(),
            symbol: symbol.as_str().into(),
            side: execution.side,
            filled_qty: execution.shares.unsigned_abs(),
            avg_price: cny(execution.price),
            status: execution.status.word().into(),
            account_id: Cow::Borrowed(&execution.account_id),
            strategy_id: Cow::Borrowed(&execution.strategy_id),
            ts: instant(execution.at),
            raw,
        });
    }

    fn alert(&mut self, alert: &RiskAlert) {
        let symbol = alert.symbol.map(|symbol| symbol.to_string());
        self.send(&RiskAlertEvent {
            kind: match alert.kind {
                AlertKind::AccountAlert => "risk.account_alert",
                AlertKind::SymbolAlert => "risk.symbol_alert",
            }
            .into(),
            account_id: Cow::Borrowed(&alert.account_id),
            symbol: symbol.map(Into::into),
            level: match alert.level {
                RiskLevel::Info => AlertLevel::Info,
                RiskLevel::Warning => AlertLevel::Warning,
                RiskLevel::Critical => AlertLevel::Critical,
            },
            score: alert.score,
            message: Cow::Borrowed(&alert.message),
            ts: instant(alert.at),
        });
    }

    fn mark(&mut self, mark: &Mark) {
        self.send(&AccountNavEvent {
            account_id: Cow::Borrowed(&mark.account_id),
            ts: instant(mark.at),
            nav: cny(mark.nav()),
            nav_peak: cny(mark.nav_peak),
            dd_total: mark.dd_total,
            dd_intraday: mark.dd_intraday,
            gross_exposure: mark.gross_exposure(),
            max_single_weight: mark.max_single_weight,
        });
    }

    fn positions(&mut self, account: &Name, at: DateTime, weights: &[(Symbol, f64)]) {
        let positions: BTreeMap<Cow<'_, str>, f64> =
            weights.iter().map(|(symbol, weight)| (symbol.to_string().into(), *weight)).collect();
        self.send(&AccountPositionEvent { account_id: Cow::Borrowed(account), ts: instant(at), positions });
    }
}

impl EventSink for Wire {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Bar(bar) => self.bar(bar),
            Event::Signal(signal) => self.signal(signal),
            Event::Order(order, price) => self.order(order, price),
            Event::Execution(execution) => self.execution(execution),
            Event::Alert(alert) => self.alert(alert),
            Event::Mark(mark) => self.mark(mark),
            Event::Positions(account, at, weights) => self.positions(account, at, weights),
            // Both have an alert or a note of their own.
            Event::Adjusted(_) | Event::Refused(..) => {}
        }
    }
}

/// Returns the instant of a market time.
fn instant(at: DateTime) -> Timestamp {
    at.to_zoned(shanghai_zone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}
