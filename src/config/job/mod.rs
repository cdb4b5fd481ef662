//! `config/jobs.yaml`: what the scheduler runs and when. Times are of Asia/Shanghai.

mod command;
mod schedule;

use std::path::Path;

pub use command::{JOB_COMMANDS, OWN_PROGRAM, TRADE_DATE, own_command, program_file};
pub use schedule::{CatchUp, Schedule};

use super::{
    mistake::Mistake,
    node::{Node, Place},
    section::{Findings, Section},
};

/// The longest that a job may take, seconds.
const TIMEOUT_SEC_MAX: u64 = 7 * 86_400;
/// How late a start still counts as on time where the job does not say, seconds.
const GRACE_SEC: u64 = 300;

/// Jobs that every workspace has (the manual, 1.3).
pub const REQUIRED_JOBS: [&str; 3] = ["night_ops_full", "day_ops_morning", "nightly_regression"];

/// The jobs of a workspace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Jobs {
    /// Jobs in file order; ids are unique.
    pub jobs: Vec<Job>,
}

/// One job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// Whether the scheduler runs it.
    pub enabled: bool,
    /// The program and its arguments; `{trade_date}` stands for the newest completed session.
    pub command: Vec<String>,
    /// When it runs.
    pub schedule: Schedule,
    /// How long it may take, seconds; without an end where nothing is given.
    pub timeout_sec: Option<u64>,
    /// What happens to starts that were missed.
    pub catch_up: CatchUp,
    /// How late a start still counts as on time, seconds; only [`CatchUp::Skip`] asks.
    pub grace_sec: u64,
}

impl Jobs {
    /// Returns the job `id`.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// Puts jobs of the settings below those of the file: the same id in the file wins.
    #[must_use]
    pub(super) fn over(self, settings: &[Job]) -> Self {
        let others = settings.iter().filter(|job| self.job(&job.id).is_none()).cloned().collect::<Vec<_>>();
        Self { jobs: self.jobs.into_iter().chain(others).collect() }
    }

    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            schedule::check_zone(s);
            let jobs: Vec<Job> = s.named("jobs", read).into_iter().map(|(_, job)| job).collect();
            Self { jobs }
        })
    }

    /// Reports the jobs that every workspace has and this one lacks.
    pub(super) fn check_required(&self, file: &str, findings: &mut Findings) {
        for id in REQUIRED_JOBS.into_iter().filter(|id| self.job(id).is_none()) {
            let mistake =
                Mistake::at(&Place::outside(file), format!("jobs.{id}"), "is missing; every workspace has it");
            findings.mistakes.push(mistake);
        }
    }

    /// Reports the programs other than LightHunter that are not there.
    pub(super) fn check_programs(&self, root: &Path, place: impl Fn(&Job) -> Place, findings: &mut Findings) {
        for job in &self.jobs {
            let Some(program) = job.command.first().filter(|program| *program != OWN_PROGRAM) else { continue };
            if program_file(root, program).is_none() {
                let what = format!("{program} is not a program that can be executed");
                let allowed = format!("{OWN_PROGRAM}, a name on PATH, or a path from the workspace's root");
                let mistake = Mistake::at(&place(job), format!("jobs.{}.command", job.id), what).allowed(allowed);
                findings.mistakes.push(mistake);
            }
        }
    }
}

/// Reads one job. What a job may leave out is the original's: enabled, daily at 03:00 on working days.
pub(super) fn read(id: &str, s: &mut Section<'_>) -> Job {
    let schedule = if s.has("schedule") { s.section("schedule", schedule::read) } else { schedule::Schedule::night() };
    Job {
        id: id.to_owned(),
        description: s.optional("description", Section::text).unwrap_or_default(),
        enabled: s.optional("enabled", Section::flag).unwrap_or(true),
        timeout_sec: s.optional("timeout_sec", |s, key| s.count(key, 1, TIMEOUT_SEC_MAX)),
        catch_up: s.optional("catch_up", schedule::read_catch_up).unwrap_or_else(|| schedule.catch_up_default()),
        grace_sec: s.optional("grace_sec", |s, key| s.count(key, 0, 86_400)).unwrap_or(GRACE_SEC),
        command: command::read(s),
        schedule,
    }
}
