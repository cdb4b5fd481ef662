//! `lighthunter probe-database`, hidden: opens a DuckDB file for reading and says what it holds. Run as a child
//! by whoever is about to open the file, so that damage which ends a process ends this one.

use std::path::PathBuf;

use clap::Args;
use nix::sys::resource::{Resource, setrlimit};

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    store::{self, PROBE_GREETING, PROBE_MEMORY_MAX, StorePath},
};

/// Open a DuckDB file for reading and digest its rows
#[derive(Debug, Args)]
pub(super) struct ProbeDatabaseArgs {
    /// The file
    path: PathBuf,
    /// Read every row
    #[arg(long)]
    rows: bool,
}

pub(super) fn run(session: &Session, args: &ProbeDatabaseArgs) -> Result<Exit, AnyFailure> {
    // Where a limit cannot be set the caller's deadline still holds.
    let _ = setrlimit(Resource::RLIMIT_AS, PROBE_MEMORY_MAX, PROBE_MEMORY_MAX);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    session.console.line(PROBE_GREETING);
    let probed = store::probe_here(&StorePath::new("probe-database", &args.path), args.rows)?;
    session.console.line(serde_json::to_string(&probed).unwrap_or_default());
    Ok(Exit::Done)
}
