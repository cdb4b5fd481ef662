//! The daily panel: symbols x sessions in columns, the shape that research computes on.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Calendar, DailyBar, SecurityHistory, SecurityStatus, Symbol, UniverseRule};

/// A column of the daily panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Raw open, CNY.
    Open,
    /// Raw high, CNY.
    High,
    /// Raw low, CNY.
    Low,
    /// Raw close, CNY.
    Close,
    /// Shares.
    Volume,
    /// CNY.
    Amount,
    /// The exchange's reference price, CNY.
    Preclose,
    /// Backward adjustment factor.
    AdjFactor,
}

impl Field {
    /// All columns in storage order.
    pub const ALL: [Self; 8] =
        [Self::Open, Self::High, Self::Low, Self::Close, Self::Volume, Self::Amount, Self::Preclose, Self::AdjFactor];
}

/// Daily bars of S symbols over D sessions. A column is S x D numbers, symbol after symbol, dates
/// ascending; NaN where there is no bar or the value is unknown.
#[derive(Debug, Clone)]
pub struct DailyPanel {
    symbols: Vec<Symbol>,
    dates: Vec<Date>,
    columns: Vec<Vec<f64>>,
    present: Vec<bool>,
    suspended: Vec<bool>,
    standing: Option<Standing>,
}

/// What is known of the securities of a panel, laid out once so that no cell looks anything up.
#[derive(Debug, Clone)]
struct Standing {
    /// Whether a symbol's first listing is told; S of them.
    known: Vec<bool>,
    /// S x D; none where nothing is known.
    status: Vec<Option<SecurityStatus>>,
    /// S x D; false before the listing and from the delisting on.
    listed: Vec<bool>,
    /// The number of each session in the calendar; D of them.
    sessions: Vec<Option<i64>>,
    /// Each symbol's listings: the panel's first session of each, and the number of its own first; S of them.
    listings: Vec<Vec<(usize, Option<i64>)>>,
    /// Each symbol's delistings: the panel's first session without it, and the date; S of them.
    delistings: Vec<Vec<(usize, Date)>>,
    /// Bars outside the time in which their symbol was listed.
    foreign_bars: usize,
}

impl Standing {
    fn of(symbols: &[Symbol], dates: &[Date], history: &SecurityHistory) -> Self {
        let calendar = Calendar::builtin();
        let number = |date: Date| calendar.count_between(calendar.first(), date).ok();
        let mut standing = Self {
            known: symbols.iter().map(|symbol| history.tells_listing(*symbol)).collect(),
            status: Vec::with_capacity(symbols.len() * dates.len()),
            listed: Vec::with_capacity(symbols.len() * dates.len()),
            sessions: dates.iter().copied().map(number).collect(),
            listings: Vec::with_capacity(symbols.len()),
            delistings: Vec::with_capacity(symbols.len()),
            foreign_bars: 0,
        };
        for symbol in symbols {
            let events = history.events_of(*symbol);
            let first_day = |date: Date| dates.partition_point(|own| *own < date);
            let of = |wanted: SecurityStatus| events.iter().filter(move |(_, status)| *status == wanted);
            let listings = of(SecurityStatus::Listed).map(|(date, _)| (first_day(*date), number(*date)));
            let delistings = of(SecurityStatus::Delisted).map(|(date, _)| (first_day(*date), *date));
            standing.listings.push(listings.collect());
            standing.delistings.push(delistings.collect());
            let mut next = 0;
            let mut status = None;
            // What begins with another event was listed before the list begins.
            let mut listed = events.first().is_none_or(|(_, first)| *first != SecurityStatus::Listed);
            for date in dates {
                while let Some((_, now)) = events.get(next).filter(|(from, _)| from <= date) {
                    (status, listed, next) = (Some(*now), *now != SecurityStatus::Delisted, next + 1);
                }
                standing.status.push(status);
                standing.listed.push(listed);
            }
        }
        standing
    }
}

impl DailyPanel {
    /// Lays out bars; their order does not matter, and of two bars of one symbol and date the later
    /// in `bars` counts. The dates are those that occur in `bars`.
    #[must_use]
    pub fn from_bars<'a>(bars: impl IntoIterator<Item = &'a DailyBar> + Clone) -> Self {
        let symbols: BTreeSet<Symbol> = bars.clone().into_iter().map(|bar| bar.symbol).collect();
        let mut dates = BTreeSet::new();
        let mut last = None;
        // Bars of one date mostly stand together.
        for date in bars.clone().into_iter().map(|bar| bar.date) {
            if last.replace(date) != Some(date) {
                dates.insert(date);
            }
        }
        let (symbols, dates): (Vec<_>, Vec<_>) = (symbols.into_iter().collect(), dates.into_iter().collect());
        let cells = symbols.len() * dates.len();
        let mut panel = Self {
            columns: vec![vec![f64::NAN; cells]; Field::ALL.len()],
            present: vec![false; cells],
            suspended: vec![false; cells],
            standing: None,
            symbols,
            dates,
        };
        for bar in bars {
            panel.put(bar);
        }
        panel
    }

    fn put(&mut self, bar: &DailyBar) {
        let (Ok(symbol), Ok(day)) = (self.symbols.binary_search(&bar.symbol), self.dates.binary_search(&bar.date))
        else {
            return;
        };
        let cell = symbol * self.dates.len() + day;
        self.present[cell] = true;
        self.suspended[cell] = bar.suspended;
        let volume = bar.volume.map_or(f64::NAN, |shares| shares as f64);
        let (amount, preclose) = (bar.amount.unwrap_or(f64::NAN), bar.preclose.unwrap_or(f64::NAN));
        let values = [bar.open, bar.high, bar.low, bar.close, volume, amount, preclose, bar.adj_factor];
        for (column, value) in self.columns.iter_mut().zip(values) {
            column[cell] = value;
        }
    }

    /// Attaches what is known of the securities, held against the panel's own bars: a bar before the first recorded
    /// listing of its symbol shows that the record is late, see [`SecurityHistory::held_against`]. Bars outside the
    /// time in which their symbol was listed are taken out; [`DailyPanel::foreign_bars`] counts them. A history that
    /// knows nothing changes nothing.
    #[must_use]
    pub fn with_history(mut self, history: &SecurityHistory) -> Self {
        if history.is_empty() {
            return self;
        }
        let traded = (0..self.symbols.len()).filter_map(|symbol| {
            let first = (0..self.dates.len()).find(|day| self.trades(symbol, *day))?;
            Some((*self.symbols.get(symbol)?, *self.dates.get(first)?))
        });
        let history = history.with_trades(traded);
        let mut standing = Standing::of(&self.symbols, &self.dates, &history);
        for (cell, listed) in standing.listed.iter().enumerate() {
            if !listed && self.present[cell] {
                standing.foreign_bars += 1;
                self.present[cell] = false;
                self.columns.iter_mut().for_each(|column| column[cell] = f64::NAN);
            }
        }
        self.standing = Some(standing);
        self
    }

    /// Says whether a symbol's first listing is told. Special treatment alone does not say when a share was listed.
    #[must_use]
    pub fn knows(&self, symbol: usize) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.known[symbol])
    }

    /// Returns what a symbol is on a session; none where it is not known.
    #[must_use]
    pub fn status(&self, symbol: usize, day: usize) -> Option<SecurityStatus> {
        self.standing.as_ref().and_then(|standing| standing.status[symbol * self.dates.len() + day])
    }

    /// Says whether the price limits of special treatment apply; false where it is not known.
    #[must_use]
    pub fn is_st(&self, symbol: usize, day: usize) -> bool {
        self.status(symbol, day).is_some_and(SecurityStatus::is_st)
    }

    /// Says whether a symbol may trade on a session; true where it is not known.
    #[must_use]
    pub fn is_listed(&self, symbol: usize, day: usize) -> bool {
        self.standing.as_ref().is_none_or(|standing| standing.listed[symbol * self.dates.len() + day])
    }

    /// Returns the sessions of the calendar since the listing, 0 on the first; none where it is not known.
    #[must_use]
    pub fn sessions_since_listing(&self, symbol: usize, day: usize) -> Option<u32> {
        let standing = self.standing.as_ref()?;
        let (_, first) = standing.listings[symbol].iter().rev().find(|(from, _)| *from <= day)?;
        u32::try_from(standing.sessions[day]? - (*first)?).ok()
    }

    /// Returns the date from which on a symbol that is delisted on a session trades no more.
    #[must_use]
    pub fn delisted_on(&self, symbol: usize, day: usize) -> Option<Date> {
        let standing = self.standing.as_ref().filter(|_| !self.is_listed(symbol, day))?;
        standing.delistings[symbol].iter().rev().find(|(from, _)| *from <= day).map(|(_, date)| *date)
    }

    /// Returns how many bars were taken out because their symbol was not listed then.
    #[must_use]
    pub fn foreign_bars(&self) -> usize {
        self.standing.as_ref().map_or(0, |standing| standing.foreign_bars)
    }

    /// Returns the cells that a rule admits, S x D; each by what was known on its session. Where nothing is
    /// known all are admitted.
    #[must_use]
    pub fn universe(&self, rule: &UniverseRule) -> Vec<bool> {
        self.universe_from(rule, 0)
    }

    /// As [`DailyPanel::universe`], for the sessions from the panel's session `first` on.
    #[must_use]
    pub fn universe_from(&self, rule: &UniverseRule, first: usize) -> Vec<bool> {
        let days = first..self.dates.len();
        let cells = (0..self.symbols.len()).flat_map(|symbol| days.clone().map(move |day| (symbol, day)));
        let admits = |(symbol, day)| {
            self.is_listed(symbol, day)
                && rule.admits(self.status(symbol, day), self.sessions_since_listing(symbol, day))
        };
        cells.map(admits).collect()
    }

    /// Returns the symbols, ascending; length S.
    #[must_use]
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Returns the sessions, ascending; length D.
    #[must_use]
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// Returns a column: S x D numbers.
    #[must_use]
    pub fn column(&self, field: Field) -> &[f64] {
        &self.columns[field as usize]
    }

    /// Returns one symbol's part of a column: D numbers.
    #[must_use]
    pub fn series(&self, field: Field, symbol: usize) -> &[f64] {
        &self.column(field)[self.range(symbol)]
    }

    /// Returns one cell of a column.
    #[must_use]
    pub fn at(&self, field: Field, symbol: usize, day: usize) -> f64 {
        self.column(field)[symbol * self.dates.len() + day]
    }

    /// Says whether there is a bar.
    #[must_use]
    pub fn has_bar(&self, symbol: usize, day: usize) -> bool {
        self.present[symbol * self.dates.len() + day]
    }

    /// Says whether the symbol could trade: there is a bar and it is not a suspended one.
    #[must_use]
    pub fn trades(&self, symbol: usize, day: usize) -> bool {
        let cell = symbol * self.dates.len() + day;
        self.present[cell] && !self.suspended[cell]
    }

    fn range(&self, symbol: usize) -> std::ops::Range<usize> {
        let days = self.dates.len();
        symbol * days..(symbol + 1) * days
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{DailyPanel, Field};
    use crate::market::{DailyBar, SecurityEvent, SecurityHistory, SecurityStatus, UniverseRule};

    fn bar(symbol: &str, day: i8) -> DailyBar {
        DailyBar {
            date: date(2024, 1, day),
            symbol: symbol.parse().expect("a symbol"),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 1.0,
            volume: Some(100),
            amount: None,
            preclose: Some(1.0),
            adj_factor: 1.0,
            suspended: false,
            source: "test".into(),
        }
    }

    fn event(symbol: &str, day: i8, status: SecurityStatus) -> SecurityEvent {
        SecurityEvent { date: date(2024, 1, day), symbol: symbol.parse().expect("a symbol"), status, name: "".into() }
    }

    #[test]
    fn flags_are_those_of_the_history_cell_by_cell() {
        let symbols = ["000001.SZ", "600000.SH", "600001.SH"];
        let mut bars: Vec<DailyBar> = (2..=5).flat_map(|day| symbols.map(|symbol| bar(symbol, day))).collect();
        bars[1].suspended = true;
        let history = SecurityHistory::of(&[
            event("600000.SH", 3, SecurityStatus::Listed),
            event("600001.SH", 3, SecurityStatus::St),
            event("600001.SH", 5, SecurityStatus::Delisted),
        ]);
        let panel = DailyPanel::from_bars(&bars).with_history(&history);
        for (at, symbol) in panel.symbols().iter().enumerate() {
            for (day, date) in panel.dates().iter().enumerate() {
                assert_eq!(panel.is_st(at, day), history.is_st(*symbol, *date), "{symbol} {date}");
                assert_eq!(panel.is_listed(at, day), history.is_listed(*symbol, *date), "{symbol} {date}");
                let age = history.sessions_since_listing(*symbol, *date);
                assert_eq!(panel.sessions_since_listing(at, day), age, "{symbol} {date}");
                assert_eq!(panel.has_bar(at, day), history.is_listed(*symbol, *date), "{symbol} {date}");
            }
        }
        assert_eq!(panel.foreign_bars(), 2);
        assert!(panel.at(Field::Close, 1, 0).is_nan(), "a suspended row before the listing");
        let rule = UniverseRule { exclude_st: true, min_listed_sessions: 1 };
        let universe = panel.universe(&rule);
        assert_eq!(universe[..4], [true; 4]);
        assert_eq!(universe[4..8], [false, false, true, true]);
        assert_eq!(universe[8..], [true, false, false, false]);
    }

    #[test]
    fn bar_before_its_listing_shows_that_the_record_is_late() {
        let bars: Vec<DailyBar> = (2..=5).map(|day| bar("600000.SH", day)).collect();
        let history = SecurityHistory::of(&[event("600000.SH", 4, SecurityStatus::Listed)]);
        for last in 1..=4 {
            let known = history.events_of(bars[0].symbol).iter().filter(|(date, _)| *date <= bars[last - 1].date);
            let known = known.map(|(_, status)| event("600000.SH", 4, *status)).collect::<Vec<_>>();
            let panel = DailyPanel::from_bars(&bars[..last]).with_history(&SecurityHistory::of(&known));
            assert_eq!(panel.foreign_bars(), 0, "as known on the {last}th session");
            assert!((0..last).all(|day| panel.has_bar(0, day) && panel.is_listed(0, day)));
            assert!((0..last).all(|day| panel.sessions_since_listing(0, day).is_none()), "nobody told when");
            let rule = UniverseRule { exclude_st: true, min_listed_sessions: 60 };
            assert_eq!(panel.universe(&rule), vec![true; last]);
        }
        let held = history.held_against(&bars);
        assert!(held.is_listed(bars[0].symbol, bars[0].date) && !held.tells_listing(bars[0].symbol));
        assert_eq!(history.held_against(&bars[2..]), history, "no bar before it");
    }

    #[test]
    fn share_that_is_listed_again_has_its_bars_and_the_age_of_its_new_listing() {
        let bars: Vec<DailyBar> = (2..=5).map(|day| bar("600000.SH", day)).collect();
        let history = SecurityHistory::of(&[
            event("600000.SH", 2, SecurityStatus::Listed),
            event("600000.SH", 3, SecurityStatus::Delisted),
            event("600000.SH", 4, SecurityStatus::Listed),
        ]);
        let panel = DailyPanel::from_bars(&bars).with_history(&history);
        assert_eq!([0, 1, 2, 3].map(|day| panel.has_bar(0, day)), [true, false, true, true]);
        assert_eq!([0, 2, 3].map(|day| panel.sessions_since_listing(0, day)), [Some(0), Some(0), Some(1)]);
        assert_eq!([0, 1, 2, 3].map(|day| panel.delisted_on(0, day)), [None, Some(bars[1].date), None, None]);
    }

    #[test]
    fn panel_without_history_knows_nothing_and_admits_all() {
        let panel = DailyPanel::from_bars(&[bar("600000.SH", 2)]).with_history(&SecurityHistory::default());
        assert!(!panel.knows(0) && panel.is_listed(0, 0) && !panel.is_st(0, 0));
        assert_eq!(panel.sessions_since_listing(0, 0), None);
        assert_eq!(panel.universe(&UniverseRule { exclude_st: true, min_listed_sessions: 60 }), [true]);
    }
}
