//! The record as Markdown, for a terminal or a pull request. Foreign text is escaped so that it can
//! neither end a table cell nor start a link, a heading or a tag.

use std::fmt::Write as _;

use super::summary::{
    COLUMNS, Row, by_weight, counts, facts, layer_name, layer_names, proof_words, seconds, step_words, verdict_words,
};
use crate::record::{DrillRecord, ProofRecord, ScenarioRecord, StepStatus};

/// Returns `report.md`.
#[must_use]
pub fn markdown(record: &DrillRecord) -> String {
    let mut out = Text(String::new());
    heading(&mut out, record);
    table(&mut out, record);
    checklist(&mut out, record);
    out.line("## Scenarios").line("");
    for scenario in &record.scenarios {
        details(&mut out, scenario);
    }
    about(&mut out, record);
    out.0
}

/// Lines of Markdown.
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) -> &mut Self {
        self.0.push_str(line);
        self.0.push('\n');
        self
    }

    fn cells<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &mut Self {
        for cell in cells {
            self.0.push_str("| ");
            self.0.push_str(cell.as_ref());
            self.0.push(' ');
        }
        self.line("|")
    }

    /// A block whose fence is longer than any run of backticks inside.
    fn block(&mut self, language: &str, content: &str) -> &mut Self {
        let longest = content.split(|character| character != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let printable: String =
            content.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect();
        self.line(&format!("{fence}{language}")).line(printable.trim_end()).line(&fence).line("")
    }
}

fn heading(out: &mut Text, record: &DrillRecord) {
    out.line(&format!("# {}: {}", verdict_words(record.verdict), escape(&record.target.name))).line("");
    out.line(&escape(&record.verdict_reason)).line("");
    let mut facts = format!("{} in {}, drill {}", counts(record), seconds(record.seconds), escape(&record.id));
    if record.control {
        facts.push_str("; control run: nothing was broken on purpose");
    }
    if record.strict {
        facts.push_str("; strict: skipped counts as red");
    }
    out.line(&format!("{facts}.")).line("");
}

fn table(out: &mut Text, record: &DrillRecord) {
    if record.scenarios.is_empty() {
        return;
    }
    out.cells(COLUMNS).cells(["---", "---", "---", "---:", "---:", "---", "---"]);
    for (_, scenario) in by_weight(record) {
        let row = Row::of(scenario, record.strict);
        out.cells([
            escape(&scenario.name),
            escape(&row.injected.0),
            escape(&row.detected_by.0),
            row.detect,
            row.recover,
            escape(&row.proof.0),
            format!("**{}**", row.outcome.0),
        ]);
    }
    out.line("");
}

fn checklist(out: &mut Text, record: &DrillRecord) {
    if record.checklist.is_empty() {
        return;
    }
    out.line("## The manual's checklist").line("");
    for item in &record.checklist {
        let tick = if item.ticked { 'x' } else { ' ' };
        let mut line = format!("- [{tick}] {} {}", escape(&item.id), escape(&item.text));
        if item.scenarios.is_empty() {
            line.push_str(" (nothing that covers it ran)");
        } else {
            let _ = write!(line, " ({})", escape(&item.scenarios.join("; ")));
        }
        out.line(&line);
    }
    out.line("");
}

fn details(out: &mut Text, scenario: &ScenarioRecord) {
    out.line(&format!("### {}: {}", scenario.outcome.name(), escape(&scenario.name))).line("");
    out.line(&format!(
        "{}, `features/{}:{}`, {}",
        escape(&scenario.feature),
        code(&scenario.file),
        scenario.line,
        seconds(scenario.seconds)
    ));
    out.line("");
    if let Some(reason) = scenario.outcome.reason() {
        out.line(&format!("> {}", escape(reason))).line("");
    }
    steps(out, scenario);
    if let Some(fault) = &scenario.fault {
        let words = if fault.injected { "Broken" } else { "Not broken" };
        out.line(&format!("{words}: {} ({})", escape(&fault.what), escape(&fault.id))).line("");
        if !fault.diff.is_empty() {
            out.block("diff", &fault.diff);
        }
    }
    signals(out, scenario);
    if let Some(rollback) = &scenario.rollback {
        let ending = if rollback.succeeded { "succeeded" } else { "failed" };
        let (layers, to) = (layer_names(&rollback.layers), escape(&rollback.to));
        out.line(&format!("Rollback of {layers} to {to} {ending} in {}.", seconds(rollback.seconds))).line("");
        for action in &rollback.actions {
            out.line(&format!("- {}", escape(action)));
        }
        out.line("");
    }
    scenario.proofs.iter().for_each(|proof| proof_lines(out, proof));
    for evidence in &scenario.evidence {
        out.line(&format!("- evidence: `{}`", code(evidence)));
    }
    if let Some(kept) = &scenario.kept {
        out.line(&format!("- environment kept: `{}`", code(kept)));
    }
    if !scenario.evidence.is_empty() || scenario.kept.is_some() {
        out.line("");
    }
}

fn steps(out: &mut Text, scenario: &ScenarioRecord) {
    for step in &scenario.steps {
        let note = match step.status {
            StepStatus::Passed => seconds(step.seconds),
            other => format!("**{}**", step_words(other)),
        };
        out.line(&format!("1. {} ({note})", escape(&step.text)));
    }
    out.line("");
}

fn signals(out: &mut Text, scenario: &ScenarioRecord) {
    if scenario.signals.is_empty() {
        return;
    }
    out.cells(["Signal", "Expected", "Observed", "Seen after"]).cells(["---", "---", "---", "---:"]);
    for signal in &scenario.signals {
        let after = match (signal.seen, signal.seconds) {
            (true, Some(after)) => seconds(after),
            (true, None) => "seen".into(),
            (false, _) => "**silent**".into(),
        };
        out.cells([signal.kind.name().into(), escape(&signal.expected), escape(&signal.observed), after]);
    }
    out.line("");
}

fn proof_lines(out: &mut Text, proof: &ProofRecord) {
    out.line(&escape(&proof_words(proof))).line("");
    if proof.layers.is_empty() {
        return;
    }
    out.cells(["Layer", "Before", "After", "Differences"]).cells(["---"; 4]);
    for layer in &proof.layers {
        let differences = if layer.differences.is_empty() { "none".into() } else { layer.differences.join("; ") };
        out.cells([
            layer_name(layer.layer).into(),
            format!("`{}`", layer.before.short()),
            format!("`{}`", layer.after.short()),
            escape(&differences),
        ]);
    }
    out.line("");
}

fn about(out: &mut Text, record: &DrillRecord) {
    out.line("## This drill").line("");
    out.cells(["", ""]).cells(["---", "---"]);
    for (name, value) in facts(record) {
        out.cells([name.to_owned(), escape(&value)]);
    }
    out.line("").line("Repeat it with:").line("").block("sh", &record.repeat_command);
    let blank = out.0.trim_end().len();
    out.0.truncate(blank);
    out.0.push('\n');
}

/// Escapes a passage of one line: inline Markdown and HTML lose their meaning, line breaks and
/// control characters become spaces.
fn escape(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (index, &character) in characters.iter().enumerate() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '#' => out.extend(['\\', character]),
            // An underscore inside a word means nothing in Markdown; names stay readable.
            '_' if !within_word(&characters, index) => out.push_str("\\_"),
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

fn within_word(characters: &[char], index: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphanumeric());
    letter(index.checked_sub(1)) && letter(Some(index + 1))
}

/// Prepares text for an inline code span: nothing in it may end the span or the table cell.
fn code(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '`' || c == '|' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{escape, markdown};
    use crate::report::samples;

    #[test]
    fn green_drill() {
        insta::assert_snapshot!(markdown(&samples::small()));
    }

    #[test]
    fn red_drill() {
        insta::assert_snapshot!(markdown(&samples::red()));
    }

    #[test]
    fn hostile_text_stays_in_its_cell() {
        let text = markdown(&samples::hostile());
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| &lt;/td&gt;")).collect();
        assert_eq!(rows.len(), 2, "one row a scenario\n{text}");
        for row in rows {
            let bars = row.replace("\\|", "").matches('|').count();
            assert_eq!(bars, 8, "seven cells in {row}");
        }
        assert!(!prose(&text).contains("<script"), "{}", prose(&text));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{0}'), "{text}");
    }

    /// Returns what is neither in a fenced block nor in a code span at the end of a line.
    fn prose(text: &str) -> String {
        let mut fence: Option<&str> = None;
        let mut prose = String::new();
        for line in text.lines() {
            let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
            match fence {
                Some(open) if ticks == open && line == open => fence = None,
                None if ticks.len() >= 3 => fence = Some(ticks),
                None if !line.ends_with('`') => prose.push_str(line),
                _ => {}
            }
        }
        assert_eq!(fence, None, "every block ends");
        prose
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(escape("storage.ts.duckdb_path"), "storage.ts.duckdb_path");
        assert_eq!(escape("_a_ *b*"), "\\_a\\_ \\*b\\*");
    }
}
