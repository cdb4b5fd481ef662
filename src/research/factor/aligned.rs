//! A panel as expressions see it: one symbol after another, a row for every session of the calendar from
//! the symbol's first bar to its last, NaN where it did not trade. Windows count these rows.

use std::{collections::BTreeSet, sync::Arc};

use jiff::civil::Date;

use super::engine::Stretch;
use crate::{
    market::Calendar,
    store::{Frame, FrameColumn, StoreError},
};

/// A panel of S symbols.
#[derive(Debug, Clone, Default)]
pub struct AlignedPanel {
    codes: Vec<Arc<str>>,
    /// The sessions of the calendar, ascending.
    sessions: Vec<Date>,
    /// The calendar's number of the first session.
    origin: usize,
    /// The first session of each symbol, as a place in `sessions`.
    firsts: Vec<usize>,
    /// The first row of each symbol, and one more: the number of rows.
    starts: Vec<usize>,
    fields: Vec<(String, Vec<f64>)>,
}

impl AlignedPanel {
    /// Lays out rows in any order; `keys` are code and date of each, `fields` their numbers.
    ///
    /// # Errors
    /// The row, from 0, whose code and date another has as well.
    pub(super) fn lay_out(keys: &[(Arc<str>, Date)], fields: &[(String, Vec<f64>)]) -> Result<Self, usize> {
        let (mut codes, mut dates) = (BTreeSet::new(), BTreeSet::new());
        // Rows of one code mostly stand together.
        let mut last: Option<&Arc<str>> = None;
        for (code, date) in keys {
            if last.replace(code) != Some(code) {
                codes.insert(Arc::clone(code));
            }
            dates.insert(*date);
        }
        let codes: Vec<Arc<str>> = codes.into_iter().collect();
        let Sessions { dates: sessions, origin, .. } = Sessions::of(&dates);
        let mut symbol = (None, 0);
        let place = |(code, date): &(Arc<str>, Date)| {
            if symbol.0.as_ref() != Some(code) {
                // Both lists are made of the keys.
                symbol = (Some(Arc::clone(code)), codes.binary_search(code).unwrap_or_default());
            }
            (symbol.1, sessions.binary_search(date).unwrap_or_default())
        };
        let places: Vec<(usize, usize)> = keys.iter().map(place).collect();
        let mut spans = vec![(usize::MAX, 0); codes.len()];
        for (symbol, session) in &places {
            if let Some(span) = spans.get_mut(*symbol) {
                *span = (span.0.min(*session), span.1.max(*session));
            }
        }
        let mut panel = Self::of_spans(codes, (sessions, origin), &spans);
        let cells: Vec<usize> = places.iter().filter_map(|place| panel.cell(*place)).collect();
        let mut taken = vec![false; panel.rows()];
        for (row, cell) in cells.iter().enumerate() {
            if taken.get_mut(*cell).is_none_or(|taken| std::mem::replace(taken, true)) {
                return Err(row);
            }
        }
        for (name, values) in fields {
            panel.fields.push((name.clone(), scattered(values, &cells, panel.rows())));
        }
        Ok(panel)
    }

    /// Makes a panel without fields; a symbol has the rows from its first session to its last.
    pub(super) fn of_spans(
        codes: Vec<Arc<str>>,
        (sessions, origin): (Vec<Date>, usize),
        spans: &[(usize, usize)],
    ) -> Self {
        let mut starts = vec![0];
        for (first, last) in spans {
            starts.push(starts.last().copied().unwrap_or(0) + last + 1 - first);
        }
        let firsts = spans.iter().map(|(first, _)| *first).collect();
        Self { codes, sessions, origin, firsts, starts, fields: Vec::new() }
    }

    /// Adds a field; it has one number a row.
    pub(super) fn push(&mut self, name: &str, values: Vec<f64>) {
        self.fields.push((name.to_owned(), values));
    }

    /// Returns the row of a symbol and a session.
    pub(super) fn cell(&self, (symbol, session): (usize, usize)) -> Option<usize> {
        self.starts.get(symbol)?.checked_add(session)?.checked_sub(*self.firsts.get(symbol)?)
    }

    /// Returns the symbols, ascending.
    #[must_use]
    pub fn codes(&self) -> &[Arc<str>] {
        &self.codes
    }

    /// Returns the sessions, ascending.
    #[must_use]
    pub fn sessions(&self) -> &[Date] {
        &self.sessions
    }

    /// Returns the number of rows of all symbols.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Returns the names of the fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// Returns a field: one number a row.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[f64]> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, values)| values.as_slice())
    }

    /// Returns the panel as a table with `code`, `date` and the fields, a row for every row that windows count.
    ///
    /// # Errors
    /// When a field bears the name of a key column.
    pub fn to_frame(&self) -> Result<Frame, StoreError> {
        let stretches = self.stretches(None, None);
        let keys: Vec<(usize, usize)> = self.keys(&stretches).collect();
        let mut frame = Frame::new();
        let codes = keys.iter().filter_map(|(symbol, _)| self.codes.get(*symbol).cloned());
        frame.push("code", FrameColumn::Utf8(codes.collect()))?;
        let dates = keys.iter().filter_map(|(_, session)| self.sessions.get(*session).copied());
        frame.push("date", FrameColumn::Date(dates.collect()))?;
        for (name, values) in &self.fields {
            frame.push(name, FrameColumn::F64(values.clone()))?;
        }
        Ok(frame)
    }

    /// Says of every row of the last `last` sessions (of all where there is no number) whether it has any
    /// number, in the order of the rows.
    #[must_use]
    pub fn traded(&self, last: Option<usize>) -> Vec<bool> {
        let row =
            |row: usize| self.fields.iter().any(|(_, values)| values.get(row).is_some_and(|value| !value.is_nan()));
        self.stretches(last, Some(0)).iter().flat_map(|own| own.end - own.wanted..own.end).map(row).collect()
    }

    /// Returns the panel without what came after a date.
    #[must_use]
    pub fn until(&self, last: Date) -> Self {
        let sessions = self.sessions.partition_point(|date| *date <= last);
        let mut cut = Self { origin: self.origin, starts: vec![0], ..Self::default() };
        self.sessions.get(..sessions).unwrap_or_default().clone_into(&mut cut.sessions);
        cut.fields = self.fields.iter().map(|(name, _)| (name.clone(), Vec::new())).collect();
        for (symbol, code) in self.codes.iter().enumerate() {
            let (Some(first), Some([start, end])) = (self.firsts.get(symbol), self.starts.get(symbol..symbol + 2))
            else {
                continue;
            };
            let kept = sessions.saturating_sub(*first).min(end - start);
            if kept == 0 {
                continue;
            }
            cut.codes.push(Arc::clone(code));
            cut.firsts.push(*first);
            cut.starts.push(cut.rows() + kept);
            for ((_, own), (_, values)) in cut.fields.iter_mut().zip(&self.fields) {
                own.extend_from_slice(values.get(*start..start + kept).unwrap_or_default());
            }
        }
        cut
    }

    /// Returns the rows of every symbol, of which the last `wanted` sessions of the panel are wanted (all
    /// where there is no number), with `back` rows before them (all where there is no number).
    pub(super) fn stretches(&self, wanted: Option<usize>, back: Option<usize>) -> Vec<Stretch> {
        let from = wanted.map_or(0, |wanted| self.sessions.len().saturating_sub(wanted));
        let symbols = self.firsts.iter().zip(self.starts.windows(2));
        let stretch = |(first, span): (&usize, &[usize])| {
            let [start, end] = *span else { return Stretch { start: 0, end: 0, origin: 0, wanted: 0 } };
            // The first wanted row, counted from the symbol's first.
            let skipped = from.saturating_sub(*first).min(end - start);
            let unread = back.map_or(0, |back| skipped.saturating_sub(back));
            let wanted = end - start - skipped;
            Stretch { start: start + unread, end, origin: self.origin + first + unread, wanted }
        };
        symbols.map(stretch).collect()
    }

    /// Returns symbol and session of every row that `stretches` wants, in its order.
    pub(super) fn keys<'a>(&'a self, stretches: &'a [Stretch]) -> impl Iterator<Item = (usize, usize)> + 'a {
        stretches.iter().enumerate().flat_map(|(symbol, stretch)| {
            let last = stretch.origin - self.origin + (stretch.end - stretch.start);
            (last - stretch.wanted..last).map(move |session| (symbol, session))
        })
    }
}

/// The sessions of a panel.
pub(super) struct Sessions {
    /// All of them, ascending.
    pub(super) dates: Vec<Date>,
    /// The calendar's number of the first, 0 where they are not those of the exchanges.
    pub(super) origin: usize,
    /// They are those of the exchanges.
    pub(super) on_calendar: bool,
}

impl Sessions {
    /// Returns the sessions from the first date to the last: those of the exchanges where every date is one of
    /// them, else the dates themselves.
    pub(super) fn of(dates: &BTreeSet<Date>) -> Self {
        let builtin = Calendar::builtin();
        let between = |first: Date, last: Date| {
            let origin = builtin.count_between(builtin.first(), first).ok()? as usize;
            let sessions = builtin.sessions(first..=last).ok()?;
            let known = dates.iter().all(|date| sessions.binary_search(date).is_ok());
            known.then(|| Self { dates: sessions.to_vec(), origin, on_calendar: true })
        };
        let exchange = dates.first().zip(dates.last()).and_then(|(first, last)| between(*first, *last));
        let own = || Self { dates: dates.iter().copied().collect(), origin: 0, on_calendar: false };
        exchange.unwrap_or_else(own)
    }
}

fn scattered(values: &[f64], cells: &[usize], rows: usize) -> Vec<f64> {
    let mut column = vec![f64::NAN; rows];
    for (value, cell) in values.iter().zip(cells) {
        if let Some(place) = column.get_mut(*cell) {
            *place = *value;
        }
    }
    column
}
