//! The plainest strategy: the K best scores, equal weights. Benchmarks and tests trade it; a workspace
//! trades its scripts.

use std::collections::BTreeMap;

use super::Strategy;
use crate::{market::Symbol, trading::TradingError};

/// Holds the `k` symbols with the highest score, each with weight 1 / `k`.
#[derive(Debug, Clone)]
pub struct TopK {
    id: String,
    k: usize,
}

impl TopK {
    /// Names the strategy; `k` is at least 1.
    #[must_use]
    pub fn new(id: &str, k: usize) -> Self {
        Self { id: id.into(), k: k.max(1) }
    }
}

impl Strategy for TopK {
    fn id(&self) -> &str {
        &self.id
    }

    /// Ties go by symbol; names that are missing leave their share in cash.
    fn targets(&mut self, scores: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError> {
        // Adding zero makes -0.0 and 0.0 one score.
        let mut ranked: Vec<(f64, Symbol)> = scores
            .iter()
            .filter(|(_, score)| score.is_finite())
            .map(|(symbol, score)| (score + 0.0, *symbol))
            .collect();
        // Only who is among the best counts, not in which order they are.
        if self.k < ranked.len() {
            ranked.select_nth_unstable_by(self.k, |left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
            ranked.truncate(self.k);
        }
        let weight = 1.0 / self.k as f64;
        Ok(ranked.into_iter().map(|(_, symbol)| (symbol, weight)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Strategy, TopK};
    use crate::market::{Exchange, Symbol};

    #[test]
    fn ties_go_by_symbol_and_missing_names_leave_cash() {
        let symbols: Vec<Symbol> =
            (600_000..600_005).map(|code| Symbol::new(code, Exchange::Sh).expect("a symbol")).collect();
        let of = |scores: [f64; 5], k| {
            let scores: Vec<(Symbol, f64)> = symbols.iter().copied().zip(scores).collect();
            TopK::new("top", k).targets(&scores).expect("ranked")
        };
        let names = |chosen: std::collections::BTreeMap<Symbol, f64>| -> Vec<u32> {
            chosen.keys().map(|symbol| symbol.code() - 600_000).collect()
        };
        assert_eq!(names(of([0.0, 1.0, -0.0, 1.0, f64::NAN], 3)), [0, 1, 3]);
        assert_eq!(names(of([f64::NAN, f64::NAN, 1.0, f64::INFINITY, f64::NAN], 4)), [2]);
        assert_eq!(of([f64::NAN, f64::NAN, 1.0, 2.0, f64::NAN], 4)[&symbols[2]], 0.25, "not renormalised");
        assert!(of([f64::NAN; 5], 3).is_empty());
    }
}
