//! Whether a session's price is the exchange's upper price limit. Raw prices only; the rule is the
//! market's, special treatment and listing the panel's. A share that the panel knows nothing of counts as an
//! ordinary one, listed on its first bar where that lacks the reference price.

use jiff::civil::Date;

use crate::market::{
    DailyPanel, Field, LimitCase, PriceBand, Symbol,
    price_limit::{free_sessions, is_free_session},
};

/// A session's upper limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum UpperLimit {
    /// The limit, CNY.
    At(f64),
    /// The session has none: the first ones after a listing.
    Free,
    /// The reference price is not known.
    Unknown,
}

impl UpperLimit {
    /// Returns the limits of a symbol's sessions, D of them.
    pub(crate) fn of_sessions(panel: &DailyPanel, symbol: usize) -> Vec<Self> {
        let Some(share) = panel.symbols().get(symbol).copied() else {
            return vec![Self::Unknown; panel.dates().len()];
        };
        let guess = if panel.knows(symbol) { None } else { Guess::of(panel, symbol, share) };
        let precloses = panel.series(Field::Preclose, symbol);
        let sessions = precloses.iter().zip(panel.dates()).enumerate();
        let limit = |(day, (preclose, date)): (usize, (&f64, &Date))| {
            let case = LimitCase {
                symbol: share,
                date: *date,
                reference: *preclose,
                is_st: panel.is_st(symbol, day),
                sessions_since_listing: panel.sessions_since_listing(symbol, day),
            };
            if is_free_session(&case) || guess.is_some_and(|guess| guess.is_free(day)) {
                return Self::Free;
            }
            PriceBand::of(&case).map_or(Self::Unknown, |band| Self::At(band.up))
        };
        sessions.map(limit).collect()
    }

    /// Says whether a raw price is at the limit; none where it cannot be known.
    pub(crate) fn is_reached(self, price: f64) -> Option<bool> {
        match self {
            _ if !price.is_finite() => None,
            Self::Unknown => None,
            Self::Free => Some(false),
            Self::At(up) => Some(PriceBand { up, down: 0.0 }.is_up(price)),
        }
    }
}

/// The sessions without a limit of a share whose listing lies in the panel but is not told: only a share's
/// first row ever lacks the reference price.
#[derive(Debug, Clone, Copy)]
struct Guess {
    first: usize,
    free: usize,
}

impl Guess {
    fn of(panel: &DailyPanel, symbol: usize, share: Symbol) -> Option<Self> {
        let first = (0..panel.dates().len()).find(|day| panel.has_bar(symbol, *day))?;
        let listed = panel.at(Field::Preclose, symbol, first).is_nan();
        let free = free_sessions(share.board(), *panel.dates().get(first)?) as usize;
        listed.then_some(Self { first, free })
    }

    fn is_free(self, day: usize) -> bool {
        day.checked_sub(self.first).is_some_and(|age| age < self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::UpperLimit;
    use crate::{
        market::{DailyPanel, SecurityEvent, SecurityHistory, SecurityStatus},
        research::testing::{bar, sessions},
    };

    #[test]
    fn limit_is_the_exchange_s_own_price() {
        let dates = sessions("2020-08-20", 4);
        let bars: Vec<_> = dates
            .iter()
            .flat_map(|date| ["600000.SH", "300001.SZ", "688001.SH"].map(|symbol| bar(symbol, *date, 10.04)))
            .collect();
        let panel = DailyPanel::from_bars(&bars);
        let up = |symbol| UpperLimit::of_sessions(&panel, symbol);
        // ChiNext widened from 10 % to 20 % on 2020-08-24, the third of these sessions.
        let (ten, twenty) = (UpperLimit::At(11.04), UpperLimit::At(12.05));
        assert_eq!(up(0), [ten, ten, twenty, twenty]);
        assert_eq!(up(1), [ten; 4]);
        assert_eq!(up(2), [twenty; 4]);
        assert_eq!(ten.is_reached(11.04), Some(true));
        assert_eq!(ten.is_reached(11.03), Some(false));
        assert_eq!(ten.is_reached(f64::NAN), None);
    }

    #[test]
    fn listing_has_no_limit_and_unknown_reference_is_unknown() {
        let dates = sessions("2020-09-01", 7);
        let mut bars: Vec<_> = dates.iter().map(|date| bar("688001.SH", *date, 10.0)).collect();
        bars[0].preclose = None;
        bars[6].preclose = None;
        let limits = UpperLimit::of_sessions(&DailyPanel::from_bars(&bars), 0);
        assert_eq!(limits[..5], [UpperLimit::Free; 5]);
        assert_eq!(limits[5..], [UpperLimit::At(12.0), UpperLimit::Unknown]);
    }

    #[test]
    fn special_treatment_and_listing_are_those_of_the_session() {
        let dates = sessions("2024-03-01", 6);
        let bars: Vec<_> =
            dates.iter().flat_map(|date| ["600000.SH", "688001.SH"].map(|symbol| bar(symbol, *date, 10.0))).collect();
        let event = |of: &str, day: usize, status| SecurityEvent {
            date: dates[day],
            symbol: of.parse().expect("a symbol"),
            status,
            name: "".into(),
        };
        let events = [
            event("600000.SH", 2, SecurityStatus::StarSt),
            event("600000.SH", 4, SecurityStatus::Normal),
            event("688001.SH", 0, SecurityStatus::Listed),
        ];
        let panel = DailyPanel::from_bars(&bars).with_history(&SecurityHistory::of(&events));
        let (ten, five) = (UpperLimit::At(11.0), UpperLimit::At(10.5));
        assert_eq!(UpperLimit::of_sessions(&panel, 0), [ten, ten, five, five, ten, ten]);
        let limits = UpperLimit::of_sessions(&panel, 1);
        assert_eq!(limits[..5], [UpperLimit::Free; 5], "although every row has its reference price");
        assert_eq!(limits[5], UpperLimit::At(12.0));
    }
}
