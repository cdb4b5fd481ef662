//! Tests of the dataset: what is left out and why, and how time splits it.

use super::{Dataset, DatasetRule, build};
use crate::{
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel},
    model::{FillWith, Processor},
    research::{
        ResearchError,
        dataset::{Bounds, SplitSpec},
        factor::{self, FactorFrame},
        label::{self, Entry, LabelFrame},
        testing::{NEXT_RETURN, core_set, label_spec, random_bars},
    },
};

fn frames(bars: &[DailyBar]) -> (FactorFrame, LabelFrame) {
    let panel = DailyPanel::from_bars(bars);
    let labels = label_spec(&[NEXT_RETURN]);
    let factors = factor::compute(&core_set(), &panel).expect("factors");
    (factors, label::compute(&labels, &panel).expect("labels"))
}

fn dataset(bars: &[DailyBar]) -> Result<Dataset, ResearchError> {
    let (factors, labels) = frames(bars);
    build(&factors, &labels, &DatasetRule::of("R1"))
}

#[test]
fn rows_are_whole_sorted_and_every_cell_is_accounted_for() {
    let bars = random_bars(8, 200);
    let dataset = dataset(&bars).expect("built");
    let width = dataset.feature_names.len();
    assert_eq!(dataset.features.len(), dataset.keys.len() * width);
    assert!(dataset.features.iter().chain(&dataset.label).all(|value| value.is_finite()));
    assert!(dataset.keys.is_sorted_by_key(|(symbol, date)| (*date, *symbol)));
    let excluded: usize = dataset.excluded.values().sum();
    assert_eq!(dataset.keys.len() + excluded, 8 * 200, "{:?}", dataset.excluded);
    for reason in ["label_missing", "purge_or_embargo", "feature_missing:F_gap_open"] {
        assert!(dataset.excluded.contains_key(reason), "{reason}: {:?}", dataset.excluded);
    }
}

#[test]
fn parts_are_apart_by_the_purge() {
    let dataset = dataset(&random_bars(8, 200)).expect("built");
    let parts = &dataset.parts;
    assert!(parts.train.end == parts.valid.start && parts.valid.end == parts.test.start);
    assert_eq!(parts.test.end, dataset.keys.len());
    let dates = DailyPanel::from_bars(&random_bars(8, 200)).dates().to_vec();
    let session = |row: usize| dates.binary_search(&dataset.keys[row].1).expect("a session");
    assert!(session(parts.train.end - 1) + 1 < session(parts.valid.start));
    assert!(session(parts.valid.end - 1) + 1 < session(parts.test.start));
}

#[test]
fn scaling_knows_the_training_rows_only() {
    let bars = random_bars(8, 200);
    let schema = dataset(&bars).expect("built").schema;
    let mut wild = bars.clone();
    let last = wild.iter().map(|bar| bar.date).max().expect("some");
    wild.iter_mut().filter(|bar| bar.date == last).for_each(|bar| bar.high *= 3.0);
    let changed = dataset(&wild).expect("built");
    assert_eq!(changed.schema, schema);
    for (at, feature) in schema.features.iter().enumerate() {
        let train = changed.rows(changed.parts.train.clone());
        let scaled: Vec<f64> = train.iter().skip(at).step_by(schema.features.len()).copied().collect();
        let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
        // Rows that another factor took away were fitted on too.
        assert!(mean.abs() < 0.1, "{}: {mean}", feature.name);
    }
}

#[test]
fn leak_planted_after_the_training_part_changes_nothing_that_was_fitted() {
    let bars = random_bars(8, 200);
    let (factors, labels) = frames(&bars);
    let fill = Processor::Fill { with: FillWith::Median };
    let lists: [&[Processor]; 4] = [
        &Processor::DEFAULT,
        &[Processor::WinsoriseMad { deviations: 3.0 }, fill, Processor::ZscoreTrain],
        &[fill, Processor::WinsoriseQuantile { tail: 0.2 }],
        &[Processor::RankByDay, Processor::ZscoreTrain, Processor::Fill { with: FillWith::Zero }],
    ];
    for processors in lists {
        let rule = DatasetRule { processors: processors.to_vec(), ..DatasetRule::of("R1") };
        let before = build(&factors, &labels, &rule).expect("built");
        let days = factors.dates.len();
        let trained_until = before.keys[before.parts.train.end - 1].1;
        let last = factors.dates.binary_search(&trained_until).expect("a session");
        let planted = |from: usize| {
            let mut wild = factors.clone();
            for column in &mut wild.columns {
                column.iter_mut().enumerate().filter(|(cell, _)| cell % days >= from).for_each(|(cell, value)| {
                    *value = *value * -1e3 + cell as f64;
                });
            }
            build(&wild, &labels, &rule).expect("built")
        };
        // From the day after the last training label's day on, whatever the factors say is the future.
        let after = planted(last + 1);
        assert_eq!(after.schema, before.schema, "{processors:?}");
        let bits = |dataset: &Dataset| {
            let rows = dataset.rows(dataset.parts.train.clone());
            rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(&after), bits(&before), "{processors:?}");
        assert_ne!(after.digest(), before.digest(), "the later parts see what was planted");
        assert_ne!(planted(last).schema, before.schema, "the control: a training day is seen: {processors:?}");
    }
}

#[test]
fn label_that_reads_no_future_is_purged_for_the_open_that_makes_it_tradable() {
    let rule = DatasetRule::of("R1");
    assert_eq!((rule.reach(0), rule.reach(3)), (1, 3));
    assert_eq!(DatasetRule { tradable_only: false, ..rule }.reach(0), 0);
}

#[test]
fn column_that_processing_makes_constant_is_dropped() {
    let (mut factors, labels) = frames(&random_bars(8, 200));
    let days = factors.dates.len();
    // A number of the whole market has no rank within a day.
    let column = &mut factors.columns[0];
    column.iter_mut().enumerate().for_each(|(cell, value)| *value = (cell % days) as f64);
    let name = factors.names[0].clone();
    let rule = DatasetRule { processors: vec![Processor::RankByDay], ..DatasetRule::of("R1") };
    let dataset = build(&factors, &labels, &rule).expect("built");
    let dropped = dataset.dropped.iter().find(|column| column.name == name).expect("dropped");
    assert!(dropped.reason.contains("once processed"), "{dropped:?}");
    assert!(!dataset.feature_names.contains(&name));
}

#[test]
fn processor_out_of_range_is_a_config_error() {
    let (factors, labels) = frames(&random_bars(8, 100));
    let processors = vec![Processor::WinsoriseQuantile { tail: 0.7 }];
    let rule = DatasetRule { processors, ..DatasetRule::of("R1") };
    assert_eq!(build(&factors, &labels, &rule).expect_err("tail").exit(), Exit::Config);
}

#[test]
fn columns_without_content_are_dropped_with_a_reason() {
    let mut bars = random_bars(8, 200);
    for bar in &mut bars {
        bar.amount = None;
        // Prices that never come near their limit: the factor is one value.
        bar.preclose = Some(1000.0);
    }
    let dataset = dataset(&bars).expect("built");
    let reason = |name: &str| dataset.dropped.iter().find(|column| column.name == name).map(|column| &column.reason);
    assert!(reason("F_amt_ratio_5d").is_some_and(|reason| reason.contains("amount is null")));
    assert!(reason("F_limit_up_freq_5d").is_some_and(|reason| reason.contains("one value")));
    assert_eq!(dataset.feature_names.len() + dataset.dropped.len(), 13);
}

#[test]
fn sparse_column_does_not_take_the_rows_with_it() {
    let mut bars = random_bars(8, 200);
    let late = bars.iter().map(|bar| bar.date).nth(100).expect("some");
    bars.iter_mut().filter(|bar| bar.date < late).for_each(|bar| bar.amount = None);
    let dataset = dataset(&bars).expect("built");
    let dropped = dataset.dropped.iter().find(|column| column.name == "F_amt_ratio_5d").expect("dropped");
    assert!(dropped.reason.contains("% of the training part is missing"), "{dropped:?}");
    assert!(dataset.parts.train.len() > 500);
}

#[test]
fn rows_nobody_could_buy_are_left_out() {
    let (factors, mut labels) = frames(&random_bars(8, 200));
    labels.entry.fill(Entry::Open);
    labels.entry[100..150].fill(Entry::LimitUp);
    let with = |tradable_only| {
        let rule = DatasetRule { tradable_only, ..DatasetRule::of("R1") };
        build(&factors, &labels, &rule).expect("built")
    };
    assert!(with(true).excluded.contains_key("entry_limit_up"));
    assert!(with(true).keys.len() < with(false).keys.len());
}

#[test]
fn nothing_to_learn_from_says_what_took_the_rows() {
    let error = dataset(&random_bars(4, 4)).expect_err("too short");
    assert_eq!(error.exit(), Exit::DataRefused);
    let (factors, mut labels) = frames(&random_bars(8, 200));
    labels.labels[0].values.fill(f64::NAN);
    let error = build(&factors, &labels, &DatasetRule::of("R1")).expect_err("no label");
    assert!(error.to_string().contains("no value in the training part"), "{error}");
    let bounds = Bounds::Fractions { train: 0.9, valid: 0.001 };
    let rule = DatasetRule { split: SplitSpec { bounds, ..SplitSpec::default() }, ..DatasetRule::of("R1") };
    let (factors, labels) = frames(&random_bars(8, 200));
    let error = build(&factors, &labels, &rule).expect_err("no validation rows").to_string();
    assert!(error.contains("valid") && error.contains("label_missing"), "{error}");
}

#[test]
fn frames_of_different_panels_are_refused() {
    let (factors, _) = frames(&random_bars(8, 100));
    let (_, labels) = frames(&random_bars(7, 100));
    let error = build(&factors, &labels, &DatasetRule::of("R1")).expect_err("they differ");
    assert!(matches!(error, ResearchError::Layout { .. }), "{error}");
}
