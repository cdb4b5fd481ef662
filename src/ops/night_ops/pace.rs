//! Which stages of a run are still to come, and how long they took the last time.

use std::path::Path;

use super::{NightOpsReport, Stage, night::Night};
use crate::{
    ops::listener::{Listener, Told},
    store::StageStatus,
};

/// The stages that a run will attempt.
pub(super) struct Pace {
    /// With the seconds of the last night, where it had the stage done.
    stages: Vec<(Stage, Option<f64>)>,
}

impl Pace {
    /// Looks up the last night, where somebody listens.
    pub(super) fn of(night: &Night<'_>) -> Self {
        let workspace = &night.station.workspace;
        let listens = night.options.listener.is_there();
        let reports = Path::new(&night.station.settings().paths.reports_dir);
        let last = listens.then(|| NightOpsReport::newest(workspace, reports)).flatten();
        let seconds = |stage: Stage| {
            let steps = last.iter().flat_map(|report| &report.steps);
            let mut done = steps.filter(|step| step.name == stage && step.status == StageStatus::Done);
            done.next().map(|step| step.seconds)
        };
        let selected = Stage::ALL.into_iter().filter(|stage| night.selects(*stage));
        Self { stages: selected.map(|stage| (stage, seconds(stage))).collect() }
    }

    /// Tells that a stage begins. The rest is known as soon as every stage of it was done the last time.
    pub(super) fn tell(&self, listener: &Listener, stage: Stage) {
        let Some(at) = self.stages.iter().position(|(own, _)| *own == stage) else { return };
        let rest = self.stages.get(at..).unwrap_or_default();
        let seconds_left = rest.iter().try_fold(0.0, |sum, (_, seconds)| seconds.map(|seconds| sum + seconds));
        listener.tell(Told::Stage { name: stage.name(), number: at + 1, of: self.stages.len(), seconds_left });
    }
}
