//! The table of the first screen: what broke, how it was seen, how long it took to come back. Of a
//! whole drill what is green is folded, so that the timeline and the checklist stay on the screen.

use super::{anchor, write_badge};
use crate::{
    chart::Markup,
    record::{Outcome, ScenarioRecord},
    report::{
        Report,
        summary::{COLUMNS, NONE, Row, broke_nothing, by_weight, counts, outcome_tone},
        words::Words,
    },
};

/// Rows of the table, each with its place in the record.
type Rows<'a> = Vec<(usize, &'a ScenarioRecord)>;

/// More green rows than these are folded to a line that counts them.
const GREEN_ROWS: usize = 6;

/// Writes the table and what is folded: green rows, where there are many. Whatever is not green stays open.
pub(super) fn write(page: &mut Markup, report: &Report<'_>) {
    let (green, mut rows): (Rows<'_>, Rows<'_>) =
        by_weight(report).into_iter().partition(|(_, scenario)| matches!(scenario.outcome, Outcome::Passed));
    let (aside, mut came_back): (Rows<'_>, Rows<'_>) =
        green.into_iter().partition(|(_, scenario)| broke_nothing(scenario));
    if came_back.len() <= GREEN_ROWS {
        rows.append(&mut came_back);
    }
    if !rows.is_empty() {
        write_table(page, report, &rows);
    }
    if !came_back.is_empty() {
        page.tag("details", &[("class", "aside")], |fold| {
            fold.leaf("summary", &[], &counted(Words::CameBack, report, &came_back));
            write_table(fold, report, &came_back);
        });
    }
    if !aside.is_empty() {
        write_aside(page, report, &aside);
    }
}

fn write_table(page: &mut Markup, report: &Report<'_>, rows: &[(usize, &ScenarioRecord)]) {
    page.tag("table", &[("class", "outcomes")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (index, column) in COLUMNS.iter().enumerate() {
                    let class = if matches!(index, 3 | 4) { "number" } else { "" };
                    row.leaf("th", &[("scope", "col"), ("class", class)], report.say(*column));
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for (index, scenario) in rows {
                write_row(body, report, *index, scenario);
            }
        });
    });
}

/// Returns how many scenarios a fold holds, by outcome.
fn counted(words: Words, report: &Report<'_>, rows: &[(usize, &ScenarioRecord)]) -> String {
    let counts = counts(rows.iter().map(|(_, scenario)| *scenario), report.language);
    words.with(report.language, [&rows.len(), &counts])
}

fn write_row(body: &mut Markup, report: &Report<'_>, index: usize, scenario: &ScenarioRecord) {
    let row = Row::of(scenario, report);
    let [_, injected, detected, detect, recover, proof, budget, outcome] = COLUMNS.map(|column| report.say(column));
    body.tag("tr", &[], |tr| {
        tr.tag("th", &[("scope", "row")], |th| {
            th.leaf("a", &[("href", &format!("#{}", anchor(index)))], &report.scenario_name(scenario));
            if let Some(reason) = report.reason_in_brief(&scenario.outcome) {
                th.leaf("p", &[("class", "facts")], &reason);
            }
        });
        tr.leaf("td", &[("data-label", injected), ("class", row.injected.1.class())], &row.injected.0);
        tr.leaf("td", &[("data-label", detected), ("class", row.detected_by.1.class())], &row.detected_by.0);
        tr.leaf("td", &[("data-label", detect), ("class", number_class(&row.detect))], &row.detect);
        tr.leaf("td", &[("data-label", recover), ("class", number_class(&row.recover))], &row.recover);
        tr.leaf("td", &[("data-label", proof), ("class", row.proof.1.class())], &row.proof.0);
        tr.leaf("td", &[("data-label", budget), ("class", row.budget.1.class())], &row.budget.0);
        tr.tag("td", &[("data-label", outcome)], |td| write_badge(td, row.outcome));
    });
}

/// On a phone a row is a card, which leaves out what has no value.
fn number_class(words: &str) -> &'static str {
    if words == NONE { "number none" } else { "number" }
}

fn write_aside(page: &mut Markup, report: &Report<'_>, aside: &[(usize, &ScenarioRecord)]) {
    page.tag("details", &[("class", "aside")], |fold| {
        fold.leaf("summary", &[], &counted(Words::BrokeNothing, report, aside));
        fold.tag("ul", &[], |list| {
            for (index, scenario) in aside {
                list.tag("li", &[], |li| {
                    let row = Row::of(scenario, report);
                    write_badge(li, (row.outcome.0, outcome_tone(scenario, report.record.strict)));
                    li.raw(" ").leaf(
                        "a",
                        &[("href", &format!("#{}", anchor(*index)))],
                        &report.scenario_name(scenario),
                    );
                    if let Some(reason) = report.reason_in_brief(&scenario.outcome) {
                        li.raw(" ").leaf("span", &[("class", "facts")], &reason);
                    }
                });
            }
        });
    });
}
