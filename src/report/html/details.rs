//! The page's second part: per scenario its steps, fault, signals, rollback, proofs and evidence.
//! Red scenarios are unfolded, the others folded.

use std::fmt::Write as _;

use super::{anchor, write_badge};
use crate::{
    chart::Markup,
    record::{FaultRecord, Outcome, ProofRecord, RollbackRecord, ScenarioRecord, SignalRecord, StepStatus},
    report::{
        Report,
        cases::cases_counted,
        summary::{Tone, layer_names, outcome_tone, proof_words, seconds, seconds_or_none},
        words::{self, Words},
    },
};

/// Writes the part of every scenario.
pub(super) fn write(page: &mut Markup, report: &Report<'_>) {
    let record = report.record;
    if record.scenarios.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Scenarios));
        for (index, scenario) in record.scenarios.iter().enumerate() {
            let tone = outcome_tone(scenario, record.strict);
            let anchor = anchor(index);
            let mut attributes = vec![("id", anchor.as_str())];
            if tone == Tone::Bad {
                attributes.push(("open", "open"));
            }
            section.tag("details", &attributes, |fold| write_scenario(fold, scenario, tone, report));
        }
    });
}

fn write_scenario(fold: &mut Markup, scenario: &ScenarioRecord, tone: Tone, report: &Report<'_>) {
    fold.tag("summary", &[], |summary| {
        write_badge(summary, (report.say(words::outcome(&scenario.outcome)), tone));
        summary.raw(" ").leaf("span", &[("class", "name")], &report.scenario_name(scenario));
        summary.leaf("span", &[("class", "facts")], &seconds(scenario.seconds, report.language));
    });
    let place = format!("{} · features/{}:{}", scenario.feature, scenario.file, scenario.line);
    fold.leaf("p", &[("class", "facts")], &place);
    if let Some(reason) = report.reason(&scenario.outcome) {
        fold.leaf("p", &[("class", &format!("why {}", tone.class()))], &reason);
    }
    write_steps(fold, scenario, report);
    if let Some(fault) = &scenario.fault {
        write_fault(fold, fault, report);
    }
    if !scenario.signals.is_empty() {
        write_signals(fold, &scenario.signals, report);
    }
    if let Some(rollback) = &scenario.rollback {
        write_rollback(fold, rollback, report);
    }
    for proof in &scenario.proofs {
        write_proof(fold, proof, report);
    }
    write_cases(fold, scenario, report);
    write_evidence(fold, scenario, report);
}

fn write_steps(fold: &mut Markup, scenario: &ScenarioRecord, report: &Report<'_>) {
    if scenario.steps.is_empty() {
        return;
    }
    fold.leaf("h3", &[], report.say(Words::Steps));
    fold.tag("ol", &[("class", "steps")], |list| {
        for step in &scenario.steps {
            let (class, note) = match step.status {
                StepStatus::Passed => ("passed", seconds(step.seconds, report.language)),
                StepStatus::Failed => {
                    let took = seconds(step.seconds, report.language);
                    let words = report.say(words::step(step.status));
                    ("failed", Words::FailedAfter.with(report.language, [&words, &took]))
                }
                StepStatus::Skipped => ("skipped", report.say(words::step(step.status)).to_owned()),
            };
            list.tag("li", &[("class", class)], |li| {
                li.text(&step.text).raw(" ").leaf("span", &[("class", "facts")], &note);
            });
        }
    });
}

fn write_fault(fold: &mut Markup, fault: &FaultRecord, report: &Report<'_>) {
    fold.leaf("h3", &[], report.say(Words::Fault));
    let at = seconds(fault.at_seconds, report.language);
    let ending = if fault.injected {
        Words::InjectedAfter.with(report.language, [&at])
    } else {
        report.say(Words::DidNotTake).to_owned()
    };
    fold.tag("p", &[], |p| {
        p.text(report.fault_words(fault)).raw(" ");
        p.leaf("span", &[("class", "facts")], &format!("{} · {ending}", fault.id));
    });
    if fault.diff.is_empty() {
        return;
    }
    fold.tag("pre", &[("class", "diff")], |pre| {
        for line in fault.diff.lines() {
            let class = match line.as_bytes().first() {
                Some(b'+') if !line.starts_with("+++") => "added",
                Some(b'-') if !line.starts_with("---") => "removed",
                _ => "context",
            };
            pre.leaf("span", &[("class", class)], line).raw("\n");
        }
    });
}

fn write_signals(fold: &mut Markup, signals: &[SignalRecord], report: &Report<'_>) {
    fold.leaf("h3", &[], report.say(Words::Signals));
    let columns = [Words::Signal, Words::Expected, Words::Observed, Words::SeenAfterHead];
    write_table(fold, &columns.map(|words| report.say(words)), |body| {
        for signal in signals {
            let (after, tone) = match (signal.seen, signal.seconds) {
                (true, Some(after)) => (seconds(after, report.language), Tone::Good),
                (true, None) => (report.say(Words::Seen).into(), Tone::Good),
                (false, _) => (report.say(Words::Silent).into(), Tone::Bad),
            };
            body.tag("tr", &[], |tr| {
                tr.leaf("th", &[("scope", "row")], report.say(words::signal(signal.kind)));
                tr.leaf("td", &[], &signal.expected).leaf("td", &[], &signal.observed);
                tr.leaf("td", &[("class", tone.class())], &after);
            });
        }
    });
}

fn write_rollback(fold: &mut Markup, rollback: &RollbackRecord, report: &Report<'_>) {
    fold.leaf("h3", &[], report.say(Words::Rollback));
    let (words, tone) =
        if rollback.succeeded { (Words::RollbackSucceeded, Tone::Good) } else { (Words::RollbackFailed, Tone::Bad) };
    let (layers, took) = (layer_names(&rollback.layers, report.language), seconds(rollback.seconds, report.language));
    let words = words.with(report.language, [&layers, &rollback.to, &took]);
    fold.leaf("p", &[("class", tone.class())], &words);
    if !rollback.actions.is_empty() {
        fold.leaf("pre", &[], &rollback.actions.join("\n"));
    }
}

fn write_proof(fold: &mut Markup, proof: &ProofRecord, report: &Report<'_>) {
    fold.leaf("h3", &[], report.say(Words::Proof));
    let tone = if proof.holds { Tone::Good } else { Tone::Bad };
    fold.leaf("p", &[("class", tone.class())], &proof_words(proof, report.language));
    if proof.layers.is_empty() {
        return;
    }
    let columns = [Words::LayerHead, Words::Before, Words::After, Words::Took, Words::Differences];
    write_table(fold, &columns.map(|words| report.say(words)), |body| {
        for layer in &proof.layers {
            body.tag("tr", &[], |tr| {
                tr.leaf("th", &[("scope", "row")], report.say(words::layer(layer.layer)));
                for digest in [&layer.before, &layer.after] {
                    tr.tag("td", &[], |td| {
                        td.leaf("code", &[("title", &digest.to_string())], &digest.short());
                    });
                }
                tr.leaf("td", &[], &seconds_or_none(layer.rollback_seconds, report.language));
                let (words, tone) = match layer.differences.as_slice() {
                    [] => (report.say(Words::NoDifference).to_owned(), Tone::Quiet),
                    differences => (differences.join("\n"), Tone::Bad),
                };
                tr.leaf("td", &[("class", &format!("lines {}", tone.class()))], &words);
            });
        }
    });
}

fn write_cases(fold: &mut Markup, scenario: &ScenarioRecord, report: &Report<'_>) {
    if scenario.cases.is_empty() {
        return;
    }
    fold.leaf("h3", &[], report.say(Words::Cases));
    fold.leaf("p", &[], &cases_counted(&scenario.cases, report.language));
    let columns = [Words::CaseHead, Words::OutcomeHead, Words::Took, Words::FiredHead, Words::ProvenHead];
    write_table(fold, &columns.map(|words| report.say(words)), |body| {
        for case in &scenario.cases {
            let tone = if case.outcome.is_red(report.record.strict) { Tone::Bad } else { Tone::Good };
            let tone = if matches!(case.outcome, Outcome::Skipped { .. }) { Tone::Quiet } else { tone };
            let reason = report.reason(&case.outcome).map(|reason| format!(": {reason}")).unwrap_or_default();
            body.tag("tr", &[], |tr| {
                tr.leaf("th", &[("scope", "row")], &case.name);
                let outcome = format!("{}{reason}", report.say(words::outcome(&case.outcome)));
                tr.leaf("td", &[("class", tone.class())], &outcome);
                tr.leaf("td", &[], &seconds(case.seconds, report.language));
                tr.leaf("td", &[("class", "lines")], &case.fired.join("\n"));
                tr.leaf("td", &[], &case.proven.join(" "));
            });
        }
    });
}

/// Writes a table that scrolls by itself where it is too wide.
pub(super) fn write_table(fold: &mut Markup, columns: &[&str], rows: impl FnOnce(&mut Markup)) {
    fold.tag("div", &[("class", "wide")], |wide| {
        wide.tag("table", &[], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |tr| {
                    for column in columns {
                        tr.leaf("th", &[("scope", "col")], column);
                    }
                });
            });
            table.tag("tbody", &[], rows);
        });
    });
}

fn write_evidence(fold: &mut Markup, scenario: &ScenarioRecord, report: &Report<'_>) {
    if scenario.evidence.is_empty() && scenario.kept.is_none() {
        return;
    }
    fold.leaf("h3", &[], report.say(Words::Evidence));
    fold.tag("p", &[("class", "links")], |links| {
        scenario.evidence.iter().for_each(|path| write_evidence_link(links, path));
        if let Some(kept) = &scenario.kept {
            links.text(report.say(Words::KeptAt)).raw(" ").leaf("code", &[], kept);
        }
    });
}

/// Links a file of the drill's directory by its name alone.
pub(super) fn write_file_link(links: &mut Markup, path: &str) {
    let shown = path.rsplit('/').next().unwrap_or(path);
    links.leaf("a", &[("href", &relative_address(path))], shown).raw(" ");
}

/// Links a file of the drill's directory.
pub(super) fn write_evidence_link(links: &mut Markup, path: &str) {
    let shown = path.strip_prefix("evidence/").unwrap_or(path);
    links.leaf("a", &[("href", &relative_address(path))], shown).raw(" ");
}

/// Returns a relative address that no browser can take for a scheme, a host or a query.
fn relative_address(path: &str) -> String {
    let mut address = String::from("./");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            _ => drop(write!(address, "%{byte:02X}")),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::relative_address;

    #[test]
    fn address_cannot_be_a_scheme() {
        assert_eq!(relative_address("javascript:alert(1)"), "./javascript%3Aalert%281%29");
        assert_eq!(relative_address("evidence/a b/日.txt"), "./evidence/a%20b/%E6%97%A5.txt");
    }
}
