//! Tests of `current` at every point where a process may die: the states that a death leaves behind, one by
//! one, and processes that are killed for good. The second process is the same test, told by the environment
//! to play the other part.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
};

use super::{
    Action, HISTORY, HistoryLine, MANIFEST, ModelZoo,
    store::tests::{JOB, at, by_gate, decision, snapshot},
};
use crate::{clock::Stopwatch, digest::Digest, durable};

const DIRECTORY: &str = "LIGHTHUNTER_TEST_ZOO";
const OLD: &str = "20201230_b";
const NEW: &str = "20201231_c";

/// Writes a file as a process that dies in the middle leaves it: no rename, no sync.
fn leave(path: &Path, bytes: &[u8]) {
    durable::make_directory(path.parent().expect("a directory")).expect("made");
    durable::replace(path, bytes).expect("written");
}

/// A death's name, and what it leaves in a zoo.
type Death = (String, Box<dyn Fn(&ModelZoo)>);

/// What a death within `publish` and `promote` of `NEW` leaves, operation by operation.
fn deaths() -> Vec<Death> {
    let mut states: Vec<Death> = Vec::new();
    let files = snapshot(NEW).files().expect("sound");
    for written in 0..=files.len() {
        for torn in [false, true] {
            states.push((
                format!("draft with {written} files, the next torn: {torn}"),
                Box::new(move |zoo| {
                    let draft = at(zoo, &format!(".{NEW}.2000000000.tmp"));
                    durable::make_directory(&draft).expect("made");
                    let files = snapshot(NEW).files().expect("sound");
                    for (name, text) in files.iter().take(written) {
                        leave(&draft.join(name), text.as_bytes());
                    }
                    if torn {
                        let next = files.get(written).map_or(MANIFEST, |(name, _)| name);
                        leave(&draft.join(format!(".lighthunter-{next}.tmp")), b"{ \"half");
                    }
                }),
            ));
        }
    }
    let publish = |zoo: &ModelZoo| drop(zoo.publish(&snapshot(NEW)).expect("published"));
    states.push(("published".into(), Box::new(publish)));
    let line = HistoryLine {
        at: jiff::Timestamp::UNIX_EPOCH,
        action: Action::Gate,
        model: NEW.into(),
        previous: Some(OLD.into()),
        by: "test".into(),
        reason: None,
        overruled: vec![],
    };
    let line = serde_json::to_string(&line).expect("written") + "\n";
    for cut in (0..=line.len()).step_by(9).chain([line.len() - 1, line.len()]) {
        let line = line.clone();
        states.push((
            format!("history with {cut} bytes of the new line"),
            Box::new(move |zoo| {
                publish(zoo);
                durable::append(&at(zoo, HISTORY), &line[..cut]).expect("written");
            }),
        ));
    }
    states.push((
        "the new link beside the old one".into(),
        Box::new(move |zoo| {
            publish(zoo);
            durable::append(&at(zoo, HISTORY), &line).expect("written");
            durable::point(&at(zoo, ".current.1.tmp"), Path::new(NEW)).expect("linked");
        }),
    ));
    states
}

#[test]
fn death_at_any_operation_leaves_the_old_model_in_force_and_the_next_try_succeeds() {
    for (name, die) in deaths() {
        let room = tempfile::tempdir().expect("a directory");
        let zoo = ModelZoo::at(room.path().join("models"));
        for id in ["20201229_a", OLD] {
            zoo.publish(&snapshot(id)).expect("published");
            zoo.promote(JOB, id, &by_gate()).expect("promoted");
        }
        die(&zoo);
        assert_eq!(zoo.load_current(JOB).expect(&name), snapshot(OLD), "{name}");
        assert_eq!(zoo.previous(JOB).expect(&name), "20201229_a", "{name}");
        for id in zoo.list(JOB).expect(&name) {
            zoo.load(JOB, &id).expect(&name);
        }
        if !zoo.list(JOB).expect(&name).iter().any(|id| id == NEW) {
            zoo.publish(&snapshot(NEW)).expect(&name);
        }
        zoo.promote(JOB, NEW, &decision(Action::Use)).expect(&name);
        assert_eq!(zoo.load_current(JOB).expect(&name), snapshot(NEW), "{name}");
        assert_eq!(zoo.previous(JOB).expect(&name), OLD, "{name}");
    }
}

fn id(number: usize) -> String {
    format!("20201231_{number:05}")
}

fn promote_on(directory: &Path) {
    let zoo = ModelZoo::at(directory);
    for number in 1.. {
        zoo.publish(&snapshot(&id(number))).expect("published");
        zoo.promote(JOB, &id(number), &by_gate()).expect("promoted");
        println!("acknowledged {number}");
    }
}

#[test]
fn current_is_there_and_whole_whenever_the_process_is_killed() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return promote_on(Path::new(&directory));
    }
    let test = "research::zoo::crash::current_is_there_and_whole_whenever_the_process_is_killed";
    for delay in [0_u32, 1, 2, 3, 5, 7, 9, 12, 16, 21, 27, 34] {
        let room = tempfile::tempdir().expect("a directory");
        let zoo = ModelZoo::at(room.path());
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", test, "--nocapture"])
            .env(DIRECTORY, room.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let said = output.by_ref().lines().map_while(Result::ok).any(|line| line.contains("acknowledged 2"));
        assert!(said, "the child never got so far");
        let watch = Stopwatch::start();
        let mut seen = 0;
        while seen == 0 || watch.seconds() * 1000.0 < f64::from(delay) {
            let current = zoo.load_current(JOB).expect("a reader finds a whole model at any moment");
            assert_eq!(Digest::of(current.model.to_json().expect("sound")), model_digest());
            seen += 1;
        }
        child.kill().expect("killed");
        let mut rest = String::new();
        let _ = output.read_to_string(&mut rest);
        child.wait().expect("ended");
        let last = rest.lines().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).max().unwrap_or(2);
        let current = zoo.load_current(JOB).expect("whole");
        let number = (last..=last + 1).find(|number| current.id == id(*number));
        let number = number.unwrap_or_else(|| panic!("{delay} ms: {} of {last} acknowledged", current.id));
        assert_eq!(zoo.previous(JOB).expect("recorded"), id(number - 1), "{delay} ms");
        assert_eq!(fs::read_link(at(&zoo, "current")).expect("a link"), Path::new(&current.id));
        zoo.publish(&snapshot("20210104_next")).expect("goes on");
        zoo.promote(JOB, "20210104_next", &by_gate()).expect("goes on");
        assert_eq!(zoo.previous(JOB).expect("recorded"), current.id, "{delay} ms");
    }
}

fn model_digest() -> Digest {
    Digest::of(snapshot(NEW).model.to_json().expect("sound"))
}
