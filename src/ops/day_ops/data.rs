//! The checks of the data: do the stores hold what the ledger acknowledges, and is the newest session
//! whole, as large as its neighbours, and free of what research must not use?

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    CheckName,
    check::Findings,
    morning::{Bars, Morning},
};
use crate::{
    data::guardian::{self, Finding, GuardianReport, Known, Rule, Severity},
    market::{Calendar, Symbol},
    ops::data_state,
    store::{Stores, Table, WriteMode},
};

/// Sessions before the newest one that it is compared with.
const COMPARED_SESSIONS: usize = 20;
/// Fewer rows or symbols than this share of the median of those sessions, and half the market is missing.
const SHARE_MIN: f64 = 0.5;
/// Fewer than this share is more than suspensions and delistings of one day explain.
const SHARE_USUAL: f64 = 0.95;
/// So many names are shown.
const SHOWN_MAX: usize = 3;

const COLLECT: &str = "Bring the bars (`lighthunter data import DIR`), then run `lighthunter night-ops`.";
const EXAMINE: &str = "Run `lighthunter data check`, correct the source, then `lighthunter night-ops`.";

/// The stores are open and hold what the ledger acknowledges, every byte.
pub(super) fn stores(morning: &Morning<'_>, findings: &mut Findings) {
    let stores = match &morning.stores {
        Ok(stores) => stores,
        Err(obstacle) => return findings.fail(&*obstacle.what, &*obstacle.remedy),
    };
    if !morning.mended.is_empty() {
        let shown = morning.mended.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
        findings.warn(
            format!("opening the stores had to mend {} things: {shown}", morning.mended.len()),
            "Run `lighthunter data status`, find out what changed the files, then `lighthunter night-ops`.",
        );
    }
    match parquet_agrees(stores, morning.session) {
        Ok(rows) => findings
            .ok(format!("the stores hold what the ledger acknowledges; {rows} daily rows of {}", morning.session)),
        Err(Gap { what, remedy }) => findings.fail(what, remedy),
    }
}

struct Gap {
    what: String,
    remedy: String,
}

/// Reads the session's file of daily bars against its digest; returns its rows.
fn parquet_agrees(stores: &Stores, session: Date) -> Result<u64, Gap> {
    let gap = |error: crate::store::StoreError| {
        use crate::exit::Failure as _;
        Gap { what: error.to_string(), remedy: error.remedy().unwrap_or_else(|| EXAMINE.to_owned()) }
    };
    let acknowledged = stores.partitions(Table::Daily).map_err(gap)?.get(&session).map_or(0, |record| record.rows);
    if acknowledged == 0 || stores.settings().write_mode == WriteMode::Single {
        return Ok(acknowledged);
    }
    let held = stores.daily_from_parquet(session).map_err(gap)?.len() as u64;
    if held == acknowledged {
        return Ok(held);
    }
    let what = format!("the Parquet file of {session} holds {held} rows, the ledger acknowledges {acknowledged}");
    Err(Gap { what, remedy: EXAMINE.to_owned() })
}

/// The daily bars reach the newest completed session, and none of the sessions before it is missing.
pub(super) fn sessions(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(bars) = bars_of(morning, findings) else { return };
    let session = morning.session;
    let held: BTreeSet<Date> = bars.daily.iter().map(|bar| bar.date).collect();
    let Some(last) = held.last().copied() else {
        return findings.fail(format!("there is no daily bar of the 40 sessions up to {session}"), COLLECT);
    };
    let behind = Calendar::builtin().count_between(last, session).unwrap_or(i64::MAX);
    if behind > 0 {
        return findings.fail(format!("the daily bars end on {last}, {behind} sessions before {session}"), COLLECT);
    }
    let wanted = compared_with(session);
    // A workspace may be younger than the window.
    let first = held.first().copied().unwrap_or(session);
    let missing: Vec<String> =
        wanted.iter().filter(|date| **date >= first && !held.contains(date)).map(ToString::to_string).collect();
    if missing.is_empty() {
        findings.ok(format!("the daily bars reach {session}; none of the {} sessions before is missing", wanted.len()));
    } else {
        findings.warn(format!("{} sessions have no daily bar: {}", missing.len(), shown(&missing)), COLLECT);
    }
}

/// The newest session has as many symbols as the median of the sessions before it.
pub(super) fn volume(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(bars) = bars_of(morning, findings) else { return };
    let session = morning.session;
    let mut symbols: BTreeMap<Date, BTreeSet<Symbol>> = BTreeMap::new();
    for bar in &bars.daily {
        symbols.entry(bar.date).or_default().insert(bar.symbol);
    }
    let own = symbols.get(&session).map_or(0, BTreeSet::len);
    let rows = bars.daily.iter().filter(|bar| bar.date == session).count();
    if rows == 0 {
        return findings.not_made(&format!("there is no daily bar of {session}"), CheckName::DataSessions);
    }
    let mut before: Vec<usize> =
        compared_with(session).iter().filter_map(|date| symbols.get(date)).map(BTreeSet::len).collect();
    before.sort_unstable();
    let Some(median) = before.get(before.len() / 2).copied() else {
        return findings.warn(
            format!("{own} symbols on {session}, and no session before it to compare with"),
            "Bring more history: `lighthunter data import DIR`.",
        );
    };
    let share = own as f64 / median.max(1) as f64;
    let found = format!(
        "{rows} rows of {own} symbols on {session}, {:.1} % of the median {median} of the {} sessions before",
        share * 100.0,
        before.len()
    );
    if share < SHARE_MIN {
        findings.fail(found, COLLECT);
    } else if share < SHARE_USUAL {
        findings.warn(found, COLLECT);
    } else {
        findings.ok(found);
    }
}

/// The guardian has no hard finding on the newest session, and no series stands still up to it.
pub(super) fn findings(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(bars) = bars_of(morning, findings) else { return };
    let session = morning.session;
    let rows = bars.daily.iter().filter(|bar| bar.date == session).count();
    if rows == 0 {
        return findings.not_made(&format!("there is no daily bar of {session}"), CheckName::DataSessions);
    }
    let thresholds = data_state::thresholds(morning.station);
    let known = Known { actions: &bars.actions, history: &bars.history };
    let report = match guardian::examine(&bars.daily, known, Calendar::builtin(), &thresholds) {
        Ok(report) => report,
        Err(error) => return findings.failure(&error, EXAMINE),
    };
    let (hard, still) = broken(&report, session);
    let share = hard.len() as f64 / rows.max(1) as f64;
    if !hard.is_empty() {
        let allowed = thresholds.hard_share_max;
        let found = format!(
            "{} of {rows} rows of {session} have a hard finding ({:.2} %, data_guardian.max_bad_row_share {:.2} %): {}",
            hard.len(),
            share * 100.0,
            allowed * 100.0,
            shown(&hard)
        );
        if share > allowed { findings.fail(found, EXAMINE) } else { findings.warn(found, EXAMINE) }
    }
    if !still.is_empty() {
        findings.warn(
            format!(
                "{} symbols trade at the same four prices since {} sessions or more: {}",
                still.len(),
                thresholds.stale_sessions,
                shown(&still)
            ),
            EXAMINE,
        );
    }
    if hard.is_empty() && still.is_empty() {
        findings.ok(format!("no hard finding in {rows} rows of {session}, no series stands still"));
    }
}

/// Returns the session's rows with a hard finding, each with its first broken rule, and apart from them the
/// series that stand still: their price may be true, only nobody knows.
fn broken(report: &GuardianReport, session: Date) -> (Vec<String>, Vec<String>) {
    let hard = report.findings.iter().filter(|finding| finding.severity == Severity::Hard && finding.date == session);
    let (still, hard): (Vec<&Finding>, Vec<&Finding>) = hard.partition(|finding| finding.rule == Rule::Stale);
    let mut rows: BTreeMap<Option<Symbol>, Rule> = BTreeMap::new();
    for finding in hard {
        rows.entry(finding.symbol).or_insert(finding.rule);
    }
    let name = |symbol: Option<Symbol>| symbol.map_or_else(|| "the table".to_owned(), |symbol| symbol.to_string());
    let hard = rows.iter().map(|(symbol, rule)| format!("{} {}", name(*symbol), rule.name())).collect();
    let still: BTreeSet<String> = still.iter().map(|finding| name(finding.symbol)).collect();
    (hard, still.into_iter().collect())
}

/// Returns the bars; where there are none the check is not made.
fn bars_of<'m>(morning: &'m Morning<'_>, findings: &mut Findings) -> Option<&'m Bars> {
    match &morning.bars {
        Ok(bars) => Some(bars),
        Err(obstacle) => {
            findings.not_made(&obstacle.what, CheckName::Stores);
            None
        }
    }
}

/// Returns the sessions that the newest one is compared with, ascending.
fn compared_with(session: Date) -> Vec<Date> {
    let calendar = Calendar::builtin();
    let first = calendar.offset(session, -(COMPARED_SESSIONS as i64)).unwrap_or_else(|_| calendar.first());
    let range = calendar.sessions(first..=session).unwrap_or_default();
    range.iter().copied().filter(|date| *date != session).collect()
}

fn shown(names: &[String]) -> String {
    let first = names.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
