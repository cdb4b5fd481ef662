//! The risk brain of one account: what it remembers, sessions, the kill switch. What it says of orders is
//! in `check`, what it says of the account in `watch`. Changes no order and no account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{KillSwitch, Measure, RiskLevel, RiskLimits, score::drawdown};
use crate::{
    market::Symbol,
    trading::{Fen, Name, broker::Execution},
};

/// Watches one account.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskBrain {
    pub(super) account: Name,
    pub(super) limits: RiskLimits,
    pub(super) state: State,
    /// What the last mark saw; the same again can change no level.
    pub(super) marked: Option<Marked>,
}

/// Net asset value, positions, the largest position.
pub(super) type Marked = (Fen, Fen, Option<(Symbol, Fen)>);

/// What a restart must bring back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) session: Option<Date>,
    /// Net asset value when the session opened.
    pub(super) first_nav: Fen,
    pub(super) nav: Fen,
    pub(super) peak_intraday: Fen,
    pub(super) peak_total: Fen,
    pub(super) gross: Fen,
    pub(super) largest: Option<(Symbol, Fen)>,
    /// Value traded in the session, buys and sells.
    pub(super) traded: Fen,
    /// Whether buys are halted until the next session.
    pub(super) is_halted: bool,
    /// The level that was last told of each measure; absent is info.
    pub(super) levels: BTreeMap<Measure, RiskLevel>,
    /// What was refused and told in the session: symbol and reason.
    pub(super) refused: BTreeSet<(Symbol, String)>,
    pub(super) kill_switch: Option<KillSwitch>,
}

impl RiskBrain {
    /// Starts to watch an account.
    #[must_use]
    pub fn new(account: Name, limits: RiskLimits) -> Self {
        Self { account, limits, state: State::default(), marked: None }
    }

    /// Returns the account.
    #[must_use]
    pub const fn account(&self) -> &Name {
        &self.account
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
        state.refused.clear();
        self.marked = None;
    }

    /// Counts a fill of this account as turnover.
    pub fn executed(&mut self, execution: &Execution) {
        if execution.account_id == self.account {
            self.state.traded = self.state.traded.saturating_add(execution.value());
        }
    }

    /// Returns the highest net asset value of all, fen.
    #[must_use]
    pub const fn nav_peak(&self) -> Fen {
        self.state.peak_total
    }

    /// Returns the fall from the highest net asset value of all at the last mark, a share of it.
    #[must_use]
    pub fn dd_total(&self) -> f64 {
        drawdown(self.state.peak_total, self.state.nav)
    }

    /// Returns the fall from the session's highest net asset value at the last mark, a share of it.
    #[must_use]
    pub fn dd_intraday(&self) -> f64 {
        drawdown(self.state.peak_intraday, self.state.nav)
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
            self.marked = None;
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
                self.marked = None;
                Ok(())
            }
        }
    }
}
