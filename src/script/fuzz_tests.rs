//! Damaged strategy code: refused with its line or run within its limits.

use std::{fs, path::Path};

use super::{BarView, Script, ScriptLimits};
use crate::seed::fuzz::fuzz;

#[test]
fn damaged_scripts_end_in_time() {
    let mut inputs = Vec::new();
    for folder in ["valid", "hostile", "illegal_weight"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scripts").join(folder);
        let mut files: Vec<_> =
            fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        inputs.extend(files.iter().map(|file| fs::read(file).expect("readable")));
    }
    // Limits of a tenth: a script that uses all of its time is stopped within the second that a hang has.
    let whole = ScriptLimits::default();
    let limits = ScriptLimits { seconds: whole.seconds / 10.0, operations: whole.operations / 50, ..whole };
    let symbol = "600000.SH".parse().expect("a symbol");
    let bar =
        BarView { symbol, time: "09:31", open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0, amount: f64::NAN };
    fuzz("scripts", 0.03, inputs, |input| {
        let text = String::from_utf8_lossy(input);
        let Ok(script) = Script::load("strategy/u1.luau", &text, limits) else { return };
        let _ = (script.weights(), script.on_bar(&bar), script.targets(&[(symbol, 1.0)]));
    });
}
