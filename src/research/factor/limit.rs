//! Whether a session's price is the exchange's upper price limit. Raw prices only; the rule is the
//! market's. The data has no ST flags, so every share counts as an ordinary one.

use jiff::civil::Date;

use crate::market::{DailyPanel, Field, LimitCase, PriceBand, price_limit::free_sessions};

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
        let precloses = panel.series(Field::Preclose, symbol);
        // Only a symbol's first row ever lacks the reference price: the listing lies in the panel then.
        let first = (0..panel.dates().len()).find(|day| panel.has_bar(symbol, *day));
        let listed = first.filter(|day| precloses.get(*day).is_some_and(|preclose| preclose.is_nan()));
        let sessions = precloses.iter().zip(panel.dates()).enumerate();
        let limit = |(day, (preclose, date)): (usize, (&f64, &Date))| {
            let Some(share) = panel.symbols().get(symbol).copied() else { return Self::Unknown };
            let age = listed.and_then(|listed| day.checked_sub(listed));
            let listed_on = listed.and_then(|listed| panel.dates().get(listed));
            if let (Some(age), Some(listed)) = (age, listed_on)
                && age < free_sessions(share.board(), *listed) as usize
            {
                return Self::Free;
            }
            let case = LimitCase::ordinary(share, *date, *preclose);
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

#[cfg(test)]
mod tests {
    use super::UpperLimit;
    use crate::{
        market::DailyPanel,
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
}
