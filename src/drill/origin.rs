//! What a drill starts from where it is given no repository: a fresh workspace in its own root. Runs the executable; breaks nothing.

use std::path::{Path, PathBuf};

use super::{
    DrillError, DrillOptions,
    act::ActLog,
    environment::Environment,
    target::{Ended, Target},
};

/// Makes a fresh workspace to drill, by the target's own `init`.
pub(super) fn make(options: &DrillOptions, target: &Target, root: &Path, log: ActLog) -> Result<PathBuf, DrillError> {
    let origin = root.join("origin");
    let environment = Environment::create_logged(root, "e00", target.spec.ports.len(), options.seed, Some(log))?;
    let run = target.run("init", &environment, &origin, |_| {})?;
    match run.ended {
        Ended::Code(0) => Ok(origin),
        ended => Err(DrillError::Origin(format!("`{}` ended with {ended}: {}", run.line, run.last_words()))),
    }
}
