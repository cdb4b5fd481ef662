//! Each mechanism fires at a real process, and says so when it did not.

use std::{fs, os::unix::process::ExitStatusExt as _, path::Path, process::Command};

use super::{Mechanism, Place, Seen};
use crate::drill::Ended;

/// How a run under a mechanism ended: the shell's code, what was said, and what the mechanism says of itself.
struct Outcome {
    code: i32,
    said: String,
    fired: Result<String, String>,
}

/// Runs a shell script in a repository of its own under the mechanism; none where the machine has it not.
fn run(mechanism: &str, repo: &Path, script: &str) -> Option<Outcome> {
    let mechanism: Mechanism = toml::from_str(mechanism).expect("a mechanism");
    if let Err(why) = mechanism.available() {
        eprintln!("skipped: {}: {why}", mechanism.name());
        return None;
    }
    let scratch = spaced();
    let place = Place { repo, scratch: scratch.path() };
    let armed = mechanism.arm(&place).expect("armed");
    let (program, arguments) = armed.wrap(("sh".into(), vec!["-c".into(), script.into()]));
    let output = Command::new(program).args(arguments).current_dir(repo).output().expect("ran");
    let ended = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let fired = armed.fired(&Seen { ended, said: &said });
    Some(Outcome { code: ended.shell_code().unwrap_or(-1), said, fired })
}

/// A directory as a person may name one.
fn spaced() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("a room ").tempdir().expect("a directory")
}

fn room() -> tempfile::TempDir {
    let room = spaced();
    fs::create_dir(room.path().join("data")).expect("made");
    fs::File::create(room.path().join("data/old")).expect("made");
    room
}

#[test]
fn call_fails_is_late_or_kills_only_on_its_path() {
    let room = room();
    let write = |fate: &str, nth: u32| {
        let text = format!("[strace]\ncalls = [\"write\"]\npaths = [\"data/old\"]\nfate = {fate}\nnth = {nth}\n");
        run(&text, room.path(), "echo free; exec 3>data/old; echo one >&3; echo two >&3; echo end")
    };
    let Some(failed) = write("{ error = \"EIO\" }", 2) else { return };
    assert!(failed.fired.expect("fired").starts_with("1 times"));
    assert!(failed.said.contains("I/O error") && failed.said.contains("end"), "{}", failed.said);
    assert_eq!(fs::read_to_string(room.path().join("data/old")).expect("read"), "one\n");
    let late = write("{ delay_milliseconds = 30 }", 1).expect("available");
    assert!(late.fired.is_ok() && late.code == 0);
    let lost = write("{ pretend = 4 }", 1).expect("available");
    assert_eq!((lost.fired.is_ok(), lost.code), (true, 0));
    assert_eq!(fs::read_to_string(room.path().join("data/old")).expect("read"), "two\n");
    let killed = write("\"kill\"", 2).expect("available");
    assert_eq!((killed.fired.is_ok(), killed.code), (true, 137), "{:?}", killed.fired);
    assert_eq!(fs::read_to_string(room.path().join("data/old")).expect("read"), "one\n");
    let never = write("{ error = \"EIO\" }", 9).expect("available");
    assert!(never.fired.expect_err("it did not").contains("never came"));
}

#[test]
fn limits_refuse_or_kill() {
    let room = room();
    let long = "head -c 9000 /dev/zero > data/old";
    let Some(file) = run("limits = { file_bytes = 4096 }", room.path(), long) else { return };
    assert!(file.fired.is_ok(), "{:?}", file.fired);
    let files = run("limits = { open_files = 3 }", room.path(), "cat data/old").expect("available");
    assert!(files.fired.is_ok(), "{:?}", files.fired);
    let cpu = run("limits = { cpu_seconds = 1 }", room.path(), "while :; do :; done").expect("available");
    assert!(cpu.fired.is_ok(), "{:?}", cpu.fired);
    let never = run("limits = { open_files = 500 }", room.path(), "cat data/old").expect("available");
    assert!(never.fired.expect_err("it did not").contains("EMFILE"));
}

#[test]
fn small_file_system_fills_up_and_leaves_what_it_held() {
    let room = room();
    let tmpfs = |limit: &str, script: &str| run(&format!("[tmpfs]\npath = \"data\"\n{limit}\n"), room.path(), script);
    let fill = "echo kept > data/new; head -c 900000 /dev/zero > data/long; exit 3";
    let Some(full) = tmpfs("free_kib = 64", fill) else { return };
    assert!(full.fired.is_ok(), "{:?} {}", full.fired, full.said);
    assert_eq!(full.code, 3);
    assert_eq!(fs::read_to_string(room.path().join("data/new")).expect("read"), "kept\n");
    assert!(fs::metadata(room.path().join("data/long")).expect("there").len() < 900_000);
    let files = tmpfs("free_inodes = 1", "echo a > data/a; echo b > data/b; kill -9 $$").expect("available");
    assert!(files.fired.is_ok() && files.code == 137, "{:?} {}", files.fired, files.said);
    let names = |name: &str| room.path().join("data").join(name).exists();
    assert_eq!([names("a"), names("b"), names("old")], [true, false, true]);
    let other = tmpfs("", "ln data/old out").expect("available");
    assert!(other.fired.is_ok() && other.said.contains("ross-device"), "{:?} {}", other.fired, other.said);
    let never = tmpfs("free_kib = 64", "true").expect("available");
    assert!(never.fired.expect_err("it did not").contains("ENOSPC"));
}

#[test]
fn directory_that_cannot_be_written_is_so_for_the_command_only() {
    let room = room();
    let Some(refused) = run("read_only = { path = \"data\" }", room.path(), "echo x > data/new") else { return };
    assert!(refused.fired.is_ok() && refused.code != 0, "{:?} {}", refused.fired, refused.said);
    fs::File::create(room.path().join("data/new")).expect("writable again");
}

#[test]
fn change_below_a_directory_fails_kills_or_is_lost() {
    let room = room();
    let shim = |fate: &str, nth: u32| {
        let text = format!("shim = {{ below = \"data\", fate = \"{fate}\", nth = {nth} }}");
        run(&text, room.path(), "echo out > out; exec 3>>data/old; echo one >&3; echo two >&3; echo end")
    };
    let content = || fs::read_to_string(room.path().join("data/old")).expect("read");
    let Some(killed) = shim("kill", 2) else { return };
    assert_eq!((killed.fired.as_deref(), killed.code), (Ok("1 times, first: killed before change 1: old"), 137));
    assert_eq!(content(), "one\n");
    let lost = shim("lose_write", 1).expect("available");
    assert_eq!((lost.fired.as_deref(), lost.code), (Ok("1 times, first: lost write 0: old"), 0));
    assert_eq!(content(), "one\ntwo\n");
    let full = shim("enospc", 1).expect("available");
    assert!(full.fired.is_ok() && full.said.contains("end"), "{:?} {}", full.fired, full.said);
    assert_eq!(content(), "one\ntwo\ntwo\n");
    assert!(shim("eio", 7).expect("available").fired.expect_err("it did not").contains("never came"));
}

#[test]
fn clock_is_wrong_from_the_start_and_set_while_it_runs() {
    let room = room();
    let script = "date +%s; sleep 0.3; date +%s";
    let Some(early) = run("clock = { move_seconds = -86400 }", room.path(), script) else { return };
    assert_eq!(early.fired.as_deref().map(|said| said.starts_with("moved by -86400 s")), Ok(true));
    let now = crate::clock::Clock::system().now().as_second();
    let seen: i64 = early.said.lines().next().expect("a line").parse().expect("seconds");
    assert!((now - 86_400 - seen).abs() < 60, "{seen} {now}");
    let jumps = |looks: u32| {
        let text = format!("clock = {{ jump_after_looks = {looks}, jump_seconds = 9 }}");
        run(&text, room.path(), script).expect("available").fired
    };
    assert!(jumps(10_000).expect_err("so often nobody looks").contains("set"));
    assert!(jumps(0).is_ok_and(|said| said.starts_with("set by 9 s")));
}

#[test]
fn mechanism_with_an_unknown_key_is_refused() {
    for text in ["strace = { calls = [\"fsync\"], fate = \"kill\", nht = 2 }", "limits = { files = 2 }", "nothing = {}"]
    {
        assert!(toml::from_str::<Mechanism>(text).is_err(), "{text}");
    }
}
