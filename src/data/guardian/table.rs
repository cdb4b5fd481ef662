//! What concerns the table as a whole: sessions without any bar, and bars that are there twice.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Finding, Rule, Severity, TABLE};
use crate::market::{DailyBar, SecurityHistory, Symbol};

/// The sessions that the table has, cut where it has none: what lies on two sides of such a gap says
/// nothing about each other.
pub(super) struct Segments {
    dates: Vec<Date>,
    /// The number of the segment of each date.
    numbers: Vec<usize>,
    /// First session without bars, and how many follow each other.
    gaps: Vec<(Date, usize)>,
}

impl Segments {
    /// Cuts the dates of the table, ascending, by the calendar's sessions over the same range.
    pub(super) fn of(dates: &[Date], sessions: &[Date]) -> Self {
        let (mut numbers, mut gaps) = (Vec::with_capacity(dates.len()), Vec::new());
        let mut expected = sessions.iter().copied().peekable();
        let mut number = 0;
        for date in dates {
            let mut gap: Option<(Date, usize)> = None;
            while let Some(session) = expected.next_if(|session| session < date) {
                gap = gap.map_or(Some((session, 1)), |(first, count)| Some((first, count + 1)));
            }
            let _ = expected.next_if_eq(date);
            if let Some(gap) = gap {
                gaps.push(gap);
                number += 1;
            }
            numbers.push(number);
        }
        Self { dates: dates.to_vec(), numbers, gaps }
    }

    /// Returns the sessions of the table after `after` and before `before`; none when a gap of the whole
    /// table lies between the two.
    pub(super) fn between(&self, after: Date, before: Date) -> Option<&[Date]> {
        let from = self.dates.binary_search(&after).ok()?;
        // Mostly the next session of the table.
        let to = match self.dates.get(from + 1) {
            Some(next) if *next == before => from + 1,
            _ => self.dates.binary_search(&before).ok()?,
        };
        if self.numbers.get(from) == self.numbers.get(to) { self.dates.get(from + 1..to) } else { None }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |(first, count): &(Date, usize)| Finding {
            date: *first,
            symbol: None,
            rule: Rule::TableGap,
            field: "date",
            table: TABLE,
            value: Some(*count as f64),
            message: format!("no symbol has a bar on {count} sessions from {first} on"),
            severity: Severity::Soft,
        };
        self.gaps.iter().map(finding).collect()
    }
}

/// Returns the bars of each symbol, by date; of two of one date the later delivered is the later.
pub(super) fn by_symbol(bars: &[DailyBar]) -> Vec<Vec<&DailyBar>> {
    let mut places: BTreeMap<Symbol, usize> = BTreeMap::new();
    let mut series: Vec<(Symbol, Vec<&DailyBar>)> = Vec::new();
    // The symbols of most days follow each other as on the day before.
    let mut next = 0;
    for bar in bars {
        let place = if series.get(next).is_some_and(|(symbol, _)| *symbol == bar.symbol) {
            next
        } else {
            *places.entry(bar.symbol).or_insert(series.len())
        };
        match series.get_mut(place) {
            Some((_, own)) => own.push(bar),
            None => series.push((bar.symbol, vec![bar])),
        }
        next = if place + 1 < series.len() { place + 1 } else { 0 };
    }
    series.sort_unstable_by_key(|(symbol, _)| *symbol);
    let mut series: Vec<Vec<&DailyBar>> = series.into_iter().map(|(_, own)| own).collect();
    for own in series.iter_mut().filter(|own| !own.is_sorted_by_key(|bar| bar.date)) {
        own.sort_by_key(|bar| bar.date);
    }
    series
}

/// Returns the bars of one symbol without those that are there twice; the last of them counts.
pub(super) fn without_duplicates<'a>(series: &[&'a DailyBar], findings: &mut Vec<Finding>) -> Vec<&'a DailyBar> {
    let mut unique = Vec::with_capacity(series.len());
    for same in series.chunk_by(|a, b| a.date == b.date) {
        let Some(bar) = same.last() else { continue };
        unique.push(*bar);
        if same.len() > 1 {
            findings.push(Finding {
                date: bar.date,
                symbol: Some(bar.symbol),
                rule: Rule::Duplicate,
                field: "date",
                table: TABLE,
                value: Some(same.len() as f64),
                message: format!("{} bars for one session", same.len()),
                severity: Severity::Hard,
            });
        }
    }
    unique
}

/// Finds that a symbol trades before the listing that is told of it: `held` is `told` after it was held against the
/// bars, where such a row is no listing any more. `series` are the bars of the symbol, by date.
pub(super) fn late_listing(
    series: &[&DailyBar],
    told: &SecurityHistory,
    held: &SecurityHistory,
    findings: &mut Vec<Finding>,
) {
    let Some(first) = series.iter().find(|bar| !bar.suspended) else { return };
    if !told.tells_listing(first.symbol) || held.tells_listing(first.symbol) {
        return;
    }
    let on = told.events_of(first.symbol).first().map(|(on, _)| *on).unwrap_or_default();
    let bars = series.partition_point(|bar| bar.date < on);
    findings.push(Finding {
        date: first.date,
        symbol: Some(first.symbol),
        rule: Rule::LateListing,
        field: "date",
        table: TABLE,
        value: Some(bars as f64),
        message: format!(
            "{bars} bars lie before the first 'listed' row of its symbol ({on}): they are kept, the row is taken for \
             'normal', and the age of the share is not known"
        ),
        severity: Severity::Soft,
    });
}

/// Finds that a bar lies on a day without trading; such a bar is kept out of its series.
pub(super) fn off_calendar(bar: &DailyBar, findings: &mut Vec<Finding>) -> bool {
    findings.push(Finding {
        date: bar.date,
        symbol: Some(bar.symbol),
        rule: Rule::OffCalendar,
        field: "date",
        table: TABLE,
        value: None,
        message: "the exchanges did not trade on this day".to_owned(),
        severity: Severity::Hard,
    });
    false
}
