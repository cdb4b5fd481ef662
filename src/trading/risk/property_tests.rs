//! Random sessions: what is allowed keeps every limit, a halt and the kill switch follow the falls as a
//! plain model computes them, alerts only tell changes, and a restart anywhere changes nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    RiskBrain, RiskLevel,
    tests::{DAY, NAV, at, brain, buy, limits, view},
};
use crate::trading::{Account, Fen};

#[derive(Debug, Clone)]
enum Step {
    /// The next session opens.
    Session,
    /// Net asset value and positions, shares of [`NAV`].
    Mark(f64, f64),
    /// A buy: shares, then what is held and pending in fen.
    Buy(i64, Fen, Fen),
    /// A process ends and another goes on.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => Just(Step::Session),
        8 => (0.75..1.1_f64, 0.0..1.2_f64).prop_map(|(nav, gross)| Step::Mark(nav, gross)),
        4 => (1..40_000_i64, 0..60_000_000_i64, 0..60_000_000_i64)
            .prop_map(|(shares, held, pending)| Step::Buy(shares, held, pending)),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the rules say, computed from the whole history.
struct Model {
    nav: Fen,
    peak_intraday: Fen,
    peak_total: Fen,
    is_halted: bool,
    is_tripped: bool,
}

impl Model {
    fn mark(&mut self, nav: Fen) {
        self.nav = nav;
        self.peak_intraday = self.peak_intraday.max(nav);
        self.peak_total = self.peak_total.max(nav);
        self.is_halted |= (self.peak_intraday - nav) as f64 > 0.05 * self.peak_intraday as f64;
        self.is_tripped |= (self.peak_total - nav) as f64 > 0.2 * self.peak_total as f64;
    }

    /// Returns the first rule that refuses a buy at 10.00 CNY.
    fn refusal(&self, shares: i64, held: Fen, pending: Fen) -> Option<&'static str> {
        let (value, nav) = (shares * 1000, self.nav as f64);
        let rules = [
            (self.is_tripped, "kill_switch"),
            (self.is_halted, "day_loss"),
            (value > 25_000_000, "order_value"),
            ((held + value) as f64 / nav > 0.3, "concentration"),
            ((held + pending + value) as f64 / nav > 1.0, "leverage"),
        ];
        rules.into_iter().find(|(refuses, _)| *refuses).map(|(_, name)| name)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_brain_follows_the_rules_over_random_sessions(steps in steps()) {
        let (mut brain, account) = (brain(), Account::with_cash(NAV));
        let mut model =
            Model { nav: NAV, peak_intraday: NAV, peak_total: NAV, is_halted: false, is_tripped: false };
        let mut day = DAY;
        let mut told: BTreeMap<String, RiskLevel> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Session => {
                    day = day.tomorrow().expect("a day");
                    brain.open_session(day, model.nav);
                    (model.peak_intraday, model.is_halted) = (model.nav, false);
                }
                Step::Mark(nav, gross) => {
                    let (nav, gross) = ((NAV as f64 * nav) as Fen, (NAV as f64 * gross) as Fen);
                    model.mark(nav);
                    for alert in brain.mark(at(1), nav, gross, None) {
                        prop_assert!((0.0..=1.0).contains(&alert.score));
                        // The figures differ from mark to mark, the words around them tell the measure.
                        let measure: String = alert.message.split(';').next().unwrap_or_default().chars()
                            .filter(|letter| !letter.is_ascii_digit()).collect();
                        let before = told.insert(measure, alert.level).unwrap_or_default();
                        let acts = alert.message.contains("; ");
                        prop_assert!(before != alert.level || acts, "told twice: {:?}", alert);
                    }
                    prop_assert_eq!(brain.kill_switch().is_some(), model.is_tripped);
                    prop_assert_eq!(brain.nav_peak(), model.peak_total);
                }
                Step::Buy(shares, held, pending) => {
                    let mut view = view(&account);
                    (view.nav, view.gross, view.position_value, view.pending_buy_value) = (model.nav, held, held, pending);
                    let refused = brain.check(&buy(shares), &view).err().map(|refusal| refusal.name());
                    prop_assert_eq!(refused, model.refusal(shares, held, pending));
                }
                Step::Restart => {
                    let mut restarted = RiskBrain::new("main".into(), limits());
                    restarted.restore(&brain.state()).map_err(TestCaseError::fail)?;
                    brain = restarted;
                }
            }
        }
    }
}
