//! Years as bars and a table, months as a table tinted by their return.

use super::{
    Word,
    curves::legend,
    words::{month, or_undefined, percent, percent_tick, short_percent},
};
use crate::{
    chart::{BarGroup, BarSeries, Bars, Markup, bars},
    ops::backtest::BacktestReport,
    research::performance::{BacktestFigures, YearFigures},
    text::{Language, Note},
};

/// Writes the years.
pub(super) fn write_years(page: &mut Markup, report: &BacktestReport, language: Language) {
    let Some(figures) = &report.figures else { return };
    page.leaf("h2", &[("id", "years")], Word::Years.say(language));
    let has_benchmark = figures.benchmark.is_some();
    let own = BarSeries { name: Word::ThisBacktest.say(language), class: "own" };
    let series = [own, BarSeries { name: Word::Csi300.say(language), class: "benchmark" }];
    if has_benchmark {
        let entries = [("nav", Word::ThisBacktest), ("benchmark", Word::Csi300)];
        legend(page, &entries.map(|(class, words)| (class, words.say(language))));
    }
    let group = |year: &YearFigures| {
        let value = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let mut values = vec![value(year.own.total)];
        values.extend(has_benchmark.then(|| value(year.benchmark)));
        BarGroup { label: year.own.year.to_string(), values }
    };
    let groups: Vec<BarGroup> = figures.years.iter().map(group).collect();
    page.part(&bars(&Bars {
        title: Word::YearBars.say(language),
        series: if has_benchmark { &series } else { &series[..1] },
        groups: &groups,
        height: 170.0,
        ticks: percent_tick,
        words: percent,
        nothing: Word::NoYear.say(language),
    }));
    write_year_table(page, figures, has_benchmark, language);
}

fn write_year_table(page: &mut Markup, figures: &BacktestFigures, has_benchmark: bool, language: Language) {
    let columns = [
        Word::Year,
        Word::Sessions,
        Word::RetTotal,
        Word::Csi300,
        Word::Volatility,
        Word::SharpeShort,
        Word::Drawdown,
        Word::Gains,
    ];
    let is_shown = |at: usize| has_benchmark || at != 3;
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "years")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    for (at, words) in columns.iter().enumerate().filter(|(at, _)| is_shown(*at)) {
                        row.leaf("th", &[("class", if at == 0 { "" } else { "number" })], words.say(language));
                    }
                });
            });
            table.tag("tbody", &[], |body| {
                for year in &figures.years {
                    let own = &year.own;
                    let cells = [
                        own.days.to_string(),
                        or_undefined(own.total, language, percent),
                        or_undefined(year.benchmark, language, percent),
                        or_undefined(own.volatility, language, percent),
                        or_undefined(own.sharpe, language, |value| format!("{value:.2}")),
                        or_undefined(own.max_drawdown, language, percent),
                        or_undefined(own.win_rate, language, percent),
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
pub(super) fn write_months(page: &mut Markup, report: &BacktestReport, language: Language) {
    let Some(figures) = report.figures.as_ref().filter(|figures| !figures.months.is_empty()) else { return };
    page.leaf("h2", &[("id", "months")], Word::Months.say(language));
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "heat")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    row.leaf("th", &[], Word::Year.say(language));
                    for number in 1..=12 {
                        row.leaf("th", &[], month(number, language));
                    }
                    row.leaf("th", &[], Word::Whole.say(language));
                });
            });
            table.tag("tbody", &[], |body| {
                for year in &figures.years {
                    body.tag("tr", &[], |row| write_year_row(row, figures, year, language));
                }
            });
        });
    });
}

fn write_year_row(row: &mut Markup, figures: &BacktestFigures, year: &YearFigures, language: Language) {
    row.leaf("th", &[], &year.own.year.to_string());
    for number in 1..=12 {
        let found = figures.months.iter().find(|own| (own.year, own.month) == (year.own.year, number));
        let Some(found) = found else {
            row.leaf("td", &[("title", Word::NotTraded.say(language))], "");
            continue;
        };
        let total = or_undefined(found.total, language, percent);
        let title = Note::new(Word::OverSessions, [&month(number, language), &year.own.year, &total, &found.days]);
        let class = found.total.map_or("", tint);
        row.leaf("td", &[("class", class), ("title", &title.say(language))], &or_dash(found.total));
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
