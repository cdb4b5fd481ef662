//! What the first screen says, in words: the rows of its table, the figures and the counts. Shared by the
//! renderers for people, so that they never tell two stories.

use super::{
    Change, Comparison, Problem, Report, cases,
    names::outcome_named,
    phrases,
    scenarios::scenario_said,
    words::{self, Words},
};
use crate::{
    clock::shanghai_zone,
    record::{Duty, Layer, PhaseRecord, ProofRecord, ScenarioRecord},
    text::Language,
};

/// The headings of the first screen's table.
pub(super) const COLUMNS: [Words; 8] = [
    Words::Scenario,
    Words::Injected,
    Words::DetectedBy,
    Words::ToDetect,
    Words::ToRecover,
    Words::Proof,
    Words::Budget,
    Words::Outcome,
];

/// What stands where there is nothing to say.
pub(super) const NONE: &str = "–";

/// Names that a sentence holds before it only counts.
const NAMES_MAX: usize = 3;

/// How a thing looks, apart from its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    /// Neither good nor bad.
    Quiet,
    /// There is nothing to say.
    Absent,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
            Self::Absent => "none",
        }
    }
}

/// One row of the first screen's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) injected: (String, Tone),
    pub(super) detected_by: (String, Tone),
    pub(super) detect: String,
    pub(super) recover: String,
    pub(super) proof: (String, Tone),
    pub(super) budget: (String, Tone),
    pub(super) outcome: (&'static str, Tone),
}

impl Row {
    pub(super) fn of(scenario: &ScenarioRecord, report: &Report<'_>) -> Self {
        let language = report.language;
        let own = || [injected(scenario, report), detected_by(scenario, language), proof(scenario, language)];
        let [injected, detected_by, proof] = cases::row(scenario, language).unwrap_or_else(own);
        Self {
            injected,
            detected_by,
            detect: seconds_or_none(scenario.seconds_to_detect(), language),
            recover: seconds_or_none(scenario.seconds_to_recover(), language),
            proof,
            budget: budget(scenario, language),
            outcome: (words::outcome(&scenario.outcome).say(language), outcome_tone(scenario, report.record.strict)),
        }
    }
}

fn injected(scenario: &ScenarioRecord, report: &Report<'_>) -> (String, Tone) {
    match &scenario.fault {
        None => (NONE.into(), Tone::Absent),
        Some(fault) if fault.injected => (report.fault_words(fault).to_owned(), Tone::Quiet),
        Some(fault) => (Words::NotTaken.with(report.language, [&report.fault_words(fault)]), Tone::Bad),
    }
}

fn detected_by(scenario: &ScenarioRecord, language: Language) -> (String, Tone) {
    let names = |seen: bool| -> Vec<String> {
        let of_kind = scenario.signals.iter().filter(|signal| signal.seen == seen);
        of_kind
            .map(|signal| {
                let name = words::signal(signal.kind).say(language);
                let is_silent = seen && signal.duty == Duty::Silent;
                if is_silent { Words::AsExpectedSilent.with(language, [&name]) } else { name.to_owned() }
            })
            .collect()
    };
    let (seen, silent) = (names(true), names(false));
    let [seen_words, silent_words] = [&seen, &silent].map(|names| listed(names, language));
    match (seen.is_empty(), silent.is_empty()) {
        (true, true) => (NONE.into(), Tone::Absent),
        (false, true) => (seen_words, Tone::Good),
        (true, false) => (Words::NothingSilent.with(language, [&silent_words]), Tone::Bad),
        (false, false) => (Words::SomeSilent.with(language, [&seen_words, &silent_words]), Tone::Bad),
    }
}

fn proof(scenario: &ScenarioRecord, language: Language) -> (String, Tone) {
    let kinds = |holds: bool| {
        let mut kinds: Vec<String> = scenario
            .proofs
            .iter()
            .filter(|proof| proof.holds == holds)
            .map(|proof| words::proof(&proof.kind, language))
            .collect();
        kinds.dedup();
        listed(&kinds, language)
    };
    match scenario.proven() {
        None => (NONE.into(), Tone::Absent),
        Some(true) => (Words::Holds.with(language, [&kinds(true)]), Tone::Good),
        Some(false) => (Words::Broken.with(language, [&kinds(false)]), Tone::Bad),
    }
}

fn budget(scenario: &ScenarioRecord, language: Language) -> (String, Tone) {
    let over = |phase: &PhaseRecord| {
        let name = words::phase(phase.phase).say(language);
        let budget = seconds_or_none(phase.budget, language);
        Words::OverOne.with(language, [&name, &seconds(phase.seconds, language), &budget])
    };
    let over: Vec<String> = scenario.over_budget().map(over).collect();
    match (over.is_empty(), scenario.phases.iter().any(|phase| phase.budget.is_some())) {
        (false, _) => (Words::Over.with(language, [&listed(&over, language)]), Tone::Bad),
        (true, true) => (Words::Within.say(language).into(), Tone::Good),
        (true, false) => (NONE.into(), Tone::Absent),
    }
}

pub(super) fn outcome_tone(scenario: &ScenarioRecord, strict: bool) -> Tone {
    match (scenario.outcome.is_green(), scenario.outcome.is_red(strict)) {
        (true, _) => Tone::Good,
        (false, true) => Tone::Bad,
        (false, false) => Tone::Quiet,
    }
}

/// Returns the scenarios with their place in the record in the order in which a reader wants them: red
/// ones, then those that broke something, then the others; each group in the record's order.
pub(super) fn by_weight<'a>(report: &Report<'a>) -> Vec<(usize, &'a ScenarioRecord)> {
    let record = report.record;
    let mut scenarios: Vec<_> = record.scenarios.iter().enumerate().collect();
    scenarios.sort_by_key(|(_, scenario)| (!scenario.outcome.is_red(record.strict), broke_nothing(scenario)));
    scenarios
}

/// Says whether a scenario neither injected, watched, rolled back nor proved anything.
pub(super) fn broke_nothing(scenario: &ScenarioRecord) -> bool {
    scenario.fault.is_none() && scenario.signals.is_empty() && scenario.rollback.is_none() && scenario.proofs.is_empty()
}

/// Returns the count of each outcome that occurred, such as `3 Passed, 1 Skipped`, in the order of
/// first occurrence.
pub(super) fn counts<'a>(scenarios: impl IntoIterator<Item = &'a ScenarioRecord>, language: Language) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in scenarios.into_iter().map(|scenario| words::outcome(&scenario.outcome).say(language)) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    if counts.is_empty() {
        return Words::NothingRan.say(language).into();
    }
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    listed(&words, language)
}

/// Returns the figures of the first screen: what, how much, and how that is.
pub(super) fn figures(report: &Report<'_>) -> Vec<(Words, String, Tone)> {
    let scenarios = &report.record.scenarios;
    let language = report.language;
    let share = |good: usize, all: usize| {
        let tone = if all == 0 {
            Tone::Absent
        } else if good == all {
            Tone::Good
        } else {
            Tone::Bad
        };
        (Words::OfCount.with(language, [&good, &all]), tone)
    };
    let broken = || scenarios.iter().filter(|s| !s.signals.is_empty() && s.fault.as_ref().is_some_and(|f| f.injected));
    let seen = broken().filter(|s| s.signals.iter().all(|signal| signal.seen)).count();
    let (detected, tried) = cases::detected_of(scenarios);
    let (seen, seen_tone) = share(seen + detected, broken().count() + tried);
    let back = || scenarios.iter().filter(|scenario| scenario.rollback.is_some());
    let (proven, proven_tone) = share(back().filter(|s| s.proven() == Some(true)).count(), back().count());
    let slowest = |of: fn(&ScenarioRecord) -> Option<f64>| {
        seconds_or_none(scenarios.iter().filter_map(of).reduce(f64::max), language)
    };
    let over: usize = scenarios.iter().map(|scenario| scenario.over_budget().count()).sum();
    vec![
        (Words::FaultsSeen, seen, seen_tone),
        (Words::SlowestDetect, slowest(ScenarioRecord::seconds_to_detect), Tone::Quiet),
        (Words::Proven, proven, proven_tone),
        (Words::SlowestRecover, slowest(ScenarioRecord::seconds_to_recover), Tone::Quiet),
        (Words::OverBudgetCount, over.to_string(), if over == 0 { Tone::Good } else { Tone::Bad }),
    ]
}

/// Says what is otherwise than in the drill before, a line each.
pub(super) fn change_lines(comparison: &Comparison, language: Language) -> Vec<String> {
    let of = |change: &Change| match change {
        Change::Verdict { from, to } => Words::VerdictChanged
            .with(language, [&words::verdict(*to).say(language), &words::verdict(*from).say(language)]),
        Change::Commit { from, to } => Words::CommitChanged.with(language, [&short(to), &short(from)]),
        Change::Outcome { scenario, from, to } => {
            let [to, from] = [to, from].map(|name| outcome_named(name, language));
            Words::OutcomeChanged.with(language, [&scenario_said(scenario, language), &to, &from])
        }
        Change::New { scenarios } => {
            Words::NewScenarios.with(language, [&scenarios.len(), &some_of(&said(scenarios, language), language)])
        }
        Change::NotRun { scenarios } => {
            Words::NotRunScenarios.with(language, [&scenarios.len(), &some_of(&said(scenarios, language), language)])
        }
    };
    let slower = comparison.regressions.iter().map(|slower| {
        let phase = words::phase(slower.phase).say(language);
        let [took, p90] = [slower.seconds, slower.p90].map(|value| seconds(value, language));
        Words::Slower.with(language, [&scenario_said(&slower.scenario, language), &phase, &took, &p90, &slower.drills])
    });
    comparison.changes.iter().map(of).chain(slower).collect()
}

/// Says what a problem of the review is.
pub(super) fn problem_line(problem: &Problem, language: Language) -> String {
    let timed = |words: Words, scenario: &str, phase, took: f64, of: f64| {
        let [took, of] = [took, of].map(|value| seconds(value, language));
        words.with(language, [&scenario_said(scenario, language), &words::phase(phase).say(language), &took, &of])
    };
    match problem {
        Problem::Red { scenario, outcome } => {
            let reason = outcome.reason().unwrap_or_else(|| Words::NoReason.say(language));
            let reason = phrases::brief(&phrases::reason(reason, language));
            Words::RedProblem
                .with(language, [&scenario_said(scenario, language), &words::outcome(outcome).say(language), &reason])
        }
        Problem::BlindSpot { fault, signal, duty } => {
            let words = if *duty == Duty::Silent { Words::TalkativeProblem } else { Words::BlindProblem };
            words.with(language, [&words::signal(*signal).say(language), fault])
        }
        Problem::OverBudget { scenario, phase, seconds, budget } => {
            timed(Words::OverProblem, scenario, *phase, *seconds, *budget)
        }
        Problem::Slower { scenario, phase, seconds, p90 } => {
            timed(Words::SlowerProblem, scenario, *phase, *seconds, *p90)
        }
        Problem::Skipped { count, reasons } => {
            let reasons: Vec<String> = reasons.iter().map(|reason| phrases::reason(reason, language)).collect();
            Words::SkippedProblem.with(language, [count, &some_of(&reasons, language)])
        }
    }
}

fn said(scenarios: &[String], language: Language) -> Vec<String> {
    scenarios.iter().map(|name| scenario_said(name, language).into_owned()).collect()
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

/// Returns the names, of many only the first and how many more there are.
fn some_of(names: &[String], language: Language) -> String {
    let shown = listed(names.get(..NAMES_MAX.min(names.len())).unwrap_or_default(), language);
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => Words::AndMore.with(language, [&shown, &more]),
    }
}

pub(super) fn listed(names: &[String], language: Language) -> String {
    names.join(Words::ListComma.say(language))
}

pub(super) fn layer_names(layers: &[Layer], language: Language) -> String {
    let names: Vec<String> = layers.iter().map(|layer| words::layer(*layer).say(language).to_owned()).collect();
    listed(&names, language)
}

/// Says when the drill began, in the exchanges' time, by which drills and trading dates are named.
pub(super) fn started(report: &Report<'_>) -> String {
    let started = report.record.started_at.to_zoned(shanghai_zone());
    started.strftime("%Y-%m-%d %H:%M:%S Asia/Shanghai").to_string()
}

/// Returns what identifies a drill, in the order in which every report names it.
pub(super) fn facts(report: &Report<'_>) -> [(Words, String); 7] {
    let target = &report.record.target;
    [
        (Words::Started, started(report)),
        (Words::Target, target.name.clone()),
        (Words::Commit, target.commit.clone()),
        (Words::Market, target.market.clone()),
        (Words::Seed, report.record.seed.to_string()),
        (Words::Version, target.lighthunter.clone()),
        (Words::Machine, target.machine.clone()),
    ]
}

/// Says how a proof ended, in one line.
pub(super) fn proof_words(proof: &ProofRecord, language: Language) -> String {
    let words = if proof.holds { Words::ProofHolds } else { Words::ProofBroken };
    words.with(language, [&words::proof(&proof.kind, language), &seconds(proof.seconds, language)])
}

/// Writes seconds as people read them: milliseconds below ten seconds, minutes from two minutes on.
pub(super) fn seconds(value: f64, language: Language) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    if value < 10.0 {
        Words::SecondsUnit.with(language, [&format_args!("{value:.3}")])
    } else if value < 120.0 {
        Words::SecondsUnit.with(language, [&format_args!("{value:.1}")])
    } else {
        let (minutes, rest) = ((value / 60.0).floor(), (value % 60.0).floor());
        Words::MinutesUnit.with(language, [&minutes, &format_args!("{rest:02}")])
    }
}

pub(super) fn seconds_or_none(value: Option<f64>, language: Language) -> String {
    value.map_or_else(|| NONE.into(), |value| seconds(value, language))
}

#[cfg(test)]
mod tests {
    use super::{Row, Tone, by_weight, counts, figures, seconds};
    use crate::{
        report::{Comparison, Report, samples},
        text::Language,
    };

    #[test]
    fn seconds_read_well() {
        let cases = [(0.0314, "0.031 s"), (12.34, "12.3 s"), (125.9, "2 min 05 s"), (f64::NAN, "–")];
        for (value, words) in cases {
            assert_eq!(seconds(value, Language::English), words);
        }
        assert_eq!(seconds(125.9, Language::Chinese), "2 分 05 秒");
    }

    #[test]
    fn red_comes_first() {
        let (red, comparison) = (samples::red(), Comparison::default());
        let report = Report { record: &red, comparison: &comparison, language: Language::English };
        let names: Vec<&str> = by_weight(&report).iter().map(|(_, scenario)| scenario.outcome.name()).collect();
        assert_eq!(names, ["NotDetected", "NotRecovered", "Passed", "Skipped"]);
    }

    #[test]
    fn silent_signal_broken_proof_and_exceeded_budget_are_bad() {
        let (red, comparison) = (samples::red(), Comparison::default());
        let report = Report { record: &red, comparison: &comparison, language: Language::English };
        let rows: Vec<Row> = red.scenarios.iter().map(|scenario| Row::of(scenario, &report)).collect();
        assert_eq!(rows[1].detected_by, ("exit code; silent: log".to_owned(), Tone::Bad));
        assert_eq!(rows[1].budget, ("over: detect 0.400 s of 0.200 s".to_owned(), Tone::Bad));
        assert_eq!(rows[2].budget, ("within".to_owned(), Tone::Good));
        assert_eq!(rows[2].proof, ("broken: fingerprint".to_owned(), Tone::Bad));
        let all = counts(&red.scenarios, Language::English);
        assert_eq!(all, "1 Passed, 1 NotDetected, 1 NotRecovered, 1 Skipped");
        let shown: Vec<(String, Tone)> = figures(&report).into_iter().map(|(_, value, tone)| (value, tone)).collect();
        assert_eq!(shown[0], ("1 of 2".to_owned(), Tone::Bad));
        assert_eq!(shown[2], ("0 of 1".to_owned(), Tone::Bad));
    }
}
