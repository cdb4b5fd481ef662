//! The newest experiments, with the curves of those that traded.

use std::{collections::BTreeMap, io::ErrorKind};

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{Fact, Grade, Point, curve, files, place::Place};
use crate::{
    store::{Experiment, ExperimentKind, ExperimentStatus},
    text::{Note, Phrase},
};

/// One experiment; the original's names first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentFacts {
    /// Its id.
    pub experiment_id: String,
    /// The model that it made or used.
    pub model_id: Option<String>,
    /// Its kind.
    pub task_type: &'static str,
    /// How it ended.
    pub status: &'static str,
    /// When it ended.
    pub ts: Timestamp,
    /// Its metrics.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// The job.
    pub job: String,
    /// The trading date worked for.
    pub as_of: Date,
    /// How long it took, seconds.
    pub seconds: f64,
    /// The seed.
    pub seed: u64,
    /// The commit.
    pub git_commit: String,
    /// Digest of its result.
    pub result_digest: Option<String>,
    /// Files that it wrote.
    pub artifacts: Vec<String>,
    /// The name of its page among the reports; none where there is none.
    pub report: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Its worth over time; empty where it did not trade.
    #[serde(skip)]
    pub curve: Vec<Point>,
    /// Why there is no curve where there should be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve_error: Option<String>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Vec<ExperimentFacts>> {
    let path = place.station.store_settings().experiments.path;
    let source = place.shown(&path);
    let lines = match files::last_lines::<Experiment>(&path) {
        Ok(lines) => lines,
        Err(error) if error.kind() == ErrorKind::NotFound => return Fact::absent(source, Phrase::NoExperiments),
        Err(error) => return Fact::unreadable(source, &error),
    };
    let newest = lines.good.into_iter().rev().take(place.settings().hud.max_experiments);
    let experiments: Vec<ExperimentFacts> = newest.map(|experiment| of(place, experiment)).collect();
    let (bad, at) = (lines.bad, experiments.first().map(|experiment| experiment.ts));
    let failed = experiments.first().filter(|newest| newest.status != "success");
    let failed = failed.map(|newest| Note::new(Phrase::ExperimentFailed, [&newest.experiment_id]));
    let (empty, torn) = (experiments.is_empty(), experiments.iter().filter(|one| one.curve_error.is_some()).count());
    let fact = Fact::of(source, experiments)
        .dated(at, place.now)
        .marked_if(empty, Grade::Unknown, || Note::plain(Phrase::NoExperiments))
        .marked_if(bad > 0, Grade::Warning, || Note::new(Phrase::BadLines, [&bad]))
        .marked_if(torn > 0, Grade::Warning, || Note::new(Phrase::CurvesMissing, [&torn]));
    match failed {
        Some(note) => fact.marked(Grade::Warning, note),
        None => fact,
    }
}

fn of(place: &Place<'_>, experiment: Experiment) -> ExperimentFacts {
    let (curve, curve_error) = curve_of(place, &experiment);
    let report = report_of(place, &experiment);
    ExperimentFacts {
        experiment_id: experiment.id,
        model_id: experiment.model_id,
        task_type: kind_word(experiment.kind),
        status: status_word(experiment.status),
        ts: experiment.finished_at,
        metrics: experiment.metrics,
        job: experiment.job,
        as_of: experiment.as_of,
        seconds: experiment.finished_at.duration_since(experiment.started_at).as_secs_f64(),
        seed: experiment.seed,
        git_commit: experiment.git_commit,
        result_digest: experiment.result_digest.map(|digest| digest.to_string()),
        artifacts: experiment.artifacts,
        error: experiment.error.map(|error| error.message),
        report,
        curve,
        curve_error,
    }
}

/// Finds the page of a backtest: it is named after the run that traded.
fn report_of(place: &Place<'_>, experiment: &Experiment) -> Option<String> {
    let run = experiment.params.get("night_ops_run")?.as_str()?;
    let name = if run.starts_with("backtest_") { format!("{run}.html") } else { format!("backtest_{run}.html") };
    let is_name = !run.contains(['/', '\0']);
    let has_page = experiment.kind == ExperimentKind::Backtest && is_name && place.reports().join(&name).is_file();
    has_page.then_some(name)
}

/// Reads the curve that an experiment names among its artifacts.
fn curve_of(place: &Place<'_>, experiment: &Experiment) -> (Vec<Point>, Option<String>) {
    let named = experiment.artifacts.iter().find(|name| name.ends_with("/equity.csv"));
    let Some(name) = named.filter(|_| experiment.status == ExperimentStatus::Success) else {
        return (Vec::new(), None);
    };
    let path = place.station.workspace.path(name);
    // The line names the file: one that leads out of the workspace is not followed.
    let inside = path.canonicalize().is_ok_and(|path| path.starts_with(place.station.workspace.root()));
    if !inside {
        return (Vec::new(), Some(format!("{name} is not a file of this workspace")));
    }
    match curve::read(&path) {
        Ok(points) => (points, None),
        Err(error) => (Vec::new(), Some(format!("{name}: {error}"))),
    }
}

const fn kind_word(kind: ExperimentKind) -> &'static str {
    match kind {
        ExperimentKind::Train => "train",
        ExperimentKind::Backtest => "backtest",
        ExperimentKind::WalkForward => "walk_forward",
        ExperimentKind::Simulation => "simulation",
        ExperimentKind::Matrix => "matrix",
    }
}

const fn status_word(status: ExperimentStatus) -> &'static str {
    match status {
        ExperimentStatus::Running => "running",
        ExperimentStatus::Success => "success",
        ExperimentStatus::Failed => "failed",
    }
}
