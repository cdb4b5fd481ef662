//! Deaths: at every durable operation of a baseline's making and of a rollback, and again while it is
//! resumed; in this process by unwinding from the operation, and for good by SIGKILL.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{Command, Stdio},
};

use lighthunter::{
    clock::{Clock, Stopwatch},
    config::{self, LoadOptions},
    ops::ZooPointers,
    rollback::{self, CreateOptions, LAYERS, RollbackError, RollbackOptions, Site},
    workspace::Workspace,
};

use super::{break_everything, state};
use crate::room::Room;

/// Runs `work` and dies at its operation number `at`; returns whether it got there.
fn dies_at(at: usize, work: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), RollbackError>) -> bool {
    let mut done = 0;
    let died = catch_unwind(AssertUnwindSafe(|| {
        work(&mut |_| {
            if done == at {
                resume_unwind(Box::new("killed"));
            }
            done += 1;
        })
    }));
    match died {
        Err(_) => true,
        Ok(ended) => {
            ended.expect("it ends well");
            false
        }
    }
}

/// Makes a baseline, or goes back to it, in this process.
struct Hand {
    workspace: Workspace,
    clock: Clock,
}

impl Hand {
    fn of(room: &Room) -> Self {
        Self { workspace: Workspace::open(&room.root()).expect("a workspace"), clock: Clock::system() }
    }

    fn site(&self) -> Site<'_> {
        Site { workspace: &self.workspace, models: &ZooPointers, clock: &self.clock, by: "test" }
    }

    fn create(&self, step: &mut dyn FnMut(&str)) -> Result<(), RollbackError> {
        let config = config::load_all(&self.workspace, &LoadOptions::default()).expect("a config");
        let options = CreateOptions { name: Some("good"), date: self.clock.today(), keep: 5 };
        rollback::create(self.site(), &config.loaded.settings, options, step).map(drop)
    }

    fn roll_back(&self, step: &mut dyn FnMut(&str)) -> Result<(), RollbackError> {
        let options = RollbackOptions { to: "good", layers: &LAYERS, dry_run: false };
        rollback::roll_back(self.site(), options, step).map(drop)
    }

    fn resume(&self, step: &mut dyn FnMut(&str)) -> Result<(), RollbackError> {
        rollback::resume(self.site(), step).map(drop)
    }

    fn is_interrupted(&self) -> bool {
        rollback::unfinished(self.workspace.root()).expect("readable").is_some()
    }
}

fn broken() -> (Room, std::collections::BTreeMap<String, String>) {
    let room = Room::nighted();
    Hand::of(&room).create(&mut |_| {}).expect("made");
    let before = state(&room);
    break_everything(&room);
    (room, before)
}

#[test]
fn rollback_killed_at_any_operation_and_again_while_it_is_resumed_comes_back() {
    let (origin, before) = broken();
    let room = origin.copy();
    let mut steps = Vec::new();
    Hand::of(&room).roll_back(&mut |step| steps.push(step.to_owned())).expect("rolled back");
    assert!(steps.len() >= 20, "{steps:?}");
    drop(room);
    let mut resumed = 0;
    for at in 0..steps.len() {
        let room = origin.copy();
        let hand = Hand::of(&room);
        assert!(dies_at(at, |step| hand.roll_back(step)), "{at}");
        if hand.is_interrupted() {
            resumed += 1;
            // The second death is elsewhere, and the third try may die as well.
            for again in [(at * 7) % steps.len(), at / 2] {
                dies_at(again, |step| if hand.is_interrupted() { hand.resume(step) } else { Ok(()) });
            }
            if hand.is_interrupted() {
                hand.resume(&mut |_| {}).unwrap_or_else(|error| panic!("{at} {}: {error}", steps[at]));
            }
        } else {
            hand.roll_back(&mut |_| {}).unwrap_or_else(|error| panic!("{at} {}: {error}", steps[at]));
        }
        assert_eq!(state(&room), before, "{at} {}", steps[at]);
        assert!(!hand.is_interrupted(), "{at}");
        room.assert_clean();
    }
    assert!(resumed >= 15, "{resumed} of {} deaths came after the intent", steps.len());
}

#[test]
fn baseline_killed_at_any_operation_is_not_there_and_the_next_try_makes_it() {
    let mut steps = Vec::new();
    Hand::of(&Room::nighted()).create(&mut |step| steps.push(step.to_owned())).expect("made");
    // The copies are all alike: some of them, and every other operation.
    let chosen = (0..steps.len()).filter(|at| !steps[*at].starts_with("copy ") || at % 120 == 0);
    let mut deaths = 0;
    for at in chosen {
        let room = Room::nighted();
        let (hand, before) = (Hand::of(&room), state(&room));
        assert!(dies_at(at, |step| hand.create(step)), "{at}");
        assert_eq!(state(&room), before, "{at}: nothing of the workspace is touched");
        let listed = rollback::baselines(hand.workspace.root()).expect("listed");
        let whole = listed.iter().all(|(_, found)| found.is_ok());
        assert!(whole, "{at}");
        if listed.is_empty() {
            hand.create(&mut |_| {}).unwrap_or_else(|error| panic!("{at} {}: {error}", steps[at]));
        }
        break_everything(&room);
        hand.roll_back(&mut |_| {}).expect("rolled back");
        assert_eq!(state(&room), before, "{at} {}", steps[at]);
        deaths += 1;
    }
    assert!(deaths >= 8, "{deaths} of {steps:?}");
}

#[test]
fn rollback_killed_for_good_at_any_moment_comes_back() {
    let (origin, before) = broken();
    let mut between = 0;
    for milliseconds in [20_u32, 45, 70, 95, 120, 150, 190, 240, 300, 400] {
        let room = origin.copy();
        let mut child = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
            .args(["rollback", "--to", "good", "-q"])
            .env("LIGHTHUNTER_WORKSPACE", room.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let watch = Stopwatch::start();
        let hand = Hand::of(&room);
        // From the intent on, so that a slow machine is killed in the middle too.
        while !room.path("monitor/rollback.json").exists() && child.try_wait().expect("asked").is_none() {
            assert!(watch.seconds() < 60.0, "no intent");
        }
        lighthunter::clock::pause(std::time::Duration::from_millis(u64::from(milliseconds) / 4));
        child.kill().expect("killed");
        child.wait().expect("ended");
        if hand.is_interrupted() {
            between += 1;
            room.run_to(18, &["night-ops", "-q"]);
            room.run_to(0, &["rollback", "--resume", "-q"]);
        }
        assert_eq!(state(&room), before, "{milliseconds} ms");
    }
    eprintln!("{between} of 10 kills came between two states");
    assert!(between > 0, "no kill came in the middle");
}
