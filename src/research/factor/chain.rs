//! The digest of a factor frame as a chain over its sessions, and what of its columns is counted over them: both
//! go on from an earlier frame when sessions are added, and come out as over all of them at once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Availability, FactorFrame, Window, availability};
use crate::digest::{Digest, Hasher};

/// Sessions that are hashed side by side: a symbol's numbers lie by session, and a cache line holds eight.
const BLOCK_SESSIONS: usize = 16;

/// Returns the start of the chain of every frame with these columns.
pub(super) fn head(names: &[String], window: Window) -> Digest {
    let mut hasher = Hasher::new("factor_frame");
    hasher.int(window.lookback as i64).float(window.big_down).int(names.len() as i64);
    names.iter().fold(&mut hasher, |hasher, name| hasher.text(name)).finish()
}

impl FactorFrame {
    /// Returns the chain of the frame's sessions: `before`, and the link of every session after it. Only symbols
    /// with a number count, so that a later listing leaves the links of earlier sessions alone.
    #[must_use]
    pub fn chain_from(&self, before: Digest) -> Vec<Digest> {
        let mut chain = vec![before];
        for start in (0..self.dates.len()).step_by(BLOCK_SESSIONS) {
            let block = start..self.dates.len().min(start + BLOCK_SESSIONS);
            for session in self.sessions(&block) {
                let last = chain.last().copied().unwrap_or(before);
                chain.push(Hasher::new("factor_frame link").digest(&last).digest(&session).finish());
            }
        }
        chain
    }

    /// Returns the chain of the frame's sessions where it is the first.
    #[must_use]
    pub fn chain(&self) -> Vec<Digest> {
        self.chain_from(head(&self.names, self.window))
    }

    fn sessions(&self, block: &Range<usize>) -> Vec<Digest> {
        let days = self.dates.len();
        let start = |day: usize| {
            let mut hasher = Hasher::new("factor_frame session");
            hasher.text(&self.dates.get(day).map(ToString::to_string).unwrap_or_default());
            hasher
        };
        let mut hashers: Vec<Hasher> = block.clone().map(start).collect();
        for (at, symbol) in self.symbols.iter().enumerate() {
            let own: Vec<&[f64]> = self
                .columns
                .iter()
                .map(|column| column.get(at * days + block.start..at * days + block.end).unwrap_or_default())
                .collect();
            let name = symbol.to_string();
            for (session, hasher) in hashers.iter_mut().enumerate() {
                let values = || own.iter().filter_map(|column| column.get(session));
                if values().any(|value| !value.is_nan()) {
                    values().fold(hasher.text(&name), |hasher, value| hasher.float(*value));
                }
            }
        }
        hashers.iter().map(Hasher::finish).collect()
    }
}

/// What is known of a column over some sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownValues {
    /// The factor.
    pub name: String,
    /// Cells with a number.
    pub cells: usize,
    /// The bits of one of the numbers.
    pub one: Option<u64>,
    /// There are two that differ.
    pub varies: bool,
}

impl KnownValues {
    /// Counts the columns of a frame over some of its sessions.
    #[must_use]
    pub fn of(frame: &FactorFrame, sessions: &Range<usize>) -> Vec<Self> {
        let days = frame.dates.len();
        let cells = |symbol: usize| symbol * days + sessions.start..symbol * days + sessions.end;
        let count = |(name, column): (&String, &Vec<f64>)| {
            Self::count(name, (0..frame.symbols.len()).filter_map(|symbol| column.get(cells(symbol))).flatten())
        };
        frame.names.iter().zip(&frame.columns).map(count).collect()
    }

    pub(super) fn count<'a>(name: &str, values: impl IntoIterator<Item = &'a f64>) -> Self {
        let mut known = Self { name: name.into(), cells: 0, one: None, varies: false };
        for value in values.into_iter().filter(|value| !value.is_nan()) {
            known.cells += 1;
            known.varies |= f64::from_bits(*known.one.get_or_insert(value.to_bits())) != *value;
        }
        known
    }

    /// Adds the same column over later sessions.
    #[must_use]
    pub fn and(&self, later: &Self) -> Self {
        let differ = self.one.zip(later.one).is_some_and(|(own, new)| f64::from_bits(own) != f64::from_bits(new));
        Self {
            name: self.name.clone(),
            cells: self.cells + later.cells,
            one: self.one.or(later.one),
            varies: self.varies || later.varies || differ,
        }
    }

    /// Reports on the factors `asked` for, of which `known` are computed, over sessions with so many traded cells.
    #[must_use]
    pub fn availability(asked: &[String], known: &[Self], traded_cells: usize) -> Vec<Availability> {
        let of = |name: &String| {
            let known = known.iter().find(|known| known.name == *name);
            known.map_or_else(|| availability::absent(name), |known| availability::of_known(known, traded_cells))
        };
        asked.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::KnownValues;
    use crate::{
        config::{FactorExpression, FactorSet},
        market::{DailyBar, DailyPanel},
        research::{
            factor::{FactorFrame, compute, compute_from},
            testing::{core_set, random_bars},
        },
    };

    /// The built-in factors, expressions with windows of every family, a factor without data and one without numbers.
    fn set() -> FactorSet {
        let expression = |(name, text): (&str, &str)| FactorExpression {
            name: name.into(),
            text: text.into(),
            ..FactorExpression::default()
        };
        let texts = [
            ("m", "Mean($close, 20) / $close"),
            ("s", "Std($close, 7)"),
            ("q", "Quantile($low, 11, 0.3) / $low"),
            ("c", "Corr($close, Log($volume + 1), 9)"),
            ("r", "Resi($close, 10)"),
            ("x", "IdxMax($high, 13) - IdxMin($low, 13)"),
            ("one", "$close / $close"),
            ("far", "Ref($close, 500)"),
        ];
        let mut set = core_set();
        set.factors.push("SENT_market_phase".into());
        set.expressions = texts.map(expression).into();
        set
    }

    fn whole(bars: &[DailyBar]) -> (DailyPanel, FactorFrame) {
        let panel = DailyPanel::from_bars(bars);
        let frame = compute(&set(), &panel).expect("computed");
        (panel, frame)
    }

    #[test]
    fn last_sessions_are_those_of_the_whole_and_go_on_with_its_chain() {
        let (panel, frame) = whole(&random_bars(5, 90));
        let chain = frame.chain();
        assert_eq!((chain.len(), chain.last()), (91, Some(&frame.digest())));
        let traded = |session: usize| (0..5).filter(|symbol| panel.trades(*symbol, session)).count();
        for first in [0, 1, 40, 73, 88, 89, 90] {
            let last = compute_from(&set(), &panel, first, 2).expect("computed");
            assert_eq!(last.dates, frame.dates[first..]);
            assert_eq!(last.chain_from(chain[first]), chain[first..], "from session {first} on");
            let earlier = KnownValues::of(&frame, &(0..first));
            let later = KnownValues::of(&last, &(0..90 - first));
            let known: Vec<_> = earlier.iter().zip(&later).map(|(earlier, later)| earlier.and(later)).collect();
            let mut asked = set().factors;
            asked.extend(set().expressions.iter().map(|expression| expression.name.clone()));
            let counted = KnownValues::availability(&asked, &known, (0..90).map(traded).sum());
            assert_eq!(counted, frame.availability, "from session {first} on");
        }
    }

    #[test]
    fn later_listing_leaves_the_links_of_earlier_sessions_alone_and_a_changed_bar_does_not() {
        let bars = random_bars(5, 60);
        let (panel, frame) = whole(&bars);
        let newcomer = frame.symbols[2];
        let listed = panel.dates()[40];
        let late: Vec<DailyBar> =
            bars.iter().filter(|bar| bar.symbol != newcomer || bar.date >= listed).cloned().collect();
        let without: Vec<DailyBar> = bars.iter().filter(|bar| bar.symbol != newcomer).cloned().collect();
        let ((_, late), (_, without)) = (whole(&late), whole(&without));
        assert_eq!(late.chain()[..=40], without.chain()[..=40]);
        assert_ne!(late.digest(), without.digest());
        let mut changed = bars;
        let at = changed.iter().position(|bar| bar.date == listed && !bar.suspended).expect("a bar");
        changed[at].close += 0.01;
        let (_, changed) = whole(&changed);
        assert_eq!(changed.chain()[..=40], frame.chain()[..=40]);
        assert_ne!(changed.chain()[41], frame.chain()[41]);
    }
}
