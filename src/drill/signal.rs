//! The signals: the places where a fault shows, watched each by itself while a command runs, with the
//! time at which each first showed something.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{ExperimentSign, SignalPlaces, Signs, target::Ended};
use crate::record::{SignalKind, SignalRecord};

/// How much of an error's words a record keeps.
const WORDS_MAX: usize = 240;

/// A watch on the signals of one run.
#[derive(Debug)]
pub struct Watch {
    log: Tail,
    experiments: Tail,
    metrics: PathBuf,
    metrics_stamp: Option<(u64, std::time::SystemTime)>,
    seen: Observation,
}

/// What the signals showed in one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// How the command ended and when, seconds.
    pub ended: Option<(Ended, f64)>,
    /// What was added to the log.
    pub log: String,
    /// The error lines among it, in words.
    pub log_errors: Vec<String>,
    /// When the first of them was there, seconds.
    pub log_seconds: Option<f64>,
    /// The last line of the metrics before the run.
    pub metrics_before: Option<Value>,
    /// The last line of the metrics after the run.
    pub metrics_after: Option<Value>,
    /// When the metrics first counted more errors, seconds.
    pub metrics_seconds: Option<f64>,
    /// What was added to the experiment record.
    pub experiments: Vec<Value>,
}

impl Watch {
    /// Takes the samples before a run of `command` in `repo`.
    #[must_use]
    pub fn start(repo: &Path, places: &SignalPlaces, command: &str) -> Self {
        let metrics = repo.join(&places.metrics);
        Self {
            log: Tail::at_end(repo.join(places.log_of(command))),
            experiments: Tail::at_end(repo.join(&places.experiments)),
            metrics_stamp: stamp(&metrics),
            seen: Observation { metrics_before: last_line(&metrics), ..Observation::default() },
            metrics,
        }
    }

    /// Looks at every signal; `seconds` is the time since the fault was injected.
    pub fn look(&mut self, seconds: f64, ended: Option<Ended>) {
        if let Some(ended) = ended {
            self.seen.ended.get_or_insert((ended, seconds));
        }
        for line in self.log.new_lines() {
            if let Some(words) = error_words(&line) {
                self.seen.log_errors.push(words);
                self.seen.log_seconds.get_or_insert(seconds);
            }
            self.seen.log.push_str(&line);
            self.seen.log.push('\n');
        }
        if ended.is_some() || stamp(&self.metrics) != self.metrics_stamp {
            self.metrics_stamp = stamp(&self.metrics);
            self.seen.metrics_after = last_line(&self.metrics);
            if self.seen.errors_added() > 0.0 {
                self.seen.metrics_seconds.get_or_insert(seconds);
            }
        }
        let lines = self.experiments.new_lines();
        self.seen.experiments.extend(lines.iter().map(|line| parsed(line)));
    }

    /// Returns what was added to the log so far.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.seen.log
    }

    /// Returns what was seen.
    #[must_use]
    pub fn finish(self) -> Observation {
        self.seen
    }
}

impl Observation {
    /// Returns by how much the metrics' errors rose.
    #[must_use]
    pub fn errors_added(&self) -> f64 {
        error_count(self.metrics_after.as_ref()) - error_count(self.metrics_before.as_ref())
    }

    /// Returns the result of the run in one text: kind, job and result digest of each new experiment.
    /// `None` when there is no experiment or one has no digest.
    #[must_use]
    pub fn result(&self) -> Option<String> {
        let text = |experiment: &Value, key: &str| experiment.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut parts = Vec::new();
        for experiment in &self.experiments {
            let kind = text(experiment, "kind").unwrap_or_default();
            let job = text(experiment, "job").unwrap_or_default();
            parts.push(format!("{kind} {job} {}", text(experiment, "result_digest")?));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Returns by how much the metrics' count of a component's errors or runs rose.
    #[must_use]
    pub fn counted(&self, component: &str, what: Counted) -> f64 {
        let key = match what {
            Counted::Error => "count",
            Counted::Run => "runs_total",
        };
        let count = |line: Option<&Value>| {
            let component = line?.get("errors")?.get(component)?;
            component.get(key)?.as_f64()
        };
        count(self.metrics_after.as_ref()).unwrap_or(0.0) - count(self.metrics_before.as_ref()).unwrap_or(0.0)
    }

    /// Says, signal by signal, whether a fault showed that must leave these signs.
    #[must_use]
    pub fn signals(&self, signs: &Signs) -> Vec<SignalRecord> {
        let end = self.ended.map(|(_, seconds)| seconds);
        let failed = self.ended.is_some_and(|(ended, _)| ended.shell_code() == Some(signs.exit_code));
        let ended = self.ended.map_or_else(|| "did not end".into(), |(ended, _)| ended.to_string());
        let error = self.log_errors.iter().find(|words| names_place(words, signs.place));
        let words = error.or(self.log_errors.first()).cloned().unwrap_or_else(|| "no ERROR line".into());
        let errors = format!(
            "{} errors before, {} after",
            error_count(self.metrics_before.as_ref()),
            error_count(self.metrics_after.as_ref())
        );
        let (experiments, recorded) = self.experiment_sign(signs);
        let observed = [
            (ended, failed, end),
            (words, error.is_some(), self.log_seconds),
            (errors, self.errors_added() > 0.0, self.metrics_seconds),
            (experiments, end.is_some() && recorded, end),
        ];
        let record =
            |((kind, expected), (observed, seen, seconds)): ((SignalKind, String), (String, bool, Option<f64>))| {
                SignalRecord {
                    kind,
                    duty: signs.duty(kind),
                    expected,
                    observed,
                    seen,
                    seconds: seconds.filter(|_| seen),
                }
            };
        signs.expected().into_iter().zip(observed).map(record).collect()
    }

    /// Returns what the experiment record shows, and whether that is the sign.
    fn experiment_sign(&self, signs: &Signs) -> (String, bool) {
        let added = self.experiments.len();
        match signs.experiment {
            ExperimentSign::Absent => (format!("{added} new experiments"), added == 0),
            ExperimentSign::Failed => {
                let words: Vec<String> = self.experiments.iter().map(experiment_words).collect();
                let failed = |experiment: &Value| {
                    let class = experiment.pointer("/error/class").and_then(Value::as_i64);
                    let message = experiment.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
                    status(experiment) == "failed"
                        && class == Some(signs.exit_code.into())
                        && !message.is_empty()
                        && names_place(message, signs.place)
                };
                let shown = if added == 0 { "0 new experiments".into() } else { words.join("; ") };
                (shown, added > 0 && self.experiments.iter().all(failed))
            }
        }
    }
}

/// What a metric counts of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Runs that failed, and errors that were reported.
    Error,
    /// Runs that ended.
    Run,
}

/// Says whether an error names the file with a line of it.
fn names_place(words: &str, place: Option<&str>) -> bool {
    let Some(file) = place else { return true };
    let after = words.match_indices(file).filter_map(|(at, _)| words.get(at + file.len()..));
    let mut lines = after.filter_map(|rest| rest.strip_prefix(':'));
    lines.any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn status(experiment: &Value) -> &str {
    experiment.get("status").and_then(Value::as_str).unwrap_or("no status")
}

fn experiment_words(experiment: &Value) -> String {
    let reason = experiment.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason");
    let class = experiment.pointer("/error/class").map_or_else(|| "none".into(), Value::to_string);
    let words = match status(experiment) {
        "failed" => format!("failed with class {class}: {reason}"),
        other => other.to_owned(),
    };
    words.chars().take(WORDS_MAX).collect()
}

/// Returns the errors that a metrics line counts: the total, or the sum over its components.
fn error_count(line: Option<&Value>) -> f64 {
    let Some(line) = line else { return 0.0 };
    let total = line.get("errors_total").and_then(Value::as_f64).unwrap_or(0.0);
    let components = line.get("errors").and_then(Value::as_object);
    let sum: f64 = components.map_or(0.0, |by_name| {
        by_name.values().filter_map(|component| component.get("count").and_then(Value::as_f64)).sum()
    });
    total.max(sum)
}

/// Returns the words of a log line when it is an error's.
fn error_words(line: &str) -> Option<String> {
    let words = match serde_json::from_str::<Value>(line) {
        Ok(value @ Value::Object(_)) => {
            let text = |key: &str| value.get(key).and_then(Value::as_str);
            let is_error = text("level").is_some_and(|level| level.eq_ignore_ascii_case("error"));
            let message = value.pointer("/fields/message").and_then(Value::as_str).or_else(|| text("message"));
            is_error.then(|| message.unwrap_or(line).to_owned())
        }
        _ => line.contains("ERROR").then(|| line.to_owned()),
    };
    words.map(|words| words.chars().take(WORDS_MAX).collect())
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| Value::String(line.into()))
}

fn stamp(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}

fn last_line(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

/// The end of a file that grows by lines.
#[derive(Debug)]
struct Tail {
    path: PathBuf,
    offset: u64,
}

impl Tail {
    fn at_end(path: PathBuf) -> Self {
        let offset = fs::metadata(&path).map_or(0, |found| found.len());
        Self { path, offset }
    }

    /// Returns the whole lines that were added; a line without its end waits for the next look.
    fn new_lines(&mut self) -> Vec<String> {
        let length = fs::metadata(&self.path).map_or(0, |found| found.len());
        if length < self.offset {
            // The file was rotated: what is there now is new.
            self.offset = 0;
        }
        let mut bytes = Vec::new();
        if length == self.offset || self.read_from_offset(&mut bytes).is_err() {
            return Vec::new();
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.offset += whole as u64;
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    }

    fn read_from_offset(&self, into: &mut Vec<u8>) -> std::io::Result<usize> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        file.read_to_end(into)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Counted, Ended, SignalPlaces, Watch};
    use crate::{
        drill::{ExperimentSign, Signs},
        durable,
        record::SignalKind,
    };

    const PATH: Signs = Signs { exit_code: 13, place: None, experiment: ExperimentSign::Absent };
    const WEIGHT: Signs = Signs { exit_code: 17, place: Some("p.luau"), experiment: ExperimentSign::Failed };

    fn places() -> SignalPlaces {
        SignalPlaces {
            log: "log".into(),
            logs: [("backtest".to_owned(), "backtest.log".to_owned())].into(),
            metrics: "metrics".into(),
            experiments: "experiments".into(),
            page: String::new(),
            pages: std::collections::BTreeMap::default(),
        }
    }

    fn lines(root: &Path, name: &str, text: &str) {
        durable::append(&root.join(name), text).expect("written");
    }

    #[test]
    fn every_signal_shows_a_fault_and_none_shows_a_good_run() {
        let room = tempfile::tempdir().expect("a directory");
        lines(room.path(), "log", "{\"level\":\"ERROR\",\"message\":\"old\"}\n");
        lines(room.path(), "metrics", "{\"errors\":{\"ops\":{\"count\":2}}}\n");
        let mut good = Watch::start(room.path(), &places(), "night");
        lines(room.path(), "log", "{\"level\":\"INFO\",\"message\":\"no ERROR at all\"}\n");
        lines(room.path(), "experiments", "{\"kind\":\"train\",\"job\":\"a\",\"result_digest\":\"ff\"}\n");
        good.look(0.5, Some(Ended::Code(0)));
        let seen = good.finish();
        assert_eq!(seen.result().as_deref(), Some("train a ff"));
        assert!(seen.signals(&PATH).iter().all(|signal| !signal.seen && signal.seconds.is_none()), "{seen:?}");

        let mut bad = Watch::start(room.path(), &places(), "night");
        lines(room.path(), "log", "{\"level\":\"ERROR\",\"message\":\"no such directory\"}\n");
        bad.look(0.1, None);
        lines(room.path(), "metrics", "{\"errors_total\":3}\n");
        bad.look(0.2, None);
        bad.look(0.3, Some(Ended::Code(13)));
        let signals = bad.finish().signals(&PATH);
        let times: Vec<_> = signals.iter().map(|signal| (signal.kind, signal.seconds)).collect();
        assert_eq!(
            times,
            [
                (SignalKind::ExitCode, Some(0.3)),
                (SignalKind::Log, Some(0.1)),
                (SignalKind::Metric, Some(0.2)),
                (SignalKind::Experiment, Some(0.3)),
            ]
        );
        assert_eq!(signals[1].observed, "no such directory");
    }

    #[test]
    fn refusal_shows_by_place_and_by_a_failed_experiment() {
        let good = "{\"kind\":\"backtest\",\"status\":\"success\",\"error\":null}\n";
        let failed = "{\"status\":\"failed\",\"error\":{\"class\":17,\"message\":\"p.luau:7: 1.7\"}}\n";
        let other = "{\"status\":\"failed\",\"error\":{\"class\":17,\"message\":\"no reason\"}}\n";
        let cases = [
            ("p.luau:7: 1.7", failed.to_owned(), [true, true]),
            ("p.luau: 1.7", failed.to_owned(), [false, true]),
            ("p.luau:7: 1.7", format!("{failed}{good}"), [true, false]),
            ("p.luau:7: 1.7", String::new(), [true, false]),
            ("p.luau:7: 1.7", other.to_owned(), [true, false]),
        ];
        for (message, experiments, expected) in cases {
            let room = tempfile::tempdir().expect("a directory");
            let mut watch = Watch::start(room.path(), &places(), "backtest");
            lines(room.path(), "backtest.log", &format!("{{\"level\":\"ERROR\",\"message\":\"{message}\"}}\n"));
            lines(room.path(), "experiments", &experiments);
            lines(room.path(), "metrics", "{\"errors\":{\"backtest\":{\"count\":1,\"runs_total\":3}}}\n");
            watch.look(0.1, Some(Ended::Code(17)));
            let seen = watch.finish();
            let signals = seen.signals(&WEIGHT);
            assert_eq!([signals[1].seen, signals[3].seen], expected, "{message} {experiments}");
            let counts = [seen.counted("backtest", Counted::Error), seen.counted("backtest", Counted::Run)];
            assert_eq!((counts, seen.counted("night", Counted::Run)), ([1.0, 3.0], 0.0));
        }
    }

    #[test]
    fn another_exit_code_is_not_the_faults() {
        let room = tempfile::tempdir().expect("a directory");
        let mut watch = Watch::start(room.path(), &places(), "night");
        watch.look(0.1, Some(Ended::Code(70)));
        let signals = watch.finish().signals(&PATH);
        assert_eq!((signals[0].seen, signals[0].observed.as_str()), (false, "exit code 70"));
    }

    #[test]
    fn a_line_that_is_not_ended_is_not_read() {
        let room = tempfile::tempdir().expect("a directory");
        let mut watch = Watch::start(room.path(), &places(), "night");
        lines(room.path(), "experiments", "{\"kind\":");
        watch.look(0.1, None);
        lines(room.path(), "experiments", "\"train\"}\n");
        watch.look(0.2, None);
        assert_eq!(watch.finish().experiments.len(), 1);
    }
}
