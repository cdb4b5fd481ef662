//! The shipped executable drilling the shell target as a process that can be killed, in a room of its own:
//! home, temporary directory and reports are in it, so that whatever is left behind is seen.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use lighthunter::{
    clock::{Stopwatch, pause},
    drill,
    record::{DrillRecord, Verdict},
    rollback::{Fingerprint, fingerprint},
    vault::Vault,
};

use crate::{
    Failed,
    foreign::{FAILURE, RERUN, target},
    require,
};

/// How long anything here may take before it counts as hanging, seconds.
const PATIENCE_SECONDS: f64 = 120.0;

/// A room with a target whose night takes a while, and the state of its repository.
pub(crate) struct Room {
    pub(crate) path: PathBuf,
    pub(crate) origin: PathBuf,
    before: Fingerprint,
    _owner: tempfile::TempDir,
}

impl Room {
    /// Makes a room; `night_seconds` is how long a night takes.
    pub(crate) fn new(night_seconds: &str) -> Result<Self, Failed> {
        Self::with(|_| format!("sleep {night_seconds}\n"), |spec| spec)
    }

    /// Makes a room; every night begins with what `first` says of the room's path, and `drill.toml` is as `edited`.
    pub(crate) fn with(
        first: impl FnOnce(&Path) -> String,
        edited: impl FnOnce(String) -> String,
    ) -> Result<Self, Failed> {
        let owner = tempfile::tempdir()?;
        let path = owner.path().canonicalize()?;
        for directory in ["home", "tmp"] {
            fs::create_dir_all(path.join(directory))?;
        }
        let origin = target(&path, None)?;
        let night = fs::read_to_string(origin.join("night.sh"))?;
        lighthunter::durable::replace(&origin.join("night.sh"), format!("{}{night}", first(&path)))?;
        let spec = fs::read_to_string(origin.join("drill.toml"))?.replace("night = 2", "night = 60");
        lighthunter::durable::replace(&origin.join("drill.toml"), edited(spec))?;
        Vault::open(&origin)?.commit_all("a slow night", lighthunter::clock::Clock::system().now())?;
        let before = fingerprint(&origin)?;
        Ok(Self { path, origin, before, _owner: owner })
    }

    /// Returns the short drill of two scenarios, not yet started.
    pub(crate) fn drill(&self, more: &[&str]) -> Command {
        let pattern = format!("^({}|{})$", regex::escape(FAILURE), regex::escape(RERUN));
        let mut command = self.command();
        command.args(["--name", &pattern, "--jobs", "1", "--target"]).arg(&self.origin).args(more);
        command
    }

    /// Returns the command that goes on with a drill.
    pub(crate) fn resume(&self, id: &str) -> Command {
        let mut command = self.command();
        command.args(["--jobs", "1", "--resume", id]);
        command
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
        command
            .current_dir(&self.path)
            .env("HOME", self.path.join("home"))
            .env("TMPDIR", self.path.join("tmp"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .args(["drill", "run", "--reports"])
            .arg(self.path.join("reports"));
        command
    }

    /// Returns the ids of the drills that have a journal, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path.join("reports/drills")).into_iter().flatten().flatten();
        let mut ids: Vec<String> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter(|entry| entry.path().join(drill::JOURNAL_FILE).is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        ids.sort();
        ids
    }

    pub(crate) fn directory(&self, id: &str) -> PathBuf {
        self.path.join("reports/drills").join(id)
    }

    pub(crate) fn record(&self, id: &str) -> Result<DrillRecord, Failed> {
        Ok(serde_json::from_slice(&fs::read(self.directory(id).join("record.json"))?)?)
    }

    /// Waits until a journal says that the night of a fault is running.
    pub(crate) fn wait_for_fault(&self) -> Result<(), Failed> {
        let watch = Stopwatch::start();
        let is_broken = || {
            self.ids().iter().any(|id| {
                drill::read_journal(&self.directory(id)).is_ok_and(|found| {
                    let open = drill::unfinished(&found.entries);
                    open.iter().any(|entry| entry.action == "inject")
                })
            })
        };
        while !is_broken() {
            require(watch.seconds() < PATIENCE_SECONDS, || "no fault was injected in time".into())?;
            pause(Duration::from_millis(2));
        }
        Ok(())
    }

    /// The drill is Ready, its scenarios passed with proofs, and the tree is what it was.
    pub(crate) fn require_ready(&self, id: &str) -> Result<DrillRecord, Failed> {
        let record = self.record(id)?;
        require(record.verdict == Verdict::Ready, || format!("{id}: {}", record.verdict_reason))?;
        let outcomes: Vec<String> =
            record.scenarios.iter().map(|s| format!("{} {:?}", s.outcome.name(), s.proven())).collect();
        let mut expected = ["Passed None", "Passed Some(true)"];
        expected.sort_unstable();
        let mut found = outcomes.clone();
        found.sort_unstable();
        require(found == expected, || format!("{id}: {}", outcomes.join(", ")))?;
        self.require_clean()?;
        Ok(record)
    }

    /// Nothing is left: no process, no file outside the reports, and the tree is the baseline's.
    pub(crate) fn require_clean(&self) -> Result<(), Failed> {
        require(fingerprint(&self.origin)? == self.before, || "the target's repository is not what it was".into())?;
        for place in ["tmp", "home"] {
            let left = names(&self.path.join(place));
            require(left.is_empty(), || format!("left in {place}: {}", left.join(", ")))?;
        }
        let processes = self.processes();
        require(processes.is_empty(), || format!("still running: {}", processes.join("; ")))?;
        for id in self.ids() {
            let torn: Vec<String> =
                names(&self.directory(&id)).into_iter().filter(|name| name.starts_with(".lighthunter-")).collect();
            require(torn.is_empty(), || format!("left in the report: {}", torn.join(", ")))?;
        }
        Ok(())
    }

    /// Returns the processes that have a variable with this room in it, or their directory in it; their
    /// ports go with them.
    fn processes(&self) -> Vec<String> {
        let text = self.path.to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.parse::<u32>().is_err() {
                continue;
            }
            let variables = fs::read(entry.path().join("environ")).unwrap_or_default();
            let named = String::from_utf8_lossy(&variables).contains(&text);
            let inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.path));
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            // One that waits for its parent has no command line any more.
            if (named || inside) && !command.is_empty() {
                found.push(format!("{name} {}", String::from_utf8_lossy(&command).replace('\0', " ")));
            }
        }
        found
    }
}

/// Waits for a process and returns what it said; one that hangs is killed.
pub(crate) fn ended(mut child: Child) -> Result<Output, Failed> {
    let watch = Stopwatch::start();
    while child.try_wait()?.is_none() {
        if watch.seconds() > PATIENCE_SECONDS {
            child.kill()?;
            return Err(format!("it hangs: {:?}", child.wait_with_output()?).into());
        }
        pause(Duration::from_millis(2));
    }
    Ok(child.wait_with_output()?)
}

/// Returns what a process said, for a sentence about a failure.
pub(crate) fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{}: {}", output.status, text.concat())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
