//! The checks of what stands between a score and a loss: limits, strategies, kill switches.

use std::collections::BTreeSet;

use super::{
    CheckName,
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    market::Symbol,
    ops::desk,
    text::{Note, Speak},
};

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

const EDIT: Remedy = Remedy::EditRisk;

/// The limits are in a range in which they protect. What no account could trade by is refused by the
/// config itself; here are values that are allowed and still protect nothing.
pub(super) fn limits(morning: &Morning<'_>, findings: &mut Findings) {
    let settings = morning.station.settings();
    let risk = &settings.risk;
    let (total, intraday) = (risk.max_dd_total, risk.max_dd_intraday);
    if total >= DRAWDOWN_ALL {
        findings.fail(Note::new(Found::DrawdownNever, [&total]), EDIT);
    } else if total > DRAWDOWN_WIDE {
        findings.warn(Note::new(Found::DrawdownWide, [&total, &DRAWDOWN_WIDE]), EDIT);
    }
    if intraday > total {
        findings.warn(Note::new(Found::IntradayAboveTotal, [&intraday, &total]), EDIT);
    }
    let wide = [
        ("risk.max_leverage", risk.max_leverage, LEVERAGE_OF_CASH, Found::LeverageWide),
        ("risk.price_collar_pct", risk.price_collar_pct, COLLAR_WIDE, Found::CollarWide),
        ("risk.max_turnover", risk.max_turnover, TURNOVER_WIDE, Found::TurnoverWide),
    ];
    for (key, value, most, why) in wide {
        if value > most {
            findings.warn(Note::new(Found::LimitWide, [&key, &value, &most, &Note::from(why)]), EDIT);
        }
    }
    let cash: f64 = settings.portfolio.accounts.iter().map(|account| account.starting_cash).fold(0.0, f64::max);
    if risk.max_order_value > cash {
        findings.warn(Note::new(Found::OrderAboveCash, [&risk.max_order_value, &cash]), EDIT);
    }
    lists(&risk.whitelist_symbols, &risk.blacklist_symbols, findings);
    let (leverage, concentration, order) = (risk.max_leverage, risk.concentration_limit, risk.max_order_value);
    let (collar, turnover) = (risk.price_collar_pct, risk.max_turnover);
    let all: [&dyn Speak; 7] = [&leverage, &concentration, &intraday, &total, &order, &collar, &turnover];
    findings.ok(Note::new(Found::LimitsAre, all));
}

/// A whitelist whose symbols are all black leaves nothing to buy.
fn lists(whitelist: &[Symbol], blacklist: &[Symbol], findings: &mut Findings) {
    let black: BTreeSet<&Symbol> = blacklist.iter().collect();
    let both = whitelist.iter().filter(|symbol| black.contains(symbol)).count();
    if both > 0 && both == whitelist.len() {
        findings.fail(Note::new(Found::AllBlack, [&both]), EDIT);
    } else if both > 0 {
        findings.warn(Note::new(Found::BothLists, [&both]), EDIT);
    }
}

/// Every script loads, and the weights are allowed: the desk opens as it would for a session.
pub(super) fn strategies(morning: &Morning<'_>, findings: &mut Findings) {
    match desk::open(morning.station) {
        Ok(desk) => {
            let count = morning.station.settings().portfolio.strategies.len();
            let weights = desk.params.get("weights").map(ToString::to_string).unwrap_or_default();
            findings.ok(Note::new(Found::StrategiesLoad, [&count, &weights]));
        }
        Err(error) => findings.failure(error.as_ref(), Remedy::EditScript),
    }
}

/// No account that trades is stopped.
pub(super) fn kill_switches(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(ledger) = morning.ledger() else {
        return findings.not_made(Found::LedgerClosed, CheckName::Stores);
    };
    let switches = match ledger.kill_switches() {
        Ok(switches) => switches,
        Err(error) => return findings.failure(&error, Remedy::RiskShow),
    };
    let accounts = &morning.station.settings().portfolio.accounts;
    let mut tripped = 0;
    for switch in switches.iter().filter(|switch| switch.released_at.is_none()) {
        tripped += 1;
        let (account, at, reason) = (&switch.account_id, &switch.tripped_at, &switch.reason);
        let what = Note::new(Found::KillSwitch, [account, at, reason]);
        let release = Note::new(Remedy::RiskRelease, [account]);
        if accounts.iter().any(|own| own.id == *account) {
            findings.fail(what, release);
        } else {
            findings.warn(Note::new(Found::KillSwitchStranger, [&what]), release);
        }
    }
    if tripped == 0 {
        findings.ok(Note::new(Found::AccountsFree, [&accounts.len()]));
    }
}
