//! A collection that is killed goes on where it was: what is in is not asked for again.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    time::Duration,
};

use lighthunter::{clock::pause, store::Ledger};

use super::{FAST, Scene};

#[test]
fn three_hundred_symbols_resume_after_a_kill() {
    killed_and_resumed(300, 150);
}

/// `make collect-scale` runs it and prints what it measured.
#[test]
#[ignore = "half a minute; make collect-scale runs it"]
fn five_thousand_symbols_resume_after_a_kill() {
    killed_and_resumed(5000, 2000);
}

/// Kills the collection once the site was asked for `until` pages, and collects again.
fn killed_and_resumed(symbols: usize, until: usize) {
    let scene = Scene::new(symbols, 5, FAST);
    let watch = lighthunter::clock::Stopwatch::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
        .env("LIGHTHUNTER_WORKSPACE", scene.room.root())
        .args(scene.arguments(&["--kind", "daily"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while scene.upstream.log().len() < until {
        assert!(child.try_wait().expect("asked").is_none(), "it ended before it could be killed");
        pause(Duration::from_millis(1));
    }
    child.kill().expect("killed with signal 9");
    child.wait().expect("ended");
    let killed = watch.seconds();

    let asked_before = scene.upstream.log().len();
    let ledger = Ledger::open(&scene.station().store_settings().ledger).expect("opened");
    let covered: BTreeSet<String> = ledger.covered("east", "daily").expect("listed").into_keys().collect();
    drop(ledger);
    assert!(!covered.is_empty() && covered.len() < symbols, "{} of {symbols} pages were in", covered.len());

    scene.upstream.clear_log();
    scene.collect(0, &["--kind", "daily"]);
    let again: Vec<String> = scene.upstream.log().into_iter().map(|asked| asked.target).collect();
    for symbol in &covered {
        let (digits, _) = symbol.split_once('.').expect("a symbol");
        let found = again.iter().find(|target| target.contains(&format!(".{digits}&")));
        assert!(found.is_none(), "{symbol} is in and was asked for again: {found:?}");
    }
    assert_eq!(again.len(), symbols - covered.len(), "what was not in, each once");
    scene.assert_whole("east");
    eprintln!(
        "{symbols} symbols: killed after {asked_before} requests in {killed:.1} s with {} pages in; the rest, {}, and all \
         rows written in {:.1} s",
        covered.len(),
        again.len(),
        watch.seconds() - killed
    );
}
