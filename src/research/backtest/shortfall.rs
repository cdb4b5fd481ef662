//! Where a backtest fell short of what it says it does, in sentences for its reader.

use super::words::Word;
use crate::text::Note;

/// Counts of days and events on which something else than the scores decided.
#[derive(Debug, Default)]
pub(super) struct Shortfalls {
    /// Days on which the scores were asked.
    pub(super) decisions: usize,
    /// Of these, days on which no name had a score.
    pub(super) without_scores: usize,
    /// Of these, days on which every scored name was wished.
    pub(super) without_choice: usize,
    /// The fewest scored names of a day that had any.
    pub(super) fewest: Option<usize>,
    /// Dividends that the prices show and the actions do not.
    pub(super) inferred: usize,
    /// Rights issues that were not taken up.
    pub(super) rights_lapsed: usize,
}

impl Shortfalls {
    /// Counts a day on which `scored` names had a score and `wished` of them a weight.
    pub(super) fn count(&mut self, scored: usize, wished: usize) {
        self.without_choice += usize::from(scored <= wished);
        self.fewest = Some(self.fewest.map_or(scored, |few| few.min(scored)));
    }

    /// Returns a sentence for each thing that happened.
    pub(super) fn notes(&self) -> Vec<Note> {
        let (days, fewest) = (self.decisions, self.fewest.unwrap_or(0));
        let (scoreless, choiceless) = (self.without_scores, self.without_choice);
        let sentences = [
            (scoreless, Note::new(Word::WithoutScores, [&scoreless, &days])),
            (choiceless, Note::new(Word::WithoutChoice, [&choiceless, &days, &fewest])),
            (self.inferred, Note::new(Word::Inferred, [&self.inferred])),
            (self.rights_lapsed, Note::new(Word::RightsLapsed, [&self.rights_lapsed])),
        ];
        sentences.into_iter().filter(|(count, _)| *count > 0).map(|(_, sentence)| sentence).collect()
    }
}
