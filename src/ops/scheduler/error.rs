//! What keeps the scheduler or a job of it from doing its work.

use std::io;

use crate::exit::{Exit, Failure};

/// Why a job was not started, or what it came to.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// There is no such job.
    #[error("there is no job {id} in the schedule; it has {known}")]
    UnknownJob {
        /// The id asked for.
        id: String,
        /// The ids that there are.
        known: String,
    },
    /// The last run of the job is still under way.
    #[error("{job} is running since {since}; a job never overlaps itself")]
    Overlaps {
        /// The job.
        job: String,
        /// When it started.
        since: String,
    },
    /// A job ended badly.
    #[error("job {job}: {what}")]
    Job {
        /// The job.
        job: String,
        /// What happened.
        what: String,
        /// Its class.
        exit: Exit,
        /// Where it wrote its output.
        log: String,
    },
    /// The calendar ends before today.
    #[error("the trading calendar does not know today, so that these jobs do not run: {jobs}")]
    Blind {
        /// The jobs.
        jobs: String,
    },
    /// The process of a job cannot be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The signals cannot be listened to.
    #[error("signals cannot be listened to: {0}")]
    Signals(#[source] io::Error),
}

impl Failure for SchedulerError {
    fn exit(&self) -> Exit {
        match self {
            Self::UnknownJob { .. } => Exit::Usage,
            Self::Overlaps { .. } => Exit::Busy,
            Self::Job { exit, .. } => *exit,
            Self::Blind { .. } => Exit::DataRefused,
            Self::Start { .. } => Exit::Config,
            Self::Signals(_) => Exit::Internal,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::UnknownJob { .. } => Some("List the jobs with `lighthunter scheduler list`.".into()),
            Self::Overlaps { .. } => Some("Wait for it to end; `lighthunter scheduler list` shows it.".into()),
            Self::Job { log, .. } => Some(format!("Read {log}.")),
            Self::Blind { .. } => Some(
                "Add the year that the exchanges publish each December to data_sources.market.closures of \
                 config/system_config.json (docs/scheduler.md), or update LightHunter."
                    .into(),
            ),
            Self::Start { .. } => Some("Check the job's command with `lighthunter config check`.".into()),
            Self::Signals(_) => None,
        }
    }
}
