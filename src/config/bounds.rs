//! The range that a number of the config must lie in, and its words for a person. Reads nothing.

/// What a number may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Bounds {
    low: f64,
    low_is_allowed: bool,
    high: f64,
}

impl Bounds {
    /// A share of a whole.
    pub(in crate::config) const SHARE: Self = Self::between(0.0, 1.0);
    /// Above zero.
    pub(in crate::config) const POSITIVE: Self = Self { low: 0.0, low_is_allowed: false, high: f64::MAX };

    /// From `low` to `high`, both allowed.
    pub(in crate::config) const fn between(low: f64, high: f64) -> Self {
        Self { low, low_is_allowed: true, high }
    }

    /// Above `low`, up to `high`.
    pub(in crate::config) const fn above(low: f64, high: f64) -> Self {
        Self { low, low_is_allowed: false, high }
    }

    pub(in crate::config) fn holds(self, value: f64) -> bool {
        value.is_finite() && value <= self.high && (value > self.low || (self.low_is_allowed && value == self.low))
    }

    pub(in crate::config) fn words(self) -> String {
        let high = if self.high == f64::MAX { String::new() } else { format!(" up to {}", self.high) };
        match (self.low_is_allowed, high.is_empty()) {
            (true, true) => format!("a number of {} or more", self.low),
            (true, false) => format!("a number from {} to {}", self.low, self.high),
            (false, _) => format!("a number above {}{high}", self.low),
        }
    }
}
