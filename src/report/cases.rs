//! What the cases of a fault of the catalogue say on the first screen: how many were injected, detected and
//! recovered from, and what was proven of them. Such a scenario has no signals, rollback and proofs of its own.

use std::collections::BTreeSet;

use super::{
    summary::{NONE, Tone, listed},
    words::Words,
};
use crate::{
    record::{CaseRecord, Outcome, ScenarioRecord},
    text::Language,
};

/// Says how many cases of a fault were detected and recovered from, and how many were skipped.
pub(super) fn cases_counted(cases: &[CaseRecord], language: Language) -> String {
    let skipped = cases.len() - tried(cases).count();
    let green = cases.iter().filter(|case| case.outcome.is_green()).count();
    Words::CasesCounted.with(language, [&green, &cases.len(), &skipped])
}

fn tried(cases: &[CaseRecord]) -> impl Iterator<Item = &CaseRecord> {
    cases.iter().filter(|case| !matches!(case.outcome, Outcome::Skipped { .. }))
}

/// A case that was recovered from, or not, was detected first.
fn is_detected(case: &CaseRecord) -> bool {
    case.outcome.is_green() || matches!(case.outcome, Outcome::NotRecovered { .. })
}

/// Returns how many cases of all scenarios were detected, and how many were tried.
pub(super) fn detected_of(scenarios: &[ScenarioRecord]) -> (usize, usize) {
    let all = || scenarios.iter().flat_map(|scenario| tried(&scenario.cases));
    (all().filter(|case| is_detected(case)).count(), all().count())
}

/// Returns what stands under *injected*, *detected by* and *proof* of a scenario whose cases were tried.
pub(super) fn row(scenario: &ScenarioRecord, language: Language) -> Option<[(String, Tone); 3]> {
    let all = tried(&scenario.cases).count();
    if all == 0 {
        return None;
    }
    let share = |is_so: fn(&CaseRecord) -> bool| {
        let good = tried(&scenario.cases).filter(|case| is_so(case)).count();
        (Words::CasesOf.with(language, [&good, &all]), if good == all { Tone::Good } else { Tone::Bad })
    };
    let proven: BTreeSet<&String> = tried(&scenario.cases).flat_map(|case| &case.proven).collect();
    let proven: Vec<String> = proven.into_iter().cloned().collect();
    let proof = if proven.is_empty() { (NONE.into(), Tone::Absent) } else { (listed(&proven, language), Tone::Quiet) };
    Some([share(|case| !case.fired.is_empty()), share(is_detected), proof])
}

#[cfg(test)]
mod tests {
    use super::{detected_of, row};
    use crate::{
        record::{CaseRecord, Outcome},
        report::{samples, summary::Tone},
        text::Language,
    };

    fn case(outcome: Outcome) -> CaseRecord {
        let fired = if outcome == Outcome::Passed { vec!["a byte".to_owned()] } else { Vec::new() };
        CaseRecord { name: "a".into(), outcome, seconds: 1.0, fired, proven: vec!["ACK".into()] }
    }

    #[test]
    fn skipped_case_counts_for_nothing_and_an_undetected_one_is_bad() {
        let reason = || "x".to_owned();
        let mut scenario = samples::small().scenarios.remove(0);
        assert_eq!((row(&scenario, Language::English), detected_of(&[scenario.clone()])), (None, (0, 0)));
        scenario.cases = vec![case(Outcome::Passed), case(Outcome::Skipped { reason: reason() })];
        let [injected, detected, proof] = row(&scenario, Language::English).expect("a row");
        assert_eq!((injected.0.as_str(), injected.1, proof.0.as_str()), ("1 of 1 cases", Tone::Good, "ACK"));
        assert_eq!(detected.1, Tone::Good);
        scenario.cases.push(case(Outcome::NotDetected { reason: reason() }));
        assert_eq!(detected_of(&[scenario.clone()]), (1, 2));
        assert_eq!(row(&scenario, Language::English).map(|row| row[1].1), Some(Tone::Bad));
    }
}
