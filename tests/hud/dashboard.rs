//! The panel in the terminal: one frame of text of real workspaces, and the panel itself in a terminal of
//! its own.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use lighthunter::clock::Stopwatch;
use nix::{
    pty::{Winsize, openpty},
    sys::{
        signal::{Signal, kill},
        termios::{LocalFlags, tcgetattr},
    },
    unistd::Pid,
};

use crate::room::Room;

const FACTS: [&str; 11] = [
    "NightOps",
    "DayOps",
    "Schedule",
    "Accounts",
    "Risk",
    "Experiments",
    "Models",
    "Data",
    "Drills",
    "Monitor",
    "Config",
];

#[test]
fn a_frame_names_every_fact_within_its_size() {
    let room = Room::nighted();
    for (width, height) in [("80", "24"), ("200", "50")] {
        let done = room.run_to(0, &["dashboard", "--once", "--width", width, "--height", height]);
        let lines: Vec<&str> = done.stdout.lines().collect();
        assert_eq!(lines.len().to_string(), height, "{}", done.stdout);
        let widest = lines.iter().map(|line| line.chars().count()).max().expect("lines");
        assert!(widest <= width.parse().expect("a number"), "{widest} of {width}");
        for fact in FACTS {
            assert!(done.stdout.contains(fact), "{fact} is not in\n{}", done.stdout);
        }
        for word in ["selfcheck", "backtest", "night_ops_full", "no drill has run here yet"] {
            assert!(done.stdout.contains(word), "{word} is not in\n{}", done.stdout);
        }
        assert!(lines.last().is_some_and(|keys| keys.contains("q quit")), "the keys are shown");
        assert!(done.stderr.is_empty(), "{}", done.stderr);
    }
    let done = room.run_to(0, &["--lang", "zh", "dashboard", "--once"]);
    assert!(done.stdout.contains("尚未演练") && done.stdout.lines().count() == 24, "{}", done.stdout);
}

#[test]
fn a_frame_of_a_broken_workspace_says_what_is_broken() {
    let room = Room::nighted();
    for name in ["data/ledger.sqlite", "data/ledger.sqlite-wal", "data/ledger.sqlite-shm"] {
        let _ = std::fs::remove_file(room.path(name));
    }
    let done = room.run_to(0, &["dashboard", "--once", "--height", "60"]);
    assert!(done.stdout.contains("Something is broken") && done.stdout.contains("cannot be read"), "{}", done.stdout);
}

#[test]
fn without_a_terminal_there_is_no_panel() {
    Room::fresh().refused(2, &["dashboard"], &["not a terminal", "--once"]);
}

/// The panel in a terminal of its own.
struct Panel {
    child: Child,
    master: File,
    slave: OwnedFd,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Panel {
    fn start(room: &Room, variables: &[(&str, &str)]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a copy"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
        command.arg("dashboard").current_dir(room.root()).stdin(end()).stdout(end()).stderr(end());
        command.env_remove("LIGHTHUNTER_WORKSPACE").env_remove("LIGHTHUNTER_ENV").env_remove("NO_COLOR");
        command.envs(variables.iter().copied());
        let child = command.spawn().expect("it starts");
        let master = File::from(terminal.master);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, kept) = (master.try_clone().expect("a copy"), Arc::clone(&shown));
        thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(read @ 1..) = reader.read(&mut piece) {
                kept.lock().expect("a lock").extend_from_slice(&piece[..read]);
            }
        });
        Self { child, master, slave: terminal.slave, shown }
    }

    /// Returns everything that was written so far.
    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("a lock")).into_owned()
    }

    fn until(&self, word: &str) {
        let watch = Stopwatch::start();
        while !self.shown().contains(word) {
            assert!(watch.seconds() < 30.0, "no '{word}' in\n{}", self.shown());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the end, and says whether the terminal is as it was.
    fn end(&mut self) -> (Option<i32>, bool) {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.child.wait().expect("it ends");
        let modes = tcgetattr(&self.slave).expect("a terminal").local_flags;
        let is_plain = modes.contains(LocalFlags::ECHO | LocalFlags::ICANON);
        self.until("\u{1b}[?1049l");
        (status.code().or(status.signal()), is_plain)
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_panel_hears_keys_follows_the_workspace_and_gives_the_terminal_back() {
    let room = Room::nighted();
    let mut panel = Panel::start(&room, &[]);
    panel.until("q quit");
    assert!(panel.shown().contains("38;5;2"), "what is good is green");
    panel.master.write_all(b"l").expect("pressed");
    // Only cells that change are written, so a word may come in pieces.
    panel.until("夜");
    assert!(!panel.shown().contains('■'), "nothing has failed yet");
    room.write("config/system_config.json", "{ \"hud\": { \"prot\": 1 } }");
    panel.until("■");
    panel.master.write_all(b"q").expect("pressed");
    assert_eq!(panel.end(), (Some(0), true));
    drop(panel);
    let room = Room::nighted();
    let mut panel = Panel::start(&room, &[("NO_COLOR", "1")]);
    panel.until("q quit");
    assert!(!panel.shown().contains("38;5;"), "no colour is asked for");
    let process = Pid::from_raw(i32::try_from(panel.child.id()).expect("a process"));
    kill(process, Signal::SIGTERM).expect("told to end");
    assert_eq!(panel.end(), (Some(143), true));
}
