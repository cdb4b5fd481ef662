//! The record as Markdown, for a terminal or a pull request.

mod details;
mod text;

use super::{
    Matrix, Report, Review, conduct,
    matrix::Cell,
    summary::{
        COLUMNS, NONE, Row, by_weight, change_lines, counts, facts, figures, problem_line, seconds, seconds_or_none,
    },
    verdict::verdict_reason,
    words::{self, Words},
};
use crate::record::{ChecklistItem, SignalKind};
use text::{Text, escape};

/// Steps of the list of what to automate.
const STEPS_MAX: usize = 8;

/// Returns `report.md`.
#[must_use]
pub fn markdown(report: &Report<'_>) -> String {
    let review = Review::of(report.record, report.comparison);
    let mut out = Text(String::new());
    heading(&mut out, report);
    table(&mut out, report);
    changes(&mut out, report);
    automate(&mut out, report, &review);
    checklist(&mut out, report);
    matrix(&mut out, report);
    review_part(&mut out, report, &review);
    out.line(&format!("## {}", report.say(Words::Scenarios))).line("");
    for scenario in &report.record.scenarios {
        details::write(&mut out, scenario, report);
    }
    conduct_part(&mut out, report);
    about(&mut out, report);
    out.0
}

fn heading(out: &mut Text, report: &Report<'_>) {
    let (record, language) = (report.record, report.language);
    let verdict = words::verdict(record.verdict).say(language);
    out.line(&format!("# {verdict}: {}", escape(&record.target.name))).line("");
    out.line(&escape(&verdict_reason(report))).line("");
    let alarms = conduct::alarms(report);
    for alarm in &alarms {
        out.line(&format!("- **{}**", escape(alarm)));
    }
    if !alarms.is_empty() {
        out.line("");
    }
    let mut facts = format!(
        "{} · {} · {} {}",
        counts(&record.scenarios, language),
        seconds(record.seconds, language),
        report.say(Words::DrillId),
        escape(&record.id)
    );
    for (is_so, words) in [(record.control, Words::ControlSentence), (record.strict, Words::StrictSentence)] {
        if is_so {
            facts.push_str(" · ");
            facts.push_str(report.say(words));
        }
    }
    out.line(&facts).line("");
    let figures: Vec<String> =
        figures(report).iter().map(|(name, value, _)| format!("{} **{value}**", report.say(*name))).collect();
    out.line(&figures.join(" · ")).line("");
}

fn table(out: &mut Text, report: &Report<'_>) {
    if report.record.scenarios.is_empty() {
        return;
    }
    let columns = COLUMNS.map(|words| report.say(words));
    out.cells(columns).cells(["---", "---", "---", "---:", "---:", "---", "---", "---"]);
    for (_, scenario) in by_weight(report) {
        let row = Row::of(scenario, report);
        // What is red says why in its row, as the page for a browser does.
        let is_red = scenario.outcome.is_red(report.record.strict);
        let why = report.reason_in_brief(&scenario.outcome).filter(|_| is_red);
        let why = why.map(|why| format!(": {}", escape(&why))).unwrap_or_default();
        out.cells([
            escape(&report.scenario_name(scenario)),
            escape(&row.injected.0),
            escape(&row.detected_by.0),
            row.detect,
            row.recover,
            escape(&row.proof.0),
            escape(&row.budget.0),
            format!("**{}**{why}", row.outcome.0),
        ]);
    }
    out.line("");
}

fn changes(out: &mut Text, report: &Report<'_>) {
    out.line(&format!("## {}", report.say(Words::Changes))).line("");
    let Some(previous) = &report.comparison.previous else {
        out.line(report.say(Words::FirstOfItsKind)).line("");
        return;
    };
    let verdict = words::verdict(previous.verdict).say(report.language);
    out.line(&Words::Since.with(report.language, [&escape(&previous.id), &verdict])).line("");
    let lines = change_lines(report.comparison, report.language);
    if lines.is_empty() {
        out.line(report.say(Words::NoChange));
    }
    for line in lines {
        out.line(&format!("- {}", escape(&line)));
    }
    out.line("");
}

fn automate(out: &mut Text, report: &Report<'_>, review: &Review) {
    if review.by_hand.is_empty() {
        return;
    }
    out.line(&format!("## {}", report.say(Words::Automate))).line("");
    out.line(report.say(Words::AutomateHint)).line("");
    out.cells([Words::Step, Words::Times, Words::EachTime, Words::InAll].map(|words| report.say(words)));
    out.cells(["---", "---:", "---:", "---:"]);
    for step in review.by_hand.iter().take(STEPS_MAX) {
        let each = seconds(step.seconds / step.times as f64, report.language);
        out.cells([escape(&step.text), step.times.to_string(), each, seconds(step.seconds, report.language)]);
    }
    out.line("");
}

fn checklist(out: &mut Text, report: &Report<'_>) {
    if report.record.checklist.is_empty() {
        return;
    }
    out.line(&format!("## {}", report.say(Words::Checklist))).line("");
    for item in &report.record.checklist {
        let tick = if item.ticked { 'x' } else { ' ' };
        let covered = if item.scenarios.is_empty() && item.evidence.is_empty() {
            report.say(Words::NothingCovers).to_owned()
        } else {
            let all: Vec<&str> = item.scenarios.iter().chain(&item.evidence).map(String::as_str).collect();
            all.join("; ")
        };
        out.line(&format!("- [{tick}] {} {} ({})", escape(&item.id), escape(box_text(item, report)), escape(&covered)));
    }
    out.line("");
}

/// Returns a box in the report's language.
pub(super) fn box_text<'a>(item: &'a ChecklistItem, report: &Report<'_>) -> &'a str {
    match report.language {
        crate::text::Language::English => &item.text,
        crate::text::Language::Chinese => &item.text_zh,
    }
}

fn matrix(out: &mut Text, report: &Report<'_>) {
    let matrix = Matrix::of(&[report.record]);
    if matrix.rows.is_empty() {
        return;
    }
    out.line(&format!("## {}", report.say(Words::SignalMatrix))).line("");
    out.line(report.say(Words::SignalMatrixHint)).line("");
    let kinds = SignalKind::ALL.map(|kind| report.say(words::signal(kind)));
    out.cells([report.say(Words::Fault)].into_iter().chain(kinds)).cells(["---"; 6]);
    for row in &matrix.rows {
        let cells = row.cells.iter().map(|cell| cell_words(cell, report));
        out.cells([escape(&row.fault)].into_iter().chain(cells));
    }
    out.line("");
}

/// Says what one signal showed of one fault.
pub(super) fn cell_words(cell: &Cell, report: &Report<'_>) -> String {
    match cell {
        Cell::NotWatched => NONE.into(),
        Cell::Seen { seconds } => seconds_or_none(*seconds, report.language),
        Cell::SilentAsExpected => report.say(Words::ExpectedSilent).into(),
        Cell::BlindSpot { .. } => format!("**{}**", report.say(Words::BlindSpot)),
    }
}

fn review_part(out: &mut Text, report: &Report<'_>, review: &Review) {
    let language = report.language;
    out.line(&format!("## {}", report.say(Words::Review))).line("").line(report.say(Words::ReviewHint)).line("");
    out.line(&format!("### {}", report.say(Words::TimeTaken))).line("");
    let columns = [Words::PhaseHead, Words::Count, Words::InAll, Words::Longest, Words::LongestIn, Words::Budget];
    out.cells(columns.map(|words| report.say(words))).cells(["---", "---:", "---:", "---:", "---", "---:"]);
    for time in &review.times {
        out.cells([
            words::phase(time.phase).say(language).to_owned(),
            time.count.to_string(),
            seconds(time.total, language),
            seconds(time.longest, language),
            escape(&time.scenario),
            seconds_or_none(time.budget, language),
        ]);
    }
    out.line("").line(&format!("### {}", report.say(Words::Problems))).line("");
    if review.problems.is_empty() {
        out.line(report.say(Words::NoProblem));
    }
    for problem in &review.problems {
        out.line(&format!("- {}", escape(&problem_line(problem, language))));
    }
    out.line("");
}

fn conduct_part(out: &mut Text, report: &Report<'_>) {
    let rows = conduct::rows(report);
    if rows.is_empty() {
        return;
    }
    out.line(&format!("## {}", report.say(Words::Conduct))).line("");
    out.cells(["", ""]).cells(["---", "---"]);
    for (name, value, _) in &rows {
        out.cells([report.say(*name).to_owned(), escape(value)]);
    }
    out.line("");
}

fn about(out: &mut Text, report: &Report<'_>) {
    out.line(&format!("## {}", report.say(Words::ThisDrill))).line("");
    out.cells(["", ""]).cells(["---", "---"]);
    for (name, value) in facts(report) {
        out.cells([report.say(name).to_owned(), escape(&value)]);
    }
    out.line("").line(&format!("{}:", report.say(Words::RepeatWith))).line("");
    out.block("sh", &report.record.repeat_command);
    let blank = out.0.trim_end().len();
    out.0.truncate(blank);
    out.0.push('\n');
}

#[cfg(test)]
mod tests {
    use super::markdown;
    use crate::{
        record::DrillRecord,
        report::{Comparison, Report, samples},
        text::Language,
    };

    fn written(record: &DrillRecord, language: Language) -> String {
        markdown(&Report { record, comparison: &Comparison::default(), language })
    }

    #[test]
    fn green_drill() {
        insta::assert_snapshot!(written(&samples::small(), Language::English));
    }

    #[test]
    fn red_drill() {
        insta::assert_snapshot!(written(&samples::red(), Language::English));
    }

    #[test]
    fn red_drill_in_chinese() {
        insta::assert_snapshot!(written(&samples::red(), Language::Chinese));
    }

    #[test]
    fn hostile_text_stays_in_its_cell() {
        let text = written(&samples::hostile(), Language::English);
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| &lt;/td&gt;")).collect();
        assert_eq!(rows.len(), 2, "one row a scenario\n{text}");
        for row in rows {
            let bars = row.replace("\\|", "").matches('|').count();
            assert_eq!(bars, 9, "eight cells in {row}");
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
}
