//! What the first screen says, in words: the rows of its table, the counts and the checklist's
//! state. Shared by the renderers for people, so that they never tell two stories.

use crate::clock::shanghai_zone;
use crate::record::{DrillRecord, Layer, ProofRecord, ScenarioRecord, StepStatus, Verdict};

/// The headings of the first screen's table.
pub(super) const COLUMNS: [&str; 7] =
    ["Scenario", "Injected", "Detected by", "Seconds to detect", "Seconds to recover", "Proof", "Outcome"];

/// What stands where there is nothing to say.
pub(super) const NONE: &str = "–";

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
    pub(super) outcome: (&'static str, Tone),
}

impl Row {
    pub(super) fn of(scenario: &ScenarioRecord, strict: bool) -> Self {
        Self {
            injected: injected(scenario),
            detected_by: detected_by(scenario),
            detect: seconds_or_none(scenario.seconds_to_detect()),
            recover: seconds_or_none(scenario.seconds_to_recover()),
            proof: proof(scenario),
            outcome: (scenario.outcome.name(), outcome_tone(scenario, strict)),
        }
    }
}

fn injected(scenario: &ScenarioRecord) -> (String, Tone) {
    match &scenario.fault {
        None => (NONE.into(), Tone::Absent),
        Some(fault) if fault.injected => (fault.what.clone(), Tone::Quiet),
        Some(fault) => (format!("not taken: {}", fault.what), Tone::Bad),
    }
}

fn detected_by(scenario: &ScenarioRecord) -> (String, Tone) {
    let names = |seen: bool| -> Vec<&str> {
        scenario.signals.iter().filter(|signal| signal.seen == seen).map(|signal| signal.kind.name()).collect()
    };
    let (seen, silent) = (names(true), names(false));
    match (seen.is_empty(), silent.is_empty()) {
        (true, true) => (NONE.into(), Tone::Absent),
        (false, true) => (seen.join(", "), Tone::Good),
        (true, false) => (format!("nothing; silent: {}", silent.join(", ")), Tone::Bad),
        (false, false) => (format!("{}; silent: {}", seen.join(", "), silent.join(", ")), Tone::Bad),
    }
}

fn proof(scenario: &ScenarioRecord) -> (String, Tone) {
    let kinds = |holds: bool| -> Vec<&str> {
        scenario.proofs.iter().filter(|proof| proof.holds == holds).map(|proof| proof.kind.as_str()).collect()
    };
    match scenario.proven() {
        None => (NONE.into(), Tone::Absent),
        Some(true) => (format!("holds: {}", kinds(true).join(", ")), Tone::Good),
        Some(false) => (format!("broken: {}", kinds(false).join(", ")), Tone::Bad),
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
pub(super) fn by_weight(record: &DrillRecord) -> Vec<(usize, &ScenarioRecord)> {
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
pub(super) fn counts(record: &DrillRecord) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in record.scenarios.iter().map(|scenario| scenario.outcome.name()) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    if counts.is_empty() {
        return "no scenario ran".into();
    }
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    words.join(", ")
}

pub(super) const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "Ready",
        Verdict::NotReady => "Not ready",
    }
}

pub(super) const fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Code => "code",
        Layer::Config => "config",
        Layer::Models => "models",
        Layer::Data => "data",
        Layer::Rest => "everything else",
    }
}

pub(super) fn layer_names(layers: &[Layer]) -> String {
    layers.iter().map(|layer| layer_name(*layer)).collect::<Vec<_>>().join(", ")
}

pub(super) const fn step_words(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Passed => "passed",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "not reached",
    }
}

/// Says when the drill began, in the exchanges' time, by which drills and trading dates are named.
pub(super) fn started(record: &DrillRecord) -> String {
    record.started_at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S Asia/Shanghai").to_string()
}

/// Returns what identifies a drill, in the order in which every report names it.
pub(super) fn facts(record: &DrillRecord) -> [(&'static str, String); 7] {
    let target = &record.target;
    [
        ("Started", started(record)),
        ("Target", target.name.clone()),
        ("Commit", target.commit.clone()),
        ("Market", target.market.clone()),
        ("Seed", record.seed.to_string()),
        ("LightHunter", target.lighthunter.clone()),
        ("Machine", target.machine.clone()),
    ]
}

/// Says how a proof ended, in one line.
pub(super) fn proof_words(proof: &ProofRecord) -> String {
    let ends = if proof.holds { "holds" } else { "does not hold" };
    format!("The {} proof {ends} ({}).", proof.kind, seconds(proof.seconds))
}

/// Writes seconds as people read them: milliseconds below ten seconds, minutes from two minutes on.
pub(super) fn seconds(value: f64) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    if value < 10.0 {
        format!("{value:.3} s")
    } else if value < 120.0 {
        format!("{value:.1} s")
    } else {
        format!("{} min {:02} s", (value / 60.0).floor(), (value % 60.0).floor())
    }
}

fn seconds_or_none(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.into(), seconds)
}

#[cfg(test)]
mod tests {
    use super::{Row, Tone, by_weight, counts, seconds};
    use crate::report::samples;

    #[test]
    fn seconds_read_well() {
        let cases = [(0.0314, "0.031 s"), (12.34, "12.3 s"), (125.9, "2 min 05 s"), (f64::NAN, "–")];
        for (value, words) in cases {
            assert_eq!(seconds(value), words);
        }
    }

    #[test]
    fn red_comes_first() {
        let red = samples::red();
        let names: Vec<&str> = by_weight(&red).iter().map(|(_, scenario)| scenario.outcome.name()).collect();
        assert_eq!(names, ["NotDetected", "NotRecovered", "Passed", "Skipped"]);
    }

    #[test]
    fn silent_signal_and_broken_proof_are_bad() {
        let red = samples::red();
        let rows: Vec<Row> = red.scenarios.iter().map(|scenario| Row::of(scenario, red.strict)).collect();
        assert_eq!(rows[1].detected_by, ("exit code; silent: log".to_owned(), Tone::Bad));
        assert_eq!(rows[2].proof, ("broken: fingerprint".to_owned(), Tone::Bad));
        assert_eq!(counts(&red), "1 Passed, 1 NotDetected, 1 NotRecovered, 1 Skipped");
    }
}
