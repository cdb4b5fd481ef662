//! Where a backtest fell short of what it says it does, in sentences for its reader.

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
    pub(super) fn notes(&self) -> Vec<String> {
        let (days, fewest) = (self.decisions, self.fewest.unwrap_or(0));
        let sentences = [
            (self.without_scores, format!("of {days} decision days had no score at all: positions were kept")),
            (
                self.without_choice,
                format!(
                    "of {days} decision days had no scored name that was not wished (fewest scored: {fewest}): the \
                     order of the scores did not matter"
                ),
            ),
            (self.inferred, "falls of the reference price without a known corporate action were paid in cash".into()),
            (self.rights_lapsed, "rights issues lapsed".into()),
        ];
        sentences
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, sentence)| format!("{count} {sentence}"))
            .collect()
    }
}
