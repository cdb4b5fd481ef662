//! The commands: one file each. The only room that prints.
//!
//! A command parses its arguments, calls the room that does the work, and says what came of it. No
//! rule of the market, of data or of research may live here.

mod arguments;
mod backtest;
mod baseline;
mod bootstrap;
mod config;
mod config_migrate;
mod console;
mod dashboard;
mod data;
mod data_collect;
mod day_ops;
mod doctor;
mod drill;
mod drill_catalogue;
mod drill_history;
mod drill_manual;
mod drill_quotes;
mod drill_records;
mod drill_report;
mod drill_signals;
mod drill_words;
mod exit_codes;
mod experiments;
mod factors;
mod hud;
mod init;
mod models;
mod monitor;
mod night_ops;
mod performance;
mod probe_database;
mod progress;
mod regression;
mod risk;
mod rollback;
mod scheduler;
mod session;
mod simulate;
mod walk_forward;
mod words;

use std::{ffi::OsString, panic::AssertUnwindSafe, process::ExitCode, sync::Arc};

use clap::{Parser, error::ErrorKind};

use crate::{
    exit::{AnyFailure, Exit},
    store,
};
use arguments::{Cli, Command};
use console::Console;
use session::Session;

/// Runs one command line and returns the process status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    if let Ok(executable) = std::env::current_exe() {
        store::set_probe(executable);
    }
    // A file that may not grow is an error of the write, as a full disk is, and not the end of the process. Where
    // that cannot be arranged it stays the kernel's own way.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let exit = match Cli::try_parse_from(arguments) {
        // The panic's own words are on stderr by then; what is left is to say whose fault it was.
        Ok(cli) => std::panic::catch_unwind(AssertUnwindSafe(|| dispatch(cli))).unwrap_or(Exit::Internal),
        Err(error) => {
            // A closed pipe is the reader's choice and no failure of ours.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
                _ => Exit::Usage,
            }
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(cli: Cli) -> Exit {
    let console = Console::new(cli.global.json, cli.global.quiet);
    match command(cli, console) {
        Ok(exit) => exit,
        Err(failure) => {
            console.failure(failure.as_ref());
            failure.exit()
        }
    }
}

fn command(cli: Cli, console: Console) -> Result<Exit, AnyFailure> {
    let session = Session::new(cli.global, console);
    match cli.command {
        Command::Init(args) => init::run(&session, args),
        Command::Bootstrap(args) => bootstrap::run(&session, &args),
        Command::Regression(args) => regression::run(&session, args),
        Command::NightOps(args) => night_ops::run(&session, args),
        Command::DayOps(args) => day_ops::run(&session, &args),
        Command::Backtest(args) => backtest::run(session, &args),
        Command::Simulate(args) => simulate::run(session, args),
        Command::Risk(args) => risk::run(&session, &args),
        Command::Config(args) => config::run(&session, &args),
        Command::Data(args) => data::run(&session, &args),
        Command::Models(args) => models::run(&session, &args),
        Command::Performance(args) => performance::run(&session, &args),
        Command::WalkForward(args) => walk_forward::run(session, &args),
        Command::Experiments(args) => experiments::run(&session, &args),
        Command::Factors(args) => factors::run(session, &args),
        Command::Drill(args) => drill::run(&session, args),
        Command::Dashboard(args) => dashboard::run(&session, &args),
        Command::Hud(args) => hud::run(&session, args),
        Command::Monitor(args) => monitor::run(&session, &args),
        Command::Scheduler(args) => scheduler::run(&session, &args),
        Command::Baseline(args) => baseline::run(&session, &args),
        Command::Rollback(args) => rollback::run(&session, &args),
        Command::Doctor(args) => doctor::run(&session, &args),
        Command::ProbeDatabase(args) => probe_database::run(&session, &args),
        Command::Help { topic } => Ok(exit_codes::run(&session, topic.as_deref())),
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_command_but_the_scheduler_can_be_a_job() {
        let command = Cli::command();
        let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        names.retain(|name| {
            !["scheduler", "probe-database"].contains(name) && !crate::config::JOB_COMMANDS.contains(name)
        });
        assert!(names.is_empty(), "config::JOB_COMMANDS lacks {names:?}");
    }

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
