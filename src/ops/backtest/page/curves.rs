//! The equity curve beside its benchmark, and the drawdown.

use super::{
    Word, window,
    words::{money_ticks, percent_tick},
};
use crate::{
    chart::{Against, Markup, Panel, line_against},
    market::tick::cny,
    ops::backtest::BacktestReport,
    text::{Language, Note},
};

/// Writes equity and drawdown.
pub(super) fn write_curves(page: &mut Markup, report: &BacktestReport, language: Language) {
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
            caption: Word::NavCaption.say(language),
            class: "nav",
            height: 230.0,
            values: &nav,
            filled: false,
            words: money_ticks(language),
        },
        Panel {
            caption: Word::DrawdownCaption.say(language),
            class: "fall",
            height: 90.0,
            values: &drawdowns,
            filled: true,
            words: percent_tick,
        },
    ];
    let label = window(report).map_or_else(Note::default, |words| Note::new(Word::CurveLabel, [&words])).say(language);
    page.leaf("h2", &[("id", "equity")], Word::CurveTitle.say(language));
    let mut against = Vec::new();
    if benchmark.is_some() {
        let entries = [("nav", Word::ThisBacktest), ("benchmark", Word::SameCapital)];
        legend(page, &entries.map(|(class, words)| (class, words.say(language))));
        against.push(Against { panel: 0, class: "benchmark", values: &held });
    } else if report.figures.is_some() {
        page.leaf("p", &[("class", "none")], Word::NoBenchmark.say(language));
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
