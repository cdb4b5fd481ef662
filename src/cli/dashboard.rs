//! `lighthunter dashboard`: the facts of a workspace in the terminal.

use std::io::{self, IsTerminal as _};

use clap::Args;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit, Failure},
    hud::{state, terminal},
};

/// Show accounts, operations, experiments and health in the terminal
#[derive(Debug, Args)]
pub(super) struct DashboardArgs {
    /// Print one frame as text and end
    #[arg(long)]
    once: bool,
    /// The width of the frame, with --once [default: the terminal's, else 80]
    #[arg(long, value_parser = clap::value_parser!(u16).range(20..=500), requires = "once")]
    width: Option<u16>,
    /// The height of the frame, with --once [default: the terminal's, else 24]
    #[arg(long, value_parser = clap::value_parser!(u16).range(5..=500), requires = "once")]
    height: Option<u16>,
}

/// Why there is no panel.
#[derive(Debug, thiserror::Error)]
enum DashboardError {
    /// Stdout is no terminal.
    #[error("stdout is not a terminal")]
    NoTerminal,
    /// The terminal cannot be used.
    #[error("the terminal cannot be drawn on: {0}")]
    Terminal(io::Error),
}

impl Failure for DashboardError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoTerminal => Exit::Usage,
            Self::Terminal(_) => Exit::Storage,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some("Print one frame with --once, or all facts with `hud --once --json`.".into())
    }
}

pub(super) fn run(session: &Session, args: &DashboardArgs) -> Result<Exit, AnyFailure> {
    // Without its log on stderr: that would be written over the panel.
    let (station, load) = (session.quiet_station()?, session.load_options()?);
    let language = session.global.lang;
    if args.once || session.global.json {
        let facts = state::facts(&station, &load, station.clock.now());
        let (width, height) = terminal::size();
        let (width, height) = (args.width.unwrap_or(width), args.height.unwrap_or(height));
        let frame = terminal::once(&facts, language, width, height).map_err(DashboardError::Terminal)?;
        session.console.line(frame.trim_end_matches('\n'));
        session.console.document(&facts);
        return Ok(Exit::Done);
    }
    if !io::stdout().is_terminal() {
        return Err(DashboardError::NoTerminal.into());
    }
    let is_coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Ok(terminal::run(&station, &load, language, is_coloured).map_err(DashboardError::Terminal)?)
}
