//! The one door to time. Nothing else in the library may ask what time it is.

use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// Environment variable that moves the start of the clock; for tests.
pub const NOW_VARIABLE: &str = "LIGHTHUNTER_NOW";

/// The exchanges' time zone.
const SHANGHAI: &str = "Asia/Shanghai";

/// A clock that runs from the system's time, or from a given instant.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Timestamp,
    started: Instant,
    follows_system: bool,
}

impl Clock {
    /// Starts a clock at the system's time, or at `LIGHTHUNTER_NOW` when that is set to a timestamp.
    #[must_use]
    pub fn from_environment() -> Self {
        let origin = std::env::var(NOW_VARIABLE).ok().and_then(|text| text.parse().ok());
        origin.map_or_else(Self::system, Self::starting_at)
    }

    /// Starts a clock at the system's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one door to time")]
    pub fn system() -> Self {
        Self { follows_system: true, ..Self::starting_at(Timestamp::now()) }
    }

    /// Starts a clock at `origin`; it runs on from there at normal speed.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one door to time")]
    pub fn starting_at(origin: Timestamp) -> Self {
        Self { origin, started: Instant::now(), follows_system: false }
    }

    /// Returns the instant now, to the microsecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.origin + self.started.elapsed();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Returns the instant that the machine's clock shows: [`now`](Self::now) runs on evenly, this one
    /// follows a clock that is set and a machine that slept. A clock that was moved just runs on.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one door to time")]
    pub fn wall(&self) -> Timestamp {
        if self.follows_system { Timestamp::now() } else { self.now() }
    }

    /// Returns the variable that gives a child process this clock; nothing where it follows the system.
    #[must_use]
    pub fn for_child(&self) -> Option<(&'static str, String)> {
        (!self.follows_system).then(|| (NOW_VARIABLE, self.now().to_string()))
    }

    /// Returns the time now in Asia/Shanghai.
    #[must_use]
    pub fn shanghai(&self) -> Zoned {
        self.now().to_zoned(shanghai_zone())
    }

    /// Returns today's date in Asia/Shanghai.
    #[must_use]
    pub fn today(&self) -> Date {
        self.shanghai().date()
    }
}

/// Returns the exchanges' time zone, from the bundled database.
#[must_use]
pub fn shanghai_zone() -> TimeZone {
    TimeZone::get(SHANGHAI).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)))
}

/// Waits; market time that passes in a replay is waited for here.
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Measures a duration; never moves backwards.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one door to time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the seconds since the start, to the millisecond.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        (self.0.elapsed().as_secs_f64() * 1e3).round() / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn trading_date_is_shanghais() {
        let clock = Clock::starting_at("2025-01-01T18:30:00Z".parse().expect("a timestamp"));
        assert_eq!(clock.today(), jiff::civil::date(2025, 1, 2), "02:30 of the next day in Shanghai");
    }
}
