//! The table of the first screen: what broke, how it was seen, how long it took to come back. What broke
//! nothing and is green is folded, so that the rest stays on the screen.

use super::{anchor, write_badge};
use crate::{
    chart::Markup,
    record::ScenarioRecord,
    report::{
        Report,
        summary::{COLUMNS, NONE, Row, broke_nothing, by_weight, counts, outcome_tone},
        words::Words,
    },
};

/// Writes the table and what is folded.
pub(super) fn write(page: &mut Markup, report: &Report<'_>) {
    let is_aside =
        |scenario: &ScenarioRecord| broke_nothing(scenario) && !scenario.outcome.is_red(report.record.strict);
    let (aside, rows): (Vec<_>, Vec<_>) = by_weight(report).into_iter().partition(|(_, scenario)| is_aside(scenario));
    if !rows.is_empty() {
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
                    write_row(body, report, index, scenario);
                }
            });
        });
    }
    if !aside.is_empty() {
        write_aside(page, report, &aside);
    }
}

fn write_row(body: &mut Markup, report: &Report<'_>, index: usize, scenario: &ScenarioRecord) {
    let row = Row::of(scenario, report);
    let [_, injected, detected, detect, recover, proof, budget, outcome] = COLUMNS.map(|column| report.say(column));
    body.tag("tr", &[], |tr| {
        tr.tag("th", &[("scope", "row")], |th| {
            th.leaf("a", &[("href", &format!("#{}", anchor(index)))], &scenario.name);
            if let Some(reason) = report.reason(&scenario.outcome) {
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
        let counts = counts(aside.iter().map(|(_, scenario)| *scenario), report.language);
        fold.leaf("summary", &[], &Words::BrokeNothing.with(report.language, [&aside.len(), &counts]));
        fold.tag("ul", &[], |list| {
            for (index, scenario) in aside {
                list.tag("li", &[], |li| {
                    let row = Row::of(scenario, report);
                    write_badge(li, (row.outcome.0, outcome_tone(scenario, report.record.strict)));
                    li.raw(" ").leaf("a", &[("href", &format!("#{}", anchor(*index)))], &scenario.name);
                    if let Some(reason) = report.reason(&scenario.outcome) {
                        li.raw(" ").leaf("span", &[("class", "facts")], &reason);
                    }
                });
            }
        });
    });
}
