//! The report of hand-made judgements: the verdict first, in every form and language.

use super::{bounds, markdown, page};
use crate::{
    config::{DataSchema, Entity, ValueRule},
    data::guardian::{
        Known, Thresholds, examine,
        omega::{Omega, OmegaRules, judge},
    },
    market::{Calendar, SecurityHistory, SourceBar},
    source::{SimulatedSpec, simulated},
    text::Language,
};

fn omega(is_broken: bool) -> Omega {
    let spec = SimulatedSpec { symbols: 12, days: 40, minute_days: 0, ..SimulatedSpec::default() };
    let data = simulated::generate(&spec).expect("made");
    let mut bars = data.daily;
    if is_broken {
        bars.iter_mut().take(60).for_each(|bar| bar.high = bar.low / 2.0);
    }
    let history = SecurityHistory::of(&data.securities);
    let known = Known { actions: &data.actions, history: &history };
    let report = examine(&bars, known, Calendar::builtin(), &Thresholds::default()).expect("examined");
    let mut sources = Vec::new();
    for (name, factor) in [("a", 1.0), ("b<i>", 1.0), ("c", 1.05)] {
        sources.extend(bars.iter().skip(200).map(|bar| {
            let mut bar = bar.clone();
            (bar.source, bar.adj_factor) = (name.into(), f64::NAN);
            bar.amount = bar.amount.map(|amount| amount * factor);
            let received_at = format!("{}T09:00:00Z", bar.date).parse().expect("a time");
            SourceBar { bar, version: 1, received_at }
        }));
    }
    judge(&bars, &report, &sources, (known, Calendar::builtin()), &OmegaRules::default()).expect("judged")
}

#[test]
fn verdict_comes_first_in_every_form() {
    for (is_broken, words, class) in
        [(false, "The daily bars may be used", "verdict good"), (true, "REFUSED", "verdict bad")]
    {
        let omega = omega(is_broken);
        assert_eq!(omega.passed, !is_broken);
        let text = markdown::markdown(&omega, Language::English);
        assert!(text.starts_with(&format!("# {words}")), "{text}");
        let page = page::html(&omega, Language::English);
        let body = page.split_once("<main>").expect("a body").1;
        assert!(body.starts_with(&format!("<header class=\"{class}\">")), "{body}");
        assert!(!page.contains("b<i>") && page.contains("b&lt;i&gt;"), "names of sources are escaped");
        assert!(text.contains("| c | amount |") && text.contains("+5.0000 %"), "{text}");
        let json = serde_json::to_value(&omega).expect("JSON");
        assert_eq!(json["passed"], !is_broken);
        assert!(json["global"]["total"].is_number() && json["top_worst"]["by_source"][0]["of"] == "c.amount", "{json}");
    }
}

#[test]
fn chinese_report_has_no_english_sentence() {
    let text = markdown::markdown(&omega(false), Language::Chinese);
    assert!(text.starts_with("# 日线数据可以使用"), "{text}");
    assert!(!text.contains("rows of") && !text.contains("Worst"), "{text}");
    assert!(page::html(&omega(false), Language::Chinese).contains("lang=\"zh"));
}

#[test]
fn bounds_are_those_of_the_schema() {
    let rule = ValueRule { gt: Some(0.0), lt: Some(50.0), ..ValueRule::default() };
    let rules = [("close".to_owned(), rule)].into();
    let entity = Entity { key: vec![], fields: vec![], rules, sources: std::collections::BTreeMap::new() };
    let schema = DataSchema { entities: [("daily_bar".to_owned(), entity)].into() };
    let bounds = bounds(&schema);
    assert_eq!((bounds[3].gt, bounds[3].lt, bounds[0].gt), (Some(0.0), Some(50.0), None));
    let mut bars =
        simulated::generate(&SimulatedSpec { symbols: 3, days: 30, minute_days: 0, ..SimulatedSpec::default() })
            .expect("made")
            .daily;
    bars.retain(|bar| bar.close < 100.0);
    let above = bars.iter().filter(|bar| bar.close >= 50.0).count();
    bars[0].volume = Some(-1);
    let thresholds = Thresholds { bounds, ..Thresholds::default() };
    let history = SecurityHistory::default();
    let known = Known { actions: &[], history: &history };
    let report = examine(&bars, known, Calendar::builtin(), &thresholds).expect("examined");
    assert_eq!(report.count(crate::data::guardian::Rule::OutOfBounds), above);
}
