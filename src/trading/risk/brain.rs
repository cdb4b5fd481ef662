//! The risk brain of one account: checks orders before they are sent, watches net asset value, and trips
//! the kill switch. Changes no order and no account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{
    AlertKind, KillSwitch, Measure, RiskAlert, RiskLevel, RiskLimits, RiskRefusal, RiskScore,
    score::{Measures, drawdown, level_of, share_of},
};
use crate::{
    market::{Side, Symbol, tick::cny},
    trading::{
        Account, Fen, Name,
        broker::{Execution, OrderKind, OrderRequest},
    },
};

/// What is known when an order is checked; amounts in fen.
pub struct RiskView<'a> {
    /// Net asset value at market.
    pub nav: Fen,
    /// The account.
    pub account: &'a Account,
    /// The price of a share now.
    pub price: Fen,
    /// The exchange's reference price; where there is none the price now stands for it.
    pub reference: Option<Fen>,
    /// All positions at market.
    pub gross: Fen,
    /// The position in the order's symbol at market, its open buys included.
    pub position_value: Fen,
    /// All open buys of the account at market.
    pub pending_buy_value: Fen,
}

/// Watches one account.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskBrain {
    account: Name,
    limits: RiskLimits,
    state: State,
}

/// What a restart must bring back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    session: Option<Date>,
    /// Net asset value when the session opened.
    first_nav: Fen,
    nav: Fen,
    peak_intraday: Fen,
    peak_total: Fen,
    gross: Fen,
    largest: Option<(Symbol, Fen)>,
    /// Value traded in the session, buys and sells.
    traded: Fen,
    /// Whether buys are halted until the next session.
    is_halted: bool,
    /// The level that was last told of each measure; absent is info.
    levels: BTreeMap<Measure, RiskLevel>,
    /// What was refused and told in the session: symbol and reason.
    refused: BTreeSet<(Symbol, String)>,
    kill_switch: Option<KillSwitch>,
}

impl RiskBrain {
    /// Starts to watch an account.
    #[must_use]
    pub fn new(account: Name, limits: RiskLimits) -> Self {
        Self { account, limits, state: State::default() }
    }

    /// Starts a session: its peak, its turnover and its halt begin anew. The same session twice (a
    /// restart within it) keeps what it had.
    pub fn open_session(&mut self, date: Date, nav: Fen) {
        let state = &mut self.state;
        state.peak_total = state.peak_total.max(nav);
        if state.session == Some(date) {
            return;
        }
        state.session = Some(date);
        (state.first_nav, state.nav, state.peak_intraday) = (nav, nav, nav);
        (state.traded, state.is_halted) = (0, false);
        state.levels.remove(&Measure::DdIntraday);
        state.refused.clear();
    }

    /// Says whether an order may be sent. A sell of what is held always may.
    ///
    /// # Errors
    /// The first rule that forbids it.
    pub fn check(&self, order: &OrderRequest, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        match order.side {
            Side::Sell => {
                let (shares, held) = (order.shares, view.account.position(order.symbol).shares);
                if shares > held { Err(RiskRefusal::ShortSale { shares, held }) } else { Ok(()) }
            }
            Side::Buy => {
                self.check_permission(order.symbol)?;
                let price = match order.kind {
                    OrderKind::Limit(price) => price,
                    OrderKind::Market => view.price,
                };
                if price <= 0 || view.nav <= 0 {
                    return Err(RiskRefusal::NotJudged { price, nav: view.nav });
                }
                self.check_collar(price, view)?;
                self.check_size(order.shares.saturating_mul(price), view)
            }
        }
    }

    /// Checks what does not depend on the order's size.
    fn check_permission(&self, symbol: Symbol) -> Result<(), RiskRefusal> {
        let limits = &self.limits;
        if let Some(KillSwitch { reason, .. }) = &self.state.kill_switch {
            return Err(RiskRefusal::KillSwitch { reason: reason.clone() });
        }
        if self.state.is_halted {
            return Err(RiskRefusal::DayLoss { limit: limits.max_dd_intraday });
        }
        if limits.blacklist.contains(&symbol) {
            return Err(RiskRefusal::Blacklisted);
        }
        if !limits.whitelist.is_empty() && !limits.whitelist.contains(&symbol) {
            return Err(RiskRefusal::NotWhitelisted);
        }
        Ok(())
    }

    fn check_collar(&self, price: Fen, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        let reference = view.reference.unwrap_or(view.price);
        if reference <= 0 {
            return Err(RiskRefusal::NotJudged { price: reference, nav: view.nav });
        }
        let distance = (price - reference).abs() as f64 / reference as f64;
        let limit = self.limits.price_collar;
        if distance > limit { Err(RiskRefusal::PriceCollar { price, reference, distance, limit }) } else { Ok(()) }
    }

    fn check_size(&self, value: Fen, view: &RiskView<'_>) -> Result<(), RiskRefusal> {
        let limits = &self.limits;
        if value > limits.max_order_value {
            return Err(RiskRefusal::OrderValue { value, limit: limits.max_order_value });
        }
        let share = share_of(view.position_value.saturating_add(value), view.nav);
        if share > limits.concentration_limit {
            return Err(RiskRefusal::Concentration { share, limit: limits.concentration_limit });
        }
        let buys = view.pending_buy_value.saturating_add(value);
        let leverage = share_of(view.gross.saturating_add(buys), view.nav);
        if leverage > limits.max_leverage {
            return Err(RiskRefusal::Leverage { leverage, limit: limits.max_leverage });
        }
        // Before the first session is opened there is no first value; today's stands for it.
        let first_nav = if self.state.first_nav > 0 { self.state.first_nav } else { view.nav };
        let turnover = share_of(self.state.traded.saturating_add(buys), first_nav);
        if turnover > limits.max_turnover {
            return Err(RiskRefusal::Turnover { turnover, limit: limits.max_turnover });
        }
        Ok(())
    }

    /// Returns the alert of a refused order; none when the same was told in this session already.
    pub fn refused(&mut self, order: &OrderRequest, refusal: &RiskRefusal) -> Option<RiskAlert> {
        if !self.state.refused.insert((order.symbol, refusal.name().to_owned())) {
            return None;
        }
        let side = if order.side == Side::Buy { "buy" } else { "sell" };
        let message = format!("{side} of {} {} refused: {refusal}", order.shares, order.symbol);
        Some(self.alert(Some(order.symbol), RiskLevel::Warning, message, order.at))
    }

    /// Counts a fill of this account as turnover.
    pub fn executed(&mut self, execution: &Execution) {
        if execution.account_id == self.account {
            self.state.traded = self.state.traded.saturating_add(execution.value());
        }
    }

    /// Looks at the account at market: `gross` is all positions, `largest` the largest of them, in fen.
    /// Halts buys or trips the kill switch where a fall is beyond its limit. Returns an alert for each
    /// measure whose level changed.
    pub fn mark(&mut self, at: DateTime, nav: Fen, gross: Fen, largest: Option<(Symbol, Fen)>) -> Vec<RiskAlert> {
        let state = &mut self.state;
        (state.nav, state.gross, state.largest) = (nav, gross, largest);
        state.peak_intraday = state.peak_intraday.max(nav);
        state.peak_total = state.peak_total.max(nav);
        let measures = self.measures();
        let mut alerts = Vec::new();
        for (measure, value, warning, limit) in measures.all(&self.limits) {
            let before = self.state.levels.get(&measure).copied().unwrap_or_default();
            let level = level_of(value, warning, limit, before);
            // Words are made only where somebody reads them: a mark comes with every bar.
            let acts = value > limit && self.must_act(measure);
            if level == before && !acts {
                continue;
            }
            let mut message = self.message(measure, value, limit);
            if acts {
                message.push_str(self.act(at, measure, &message));
            }
            self.state.levels.insert(measure, level);
            let symbol = largest.map(|(symbol, _)| symbol).filter(|_| measure == Measure::Concentration);
            alerts.push(self.alert(symbol, level, message, at));
        }
        alerts
    }

    /// Says whether a measure beyond its limit calls for something that is not done yet.
    fn must_act(&self, measure: Measure) -> bool {
        match measure {
            Measure::DdIntraday => !self.state.is_halted,
            Measure::DdTotal => self.state.kill_switch.is_none(),
            _ => false,
        }
    }

    /// Does what a measure beyond its limit calls for and says so.
    fn act(&mut self, at: DateTime, measure: Measure, reason: &str) -> &'static str {
        match measure {
            Measure::DdIntraday => {
                self.state.is_halted = true;
                "; buys are halted until the next session"
            }
            Measure::DdTotal => {
                self.trip(at, reason.to_owned());
                "; the kill switch is tripped"
            }
            _ => "",
        }
    }

    fn message(&self, measure: Measure, value: f64, limit: f64) -> String {
        let (nav, percent, allowed) = (cny(self.state.nav), value * 100.0, limit * 100.0);
        match measure {
            Measure::DdIntraday => {
                let peak = cny(self.state.peak_intraday);
                format!("{nav:.2} CNY is {percent:.2} % below the session's peak of {peak:.2}, limit {allowed:.2} %")
            }
            Measure::DdTotal => {
                let peak = cny(self.state.peak_total);
                format!("{nav:.2} CNY is {percent:.2} % below the peak of {peak:.2}, limit {allowed:.2} %")
            }
            Measure::Leverage => {
                let gross = cny(self.state.gross);
                format!("positions of {gross:.2} CNY are {value:.4} of {nav:.2}, limit {limit:.4}")
            }
            Measure::Concentration => match self.state.largest {
                Some((symbol, _)) => format!("{symbol} is {percent:.2} % of {nav:.2} CNY, limit {allowed:.2} %"),
                None => format!("no position, limit {allowed:.2} %"),
            },
            Measure::Score => format!("the risk score is {value:.4}, critical above {limit:.2}"),
        }
    }

    fn alert(&self, symbol: Option<Symbol>, level: RiskLevel, message: String, at: DateTime) -> RiskAlert {
        let kind = if symbol.is_some() { AlertKind::SymbolAlert } else { AlertKind::AccountAlert };
        let score = self.measures().score(&self.limits);
        RiskAlert { kind, account_id: self.account.clone(), symbol, level, score, message, at }
    }

    fn measures(&self) -> Measures {
        let state = &self.state;
        Measures {
            dd_intraday: drawdown(state.peak_intraday, state.nav),
            dd_total: drawdown(state.peak_total, state.nav),
            leverage: share_of(state.gross, state.nav),
            concentration: share_of(state.largest.map_or(0, |(_, value)| value), state.nav),
        }
    }

    /// Returns the account's score at the last mark.
    #[must_use]
    pub fn score(&self) -> RiskScore {
        let measures = self.measures();
        let worst = self.state.levels.values().copied().max().unwrap_or_default();
        RiskScore {
            account_id: self.account.clone(),
            score: measures.score(&self.limits),
            level: if self.state.kill_switch.is_some() { RiskLevel::Critical } else { worst },
            dd_intraday: measures.dd_intraday,
            dd_total: measures.dd_total,
            leverage: measures.leverage,
            concentration: measures.concentration,
        }
    }

    /// Returns the kill switch, if it is tripped.
    #[must_use]
    pub fn kill_switch(&self) -> Option<&KillSwitch> {
        self.state.kill_switch.as_ref()
    }

    /// Trips the kill switch; one that is tripped keeps its first reason.
    pub fn trip(&mut self, at: DateTime, reason: String) {
        let account_id = self.account.clone();
        self.state.kill_switch.get_or_insert(KillSwitch { account_id, at, reason });
    }

    /// Puts back a kill switch that the ledger keeps.
    pub fn restore_kill_switch(&mut self, kill_switch: KillSwitch) {
        self.state.kill_switch = Some(kill_switch);
    }

    /// Releases the kill switch, because a person said so. The peak begins anew: else the same fall would
    /// trip it again at once.
    pub fn release_kill_switch(&mut self) {
        if self.state.kill_switch.take().is_some() {
            self.state.peak_total = self.state.nav;
            self.state.levels.remove(&Measure::DdTotal);
        }
    }

    /// Returns the whole state as JSON; equal states give equal bytes.
    #[must_use]
    pub fn state(&self) -> serde_json::Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    /// Puts back a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// Says what of the state is not as it should be; the brain is left as it was.
    pub fn restore(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let state = State::deserialize(state).map_err(|error| format!("risk state of {}: {error}", self.account))?;
        match &state.kill_switch {
            Some(tripped) if tripped.account_id != self.account => {
                Err(format!("risk state of {}: its kill switch is of {}", self.account, tripped.account_id))
            }
            _ => {
                self.state = state;
                Ok(())
            }
        }
    }
}
