//! From one session's scores to target weights.

use crate::market::Symbol;

/// What a session's scores ask for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Targets {
    /// Names to hold, best first, by their place in the panel.
    pub(super) names: Vec<usize>,
    /// Weight of each name; the sum may be below 1 and the rest stays in cash.
    pub(super) weight: f64,
    /// Names that had a score.
    pub(super) scored: usize,
}

/// Returns the `top_k` names with the highest score, ties by symbol, each with weight 1 / `top_k` and
/// no more than `max_weight`; the weights of names that are missing are not given to the others.
/// None when no name has a finite score.
pub(super) fn select(
    scores: impl Iterator<Item = f64>,
    symbols: &[Symbol],
    top_k: usize,
    max_weight: f64,
) -> Option<Targets> {
    let mut ranked: Vec<(usize, f64, Symbol)> = scores
        .zip(symbols)
        .enumerate()
        .filter(|(_, (score, _))| score.is_finite())
        // Adding zero makes -0.0 and 0.0 one score.
        .map(|(name, (score, symbol))| (name, score + 0.0, *symbol))
        .collect();
    let scored = ranked.len();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.2.cmp(&right.2)));
    ranked.truncate(top_k);
    let names: Vec<usize> = ranked.into_iter().map(|(name, _, _)| name).collect();
    (scored > 0).then(|| Targets { names, weight: (1.0 / top_k as f64).min(max_weight), scored })
}

#[cfg(test)]
mod tests {
    use super::select;
    use crate::market::{Exchange, Symbol};

    #[test]
    fn ties_go_by_symbol_and_missing_names_leave_cash() {
        let symbols: Vec<Symbol> =
            (600_000..600_005).map(|code| Symbol::new(code, Exchange::Sh).expect("a symbol")).collect();
        let of = |scores: [f64; 5], top_k| select(scores.into_iter(), &symbols, top_k, 0.4).expect("scored");
        assert_eq!(of([0.0, 1.0, -0.0, 1.0, f64::NAN], 3).names, [1, 3, 0]);
        assert_eq!(of([f64::NAN, f64::NAN, 1.0, f64::INFINITY, f64::NAN], 4).names, [2]);
        assert_eq!(of([f64::NAN, f64::NAN, 1.0, 2.0, f64::NAN], 4).weight, 0.25, "not renormalised");
        assert_eq!(of([1.0; 5], 1).weight, 0.4, "capped");
        assert_eq!(select([f64::NAN; 5].into_iter(), &symbols, 3, 1.0), None);
    }
}
