//! The checks of the data: do the stores hold what the ledger acknowledges, and is the newest session
//! whole, as large as its neighbours, and free of what research must not use?

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    CheckName,
    check::{Findings, remedy_of},
    morning::{Bars, Morning, WINDOW_SESSIONS},
    words::{Found, Remedy},
};
use crate::{
    data::guardian::{self, Finding, GuardianReport, Known, Rule, Severity},
    market::{Calendar, Symbol},
    ops::data_state,
    store::{Stores, Table, WriteMode},
    text::Note,
};

/// Sessions before the newest one that it is compared with.
const COMPARED_SESSIONS: usize = 20;
/// Fewer rows or symbols than this share of the median of those sessions, and half the market is missing.
const SHARE_MIN: f64 = 0.5;
/// Fewer than this share is more than suspensions and delistings of one day explain.
const SHARE_USUAL: f64 = 0.95;
/// So many names are shown.
const SHOWN_MAX: usize = 3;

const COLLECT: Remedy = Remedy::Collect;
const EXAMINE: Remedy = Remedy::Examine;

/// The stores are open and hold what the ledger acknowledges, every byte.
pub(super) fn stores(morning: &Morning<'_>, findings: &mut Findings) {
    let stores = match &morning.stores {
        Ok(stores) => stores,
        Err(obstacle) => return findings.fail(obstacle.what.clone(), obstacle.remedy.clone()),
    };
    if !morning.mended.is_empty() {
        let shown = morning.mended.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
        findings.warn(Note::new(Found::StoresMended, [&morning.mended.len(), &shown]), Remedy::DataMended);
    }
    match parquet_agrees(stores, morning.session) {
        Ok(rows) => findings.ok(Note::new(Found::StoresAgree, [&rows, &morning.session])),
        Err(Gap { what, remedy }) => findings.fail(what, remedy),
    }
}

struct Gap {
    what: Note,
    remedy: Note,
}

/// Reads the session's file of daily bars against its digest; returns its rows.
fn parquet_agrees(stores: &Stores, session: Date) -> Result<u64, Gap> {
    let gap = |error: crate::store::StoreError| Gap {
        what: Note::foreign(error.to_string()),
        remedy: remedy_of(&error, EXAMINE),
    };
    let acknowledged = stores.partitions(Table::Daily).map_err(gap)?.get(&session).map_or(0, |record| record.rows);
    if acknowledged == 0 || stores.settings().write_mode == WriteMode::Single {
        return Ok(acknowledged);
    }
    let held = stores.daily_from_parquet(session).map_err(gap)?.len() as u64;
    if held == acknowledged {
        return Ok(held);
    }
    let what = Note::new(Found::ParquetGap, [&session, &held, &acknowledged]);
    Err(Gap { what, remedy: EXAMINE.into() })
}

/// The daily bars reach the newest completed session, and none of the sessions before it is missing.
pub(super) fn sessions(morning: &Morning<'_>, findings: &mut Findings) {
    let Some(bars) = bars_of(morning, findings) else { return };
    let session = morning.session;
    let held: BTreeSet<Date> = bars.daily.iter().map(|bar| bar.date).collect();
    let Some(last) = held.last().copied() else {
        return findings.fail(Note::new(Found::NoBars, [&WINDOW_SESSIONS, &session]), COLLECT);
    };
    let behind = Calendar::builtin().count_between(last, session).unwrap_or(i64::MAX);
    if behind > 0 {
        return findings.fail(Note::new(Found::BarsEnd, [&last, &behind, &session]), COLLECT);
    }
    let wanted = compared_with(session);
    // A workspace may be younger than the window.
    let first = held.first().copied().unwrap_or(session);
    let missing: Vec<String> =
        wanted.iter().filter(|date| **date >= first && !held.contains(date)).map(ToString::to_string).collect();
    if missing.is_empty() {
        findings.ok(Note::new(Found::BarsReach, [&session, &wanted.len()]));
    } else {
        findings.warn(Note::new(Found::SessionsWithoutBars, [&missing.len(), &shown(&missing)]), COLLECT);
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
        return findings.not_made(Note::new(Found::NoBarsOfSession, [&session]), CheckName::DataSessions);
    }
    let mut before: Vec<usize> =
        compared_with(session).iter().filter_map(|date| symbols.get(date)).map(BTreeSet::len).collect();
    before.sort_unstable();
    let Some(median) = before.get(before.len() / 2).copied() else {
        return findings.warn(Note::new(Found::NothingToCompare, [&own, &session]), Remedy::MoreHistory);
    };
    let share = own as f64 / median.max(1) as f64;
    let percent = format!("{:.1}", share * 100.0);
    let found = Note::new(Found::Volume, [&rows, &own, &session, &percent, &median, &before.len()]);
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
        return findings.not_made(Note::new(Found::NoBarsOfSession, [&session]), CheckName::DataSessions);
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
        let [own, most] = [share, allowed].map(|share| format!("{:.2}", share * 100.0));
        let found = Note::new(Found::HardRows, [&hard.len(), &rows, &session, &own, &most, &shown(&hard)]);
        if share > allowed { findings.fail(found, EXAMINE) } else { findings.warn(found, EXAMINE) }
    }
    if !still.is_empty() {
        findings
            .warn(Note::new(Found::StandStill, [&still.len(), &thresholds.stale_sessions, &shown(&still)]), EXAMINE);
    }
    if hard.is_empty() && still.is_empty() {
        findings.ok(Note::new(Found::NoHardRows, [&rows, &session]));
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
            findings.not_made(obstacle.what.clone(), CheckName::Stores);
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

fn shown(names: &[String]) -> Note {
    let first = names.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => Note::foreign(first),
        more => Note::new(Found::AndMore, [&first, &more]),
    }
}
