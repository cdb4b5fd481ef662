//! The equity curve beside its benchmark, and the drawdown.

use super::{
    window,
    words::{money_tick, percent_tick},
};
use crate::{
    chart::{Against, Markup, Panel, line_against},
    market::tick::cny,
    ops::backtest::BacktestReport,
};

/// Writes equity and drawdown.
pub(super) fn write_curves(page: &mut Markup, report: &BacktestReport) {
    if report.equity.is_empty() {
        return;
    }
    let points: Vec<String> = report.equity.iter().map(|day| day.date.to_string()).collect();
    let nav: Vec<f64> = report.equity.iter().map(|day| cny(day.nav)).collect();
    let capital = report.equity.first().map_or(0.0, |day| cny(day.nav) / (1.0 + day.ret));
    let mut peak = capital;
    let drawdown = |nav: &f64| {
        peak = peak.max(*nav);
        if peak > 0.0 { nav / peak - 1.0 } else { 0.0 }
    };
    let drawdowns: Vec<f64> = nav.iter().map(drawdown).collect();
    let benchmark = report.figures.as_ref().and_then(|figures| figures.benchmark.as_ref());
    let mut worth = capital;
    let held = |ret: &f64| {
        worth *= 1.0 + ret;
        worth
    };
    let held: Vec<f64> = benchmark.map(|benchmark| benchmark.returns.iter().map(held).collect()).unwrap_or_default();
    let panels = [
        Panel {
            caption: "Net asset value at the close, CNY",
            class: "nav",
            height: 230.0,
            values: &nav,
            filled: false,
            words: money_tick,
        },
        Panel {
            caption: "Drawdown from the highest value so far",
            class: "fall",
            height: 90.0,
            values: &drawdowns,
            filled: true,
            words: percent_tick,
        },
    ];
    let label = window(report).map_or_else(String::new, |words| format!("Net asset value and drawdown, {words}"));
    page.leaf("h2", &[("id", "equity")], "Equity and drawdown");
    let mut against = Vec::new();
    if benchmark.is_some() {
        legend(page, &[("nav", "this backtest"), ("benchmark", "the same capital in the CSI 300")]);
        against.push(Against { panel: 0, class: "benchmark", values: &held });
    } else if report.figures.is_some() {
        let reason = "Without a benchmark: the stores do not have the CSI 300 (000300.SH) on every session traded.";
        page.leaf("p", &[("class", "none")], reason);
    }
    page.part(&line_against(&label, &points, &panels, &against));
}

/// Writes which colour stands for what.
pub(super) fn legend(page: &mut Markup, entries: &[(&'static str, &str)]) {
    page.tag("p", &[("class", "legend")], |list| {
        for (class, words) in entries {
            list.tag("span", &[], |entry| {
                entry.tag("i", &[("class", class)], |_| {});
                entry.text(words);
            });
        }
    });
}
