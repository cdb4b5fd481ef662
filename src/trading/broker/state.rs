//! The whole state of a paper broker as JSON, and the checks that a state must pass before it is taken.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    PaperBroker,
    identity::{OrderIds, OrderIdsState},
    open_order::OpenOrder,
    paper::Span,
};
use crate::{
    market::Symbol,
    trading::{Account, Name},
};

/// Everything that outlives a restart. What the terms are is no state: the caller brings them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    session: Option<Date>,
    span: Span,
    executions: u64,
    accounts: BTreeMap<Name, Account>,
    open: Vec<OpenOrder>,
    ids: OrderIdsState,
}

/// Returns the state of a broker; open orders by number.
pub(super) fn of(broker: &PaperBroker) -> Value {
    let mut open: Vec<OpenOrder> = broker.open.values().flatten().cloned().collect();
    open.sort_by_key(|order| order.number);
    let state = State {
        session: broker.session,
        span: broker.span,
        executions: broker.executions,
        accounts: broker.accounts.iter().cloned().collect(),
        open,
        ids: broker.ids.state(),
    };
    // Every key is a string and every number finite, so that this cannot fail.
    serde_json::to_value(state).unwrap_or_default()
}

/// Puts a state back into a broker, or leaves the broker as it was and says what is wrong.
pub(super) fn restore(broker: &mut PaperBroker, state: &Value) -> Result<(), String> {
    let state = State::deserialize(state).map_err(|error| format!("broker state: {error}"))?;
    for (name, account) in &state.accounts {
        check_account(name, account)?;
    }
    let ids = OrderIds::from_state(state.ids)?;
    let mut open: BTreeMap<Symbol, Vec<OpenOrder>> = BTreeMap::new();
    let mut last = 0;
    for mut order in state.open {
        check_order(&order, &ids, &state.accounts)?;
        if order.number <= last {
            return Err(format!("open: order {} is not in the order of its number", order.number));
        }
        last = order.number;
        order.account = state.accounts.keys().position(|name| *name == order.request.account_id).unwrap_or(usize::MAX);
        open.entry(order.request.symbol).or_default().push(order);
    }
    broker.session = state.session;
    broker.span = state.span;
    broker.executions = state.executions;
    broker.accounts = state.accounts.into_iter().collect();
    broker.open = open;
    broker.ids = ids;
    Ok(())
}

fn check_account(name: &Name, account: &Account) -> Result<(), String> {
    if account.cash() < 0 {
        return Err(format!("accounts.{name}: cash {} is negative", account.cash()));
    }
    for (symbol, position) in account.positions() {
        let possible = position.shares > 0 && (0..=position.shares).contains(&position.sellable) && position.cost >= 0;
        if !possible {
            return Err(format!("accounts.{name}.{symbol}: no such position can be: {position:?}"));
        }
    }
    Ok(())
}

fn check_order(order: &OpenOrder, ids: &OrderIds, accounts: &BTreeMap<Name, Account>) -> Result<(), String> {
    let request = &order.request;
    let id = &request.client_order_id;
    if ids.current(id) != Some((order.number, request.symbol)) {
        return Err(format!("open: order {} ({id}) is not among the ids", order.number));
    }
    if !accounts.contains_key(&request.account_id) {
        return Err(format!("open: order {id} has no account {}", request.account_id));
    }
    let begun = order.filled > 0 && order.filled < order.wanted && order.wanted <= request.shares && order.value > 0;
    let fresh = order.filled == 0 && order.wanted == 0 && order.value == 0;
    if request.shares <= 0 || !(begun || fresh) {
        return Err(format!("open: order {id} filled {} of {} shares", order.filled, order.wanted));
    }
    Ok(())
}
