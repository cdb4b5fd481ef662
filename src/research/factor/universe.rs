//! The universe over factors: a cell that its rule does not admit has no factor, hence neither a row to learn
//! from nor a score. Factors are computed before, so that a window looks back over sessions outside.

use super::{FactorFrame, KnownValues};
use crate::market::{DailyPanel, UniverseRule};

impl FactorFrame {
    /// Empties the cells that a universe does not hold, each by what was known on its session, and counts anew
    /// how much of each factor there is. The frame's sessions are the last of the panel.
    #[must_use]
    pub fn within(mut self, panel: &DailyPanel, rule: &UniverseRule) -> Self {
        let days = self.dates.len();
        let universe = panel.universe_from(rule, panel.dates().len().saturating_sub(days));
        if universe.iter().all(|admitted| *admitted) {
            return self;
        }
        for column in &mut self.columns {
            for (value, _) in column.iter_mut().zip(&universe).filter(|(_, admitted)| !**admitted) {
                *value = f64::NAN;
            }
        }
        let asked: Vec<String> = self.availability.iter().map(|entry| entry.name.clone()).collect();
        let known = KnownValues::of(&self, &(0..days));
        self.availability = KnownValues::availability(&asked, &known, traded_cells(panel, rule, days));
        self
    }
}

/// Returns how many cells of a panel's last `days` sessions traded and are in a universe.
#[must_use]
pub fn traded_cells(panel: &DailyPanel, rule: &UniverseRule, days: usize) -> usize {
    let first = panel.dates().len().saturating_sub(days);
    let cells =
        (0..panel.symbols().len()).flat_map(|symbol| (first..panel.dates().len()).map(move |day| (symbol, day)));
    let admitted = panel.universe_from(rule, first);
    cells.zip(admitted).filter(|((symbol, day), admitted)| *admitted && panel.trades(*symbol, *day)).count()
}

#[cfg(test)]
mod tests {
    use crate::{
        market::{DailyPanel, SecurityEvent, SecurityHistory, SecurityStatus, UniverseRule},
        research::{
            factor::compute,
            label::{self, Entry},
            testing::{NEXT_RETURN, core_set, label_spec, random_bars},
        },
    };

    #[test]
    fn cells_outside_have_no_factor_and_the_others_keep_theirs() {
        let bars = random_bars(3, 120);
        let plain = DailyPanel::from_bars(&bars);
        let (symbol, from) = (plain.symbols()[1], plain.dates()[80]);
        let event = SecurityEvent { date: from, symbol, status: SecurityStatus::St, name: "".into() };
        let panel = DailyPanel::from_bars(&bars).with_history(&SecurityHistory::of(&[event]));
        let rule = UniverseRule { exclude_st: true, min_listed_sessions: 0 };
        let whole = compute(&core_set(), &panel).expect("computed");
        let within = whole.clone().within(&panel, &rule);
        let days = panel.dates().len();
        let known = |column: &[f64], symbol: usize, days: std::ops::Range<usize>| {
            days.clone().filter(|day| column[symbol * panel.dates().len() + day].is_finite()).count()
        };
        for (all, own) in whole.columns.iter().zip(&within.columns) {
            assert_eq!(known(own, 1, 80..days), 0);
            assert_eq!(known(own, 1, 0..80), known(all, 1, 0..80));
            assert_eq!(
                (known(own, 0, 0..days), known(own, 2, 0..days)),
                (known(all, 0, 0..days), known(all, 2, 0..days))
            );
        }
        assert!(whole.columns.iter().any(|column| known(column, 1, 80..days) > 20), "there was something to empty");
        let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("computed").within(&panel, &rule);
        let outside = |symbol: usize| {
            labels.entry[symbol * days..(symbol + 1) * days].iter().filter(|entry| **entry == Entry::Outside).count()
        };
        assert_eq!([outside(0), outside(1), outside(2)], [0, days - 80, 0]);
        let unbound = whole.clone().within(&panel, &UniverseRule::ALL_LISTED);
        assert_eq!(unbound.digest(), whole.digest());
    }
}
