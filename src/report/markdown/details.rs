//! The second part of the Markdown: per scenario its steps, fault, signals, rollback, proofs and evidence.

use super::text::{Text, code, escape};
use crate::{
    record::{ProofRecord, ScenarioRecord, StepStatus},
    report::{
        Report,
        cases::cases_counted,
        summary::{layer_names, proof_words, seconds, seconds_or_none},
        words::{self, Words},
    },
};

/// Writes the part of a scenario.
pub(super) fn write(out: &mut Text, scenario: &ScenarioRecord, report: &Report<'_>) {
    let language = report.language;
    let outcome = words::outcome(&scenario.outcome).say(language);
    out.line(&format!("### {outcome}: {}", escape(&report.scenario_name(scenario)))).line("");
    out.line(&format!(
        "{}, `features/{}:{}`, {}",
        escape(&scenario.feature),
        code(&scenario.file),
        scenario.line,
        seconds(scenario.seconds, language)
    ));
    out.line("");
    if let Some(reason) = report.reason(&scenario.outcome) {
        out.line(&format!("> {}", escape(&reason))).line("");
    }
    steps(out, scenario, report);
    if let Some(fault) = &scenario.fault {
        let words = if fault.injected {
            Words::InjectedAfter.with(language, [&seconds(fault.at_seconds, language)])
        } else {
            report.say(Words::DidNotTake).to_owned()
        };
        let name = report.say(Words::Fault);
        out.line(&format!("{name}: {} ({}, {words})", escape(report.fault_words(fault)), escape(&fault.id))).line("");
        if !fault.diff.is_empty() {
            out.block("diff", &fault.diff);
        }
    }
    signals(out, scenario, report);
    if let Some(rollback) = &scenario.rollback {
        let words = if rollback.succeeded { Words::RollbackSucceeded } else { Words::RollbackFailed };
        let (layers, took) = (layer_names(&rollback.layers, language), seconds(rollback.seconds, language));
        out.line(&words.with(language, [&layers, &escape(&rollback.to), &took])).line("");
        for action in &rollback.actions {
            out.line(&format!("- {}", escape(action)));
        }
        out.line("");
    }
    scenario.proofs.iter().for_each(|proof| proof_lines(out, proof, report));
    cases(out, scenario, report);
    for evidence in &scenario.evidence {
        out.line(&format!("- {}: `{}`", report.say(Words::Evidence), code(evidence)));
    }
    if let Some(kept) = &scenario.kept {
        out.line(&format!("- {} `{}`", report.say(Words::KeptAt), code(kept)));
    }
    if !scenario.evidence.is_empty() || scenario.kept.is_some() {
        out.line("");
    }
}

fn cases(out: &mut Text, scenario: &ScenarioRecord, report: &Report<'_>) {
    if scenario.cases.is_empty() {
        return;
    }
    out.line(&cases_counted(&scenario.cases, report.language)).line("");
    let columns = [Words::CaseHead, Words::OutcomeHead, Words::Took, Words::FiredHead, Words::ProvenHead];
    let heads = columns.map(|words| report.say(words).to_owned());
    out.line(&format!("| {} |", heads.join(" | "))).line(&format!("|{}", "---|".repeat(heads.len())));
    for case in &scenario.cases {
        let reason = report.reason(&case.outcome).map(|reason| format!(": {reason}")).unwrap_or_default();
        let outcome = format!("{}{reason}", report.say(words::outcome(&case.outcome)));
        let cells = [
            escape(&case.name),
            escape(&outcome),
            seconds(case.seconds, report.language),
            escape(&case.fired.join("; ")),
            escape(&case.proven.join(" ")),
        ];
        out.line(&format!("| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | ")));
    }
    out.line("");
}

fn steps(out: &mut Text, scenario: &ScenarioRecord, report: &Report<'_>) {
    for step in &scenario.steps {
        let note = match step.status {
            StepStatus::Passed => seconds(step.seconds, report.language),
            other => format!("**{}**", report.say(words::step(other))),
        };
        out.line(&format!("1. {} ({note})", escape(&step.text)));
    }
    out.line("");
}

fn signals(out: &mut Text, scenario: &ScenarioRecord, report: &Report<'_>) {
    if scenario.signals.is_empty() {
        return;
    }
    let columns = [Words::Signal, Words::Expected, Words::Observed, Words::SeenAfterHead];
    out.cells(columns.map(|words| report.say(words))).cells(["---", "---", "---", "---:"]);
    for signal in &scenario.signals {
        let after = match (signal.seen, signal.seconds) {
            (true, Some(after)) => seconds(after, report.language),
            (true, None) => report.say(Words::Seen).into(),
            (false, _) => format!("**{}**", report.say(Words::Silent)),
        };
        let kind = report.say(words::signal(signal.kind)).to_owned();
        out.cells([kind, escape(&signal.expected), escape(&signal.observed), after]);
    }
    out.line("");
}

fn proof_lines(out: &mut Text, proof: &ProofRecord, report: &Report<'_>) {
    out.line(&escape(&proof_words(proof, report.language))).line("");
    if proof.layers.is_empty() {
        return;
    }
    let columns = [Words::LayerHead, Words::Before, Words::After, Words::Took, Words::Differences];
    out.cells(columns.map(|words| report.say(words))).cells(["---"; 5]);
    for layer in &proof.layers {
        let differences = match layer.differences.as_slice() {
            [] => report.say(Words::NoDifference).to_owned(),
            some => some.join("; "),
        };
        out.cells([
            report.say(words::layer(layer.layer)).into(),
            format!("`{}`", layer.before.short()),
            format!("`{}`", layer.after.short()),
            seconds_or_none(layer.rollback_seconds, report.language),
            escape(&differences),
        ]);
    }
    out.line("");
}
