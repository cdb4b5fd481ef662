//! What every command starts from: the global options, the console, the clock, and, once asked for,
//! the workspace with its config and its log.

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use super::{arguments::Global, console::Console, progress::Screen};
use crate::{
    clock::Clock,
    config::{self, LoadOptions},
    exit::{AnyFailure, Exit, Failure},
    ops::{Station, log::LogLayer},
    rollback,
    workspace::Workspace,
};

pub(super) struct Session {
    pub(super) global: Global,
    pub(super) console: Console,
    pub(super) clock: Clock,
    pub(super) screen: Screen,
}

impl Session {
    pub(super) fn new(global: Global, console: Console) -> Self {
        Self { global, console, clock: Clock::from_environment(), screen: Screen::of(console) }
    }

    /// Overrides a config key as `--set` would, where a value is given; the record shows it as one.
    pub(super) fn set(&mut self, key: &str, value: Option<&str>) {
        self.global.sets.extend(value.map(|value| format!("{key}={value}")));
    }

    /// Opens the workspace that was named, or the nearest one above the current directory.
    pub(super) fn workspace(&self) -> Result<Workspace, AnyFailure> {
        Ok(match &self.global.workspace {
            Some(root) => Workspace::open(root)?,
            None => Workspace::discover(Path::new("."))?,
        })
    }

    /// Opens the workspace here, if this is in one. One that was named must be there.
    pub(super) fn workspace_here(&self) -> Result<Option<Workspace>, AnyFailure> {
        match self.workspace() {
            Ok(workspace) => Ok(Some(workspace)),
            Err(error) if self.global.workspace.is_some() => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn load_options(&self) -> Result<LoadOptions, AnyFailure> {
        let pair = |text: &String| text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        let sets: Option<Vec<(String, String)>> = self.global.sets.iter().map(pair).collect();
        let sets = sets.ok_or_else(|| BadSet(self.global.sets.join(" ")))?;
        Ok(LoadOptions::of_process(sets))
    }

    /// Opens the workspace with its config and starts the log of `component`.
    pub(super) fn station(&self, component: &str) -> Result<Station, AnyFailure> {
        let workspace = self.workspace()?;
        rollback::require_none(workspace.root())?;
        let config = config::load_all(&workspace, &self.load_options()?)?;
        for warning in &config.warnings {
            self.console.note(format!("warning: {warning}"));
        }
        let station = Station { workspace, config, clock: self.clock.clone() };
        self.start_log(&station, component);
        Ok(station)
    }

    /// Starts the log of `component` where the config can be read; says nothing where it cannot.
    pub(super) fn try_log(&self, component: &str) {
        if let Ok(station) = self.quiet_station() {
            self.start_log(&station, component);
        }
    }

    /// Opens the workspace with its config and starts no log: what is drawn on the terminal must not be
    /// written over.
    pub(super) fn quiet_station(&self) -> Result<Station, AnyFailure> {
        let workspace = self.workspace()?;
        let config = config::load_all(&workspace, &self.load_options()?)?;
        Ok(Station { workspace, config, clock: self.clock.clone() })
    }

    fn start_log(&self, station: &Station, component: &str) {
        let settings = station.settings();
        let logs = station.workspace.path(&settings.paths.logs_dir);
        let files = [logs.join("lighthunter.log"), logs.join("ops").join(format!("{component}.log"))];
        let layer = LogLayer::new(self.clock.clone(), files, &settings.ops.logs);
        let console = self.console;
        let level = match (self.global.quiet, self.global.verbose) {
            (true, _) => LevelFilter::ERROR,
            (_, 0) => LevelFilter::INFO,
            (_, 1) => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        };
        let shown = tracing_subscriber::fmt::layer()
            .with_writer(self.screen.clone())
            .with_ansi(console.has_colour())
            .with_target(false)
            .without_time()
            .with_filter(level);
        // A second start in one process keeps the first log, which is the one in use.
        let _ = tracing_subscriber::registry().with(layer.with_filter(LevelFilter::DEBUG)).with(shown).try_init();
    }
}

/// A `--set` without an equals sign.
#[derive(Debug, thiserror::Error)]
#[error("--set takes KEY=VALUE, got '{0}'")]
struct BadSet(String);

impl Failure for BadSet {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
