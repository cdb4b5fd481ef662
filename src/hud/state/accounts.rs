//! The accounts as the newest session left them, from the ledger: each mark is committed there before
//! anyone hears of it on the bus.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Fact, Grade, Point, curve, place::Place};
use crate::{
    market::tick::cny,
    store::{Ledger, MarkRow, RunRecord, RunStatus, StoreError},
    text::{Note, Phrase},
};

/// The job that trades.
const KIND: &str = "simulation";
/// Runs looked through for the newest that has marks.
const RUNS_MAX: usize = 200;

/// Shares of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionFacts {
    /// The symbol.
    pub symbol: String,
    /// Shares held.
    pub shares: i64,
    /// Shares that may be sold in this session.
    pub sellable: i64,
    /// What they cost, CNY.
    pub cost: f64,
    /// The last price, CNY; none where the ledger has none.
    pub price: Option<f64>,
    /// What they are worth, CNY.
    pub worth: Option<f64>,
    /// Their share of the net asset value.
    pub weight: Option<f64>,
}

/// One account; the original's names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountFacts {
    /// The account.
    pub account_id: String,
    /// The last mark, in Asia/Shanghai.
    pub last_ts: String,
    /// Net asset value, CNY.
    pub nav: f64,
    /// Its highest so far, CNY.
    pub nav_peak: f64,
    /// Net asset value at the first mark of the session, CNY.
    pub nav_open: f64,
    /// Cash, CNY.
    pub cash: f64,
    /// Fall from the peak, as a fraction of it.
    pub dd_total: f64,
    /// Fall from the session's peak, as a fraction of it.
    pub dd_intraday: f64,
    /// Money in positions, as a fraction of the net asset value.
    pub gross_exposure: f64,
    /// Weight of the largest position.
    pub max_single_weight: Option<f64>,
    /// The monitor's last risk score; none where none was told.
    pub risk_score: Option<f64>,
    /// The monitor's last risk level.
    pub risk_level: Option<String>,
    /// The positions, by symbol.
    pub positions: Vec<PositionFacts>,
    /// The run that the marks are of.
    pub run_id: String,
    /// Whether that run is under way.
    pub running: bool,
    /// The net asset value of the session.
    #[serde(skip)]
    pub curve: Vec<Point>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Vec<AccountFacts>> {
    let source = place.ledger_source();
    let ledger = match &place.ledger {
        Ok(ledger) => ledger,
        Err(_) if place.has_no_ledger() => return Fact::absent(source, Phrase::NoAccounts),
        Err(error) => return Fact::unreadable(source, error),
    };
    match newest(ledger) {
        Ok(Some((run, marks))) => fact_of(place, ledger, source, &run, &marks),
        Ok(None) => Fact::absent(source, Phrase::NoAccounts),
        Err(error) => Fact::unreadable(source, &error),
    }
}

/// Finds the newest run that has marks.
fn newest(ledger: &Ledger) -> Result<Option<(RunRecord, Vec<MarkRow>)>, StoreError> {
    for run in ledger.runs(RUNS_MAX)?.into_iter().filter(|run| run.kind == KIND) {
        let marks = ledger.marks(&run.id)?;
        if !marks.is_empty() {
            return Ok(Some((run, marks)));
        }
    }
    Ok(None)
}

fn fact_of(
    place: &Place<'_>,
    ledger: &Ledger,
    source: String,
    run: &RunRecord,
    marks: &[MarkRow],
) -> Fact<Vec<AccountFacts>> {
    let (state, damaged) = match ledger.trade_state(&run.id) {
        Ok(state) => (state.and_then(|state| serde_json::from_str::<Value>(&state.state).ok()), None),
        Err(error) => (None, Some(error)),
    };
    let mut by_account: BTreeMap<&str, Vec<&MarkRow>> = BTreeMap::new();
    for mark in marks {
        by_account.entry(&mark.account_id).or_default().push(mark);
    }
    let of = |(_, marks): (&&str, &Vec<&MarkRow>)| account_of(run, marks, state.as_ref());
    let accounts: Vec<AccountFacts> = by_account.iter().filter_map(of).collect();
    let largest_fall = accounts.iter().map(|account| account.dd_total).fold(0.0, f64::max);
    let limit = place.settings().risk.max_dd_total;
    let behind = place.sessions_behind(run.as_of).filter(|(sessions, _)| *sessions > 1);
    let mut fact = Fact::of(source, accounts).dated(run.finished_at.or(Some(run.started_at)), place.now);
    if let Some(error) = damaged {
        fact = fact.marked(Grade::Fail, Note::new(Phrase::CannotRead, [&error]));
    }
    fact = fact.marked_if(run.status == RunStatus::Failed, Grade::Fail, || {
        Note::new(Phrase::RunFailed, [&run.error.clone().unwrap_or_default()])
    });
    fact = fact.marked_if(largest_fall >= limit, Grade::Warning, || {
        Note::new(Phrase::DrawdownAtLimit, [&percent(largest_fall), &percent(limit)])
    });
    match behind {
        Some((sessions, due)) => fact.marked(Grade::Stale, Note::new(Phrase::SessionsBehind, [&sessions, &due])),
        None => fact,
    }
}

fn account_of(run: &RunRecord, marks: &[&MarkRow], state: Option<&Value>) -> Option<AccountFacts> {
    let (first, last) = (marks.first()?, marks.last()?);
    let fall = |peak: i64| if peak > 0 { ((peak - last.nav) as f64 / peak as f64).max(0.0) } else { 0.0 };
    let peak_of_session = marks.iter().map(|mark| mark.nav).max().unwrap_or(last.nav);
    let positions = state.map(|state| positions_of(state, &last.account_id, last.nav)).unwrap_or_default();
    let largest = positions
        .iter()
        .filter_map(|position| position.weight)
        .fold(None, |most: Option<f64>, weight| Some(most.map_or(weight, |most| most.max(weight))));
    let curve = marks.iter().map(|mark| Point { at: mark.at.clone(), nav: cny(mark.nav) }).collect();
    Some(AccountFacts {
        account_id: last.account_id.clone(),
        last_ts: last.at.clone(),
        nav: cny(last.nav),
        nav_peak: cny(last.nav_peak),
        nav_open: cny(first.nav),
        cash: cny(last.cash),
        dd_total: fall(last.nav_peak),
        dd_intraday: fall(peak_of_session),
        gross_exposure: if last.nav > 0 { last.positions_value as f64 / last.nav as f64 } else { 0.0 },
        max_single_weight: largest,
        risk_score: None,
        risk_level: None,
        positions,
        run_id: run.id.clone(),
        running: run.status == RunStatus::Running,
        curve: curve::thinned(curve),
    })
}

/// Reads the positions out of the saved state of the trade core.
fn positions_of(state: &Value, account: &str, nav: i64) -> Vec<PositionFacts> {
    let core = &state["core"];
    let held = core["broker"]["accounts"][account]["positions"].as_object();
    let mut positions: Vec<PositionFacts> = held
        .into_iter()
        .flatten()
        .map(|(symbol, position)| {
            let shares = position["shares"].as_i64().unwrap_or(0);
            let price = core["prices"][symbol.as_str()].as_i64();
            let worth = price.map(|price| price.saturating_mul(shares));
            PositionFacts {
                symbol: symbol.clone(),
                shares,
                sellable: position["sellable"].as_i64().unwrap_or(0),
                cost: cny(position["cost"].as_i64().unwrap_or(0)),
                price: price.map(cny),
                worth: worth.map(cny),
                weight: worth.filter(|_| nav > 0).map(|worth| worth as f64 / nav as f64),
            }
        })
        .collect();
    positions.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    positions
}

/// Writes a share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
