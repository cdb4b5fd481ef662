//! Turns the record into the lanes of the timeline: one a scenario that broke something, each from
//! its own start. Draws nothing itself.

use super::{
    Report, phrases,
    summary::{by_weight, seconds},
    words::{self, Words},
};
use crate::{
    chart::{Lane, Mark, MarkKind, Span, SpanKind},
    record::{Duty, FaultRecord, ScenarioRecord},
    text::Language,
};

/// Returns the lanes of every scenario with a fault or a rollback, red ones first. One of the catalogue's has none: it
/// breaks a target anew for each of its cases.
pub(super) fn lanes(report: &Report<'_>) -> Vec<Lane> {
    by_weight(report)
        .into_iter()
        .map(|(_, scenario)| scenario)
        .filter(|scenario| scenario.cases.is_empty())
        .filter(|scenario| scenario.rollback.is_some() || scenario.fault.as_ref().is_some_and(|fault| fault.injected))
        .map(|scenario| lane(scenario, report))
        .collect()
}

fn lane(scenario: &ScenarioRecord, report: &Report<'_>) -> Lane {
    let language = report.language;
    let title = Words::WholeScenario.say(language).into();
    let mut spans = vec![Span { kind: SpanKind::Work, from: 0.0, to: scenario.seconds, title }];
    let mut marks = Vec::new();
    if let Some(fault) = scenario.fault.as_ref().filter(|fault| fault.injected) {
        spans.push(broken_span(scenario, fault, phrases::fault(&fault.what, &fault.what_zh, language)));
        marks.extend(fault_marks(scenario, fault, language));
    }
    if let Some(rollback) = &scenario.rollback {
        let title = Words::RollbackTo.with(language, [&rollback.to, &seconds(rollback.seconds, language)]);
        let to = rollback.at_seconds + rollback.seconds;
        let kind = if rollback.succeeded { SpanKind::Recovery } else { SpanKind::FailedRecovery };
        spans.push(Span { kind, from: rollback.at_seconds, to, title });
    }
    Lane { caption: report.scenario_name(scenario).into_owned(), note: note(scenario, language), spans, marks }
}

/// The target is broken from the injection until a rollback that succeeded; without one, to the end.
fn broken_span(scenario: &ScenarioRecord, fault: &FaultRecord, what: &str) -> Span {
    let end = scenario
        .rollback
        .as_ref()
        .filter(|rollback| rollback.succeeded)
        .map_or(scenario.seconds, |rollback| rollback.at_seconds);
    Span { kind: SpanKind::Broken, from: fault.at_seconds, to: end.max(fault.at_seconds), title: what.to_owned() }
}

fn fault_marks(scenario: &ScenarioRecord, fault: &FaultRecord, language: Language) -> Vec<Mark> {
    let injected = Mark {
        kind: MarkKind::Injected,
        at: fault.at_seconds,
        title: Words::InjectedAt.with(
            language,
            [&seconds(fault.at_seconds, language), &phrases::fault(&fault.what, &fault.what_zh, language)],
        ),
    };
    // That nothing was added is known only at the end, and no sight of its own.
    let shows = scenario.signals.iter().filter(|signal| signal.seen && signal.duty == Duty::Show);
    let seen = shows.filter_map(|signal| {
        let after = signal.seconds?;
        let (kind, shown) = (words::signal(signal.kind).say(language), seconds(after, language));
        let title = Words::SeenBy.with(language, [&shown, &kind]);
        Some(Mark { kind: MarkKind::Seen, at: fault.at_seconds + after, title })
    });
    std::iter::once(injected).chain(seen).collect()
}

fn note(scenario: &ScenarioRecord, language: Language) -> String {
    let seen = scenario.seconds_to_detect().map(|value| Words::SeenAfter.with(language, [&seconds(value, language)]));
    let back = scenario.rollback.as_ref().map(|rollback| {
        let words = if rollback.succeeded { Words::BackAfter } else { Words::NotBackAfter };
        words.with(language, [&seconds(rollback.seconds, language)])
    });
    [seen, back].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::lanes;
    use crate::{
        chart::{Lane, SpanKind},
        record::DrillRecord,
        report::{Comparison, Report, samples},
        text::Language,
    };

    fn lanes_of(record: &DrillRecord) -> Vec<Lane> {
        lanes(&Report { record, comparison: &Comparison::default(), language: Language::English })
    }

    #[test]
    fn unproven_rollback_leaves_the_target_broken_to_the_end() {
        let record = samples::red();
        let scenario = record.scenarios.iter().find(|scenario| scenario.outcome.name() == "NotRecovered");
        let scenario = scenario.expect("one that did not recover");
        let lane = lanes_of(&record).into_iter().find(|lane| lane.caption == scenario.name).expect("its lane");
        let broken = lane.spans.iter().find(|span| span.kind == SpanKind::Broken).expect("a broken span");
        assert_eq!(broken.to, scenario.seconds);
    }

    #[test]
    fn scenarios_that_break_nothing_have_no_lane() {
        let record = samples::small();
        assert_eq!((record.scenarios.len(), lanes_of(&record).len()), (2, 1));
    }
}
