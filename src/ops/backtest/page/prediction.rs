//! What the scores were worth: IC by month, and what each fifth of them earned.

use super::{
    Word,
    words::{coefficient, or_undefined, percent, percent_tick, small_tick},
};
use crate::{
    chart::{BarGroup, BarSeries, Bars, Markup, bars},
    metric::{IcSummary, MonthMean},
    ops::backtest::BacktestReport,
    research::performance::{PredictionFigures, QUANTILES},
    text::{Language, Note},
};

/// A row of the summaries: its name, its numbers, and how its mean is written.
type SummaryRow<'a> = (Word, &'a IcSummary, fn(f64) -> String);

/// Writes IC and quantiles.
pub(super) fn write_prediction(page: &mut Markup, report: &BacktestReport, language: Language) {
    let Some(figures) = &report.figures else { return };
    page.leaf("h2", &[("id", "ic")], Word::Scores.say(language));
    let Some(prediction) = &figures.prediction else {
        page.leaf("p", &[("class", "none")], Word::NoPairs.say(language));
        return;
    };
    write_lead(page, prediction, language);
    write_summaries(page, prediction, language);
    page.leaf("h3", &[], Word::IcByMonth.say(language));
    page.part(&bars(&Bars {
        title: Word::IcByMonthIs.say(language),
        series: &[BarSeries { name: "IC", class: "own" }],
        groups: &prediction.ic_by_month.iter().map(month_group).collect::<Vec<BarGroup>>(),
        height: 150.0,
        ticks: small_tick,
        words: coefficient,
        nothing: Word::NoMonth.say(language),
    }));
    write_quantiles(page, prediction, language);
}

fn write_lead(page: &mut Markup, prediction: &PredictionFigures, language: Language) {
    let left_out = match prediction.untradable {
        0 => Note::default(),
        count => Note::new(Word::Untradable, [&count]),
    };
    let sessions = match prediction.horizon {
        1 => Word::OneSession.into(),
        horizon => Note::new(Word::SeveralSessions, [&horizon]),
    };
    let PredictionFigures { pairs, from, to, label, .. } = prediction;
    let lead = Note::new(Word::Pairs, [pairs, from, to, &left_out, label, &sessions]);
    page.leaf("p", &[("class", "lead")], &lead.say(language));
}

fn write_summaries(page: &mut Markup, prediction: &PredictionFigures, language: Language) {
    let rows: [SummaryRow<'_>; 5] = [
        (Word::IcLabel, &prediction.ic, coefficient),
        (Word::RankIcLabel, &prediction.rank_ic, coefficient),
        (Word::IcReturn, &prediction.return_ic, coefficient),
        (Word::RankIcReturn, &prediction.return_rank_ic, coefficient),
        (Word::Spread, &prediction.spread, percent),
    ];
    page.tag("div", &[("class", "scroll")], |scroll| {
        scroll.tag("table", &[("class", "summaries")], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    row.leaf("th", &[], Word::OfSessions.say(language));
                    for words in [
                        Word::Mean,
                        Word::Deviation,
                        Word::MeanOverDeviation,
                        Word::StudentT,
                        Word::AboveZero,
                        Word::Sessions,
                    ] {
                        row.leaf("th", &[("class", "number")], words.say(language));
                    }
                });
            });
            table.tag("tbody", &[], |body| {
                for (words, summary, unit) in rows {
                    body.tag("tr", &[], |row| {
                        row.leaf("th", &[], words.say(language));
                        let ratio = |value: f64| format!("{value:.2}");
                        for cell in [
                            or_undefined(summary.mean, language, unit),
                            or_undefined(summary.deviation, language, unit),
                            or_undefined(summary.ir, language, ratio),
                            or_undefined(summary.t, language, ratio),
                            or_undefined(summary.positive_share, language, percent),
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

fn write_quantiles(page: &mut Markup, prediction: &PredictionFigures, language: Language) {
    page.leaf("h3", &[], Word::Fifths.say(language));
    let group = |(at, mean): (usize, &Option<f64>)| {
        let label = match at {
            0 => Word::Lowest.say(language).to_owned(),
            at if at + 1 == QUANTILES => Note::new(Word::Best, [&QUANTILES]).say(language),
            at => (at + 1).to_string(),
        };
        BarGroup { label, values: vec![mean.unwrap_or(f64::NAN)] }
    };
    let groups: Vec<BarGroup> = prediction.quantile_returns.iter().enumerate().map(group).collect();
    page.part(&bars(&Bars {
        title: Word::FifthsAre.say(language),
        series: &[BarSeries { name: Word::MeanForward.say(language), class: "own" }],
        groups: &groups,
        height: 150.0,
        ticks: percent_tick,
        words: percent_of_a_fifth,
        nothing: Word::NoFifths.say(language),
    }));
    let order = match prediction.monotonicity {
        None => Word::NotAllFifths.into(),
        Some(value) if value > 0.999 => Word::AllRise.into(),
        Some(value) => Note::new(Word::NotAllRise, [&format!("{value:.2}")]),
    };
    let spread = or_undefined(prediction.spread.mean, language, percent_of_a_fifth);
    let renewed = or_undefined(prediction.top_turnover, language, percent);
    let lead = Note::new(Word::FifthsLead, [&spread, &order, &renewed]);
    page.leaf("p", &[("class", "lead")], &lead.say(language));
}

/// Daily means are small: three decimals.
fn percent_of_a_fifth(share: f64) -> String {
    format!("{:.3} %", (share * 100_000.0).round() / 1000.0 + 0.0)
}
