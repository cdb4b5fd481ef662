//! The checks of what stands between a score and a loss: limits, strategies, kill switches.

use std::collections::BTreeSet;

use super::{CheckName, check::Findings, morning::Morning};
use crate::{market::Symbol, ops::desk};

/// A fall of all of the account, and the kill switch can never trip.
const DRAWDOWN_ALL: f64 = 1.0;
/// Beyond this fall a kill switch protects little.
const DRAWDOWN_WIDE: f64 = 0.5;
/// A cash account holds no more than it is worth.
const LEVERAGE_OF_CASH: f64 = 1.0;
/// The widest daily price limit of any board, Beijing's: a wider collar never refuses anything.
const COLLAR_WIDE: f64 = 0.3;
/// To sell and buy everything five times a session is a mistake, not a strategy.
const TURNOVER_WIDE: f64 = 10.0;

const EDIT: &str = "Set it in config/system_config.json, run `lighthunter config check`, and commit it.";

/// The limits are in a range in which they protect. What no account could trade by is refused by the
/// config itself; here are values that are allowed and still protect nothing.
pub(super) fn limits(morning: &Morning<'_>, findings: &mut Findings) {
    let settings = morning.station.settings();
    let risk = &settings.risk;
    let (total, intraday) = (risk.max_dd_total, risk.max_dd_intraday);
    if total >= DRAWDOWN_ALL {
        findings.fail(format!("risk.max_dd_total is {total}: the kill switch can never trip"), EDIT);
    } else if total > DRAWDOWN_WIDE {
        findings
            .warn(format!("risk.max_dd_total is {total}, above {DRAWDOWN_WIDE}: most is lost before it trips"), EDIT);
    }
    if intraday > total {
        let what =
            format!("risk.max_dd_intraday {intraday} is above risk.max_dd_total {total}: buys are never halted first");
        findings.warn(what, EDIT);
    }
    let wide = [
        ("risk.max_leverage", risk.max_leverage, LEVERAGE_OF_CASH, "a cash account holds no more than it is worth"),
        ("risk.price_collar_pct", risk.price_collar_pct, COLLAR_WIDE, "no price limit is wider, so it refuses nothing"),
        ("risk.max_turnover", risk.max_turnover, TURNOVER_WIDE, "so it refuses nothing"),
    ];
    for (key, value, most, why) in wide {
        if value > most {
            findings.warn(format!("{key} is {value}, above {most}: {why}"), EDIT);
        }
    }
    let cash: f64 = settings.portfolio.accounts.iter().map(|account| account.starting_cash).fold(0.0, f64::max);
    if risk.max_order_value > cash {
        let what = format!("risk.max_order_value {} is above the largest account's cash {cash}", risk.max_order_value);
        findings.warn(what, EDIT);
    }
    lists(&risk.whitelist_symbols, &risk.blacklist_symbols, findings);
    findings.ok(format!(
        "leverage {}, concentration {}, drawdown {intraday} a session and {total} in all, order {} CNY, collar {}, \
         turnover {}",
        risk.max_leverage, risk.concentration_limit, risk.max_order_value, risk.price_collar_pct, risk.max_turnover
    ));
}

/// A whitelist whose symbols are all black leaves nothing to buy.
fn lists(whitelist: &[Symbol], blacklist: &[Symbol], findings: &mut Findings) {
    let black: BTreeSet<&Symbol> = blacklist.iter().collect();
    let both = whitelist.iter().filter(|symbol| black.contains(symbol)).count();
    if both > 0 && both == whitelist.len() {
        findings
            .fail(format!("all {both} symbols of risk.whitelist_symbols are black too: nothing may be bought"), EDIT);
    } else if both > 0 {
        findings.warn(format!("{both} symbols are on both lists of risk; they are not bought"), EDIT);
    }
}

/// Every script loads, and the weights are allowed: the desk opens as it would for a session.
pub(super) fn strategies(morning: &Morning<'_>, findings: &mut Findings) {
    match desk::open(morning.station) {
        Ok(desk) => {
            let count = morning.station.settings().portfolio.strategies.len();
            let weights = desk.params.get("weights").map(ToString::to_string).unwrap_or_default();
            findings.ok(format!("{count} strategies load with weights {weights}"));
        }
        Err(error) => findings.failure(error.as_ref(), "Correct the script and commit it, then `lighthunter day-ops`."),
    }
}

/// No account that trades is stopped.
pub(super) fn kill_switches(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(ledger) = morning.ledger() else {
        return findings.not_made("the ledger does not open", CheckName::Stores);
    };
    let switches = match ledger.kill_switches() {
        Ok(switches) => switches,
        Err(error) => return findings.failure(&error, "Run `lighthunter risk show`."),
    };
    let accounts = &morning.station.settings().portfolio.accounts;
    let mut tripped = 0;
    for switch in switches.iter().filter(|switch| switch.released_at.is_none()) {
        tripped += 1;
        let (account, at, reason) = (&switch.account_id, &switch.tripped_at, &switch.reason);
        let what = format!("the kill switch of account {account} is tripped since {at}: {reason}");
        let release = format!("Find out why, then `lighthunter risk release {account} --reason TEXT`.");
        if accounts.iter().any(|own| own.id == *account) {
            findings.fail(what, release);
        } else {
            findings.warn(format!("{what}; the config has no such account"), release);
        }
    }
    if tripped == 0 {
        findings.ok(format!("{} accounts, none is stopped", accounts.len()));
    }
}
