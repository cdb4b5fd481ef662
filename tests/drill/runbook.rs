//! The runbook as a person uses it: every line of it typed in a fresh clone, one after the other, with the
//! shipped executable. What runs until it is told to end, and the drill of chapter 5, are not typed here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use lighthunter::{clock::Clock, durable, net::free_ports, vault::Vault};

use crate::{Check, Failed, require, shell::said};

pub(crate) const CHECKS: &[Check] = &[("every line of the runbook can be typed as it stands", runbook_can_be_typed)];

/// Lines that do not end by themselves, and the whole drill, which is a check of its own.
const NOT_TYPED: [&str; 3] = ["lighthunter monitor --interval 0.2", "lighthunter hud", "bash scripts/war_drill.sh"];

/// A line of the runbook: the step that it is of, and what is typed.
type Line = (String, String);

fn runbook_can_be_typed() -> Result<(), Failed> {
    // As a person may name one: what is typed must hold there too.
    let room = tempfile::Builder::new().prefix("a room ").tempdir()?;
    let place = room.path().canonicalize()?;
    let origin = origin(&place)?;
    let paper = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BOOTSTRAP_AND_ROLLBACK.md"))?;
    let workspace = place.join("work");
    let lines = lines(&paper);
    require(lines.len() > 40, || format!("only {} lines were found", lines.len()))?;
    for line in NOT_TYPED {
        require(lines.iter().any(|(_, typed)| typed == line), || format!("'{line}' is no line of the runbook"))?;
    }
    for (step, line) in lines.iter().filter(|(_, line)| !NOT_TYPED.contains(&line.as_str())) {
        let line = line.replace("ORIGIN", &format!("'{}'", origin.display()));
        let line = line.replace("~/work/lighthunter", &format!("'{}'", workspace.display()));
        let output = typed(&place, &workspace, &line)?;
        let expected = expected(step, &line);
        require(output.status.code() == Some(expected), || {
            format!("step {step}: `{line}` does not end with {expected}: {}", said(&output))
        })?;
    }
    let status = typed(&place, &workspace, "git status --short")?;
    require(status.stdout.is_empty(), || format!("at its end the tree is not clean: {}", said(&status)))
}

/// The two failures and the degraded model end with their own codes, all else with 0.
fn expected(step: &str, line: &str) -> i32 {
    match step {
        "3.1.3" if line.contains("night-ops") => 13,
        "3.2.2" => 17,
        "4.3.2" if line.contains("--against-current") => 1,
        _ => 0,
    }
}

/// Makes the repository that is cloned; its ports are free ones, as this machine may be in use.
fn origin(place: &Path) -> Result<PathBuf, Failed> {
    let origin = place.join("origin");
    let made = typed(place, &origin, &format!("lighthunter init '{}'", origin.display()))?;
    require(made.status.success(), || said(&made))?;
    let config = origin.join("config/system_config.json");
    let mut text = fs::read_to_string(&config)?;
    let ports = [":5555\"", ":5556\"", ":5557\"", "\"port\": 8000", "\"port\": 8001"];
    for (said, free) in ports.into_iter().zip(free_ports(5)?) {
        let port = said.trim_matches(|c: char| !c.is_ascii_digit());
        text = text.replace(said, &said.replace(port, &free.to_string()));
    }
    durable::replace(&config, text)?;
    Vault::open(&origin)?.commit_all("ports that are free here", Clock::system().now())?;
    Ok(origin)
}

/// Returns what the paper's blocks say to type, in order.
fn lines(paper: &str) -> Vec<Line> {
    let (mut step, mut inside) = (String::new(), false);
    let mut lines = Vec::new();
    for line in paper.lines() {
        match line {
            "```bash" => inside = true,
            "```" => inside = false,
            typed if inside => lines.push((step.clone(), typed.to_owned())),
            heading => {
                if let Some(title) = heading.strip_prefix("### ") {
                    title.split(' ').next().unwrap_or_default().clone_into(&mut step);
                }
            }
        }
    }
    lines
}

fn typed(place: &Path, workspace: &Path, line: &str) -> Result<Output, Failed> {
    let executable = Path::new(env!("CARGO_BIN_EXE_lighthunter"));
    let mut path = executable.parent().ok_or("no directory of the executable")?.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.arg("-c").arg(line).env("PATH", path);
    command.current_dir(if workspace.is_dir() { workspace } else { place });
    for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
        command.env(name, "reader@localhost");
    }
    Ok(command.output()?)
}
