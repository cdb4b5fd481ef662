//! The facts of a workspace at one moment, for every face that shows them: web page, JSON, terminal.
//!
//! Each fact says where it comes from, how old it is and how good it is. What cannot be read is never
//! shown as good: a broken database, a missing file or a torn line becomes a grade and a sentence, and
//! leaves the other facts alone. Opens SQLite for reading only and DuckDB not at all: a run may hold it.

mod accounts;
mod config;
mod curve;
mod data;
mod day_ops;
mod drills;
mod experiments;
mod fact;
mod files;
mod grade;
mod models;
mod monitor;
mod night_ops;
mod place;
mod risk;
#[cfg(test)]
pub(in crate::hud) mod sample;
mod schedule;

use jiff::Timestamp;
use serde::Serialize;

pub use accounts::{AccountFacts, PositionFacts};
pub use config::ConfigFacts;
pub use curve::Point;
pub use data::{DataFacts, TableFacts};
pub use day_ops::{DayOpsFacts, DayOpsItem};
pub use drills::{DrillFacts, DrillScenario, drills_directory};
pub use experiments::ExperimentFacts;
pub use fact::{Fact, Summary};
pub use files::stamp;
pub use grade::{Grade, status_words};
pub use models::ModelFacts;
pub use monitor::{ComponentFacts, MonitorFacts};
pub use night_ops::{NightOpsFacts, StageFacts};
pub use risk::{AlertFacts, RiskFacts, SwitchFacts, SymbolFacts};
pub use schedule::{JobFacts, ScheduleFacts};

use crate::{config::LoadOptions, ops::Station};
use place::Place;

/// Everything that is known of a workspace at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// When it was looked.
    pub at: Timestamp,
    /// The worst grade of all facts.
    pub grade: Grade,
    /// The workspace's directory name.
    pub workspace: String,
    /// The last NightOps run.
    pub night_ops: Fact<Option<NightOpsFacts>>,
    /// The last check before the opening.
    pub day_ops: Fact<Option<DayOpsFacts>>,
    /// The scheduler and its jobs.
    pub schedule: Fact<ScheduleFacts>,
    /// The accounts as the last replayed session left them.
    pub accounts: Fact<Vec<AccountFacts>>,
    /// Kill switches and alerts.
    pub risk: Fact<RiskFacts>,
    /// The newest experiments, newest first.
    pub experiments: Fact<Vec<ExperimentFacts>>,
    /// The models, one a job.
    pub models: Fact<Vec<ModelFacts>>,
    /// What the stores hold.
    pub data: Fact<DataFacts>,
    /// The newest drills, newest first.
    pub drills: Fact<Vec<DrillFacts>>,
    /// The monitor daemon and what it counted.
    pub monitor: Fact<Option<MonitorFacts>>,
    /// The config in force.
    pub config: Fact<ConfigFacts>,
}

/// Looks at a workspace. The config is read anew with `options`; where it does not load, the station's
/// own is used for the places, and the fact of the config says so.
#[must_use]
pub fn facts(station: &Station, options: &LoadOptions, now: Timestamp) -> Facts {
    let (config, station) = config::look(station, options, now);
    let place = Place::open(&station, now);
    let mut facts = Facts {
        at: now,
        grade: Grade::Ok,
        workspace: place.workspace_name(),
        night_ops: night_ops::look(&place),
        day_ops: day_ops::look(&place),
        schedule: schedule::look(&place),
        accounts: accounts::look(&place),
        risk: risk::look(&place),
        experiments: experiments::look(&place),
        models: models::look(&place),
        data: data::look(&place),
        drills: drills::look(&place),
        monitor: monitor::look(&place),
        config,
    };
    facts.grade = facts.summaries().iter().map(|(_, summary)| summary.grade).max().unwrap_or_default();
    facts
}

impl Facts {
    /// Returns the head of every fact by its name, in the order of the page.
    #[must_use]
    pub fn summaries(&self) -> [(&'static str, &Summary); 11] {
        [
            ("night_ops", &self.night_ops.summary),
            ("day_ops", &self.day_ops.summary),
            ("schedule", &self.schedule.summary),
            ("accounts", &self.accounts.summary),
            ("risk", &self.risk.summary),
            ("experiments", &self.experiments.summary),
            ("models", &self.models.summary),
            ("data", &self.data.summary),
            ("drills", &self.drills.summary),
            ("monitor", &self.monitor.summary),
            ("config", &self.config.summary),
        ]
    }

    /// Returns the names of the facts that `other` tells otherwise, ages aside.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<&'static str> {
        let (old, new) = (self.ageless(), other.ageless());
        let same = [
            old.night_ops == new.night_ops,
            old.day_ops == new.day_ops,
            old.schedule == new.schedule,
            old.accounts == new.accounts,
            old.risk == new.risk,
            old.experiments == new.experiments,
            old.models == new.models,
            old.data == new.data,
            old.drills == new.drills,
            old.monitor == new.monitor,
            old.config == new.config,
        ];
        self.summaries().into_iter().zip(same).filter(|(_, same)| !same).map(|((name, _), _)| name).collect()
    }

    fn ageless(&self) -> Self {
        let mut facts = self.clone();
        facts.at = Timestamp::UNIX_EPOCH;
        for summary in [
            &mut facts.night_ops.summary,
            &mut facts.day_ops.summary,
            &mut facts.schedule.summary,
            &mut facts.accounts.summary,
            &mut facts.risk.summary,
            &mut facts.experiments.summary,
            &mut facts.models.summary,
            &mut facts.data.summary,
            &mut facts.drills.summary,
            &mut facts.monitor.summary,
            &mut facts.config.summary,
        ] {
            summary.age_s = None;
        }
        facts
    }
}
