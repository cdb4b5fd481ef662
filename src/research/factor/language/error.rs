//! What is wrong with an expression: the place in its text, drawn with a caret, and the nearest valid name.

use super::tree::Span;
use crate::exit::{Exit, Failure};

/// How many characters of an expression a message shows on either side of the mistake.
const SHOWN_CHARS: usize = 60;

/// A mistake in a factor expression, or an input that lacks a column of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}, column {}: {}{}\n  {}\n  {}", .0.origin, .0.column, .0.what,
    .0.nearest.as_ref().map(|near| format!(", did you mean {near}?")).unwrap_or_default(), .0.shown, .0.caret)]
pub struct ExpressionError(Box<Mistake>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    /// The expression: file, line and key where they are known, such as
    /// `config/factor_spec.json:12: sets.mine.expressions.F_gap`.
    origin: String,
    /// The character of the expression, from 1.
    column: usize,
    what: String,
    /// The nearest operator, field or name.
    nearest: Option<String>,
    is_missing_column: bool,
    shown: String,
    caret: String,
}

impl ExpressionError {
    /// Returns where the expression stands: file, line and key where they are known, such as
    /// `config/factor_spec.json:12: sets.mine.expressions.F_gap`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    pub(in crate::research::factor) fn at(text: &str, span: &Span, what: impl Into<String>) -> Self {
        let before: Vec<char> = text.get(..span.start).unwrap_or(text).chars().collect();
        let marked = text.get(span.clone()).unwrap_or_default().chars().count();
        let skipped = before.len().saturating_sub(SHOWN_CHARS);
        let cut = if skipped > 0 { "…" } else { "" };
        let rest: Vec<char> = text.chars().skip(skipped).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let length = before.len() - skipped + SHOWN_CHARS;
        let end = if rest.len() > length { "…" } else { "" };
        let shown: String = rest.into_iter().take(length).collect();
        let indent = " ".repeat(before.len() - skipped + cut.chars().count());
        Self(Box::new(Mistake {
            origin: "expression".into(),
            column: before.len() + 1,
            what: what.into(),
            nearest: None,
            is_missing_column: false,
            shown: format!("{cut}{shown}{end}"),
            caret: format!("{indent}{}", "^".repeat(marked.clamp(1, SHOWN_CHARS))),
        }))
    }

    /// Names where the expression stands.
    pub(in crate::research::factor) fn of(mut self, origin: &str) -> Self {
        origin.clone_into(&mut self.0.origin);
        self
    }

    /// Names the nearest of what is there.
    pub(in crate::research::factor) fn near<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.nearest(nearest(wrong, names))
    }

    pub(in crate::research::factor) fn nearest(mut self, nearest: Option<String>) -> Self {
        self.0.nearest = nearest;
        self
    }

    pub(in crate::research::factor) fn missing_column(mut self) -> Self {
        self.0.is_missing_column = true;
        self
    }
}

impl Failure for ExpressionError {
    fn exit(&self) -> Exit {
        if self.0.is_missing_column { Exit::DataRefused } else { Exit::Config }
    }

    fn remedy(&self) -> Option<String> {
        let text = if self.0.is_missing_column {
            "Give an input that has the column, or take the factor out of the set."
        } else {
            "Correct the expression; `lighthunter factors check` reads all of them."
        };
        Some(text.into())
    }
}

/// Returns the name nearest to a wrong one, where one is near.
pub(in crate::research::factor) fn nearest<'n>(
    wrong: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    let likeness = |name: &str| {
        let (wrong, name) = (wrong.to_lowercase(), name.to_lowercase());
        strsim::normalized_damerau_levenshtein(&wrong, &name).max(0.9 * strsim::jaro_winkler(&wrong, &name))
    };
    let best = names.into_iter().map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.6).then(|| best.1.to_owned())
}
