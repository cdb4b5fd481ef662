//! What is counted by symbol, by session and over all, and how counts become scores.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Agreement, Known, Score, Weights};
use crate::{
    data::{
        DataError,
        guardian::{Finding, Severity, TABLE, table::by_symbol},
    },
    market::{Calendar, DailyBar, Symbol},
};

/// What a soft finding takes from its row, where a hard one takes all.
const SOFT_WEIGHT: f64 = 0.25;

/// Counts of one symbol, session or table.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Rows that should be there.
    pub(super) expected: usize,
    /// Rows that are there, one a symbol and session; a session without trading needs none.
    present: usize,
    rows: usize,
    value_lost: f64,
    consistency_lost: f64,
    compared: usize,
    agreed: usize,
}

impl Tally {
    pub(super) fn score(&self, weights: &Weights) -> Score {
        let share = |part: f64, of: usize| 100.0 * (part / of.max(1) as f64).clamp(0.0, 1.0);
        let kept = |lost: f64| if self.rows == 0 { 100.0 } else { share(self.rows as f64 - lost, self.rows) };
        let coverage = if self.expected == 0 { 100.0 } else { share(self.present as f64, self.expected) };
        let source = (self.compared > 0).then(|| share(self.agreed as f64, self.compared));
        let (value, consistency) = (kept(self.value_lost), kept(self.consistency_lost));
        let parts = [
            (Some(coverage), weights.coverage),
            (source, weights.source),
            (Some(value), weights.value),
            (Some(consistency), weights.consistency),
        ];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (score, own) in parts {
            if let Some(score) = score {
                (sum, weight) = (sum + score * own, weight + own);
            }
        }
        // Where all weight is on sources and there is one source only, the rest counts alike.
        let total = if weight > 0.0 { sum / weight } else { (coverage + value + consistency) / 3.0 };
        Score { coverage, source, value, consistency, total }
    }
}

/// All counts.
pub(super) struct Board {
    pub(super) reach: [Date; 2],
    pub(super) whole: Tally,
    pub(super) symbols: BTreeMap<Symbol, Tally>,
    pub(super) dates: BTreeMap<Date, Tally>,
}

impl Board {
    /// Counts the rows that are there and those that should be: of each symbol from its first row, or its listing,
    /// to the last session of the table, or its delisting.
    pub(super) fn of(bars: &[DailyBar], (known, calendar): (Known<'_>, &Calendar)) -> Result<Self, DataError> {
        let first = bars.iter().map(|bar| bar.date).min();
        let last = bars.iter().map(|bar| bar.date).max();
        let reach = first.zip(last).map(|(first, last)| [first, last]).ok_or(DataError::Empty { table: TABLE })?;
        let sessions = calendar.sessions(reach[0]..=reach[1])?;
        let history = known.history.held_against(bars);
        let mut board = Self { reach, whole: Tally::default(), symbols: BTreeMap::new(), dates: BTreeMap::new() };
        for day in bars.chunk_by(|a, b| a.date == b.date) {
            let Some(bar) = day.first() else { continue };
            board.dates.entry(bar.date).or_default().rows += day.len();
        }
        // Of each session: symbols that should have a row, and those that have.
        let mut of_session = vec![[0; 2]; sessions.len()];
        for series in by_symbol(bars) {
            let Some(first) = series.first() else { continue };
            let (symbol, first) = (first.symbol, first.date);
            let tally = board.symbols.entry(symbol).or_default();
            tally.rows += series.len();
            let first = history.listed_on(symbol, first).filter(|listed| *listed >= reach[0]).unwrap_or(first);
            let mut own = series.iter().map(|bar| bar.date).peekable();
            for (date, [expected, present]) in sessions.iter().zip(&mut of_session) {
                let mut is_there = false;
                while let Some(found) = own.next_if(|own| own <= date) {
                    is_there = found == *date;
                }
                if *date >= first && history.is_listed(symbol, *date) {
                    (tally.expected, *expected) = (tally.expected + 1, *expected + 1);
                    (tally.present, *present) =
                        (tally.present + usize::from(is_there), *present + usize::from(is_there));
                }
            }
            board.whole.rows += tally.rows;
            board.whole.expected += tally.expected;
            board.whole.present += tally.present;
        }
        for (date, [expected, present]) in sessions.iter().zip(of_session).filter(|(_, [expected, _])| *expected > 0) {
            let tally = board.dates.entry(*date).or_default();
            (tally.expected, tally.present) = (expected, present);
        }
        Ok(board)
    }

    fn each(&mut self, symbol: Symbol, date: Date, change: impl Fn(&mut Tally)) {
        change(&mut self.whole);
        change(self.symbols.entry(symbol).or_default());
        change(self.dates.entry(date).or_default());
    }

    /// Takes off what findings cost: a row is lost once by its worst finding of each kind.
    pub(super) fn lose(&mut self, findings: &[Finding]) {
        let mut rows: BTreeMap<(Date, Symbol), [f64; 2]> = BTreeMap::new();
        for finding in findings {
            let Some(symbol) = finding.symbol else { continue };
            if finding.rule.is_of_coverage() {
                // A suspended session whose row was not delivered is no gap.
                if finding.severity == Severity::Soft {
                    self.each(symbol, finding.date, |tally| tally.present += 1);
                }
                continue;
            }
            let weight = if finding.severity == Severity::Hard { 1.0 } else { SOFT_WEIGHT };
            let lost = rows.entry((finding.date, symbol)).or_default();
            let [value, consistency] = lost;
            let own = if finding.rule.is_of_value() { value } else { consistency };
            *own = own.max(weight);
        }
        for ((date, symbol), [value, consistency]) in rows {
            self.each(symbol, date, |tally| {
                tally.value_lost += value;
                tally.consistency_lost += consistency;
            });
        }
    }

    /// Adds how far the sources agree.
    pub(super) fn compare(&mut self, agreement: &Agreement) {
        (self.whole.compared, self.whole.agreed) = (agreement.compared, agreement.agreed);
        for (symbol, [compared, agreed]) in &agreement.symbols {
            let tally = self.symbols.entry(*symbol).or_default();
            (tally.compared, tally.agreed) = (*compared, *agreed);
        }
        for (date, [compared, agreed]) in &agreement.days {
            let tally = self.dates.entry(*date).or_default();
            (tally.compared, tally.agreed) = (*compared, *agreed);
        }
    }
}
