//! Scores against hand-made tables: what is lost where, and who differs from whom.

use jiff::{Timestamp, civil::Date};

use super::{Omega, OmegaRules, Weights, judge};
use crate::{
    data::{
        guardian::{Known, Thresholds, examine},
        sample::clean_bars,
    },
    market::{Calendar, DailyBar, SecurityHistory, SourceBar},
};

fn judged(bars: &[DailyBar], sources: &[SourceBar], rules: &OmegaRules) -> Omega {
    let history = SecurityHistory::default();
    let known = Known { actions: &[], history: &history };
    let report = examine(bars, known, Calendar::builtin(), &Thresholds::default()).expect("examined");
    judge(bars, &report, sources, (known, Calendar::builtin()), rules).expect("judged")
}

fn delivered(bars: &[DailyBar], source: &str) -> Vec<SourceBar> {
    let received = |date: Date| -> Timestamp { format!("{date}T08:00:00Z").parse().expect("a time") };
    let row = |bar: &DailyBar| SourceBar {
        bar: DailyBar { source: source.into(), adj_factor: f64::NAN, ..bar.clone() },
        version: 1,
        received_at: received(bar.date),
    };
    bars.iter().map(row).collect()
}

fn bars() -> Vec<DailyBar> {
    clean_bars(&["600000.SH", "600004.SH"], 20)
}

#[test]
fn clean_table_of_one_source_has_the_whole_score() {
    let omega = judged(&bars(), &delivered(&bars(), "a"), &OmegaRules::default());
    assert!(omega.passed && omega.dates.is_empty() && omega.top_worst.by_score.is_empty(), "{omega:?}");
    let score = omega.global.score;
    assert_eq!((score.coverage, score.source, score.total), (100.0, None, 100.0), "one source is not compared");
    let own = &omega.agreement.sources["a"];
    assert_eq!((own.score, own.latency_seconds, own.late), (100.0, Some(3600.0), 0));
}

#[test]
fn parts_are_lost_where_the_fault_is() {
    let mut bars = bars();
    bars[10].high = bars[10].low - 0.02;
    bars.remove(21);
    let omega = judged(&bars, &[], &OmegaRules::default());
    let score = omega.global.score;
    assert_eq!(score.coverage, 100.0 * 39.0 / 40.0, "a session of 40 is lost");
    assert_eq!(score.value, 100.0);
    assert_eq!(score.consistency, 100.0 * 38.0 / 39.0, "a row of 39 contradicts itself");
    let total = (0.35 * score.coverage + 0.2 * score.value + 0.2 * score.consistency) / 0.75;
    assert!((score.total - total).abs() < 1e-9);
    assert_eq!(omega.top_worst.by_score.len(), 2);
    assert_eq!(omega.dates.len(), 2);
    let one = OmegaRules {
        weights: Weights { coverage: 0.0, source: 0.0, value: 3.0, consistency: 0.0 },
        ..OmegaRules::default()
    };
    assert_eq!(judged(&bars, &[], &one).global.score.total, 100.0, "only values count");
}

#[test]
fn source_that_differs_is_named_by_field() {
    let bars = bars();
    let mut rows = [delivered(&bars, "a"), delivered(&bars, "b"), delivered(&bars, "c")].concat();
    let lots = rows.iter_mut().filter(|row| &*row.bar.source == "c").take(4);
    lots.for_each(|row| row.bar.amount = row.bar.amount.map(|amount| amount * 1.5));
    let omega = judged(&bars, &rows, &OmegaRules::default());
    let field = &omega.agreement.sources["c"].fields["amount"];
    assert_eq!((field.differ, field.anomalies, field.faulty), (4, 4, 4), "{field:?}");
    assert_eq!(field.score, 90.0);
    assert_eq!(omega.agreement.sources["a"].score, 100.0, "two of three agree, so the third is off");
    assert_eq!(omega.global.score.source, Some(90.0));
    let worst = &omega.top_worst.by_source[0];
    assert_eq!((worst.of.as_str(), worst.why[0]), ("c.amount", ("differ", 4)));
    assert_eq!(omega.agreement.anomalies.len(), 4);
}

#[test]
fn named_reference_decides_between_two() {
    let bars = bars();
    let mut rows = [delivered(&bars, "a"), delivered(&bars, "b")].concat();
    rows[5].bar.close += 0.02;
    rows[5].bar.high += 0.02;
    let mut rules = OmegaRules::default();
    let both = judged(&bars, &rows, &rules).agreement;
    assert_eq!(both.sources["a"].fields["close"].differ + both.sources["b"].fields["close"].differ, 2, "no one knows");
    rules.agreement.reference = Some("a".into());
    let by_a = judged(&bars, &rows, &rules).agreement;
    assert_eq!((by_a.sources["a"].fields["close"].differ, by_a.sources["b"].fields["close"].differ), (0, 1));
    assert!(by_a.sources["a"].score > both.sources["a"].score);
}

#[test]
fn newest_version_counts_and_is_told() {
    let bars = bars();
    let mut rows = delivered(&bars, "a");
    let mut again = rows[3].clone();
    rows[3].bar.close = 99.0;
    (again.version, again.received_at) = (2, "2025-06-01T00:00:00Z".parse().expect("a time"));
    rows.push(again);
    let own = &judged(&bars, &rows, &OmegaRules::default()).agreement.sources["a"];
    assert_eq!((own.rows, own.restated, own.score), (40, 1, 100.0));
}

#[test]
fn series_that_stops_is_not_covered() {
    let mut bars = bars();
    let last = bars[30].date;
    bars.retain(|bar| bar.symbol.to_string() != "600004.SH" || bar.date < last);
    let omega = judged(&bars, &[], &OmegaRules::default());
    assert_eq!(omega.meta.expected, 40);
    assert_eq!(omega.global.score.coverage, 100.0 * 35.0 / 40.0);
}
