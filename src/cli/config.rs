//! `lighthunter config`: is the config right, and what is in force.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::session::Session;
use crate::{
    config,
    exit::{AnyFailure, Exit, Failure},
};

/// Check the config, or show what is in force
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check every config file and overlay; all mistakes at once
    Check,
    /// Show every value in force by its key
    Show {
        /// Say where each value comes from: FILE:LINE, an environment variable, --set or default
        #[arg(long)]
        origin: bool,
    },
}

pub(super) fn run(session: &Session, args: &ConfigArgs) -> Result<Exit, AnyFailure> {
    match args.command {
        ConfigCommand::Check => check(session),
        ConfigCommand::Show { origin } => show(session, origin),
    }
}

fn check(session: &Session) -> Result<Exit, AnyFailure> {
    let (workspace, console) = (session.workspace()?, session.console);
    match config::check(&workspace, &session.load_options()?) {
        Ok(report) => {
            for warning in &report.warnings {
                console.note(format!("warning: {warning}"));
            }
            console.line(format!("{} config files are right: {}.", report.files.len(), report.files.join(", ")));
            console.document(&report);
            Ok(Exit::Done)
        }
        Err(errors) => {
            console.failure_with(&errors, Some(("mistakes", json!(errors.mistakes()))));
            Ok(errors.exit())
        }
    }
}

fn show(session: &Session, with_origin: bool) -> Result<Exit, AnyFailure> {
    let (workspace, console) = (session.workspace()?, session.console);
    let configuration = config::load_all(&workspace, &session.load_options()?)?;
    for warning in &configuration.warnings {
        console.note(format!("warning: {warning}"));
    }
    let mut document = serde_json::Map::new();
    for (key, found) in &configuration.loaded.origins {
        let (value, origin) = (&found.value, &found.origin);
        console.line(if with_origin { format!("{key} = {value}  # {origin}") } else { format!("{key} = {value}") });
        document.insert(key.clone(), if with_origin { json!(found) } else { value.clone() });
    }
    console.document(&Value::Object(document));
    Ok(Exit::Done)
}
