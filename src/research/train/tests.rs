//! Tests of training: fit, evaluation and scores.

use super::{evaluate, predict_scores, train};
use crate::{
    config::FactorSet,
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel},
    model::{ElasticNetParams, Learner},
    research::{
        dataset::{Dataset, DatasetRule, build},
        factor::{self, FactorFrame},
        label,
        testing::{NEXT_RETURN, core_set, label_spec, random_bars, real_bars},
        zoo::{Gate, GateRule, ModelZoo, Snapshot, model_id},
    },
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
};

fn prepared(bars: &[DailyBar]) -> (FactorFrame, Dataset) {
    let panel = DailyPanel::from_bars(bars);
    let factors = factor::compute(&core_set(), &panel).expect("factors");
    let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
    let dataset = build(&factors, &labels, &DatasetRule::of("R1")).expect("a dataset");
    (factors, dataset)
}

#[test]
fn truth_planted_in_a_factor_is_found_out_of_sample() {
    let (_, mut dataset) = prepared(&random_bars(20, 200));
    let width = dataset.feature_names.len();
    let rows: Vec<f64> = dataset.features.chunks(width).map(|row| 0.3 * row[1] - 0.1 * row[0]).collect();
    dataset.label.iter_mut().zip(rows).for_each(|(label, planted)| *label = 0.1 * *label + planted);
    let trained = train(&dataset, &Learner::default(), Seed::DEFAULT).expect("trained");
    let metric = |name: &str| trained.metrics[name].expect(name);
    assert!(metric("ic") > 0.8 && metric("rank_ic") > 0.8 && metric("hit_rate") > 0.75, "{:?}", trained.metrics);
    assert_eq!(metric("n") as usize, dataset.parts.valid.len());
    assert_eq!(metric("train_rows") as usize, dataset.parts.train.len());
}

#[test]
fn same_dataset_and_seed_give_the_same_bytes() {
    let digest = || {
        let (_, dataset) = prepared(&random_bars(10, 150));
        train(&dataset, &Learner::default(), Seed(1)).expect("trained").digest().expect("sound")
    };
    assert_eq!(digest(), digest());
}

#[test]
fn scores_are_the_predictions_of_the_dataset_s_rows() {
    let (factors, dataset) = prepared(&random_bars(10, 150));
    let trained = train(&dataset, &Learner::default(), Seed(1)).expect("trained");
    let scores = predict_scores(&trained.model, &factors).expect("scored");
    assert_eq!(scores.len(), 10 * 150);
    let width = dataset.feature_names.len();
    for ((symbol, date), row) in dataset.keys.iter().zip(dataset.features.chunks(width)) {
        let symbol = factors.symbols.binary_search(symbol).expect("there");
        let day = factors.dates.binary_search(date).expect("there");
        assert_eq!(scores[symbol * 150 + day].to_bits(), trained.model.predict(row).to_bits());
    }
    assert!(scores[..5].iter().all(|score| score.is_nan()), "no window is full yet");
}

#[test]
fn frame_without_a_feature_of_the_model_is_refused() {
    let bars = random_bars(10, 150);
    let (_, dataset) = prepared(&bars);
    let trained = train(&dataset, &Learner::default(), Seed(1)).expect("trained");
    let few = FactorSet { factors: vec!["F_gap_open".into()], ..core_set() };
    let factors = factor::compute(&few, &DailyPanel::from_bars(&bars)).expect("computed");
    let error = predict_scores(&trained.model, &factors).expect_err("a feature is missing");
    assert_eq!(error.exit(), Exit::Config);
}

#[test]
fn constant_model_is_refused() {
    let (_, dataset) = prepared(&random_bars(10, 150));
    let learner = Learner::ElasticNet(ElasticNetParams { penalty: 10.0, ..ElasticNetParams::default() });
    let error = train(&dataset, &learner, Seed(1)).expect_err("constant");
    assert_eq!(error.exit(), Exit::DataRefused);
}

#[test]
fn real_panel_gives_a_model_that_passes_the_gate() {
    let Some(bars) = real_bars("daily_2017_2020.parquet") else { return };
    let (factors, dataset) = prepared(&bars);
    let trained = train(&dataset, &Learner::default(), Seed::DEFAULT).expect("trained");
    let test = evaluate(&trained.model, &dataset, dataset.parts.test.clone());
    eprintln!("validation {:?}\ntest {test:?}\nexcluded {:?}", trained.metrics, dataset.excluded);
    assert!(Gate::judge(&GateRule::default(), &trained.metrics, None).passed, "{:?}", trained.metrics);
    let scores = predict_scores(&trained.model, &factors).expect("scored");
    assert!(scores.iter().filter(|score| score.is_finite()).count() > 110_000);
}

#[test]
fn simulated_market_gives_a_model_that_passes_the_gate() {
    let spec = SimulatedSpec { minute_days: 0, ..SimulatedSpec::default() };
    let (_, dataset) = prepared(&generate(&spec).expect("a market").daily);
    assert!(dataset.dropped.is_empty(), "{:?}", dataset.dropped);
    let trained = train(&dataset, &Learner::default(), Seed::DEFAULT).expect("trained");
    assert!(Gate::judge(&GateRule::default(), &trained.metrics, None).passed, "{:?}", trained.metrics);
}

#[test]
fn model_in_force_scores_as_the_one_that_was_trained() {
    let room = tempfile::tempdir().expect("a directory");
    let zoo = ModelZoo::at(room.path());
    let bars = random_bars(20, 200);
    let (factors, mut dataset) = prepared(&bars);
    let width = dataset.feature_names.len();
    let planted: Vec<f64> = dataset.features.chunks(width).map(|row| row[1]).collect();
    dataset.label = planted;
    let trained = train(&dataset, &Learner::default(), Seed::DEFAULT).expect("trained");
    // The planted label is a feature itself, so that a perfect score is no leak here.
    let rule = GateRule { max_rank_ic: 1.0, ..GateRule::default() };
    let gate = zoo.judge("job", &rule, &trained, &dataset).expect("no champion yet");
    assert!(gate.passed, "{gate:?}");
    let as_of = *factors.dates.last().expect("some");
    let id = model_id(as_of, "train-0001").expect("an id");
    zoo.publish(&Snapshot::of("job", &id, &trained, &dataset, gate, as_of).expect("named")).expect("published");
    zoo.promote("job", &id).expect("promoted");
    let champion = zoo.load_current("job").expect("sound");
    let bits = |scores: Vec<f64>| scores.iter().map(|score| score.to_bits()).collect::<Vec<u64>>();
    let own = predict_scores(&trained.model, &factors).expect("scored");
    assert_eq!(bits(champion.scores(&factors).expect("scored")), bits(own));

    // A model of noise is far below the champion on the same rows.
    let mut noise = trained.clone();
    noise.model.coefficients.iter_mut().for_each(|coefficient| *coefficient = -*coefficient);
    noise.metrics = evaluate(&noise.model, &dataset, dataset.parts.valid.clone());
    let gate =
        zoo.judge("job", &GateRule { min_ic: -1.0, min_rank_ic: -1.0, ..rule }, &noise, &dataset).expect("judged");
    assert!(!gate.passed && gate.reasons[0].contains("below the current model"), "{gate:?}");

    let other = factor::compute(&FactorSet { lookback: 10, ..core_set() }, &DailyPanel::from_bars(&bars));
    let error = champion.scores(&other.expect("computed")).expect_err("another window");
    assert_eq!(error.exit(), Exit::Config, "{error}");
}
