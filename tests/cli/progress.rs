//! Progress as a person sees it on a terminal, and as a script does not.

use std::{
    fs::File,
    io::Read,
    process::{Command, Stdio},
    thread,
};

use nix::pty::{Winsize, openpty};

use crate::room::{Room, lighthunter};

/// What a command printed.
struct Seen {
    code: Option<i32>,
    stdout: String,
    /// What reached the terminal, control sequences included.
    terminal: String,
}

/// Runs a command whose stderr is a terminal of its own.
fn on_terminal(room: &Room, arguments: &[&str]) -> Seen {
    let size = Winsize { ws_row: 24, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(Some(&size), None).expect("a terminal");
    let template = lighthunter(&room.root());
    let mut command = Command::new(template.get_program());
    for (name, value) in template.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm").current_dir(room.root()).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(pair.slave).spawn().expect("it starts");
    // The command holds the other end of the terminal too, which would never end.
    drop(command);
    let mut master = File::from(pair.master);
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        // The end of a terminal that nobody holds any more is an error here, not an end.
        let _ = master.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    });
    let mut stdout = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("UTF-8");
    let code = child.wait().expect("it ends").code();
    Seen { code, stdout, terminal: reader.join().expect("read") }
}

#[test]
fn long_commands_show_stage_counts_and_time_left_on_a_terminal_only() {
    let room = Room::nighted();
    let [out, market] = ["f.parquet", "data/raw/market"].map(|name| room.path(name).display().to_string());
    let cases: [(&[&str], &[&str]); 6] = [
        (&["night-ops"], &["1 of 10 stages: selfcheck", " stages: train", " s left"]),
        (&["backtest"], &[" stages: backtest", " sessions", " s left"]),
        (&["simulate"], &["the session, ", " steps of the session"]),
        (&["walk-forward", "--set", "research.walk_forward.train_days=60"], &[" folds", " s left"]),
        (&["factors", "compute", "--set", "alpha158", "--out", &out], &[" of 16 symbols", " s left"]),
        (&["data", "import", &market], &["1 of 3 steps: look for new files"]),
    ];
    for (arguments, words) in cases {
        let seen = on_terminal(&room, arguments);
        assert_eq!(seen.code, Some(0), "{arguments:?}: {}", seen.terminal);
        for word in words {
            assert!(seen.terminal.contains(word), "{arguments:?}: no '{word}' in {:?}", seen.terminal);
        }
        // What is left when the command has ended is its log, without a bar.
        let last = seen.terminal.rsplit(['\n', '\r']).next().unwrap_or_default();
        assert!(!last.contains("[="), "{arguments:?}: {last:?}");
        for quiet in ["--json", "-q"] {
            let seen = on_terminal(&room, &[arguments, &[quiet]].concat());
            assert!(!seen.terminal.contains('['), "{arguments:?} {quiet}: {:?}", seen.terminal);
            if quiet == "--json" {
                serde_json::from_str::<serde_json::Value>(&seen.stdout).expect("one document and nothing else");
            }
        }
        let piped = room.run_to(0, arguments);
        assert!(!piped.stderr.contains('\u{1b}') && !piped.stderr.contains(" left"), "{}", piped.stderr);
    }
}
