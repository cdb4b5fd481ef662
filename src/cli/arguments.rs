//! The command line: global options and the list of commands. Doc comments are the help text.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use jiff::civil::Date;

use super::{
    backtest::BacktestArgs, bootstrap::BootstrapArgs, config::ConfigArgs, data::DataArgs, drill::DrillArgs,
    experiments::ExperimentsArgs, factors::FactorsArgs, hud::HudArgs, init::InitArgs, models::ModelsArgs,
    monitor::MonitorArgs, night_ops::NightOpsArgs, performance::PerformanceArgs, regression::RegressionArgs,
    risk::RiskArgs, simulate::SimulateArgs, walk_forward::WalkForwardArgs,
};
use crate::text::Language;

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
    /// The language of pages and panels: en or zh
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

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(InitArgs),
    Bootstrap(BootstrapArgs),
    Regression(RegressionArgs),
    NightOps(NightOpsArgs),
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
    Monitor(MonitorArgs),
    /// Check the machine: executable, git, disk, ports, libraries, clock, locks
    Doctor,
    /// Explain a command, or a topic: exit-codes
    Help {
        /// A command or `exit-codes`
        topic: Option<String>,
    },
}
