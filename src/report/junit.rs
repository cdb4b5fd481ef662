//! The record as JUnit XML for build servers: a suite a feature file, a test case a scenario, and
//! each rollback its own test case.

use crate::{
    chart::Markup,
    record::{DrillRecord, Outcome, ScenarioRecord, Verdict},
};

use super::{summary::layer_names, words};
use crate::text::Language;

/// The suite of what is of no feature file: how the drill itself went.
const DRILL_SUITE: &str = "drill";

/// Returns `junit.xml`. A drill that is NotReady always holds at least one failure, so that "nothing
/// ran" is red on the build server too.
#[must_use]
pub fn junit(record: &DrillRecord) -> String {
    let suites = suites(record);
    let mut page = Markup::new();
    page.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let count =
        |kind: fn(&Case) -> bool| suites.iter().flat_map(|suite| &suite.cases).filter(|case| kind(case)).count();
    let (tests, failures, skipped) =
        (count(|_| true).to_string(), count(Case::failed).to_string(), count(Case::skipped).to_string());
    let time = decimal(record.seconds);
    let attributes = [
        ("name", "lighthunter drill"),
        ("tests", &*tests),
        ("failures", &failures),
        ("errors", "0"),
        ("skipped", &skipped),
        ("time", &time),
    ];
    page.tag("testsuites", &attributes, |page| {
        page.raw("\n");
        for suite in &suites {
            write_suite(page, suite, record);
        }
    });
    page.raw("\n");
    page.finish()
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    class: String,
    file: String,
    line: String,
    seconds: f64,
    ending: Ending,
    output: String,
}

enum Ending {
    Passed,
    Failed { kind: &'static str, message: String },
    Skipped { message: String },
}

impl Case {
    const fn failed(&self) -> bool {
        matches!(self.ending, Ending::Failed { .. })
    }

    const fn skipped(&self) -> bool {
        matches!(self.ending, Ending::Skipped { .. })
    }
}

fn suites(record: &DrillRecord) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for scenario in &record.scenarios {
        let cases = cases(scenario, record.strict);
        match suites.iter_mut().find(|suite| suite.name == scenario.file) {
            Some(suite) => suite.cases.extend(cases),
            None => suites.push(Suite { name: scenario.file.clone(), cases }),
        }
    }
    suites.push(Suite { name: DRILL_SUITE.into(), cases: conduct_cases(record) });
    let failed = suites.iter().flat_map(|suite| &suite.cases).any(Case::failed);
    if record.verdict == Verdict::NotReady && !failed {
        suites.push(Suite { name: "verdict".into(), cases: vec![verdict_case(record)] });
    }
    suites
}

fn cases(scenario: &ScenarioRecord, strict: bool) -> Vec<Case> {
    let class = scenario.file.trim_end_matches(".feature").replace('/', ".");
    let case = |name: String, class: String, seconds: f64, ending: Ending, output: String| Case {
        name,
        class,
        file: format!("features/{}", scenario.file),
        line: scenario.line.to_string(),
        seconds,
        ending,
        output,
    };
    let steps: Vec<String> = scenario
        .steps
        .iter()
        .map(|step| format!("{}: {}", words::step(step.status).say(Language::English), step.text))
        .collect();
    let ending = scenario_ending(&scenario.outcome, strict);
    let mut cases = vec![case(scenario.name.clone(), class.clone(), scenario.seconds, ending, steps.join("\n"))];
    if let Some(rollback) = &scenario.rollback {
        let ending = if rollback.succeeded {
            Ending::Passed
        } else {
            let message = scenario.outcome.reason().unwrap_or("the rollback did not end in a proof that holds");
            Ending::Failed { kind: "NotRecovered", message: message.to_owned() }
        };
        let layers = layer_names(&rollback.layers, Language::English);
        let name = format!("{}: rollback of {layers} to {}", scenario.name, rollback.to);
        cases.push(case(name, format!("{class}.rollback"), rollback.seconds, ending, rollback.actions.join("\n")));
    }
    cases
}

fn scenario_ending(outcome: &Outcome, strict: bool) -> Ending {
    let message = outcome.reason().unwrap_or_default().to_owned();
    match outcome {
        Outcome::Passed => Ending::Passed,
        Outcome::KnownFail { .. } => Ending::Skipped { message: format!("known to fail: {message}") },
        Outcome::Skipped { .. } if !strict => Ending::Skipped { message },
        Outcome::UnexpectedPass => Ending::Failed {
            kind: outcome.name(),
            message: "it is listed as known to fail, and passed: take it off the list".into(),
        },
        _ => Ending::Failed { kind: outcome.name(), message },
    }
}

/// Returns the cases of the drill itself: it came to its end, and left nothing behind.
fn conduct_cases(record: &DrillRecord) -> Vec<Case> {
    let conduct = &record.conduct;
    let ended = conduct.interruption().map_or(Ending::Passed, |signal| Ending::Failed {
        kind: "Interrupted",
        message: format!("interrupted by {signal}"),
    });
    let left = if conduct.residue.is_empty() {
        Ending::Passed
    } else {
        Ending::Failed { kind: "Residue", message: conduct.residue.join("\n") }
    };
    let mut cases = vec![
        own_case("the drill comes to its end", ended, conduct.undone.join("\n")),
        own_case("the drill leaves nothing behind", left, String::new()),
    ];
    if let Some(canary) = &conduct.canary {
        let ending = if canary.hits.is_empty() {
            Ending::Passed
        } else {
            Ending::Failed { kind: "Secret", message: canary.hits.join("\n") }
        };
        cases.push(own_case("the drill writes no secret", ending, canary.to_string()));
    }
    cases
}

fn verdict_case(record: &DrillRecord) -> Case {
    let ending = Ending::Failed { kind: "NotReady", message: record.verdict_reason.clone() };
    own_case("verdict", ending, String::new())
}

/// Returns a case that is of no feature file; its seconds are those of no scenario.
fn own_case(name: &str, ending: Ending, output: String) -> Case {
    Case {
        name: name.into(),
        class: DRILL_SUITE.into(),
        file: String::new(),
        line: String::new(),
        seconds: 0.0,
        ending,
        output,
    }
}

fn write_suite(page: &mut Markup, suite: &Suite, record: &DrillRecord) {
    let tests = suite.cases.len().to_string();
    let failures = suite.cases.iter().filter(|case| case.failed()).count().to_string();
    let skipped = suite.cases.iter().filter(|case| case.skipped()).count().to_string();
    let time =
        decimal(suite.cases.iter().filter(|case| !case.class.ends_with(".rollback")).map(|case| case.seconds).sum());
    let timestamp = record.started_at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let attributes = [
        ("name", suite.name.as_str()),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", "0"),
        ("skipped", &skipped),
        ("time", &time),
        ("timestamp", &timestamp),
    ];
    page.raw("  ").tag("testsuite", &attributes, |page| {
        page.raw("\n");
        suite.cases.iter().for_each(|case| write_case(page, case));
        page.raw("  ");
    });
    page.raw("\n");
}

fn write_case(page: &mut Markup, case: &Case) {
    let time = decimal(case.seconds);
    let mut attributes = vec![("classname", case.class.as_str()), ("name", &case.name), ("time", &time)];
    if !case.file.is_empty() {
        attributes.extend([("file", case.file.as_str()), ("line", &case.line)]);
    }
    page.raw("    ").tag("testcase", &attributes, |page| {
        match &case.ending {
            Ending::Passed => {}
            Ending::Failed { kind, message } => {
                page.leaf("failure", &[("type", kind), ("message", message)], message);
            }
            Ending::Skipped { message } => {
                page.empty("skipped", &[("message", message)]);
            }
        }
        if !case.output.is_empty() {
            page.leaf("system-out", &[], &case.output);
        }
    });
    page.raw("\n");
}

fn decimal(seconds: f64) -> String {
    if seconds.is_finite() { format!("{seconds:.3}") } else { "0.000".into() }
}

#[cfg(test)]
mod tests {
    use super::junit;
    use crate::{record::Verdict, report::samples};

    #[test]
    fn green_drill_has_a_case_a_scenario_and_a_rollback() {
        insta::assert_snapshot!(junit(&samples::small()));
    }

    #[test]
    fn red_drill_names_its_failures() {
        insta::assert_snapshot!(junit(&samples::red()));
    }

    #[test]
    fn hostile_text_stays_text() {
        let text = junit(&samples::hostile());
        assert!(!text.contains("<script") && !text.contains('\u{1b}') && !text.contains('\u{0}'), "{text}");
    }

    #[test]
    fn nothing_ran_is_a_failure() {
        let mut record = samples::small();
        record.scenarios.clear();
        record.verdict = Verdict::NotReady;
        record.verdict_reason = "Nothing ran.".into();
        let text = junit(&record);
        assert!(text.contains("failures=\"1\"") && text.contains("Nothing ran."), "{text}");
    }

    #[test]
    fn residue_and_interruption_are_cases_of_their_own() {
        let text = junit(&samples::disturbed());
        assert!(text.contains("failures=\"2\" errors"), "{text}");
        for words in ["type=\"Interrupted\"", "type=\"Residue\" message=\"process 4711 still runs: sleep 600\""] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(!text.contains("NotReady"), "the cases say why: {text}");
    }

    #[test]
    fn skipped_is_red_only_when_strict() {
        let mut record = samples::red();
        assert!(junit(&record).contains("failures=\"3\" errors=\"0\" skipped=\"1\""), "{}", junit(&record));
        record.strict = true;
        assert!(junit(&record).contains("failures=\"4\" errors=\"0\" skipped=\"0\""), "{}", junit(&record));
    }
}
