//! Damaged config in each of its forms: refused with its place or read, never a panic and never slow.

use super::{document::Document, layer, section::Findings, settings, template};
use crate::seed::fuzz::{corpus, fuzz};

fn read(name: &str, bytes: &[u8]) {
    if let Ok(document) = Document::of_bytes(name, bytes.to_vec())
        && let Ok(tree) = document.parse()
    {
        let mut findings = Findings::default();
        settings::read(&layer::over_defaults(layer::defaults().expect("sound"), &tree), &mut findings);
        findings.mistakes.iter().for_each(|mistake| drop(mistake.to_string()));
    }
}

#[test]
fn damaged_json_never_panics() {
    let mut inputs = corpus("config_json");
    inputs.push(template::SYSTEM_CONFIG.into());
    fuzz("config_json", 0.08, inputs, |input| read("x.json", input));
}

#[test]
fn damaged_yaml_never_panics() {
    let mut inputs = corpus("config_yaml");
    inputs.push(template::file("config/jobs.yaml").expect("shipped").into());
    fuzz("config_yaml", 0.08, inputs, |input| read("x.yaml", input));
}
