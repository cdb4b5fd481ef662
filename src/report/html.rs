//! The record as one HTML page: it needs no network and no other file, reads well on paper, in the
//! dark and on a phone. The first screen answers: ready or not, what broke, how it was seen, how
//! long recovery took.

mod details;

use super::{
    summary::{COLUMNS, NONE, Row, Tone, broke_nothing, by_weight, counts, facts, seconds, started, verdict_words},
    timeline::lanes,
};
use crate::{
    chart::{Markup, timeline},
    record::{ChecklistItem, DrillRecord, ScenarioRecord, Verdict},
};

/// The look of the page.
const STYLE: &str = include_str!("report.css");

/// Opens folded parts before the page is printed; browsers do not print what is folded.
const PRINT_SCRIPT: &str =
    "addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true));";

/// Returns `report.html`.
#[must_use]
pub fn html(record: &DrillRecord) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", "en")], |page| {
        page.tag("head", &[], |head| write_head(head, record));
        page.tag("body", &[], |body| write_body(body, record));
    });
    page.raw("\n");
    page.finish()
}

fn write_head(head: &mut Markup, record: &DrillRecord) {
    head.raw("<meta charset=\"utf-8\">");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    let title = format!("{}: {} drill {}", verdict_words(record.verdict), record.target.name, record.id);
    head.leaf("title", &[], &title);
    head.tag("style", &[], |style| {
        style.raw(STYLE);
    });
    head.tag("script", &[], |script| {
        script.raw(PRINT_SCRIPT);
    });
}

fn write_body(body: &mut Markup, record: &DrillRecord) {
    body.tag("main", &[], |page| {
        write_verdict(page, record);
        write_table(page, record);
        write_timeline(page, record);
        write_checklist(page, record);
        details::write(page, record);
        write_about(page, record);
    });
}

fn write_verdict(page: &mut Markup, record: &DrillRecord) {
    let tone = match record.verdict {
        Verdict::Ready => Tone::Good,
        Verdict::NotReady => Tone::Bad,
    };
    let class = format!("verdict {}", tone.class());
    page.tag("header", &[("class", &class)], |header| {
        let kind =
            if record.control { "Recovery drill · control run, nothing broken on purpose" } else { "Recovery drill" };
        header.leaf("p", &[("class", "kind")], &format!("{kind} · {}", record.target.name));
        header.leaf("h1", &[], verdict_words(record.verdict));
        header.leaf("p", &[("class", "reason")], &record.verdict_reason);
        let strict = if record.strict { " · strict" } else { "" };
        let when = started(record);
        let facts = format!("{} · {} · {when}{strict}", counts(record), seconds(record.seconds));
        header.leaf("p", &[("class", "facts")], &facts);
    });
}

fn write_table(page: &mut Markup, record: &DrillRecord) {
    if record.scenarios.is_empty() {
        return;
    }
    page.tag("table", &[("class", "outcomes")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (index, column) in COLUMNS.iter().enumerate() {
                    let class = if matches!(index, 3 | 4) { "number" } else { "" };
                    row.leaf("th", &[("scope", "col"), ("class", class)], column);
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for (index, scenario) in by_weight(record) {
                write_row(body, record, index, scenario);
            }
        });
    });
}

fn write_row(body: &mut Markup, record: &DrillRecord, index: usize, scenario: &ScenarioRecord) {
    let row = Row::of(scenario, record.strict);
    let [_, injected, detected, detect, recover, proof, outcome] = COLUMNS;
    // What broke nothing takes one line, so that the rest stays on the first screen.
    let short = broke_nothing(scenario);
    let (class, columns) = if short { ("short", "6") } else { ("", "1") };
    body.tag("tr", &[("class", class)], |tr| {
        tr.tag("th", &[("scope", "row"), ("colspan", columns)], |th| {
            th.leaf("a", &[("href", &format!("#{}", anchor(index)))], &scenario.name);
            if let Some(reason) = scenario.outcome.reason() {
                th.leaf("p", &[("class", "facts")], reason);
            }
        });
        if !short {
            tr.leaf("td", &[("data-label", injected), ("class", row.injected.1.class())], &row.injected.0);
            tr.leaf("td", &[("data-label", detected), ("class", row.detected_by.1.class())], &row.detected_by.0);
            tr.leaf("td", &[("data-label", detect), ("class", number_class(&row.detect))], &row.detect);
            tr.leaf("td", &[("data-label", recover), ("class", number_class(&row.recover))], &row.recover);
            tr.leaf("td", &[("data-label", proof), ("class", row.proof.1.class())], &row.proof.0);
        }
        tr.tag("td", &[("data-label", outcome)], |td| write_badge(td, row.outcome));
    });
}

/// On a phone a row is a card, which leaves out what has no value.
fn number_class(words: &str) -> &'static str {
    if words == NONE { "number none" } else { "number" }
}

fn write_badge(place: &mut Markup, (name, tone): (&str, Tone)) {
    place.leaf("span", &[("class", &format!("badge {}", tone.class()))], name);
}

fn write_timeline(page: &mut Markup, record: &DrillRecord) {
    let lanes = lanes(record);
    if lanes.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], "Timeline");
        section.raw(
            "<p class=\"legend\"><span class=\"key work\"></span>working <span class=\"key broken\"></span>broken \
             <span class=\"key recovery\"></span>rollback and proof <span class=\"sign injected\">▼</span>injected \
             <span class=\"sign seen\">●</span>seen by a signal</p>",
        );
        section.part(&timeline("Each scenario that broke something, in seconds from its start", &lanes));
    });
}

fn write_checklist(page: &mut Markup, record: &DrillRecord) {
    if record.checklist.is_empty() {
        return;
    }
    let ticked = record.checklist.iter().filter(|item| item.ticked).count();
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], "The manual's checklist");
        section.leaf(
            "p",
            &[("class", "facts")],
            &format!("{ticked} of {} boxes ticked by what ran", record.checklist.len()),
        );
        section.tag("ul", &[("class", "checklist")], |list| {
            record.checklist.iter().for_each(|item| write_item(list, record, item));
        });
    });
}

fn write_item(list: &mut Markup, record: &DrillRecord, item: &ChecklistItem) {
    let (class, sign, words) = if item.ticked { ("ticked", "☑", "done") } else { ("open", "☐", "open") };
    list.tag("li", &[("class", class)], |li| {
        li.leaf("span", &[("class", "box"), ("role", "img"), ("aria-label", words)], sign);
        li.tag("div", &[], |place| {
            place.leaf("span", &[("class", "id")], &item.id).raw(" ").text(&item.text);
            place.raw(" ").leaf("span", &[("class", "zh"), ("lang", "zh")], &item.text_zh);
            place.tag("div", &[("class", "links")], |links| write_links(links, record, item));
        });
    });
}

/// Links each scenario that covers the box, and its evidence.
fn write_links(links: &mut Markup, record: &DrillRecord, item: &ChecklistItem) {
    if item.scenarios.is_empty() {
        links.text("nothing that covers it ran");
    }
    for name in &item.scenarios {
        let found = record.scenarios.iter().enumerate().find(|(_, scenario)| scenario.name == *name);
        match found {
            Some((index, scenario)) => {
                links.leaf("a", &[("href", &format!("#{}", anchor(index)))], name);
                scenario.evidence.iter().for_each(|path| details::write_evidence_link(links, path));
            }
            None => {
                links.leaf("span", &[], name);
            }
        }
    }
}

fn write_about(page: &mut Markup, record: &DrillRecord) {
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], "This drill");
        section.tag("dl", &[], |list| {
            list.leaf("dt", &[], "Drill").leaf("dd", &[], &record.id);
            for (name, value) in facts(record) {
                list.leaf("dt", &[], name).leaf("dd", &[], &value);
            }
            list.leaf("dt", &[], "Repeat with").leaf("dd", &[], &record.repeat_command);
        });
    });
}

/// Returns the id of a scenario's part of the page.
fn anchor(index: usize) -> String {
    format!("scenario-{}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::report::samples;

    #[test]
    fn green_drill() {
        insta::assert_snapshot!(without_style(&html(&samples::small())));
    }

    #[test]
    fn red_drill_opens_what_is_red() {
        let page = html(&samples::red());
        assert_eq!(page.matches("<details id=").count(), 4);
        assert_eq!(page.matches("open=\"open\"").count(), 2, "NotDetected and NotRecovered are unfolded");
        insta::assert_snapshot!(without_style(&page));
    }

    #[test]
    fn hostile_text_stays_text() {
        let page = html(&samples::hostile());
        assert_eq!(page.matches("<script").count(), 1, "only the page's own");
        assert!(!page.contains("href=\"javascript:"), "{page}");
        assert!(!page.contains('\u{1b}') && !page.contains('\u{0}'));
    }

    #[test]
    fn page_needs_nothing_from_outside() {
        let page = html(&samples::red());
        for outside in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    /// The look may change without a change of what is said.
    fn without_style(page: &str) -> String {
        let (before, rest) = page.split_once("<style>").expect("a style");
        let (_, after) = rest.split_once("</style>").expect("its end");
        format!("{before}{after}").replace("><", ">\n<")
    }
}
