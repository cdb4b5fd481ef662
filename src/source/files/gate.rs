//! Which days may have rows: sessions of the trading calendar, and none after the as-of date.

use jiff::civil::Date;

use crate::market::Calendar;

/// Judges dates; remembers the last one, which neighbouring rows share.
pub(super) struct DayGate {
    calendar: &'static Calendar,
    as_of: Option<Date>,
    needs_session: bool,
    last: Option<(Date, Result<(), String>)>,
}

impl DayGate {
    pub(super) fn new(as_of: Option<Date>, needs_session: bool) -> Self {
        Self { calendar: Calendar::builtin(), as_of, needs_session, last: None }
    }

    /// Says why no row may have this date.
    pub(super) fn check(&mut self, date: Date) -> Result<(), String> {
        if let Some((last, verdict)) = &self.last
            && *last == date
        {
            return verdict.clone();
        }
        let verdict = self.judge(date);
        self.last = Some((date, verdict.clone()));
        verdict
    }

    /// Says whether a date that is refused now may pass later: it is in the future, or beyond the calendar's end.
    pub(super) fn is_early(&self, date: Date) -> bool {
        self.as_of.is_some_and(|as_of| date > as_of) || date > self.calendar.last()
    }

    fn judge(&self, date: Date) -> Result<(), String> {
        if let Some(as_of) = self.as_of.filter(|as_of| date > *as_of) {
            return Err(format!("{date} is in the future: the last date is {as_of}"));
        }
        match self.calendar.is_session(date) {
            Ok(false) if self.needs_session => Err(format!("{date} is not a trading session")),
            Ok(_) => Ok(()),
            Err(error) if date > self.calendar.last() => {
                Err(format!("{error}; its year belongs into data_sources.market.closures (docs/scheduler.md)"))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DayGate;
    use jiff::civil::date;

    #[test]
    fn only_known_sessions_up_to_the_last_date_pass() {
        let mut gate = DayGate::new(Some(date(2025, 1, 3)), true);
        for _ in 0..2 {
            assert_eq!(gate.check(date(2025, 1, 2)), Ok(()));
            assert!(gate.check(date(2025, 1, 1)).expect_err("a holiday").contains("not a trading session"));
            assert!(gate.check(date(2025, 1, 6)).expect_err("later").contains("in the future"));
            assert!(gate.check(date(1980, 1, 2)).expect_err("before").contains("outside the trading calendar"));
        }
        for (day, early) in [(date(2025, 1, 6), true), (date(2025, 1, 1), false), (date(1980, 1, 2), false)] {
            assert_eq!(gate.is_early(day), early, "{day}");
        }
        let mut endless = DayGate::new(None, true);
        let later = date(2098, 1, 2);
        assert!(endless.check(later).expect_err("unknown").contains("data_sources.market.closures"));
        assert!(endless.is_early(later));
        let mut any_day = DayGate::new(Some(date(2025, 1, 3)), false);
        assert_eq!(any_day.check(date(2025, 1, 1)), Ok(()));
        assert!(any_day.check(date(2025, 1, 4)).expect_err("later").contains("in the future"));
    }
}
