//! Hurts the shipped config key by key and byte by byte: each hurt is named, and nothing ever panics.

use proptest::prelude::*;
use serde_json::json;

use super::{document::Document, layer, section::Findings, settings, shipped, template};

/// Returns what is said of the defaults with one value replaced.
fn said_of(key: &str, value: serde_json::Value) -> Vec<String> {
    let mut tree = layer::defaults().expect("sound");
    layer::put_json("test", key, value, &mut tree);
    let mut findings = Findings::default();
    settings::read(&tree, &mut findings);
    findings.mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn every_key_refuses_a_wrong_type_and_a_wrong_name() {
    let loaded = shipped().expect("sound").loaded;
    assert!(loaded.origins.len() > 100, "{} keys", loaded.origins.len());
    for key in loaded.origins.keys() {
        let said = said_of(key, json!([[1]]));
        assert!(said.iter().any(|line| line.contains(&format!("test: {key}"))), "{key} took a list of lists: {said:?}");
        // Any name is right in the one object that is empty and whose keys the user chooses.
        if key == "jobs" {
            continue;
        }
        let typo = format!("{key}x");
        let said = said_of(&typo, json!(1));
        let name = key.rsplit('.').next().expect("a name");
        let expected = format!("test: {typo}: unknown key, did you mean {name}?");
        assert!(said.contains(&expected), "{typo}: {said:?}");
    }
}

#[test]
fn numbers_refuse_what_is_no_number() {
    let loaded = shipped().expect("sound").loaded;
    let numbers: Vec<&String> =
        loaded.origins.iter().filter(|(_, origin)| origin.value.is_number()).map(|(key, _)| key).collect();
    assert!(numbers.len() > 50, "{} numbers", numbers.len());
    for key in numbers {
        for wrong in [json!(-1e300), json!(null), json!("1"), json!(true)] {
            // Null takes the value of portfolio.defaults.
            if wrong.is_null() && key.starts_with("portfolio.strategies.") {
                continue;
            }
            let said = said_of(key, wrong.clone());
            assert!(
                said.iter().any(|line| line.starts_with(&format!("test: {key}: "))),
                "{key} took {wrong}: {said:?}"
            );
        }
    }
}

fn parse(name: &str, text: &str) {
    if let Ok(document) = Document::of_bytes(name, text.as_bytes().to_vec())
        && let Ok(tree) = document.parse()
    {
        let mut findings = Findings::default();
        settings::read(&layer::over_defaults(layer::defaults().expect("sound"), &tree), &mut findings);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text_never_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("{".to_owned()), Just("}".into()), Just("[".into()), Just("]".into()), Just(": ".into()),
                Just("\n".into()), Just("- ".into()), Just("  ".into()), Just("\"".into()), Just("'".into()),
                Just("&a ".into()), Just("*a".into()), Just("!t ".into()), Just("? ".into()), Just("|\n".into()),
                Just(">-\n".into()), Just("---\n".into()), Just("...\n".into()), Just("%YAML 1.2\n".into()),
                Just("\t".into()), Just("#".into()), Just("//".into()), Just("/*".into()), Just("\\u".into()),
                Just(",".into()), Just("\r\n".into()), Just("\"hud\":".into()), Just("jobs:".into()), ".{0,6}",
            ],
            0..60,
        )
    ) {
        let text = pieces.concat();
        parse("x.json", &text);
        parse("x.yaml", &text);
    }

    #[test]
    fn edited_config_never_panics(at in 0usize..7000, with in "[\\PC\n]{0,3}", cut in 0usize..4) {
        for (name, text) in [("x.json", template::SYSTEM_CONFIG), ("x.yaml", template::file("config/jobs.yaml").expect("shipped"))] {
            let characters: Vec<char> = text.chars().collect();
            let at = at % characters.len();
            let edited: String =
                characters[..at].iter().copied().chain(with.chars()).chain(characters[at..].iter().copied().skip(cut)).collect();
            parse(name, &edited);
        }
    }
}
