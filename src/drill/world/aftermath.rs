//! What a way back may not do although the fingerprint does not show it: lose what was recorded before, or
//! leave a process at work that still changes the state after its proof. It judges and changes nothing.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{NotSo, World};
use crate::{
    clock::{Stopwatch, pause},
    digest::Digest,
    drill::process::{ProcessId, within},
};

/// How long a process that was killed with its group may take to be gone, seconds.
const GONE_SECONDS: f64 = 0.5;
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What there is before a way back.
pub(super) struct Aftermath {
    /// The records that only grow: the name of each, its length and the digest of what it holds.
    records: Vec<(String, u64, Digest)>,
    repo: PathBuf,
    root: PathBuf,
    alive: BTreeSet<ProcessId>,
}

impl World {
    /// Remembers the records of the signals and the processes before a way back.
    pub(super) fn before_way_back(&self) -> Result<Aftermath, NotSo> {
        let environment = self.environment()?;
        let places = &self.session()?.target.spec.signals;
        let names: BTreeSet<&String> =
            [&places.experiments, &places.metrics, &places.log].into_iter().chain(places.logs.values()).collect();
        let repo = environment.repo();
        let records = names.into_iter().filter_map(|name| {
            let (length, digest) = start_of(&repo.join(name), u64::MAX)?;
            Some((name.clone(), length, digest))
        });
        // Closed by a slash: the name of another environment may begin like this one's.
        let root = environment.root().join("");
        Ok(Aftermath { records: records.collect(), alive: within(&root).into_iter().collect(), root, repo })
    }
}

impl Aftermath {
    /// Returns what the way back lost or left at work, in words; `None` when it did neither.
    pub(super) fn wrong(&self) -> Option<String> {
        let lost = self
            .records
            .iter()
            .filter(|(name, length, digest)| start_of(&self.repo.join(name), *length) != Some((*length, *digest)));
        let mut words: Vec<String> = lost.map(|(name, ..)| format!("it lost records of {name}")).collect();
        let watch = Stopwatch::start();
        let mut left = self.newcomers();
        while !left.is_empty() && watch.seconds() < GONE_SECONDS {
            pause(LOOK_EVERY);
            left = self.newcomers();
        }
        words.extend(left.into_iter().map(|id| format!("it left a process at work ({})", id.command())));
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn newcomers(&self) -> Vec<ProcessId> {
        within(&self.root).into_iter().filter(|id| !self.alive.contains(id)).collect()
    }
}

/// Returns how much a file holds of its first `length` bytes, and their digest; `None` when it cannot be read.
fn start_of(path: &Path, length: u64) -> Option<(u64, Digest)> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(length).read_to_end(&mut bytes).ok()?;
    Some((bytes.len() as u64, Digest::of(bytes)))
}
