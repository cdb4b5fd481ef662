//! The JSON Schema of the record, as `lighthunter drill schema` prints it. Written by hand beside
//! the types; the tests hold the two together in both directions.

use serde_json::{Value, json};

use crate::record::{Phase, RECORD_VERSION};

/// Returns the schema of `record.json` (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let mut root = object(&[
        ("version", json!({ "const": RECORD_VERSION })),
        (
            "id",
            json!({ "type": "string", "description": "YYYYMMDD-HHMMSS-<4 hex>, the name of the drill's directory" }),
        ),
        ("started_at", json!({ "type": "string", "format": "date-time" })),
        ("seconds", seconds("How long the drill took")),
        ("verdict", json!({ "enum": ["Ready", "NotReady"] })),
        ("verdict_reason", text("Why, as one sentence")),
        ("seed", json!({ "type": "integer", "minimum": 0, "description": "The seed of every random choice" })),
        ("target", reference("target")),
        ("control", flag("Nothing was broken on purpose, to show that the probes can fail")),
        ("strict", flag("Skipped scenarios count as red")),
        ("scenarios", list(&reference("scenario"))),
        ("checklist", list(&reference("checklist_item"))),
        ("conduct", reference("conduct")),
        ("repeat_command", text("The command that repeats this drill")),
        (
            "keep_reports",
            json!({ "type": "integer", "minimum": 0, "description": "How many drills' reports are kept; 0 keeps all" }),
        ),
    ]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("LightHunter drill record");
    root["$defs"] = json!({
        "target": target(),
        "scenario": scenario(),
        "case": case(),
        "outcome": outcome(),
        "fault": fault(),
        "signal": signal(),
        "rollback": rollback(),
        "layer": { "enum": ["code", "config", "models", "data", "rest"] },
        "proof": proof(),
        "layer_proof": layer_proof(),
        "phase": phase(),
        "step": step(),
        "checklist_item": checklist_item(),
        "conduct": conduct(),
        "digest": { "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256" },
    });
    root
}

fn target() -> Value {
    object(&[
        ("name", text("The name in drill.toml")),
        ("commit", text("The commit of its repository")),
        ("market", text("The input bars: simulated:SEED or a directory")),
        ("lighthunter", text("The version of LightHunter")),
        ("machine", text("Operating system, architecture and cores")),
    ])
}

fn conduct() -> Value {
    object(&[
        ("jobs", json!({ "type": "integer", "minimum": 0, "description": "How many scenarios ran at a time" })),
        ("overhead_seconds", seconds("In which no command of the target ran")),
        (
            "rollback_p95_seconds",
            nullable(&seconds("95th percentile from a rollback's start to its fingerprint proof")),
        ),
        ("resumed", json!({ "type": "integer", "minimum": 0, "description": "How often it was taken up again" })),
        ("interrupted_by", nullable(&json!({ "type": "integer", "description": "The signal that ended it early" }))),
        ("undone", list(&text("What was undone of a drill that had died"))),
        ("residue", list(&text("What the drill left behind"))),
        ("canary", nullable(&canary())),
    ])
}

fn canary() -> Value {
    object(&[
        ("files", json!({ "type": "integer", "minimum": 0, "description": "How many files were searched" })),
        ("hits", list(&text("A file that holds the planted secret"))),
    ])
}

fn scenario() -> Value {
    object(&[
        ("name", text("The scenario's name")),
        ("feature", text("The feature's name")),
        ("file", text("The feature file, relative to features/")),
        ("line", json!({ "type": "integer", "minimum": 0 })),
        ("tags", list(&json!({ "type": "string" }))),
        ("outcome", reference("outcome")),
        ("seconds", seconds("How long it took")),
        ("fault", nullable(&reference("fault"))),
        ("signals", list(&reference("signal"))),
        ("rollback", nullable(&reference("rollback"))),
        ("phases", list(&reference("phase"))),
        ("proofs", list(&reference("proof"))),
        ("steps", list(&reference("step"))),
        ("evidence", list(&text("A file, relative to the drill's directory"))),
        ("kept", nullable(&text("Where the environment was kept"))),
        ("cases", list(&reference("case"))),
    ])
}

/// One case of a fault of the catalogue.
fn case() -> Value {
    object(&[
        ("name", text("The case's name")),
        ("outcome", reference("outcome")),
        ("seconds", seconds("How long it took")),
        ("fired", list(&text("What was injected, and how that was seen"))),
        ("proven", list(&text("An invariant that was proven"))),
    ])
}

fn outcome() -> Value {
    let bare = object(&[("kind", json!({ "enum": ["passed", "unexpected_pass"] }))]);
    let reasoned = object(&[
        (
            "kind",
            json!({ "enum": ["failed", "not_started", "not_injected", "not_detected", "not_recovered", "skipped", "known_fail"] }),
        ),
        ("reason", text("Why, in one sentence")),
    ]);
    json!({ "oneOf": [bare, reasoned] })
}

fn fault() -> Value {
    object(&[
        ("id", text("The fault's id in the catalogue")),
        ("what", text("What it does, as one sentence")),
        ("what_zh", text("The same in Chinese; empty where the target does not say it")),
        ("injected", flag("It was injected, and the injection was seen to have taken")),
        ("at_seconds", seconds("From the scenario's start to the injection")),
        ("diff", text("The change to the target's files")),
    ])
}

fn signal() -> Value {
    object(&[
        ("kind", json!({ "enum": ["exit_code", "log", "metric", "experiment", "hud"] })),
        (
            "duty",
            json!({ "enum": ["show", "silent"], "description": "What it must do; when silent, that nothing was added is the sign" }),
        ),
        ("expected", text("What was expected of it")),
        ("observed", text("What it showed")),
        ("seen", flag("It did what the fault must make it do")),
        ("seconds", nullable(&seconds("From the injection until it showed it"))),
    ])
}

fn rollback() -> Value {
    object(&[
        ("layers", list(&reference("layer"))),
        ("to", text("The state it went to, such as a tag")),
        ("succeeded", flag("It ended well and its proof held")),
        ("at_seconds", seconds("From the scenario's start to the rollback's")),
        ("seconds", seconds("From its start to the end of the fingerprint proof")),
        ("actions", list(&text("What it did"))),
    ])
}

fn proof() -> Value {
    object(&[
        ("kind", text("fingerprint or rerun")),
        ("holds", flag("The two states are equal")),
        ("layers", list(&reference("layer_proof"))),
        ("seconds", seconds("How long it took")),
    ])
}

fn layer_proof() -> Value {
    object(&[
        ("layer", reference("layer")),
        ("before", reference("digest")),
        ("after", reference("digest")),
        ("differences", list(&text("What differs"))),
        ("rollback_seconds", nullable(&seconds("How long the rollback of this layer took"))),
    ])
}

fn phase() -> Value {
    let names: Vec<&str> = Phase::ALL.iter().map(|phase| phase.name()).collect();
    object(&[
        ("phase", json!({ "enum": names })),
        ("seconds", seconds("How long it took")),
        ("budget", nullable(&seconds("How long it may take"))),
    ])
}

fn step() -> Value {
    object(&[
        ("text", text("Keyword and text")),
        ("status", json!({ "enum": ["passed", "failed", "skipped"] })),
        ("seconds", seconds("How long it took")),
    ])
}

fn checklist_item() -> Value {
    object(&[
        ("id", text("Section and box, such as 1.2")),
        ("text", text("The box in English")),
        ("text_zh", text("The box as the manual has it")),
        ("ticked", flag("A green scenario covered it")),
        ("scenarios", list(&text("A scenario that covers it and ran"))),
        ("evidence", list(&text("What proves it beside them, relative to the drill's directory"))),
    ])
}

/// Describes an object of exactly these fields.
fn object(fields: &[(&str, Value)]) -> Value {
    let properties: serde_json::Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

fn seconds(description: &str) -> Value {
    json!({ "type": "number", "description": format!("{description}, seconds") })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn nullable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::schema;
    use crate::{
        record::{Outcome, SignalKind, Verdict},
        report::{json as record_json, samples},
    };

    /// Says what of `value` does not fit `schema`: the keywords that this schema uses, no others.
    fn misfit(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
        let keywords = schema.as_object()?;
        keywords.iter().find_map(|(keyword, rule)| {
            let fits = match keyword.as_str() {
                "$ref" => {
                    let target = root.pointer(rule.as_str()?.trim_start_matches('#')).expect("a definition");
                    return misfit(root, target, value, path);
                }
                "type" => match rule.as_str()? {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64(),
                    "null" => value.is_null(),
                    other => panic!("unknown type {other}"),
                },
                "const" => rule == value,
                "enum" => rule.as_array()?.contains(value),
                "required" => rule.as_array()?.iter().all(|name| value.get(name.as_str().unwrap_or("")).is_some()),
                "additionalProperties" => {
                    let known = schema["properties"].as_object()?;
                    value.as_object()?.keys().all(|name| known.contains_key(name))
                }
                "properties" => {
                    return rule
                        .as_object()?
                        .iter()
                        .find_map(|(name, rule)| misfit(root, rule, value.get(name)?, &format!("{path}/{name}")));
                }
                "items" => {
                    let items = value.as_array()?.iter().enumerate();
                    return items.map(|(at, item)| misfit(root, rule, item, &format!("{path}/{at}"))).find_map(|x| x);
                }
                "oneOf" => {
                    rule.as_array()?.iter().filter(|rule| misfit(root, rule, value, path).is_none()).count() == 1
                }
                "anyOf" => rule.as_array()?.iter().any(|rule| misfit(root, rule, value, path).is_none()),
                "pattern" => regex::Regex::new(rule.as_str()?).expect("a pattern").is_match(value.as_str()?),
                "minimum" => value.as_f64()? >= rule.as_f64()?,
                "description" | "format" | "title" | "$schema" | "$defs" => true,
                other => panic!("the test does not know the keyword {other}"),
            };
            (!fits).then(|| format!("{path}: {keyword} {rule} does not fit {value}"))
        })
    }

    fn check(value: &Value) -> Option<String> {
        misfit(&schema(), &schema(), value, "")
    }

    #[test]
    fn records_fit_the_schema() {
        for record in [samples::small(), samples::red(), samples::hostile()] {
            let value = serde_json::from_str(&record_json(&record)).expect("parsed");
            assert_eq!(check(&value), None);
        }
    }

    #[test]
    fn every_variant_fits_the_schema() {
        let reason = || "because".to_owned();
        let outcomes = [
            Outcome::Passed,
            Outcome::Failed { reason: reason() },
            Outcome::NotStarted { reason: reason() },
            Outcome::NotInjected { reason: reason() },
            Outcome::NotDetected { reason: reason() },
            Outcome::NotRecovered { reason: reason() },
            Outcome::Skipped { reason: reason() },
            Outcome::KnownFail { reason: reason() },
            Outcome::UnexpectedPass,
        ];
        let kinds =
            [SignalKind::ExitCode, SignalKind::Log, SignalKind::Metric, SignalKind::Experiment, SignalKind::Hud];
        for (outcome, kind) in outcomes.into_iter().zip(kinds.into_iter().cycle()) {
            let mut record = samples::small();
            record.verdict = Verdict::NotReady;
            record.scenarios[1].outcome = outcome;
            record.scenarios[1].signals[0].kind = kind;
            assert_eq!(check(&serde_json::to_value(&record).expect("serialised")), None);
        }
    }

    #[test]
    fn schema_refuses_what_is_not_a_record() {
        let good = serde_json::to_value(samples::small()).expect("serialised");
        let planted: [(&str, Value); 6] = [
            ("/version", json!(99)),
            ("/scenarios/1/outcome", json!({ "kind": "failed" })),
            ("/scenarios/1/proofs/0/layers/0/before", json!("short")),
            ("/scenarios/1/signals/0/kind", json!("smell")),
            ("/seconds", json!("long")),
            ("/target", json!({})),
        ];
        for (pointer, wrong) in planted {
            let mut value = good.clone();
            *value.pointer_mut(pointer).expect("a place") = wrong;
            assert!(check(&value).is_some(), "{pointer} was not refused");
        }
        let mut extra = good;
        extra["surprise"] = json!(1);
        assert!(check(&extra).is_some(), "an unknown field was not refused");
    }
}
