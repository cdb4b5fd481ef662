//! The record as one HTML page: it needs no network and no other file, reads well on paper, in the
//! dark and on a phone. The first screen answers: ready or not, what broke, how it was seen, how
//! long recovery took.

mod details;
mod lists;
mod review;
mod table;

use super::{
    Report, Review, conduct,
    summary::{Tone, counts, facts, figures, seconds, started},
    timeline::lanes,
    verdict::verdict_reason,
    words::{self, Words},
};
use crate::{
    chart::{Markup, timeline},
    record::Verdict,
};

/// The look of the page.
const STYLE: &str = include_str!("report.css");

/// The lanes of the timeline that are not folded; red scenarios come first.
const LANES_SHOWN: usize = 6;

/// Opens folded parts before the page is printed; browsers do not print what is folded.
const PRINT_SCRIPT: &str =
    "addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true));";

/// Returns `report.html`.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", report.language.page_tag())], |page| {
        page.tag("head", &[], |head| write_head(head, report));
        page.tag("body", &[], |body| write_body(body, report));
    });
    page.raw("\n");
    page.finish()
}

fn write_head(head: &mut Markup, report: &Report<'_>) {
    let record = report.record;
    head.raw("<meta charset=\"utf-8\">");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    let verdict = report.say(words::verdict(record.verdict));
    head.leaf("title", &[], &format!("{verdict}: {} {}", record.target.name, record.id));
    head.tag("style", &[], |style| {
        style.raw(STYLE);
    });
    head.tag("script", &[], |script| {
        script.raw(PRINT_SCRIPT);
    });
}

fn write_body(body: &mut Markup, report: &Report<'_>) {
    let review = Review::of(report.record, report.comparison);
    body.tag("main", &[], |page| {
        write_verdict(page, report);
        table::write(page, report);
        write_timeline(page, report);
        page.tag("div", &[("class", "pair")], |pair| {
            lists::write_automate(pair, report, &review);
            lists::write_changes(pair, report);
        });
        lists::write_checklist(page, report);
        review::write_matrix(page, report);
        review::write(page, report, &review);
        details::write(page, report);
        write_conduct(page, report);
        write_about(page, report);
    });
}

fn write_verdict(page: &mut Markup, report: &Report<'_>) {
    let (record, language) = (report.record, report.language);
    let tone = match record.verdict {
        Verdict::Ready => Tone::Good,
        Verdict::NotReady => Tone::Bad,
    };
    let class = format!("verdict {}", tone.class());
    page.tag("header", &[("class", &class)], |header| {
        let kind = if record.control { Words::ControlDrill } else { Words::Drill };
        header.leaf("p", &[("class", "kind")], &format!("{} · {}", report.say(kind), record.target.name));
        header.leaf("h1", &[], report.say(words::verdict(record.verdict)));
        header.leaf("p", &[("class", "reason")], &verdict_reason(report));
        for alarm in conduct::alarms(report) {
            header.leaf("p", &[("class", "alarm bad")], &alarm);
        }
        let strict = if record.strict { report.say(Words::Strict) } else { "" };
        let (counts, took) = (counts(&record.scenarios, language), seconds(record.seconds, language));
        header.leaf("p", &[("class", "facts")], &format!("{counts} · {took} · {}{strict}", started(report)));
        header.tag("dl", &[("class", "figures")], |list| {
            for (name, value, tone) in figures(report) {
                list.tag("div", &[], |pair| {
                    pair.leaf("dt", &[], report.say(name)).leaf("dd", &[("class", tone.class())], &value);
                });
            }
        });
    });
}

fn write_timeline(page: &mut Markup, report: &Report<'_>) {
    let lanes = lanes(report);
    if lanes.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Timeline));
        section.tag("p", &[("class", "legend")], |legend| {
            for (class, words) in
                [("work", Words::Working), ("broken", Words::BrokenSpan), ("recovery", Words::RollbackAndProof)]
            {
                legend.leaf("span", &[("class", &format!("key {class}"))], "").text(report.say(words)).raw(" ");
            }
            for (class, sign, words) in [("injected", "▼", Words::InjectedMark), ("seen", "●", Words::SeenMark)] {
                legend.leaf("span", &[("class", &format!("sign {class}"))], sign).text(report.say(words));
            }
        });
        let (shown, folded) = lanes.split_at(lanes.len().min(LANES_SHOWN));
        section.part(&timeline(report.say(Words::TimelineLabel), shown));
        if !folded.is_empty() {
            section.tag("details", &[("class", "aside")], |fold| {
                fold.leaf("summary", &[], &Words::MoreLanes.with(report.language, [&folded.len()]));
                fold.part(&timeline(report.say(Words::TimelineLabel), folded));
            });
        }
    });
}

fn write_conduct(page: &mut Markup, report: &Report<'_>) {
    let rows = conduct::rows(report);
    if rows.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::Conduct));
        section.tag("dl", &[("class", "about")], |list| {
            for (name, value, tone) in &rows {
                list.leaf("dt", &[], report.say(*name)).leaf("dd", &[("class", tone.class())], value);
            }
        });
    });
}

fn write_about(page: &mut Markup, report: &Report<'_>) {
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::ThisDrill));
        section.tag("dl", &[("class", "about")], |list| {
            list.leaf("dt", &[], report.say(Words::DrillId)).leaf("dd", &[], &report.record.id);
            for (name, value) in facts(report) {
                list.leaf("dt", &[], report.say(name)).leaf("dd", &[], &value);
            }
            let command = &report.record.repeat_command;
            list.leaf("dt", &[], report.say(Words::RepeatWith)).leaf("dd", &[], command);
        });
    });
}

/// Returns the id of a scenario's part of the page.
fn anchor(index: usize) -> String {
    format!("scenario-{}", index + 1)
}

fn write_badge(place: &mut Markup, (name, tone): (&str, Tone)) {
    place.leaf("span", &[("class", &format!("badge {}", tone.class()))], name);
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::{
        record::{DrillRecord, Outcome, ScenarioRecord},
        report::{Comparison, HistoryLine, Report, samples, words::Words},
        text::Language,
    };

    fn page_of(record: &DrillRecord, language: Language) -> String {
        html(&Report { record, comparison: &Comparison::default(), language })
    }

    #[test]
    fn many_green_rows_are_folded_and_what_is_not_green_never_is() {
        let mut record = samples::red();
        let green = samples::small().scenarios.into_iter().find(|scenario| scenario.fault.is_some()).expect("a fault");
        let open = record.scenarios.iter().filter(|scenario| scenario.outcome != Outcome::Passed).count();
        for number in 0..20 {
            record.scenarios.push(ScenarioRecord { name: format!("Comes back {number}"), ..green.clone() });
        }
        for language in [Language::English, Language::Chinese] {
            let page = page_of(&record, language);
            let (above, below) = page.split_once("<details class=\"aside\">").expect("a fold");
            assert_eq!(above.matches("<th scope=\"row\">").count(), open, "in the table above the fold");
            assert!(above.contains("<h1>") && !above.contains("Comes back"));
            let fold = below.split_once("</details>").expect("its end").0;
            assert!(fold.matches("Comes back").count() == 20, "all of them, in a table of their own");
            let heading = format!("<h2>{}</h2>", Words::Timeline.say(language));
            let lanes = page.split_once(&heading).and_then(|(_, rest)| rest.split_once("<details")).expect("a fold").0;
            assert_eq!(lanes.matches("\"caption\"").count(), super::LANES_SHOWN, "the rest is folded");
        }
    }

    #[test]
    fn green_drill() {
        insta::assert_snapshot!(without_style(&page_of(&samples::small(), Language::English)));
    }

    #[test]
    fn red_drill_opens_what_is_red() {
        let page = page_of(&samples::red(), Language::English);
        assert_eq!(page.matches("<details id=").count(), 4);
        assert_eq!(page.matches("open=\"open\"").count(), 2, "NotDetected and NotRecovered are unfolded");
        insta::assert_snapshot!(without_style(&page));
    }

    #[test]
    fn hostile_text_stays_text() {
        let page = page_of(&samples::hostile(), Language::English);
        assert_eq!(page.matches("<script").count(), 1, "only the page's own");
        assert!(!page.contains("href=\"javascript:"), "{page}");
        assert!(!page.contains('\u{1b}') && !page.contains('\u{0}'));
    }

    #[test]
    fn page_needs_nothing_from_outside() {
        for language in Language::ALL {
            let page = page_of(&samples::red(), language);
            for outside in ["http:", "https:", "//", "src=", "srcset", "@import", "url(", "<link", "<iframe", "<base"] {
                assert!(!page.contains(outside), "{outside}");
            }
            let addresses = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let elsewhere: Vec<&str> =
                addresses.filter(|address| !address.starts_with('#') && !address.starts_with("./")).collect();
            assert!(elsewhere.is_empty(), "{elsewhere:?}");
        }
    }

    #[test]
    fn red_drill_in_chinese() {
        let page = page_of(&samples::red(), Language::Chinese);
        assert!(page.contains("<html lang=\"zh-CN\">"));
        insta::assert_snapshot!(without_style(&page));
    }

    #[test]
    fn links_within_the_page_lead_somewhere() {
        for record in [samples::small(), samples::red()] {
            let page = page_of(&record, Language::English);
            for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(page.contains(&format!("id=\"{target}\"")), "#{target}");
            }
        }
    }

    #[test]
    fn changes_since_the_last_drill_are_on_the_page() {
        let (before, now) = (samples::small(), samples::red());
        let mut history = crate::report::History::default();
        history.drills.push(HistoryLine::of(&before));
        let comparison = history.compare(&HistoryLine::of(&now));
        let page = html(&Report { record: &now, comparison: &comparison, language: Language::English });
        assert!(page.contains(&before.id) && page.contains("Verdict: Not ready, was Ready"), "{page}");
    }

    /// The look may change without a change of what is said.
    fn without_style(page: &str) -> String {
        let (before, rest) = page.split_once("<style>").expect("a style");
        let (_, after) = rest.split_once("</style>").expect("its end");
        format!("{before}{after}").replace("><", ">\n<")
    }
}
