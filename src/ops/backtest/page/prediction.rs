//! What the scores were worth: IC by month, and what each fifth of them earned.

use super::words::{coefficient, or_undefined, percent, percent_tick, small_tick};
use crate::{
    chart::{BarGroup, BarSeries, Bars, Markup, bars},
    metric::{IcSummary, MonthMean},
    ops::backtest::BacktestReport,
    research::performance::{PredictionFigures, QUANTILES},
};

/// A row of the summaries: its name, its numbers, and how its mean is written.
type SummaryRow<'a> = (&'a str, &'a IcSummary, fn(f64) -> String);

/// Writes IC and quantiles.
pub(super) fn write_prediction(page: &mut Markup, report: &BacktestReport) {
    let Some(figures) = &report.figures else { return };
    page.leaf("h2", &[("id", "ic")], "What the scores were worth");
    let Some(prediction) = &figures.prediction else {
        page.leaf(
            "p",
            &[("class", "none")],
            "No session before a traded one is in the panel, so no score has a label.",
        );
        return;
    };
    write_lead(page, prediction);
    write_summaries(page, prediction);
    page.leaf("h3", &[], "IC by month");
    page.part(&bars(&Bars {
        title: "Mean of the sessions' IC, by calendar month",
        series: &[BarSeries { name: "IC", class: "own" }],
        groups: &prediction.ic_by_month.iter().map(month_group).collect::<Vec<BarGroup>>(),
        height: 150.0,
        ticks: small_tick,
        words: coefficient,
        nothing: "No month has an IC: no session has two pairs of score and label that differ.",
    }));
    write_quantiles(page, prediction);
}

fn write_lead(page: &mut Markup, prediction: &PredictionFigures) {
    let left_out = match prediction.untradable {
        0 => String::new(),
        count => format!(" {count} more are left out: the next open could not be bought."),
    };
    let sessions = if prediction.horizon == 1 { "session".into() } else { format!("{} sessions", prediction.horizon) };
    let lead = format!(
        "{} pairs of score and label, {} to {}.{left_out} The label learned is {}; the forward return is that of the \
         next {sessions}, close to close.",
        prediction.pairs, prediction.from, prediction.to, prediction.label
    );
    page.leaf("p", &[("class", "lead")], &lead);
}

fn write_summaries(page: &mut Markup, prediction: &PredictionFigures) {
    let rows: [SummaryRow<'_>; 5] = [
        ("IC, with the label", &prediction.ic, coefficient),
        ("rank IC, with the label", &prediction.rank_ic, coefficient),
        ("IC, with the forward return", &prediction.return_ic, coefficient),
        ("rank IC, with the forward return", &prediction.return_rank_ic, coefficient),
        ("best less worst fifth", &prediction.spread, percent),
    ];
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "summaries")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    row.leaf("th", &[], "of the sessions");
                    for words in ["mean", "deviation", "mean / deviation", "t", "above zero", "sessions"] {
                        row.leaf("th", &[("class", "number")], words);
                    }
                });
            });
            table.tag("tbody", &[], |body| {
                for (words, summary, unit) in rows {
                    body.tag("tr", &[], |row| {
                        row.leaf("th", &[], words);
                        let ratio = |value: f64| format!("{value:.2}");
                        for cell in [
                            or_undefined(summary.mean, unit),
                            or_undefined(summary.deviation, unit),
                            or_undefined(summary.ir, ratio),
                            or_undefined(summary.t, ratio),
                            or_undefined(summary.positive_share, percent),
                            summary.days.to_string(),
                        ] {
                            row.leaf("td", &[("class", "number")], &cell);
                        }
                    });
                }
            });
        });
    });
}

fn month_group(month: &MonthMean) -> BarGroup {
    let label = format!("{}-{:02}", month.year, month.month);
    BarGroup { label, values: vec![month.mean.unwrap_or(f64::NAN)] }
}

fn write_quantiles(page: &mut Markup, prediction: &PredictionFigures) {
    page.leaf("h3", &[], "Forward return by fifth of the scores");
    let group = |(at, mean): (usize, &Option<f64>)| {
        let label = match at {
            0 => "1 (lowest)".to_owned(),
            at if at + 1 == QUANTILES => format!("{QUANTILES} (best)"),
            at => (at + 1).to_string(),
        };
        BarGroup { label, values: vec![mean.unwrap_or(f64::NAN)] }
    };
    let groups: Vec<BarGroup> = prediction.quantile_returns.iter().enumerate().map(group).collect();
    page.part(&bars(&Bars {
        title: "Mean forward return of each fifth of the scores, the lowest scores first",
        series: &[BarSeries { name: "mean forward return", class: "own" }],
        groups: &groups,
        height: 150.0,
        ticks: percent_tick,
        words: percent_of_a_fifth,
        nothing: "No session has as many scores as fifths.",
    }));
    let order = match prediction.monotonicity {
        None => "not all fifths have a return".to_owned(),
        Some(value) if value > 0.999 => "every fifth earned more than the one below (monotonicity 1.00)".into(),
        Some(value) => format!("the fifths do not all rise (monotonicity {value:.2}; 1 would be every step up)"),
    };
    let lead = format!(
        "Best less worst fifth: {} a session on average; {order}. Mean share of the best fifth that is new from one \
         session to the next: {}.",
        or_undefined(prediction.spread.mean, percent_of_a_fifth),
        or_undefined(prediction.top_turnover, percent)
    );
    page.leaf("p", &[("class", "lead")], &lead);
}

/// Daily means are small: three decimals.
fn percent_of_a_fifth(share: f64) -> String {
    format!("{:.3} %", (share * 100_000.0).round() / 1000.0 + 0.0)
}
