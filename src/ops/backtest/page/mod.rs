//! The report of a backtest as one HTML page: it needs no network and no other file, reads well on paper
//! and in the dark. The verdict comes first, then figures and curves, then what the numbers do not say.

mod curves;
mod metrics;
mod origin;
mod periods;
mod phrases;
mod prediction;
mod trading;
mod words;

use self::{
    metrics::figure,
    words::{or_undefined, signed_percent},
};
use super::BacktestReport;
use crate::{
    chart::Markup,
    text::{Language, Note},
};
pub(in crate::ops) use phrases::Word;

/// The look of the page.
const STYLE: &str = include_str!("page.css");

/// Returns `backtest_<run id>.html` in a language.
pub(super) fn html(report: &BacktestReport, language: Language) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", language.page_tag())], |page| {
        page.tag("head", &[], |head| write_head(head, report, language));
        page.tag("body", &[], |body| {
            body.tag("main", &[], |page| {
                write_verdict(page, report, language);
                write_headline_figures(page, report, language);
                curves::write_curves(page, report, language);
                metrics::write_metrics(page, report, language);
                periods::write_years(page, report, language);
                periods::write_months(page, report, language);
                prediction::write_prediction(page, report, language);
                trading::write_costs(page, report, language);
                trading::write_refusals(page, report, language);
                origin::write_notes(page, report, language);
                origin::write_stages(page, report, language);
                origin::write_about(page, report, language);
            });
        });
    });
    page.raw("\n");
    page.finish()
}

fn write_head(head: &mut Markup, report: &BacktestReport, language: Language) {
    head.raw("<meta charset=\"utf-8\">");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    head.leaf("title", &[], &format!("{} - {}", headline(report, language), report.run.run_id));
    head.tag("style", &[], |style| {
        style.raw(STYLE);
    });
}

/// Returns the verdict in a few words.
fn headline(report: &BacktestReport, language: Language) -> String {
    if report.run.success {
        let total = report.metrics.get("bt_ret_total").copied().flatten();
        Note::new(Word::TotalReturn, [&or_undefined(total, language, signed_percent)]).say(language)
    } else {
        Word::Failed.say(language).into()
    }
}

fn write_verdict(page: &mut Markup, report: &BacktestReport, language: Language) {
    let run = &report.run;
    let total = report.metrics.get("bt_ret_total").copied().flatten();
    let class = match (run.success, total) {
        (false, _) => "verdict bad",
        (true, Some(total)) if total > 0.0 => "verdict good",
        // A loss is a result, not a failure of the run.
        (true, _) => "verdict plain",
    };
    page.tag("div", &[("class", class)], |verdict| {
        verdict.leaf("p", &[("class", "kind")], Word::Kind.say(language));
        verdict.leaf("h1", &[], &headline(report, language));
        let reason = if run.success {
            let sessions = window(report).map_or_else(Note::default, |words| Note::new(Word::WindowAfter, [&words]));
            Note::new(Word::FillsAndWindow, [&against_benchmark(report), &report.trades, &sessions])
        } else {
            let error = run.error.as_deref().map_or_else(|| Word::NoError.into(), Note::from);
            Note::new(Word::ExitCode, [&error, &run.exit])
        };
        verdict.leaf("p", &[("class", "reason")], &reason.say(language));
        let model = report.model_id.as_ref().map_or_else(|| Word::NoModel.into(), |id| Note::new(Word::Model, [id]));
        let notes = match report.notes.len() {
            0 => Note::default(),
            1 => Word::OneNote.into(),
            count => Note::new(Word::SeveralNotes, [&count]),
        };
        let facts = Note::new(Word::Facts, [&model, &run.date, &notes]);
        verdict.leaf("p", &[("class", "facts")], &facts.say(language));
    });
}

/// Returns how far the account is ahead of its benchmark, in words.
fn against_benchmark(report: &BacktestReport) -> Note {
    let Some(figures) = &report.figures else { return Note::default() };
    let Some(benchmark) = &figures.benchmark else {
        return Word::BenchmarkMissing.into();
    };
    match benchmark.excess {
        Some(excess) if excess >= 0.0 => Note::new(Word::Ahead, [&words::points(excess)]),
        Some(excess) => Note::new(Word::Behind, [&words::points(-excess)]),
        None => Note::default(),
    }
}

/// Returns the sessions that were traded.
fn window(report: &BacktestReport) -> Option<Note> {
    let (first, last) = (report.equity.first()?, report.equity.last()?);
    Some(Note::new(Word::Window, [&report.equity.len(), &first.date, &last.date]))
}

/// Writes the figures that a reader compares backtests by.
fn write_headline_figures(page: &mut Markup, report: &BacktestReport, language: Language) {
    if report.metrics.is_empty() {
        return;
    }
    let benchmark = report.figures.as_ref().and_then(|figures| figures.benchmark.as_ref());
    let excess = or_undefined(benchmark.and_then(|benchmark| benchmark.excess), language, signed_percent);
    let tiles = [
        (Word::Sharpe, figure(report, "bt_sharpe", language)),
        (Word::MaxDd, figure(report, "bt_max_dd", language)),
        (Word::RetAnn, figure(report, "bt_ret_ann", language)),
        (Word::AgainstBenchmark, if benchmark.is_some() { excess } else { Word::NoData.say(language).into() }),
        (Word::RankIc, figure(report, "rank_ic", language)),
        (Word::Turnover, figure(report, "bt_turnover", language)),
    ];
    page.tag("dl", &[("class", "figures")], |list| {
        for (words, value) in &tiles {
            list.tag("div", &[], |item| {
                item.leaf("dt", &[], words.say(language)).leaf("dd", &[], value);
            });
        }
    });
}

#[cfg(test)]
mod tests;
