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
    let mut made = 0;
    let samples = board.sample(fresh, None, || {
        made += 1;
        let watch = Stopwatch::start();
        let environment = set_up(&origin.path().join("w"), room.path(), &format!("fresh{made}"));
        let seconds = watch.seconds();
        assert!(environment.repo().join("config").is_dir());
        seconds
    });
    board.put(fresh, samples, "s", Target::AtMost(0.050));

    let market = origin.path().join("w/data/raw/market").to_string_lossy().into_owned();
    let first = set_up(&origin.path().join("w"), room.path(), "first");
    run(&first.repo(), &["bootstrap", "--market", &market]);
    run(&first.repo(), &["night-ops"]);
    let mut copies = 0;
    let samples = board.sample(copied, None, || {
        copies += 1;
        let watch = Stopwatch::start();
        first.copy(room.path(), &format!("copy{copies}")).expect("copied");
        watch.seconds()
    });
    board.put(copied, samples, "s", Target::None);
    board.keep([origin, room]);
}

fn set_up(origin: &Path, parent: &Path, name: &str) -> Environment {
    let environment = Environment::create(parent, name, PORTS, Seed::DEFAULT).expect("made");
    environment.clone_repository(origin, Clock::system().today()).expect("cloned");
    environment
}
