//! Tests of datasets that go on: what comes out is what a build from the start gives.

use std::path::Path;

use super::EarlierDataset;
use crate::{
    durable,
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel},
    model::{FillWith, Processor},
    research::{
        dataset::{Dataset, DatasetRule, SavedDataset, SplitSpec, build},
        factor::{self, FactorFrame},
        label::{self, LabelFrame},
        testing::{NEXT_RETURN, core_set, label_spec, random_bars},
    },
};

const STEP: usize = 20;

fn rule(processors: &[Processor], keep_missing: bool) -> DatasetRule {
    let split = SplitSpec { step_sessions: STEP, embargo_sessions: 1, ..SplitSpec::default() };
    DatasetRule { split, processors: processors.to_vec(), keep_missing, ..DatasetRule::of("R1") }
}

/// Returns the panel of the first `days` sessions, with the symbol at `late` listed at session 118.
fn panel(days: usize) -> DailyPanel {
    let bars = random_bars(8, 140);
    let all = DailyPanel::from_bars(&bars);
    let (late, listed) = (all.symbols()[3], all.dates()[118]);
    let there = |bar: &&DailyBar| bar.date <= all.dates()[days - 1] && (bar.symbol != late || bar.date >= listed);
    DailyPanel::from_bars(&bars.iter().filter(there).cloned().collect::<Vec<_>>())
}

fn frames(panel: &DailyPanel, first: usize) -> (FactorFrame, LabelFrame) {
    let factors = factor::compute_from(&core_set(), panel, first, 1).expect("factors");
    (factors, label::compute(&label_spec(&[NEXT_RETURN]), panel).expect("labels"))
}

fn full(days: usize, rule: &DatasetRule, directory: &Path) -> SavedDataset {
    let (factors, labels) = frames(&panel(days), 0);
    build(&factors, &labels, rule).expect("built").write(directory).expect("written")
}

#[test]
fn dataset_that_goes_on_is_the_one_built_from_the_start() {
    let fill = [Processor::RankByDay, Processor::Fill { with: FillWith::Zero }];
    let trees = [Processor::ZscoreByDay];
    for rule in [rule(&Processor::DEFAULT, false), rule(&fill, false), rule(&trees, true)] {
        for (from, to) in [(117, 118), (117, 119), (120, 121), (121, 126), (125, 125), (130, 139)] {
            let room = tempfile::tempdir().expect("a directory");
            let (earlier, later, anew) = (room.path().join("a"), room.path().join("b"), room.path().join("c"));
            let saved = full(from, &rule, &earlier);
            let (_, labels) = frames(&panel(from), 0);
            let (_, settled) = rule.sessions(&labels).expect("split");
            assert_eq!(settled, from - 1);
            let expected = full(to, &rule, &anew);
            let (factors, labels) = frames(&panel(to), settled);
            let opened = EarlierDataset::open(&earlier, &saved.manifest, &saved.marks).expect("sound");
            let extended = opened.extend(&factors, &labels, &rule).expect("it goes on");
            assert_eq!(extended.digest(), expected.digests.whole(), "{from} to {to}, {:?}", rule.processors);
            let written = extended.write(&later).expect("written");
            assert_eq!(written.digests, expected.digests);
            let (own, anew) = (Dataset::read(&later).expect("sound"), Dataset::read(&anew).expect("sound"));
            assert_eq!(format!("{own:?}"), format!("{anew:?}"), "{from} to {to}, {:?}", rule.processors);
            assert_eq!(extended.first_test_date(), anew.first_test_date());
            assert_eq!((extended.parts(), extended.features()), (&anew.parts, anew.feature_names.len()));
        }
    }
}

#[test]
fn two_steps_and_the_same_day_again_give_the_same_files() {
    let rule = rule(&Processor::DEFAULT, false);
    let room = tempfile::tempdir().expect("a directory");
    let place = |days: usize| room.path().join(days.to_string());
    let mut saved = full(121, &rule, &place(121));
    let names = |days: usize| {
        let entries = std::fs::read_dir(place(days)).expect("listed").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("test_")).count()
    };
    for (from, to) in [(121, 123), (123, 124), (124, 124)] {
        let (factors, labels) = frames(&panel(to), from - 1);
        let opened = EarlierDataset::open(&place(from), &saved.manifest, &saved.marks).expect("sound");
        let extended = opened.extend(&factors, &labels, &rule).expect("it goes on");
        assert_eq!(extended.last_added().is_some(), from < to);
        saved = extended.write(&place(to)).expect("written");
    }
    assert_eq!((names(123), names(124)), (1, 2));
    let anew = full(124, &rule, &place(124));
    assert_eq!(anew.digests, saved.digests);
    assert_eq!(names(124), 0, "a build from the start leaves nothing of the earlier one");
    assert!(Dataset::read(&place(123)).is_ok(), "the files that others link to are not changed");
}

#[test]
fn changed_file_another_split_and_other_sessions_are_refused() {
    let rule = rule(&Processor::DEFAULT, false);
    let room = tempfile::tempdir().expect("a directory");
    let saved = full(121, &rule, room.path());
    let opened = EarlierDataset::open(room.path(), &saved.manifest, &saved.marks).expect("sound");
    let (factors, labels) = frames(&panel(140), 120);
    let error = opened.extend(&factors, &labels, &rule).expect_err("140 sessions are split anew");
    assert!(error.to_string().contains("split"), "{error}");
    let (factors, _) = frames(&panel(123), 120);
    assert!(opened.extend(&factors, &labels, &rule).is_err(), "the factors end before the labels");
    for name in ["train.parquet", "valid.parquet", "test.parquet", "MANIFEST.json"] {
        let path = room.path().join(name);
        let good = std::fs::read(&path).expect("readable");
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        for bytes in [&bad[..], &good[..good.len() - 1]] {
            durable::replace(&path, bytes).expect("damaged");
            let error = EarlierDataset::open(room.path(), &saved.manifest, &saved.marks).expect_err(name);
            assert_eq!(error.exit(), Exit::Corrupt, "{name}: {error}");
        }
        durable::replace(&path, &good).expect("restored");
        EarlierDataset::open(room.path(), &saved.manifest, &saved.marks).expect("the same bytes, written again");
    }
}

#[test]
fn file_that_bears_its_mark_is_not_read_until_its_rows_are() {
    let rule = rule(&Processor::DEFAULT, false);
    let room = tempfile::tempdir().expect("a directory");
    let saved = full(121, &rule, room.path());
    let path = room.path().join("train.parquet");
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
    let mut bytes = std::fs::read(&path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    durable::replace(&path, &bytes).expect("damaged");
    std::fs::File::open(&path).and_then(|file| file.set_modified(modified)).expect("set back");
    EarlierDataset::open(room.path(), &saved.manifest, &saved.marks).expect("what lies beneath is not looked at");
    let none = std::collections::BTreeMap::new();
    assert!(EarlierDataset::open(room.path(), &saved.manifest, &none).is_err(), "without marks every byte is");
    assert_eq!(Dataset::read(room.path()).expect_err("read").exit(), Exit::Corrupt);
    std::fs::remove_file(&path).expect("removed");
    assert!(EarlierDataset::open(room.path(), &saved.manifest, &saved.marks).is_err(), "a missing file is seen");
}
