//! What became of a security and from when on: listing, special treatment, delisting. One event a row, dated
//! by the first session that it holds for, so that a list cut at a date says exactly what was known then.
//!
//! Statuses follow the exchanges' risk warnings (common knowledge of the field).

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Calendar, DailyBar, Symbol};

/// What a security is from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecurityStatus {
    /// Trades for the first time, without special treatment.
    Listed,
    /// Special treatment has ended.
    Normal,
    /// Special treatment: ST.
    St,
    /// Special treatment with a warning of delisting: *ST.
    StarSt,
    /// Trades its last weeks, with the board's ordinary limits.
    Delisting,
    /// Trades no more.
    Delisted,
}

impl SecurityStatus {
    /// All statuses.
    pub const ALL: [Self; 6] = [Self::Listed, Self::Normal, Self::St, Self::StarSt, Self::Delisting, Self::Delisted];

    /// Returns the text of the `status` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Normal => "normal",
            Self::St => "ST",
            Self::StarSt => "*ST",
            Self::Delisting => "delisting",
            Self::Delisted => "delisted",
        }
    }

    /// Says whether the price limits of special treatment apply.
    #[must_use]
    pub const fn is_st(self) -> bool {
        matches!(self, Self::St | Self::StarSt)
    }

    /// Says whether the exchange warns of the share: special treatment, or about to be delisted.
    #[must_use]
    pub const fn is_warned(self) -> bool {
        matches!(self, Self::St | Self::StarSt | Self::Delisting)
    }
}

impl fmt::Display for SecurityStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("status '{0}' is not one of listed, normal, ST, *ST, delisting, delisted")]
pub struct StatusError(String);

impl FromStr for SecurityStatus {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        let known = Self::ALL.into_iter().find(|status| status.name() == text);
        known.ok_or_else(|| StatusError(text.chars().take(32).filter(|c| !c.is_control()).collect()))
    }
}

/// From `date` on, `symbol` is `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// The first session that it holds for; known before that session opens.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// What it is from then on.
    pub status: SecurityStatus,
    /// Its name from then on; may be empty.
    pub name: Arc<str>,
}

/// Which symbols research and trading choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniverseRule {
    /// Leaves out what the exchange warns of: ST, *ST and shares about to be delisted.
    pub exclude_st: bool,
    /// Leaves out shares listed for fewer sessions than these.
    pub min_listed_sessions: u32,
}

impl UniverseRule {
    /// Leaves nothing out that is listed.
    pub const ALL_LISTED: Self = Self { exclude_st: false, min_listed_sessions: 0 };

    /// Says whether a share that is listed belongs, by its status and the sessions since its listing, where
    /// they are known.
    #[must_use]
    pub fn admits(&self, status: Option<SecurityStatus>, sessions_since_listing: Option<u32>) -> bool {
        let is_warned = self.exclude_st && status.is_some_and(SecurityStatus::is_warned);
        !is_warned && sessions_since_listing.is_none_or(|sessions| sessions >= self.min_listed_sessions)
    }
}

/// The events of all securities, as far as they are known. Of a symbol without events nothing is known: it
/// counts as listed long ago and without special treatment. A symbol is listed by its first event or after its
/// delisting; any other `listed` row comes too late to say when, and counts as `normal`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityHistory {
    events: BTreeMap<Symbol, Vec<(Date, SecurityStatus)>>,
}

impl SecurityHistory {
    /// Orders events; of two of one symbol and date the later in `events` counts.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a SecurityEvent>) -> Self {
        let mut history = Self::default();
        for event in events {
            history.events.entry(event.symbol).or_default().push((event.date, event.status));
        }
        for own in history.events.values_mut() {
            own.reverse();
            own.sort_by_key(|(date, _)| *date);
            own.dedup_by_key(|(date, _)| *date);
            let mut is_off = true;
            for (_, status) in own {
                if *status == SecurityStatus::Listed && !is_off {
                    *status = SecurityStatus::Normal;
                }
                is_off = *status == SecurityStatus::Delisted;
            }
        }
        history
    }

    /// Returns the history without the listings that bars show to be recorded too late: what traded before its
    /// first `listed` row was listed at some time before, which nobody told. A suspended row shows nothing, and
    /// nothing trades between a delisting and the listing after it. `bars` are in any order; what is shown on a
    /// date is shown by bars before it.
    #[must_use]
    pub fn held_against<'a>(&self, bars: impl IntoIterator<Item = &'a DailyBar>) -> Self {
        let traded = bars.into_iter().filter(|bar| !bar.suspended);
        self.with_trades(traded.map(|bar| (bar.symbol, bar.date)))
    }

    /// As [`SecurityHistory::held_against`], by the days on which symbols traded.
    #[must_use]
    pub(super) fn with_trades(&self, traded: impl IntoIterator<Item = (Symbol, Date)>) -> Self {
        let mut held = self.clone();
        let is_late = |event: &&mut (Date, SecurityStatus), on: Date| event.1 == SecurityStatus::Listed && on < event.0;
        for (symbol, on) in traded {
            let first = held.events.get_mut(&symbol).and_then(|own| own.first_mut());
            if let Some((_, status)) = first.filter(|first| is_late(first, on)) {
                *status = SecurityStatus::Normal;
            }
        }
        held
    }

    /// Returns what was known on a date.
    #[must_use]
    pub fn until(&self, last: Date) -> Self {
        let mut known = self.clone();
        known.events.retain(|_, own| {
            own.retain(|(from, _)| *from <= last);
            !own.is_empty()
        });
        known
    }

    /// Says whether nothing is known of any security.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns a symbol's events, by date; none of a symbol that is not known.
    #[must_use]
    pub fn events_of(&self, symbol: Symbol) -> &[(Date, SecurityStatus)] {
        self.events.get(&symbol).map_or(&[], Vec::as_slice)
    }

    /// Returns what a symbol is on a date; none before its first event and where nothing is known.
    #[must_use]
    pub fn status_on(&self, symbol: Symbol, date: Date) -> Option<SecurityStatus> {
        let events = self.events_of(symbol);
        let begun = events.partition_point(|(from, _)| *from <= date);
        begun.checked_sub(1).and_then(|last| events.get(last)).map(|(_, status)| *status)
    }

    /// Says whether the price limits of special treatment apply to a symbol on a date.
    #[must_use]
    pub fn is_st(&self, symbol: Symbol, date: Date) -> bool {
        self.status_on(symbol, date).is_some_and(SecurityStatus::is_st)
    }

    /// Says whether a symbol may trade on a date: not before its listing, not from its delisting on.
    #[must_use]
    pub fn is_listed(&self, symbol: Symbol, date: Date) -> bool {
        match self.status_on(symbol, date) {
            Some(status) => status != SecurityStatus::Delisted,
            // What begins with another event was listed before the list begins.
            None => self.events_of(symbol).first().is_none_or(|(_, first)| *first != SecurityStatus::Listed),
        }
    }

    /// Returns the first session of the listing that a date falls into, or that ended last before it; none where
    /// it is not known.
    #[must_use]
    pub fn listed_on(&self, symbol: Symbol, date: Date) -> Option<Date> {
        let mut begun = self.events_of(symbol).iter().rev().filter(|(from, _)| *from <= date);
        begun.find(|(_, status)| *status == SecurityStatus::Listed).map(|(from, _)| *from)
    }

    /// Says whether the first listing of a symbol is told. Special treatment alone does not say when a share was
    /// listed.
    #[must_use]
    pub fn tells_listing(&self, symbol: Symbol) -> bool {
        self.events_of(symbol).first().is_some_and(|(_, first)| *first == SecurityStatus::Listed)
    }

    /// Returns the date from which on a symbol that is delisted on `date` trades no more.
    #[must_use]
    pub fn delisted_on(&self, symbol: Symbol, date: Date) -> Option<Date> {
        let last = self.events_of(symbol).iter().rev().find(|(from, _)| *from <= date);
        last.filter(|(_, status)| *status == SecurityStatus::Delisted).map(|(from, _)| *from)
    }

    /// Returns the sessions since the listing, 0 on the first; none where it is not known, or on a date before.
    #[must_use]
    pub fn sessions_since_listing(&self, symbol: Symbol, date: Date) -> Option<u32> {
        let sessions = Calendar::builtin().count_between(self.listed_on(symbol, date)?, date).ok()?;
        u32::try_from(sessions).ok()
    }

    /// Returns the known symbols that a rule admits on a date, ascending.
    #[must_use]
    pub fn universe_on(&self, date: Date, rule: &UniverseRule) -> Vec<Symbol> {
        let belongs = |symbol: &Symbol| {
            let age = self.sessions_since_listing(*symbol, date);
            self.is_listed(*symbol, date) && rule.admits(self.status_on(*symbol, date), age)
        };
        self.events.keys().copied().filter(belongs).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{SecurityEvent, SecurityHistory, SecurityStatus, UniverseRule};
    use crate::market::Symbol;

    fn symbol(text: &str) -> Symbol {
        text.parse().expect("a symbol")
    }

    fn event(of: &str, on: &str, status: &str) -> SecurityEvent {
        SecurityEvent {
            date: on.parse().expect("a date"),
            symbol: symbol(of),
            status: status.parse().expect("a status"),
            name: "".into(),
        }
    }

    fn events() -> Vec<SecurityEvent> {
        vec![
            event("600000.SH", "2024-01-02", "listed"),
            event("600001.SH", "2020-03-02", "ST"),
            event("600001.SH", "2024-03-01", "*ST"),
            event("600001.SH", "2024-05-06", "normal"),
            event("600002.SH", "2024-04-01", "delisting"),
            event("600002.SH", "2024-04-22", "delisted"),
        ]
    }

    #[test]
    fn status_holds_from_its_date_to_the_next() {
        let history = SecurityHistory::of(&events());
        let status = |of, on: &str| history.status_on(symbol(of), on.parse().expect("a date"));
        assert_eq!(status("600001.SH", "2020-02-28"), None);
        assert_eq!(status("600001.SH", "2020-03-02"), Some(SecurityStatus::St));
        assert_eq!(status("600001.SH", "2024-04-30"), Some(SecurityStatus::StarSt));
        assert_eq!(status("600001.SH", "2024-05-06"), Some(SecurityStatus::Normal));
        assert!(history.is_st(symbol("600001.SH"), date(2024, 4, 30)));
        assert!(!history.is_st(symbol("600002.SH"), date(2024, 4, 2)), "its limits are ordinary");
        assert_eq!(history.status_on(symbol("000001.SZ"), date(2024, 1, 2)), None);
    }

    #[test]
    fn share_is_listed_from_its_first_session_to_its_delisting() {
        let history = SecurityHistory::of(&events());
        let listed = |of, on: &str| history.is_listed(symbol(of), on.parse().expect("a date"));
        assert!(!listed("600000.SH", "2023-12-29") && listed("600000.SH", "2024-01-02"));
        assert!(listed("600001.SH", "2019-01-02"), "listed before its first event");
        assert!(listed("600002.SH", "2024-04-19") && !listed("600002.SH", "2024-04-22"));
        assert!(listed("000001.SZ", "2024-04-22"), "nothing is known of it");
        let age = |on| history.sessions_since_listing(symbol("600000.SH"), on);
        assert_eq!((age(date(2024, 1, 2)), age(date(2024, 1, 3)), age(date(2023, 12, 29))), (Some(0), Some(1), None));
        assert_eq!(history.sessions_since_listing(symbol("600001.SH"), date(2024, 1, 3)), None);
        let ended = |on| history.delisted_on(symbol("600002.SH"), on);
        assert_eq!((ended(date(2024, 4, 19)), ended(date(2024, 5, 6))), (None, Some(date(2024, 4, 22))));
    }

    #[test]
    fn share_that_is_listed_again_begins_anew() {
        let of = "600000.SH";
        let history = SecurityHistory::of(&[
            event(of, "2024-01-02", "listed"),
            event(of, "2024-01-10", "listed"),
            event(of, "2024-03-01", "delisted"),
            event(of, "2024-05-06", "listed"),
        ]);
        let own = symbol(of);
        let age = |on| history.sessions_since_listing(own, on);
        assert_eq!(age(date(2024, 1, 10)), Some(6), "of two rows the first says when");
        assert_eq!((age(date(2024, 5, 6)), age(date(2024, 5, 7))), (Some(0), Some(1)));
        let listed = |on| history.is_listed(own, on);
        assert!(listed(date(2024, 2, 29)) && !listed(date(2024, 3, 1)) && !listed(date(2024, 4, 30)));
        assert!(listed(date(2024, 5, 6)) && history.delisted_on(own, date(2024, 5, 6)).is_none());
        assert_eq!(history.delisted_on(own, date(2024, 4, 30)), Some(date(2024, 3, 1)));
        let late = SecurityHistory::of(&[event(of, "2020-03-02", "ST"), event(of, "2024-01-02", "listed")]);
        assert_eq!(late.sessions_since_listing(own, date(2024, 1, 3)), None, "it was listed before its first event");
        assert!(!late.tells_listing(own) && !late.is_st(own, date(2024, 1, 2)));
    }

    #[test]
    fn universe_is_that_of_the_date() {
        let history = SecurityHistory::of(&events());
        let rule = UniverseRule { exclude_st: true, min_listed_sessions: 60 };
        let on = |on, rule: &UniverseRule| {
            history.universe_on(on, rule).iter().map(|symbol| symbol.code()).collect::<Vec<_>>()
        };
        assert_eq!(on(date(2024, 1, 2), &UniverseRule::ALL_LISTED), [600_000, 600_001, 600_002]);
        assert_eq!(on(date(2024, 1, 2), &rule), [600_002]);
        assert_eq!(on(date(2024, 4, 10), &rule), [600_000], "64 sessions old; the others are warned of");
        assert_eq!(on(date(2024, 5, 6), &rule), [600_000, 600_001]);
    }

    #[test]
    fn events_after_a_date_change_nothing_before_it() {
        let all = events();
        let whole = SecurityHistory::of(&all);
        for cut in [date(2020, 3, 2), date(2024, 1, 2), date(2024, 4, 1), date(2024, 4, 22)] {
            let known = SecurityHistory::of(all.iter().filter(|event| event.date <= cut));
            for code in ["600001.SH", "600002.SH"] {
                let symbol = symbol(code);
                assert_eq!(whole.status_on(symbol, cut), known.status_on(symbol, cut), "{code} {cut}");
                assert_eq!(whole.is_listed(symbol, cut), known.is_listed(symbol, cut), "{code} {cut}");
            }
        }
    }

    #[test]
    fn text_that_is_no_status_is_refused() {
        for text in ["", "st", "Listed", "ST "] {
            assert!(text.parse::<SecurityStatus>().is_err(), "{text}");
        }
        for status in SecurityStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
    }
}
