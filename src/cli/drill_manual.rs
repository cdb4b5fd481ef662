//! `lighthunter drill manual`: the papers of this workspace, written from the features.

use std::{fs, path::Path};

use clap::{Args, ValueEnum};

use super::session::Session;
use crate::{
    config,
    drill::{self, Manual, ManualPlace, Paper, Spec},
    durable::DurableError,
    exit::{AnyFailure, Exit},
    record::DrillRecord,
};

#[derive(Debug, Args)]
pub(super) struct ManualArgs {
    /// Which paper
    #[arg(long, value_enum, default_value_t = Page::Runbook)]
    page: Page,
    /// The drill whose outcomes and times are written in [default: the newest]
    #[arg(long, value_name = "ID")]
    drill: Option<String>,
    /// Write no outcomes and no times
    #[arg(long, conflicts_with = "drill")]
    bare: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Page {
    /// What to type from an empty machine to the rollback, and what one must see
    Runbook,
    /// The standing procedure of the war drill
    Sop,
    /// The boxes of chapter 5, ticked from the drill
    Checklist,
    /// Every numbered step and box with its scenarios
    Map,
}

pub(super) fn run(session: &Session, args: &ManualArgs) -> Result<Exit, AnyFailure> {
    let (workspace, load) = (session.workspace()?, session.load_options()?);
    let settings = config::load(&workspace, &load)?.settings;
    let place = ManualPlace::read(workspace.root(), &workspace.root().display().to_string(), &load)?;
    let drills = workspace.path(&settings.paths.reports_dir).join("drills");
    let record = match (&args.drill, args.bare) {
        (_, true) => None,
        (Some(id), _) => Some(record_of(&drills.join(id))?),
        (None, _) => record_of(&drills.join("latest")).ok(),
    };
    let (spec, features) = (Spec::of(workspace.root())?, drill::check(&drill::select(&[])?).features);
    let manual = Manual {
        place: &place,
        spec: &spec,
        features: &features,
        record: record.as_ref(),
        language: session.global.lang,
    };
    let text = manual.write(match args.page {
        Page::Runbook => Paper::Runbook,
        Page::Sop => Paper::Procedure,
        Page::Checklist => Paper::Checklist,
        Page::Map => Paper::Map,
    });
    session.console.line(text.trim_end());
    session.console.document(&serde_json::json!({
        "drill": record.as_ref().map(|record| &record.id),
        "markdown": text,
    }));
    Ok(Exit::Done)
}

fn record_of(directory: &Path) -> Result<DrillRecord, AnyFailure> {
    let path = directory.join("record.json");
    let unreadable = |source| drill::DrillError::Unreadable { path: path.clone(), source };
    let bytes = fs::read(&path).map_err(unreadable)?;
    let parsed = serde_json::from_slice(&bytes).map_err(std::io::Error::from);
    Ok(parsed.map_err(DurableError::at("read", &path))?)
}
