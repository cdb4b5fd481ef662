//! A fact: a value with where it comes from, how old it is and how good it is.

use jiff::Timestamp;
use serde::Serialize;

use super::Grade;
use crate::text::{Note, Phrase};

/// The head of a fact: everything but its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How good it is.
    pub grade: Grade,
    /// Why, the most important first.
    pub notes: Vec<Note>,
    /// The file that it was read from, relative to the workspace.
    pub source: String,
    /// When what it tells happened or was written; none where there is nothing.
    pub at: Option<Timestamp>,
    /// The age at the moment of looking, seconds.
    pub age_s: Option<u64>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact<T> {
    /// Its head.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its value; empty where there is nothing or it cannot be read.
    pub value: T,
}

impl<T> Fact<T> {
    /// Starts a fact that is good so far, with a value from `source`.
    pub(super) fn of(source: impl Into<String>, value: T) -> Self {
        let summary = Summary { grade: Grade::Ok, notes: Vec::new(), source: source.into(), at: None, age_s: None };
        Self { summary, value }
    }

    /// Says when what it tells happened.
    pub(super) fn dated(mut self, at: Option<Timestamp>, now: Timestamp) -> Self {
        self.summary.at = at;
        // A date of the future is of a clock that was set back: no age is better than a negative one.
        let age = |at| u64::try_from(now.duration_since(at).as_secs()).ok();
        self.summary.age_s = at.and_then(age);
        self
    }

    /// Adds a remark that changes no grade.
    pub(super) fn noting(mut self, note: Note) -> Self {
        self.summary.notes.push(note);
        self
    }

    /// Adds what speaks against it; the worst grade stands, and its note comes first.
    pub(in crate::hud) fn marked(mut self, grade: Grade, note: Note) -> Self {
        if grade > self.summary.grade {
            self.summary.grade = grade;
            self.summary.notes.insert(0, note);
        } else {
            self.summary.notes.push(note);
        }
        self
    }

    /// Marks it where a condition holds.
    pub(super) fn marked_if(self, condition: bool, grade: Grade, note: impl FnOnce() -> Note) -> Self {
        if condition { self.marked(grade, note()) } else { self }
    }
}

impl<T: Default> Fact<T> {
    /// Returns the fact that nothing is there yet.
    pub(super) fn absent(source: impl Into<String>, why: Phrase) -> Self {
        Self::of(source, T::default()).marked(Grade::Unknown, Note::plain(why))
    }

    /// Returns the fact that `source` cannot be read.
    pub(super) fn unreadable(source: impl Into<String>, error: &dyn std::error::Error) -> Self {
        Self::of(source, T::default()).marked(Grade::Fail, Note::new(Phrase::CannotRead, [&error]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Grade};
    use crate::text::{Note, Phrase};

    #[test]
    fn the_worst_grade_stands_and_its_note_comes_first() {
        let note = Note::plain;
        let fact = Fact::of("x", ())
            .marked(Grade::Warning, note(Phrase::Warning))
            .marked(Grade::Fail, note(Phrase::Fail))
            .marked(Grade::Stale, note(Phrase::Stale));
        assert_eq!(fact.summary.grade, Grade::Fail);
        assert_eq!(fact.summary.notes, [Phrase::Fail, Phrase::Warning, Phrase::Stale].map(note));
    }

    #[test]
    fn a_date_of_the_future_has_no_age() {
        let (early, late) =
            ("2025-01-01T00:00:00Z".parse().expect("a time"), "2025-01-02T00:00:00Z".parse().expect("a time"));
        assert_eq!(Fact::of("x", ()).dated(Some(early), late).summary.age_s, Some(86_400));
        assert_eq!(Fact::of("x", ()).dated(Some(late), early).summary.age_s, None);
    }
}
