//! Years as bars and a table, months as a table tinted by their return.

use super::{
    curves::legend,
    words::{month, or_undefined, percent, percent_tick, short_percent},
};
use crate::{
    chart::{BarGroup, BarSeries, Bars, Markup, bars},
    ops::backtest::BacktestReport,
    research::performance::{BacktestFigures, YearFigures},
};

/// Writes the years.
pub(super) fn write_years(page: &mut Markup, report: &BacktestReport) {
    let Some(figures) = &report.figures else { return };
    page.leaf("h2", &[("id", "years")], "Returns by year");
    let has_benchmark = figures.benchmark.is_some();
    let own = BarSeries { name: "this backtest", class: "own" };
    let series = [own, BarSeries { name: "CSI 300", class: "benchmark" }];
    if has_benchmark {
        legend(page, &[("nav", "this backtest"), ("benchmark", "CSI 300")]);
    }
    let group = |year: &YearFigures| {
        let value = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let mut values = vec![value(year.own.total)];
        values.extend(has_benchmark.then(|| value(year.benchmark)));
        BarGroup { label: year.own.year.to_string(), values }
    };
    let groups: Vec<BarGroup> = figures.years.iter().map(group).collect();
    page.part(&bars(&Bars {
        title: "Return of each calendar year",
        series: if has_benchmark { &series } else { &series[..1] },
        groups: &groups,
        height: 170.0,
        ticks: percent_tick,
        words: percent,
        nothing: "No year has a return: no session was traded.",
    }));
    write_year_table(page, figures, has_benchmark);
}

fn write_year_table(page: &mut Markup, figures: &BacktestFigures, has_benchmark: bool) {
    let columns = ["year", "sessions", "return", "CSI 300", "volatility", "Sharpe", "drawdown", "gains"];
    let is_shown = |at: usize| has_benchmark || at != 3;
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "years")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    for (at, words) in columns.iter().enumerate().filter(|(at, _)| is_shown(*at)) {
                        row.leaf("th", &[("class", if at == 0 { "" } else { "number" })], words);
                    }
                });
            });
            table.tag("tbody", &[], |body| {
                for year in &figures.years {
                    let own = &year.own;
                    let cells = [
                        own.days.to_string(),
                        or_undefined(own.total, percent),
                        or_undefined(year.benchmark, percent),
                        or_undefined(own.volatility, percent),
                        or_undefined(own.sharpe, |value| format!("{value:.2}")),
                        or_undefined(own.max_drawdown, percent),
                        or_undefined(own.win_rate, percent),
                    ];
                    body.tag("tr", &[], |row| {
                        row.leaf("th", &[], &own.year.to_string());
                        for (_, cell) in cells.iter().enumerate().filter(|(at, _)| is_shown(at + 1)) {
                            row.leaf("td", &[("class", "number")], cell);
                        }
                    });
                }
            });
        });
    });
}

/// Writes the months, a row a year.
pub(super) fn write_months(page: &mut Markup, report: &BacktestReport) {
    let Some(figures) = report.figures.as_ref().filter(|figures| !figures.months.is_empty()) else { return };
    page.leaf("h2", &[("id", "months")], "Returns by month, percent");
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "heat")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    row.leaf("th", &[], "year");
                    for number in 1..=12 {
                        row.leaf("th", &[], month(number));
                    }
                    row.leaf("th", &[], "year");
                });
            });
            table.tag("tbody", &[], |body| {
                for year in &figures.years {
                    body.tag("tr", &[], |row| write_year_row(row, figures, year));
                }
            });
        });
    });
}

fn write_year_row(row: &mut Markup, figures: &BacktestFigures, year: &YearFigures) {
    row.leaf("th", &[], &year.own.year.to_string());
    for number in 1..=12 {
        let found = figures.months.iter().find(|own| (own.year, own.month) == (year.own.year, number));
        let Some(found) = found else {
            row.leaf("td", &[("title", "no session was traded")], "");
            continue;
        };
        let title = format!(
            "{} {}: {} over {} sessions",
            month(number),
            year.own.year,
            or_undefined(found.total, percent),
            found.days
        );
        let class = found.total.map_or("", tint);
        row.leaf("td", &[("class", class), ("title", &title)], &or_dash(found.total));
    }
    row.leaf("td", &[("class", "total")], &or_dash(year.own.total));
}

fn or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), short_percent)
}

/// Returns the class of a month's cell: the number says it too, so that colour only helps.
fn tint(total: f64) -> &'static str {
    let classes = if total < 0.0 { ["down1", "down2", "down3", "down4"] } else { ["up1", "up2", "up3", "up4"] };
    let [faint, light, strong, full] = classes;
    match total.abs() {
        size if size < 0.000_5 => "",
        size if size < 0.02 => faint,
        size if size < 0.05 => light,
        size if size < 0.1 => strong,
        _ => full,
    }
}

#[cfg(test)]
mod tests {
    use super::tint;

    #[test]
    fn tints_grow_with_the_size_and_follow_the_sign() {
        let shown = [-0.2, -0.05, -0.03, -0.01, 0.0, 0.000_4, 0.01, 0.03, 0.07, 0.5].map(tint);
        assert_eq!(shown, ["down4", "down3", "down2", "down1", "", "", "up1", "up2", "up3", "up4"]);
    }
}
