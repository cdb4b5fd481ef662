//! The promotion gate: what a model must show before it is put in force.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the gate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GateRule {
    /// Lowest mean daily information coefficient on the validation rows.
    pub min_ic: f64,
    /// Lowest mean daily rank information coefficient.
    pub min_rank_ic: f64,
    /// Highest credible mean daily rank information coefficient: better is a leak of the future.
    pub max_rank_ic: f64,
    /// Fewest validation rows.
    pub min_rows: usize,
    /// How far below the champion's rank IC it may lie.
    pub champion_tolerance: f64,
}

impl Default for GateRule {
    fn default() -> Self {
        Self { min_ic: 0.0, min_rank_ic: 0.0, max_rank_ic: 0.5, min_rows: 100, champion_tolerance: 0.02 }
    }
}

/// Two models' mean daily rank information coefficients on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duel {
    /// The new model's.
    pub own: Option<f64>,
    /// That of the model in force for the same label.
    pub champion: Option<f64>,
}

/// The gate's word on a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The model may be put in force.
    pub passed: bool,
    /// Why not; empty when it passed.
    pub reasons: Vec<String>,
}

impl Gate {
    /// Judges a model by the metrics of its training and, where a model is in force for the same label, by
    /// how it does against that one.
    #[must_use]
    pub fn judge(rule: &GateRule, metrics: &BTreeMap<String, Option<f64>>, duel: Option<&Duel>) -> Self {
        let metric = |of: &BTreeMap<String, Option<f64>>, name: &str| {
            of.get(name).copied().flatten().filter(|value| value.is_finite())
        };
        let mut reasons = Vec::new();
        for (name, floor) in [("ic", rule.min_ic), ("rank_ic", rule.min_rank_ic)] {
            match metric(metrics, name) {
                None => reasons.push(format!("{name} is not defined on the validation rows")),
                // Written so that a floor that is not a number refuses.
                Some(value) if !matches!(value.partial_cmp(&floor), Some(order) if order.is_ge()) => {
                    reasons.push(format!("{name} {value:.4} is below the floor {floor}"));
                }
                Some(_) => {}
            }
        }
        if let Some(value) = metric(metrics, "rank_ic").filter(|value| *value > rule.max_rank_ic) {
            reasons.push(format!("rank_ic {value:.4} is above {}: the future has leaked", rule.max_rank_ic));
        }
        let rows = metric(metrics, "n").unwrap_or_default();
        if rows < rule.min_rows as f64 {
            reasons.push(format!("{rows} validation rows are fewer than {}", rule.min_rows));
        }
        match metric(metrics, "prediction_std") {
            None => reasons.push("some of its predictions are no finite numbers".into()),
            Some(spread) if spread <= 0.0 => reasons.push("its predictions are constant".into()),
            Some(_) => {}
        }
        if let Some(Duel { own, champion: Some(best) }) = duel {
            let tolerance = rule.champion_tolerance;
            match own {
                // Written so that a tolerance that is not a number refuses.
                Some(own) if own - best >= -tolerance => {}
                Some(own) => reasons
                    .push(format!("rank_ic {own:.4} is more than {tolerance} below the current model's {best:.4}")),
                None => reasons.push("it has no rank_ic on the rows that the current model scores".into()),
            }
        }
        Self { passed: reasons.is_empty(), reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duel, Gate, GateRule};
    use std::collections::BTreeMap;

    type Metrics = BTreeMap<String, Option<f64>>;

    fn metrics(ic: Option<f64>, rank_ic: Option<f64>, n: f64, spread: f64) -> Metrics {
        [("ic", ic), ("rank_ic", rank_ic), ("n", Some(n)), ("prediction_std", Some(spread))]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    #[test]
    fn every_reason_to_refuse_is_found() {
        let good = metrics(Some(0.03), Some(0.04), 500.0, 0.01);
        let duel = |own, champion| Duel { own, champion };
        let lost = duel(Some(0.04), Some(0.1));
        let unscored = duel(None, Some(0.1));
        let rule = GateRule::default();
        let broken = GateRule { min_ic: f64::NAN, ..rule };
        let lax = GateRule { champion_tolerance: f64::NAN, ..rule };
        let cases: [(&str, &GateRule, Metrics, Option<&Duel>); 12] = [
            ("the future has leaked", &rule, metrics(Some(0.6), Some(0.7), 500.0, 0.01), None),
            ("ic is not defined", &rule, metrics(None, Some(0.1), 500.0, 0.01), None),
            ("ic is not defined", &rule, metrics(Some(f64::NAN), Some(0.1), 500.0, 0.01), None),
            ("ic -0.0100 is below", &rule, metrics(Some(-0.01), Some(0.1), 500.0, 0.01), None),
            ("ic 0.0300 is below the floor NaN", &broken, good.clone(), None),
            ("validation rows are fewer", &rule, metrics(Some(0.1), Some(0.1), 99.0, 0.01), None),
            ("predictions are constant", &rule, metrics(Some(0.1), Some(0.1), 500.0, 0.0), None),
            ("no finite numbers", &rule, metrics(Some(0.1), Some(0.1), 500.0, f64::NAN), None),
            ("below the current model's 0.1000", &rule, good.clone(), Some(&lost)),
            ("below the current model's 0.1000", &lax, good.clone(), Some(&lost)),
            ("no rank_ic on the rows", &rule, good.clone(), Some(&unscored)),
            ("rank_ic is not defined", &rule, metrics(Some(0.1), None, 500.0, 0.01), None),
        ];
        for (reason, rule, metrics, duel) in cases {
            let gate = Gate::judge(rule, &metrics, duel);
            assert!(!gate.passed && gate.reasons[0].contains(reason), "{reason}: {gate:?}");
        }
        assert!(Gate::judge(&rule, &good, None).passed);
        assert!(Gate::judge(&rule, &good, Some(&duel(Some(0.1), Some(0.04)))).passed);
        assert!(Gate::judge(&rule, &good, Some(&duel(Some(0.09), Some(0.1)))).passed, "within the tolerance");
        assert!(Gate::judge(&rule, &good, Some(&duel(Some(0.1), None))).passed, "the champion scores nothing");
        assert!(!Gate::judge(&rule, &BTreeMap::new(), None).passed);
    }
}
