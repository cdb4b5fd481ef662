//! Why a drill is ready or not, in one sentence of the report's language.

use super::{
    Report,
    words::{self, Words},
};
use crate::{record::Outcome, text::Language};

/// A sentence that is longer than this is said anew: the record's holds a reason whole.
const SENTENCE_CHARS: usize = 240;

/// Says why the verdict is what it is. The record says it in English; in another language, and where it is longer than
/// a headline can bear, it is said anew from the same outcomes.
pub(super) fn verdict_reason(report: &Report<'_>) -> String {
    let (record, language) = (report.record, report.language);
    let is_short = record.verdict_reason.chars().count() <= SENTENCE_CHARS;
    if record.scenarios.is_empty() || (language == Language::English && is_short) {
        return record.verdict_reason.clone();
    }
    let total = record.scenarios.len();
    if let Some(signal) = record.conduct.interruption() {
        let begun = record.scenarios.iter().filter(|scenario| !scenario.steps.is_empty()).count();
        return Words::InterruptedReason.with(language, [&signal, &begun, &total]);
    }
    if let Some(first) = record.conduct.residue.first() {
        return Words::ResidueReason.with(language, [&record.conduct.residue.len(), first]);
    }
    if let Some(canary) = record.conduct.canary.as_ref().filter(|canary| !canary.hits.is_empty()) {
        let searched = Words::CanarySearched.with(language, [&canary.files, &canary.hits.len()]);
        return Words::CanaryReason.with(language, [&searched, &canary.hits.join("、")]);
    }
    let count = |wanted: &dyn Fn(&Outcome) -> bool| {
        record.scenarios.iter().filter(|scenario| wanted(&scenario.outcome)).count()
    };
    let Some(first) = record.scenarios.iter().find(|scenario| scenario.outcome.is_red(record.strict)) else {
        let skipped = count(&|outcome| matches!(outcome, Outcome::Skipped { .. }));
        let aside = if skipped > 0 { Words::Aside.with(language, [&skipped]) } else { String::new() };
        return Words::AllGreen.with(language, [&count(&Outcome::is_green), &total]) + &aside;
    };
    let red = count(&|outcome| outcome.is_red(record.strict));
    let why = report.reason_in_brief(&first.outcome).unwrap_or_else(|| report.say(Words::NoReason).to_owned());
    let outcome = words::outcome(&first.outcome).say(language);
    Words::SomeRed.with(language, [&red, &total, &first.name, &outcome, &why])
}

#[cfg(test)]
mod tests {
    use super::verdict_reason;
    use crate::{
        report::{Comparison, Report, samples},
        text::Language,
    };

    #[test]
    fn chinese_says_the_verdict_anew() {
        let (red, comparison) = (samples::red(), Comparison::default());
        let report = Report { record: &red, comparison: &comparison, language: Language::Chinese };
        let said = verdict_reason(&report);
        assert_eq!(said, "2 个场景不合格（共 4 个）；首个“Log stays silent”：未发现（日志中没有 ERROR 行）");
        let mut long = samples::red();
        long.verdict_reason = "because ".repeat(100);
        let report = Report { record: &long, comparison: &comparison, language: Language::English };
        let said = verdict_reason(&report);
        assert!(said.starts_with("2 of 4 scenarios are red; first 'Log stays silent': NotDetected ("), "{said}");
        let small = samples::small();
        let report = Report { record: &small, comparison: &comparison, language: Language::Chinese };
        assert_eq!(verdict_reason(&report), "2 个场景通过（共 2 个）");
    }
}
