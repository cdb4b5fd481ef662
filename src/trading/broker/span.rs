//! Where in the session a broker is: the span of the bars that come in.

use jiff::civil::{Date, DateTime, Time, time};
use serde::{Deserialize, Serialize};

/// When the opening call matches (market_rules.md: sessions).
const OPENING_CALL: Time = time(9, 25, 0, 0);

/// When continuous trading stops and goes on (market_rules.md: sessions).
const BREAK: (Time, Time) = (time(11, 30, 0, 0), time(13, 0, 0, 0));

/// The span of the bars that come in now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    /// When it began.
    pub(super) began: DateTime,
    end: DateTime,
}

impl Span {
    /// Stands before a session's first bar: what is there when the opening call matches meets it.
    pub(super) fn of_session(date: Date) -> Self {
        let call = date.to_datetime(OPENING_CALL);
        Self { began: call, end: call }
    }

    /// Goes on to a bar: it began where the bars before ended, or after the break.
    pub(super) fn reach(&mut self, end: DateTime) {
        if end > self.end {
            let (from, to) = (self.end.date().to_datetime(BREAK.0), self.end.date().to_datetime(BREAK.1));
            self.began = if from <= self.end && self.end < to { to } else { self.end };
            self.end = end;
        }
    }
}
