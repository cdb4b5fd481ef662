//! The workflow of the build server has the shape that GitHub Actions reads, and calls what the Makefile has.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser};

use super::source::root;

const WORKFLOW: &str = ".github/workflows/drill.yml";

/// A list or map of the file that is still open.
enum Open {
    List(usize),
    Map(Option<String>),
}

/// Returns every scalar of a YAML text by its path, such as `jobs/test/steps/0/run`.
fn scalars(text: &str) -> Result<BTreeMap<String, String>, String> {
    let (mut open, mut found): (Vec<Open>, BTreeMap<String, String>) = (Vec::new(), BTreeMap::new());
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, _) = event.map_err(|error| error.to_string())?;
        match event {
            Event::Scalar(word, ..) => match open.last_mut() {
                Some(Open::Map(key @ None)) => {
                    *key = Some(word.to_string());
                    continue;
                }
                _ => drop(found.insert(path(&open), word.to_string())),
            },
            Event::SequenceStart(..) => {
                open.push(Open::List(0));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
            Event::Alias(_) => return Err("an alias, which GitHub does not read everywhere".into()),
            _ => continue,
        }
        match open.last_mut() {
            Some(Open::List(items)) => *items += 1,
            Some(Open::Map(key)) => *key = None,
            None => {}
        }
    }
    Ok(found)
}

fn path(open: &[Open]) -> String {
    let parts = open.iter().map(|place| match place {
        Open::List(items) => items.to_string(),
        Open::Map(key) => key.clone().unwrap_or_default(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Returns what GitHub would refuse or pass over in silence, and every `make` of a target that is not there.
fn wrong(workflow: &str, makefile: &str) -> Vec<String> {
    let found = match scalars(workflow) {
        Ok(found) => found,
        Err(error) => return vec![format!("it is not YAML: {error}")],
    };
    let below = |prefix: &str| -> BTreeSet<String> {
        let rests = found.keys().filter_map(|path| path.strip_prefix(prefix)?.split('/').next());
        rests.map(str::to_owned).collect()
    };
    let mut findings = Vec::new();
    for key in below("").iter().filter(|key| !["name", "on", "permissions", "concurrency", "jobs"].contains(&&***key)) {
        findings.push(format!("{key}: no key of a workflow that is used here"));
    }
    let triggers = below("on/");
    findings.extend(
        ["push", "pull_request", "schedule"]
            .into_iter()
            .filter(|on| !triggers.contains(*on))
            .map(|on| format!("on: no {on}")),
    );
    let cron = found.get("on/schedule/0/cron").map_or(0, |cron| cron.split_whitespace().count());
    if cron != 5 {
        findings.push(format!("on/schedule: {cron} fields of a cron line, not 5"));
    }
    for job in below("jobs/") {
        let at = |key: &str| found.get(&format!("jobs/{job}/{key}"));
        if at("runs-on").is_none() || at("timeout-minutes").and_then(|text| text.parse::<u32>().ok()).is_none() {
            findings.push(format!("{job}: no runs-on, or no timeout in minutes"));
        }
        let steps = below(&format!("jobs/{job}/steps/"));
        if steps.is_empty() {
            findings.push(format!("{job}: no steps"));
        }
        for step in steps {
            let (uses, run) = (at(&format!("steps/{step}/uses")), at(&format!("steps/{step}/run")));
            match (uses, run) {
                (Some(uses), None) if uses.contains('/') && uses.contains("@v") => {}
                (None, Some(run)) => findings
                    .extend(unknown_targets(run, makefile).map(|target| format!("{job}/{step}: make has no {target}"))),
                _ => findings.push(format!("{job}/{step}: neither one action with its version nor one run")),
            }
        }
    }
    findings
}

fn unknown_targets<'a>(run: &'a str, makefile: &'a str) -> impl Iterator<Item = &'a str> {
    let targets = run.strip_prefix("make ").unwrap_or("").split_whitespace();
    targets.filter(|target| !makefile.lines().any(|line| line.split(':').next() == Some(*target) && line.contains(':')))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn workflow_has_the_shape_that_github_reads() {
    let (workflow, makefile) = (read(WORKFLOW), read("Makefile"));
    assert_eq!(wrong(&workflow, &makefile), Vec::<String>::new());
    let found = scalars(&workflow).expect("YAML");
    for (job, command) in [("test", "make test"), ("drill", "make drill"), ("nightly", "make nightly")] {
        let runs = found.iter().any(|(path, word)| path.starts_with(&format!("jobs/{job}/steps/")) && word == command);
        assert!(runs, "{job} does not run {command}");
    }
}

#[test]
fn planted_mistakes_of_a_workflow_are_found() {
    let (workflow, makefile) = (read(WORKFLOW), read("Makefile"));
    let planted = [
        ("run: make nightly", "run: make nightlyy", "make has no nightlyy"),
        ("    runs-on: ubuntu-latest\n", "", "no runs-on"),
        ("timeout-minutes: 60", "timeout-minutes: an hour", "no timeout in minutes"),
        ("\"0 19 * * *\"", "\"0 19 * *\"", "4 fields of a cron line"),
        ("actions/checkout@v4", "checkout", "neither one action"),
        ("run: make test", "runs: make test", "neither one action"),
        ("permissions:", "permission:", "no key of a workflow"),
        ("  schedule:", "  scheduled:", "on: no schedule"),
        ("jobs:\n", "jobs:\n\t- x\n", "it is not YAML"),
    ];
    for (right, mistake, words) in planted {
        assert!(workflow.contains(right), "{right}");
        let found = wrong(&workflow.replacen(right, mistake, 1), &makefile);
        assert!(found.iter().any(|line| line.contains(words)), "{mistake}: {found:?}");
    }
}
