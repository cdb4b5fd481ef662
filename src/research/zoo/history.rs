//! Who put which model in force, when and why: `models/<job>/history.jsonl`. A line is written before the
//! link `current` moves, so that no change is without its line; the link alone says what is in force, and
//! a line whose change never came about is recognised by it.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    research::ResearchError,
    store::{StoreError, read_jsonl, replace_sealed},
};

/// The file's name.
pub const HISTORY: &str = "history.jsonl";

/// Why a model was put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was trained and passed its gate.
    Gate,
    /// A person chose it.
    Use,
    /// A person went back to the one before.
    Previous,
}

/// Who wants a model in force, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What led to it.
    pub action: Action,
    /// When.
    pub at: Timestamp,
    /// A person or a run.
    pub by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// What led to it.
    pub action: Action,
    /// The model put in force.
    pub model: String,
    /// The model in force before.
    pub previous: Option<String>,
    /// A person or a run.
    pub by: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// The gate's reasons against the model, which this decision overruled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<String>,
}

/// Adds a line; it is durable when this returns.
pub(super) fn append(job: &Path, line: &HistoryLine) -> Result<(), ResearchError> {
    let path = job.join(HISTORY);
    let mut bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(ResearchError::unreadable(&path))?,
    };
    // A torn line that a dead process left is closed first, so that the two are never glued together.
    if bytes.last().is_some_and(|last| *last != b'\n') {
        bytes.push(b'\n');
    }
    let text = serde_json::to_string(line).map_err(|source| StoreError::Json { path: path.clone(), source })?;
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(b'\n');
    // As a whole and under a seal: the file is short, and a line that goes missing would not be missed.
    Ok(replace_sealed(&path, bytes)?)
}

/// Reads the lines, oldest first. A torn line is of a decision that a crash cut short: its change never
/// came about.
pub(super) fn read(job: &Path) -> Result<Vec<HistoryLine>, ResearchError> {
    let path = job.join(HISTORY);
    let content = read_jsonl(&path)?;
    for (line, _) in &content.bad {
        tracing::warn!("{}:{line} is not a line of a model history: passed over", path.display());
    }
    Ok(content.good)
}

/// Returns the models that were in force one after the other, the one in force last: going back takes the
/// last away instead of adding one, so that going back twice goes back two steps.
pub(super) fn stack(lines: &[HistoryLine], current: &str) -> Vec<String> {
    let mut stack: Vec<String> = Vec::new();
    for line in lines {
        if let Some(previous) = &line.previous {
            settle(&mut stack, previous);
        }
        match line.action {
            Action::Previous => settle(&mut stack, &line.model),
            Action::Gate | Action::Use => stack.push(line.model.clone()),
        }
    }
    settle(&mut stack, current);
    stack
}

/// Makes `model` the last of the stack: what lies above it never came into force, or was left again.
fn settle(stack: &mut Vec<String>, model: &str) {
    match stack.iter().rposition(|own| own == model) {
        Some(at) => stack.truncate(at + 1),
        None => stack.push(model.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, HistoryLine, stack};
    use jiff::Timestamp;

    fn line(action: Action, model: &str, previous: Option<&str>) -> HistoryLine {
        HistoryLine {
            at: Timestamp::UNIX_EPOCH,
            action,
            model: model.into(),
            previous: previous.map(str::to_owned),
            by: "test".into(),
            reason: None,
            overruled: vec![],
        }
    }

    #[test]
    fn going_back_twice_goes_back_two_steps() {
        let lines = [
            line(Action::Gate, "a", None),
            line(Action::Gate, "b", Some("a")),
            line(Action::Use, "a", Some("b")),
            line(Action::Previous, "b", Some("a")),
        ];
        assert_eq!(stack(&lines[..3], "a"), ["a", "b", "a"]);
        assert_eq!(stack(&lines, "b"), ["a", "b"]);
    }

    #[test]
    fn line_whose_change_never_came_about_does_not_count() {
        let lines =
            [line(Action::Gate, "a", None), line(Action::Gate, "b", Some("a")), line(Action::Gate, "c", Some("a"))];
        assert_eq!(stack(&lines[..2], "a"), ["a"], "killed before the link moved");
        assert_eq!(stack(&lines, "c"), ["a", "c"], "b was never in force");
        assert_eq!(stack(&lines, "x"), ["a", "c", "x"], "a link that a person moved");
        assert_eq!(stack(&[], "x"), ["x"]);
    }
}
