//! Whether a position decided on at the close could be entered at the next session's open.

use crate::{
    market::{DailyPanel, Field},
    research::factor::{UpperLimit, is_hole},
};

/// How the next session's open meets a buy order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// It trades below its upper limit: the buy can be filled.
    Open,
    /// It opens at its upper limit: nobody sells.
    LimitUp,
    /// It is suspended or absent.
    Suspended,
    /// There is no next session in the panel, or its limit cannot be known.
    Unknown,
    /// The symbol is not in the universe on the day of the decision.
    Outside,
}

impl Entry {
    /// Returns the entries after each session of every symbol, S x D of them.
    pub(super) fn of_panel(panel: &DailyPanel) -> Vec<Self> {
        let follows: Vec<bool> = panel.dates().array_windows().map(|[today, next]| !is_hole(*today, *next)).collect();
        let mut entries = Vec::with_capacity(panel.symbols().len() * panel.dates().len());
        for symbol in 0..panel.symbols().len() {
            let limits = UpperLimit::of_sessions(panel, symbol);
            let after = |day| match follows.get(day) {
                Some(true) => Self::after(panel, symbol, day, &limits),
                _ => Self::Unknown,
            };
            entries.extend((0..panel.dates().len()).map(after));
        }
        entries
    }

    fn after(panel: &DailyPanel, symbol: usize, day: usize, limits: &[UpperLimit]) -> Self {
        let next = day + 1;
        let Some(limit) = limits.get(next) else { return Self::Unknown };
        if !panel.trades(symbol, next) {
            return Self::Suspended;
        }
        match limit.is_reached(panel.at(Field::Open, symbol, next)) {
            Some(true) => Self::LimitUp,
            Some(false) => Self::Open,
            None => Self::Unknown,
        }
    }

    /// Says that a buy is known to be impossible, or not to be asked for.
    #[must_use]
    pub const fn is_untradable(self) -> bool {
        matches!(self, Self::LimitUp | Self::Suspended | Self::Outside)
    }

    /// Returns the entry in one word, for counts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::LimitUp => "limit_up",
            Self::Suspended => "suspended",
            Self::Unknown => "unknown",
            Self::Outside => "outside_universe",
        }
    }
}
