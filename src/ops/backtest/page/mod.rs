//! The report of a backtest as one HTML page: it needs no network and no other file, reads well on paper
//! and in the dark. The verdict comes first, then figures and curves, then what the numbers do not say.

mod curves;
mod metrics;
mod origin;
mod periods;
mod prediction;
mod trading;
mod words;

use self::{
    metrics::figure,
    words::{or_undefined, signed_percent},
};
use super::BacktestReport;
use crate::chart::Markup;

/// The look of the page.
const STYLE: &str = include_str!("page.css");

/// Returns `backtest_<run id>.html`.
pub(super) fn html(report: &BacktestReport) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", "en")], |page| {
        page.tag("head", &[], |head| write_head(head, report));
        page.tag("body", &[], |body| {
            body.tag("main", &[], |page| {
                write_verdict(page, report);
                write_headline_figures(page, report);
                curves::write_curves(page, report);
                metrics::write_metrics(page, report);
                periods::write_years(page, report);
                periods::write_months(page, report);
                prediction::write_prediction(page, report);
                trading::write_costs(page, report);
                trading::write_refusals(page, report);
                origin::write_notes(page, report);
                origin::write_stages(page, report);
                origin::write_about(page, report);
            });
        });
    });
    page.raw("\n");
    page.finish()
}

fn write_head(head: &mut Markup, report: &BacktestReport) {
    head.raw("<meta charset=\"utf-8\">");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    head.leaf("title", &[], &format!("{} - {}", headline(report), report.run.run_id));
    head.tag("style", &[], |style| {
        style.raw(STYLE);
    });
}

/// Returns the verdict in a few words.
fn headline(report: &BacktestReport) -> String {
    if report.run.success {
        let total = report.metrics.get("bt_ret_total").copied().flatten();
        format!("Return {}", or_undefined(total, signed_percent))
    } else {
        "FAILED".into()
    }
}

fn write_verdict(page: &mut Markup, report: &BacktestReport) {
    let run = &report.run;
    let total = report.metrics.get("bt_ret_total").copied().flatten();
    let class = match (run.success, total) {
        (false, _) => "verdict bad",
        (true, Some(total)) if total > 0.0 => "verdict good",
        // A loss is a result, not a failure of the run.
        (true, _) => "verdict plain",
    };
    page.tag("div", &[("class", class)], |verdict| {
        verdict.leaf("p", &[("class", "kind")], "LightHunter backtest");
        verdict.leaf("h1", &[], &headline(report));
        let reason = if run.success {
            let sessions = window(report).map_or_else(String::new, |words| format!(", {words}"));
            format!("{}{} fills{sessions}", against_benchmark(report), report.trades)
        } else {
            let error = run.error.as_deref().unwrap_or("it ended without an error of its own");
            format!("{error} (exit code {})", run.exit)
        };
        verdict.leaf("p", &[("class", "reason")], &reason);
        let model = report.model_id.as_deref().map_or_else(|| "no model".into(), |id| format!("model {id}"));
        let notes = match report.notes.len() {
            0 => String::new(),
            1 => " · 1 note below".into(),
            count => format!(" · {count} notes below"),
        };
        verdict.leaf("p", &[("class", "facts")], &format!("{model} · as of {}{notes}", run.date));
    });
}

/// Returns how far the account is ahead of its benchmark, in words.
fn against_benchmark(report: &BacktestReport) -> String {
    let Some(figures) = &report.figures else { return String::new() };
    let Some(benchmark) = &figures.benchmark else { return "no benchmark for these sessions, ".into() };
    match benchmark.excess {
        Some(excess) if excess >= 0.0 => format!("{} ahead of the CSI 300, ", words::points(excess)),
        Some(excess) => format!("{} behind the CSI 300, ", words::points(-excess)),
        None => String::new(),
    }
}

/// Returns the sessions that were traded.
fn window(report: &BacktestReport) -> Option<String> {
    let (first, last) = (report.equity.first()?, report.equity.last()?);
    Some(format!("{} sessions from {} to {}", report.equity.len(), first.date, last.date))
}

/// Writes the figures that a reader compares backtests by.
fn write_headline_figures(page: &mut Markup, report: &BacktestReport) {
    if report.metrics.is_empty() {
        return;
    }
    let benchmark = report.figures.as_ref().and_then(|figures| figures.benchmark.as_ref());
    let excess = or_undefined(benchmark.and_then(|benchmark| benchmark.excess), signed_percent);
    let tiles = [
        ("Sharpe ratio", figure(report, "bt_sharpe")),
        ("deepest drawdown", figure(report, "bt_max_dd")),
        ("return a year", figure(report, "bt_ret_ann")),
        ("against the CSI 300", if benchmark.is_some() { excess } else { "no data".into() }),
        ("rank IC", figure(report, "rank_ic")),
        ("turnover a session", figure(report, "bt_turnover")),
    ];
    page.tag("dl", &[("class", "figures")], |list| {
        for (words, value) in &tiles {
            list.tag("div", &[], |item| {
                item.leaf("dt", &[], words).leaf("dd", &[], value);
            });
        }
    });
}

#[cfg(test)]
mod tests;
