//! Whether a command of a case did what its act says: exit code, words, signals, time. Runs nothing.

use super::entry::{Act, Sign};
use crate::drill::{Ended, Ran};

/// What no command may ever say.
const PANICS: [&str; 3] = ["panicked at", "RUST_BACKTRACE", "stack overflow"];

/// Holds, or says what the command did instead.
///
/// # Errors
/// The first thing that is not as the act says.
pub(in crate::drill) fn judge(act: &Act, ran: &Ran) -> Result<(), String> {
    let (run, name) = (&ran.run, &ran.run.name);
    let exits = act.exits();
    if run.ended == Ended::Deadline {
        return Err(format!("{name} was killed at its deadline after {:.1} s (BOUND)", run.seconds));
    }
    if act.send.is_none() && !run.ended.shell_code().is_some_and(|code| exits.contains(&code)) {
        let expected: Vec<String> = exits.iter().map(ToString::to_string).collect();
        let expected = expected.join(" or ");
        return Err(format!("{name} ended with {}, not exit code {expected}: {}", run.ended, run.last_words()));
    }
    if let Some(seconds) = act.seconds.filter(|seconds| run.seconds > *seconds) {
        return Err(format!("{name} took {:.1} s of {seconds} s (BOUND)", run.seconds));
    }
    let said = said(ran);
    if let Some(panic) = PANICS.iter().find(|words| said.contains(**words)) {
        return Err(format!("{name} panicked: it says '{panic}'"));
    }
    if let Some(word) = act.says.iter().find(|word| !said.contains(word.as_str())) {
        return Err(format!("{name} does not say '{word}'; it says: {}", run.last_words()));
    }
    if let Some(word) = act.unsaid.iter().find(|word| said.contains(word.as_str())) {
        return Err(format!("{name} says '{word}'"));
    }
    act.signals.iter().try_for_each(|sign| shows(*sign, ran))
}

/// Returns all that a command said: its output and what was added to its log.
pub(in crate::drill) fn said(ran: &Ran) -> String {
    format!("{}\n{}\n{}", ran.run.stdout, ran.run.stderr, ran.seen.log)
}

fn shows(sign: Sign, ran: &Ran) -> Result<(), String> {
    let (seen, name) = (&ran.seen, &ran.run.name);
    let class = ran.run.ended.shell_code().unwrap_or_default();
    let failed = |line: &serde_json::Value| {
        line["status"] == "failed" && line["error"]["class"].as_i64() == Some(i64::from(class))
    };
    let (holds, what) = match sign {
        Sign::Log => (!seen.log_errors.is_empty(), "its log has no ERROR line".to_owned()),
        Sign::Metric => (seen.errors_added() > 0.0, "the metrics count no more errors than before".to_owned()),
        Sign::Experiment => (
            seen.experiments.last().is_some_and(failed),
            format!("the experiment record has no failed experiment of class {class}: {:?}", seen.experiments.last()),
        ),
        Sign::NoExperiment => {
            (seen.experiments.is_empty(), format!("the experiment record has {} new lines", seen.experiments.len()))
        }
    };
    if holds { Ok(()) } else { Err(format!("{name}: {what}")) }
}
