//! Faults against signals, and the review of the manual's chapter 5.5.

use super::{details::write_table, lists::write_steps};
use crate::{
    chart::Markup,
    record::SignalKind,
    report::{
        Cell, Matrix, Report, Review, phrases,
        summary::{NONE, Tone, problem_line, seconds, seconds_or_none},
        words::{self, Words},
    },
};

/// Writes which signal saw which fault, and when.
pub(super) fn write_matrix(page: &mut Markup, report: &Report<'_>) {
    let matrix = Matrix::of(&[report.record]);
    if matrix.rows.is_empty() {
        return;
    }
    page.tag("section", &[], |section| {
        section.leaf("h2", &[], report.say(Words::SignalMatrix));
        section.leaf("p", &[("class", "facts")], report.say(Words::SignalMatrixHint));
        let kinds = SignalKind::ALL.map(|kind| report.say(words::signal(kind)));
        let columns: Vec<&str> = std::iter::once(report.say(Words::Fault)).chain(kinds).collect();
        write_table(section, &columns, |body| {
            for row in &matrix.rows {
                body.tag("tr", &[], |tr| {
                    tr.leaf(
                        "th",
                        &[("scope", "row"), ("title", phrases::fault(&row.what, &row.what_zh, report.language))],
                        &row.fault,
                    );
                    for cell in &row.cells {
                        write_cell(tr, report, cell);
                    }
                });
            }
        });
    });
}

fn write_cell(tr: &mut Markup, report: &Report<'_>, cell: &Cell) {
    let (words, tone) = match cell {
        Cell::NotWatched => (NONE.to_owned(), Tone::Absent),
        Cell::Seen { seconds } => (seconds_or_none(*seconds, report.language), Tone::Good),
        Cell::SilentAsExpected => (report.say(Words::ExpectedSilent).to_owned(), Tone::Quiet),
        Cell::BlindSpot { .. } => (report.say(Words::BlindSpot).to_owned(), Tone::Bad),
    };
    tr.leaf("td", &[("class", tone.class())], &words);
}

/// Writes the review: times, problems, what is done by hand.
pub(super) fn write(page: &mut Markup, report: &Report<'_>, review: &Review) {
    page.tag("section", &[("id", "review")], |section| {
        section.leaf("h2", &[], report.say(Words::Review));
        section.leaf("p", &[("class", "facts")], report.say(Words::ReviewHint));
        section.leaf("h3", &[], report.say(Words::TimeTaken));
        write_times(section, report, review);
        section.leaf("h3", &[], report.say(Words::Problems));
        if review.problems.is_empty() {
            section.leaf("p", &[], report.say(Words::NoProblem));
        } else {
            section.tag("ul", &[("class", "lines")], |list| {
                for problem in &review.problems {
                    list.leaf("li", &[], &problem_line(problem, report.language));
                }
            });
        }
        if !review.by_hand.is_empty() {
            section.leaf("h3", &[], report.say(Words::Automate));
            write_steps(section, report, &review.by_hand);
        }
    });
}

fn write_times(section: &mut Markup, report: &Report<'_>, review: &Review) {
    let columns = [
        Words::PhaseHead,
        Words::Count,
        Words::InAll,
        Words::Longest,
        Words::LongestIn,
        Words::Budget,
        Words::OverCount,
    ];
    let columns = columns.map(|words| report.say(words));
    write_table(section, &columns, |body| {
        for time in &review.times {
            body.tag("tr", &[], |tr| {
                tr.leaf("th", &[("scope", "row")], report.say(words::phase(time.phase)));
                tr.leaf("td", &[], &time.count.to_string());
                tr.leaf("td", &[], &seconds(time.total, report.language));
                tr.leaf("td", &[], &seconds(time.longest, report.language));
                tr.leaf("td", &[], &time.scenario);
                tr.leaf("td", &[], &seconds_or_none(time.budget, report.language));
                let tone = if time.over == 0 { Tone::Quiet } else { Tone::Bad };
                tr.leaf("td", &[("class", tone.class())], &time.over.to_string());
            });
        }
    });
}
