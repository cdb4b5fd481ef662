//! What is built in, held to `deny.toml` without any tool: one registry, a checksum for every package, no banned one,
//! and only the licences that are allowed. Advisories need `cargo deny`, which `.ci/run` runs where it is installed.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::source::{assert_caught, assert_none, read, root};

/// The lists of `deny.toml`.
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
}

fn rules(text: &str) -> Rules {
    let parsed: toml::Table = toml::from_str(text).expect("deny.toml is TOML");
    let texts = |value: &toml::Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|one| one.as_str().or_else(|| one.get("crate")?.as_str())).map(str::to_owned).collect()
    };
    Rules { licences: texts(&parsed["licenses"]["allow"]), banned: texts(&parsed["bans"]["deny"]) }
}

/// Returns what of `Cargo.lock` comes from elsewhere than the one registry, has no checksum or is banned.
fn strangers(lock: &str, rules: &Rules) -> Vec<String> {
    let parsed: toml::Table = toml::from_str(lock).expect("Cargo.lock is TOML");
    let mut findings = Vec::new();
    let mut first = None;
    for package in parsed["package"].as_array().into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        let name = text("name").unwrap_or_default();
        if rules.banned.iter().any(|banned| banned == name) {
            findings.push(format!("{name} is banned"));
        }
        let Some(source) = text("source") else { continue };
        if !source.starts_with("registry+") || *first.get_or_insert(source) != source {
            findings.push(format!("{name} comes from {source}"));
        }
        if text("checksum").is_none() {
            findings.push(format!("{name} has no checksum"));
        }
    }
    let own = parsed["package"].as_array().into_iter().flatten().filter(|package| package.get("source").is_none());
    findings.extend((own.count() != 1).then(|| "more than one package is without a source".to_owned()));
    findings
}

/// Says whether a licence expression can be met with the licences that are allowed. `AND` binds stronger than `OR`;
/// the slash of old manifests is an `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let (mut depth, mut outside) = (0_usize, String::new());
    let mut inner = String::new();
    for character in expression.chars() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                // A group counts as one licence that is allowed or not.
                outside.push_str(if is_allowed(&std::mem::take(&mut inner), allowed) { "yes" } else { "no" });
            }
            _ if depth > 0 => inner.push(character),
            _ => outside.push(character),
        }
    }
    let one = |text: &str| text.trim() == "yes" || allowed.iter().any(|allowed| allowed == text.trim());
    outside.split(" OR ").any(|all| all.split(" AND ").all(one))
}

fn licences(metadata: &Value, rules: &Rules) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let refused = packages.filter(|package| !package["source"].is_null()).filter(|package| {
        let expression = package["license"].as_str().map(str::to_owned).or_else(|| licence_of_file(package));
        expression.is_none_or(|expression| !is_allowed(&expression, &rules.licences))
    });
    refused.map(|package| format!("{}: the licence {} is not allowed", package["name"], package["license"])).collect()
}

/// Names the licence of a package that has a file in place of a name.
fn licence_of_file(package: &Value) -> Option<String> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    let text = fs::read_to_string(manifest.with_file_name(package["license_file"].as_str()?)).ok()?;
    let known = [
        ("Apache-2.0", ["Apache License", "Version 2.0"]),
        ("MIT", ["MIT License", "Permission is hereby granted, free of charge"]),
    ];
    known.iter().find(|(_, words)| words.iter().all(|word| text.contains(word))).map(|(name, _)| (*name).to_owned())
}

fn text_of(name: &str, ending: &str) -> String {
    read(&[name], &[ending]).pop().unwrap_or_else(|| panic!("{name} is there")).text
}

#[test]
fn packages_come_from_one_registry_with_checksums_and_none_is_banned() {
    let lock = text_of("Cargo.lock", ".lock");
    assert!(lock.matches("[[package]]").count() > 100, "the lock file was read");
    assert_none(&strangers(&lock, &rules(&text_of("deny.toml", ".toml"))));
}

#[test]
fn licences_are_allowed() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let words = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let output = Command::new(cargo).args(words).current_dir(root()).output().expect("cargo starts");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if !output.status.success() || metadata["packages"].as_array().is_none_or(Vec::is_empty) {
        eprintln!("skipped: licences: {}", String::from_utf8_lossy(&output.stderr).trim());
        return;
    }
    assert_none(&licences(&metadata, &rules(&text_of("deny.toml", ".toml"))));
}

#[test]
fn a_stranger_and_a_foreign_licence_are_caught() {
    let rules =
        rules("[licenses]\nallow = [\"MIT\", \"Zlib\"]\n[bans]\ndeny = [{ crate = \"bad\", reason = \"x\" }]\n");
    let package = |name: &str, more: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{more}\n");
    let own = package("own", "");
    let good = package("good", "source = \"registry+a\"\nchecksum = \"00\"");
    assert_none(&strangers(&format!("{own}{good}"), &rules));
    for (more, finding) in [
        (package("bad", "source = \"registry+a\"\nchecksum = \"00\""), "bad is banned"),
        (package("odd", "source = \"git+b\"\nchecksum = \"00\""), "comes from git+b"),
        (package("odd", "source = \"registry+b\"\nchecksum = \"00\""), "comes from registry+b"),
        (package("odd", "source = \"registry+a\""), "has no checksum"),
        (package("path", ""), "without a source"),
    ] {
        assert_caught(&strangers(&format!("{own}{good}{more}"), &rules), finding);
    }
    for (expression, expected) in [
        ("MIT", true),
        ("Apache-2.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR Zlib) AND MIT", true),
        ("(GPL-3.0 OR MPL-2.0) AND MIT", false),
        ("GPL-3.0", false),
    ] {
        assert_eq!(is_allowed(expression, &rules.licences), expected, "{expression}");
    }
    let metadata = serde_json::json!({ "packages": [{ "name": "x", "source": "s", "license": null }] });
    assert_caught(&licences(&metadata, &rules), "is not allowed");
}
