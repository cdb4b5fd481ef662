//! Damaged journals and `drill.toml`s: believed only where the checksum goes with the line.

use std::path::Path;

use super::{
    Spec,
    journal::{read_bytes, unfinished},
};
use crate::seed::fuzz::{corpus, fuzz};

#[test]
fn damaged_journals_are_never_believed() {
    let inputs = corpus("journal");
    let sound: Vec<_> = inputs.iter().flat_map(|input| read_bytes(input).entries).collect();
    assert!(!sound.is_empty(), "the corpus has sound lines");
    fuzz("journal", 0.08, inputs, |input| {
        let read = read_bytes(input);
        let _ = unfinished(&read.entries);
        assert!(read.entries.iter().all(|entry| sound.contains(entry)), "a line that nobody wrote is believed");
    });
}

#[test]
fn damaged_drill_toml_never_panics() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = ["python_target", "shell_target"].map(|name| root.join(name).join("drill.toml"));
    let inputs = files.iter().map(|file| std::fs::read(file).expect("readable")).collect();
    fuzz("drill_toml", 0.03, inputs, |input| {
        let _ = Spec::parse(&String::from_utf8_lossy(input), Path::new("drill.toml"));
    });
}
