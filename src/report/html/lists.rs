//! The lists of the first screen: what to automate next, what has changed, the manual's checklist.

use super::{anchor, details::write_file_link};
use crate::{
    chart::Markup,
    record::ChecklistItem,
    report::{
        HandStep, Report, Review,
        markdown::box_text,
        scenarios::scenario_said,
        summary::{change_lines, seconds},
        words::{self, Words},
    },
    text::Language,
};

/// Steps of the list; the review has all.
const STEPS_MAX: usize = 6;

/// Writes the steps that take a person the longest.
pub(super) fn write_automate(page: &mut Markup, report: &Report<'_>, review: &Review) {
    if review.by_hand.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Automate));
        section.leaf("p", &[("class", "facts")], report.say(Words::AutomateHint));
        write_steps(section, report, review.by_hand.get(..STEPS_MAX).unwrap_or(&review.by_hand));
    });
}

/// Writes a table of steps with their times.
pub(super) fn write_steps(place: &mut Markup, report: &Report<'_>, steps: &[HandStep]) {
    place.tag("table", &[("class", "plain")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |tr| {
                tr.leaf("th", &[("scope", "col")], report.say(Words::Step));
                for words in [Words::Times, Words::EachTime, Words::InAll] {
                    tr.leaf("th", &[("scope", "col"), ("class", "number")], report.say(words));
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for step in steps {
                body.tag("tr", &[], |tr| {
                    tr.leaf("td", &[], &step.text);
                    let each = seconds(step.seconds / step.times as f64, report.language);
                    for value in [step.times.to_string(), each, seconds(step.seconds, report.language)] {
                        tr.leaf("td", &[("class", "number")], &value);
                    }
                });
            }
        });
    });
}

/// Writes what is otherwise than in the drill before.
pub(super) fn write_changes(page: &mut Markup, report: &Report<'_>) {
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Changes));
        let Some(previous) = &report.comparison.previous else {
            section.leaf("p", &[("class", "facts")], report.say(Words::FirstOfItsKind));
            return;
        };
        let verdict = report.say(words::verdict(previous.verdict));
        let since = Words::Since.with(report.language, [&previous.id, &verdict]);
        section.leaf("p", &[("class", "facts")], &since);
        let lines = change_lines(report.comparison, report.language);
        if lines.is_empty() {
            section.leaf("p", &[], report.say(Words::NoChange));
            return;
        }
        section.tag("ul", &[("class", "lines")], |list| {
            for line in &lines {
                list.leaf("li", &[], line);
            }
        });
    });
}

/// Writes the manual's checklist, each tick with its evidence.
pub(super) fn write_checklist(page: &mut Markup, report: &Report<'_>) {
    let checklist = &report.record.checklist;
    if checklist.is_empty() {
        return;
    }
    let ticked = checklist.iter().filter(|item| item.ticked).count();
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Checklist));
        let words = Words::Ticked.with(report.language, [&ticked, &checklist.len()]);
        section.leaf("p", &[("class", "facts")], &words);
        section.tag("ul", &[("class", "checklist")], |list| {
            for item in checklist {
                write_item(list, report, item);
            }
        });
    });
}

fn write_item(list: &mut Markup, report: &Report<'_>, item: &ChecklistItem) {
    let (class, sign, words) = if item.ticked { ("ticked", "☑", Words::Done) } else { ("open", "☐", Words::Open) };
    list.tag("li", &[("class", class)], |li| {
        li.leaf("span", &[("class", "box"), ("role", "img"), ("aria-label", report.say(words))], sign);
        li.tag("div", &[], |place| {
            place.leaf("span", &[("class", "id")], &item.id).raw(" ").text(box_text(item, report));
            if report.language == Language::English {
                place.raw(" ").leaf("span", &[("class", "zh"), ("lang", "zh-CN")], &item.text_zh);
            }
            place.tag("div", &[("class", "links")], |links| write_links(links, report, item));
        });
    });
}

/// Links what covers the box, and its evidence; of many scenarios only the first show theirs.
fn write_links(links: &mut Markup, report: &Report<'_>, item: &ChecklistItem) {
    const SHOWN: usize = 3;
    if item.scenarios.is_empty() && item.evidence.is_empty() {
        links.text(report.say(Words::NothingCovers));
    }
    for path in &item.evidence {
        write_file_link(links, path);
    }
    let (shown, rest) = item.scenarios.split_at(SHOWN.min(item.scenarios.len()));
    for name in shown {
        write_scenario_links(links, report, name);
    }
    if !rest.is_empty() {
        links.tag("details", &[("class", "more")], |fold| {
            fold.leaf("summary", &[], &format!("+{}", rest.len()));
            for name in rest {
                write_scenario_links(fold, report, name);
            }
        });
    }
}

fn write_scenario_links(links: &mut Markup, report: &Report<'_>, name: &str) {
    let mut scenarios = report.record.scenarios.iter().enumerate();
    match scenarios.find(|(_, scenario)| scenario.name == name) {
        Some((index, scenario)) => {
            links.tag("div", &[], |line| {
                line.leaf("a", &[("href", &format!("#{}", anchor(index)))], &report.scenario_name(scenario)).raw(" ");
                if let Some(path) = scenario.evidence.last() {
                    write_file_link(line, path);
                }
            });
        }
        None => {
            links.leaf("span", &[], &scenario_said(name, report.language));
        }
    }
}
