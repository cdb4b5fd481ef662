//! The corpus of `fixtures/scripts/`, and what the room promises about every script: it ends in time with
//! its class, says where, and leaves everybody else alone.

use std::{fs, path::Path};

use super::{BarView, Script, ScriptError, ScriptLimits};
use crate::{clock::Stopwatch, exit::Failure, market::Symbol};

const NAME: &str = "strategy/u1.luau";

fn corpus(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scripts").join(folder);
    let mut scripts: Vec<(String, String)> = fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "{}", folder.display());
    scripts
}

fn load(text: &str) -> Result<Script, ScriptError> {
    Script::load(NAME, text, ScriptLimits::default())
}

fn symbol(text: &str) -> Symbol {
    text.parse().expect("a symbol")
}

fn bar(close: f64) -> BarView<'static> {
    let (symbol, time) = (symbol("600000.SH"), "09:31");
    BarView { symbol, time, open: 10.0, high: 10.5, low: 9.5, close, volume: 1000.0, amount: 10_000.0 }
}

/// Does with a script all that can be done with it.
fn use_up(script: &Script) -> Result<(), ScriptError> {
    if script.has("on_bar") {
        script.on_bar(&bar(10.2))?;
    }
    if script.has("targets") {
        script.targets(&[(symbol("600000.SH"), 0.5)])?;
    }
    if !script.has("on_bar") && !script.has("targets") {
        script.weights()?;
    }
    Ok(())
}

fn failure_of(name: &str, text: &str) -> ScriptError {
    let outcome =
        Script::load(&format!("strategy/{name}"), text, ScriptLimits::default()).and_then(|script| use_up(&script));
    outcome.err().unwrap_or_else(|| panic!("{name} was not refused"))
}

const GOOD: &str = "return { on_bar = function(bar) return bar.close / bar.open - 1, 7 end }";

#[test]
fn every_hostile_script_ends_in_time_with_its_class() {
    let good = load(GOOD).expect("a good script");
    let before = good.on_bar(&bar(10.2)).expect("an answer");
    let scripts = corpus("hostile");
    assert!(scripts.len() >= 24, "{} scripts", scripts.len());
    let mut findings = Vec::new();
    for (name, text) in &scripts {
        let watch = Stopwatch::start();
        let failure = failure_of(name, text);
        let seconds = watch.seconds();
        let (code, said) = (failure.exit().code(), failure.to_string());
        eprintln!("{seconds:>6.3} s {code} {said}");
        let expected = if text.contains("Ends with: 16.") { 16 } else { 17 };
        if code != expected || seconds > 2.0 {
            findings.push(format!("{name}: {code} after {seconds} s: {said}"));
        }
        if !said.starts_with(&format!("strategy/{name}")) || said.len() > 1000 || said.contains(char::is_control) {
            findings.push(format!("{name}: the message is not fit to print: {said:?}"));
        }
        assert_eq!(good.on_bar(&bar(10.2)), Ok(before), "the good script after {name}");
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(!Path::new("/tmp/hostile").exists());
}

#[test]
fn illegal_weights_pass_here_with_their_line() {
    for (name, text) in corpus("illegal_weight") {
        let script = load(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(script.weights().expect("weights").len(), 2, "{name}");
        assert_eq!(script.line_of("u1"), Some(4), "{name}");
    }
}

#[test]
fn valid_scripts_run() {
    for (name, text) in corpus("valid") {
        let script = Script::load(&format!("strategy/{name}"), &text, ScriptLimits::default())
            .and_then(|script| use_up(&script));
        assert_eq!(script, Ok(()), "{name}");
    }
}
