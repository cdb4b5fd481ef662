//! What is wrong with a daily file of the original system beside its prices: units, layout, doubles, missing sessions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::original::OriginalDaily;
use crate::market::{Calendar, DailyBar, Symbol};

/// Shares of a lot.
const LOT: i64 = 100;

/// The newest bars of a symbol whose turnover tells the units: forward-adjusted prices are nearly raw there.
const NEWEST_BARS: usize = 20;

/// So far, as a power of ten, turnover / volume / close may lie from what a unit gives.
const DISTANCE_MAX: f64 = 0.25;

/// So many names are shown of a list.
const SHOWN_MAX: usize = 5;

/// The units that a file may be in: the power of ten of turnover / volume / close, what the volume and the turnover
/// are multiplied by, and what is said.
const UNITS: [(f64, i64, f64, &str); 4] = [
    (2.0, LOT, 1.0, "volume is in lots of 100 shares: taken times 100"),
    (0.0, 1, 1.0, "volume is in shares, not in lots as the layout has it: taken as it is"),
    (-1.0, LOT, 1000.0, "volume is in lots of 100 shares and amount is in thousands of CNY: taken times 100 and 1000"),
    (-3.0, 1, 1000.0, "volume is in shares and amount is in thousands of CNY: taken as it is, and times 1000"),
];

/// Puts volumes into shares and turnovers into CNY; says what the units were taken for.
pub(super) fn convert(bars: &mut [DailyBar]) -> Option<String> {
    if bars.is_empty() {
        return None;
    }
    let found = power(bars).and_then(|power| UNITS.into_iter().find(|(unit, ..)| (power - unit).abs() <= DISTANCE_MAX));
    let (_, shares, cny, said) =
        found.unwrap_or((0.0, LOT, 1.0, "turnover / volume tells no unit: volume is taken for lots of 100 shares"));
    for bar in bars {
        bar.volume = bar.volume.map(|volume| volume.saturating_mul(shares));
        bar.amount = bar.amount.map(|amount| amount * cny);
    }
    Some(said.to_owned())
}

/// Returns the median power of ten of turnover / volume / close over the newest bars of each symbol.
fn power(bars: &[DailyBar]) -> Option<f64> {
    let mut powers = Vec::new();
    for series in by_symbol(bars).values() {
        let own = series.iter().rev().filter_map(|bar| {
            let (volume, amount) = (bar.volume.filter(|volume| *volume > 0)? as f64, bar.amount?);
            let power = (amount / volume / bar.close).log10();
            power.is_finite().then_some(power)
        });
        powers.extend(own.take(NEWEST_BARS));
    }
    powers.sort_by(f64::total_cmp);
    powers.get(powers.len() / 2).copied()
}

/// Says what is wrong with the layout and the rows.
pub(super) fn layout(header: &[String], short_codes: &BTreeSet<Symbol>, found: &OriginalDaily) -> Vec<String> {
    let mut defects = Vec::new();
    if !short_codes.is_empty() {
        let shown: Vec<String> = short_codes.iter().take(3).map(ToString::to_string).collect();
        defects.push(format!("code is a whole number without leading zeros or exchange: read as {}", shown.join(", ")));
    } else if !found.bars.is_empty() {
        defects.push("code has no exchange: read from its first digits".to_owned());
    }
    let has = |column: &str| header.iter().any(|name| name.eq_ignore_ascii_case(column));
    if !has("preclose") && !has("pre_close") {
        defects.push("there is no reference price: ex dates cannot be seen in the file itself".to_owned());
    }
    if !has("adj_factor") && !has("factor") {
        defects.push("there is no adjustment factor".to_owned());
    }
    if !found.rejected.is_empty() {
        let lines = found.rejected.iter().map(|(line, reason)| format!("line {line}: {reason}"));
        defects.push(format!("{} lines are no bars: {}", found.rejected.len(), shown(lines)));
    }
    defects.extend(doubles(&found.bars));
    defects.extend(missing_sessions(&found.bars));
    defects
}

fn doubles(bars: &[DailyBar]) -> Vec<String> {
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for pair in bars.windows(2) {
        if let [first, later] = pair
            && (first.date, first.symbol) == (later.date, later.symbol)
        {
            let values = |bar: &DailyBar| (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.amount);
            let list = if values(first) == values(later) { &mut same } else { &mut other };
            list.push(format!("{} on {}", later.symbol, later.date));
        }
    }
    let say = |list: Vec<String>, how: &str| {
        let count = list.len();
        (count > 0).then(|| format!("{count} bars are there twice with {how}: {}", shown(list)))
    };
    [say(same, "the same values"), say(other, "other values, the first is taken")].into_iter().flatten().collect()
}

/// Names the sessions that a symbol has no bar on between its first and its last: suspended, or lost.
fn missing_sessions(bars: &[DailyBar]) -> Vec<String> {
    let mut defects = Vec::new();
    for (symbol, series) in by_symbol(bars) {
        let dates: BTreeSet<Date> = series.iter().map(|bar| bar.date).collect();
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { continue };
        let sessions = Calendar::builtin().sessions(*first..=*last).unwrap_or_default();
        let missing: Vec<&Date> = sessions.iter().filter(|session| !dates.contains(session)).collect();
        if !missing.is_empty() {
            let (count, days) = (missing.len(), shown(missing.iter().map(ToString::to_string)));
            defects.push(format!("{symbol} has no bar on {count} sessions from {first} to {last}: {days}"));
        }
    }
    defects
}

fn by_symbol(bars: &[DailyBar]) -> BTreeMap<Symbol, Vec<&DailyBar>> {
    let mut series: BTreeMap<Symbol, Vec<&DailyBar>> = BTreeMap::new();
    for bar in bars {
        series.entry(bar.symbol).or_default().push(bar);
    }
    series
}

fn shown(list: impl IntoIterator<Item = String>) -> String {
    let list: Vec<String> = list.into_iter().collect();
    let more = if list.len() > SHOWN_MAX { ", ..." } else { "" };
    format!("{}{more}", list.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", "))
}
