//! `lighthunter config`: is the config right, what is in force, how two differ, and the original's translated.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    config_migrate::{self, MigrateArgs},
    session::Session,
};
use crate::{
    config::{self, ConfigErrors, FactorSpec, Mistake, template::FACTOR_SPEC},
    exit::{AnyFailure, Exit, Failure},
    research::{ResearchError, factor::mistakes},
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
    /// Say which keys two settings files set differently, over the template's values
    Diff {
        /// A settings file
        one: PathBuf,
        /// Another
        two: PathBuf,
    },
    Migrate(MigrateArgs),
}

pub(super) fn run(session: &Session, args: &ConfigArgs) -> Result<Exit, AnyFailure> {
    match &args.command {
        ConfigCommand::Check => check(session),
        ConfigCommand::Show { origin } => show(session, *origin),
        ConfigCommand::Diff { one, two } => diff(session, one, two),
        ConfigCommand::Migrate(args) => config_migrate::run(session, args),
    }
}

fn diff(session: &Session, one: &Path, two: &Path) -> Result<Exit, AnyFailure> {
    let found = config::compare_files(one, two)?;
    for difference in &found {
        session.console.line(difference.to_string());
    }
    if found.is_empty() {
        session.console.line("Both say the same.");
    }
    session.console.document(&json!({ "differences": found }));
    Ok(Exit::Done)
}

fn check(session: &Session) -> Result<Exit, AnyFailure> {
    let (workspace, console) = (session.workspace()?, session.console);
    let checked = config::check(&workspace, &session.load_options()?);
    let known = checked.as_ref().err().map(ConfigErrors::mistakes).unwrap_or_default();
    let expressions = expression_mistakes(&config::factor_sets(&workspace), known);
    let errors = ConfigErrors::of(known.iter().chain(&expressions).cloned().collect());
    match (errors, checked) {
        (None, Ok(report)) => {
            for warning in &report.warnings {
                console.note(format!("warning: {warning}"));
            }
            console.line(format!("{} config files are right: {}.", report.files.len(), report.files.join(", ")));
            console.document(&report);
            Ok(Exit::Done)
        }
        (Some(errors), _) | (None, Err(errors)) => {
            console.failure_with(&errors, Some(("mistakes", json!(errors.mistakes()))));
            Ok(errors.exit())
        }
    }
}

/// Returns what research cannot read in the sets of factors. A line that is wrong as config says so already.
fn expression_mistakes(spec: &FactorSpec, known: &[Mistake]) -> Vec<Mistake> {
    let sets = spec.sets.iter();
    let all = sets.flat_map(|(name, set)| mistakes(set).into_iter().map(move |mistake| mistake_of(name, &mistake)));
    let is_known = |mistake: &Mistake| known.iter().any(|own| (&own.file, own.line) == (&mistake.file, mistake.line));
    all.filter(|mistake| !is_known(mistake)).collect()
}

/// Says a mistake of a set as config says its own.
fn mistake_of(set: &str, error: &ResearchError) -> Mistake {
    let whole = error.to_string();
    let origin = match error {
        ResearchError::Expression(expression) => expression.origin(),
        _ => "",
    };
    let (place, key) = origin.split_once(": ").unwrap_or_default();
    let (file, line) = place.rsplit_once(':').unwrap_or((FACTOR_SPEC, "0"));
    let key = if key.is_empty() { format!("sets.{set}") } else { key.to_owned() };
    let what = whole.strip_prefix(origin).unwrap_or(&whole).trim_start_matches([',', ' ']).to_owned();
    let (line, file) = (line.parse().unwrap_or(0), file.to_owned());
    Mistake { file, line, key, what, allowed: None, got: None, nearest: None, is_disk: false }
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
