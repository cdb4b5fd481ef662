//! The guardian's report as one HTML page: it needs no network and no other file, reads well on paper and in the
//! dark. The verdict comes first.

use super::{
    blocks::{Block, Table, blocks, facts, figures, number, verdict},
    words::Word,
};
use crate::{
    chart::Markup,
    data::guardian::omega::Omega,
    text::{Language, Note},
};

/// The look of the page, that of the other reports.
const STYLE: &str = include_str!("../backtest/page/page.css");

/// What is only in this page: a symbol, a date and a rule's name stay on one line on a narrow screen.
const OWN_STYLE: &str = ".wide td:first-child{white-space:nowrap}.wide td.number{white-space:nowrap}";

/// Returns `data_guardian_omega_<start>_<end>.html`.
pub(super) fn html(omega: &Omega, language: Language) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", language.page_tag())], |page| {
        page.tag("head", &[], |head| {
            head.raw("<meta charset=\"utf-8\">");
            head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
            head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
            let title = format!("{} - {} - {}", verdict(omega, language), omega.meta.start, omega.meta.end);
            head.leaf("title", &[], &title);
            head.tag("style", &[], |style| {
                style.raw(STYLE).raw(OWN_STYLE);
            });
        });
        page.tag("body", &[], |body| {
            body.tag("main", &[], |main| {
                write_verdict(main, omega, language);
                for block in blocks(omega, language) {
                    write_block(main, &block);
                }
            });
        });
    });
    page.raw("\n");
    page.finish()
}

fn write_verdict(page: &mut Markup, omega: &Omega, language: Language) {
    let class = if omega.passed { "verdict good" } else { "verdict bad" };
    page.tag("header", &[("class", class)], |header| {
        header.leaf("p", &[("class", "kind")], Word::Kind.say(language));
        header.leaf("h1", &[], verdict(omega, language));
        let total = number(omega.global.score.total);
        let score = Note::new(Word::ScoreOf, [&total]).say(language);
        header.leaf("p", &[("class", "reason")], omega.refusal.as_deref().unwrap_or(&score));
        header.leaf("p", &[("class", "facts")], &facts(omega, language));
    });
    page.tag("dl", &[("class", "figures")], |list| {
        for (name, value) in figures(omega, language) {
            list.tag("div", &[], |item| {
                item.leaf("dt", &[], name).leaf("dd", &[], &value);
            });
        }
    });
}

fn write_block(page: &mut Markup, block: &Block) {
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], block.title);
        for sentence in &block.sentences {
            section.leaf("p", &[], sentence);
        }
        if let Some(table) = &block.table {
            write_table(section, table);
        }
    });
}

fn write_table(section: &mut Markup, table: &Table) {
    let class = |place: usize| if table.heads.get(place).is_some_and(|(_, number)| *number) { "number" } else { "" };
    section.tag("div", &[("class", "wide")], |wide| {
        wide.tag("table", &[], |body| {
            body.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    for (place, (name, _)) in table.heads.iter().enumerate() {
                        row.leaf("th", &[("class", class(place))], name);
                    }
                });
            });
            body.tag("tbody", &[], |rows| {
                for cells in &table.rows {
                    rows.tag("tr", &[], |row| {
                        for (place, cell) in cells.iter().enumerate() {
                            row.leaf("td", &[("class", class(place))], cell);
                        }
                    });
                }
            });
        });
    });
}
