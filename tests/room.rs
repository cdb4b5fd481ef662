//! Workspaces for tests: made once for the whole binary, copied for each test, run through the executable.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Output,
    sync::LazyLock,
    time::Duration,
};

use assert_cmd::Command;
use lighthunter::{digest::Hasher, durable, ops::night_ops::NightOpsReport, vault::Vault};
use serde_json::Value;
use tempfile::TempDir;

/// The smallest simulated market whose model passes the template's gate.
pub(crate) const MARKET: [&str; 6] = ["--market", "simulated:7", "--symbols", "16", "--days", "160"];

/// What a command leaves behind while it runs and that is no content of the workspace.
const FLEETING: [&str; 3] = ["logs", "monitor", "cache/locks"];

/// A command that takes longer waits for what does not come: it is killed, and its test fails instead of hanging.
const PATIENCE: Duration = Duration::from_mins(10);

/// A workspace after `init` and `bootstrap`.
static FRESH: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = place("fresh");
    lighthunter(&root).arg("init").arg(&root).args(MARKET).assert().success();
    lighthunter(&root).arg("bootstrap").assert().success();
    root
});

/// A workspace after its first night.
static NIGHTED: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = place("nighted");
    copy_tree(&FRESH, &root);
    lighthunter(&root).args(["night-ops", "-q"]).assert().success();
    root
});

/// A workspace of one test; it goes with the test.
pub(crate) struct Room {
    directory: TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Room {
    /// Copies the workspace after `init` and `bootstrap`.
    pub(crate) fn fresh() -> Self {
        Self::copy_of(&FRESH)
    }

    /// Copies the workspace after its first night.
    pub(crate) fn nighted() -> Self {
        Self::copy_of(&NIGHTED)
    }

    /// Copies this workspace as it is.
    pub(crate) fn copy(&self) -> Self {
        Self::copy_of(&self.root())
    }

    /// Holds a directory with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory") }
    }

    /// Makes a workspace over the tables of a directory, with its first night.
    pub(crate) fn over(market: &Path) -> Self {
        let room = Self::empty();
        let root = room.root();
        lighthunter(&root).arg("init").arg(&root).arg("--market").arg(market).assert().success();
        room.run_to(0, &["bootstrap"]);
        room.run_to(0, &["night-ops", "-q"]);
        room
    }

    fn copy_of(origin: &Path) -> Self {
        let room = Self::empty();
        copy_tree(origin, &room.root());
        room
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("w")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::File::create(&path).and_then(|mut file| file.write_all(content.as_ref())).expect("written");
    }

    /// Returns the executable for this workspace.
    pub(crate) fn command(&self) -> Command {
        lighthunter(&self.root())
    }

    /// Runs a command in the workspace.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(self.command().args(arguments).timeout(PATIENCE).output().expect("it starts"))
    }

    /// Runs a command that must exit with `code`, and returns what it said.
    pub(crate) fn run_to(&self, code: i32, arguments: &[&str]) -> Done {
        let done = self.run(arguments);
        assert_eq!(done.code, code, "{arguments:?}\n{}\n{}", done.stdout, done.stderr);
        done
    }

    /// Runs a command that must be refused with `code`, name every one of `words`, and change nothing.
    pub(crate) fn refused(&self, code: i32, arguments: &[&str], words: &[&str]) -> Done {
        let before = self.content();
        let done = self.run_to(code, arguments);
        assert_eq!(before, self.content(), "{arguments:?} changed the workspace");
        assert!(done.stdout.is_empty(), "data on stdout of a refusal: {}", done.stdout);
        for word in words {
            assert!(done.stderr.contains(word), "{arguments:?}: no '{word}' in\n{}", done.stderr);
        }
        done
    }

    /// Runs a command that must find damage and exit with `code` without changing anything; returns what it said.
    pub(crate) fn refused_with(&self, code: i32, arguments: &[&str]) -> String {
        let before = self.content();
        let done = self.run_to(code, arguments);
        assert_eq!(before, self.content(), "{arguments:?} changed the workspace");
        format!("{}{}", done.stdout, done.stderr)
    }

    /// Returns the digest of every file, by name; what is fleeting is left out.
    pub(crate) fn content(&self) -> Vec<(String, String)> {
        let mut content = Vec::new();
        walk(&self.root(), &mut |path| {
            let name = path.strip_prefix(self.root()).expect("inside").display().to_string();
            if !FLEETING.iter().any(|fleeting| name.starts_with(fleeting)) {
                let bytes = match fs::read_link(path) {
                    Ok(target) => target.display().to_string().into_bytes(),
                    Err(_) => fs::read(path).expect("readable"),
                };
                content.push((name, Hasher::new("file").bytes(&bytes).finish().short()));
            }
        });
        content.sort();
        content
    }

    /// Returns the newest NightOps report.
    pub(crate) fn report(&self) -> NightOpsReport {
        let workspace = lighthunter::workspace::Workspace::open(&self.root()).expect("a workspace");
        NightOpsReport::newest(&workspace, Path::new("reports")).expect("a report")
    }

    /// Returns the result digest of the newest report.
    pub(crate) fn result(&self) -> String {
        self.report().result_digest.expect("a run that succeeded").to_string()
    }

    /// Returns the lines of a file; none where it is not there.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Fails where git sees a change.
    pub(crate) fn assert_clean(&self) {
        let status = Vault::open(&self.root()).and_then(|vault| vault.status()).expect("a repository");
        assert!(status.is_clean(), "{status}");
    }
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("{}, or longer than {PATIENCE:?}", output.status));
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Returns stdout as its one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

/// Returns the executable with nothing of this process's own settings, for the workspace `root`.
pub(crate) fn lighthunter(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
    for name in ["LIGHTHUNTER_ENV", "LIGHTHUNTER_LOG", "LIGHTHUNTER_SEED", "LIGHTHUNTER_NOW"] {
        command.env_remove(name);
    }
    command.env("LIGHTHUNTER_WORKSPACE", root).env("NO_COLOR", "1");
    command
}

/// Returns a place of this process for a workspace that all its tests share, after removing those of
/// processes that have ended.
fn place(name: &str) -> PathBuf {
    let rooms = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rooms");
    for entry in fs::read_dir(&rooms).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            // Another test run may be removing it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let own = rooms.join(std::process::id().to_string());
    fs::create_dir_all(&own).expect("made");
    own.join(name)
}

fn walk(directory: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        } else {
            found(&path);
        }
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if let Ok(pointed) = fs::read_link(&path) {
            durable::point(&target, &pointed).expect("linked");
        } else if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            // No sync: a test's workspace need not survive a power cut.
            let copied =
                fs::File::create(&target).and_then(|mut target| io::copy(&mut fs::File::open(&path)?, &mut target));
            copied.expect("copied");
        }
    }
}
