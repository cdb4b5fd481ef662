//! Volumes in lots among volumes in shares: a hundredth at once. Where the turnover is known, the mean price of
//! the day says it row by row; here it is read from the volumes alone.

use super::{Finding, Rule, Severity, TABLE};
use crate::{market::DailyBar, metric::median};

/// Sessions on each side that one session is held against.
const NEIGHBOURS: usize = 5;

/// Fewer neighbours than these say nothing.
const NEIGHBOURS_MIN: usize = 4;

/// Sessions on each side of a change of level.
const LEVEL_SESSIONS: usize = 10;

/// By this a volume, or the median of a side, falls at a change of unit: a hundredth, with room for what volumes
/// do from day to day. Measured on 125,597 real rows: five single days fall so far, and no level does.
const FALL: f64 = 1.0 / 8.0;

/// By this the first session falls against the one before it.
const FIRST_FALL: f64 = 1.0 / 6.0;

/// Examines the volumes of one symbol, by date.
pub(super) fn examine(series: &[&DailyBar], findings: &mut Vec<Finding>) {
    if series.iter().all(|bar| bar.amount.is_some()) {
        return;
    }
    let traded: Vec<(&DailyBar, f64)> = series
        .iter()
        .filter(|bar| !bar.suspended)
        .filter_map(|bar| Some((*bar, bar.volume.filter(|volume| *volume > 0)? as f64)))
        .collect();
    for (index, (bar, volume)) in traded.iter().enumerate() {
        if bar.amount.is_some() {
            continue;
        }
        // A day of one price at its limit has few sellers: a fall is no sign of another unit.
        let fell_alone = bar.high > bar.low && stands_out(&traded, index, *volume);
        let (message, severity) = if changes_level(&traded, index, *volume) {
            ("the volume falls to a hundredth for good: this looks like lots of 100 shares", Severity::Hard)
        } else if fell_alone {
            ("the volume is a small part of its neighbours': this looks like lots of 100 shares", Severity::Soft)
        } else {
            continue;
        };
        findings.push(Finding {
            date: bar.date,
            symbol: Some(bar.symbol),
            rule: Rule::VolumeUnit,
            field: "volume",
            table: TABLE,
            value: Some(*volume),
            message: message.to_owned(),
            severity,
        });
    }
}

/// Says whether a volume is far below the median of its neighbours.
fn stands_out(traded: &[(&DailyBar, f64)], index: usize, volume: f64) -> bool {
    let around = index.saturating_sub(NEIGHBOURS)..(index + NEIGHBOURS + 1).min(traded.len());
    let neighbours = traded.get(around).unwrap_or_default();
    // Most days end here, without sorting anything.
    if neighbours.iter().all(|(_, other)| other * FALL <= volume) {
        return false;
    }
    let own = traded.get(index).map(|(bar, _)| bar.date);
    let others: Vec<f64> =
        neighbours.iter().filter(|(bar, _)| Some(bar.date) != own).map(|(_, volume)| *volume).collect();
    others.len() >= NEIGHBOURS_MIN && median(others).is_some_and(|median| volume < median * FALL)
}

/// Says whether volumes fall at a session and stay there.
fn changes_level(traded: &[(&DailyBar, f64)], index: usize, volume: f64) -> bool {
    let previous = index.checked_sub(1).and_then(|index| traded.get(index));
    if previous.is_none_or(|(_, previous)| volume >= previous * FIRST_FALL) {
        return false;
    }
    let side = |range: std::ops::Range<usize>| median(traded.get(range)?.iter().map(|(_, volume)| *volume).collect());
    let before = index.checked_sub(LEVEL_SESSIONS).and_then(|from| side(from..index));
    let after = side(index..index + LEVEL_SESSIONS);
    before.zip(after).is_some_and(|(before, after)| after < before * FALL)
}
