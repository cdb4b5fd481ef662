//! What a drill starts from where it is given no repository: a room of its own and a fresh workspace in
//! it. Runs the executable; breaks nothing.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{
    DrillError, DrillOptions,
    environment::Environment,
    spec::Spec,
    target::{Ended, Target},
};
use crate::durable::DurableError;

/// Makes the directory that holds a drill's environments.
pub(super) fn temporary_room() -> Result<TempDir, DrillError> {
    let parent = std::env::temp_dir();
    let made = tempfile::Builder::new().prefix("lighthunter-drill-").tempdir_in(&parent);
    Ok(made.map_err(DurableError::at("make a directory in", &parent))?)
}

/// Makes a fresh workspace to drill, by the target's own `init`.
pub(super) fn make(options: &DrillOptions, root: &Path) -> Result<PathBuf, DrillError> {
    let origin = root.join("origin");
    let target = Target {
        executable: options.executable.clone(),
        spec: Spec::parse("", &origin)?,
        market: options.market.clone(),
        input: options.market.clone(),
    };
    let environment = Environment::create(root, "e00", target.spec.ports.len(), options.seed)?;
    let run = target.run("init", &environment, &origin, |_| {})?;
    match run.ended {
        Ended::Code(0) => Ok(origin),
        ended => Err(DrillError::Origin(format!("`{}` ended with {ended}: {}", run.line, run.last_words()))),
    }
}
