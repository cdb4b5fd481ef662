//! Python processes with pyzmq: finds the interpreter, runs scripts, reads the JSON lines they print.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a line of a script may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// Returns a Python that has pyzmq. Without one a test is skipped and says so; under CI it fails.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn interpreter() -> Option<PathBuf> {
    let candidates = ["python3".into(), root().join("target/python/bin/python")];
    let imports = |python: &PathBuf| {
        let done = Command::new(python).args(["-c", "import zmq"]).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    let found = candidates.into_iter().find(imports);
    if found.is_none() {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "no Python with pyzmq: scripts/setup_python.sh makes one");
        eprintln!("skipped: Python with pyzmq not present (scripts/setup_python.sh makes one)");
    }
    found
}

/// A running script; it is killed when dropped.
pub(crate) struct Script {
    child: Child,
    lines: Receiver<Value>,
}

impl Script {
    /// Runs a file beside this one.
    pub(crate) fn file(python: &Path, name: &str, arguments: &[&str]) -> Self {
        Self::start(Command::new(python).arg(root().join("tests/bus").join(name)).args(arguments))
    }

    /// Runs the subscriber that docs/bus.md shows.
    pub(crate) fn documented(python: &Path, endpoint: &str, topics: &[&str]) -> Self {
        let page = fs::read_to_string(root().join("docs/bus.md")).expect("the page");
        let (_, block) = page.split_once("```python\n").expect("an example");
        let (code, _) = block.split_once("```").expect("the end of the example");
        Self::start(Command::new(python).args(["-c", code, endpoint]).args(topics))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("a JSON line")).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the next line.
    pub(crate) fn line(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// Returns lines up to and with the first that is wanted.
    pub(crate) fn lines_until(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.line());
            if lines.last().is_some_and(&wanted) {
                return lines;
            }
        }
    }

    /// Returns the lines that have come and were not read.
    pub(crate) fn lines_so_far(&self) -> Vec<Value> {
        self.lines.try_iter().collect()
    }

    /// Sends a signal, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let done = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("sent");
        assert!(done.success(), "kill -{name} {pid}");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
