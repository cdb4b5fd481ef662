//! The report of a backtest as one HTML page: it needs no network and no other file, reads well on paper
//! and in the dark. The verdict comes first, then the curve, then what the numbers do not say.

use std::collections::{BTreeMap, BTreeSet};

use super::BacktestReport;
use crate::{
    chart::{Markup, Panel, line},
    market::tick::cny,
    store::StageStatus,
};

/// The look of the page.
const STYLE: &str = include_str!("page.css");

/// How a figure is written.
#[derive(Clone, Copy)]
enum Unit {
    /// A share as percent.
    Percent,
    /// A ratio.
    Ratio,
    /// A count of sessions or trades.
    Count,
}

/// The figures of the page, the weightiest first: metric, words, unit.
const FIGURES: [(&str, &str, Unit); 17] = [
    ("bt_ret_total", "return", Unit::Percent),
    ("bt_ret_ann", "return a year", Unit::Percent),
    ("bt_vol_ann", "volatility a year", Unit::Percent),
    ("bt_sharpe", "Sharpe ratio", Unit::Ratio),
    ("bt_sortino", "Sortino ratio", Unit::Ratio),
    ("bt_calmar", "Calmar ratio", Unit::Ratio),
    ("bt_max_dd", "greatest drawdown", Unit::Percent),
    ("bt_max_dd_days", "longest drawdown, sessions", Unit::Count),
    ("bt_win_rate", "sessions with a gain", Unit::Percent),
    ("bt_avg_win", "mean gain of a session", Unit::Percent),
    ("bt_avg_loss", "mean loss of a session", Unit::Percent),
    ("bt_profit_factor", "gains over losses", Unit::Ratio),
    ("bt_turnover", "turnover a session", Unit::Percent),
    ("bt_trades", "fills", Unit::Count),
    ("bt_alpha", "alpha a year", Unit::Percent),
    ("bt_beta", "beta", Unit::Ratio),
    ("bt_ir", "information ratio", Unit::Ratio),
];

/// Returns `backtest_<run id>.html`.
pub(super) fn html(report: &BacktestReport) -> String {
    let mut page = Markup::new();
    page.raw("<!doctype html>\n").tag("html", &[("lang", "en")], |page| {
        page.tag("head", &[], |head| write_head(head, report));
        page.tag("body", &[], |body| {
            body.tag("main", &[], |page| {
                write_verdict(page, report);
                write_figures(page, report);
                write_curves(page, report);
                write_refusals(page, report);
                write_notes(page, report);
                write_stages(page, report);
                write_about(page, report);
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
        format!("Return {}", figure(report, "bt_ret_total", Unit::Percent))
    } else {
        "FAILED".into()
    }
}

fn write_verdict(page: &mut Markup, report: &BacktestReport) {
    let run = &report.run;
    let class = if run.success { "verdict good" } else { "verdict bad" };
    page.tag("div", &[("class", class)], |verdict| {
        verdict.leaf("p", &[("class", "kind")], "LightHunter backtest");
        verdict.leaf("h1", &[], &headline(report));
        let reason = if run.success {
            format!(
                "Sharpe {}, greatest drawdown {}, {} fills{}",
                figure(report, "bt_sharpe", Unit::Ratio),
                figure(report, "bt_max_dd", Unit::Percent),
                report.trades,
                window(report).map_or_else(String::new, |words| format!(", {words}"))
            )
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

/// Returns the sessions that were traded.
fn window(report: &BacktestReport) -> Option<String> {
    let (first, last) = (report.equity.first()?, report.equity.last()?);
    Some(format!("{} sessions from {} to {}", report.equity.len(), first.date, last.date))
}

fn figure(report: &BacktestReport, name: &str, unit: Unit) -> String {
    match (report.metrics.get(name).copied().flatten(), unit) {
        (Some(value), Unit::Percent) => percent(value),
        (Some(value), Unit::Ratio) => format!("{value:.2}"),
        (Some(value), Unit::Count) => format!("{value:.0}"),
        (None, _) => "not defined".into(),
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0 + 0.0)
}

fn write_figures(page: &mut Markup, report: &BacktestReport) {
    if report.metrics.is_empty() {
        return;
    }
    page.tag("dl", &[("class", "figures")], |list| {
        for (name, words, unit) in FIGURES.iter().filter(|(name, ..)| report.metrics.contains_key(*name)) {
            list.tag("div", &[("title", name)], |item| {
                item.leaf("dt", &[], words);
                item.leaf("dd", &[], &figure(report, name, *unit));
            });
        }
    });
}

fn write_curves(page: &mut Markup, report: &BacktestReport) {
    if report.equity.is_empty() {
        return;
    }
    let points: Vec<String> = report.equity.iter().map(|day| day.date.to_string()).collect();
    let nav: Vec<f64> = report.equity.iter().map(|day| cny(day.nav)).collect();
    let mut peak = report.equity.first().map_or(0.0, |day| cny(day.nav) / (1.0 + day.ret));
    let drawdown = |nav: &f64| {
        peak = peak.max(*nav);
        if peak > 0.0 { nav / peak - 1.0 } else { 0.0 }
    };
    let drawdowns: Vec<f64> = nav.iter().map(drawdown).collect();
    let panels = [
        Panel {
            caption: "Net asset value at the close, CNY",
            class: "nav",
            height: 230.0,
            values: &nav,
            filled: false,
            words: thousands,
        },
        Panel {
            caption: "Drawdown from the highest value so far",
            class: "fall",
            height: 90.0,
            values: &drawdowns,
            filled: true,
            words: |share| format!("{:.4} %", share * 100.0).replace(".0000", ""),
        },
    ];
    let label = window(report).map_or_else(String::new, |words| format!("Net asset value and drawdown, {words}"));
    page.leaf("h2", &[], "Equity and drawdown");
    page.part(&line(&label, &points, &panels));
}

/// Writes whole CNY in groups of three digits.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

fn write_refusals(page: &mut Markup, report: &BacktestReport) {
    // A run that ended before its result knows nothing of orders.
    if report.digest.is_none() {
        return;
    }
    page.leaf("h2", &[], "What was not traded as wished");
    let columns: [(&str, &BTreeMap<String, usize>); 3] = [
        ("orders that filled nothing", &report.rejects),
        ("orders that filled in part", &report.cut),
        ("wishes that a limit cut", &report.limited),
    ];
    let reasons: BTreeSet<&String> = columns.iter().flat_map(|(_, counts)| counts.keys()).collect();
    if reasons.is_empty() {
        page.leaf(
            "p",
            &[("class", "none")],
            if report.trades > 0 { "Every order filled whole." } else { "No order was refused." },
        );
        return;
    }
    page.tag("table", &[], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                row.leaf("th", &[], "reason");
                for (words, _) in &columns {
                    row.leaf("th", &[("class", "number")], words);
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for reason in reasons {
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], &reason.replace('_', " "));
                    for (_, counts) in &columns {
                        let count = counts.get(reason).map_or_else(|| "–".into(), ToString::to_string);
                        row.leaf("td", &[("class", "number")], &count);
                    }
                });
            }
        });
    });
}

fn write_notes(page: &mut Markup, report: &BacktestReport) {
    let recovered = report.run.recovered.iter().map(|line| format!("mended before the run: {line}"));
    let overrides = report.run.overrides.iter().map(|line| format!("set for this run only: {line}"));
    let lines: Vec<String> = report.notes.iter().cloned().chain(recovered).chain(overrides).collect();
    if lines.is_empty() {
        return;
    }
    page.leaf("h2", &[], "Notes");
    page.tag("ul", &[("class", "notes")], |list| {
        for note in &lines {
            list.leaf("li", &[], note);
        }
    });
}

fn write_stages(page: &mut Markup, report: &BacktestReport) {
    page.leaf("h2", &[], "Stages");
    page.tag("table", &[("class", "stages")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (words, class) in [
                    ("stage", ""),
                    ("status", ""),
                    ("rows out", "number"),
                    ("seconds", "number"),
                    ("what it found", ""),
                ] {
                    row.leaf("th", &[("class", class)], words);
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for stage in &report.run.steps {
                let (words, class) = match stage.status {
                    StageStatus::Done => ("done", ""),
                    StageStatus::Skipped => ("skipped", ""),
                    StageStatus::Failed => ("FAILED", "bad"),
                };
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], stage.name.name());
                    row.leaf("td", &[("class", class)], words);
                    row.leaf("td", &[("class", "number")], &stage.rows_out.to_string());
                    row.leaf("td", &[("class", "number")], &format!("{:.2}", stage.seconds));
                    row.leaf("td", &[], &stage.reason);
                });
            }
        });
    });
}

fn write_about(page: &mut Markup, report: &BacktestReport) {
    let run = &report.run;
    let none = || "none".to_owned();
    let facts = [
        ("run", run.run_id.clone()),
        ("experiment", report.experiment_id.clone().unwrap_or_else(none)),
        ("model", report.model_id.clone().unwrap_or_else(none)),
        ("started", format!("{}, took {:.1} s", run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"), run.seconds)),
        ("commit", run.git_commit.clone()),
        ("config digest", run.config_digest.to_string()),
        ("input digest", run.input_digest.map_or_else(none, |digest| digest.to_string())),
        ("backtest digest", report.digest.map_or_else(none, |digest| digest.to_string())),
        ("run digest", run.result_digest.map_or_else(none, |digest| digest.to_string())),
    ];
    page.leaf("h2", &[], "Where it comes from");
    page.tag("dl", &[("class", "about")], |list| {
        for (name, value) in &facts {
            list.leaf("dt", &[], name);
            list.leaf("dd", &[], value);
        }
    });
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
