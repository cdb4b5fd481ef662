//! Walks `fixtures/config`: every file there is read, and what is said of it is pinned beside it.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    ConfigErrors, DataSchema, ExperimentMatrix, FactorSpec, Jobs, LabelSpec, document::Document, layer, legacy,
    node::Node, section::Findings, settings,
};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(name)
}

/// Returns the names of the files to read; what is pinned beside them must belong to one of them.
fn inputs(name: &str) -> BTreeSet<String> {
    let names = folder(name)
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
    let (pinned, inputs): (BTreeSet<_>, BTreeSet<_>) =
        names.filter(|name| !name.ends_with(".snap.new")).partition(|name| name.rsplit('.').next() == Some("snap"));
    let orphans: Vec<&String> = pinned.iter().filter(|name| !inputs.contains(name.trim_end_matches(".snap"))).collect();
    assert!(orphans.is_empty(), "nothing is left of {orphans:?}");
    inputs
}

/// Reads a fixture as the file whose first key it names, the settings where it names none of another.
fn read(folder_name: &str, name: &str) -> Findings {
    let mut findings = Findings::default();
    match Document::read(&folder(folder_name).join(name), name) {
        Ok(document) => match document.parse() {
            Ok(tree) => read_tree(name, tree, &mut findings),
            Err(mistakes) => findings.mistakes.extend(mistakes),
        },
        Err(mistake) => findings.mistakes.push(*mistake),
    }
    findings
}

fn read_tree(name: &str, mut tree: Node, findings: &mut Findings) {
    match name.split('.').next() {
        Some("labels" | "tasks") => drop(LabelSpec::read(&tree, findings)),
        Some("sets") => drop(FactorSpec::read(&tree, findings)),
        Some("entities") => drop(DataSchema::read(&tree, findings)),
        Some("jobs") => drop(Jobs::read(&tree, findings)),
        Some("experiments" | "sweeps") => drop(ExperimentMatrix::read(&tree, findings)),
        _ => {
            legacy::rename(&mut tree, findings);
            drop(settings::read(&layer::over_defaults(layer::defaults().expect("sound"), &tree), findings));
        }
    }
}

#[test]
fn messages_of_invalid_files_are_pinned() {
    let inputs = inputs("invalid");
    assert!(inputs.len() > 60, "only {} files found", inputs.len());
    for name in &inputs {
        let errors = ConfigErrors::of(read("invalid", name).mistakes).unwrap_or_else(|| panic!("{name} was accepted"));
        for line in errors.to_string().lines() {
            assert!(line.starts_with(name.as_str()), "{name} is not named in: {line}");
        }
        insta::with_settings!({
            snapshot_path => folder("invalid"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name.as_str(), errors.to_string());
        });
    }
}

#[test]
fn valid_files_are_read() {
    let inputs = inputs("valid");
    assert!(inputs.len() > 4, "only {} files found", inputs.len());
    for name in inputs {
        let findings = read("valid", &name);
        assert_eq!(findings.mistakes, [], "{name}");
        assert_eq!(findings.warnings.is_empty(), !name.contains("original"), "{name}: {:?}", findings.warnings);
    }
}
