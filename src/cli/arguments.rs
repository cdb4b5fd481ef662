//! The command line: global options and the list of commands. Doc comments are the help text.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use jiff::civil::Date;

use super::{
    backtest::BacktestArgs, baseline::BaselineArgs, bootstrap::BootstrapArgs, config::ConfigArgs,
    dashboard::DashboardArgs, data::DataArgs, day_ops::DayOpsArgs, doctor::DoctorArgs, drill::DrillArgs,
    experiments::ExperimentsArgs, factors::FactorsArgs, hud::HudArgs, init::InitArgs, models::ModelsArgs,
    monitor::MonitorArgs, night_ops::NightOpsArgs, performance::PerformanceArgs, probe_database::ProbeDatabaseArgs,
    regression::RegressionArgs, risk::RiskArgs, rollback::RollbackArgs, scheduler::SchedulerArgs,
    simulate::SimulateArgs, walk_forward::WalkForwardArgs,
};
use crate::{research::factor::threads_available, text::Language};

/// LightHunter: an A-share research system that proves that it comes back.
#[derive(Debug, Parser)]
#[command(name = "lighthunter", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The workspace; default: the nearest parent directory that is one
    #[arg(long, global = true, value_name = "DIR", env = "LIGHTHUNTER_WORKSPACE")]
    pub(super) workspace: Option<PathBuf>,
    /// The trading date worked for; nothing newer is used [default: the newest session that the daily bars reach]
    #[arg(long, global = true, value_name = "YYYY-MM-DD")]
    pub(super) as_of: Option<Date>,
    /// Override a config key for this run; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
    /// The language of reports, pages and panels: en or zh
    #[arg(long, global = true, value_name = "en|zh", default_value_t)]
    pub(super) lang: Language,
    /// Print one JSON document on stdout and nothing else
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

/// How many threads a command may use.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Threads {
    /// How many threads to use; changes no result [default: the processor's cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

impl Threads {
    /// Returns the number asked for.
    pub(super) fn asked(self) -> Option<usize> {
        self.threads.map(usize::from)
    }

    /// Returns the number to use.
    pub(super) fn count(self) -> usize {
        self.asked().unwrap_or_else(threads_available)
    }

    /// Returns how many pieces of work to have under way at a time: as many as asked for, but no more than
    /// there are threads.
    pub(super) fn jobs(self, asked: Option<u16>) -> usize {
        asked.map_or(self.count(), |jobs| usize::from(jobs).min(self.count()))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(InitArgs),
    Bootstrap(BootstrapArgs),
    Regression(RegressionArgs),
    NightOps(NightOpsArgs),
    DayOps(DayOpsArgs),
    Backtest(BacktestArgs),
    Simulate(SimulateArgs),
    Risk(RiskArgs),
    Config(ConfigArgs),
    Data(DataArgs),
    Models(ModelsArgs),
    Experiments(ExperimentsArgs),
    Factors(FactorsArgs),
    Performance(PerformanceArgs),
    WalkForward(WalkForwardArgs),
    Drill(DrillArgs),
    Hud(HudArgs),
    Dashboard(DashboardArgs),
    Monitor(MonitorArgs),
    Baseline(BaselineArgs),
    Rollback(RollbackArgs),
    Scheduler(SchedulerArgs),
    Doctor(DoctorArgs),
    #[command(hide = true)]
    ProbeDatabase(ProbeDatabaseArgs),
    /// Explain a command, or a topic: exit-codes
    Help {
        /// A command or `exit-codes`
        topic: Option<String>,
    },
}
