//! The code layer's rollback with its fingerprint proof, on a workspace that has seen a night.

use std::{fs, io::Write};

use lighthunter::{
    clock::{Clock, Stopwatch},
    rollback::{self, fingerprint},
    vault::Vault,
};

use crate::{
    board::{Board, Target},
    process::{run, workspace},
};

/// Measures from the decision to roll back to the end of the proof, which must hold.
pub(crate) fn bench(board: &mut Board) {
    let name = "git rollback with proof";
    if !board.wants(name) {
        return;
    }
    let room = workspace("simulated");
    let root = room.path().join("w");
    run(&root, &["night-ops"]);
    let clock = Clock::system();
    let tag = rollback::set_baseline(&root, clock.today(), &clock).expect("tagged");
    let before = fingerprint(&root).expect("a state");
    let samples = board.sample(name, None, || {
        let portfolio = root.join("strategy/portfolio.luau");
        let mut file = fs::OpenOptions::new().append(true).open(&portfolio).expect("opened");
        writeln!(file, "return nil").expect("written");
        drop(file);
        Vault::open(&root).and_then(|vault| vault.commit_all("a fault", clock.now())).expect("committed");
        let watch = Stopwatch::start();
        let done = rollback::code(&root, &tag, &before, &clock).expect("rolled back");
        let seconds = watch.seconds();
        assert!(done.proof.holds, "{:?}", done.proof);
        seconds
    });
    board.keep([room]);
    board.put(name, samples, "s", Target::AtMost(0.200));
}
