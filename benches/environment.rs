//! Setting up one environment of a drill: a clean home, free ports, a clone on the drill's branch; and a
//! copy of an environment that has seen a night.

use std::path::Path;

use lighthunter::{
    clock::{Clock, Stopwatch},
    drill::Environment,
    seed::Seed,
};

use crate::{
    board::{Board, Target},
    process::{run, workspace},
};

/// As many ports as LightHunter's own `drill.toml` names.
const PORTS: usize = 3;

/// Measures a fresh environment and a copied one.
pub(crate) fn bench(board: &mut Board) {
    let (fresh, copied) = ("environment set-up", "environment copy after a night");
    if !board.wants(fresh) && !board.wants(copied) {
        return;
    }
    let origin = workspace("simulated");
    let room = tempfile::tempdir().expect("a directory");
    let samples = board.sample(fresh, None, || {
        let watch = Stopwatch::start();
        let environment = set_up(&origin.path().join("w"), room.path(), "fresh");
        let seconds = watch.seconds();
        assert!(environment.repo().join("config").is_dir());
        environment.remove().expect("removed");
        seconds
    });
    board.put(fresh, samples, "s", Target::AtMost(0.050));

    let market = origin.path().join("w/data/raw/market").to_string_lossy().into_owned();
    let first = set_up(&origin.path().join("w"), room.path(), "first");
    run(&first.repo(), &["bootstrap", "--market", &market]);
    run(&first.repo(), &["night-ops"]);
    let samples = board.sample(copied, None, || {
        let watch = Stopwatch::start();
        let environment = first.copy(room.path(), "copy").expect("copied");
        let seconds = watch.seconds();
        environment.remove().expect("removed");
        seconds
    });
    board.put(copied, samples, "s", Target::AtMost(0.050));
}

fn set_up(origin: &Path, parent: &Path, name: &str) -> Environment {
    let environment = Environment::create(parent, name, PORTS, Seed::DEFAULT).expect("made");
    environment.clone_repository(origin, Clock::system().today()).expect("cloned");
    environment
}
