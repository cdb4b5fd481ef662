//! Tests of training: fit, evaluation and scores.

use jiff::civil::Date;

use super::{evaluate, predict_rows, predict_scores, scores_of_rows, train, train_with};
use crate::{
    config::FactorSet,
    digest::Digest,
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel, Symbol},
    model::{BoostedTreesParams, Effort, ElasticNetParams, FillWith, Form, Learner, Processor},
    research::{
        dataset::{Dataset, DatasetRule, build},
        factor::{self, FactorFrame},
        label,
        testing::{NEXT_RETURN, core_set, label_spec, random_bars, real_bars},
        zoo::{Action, Decision, Gate, GateRule, ModelZoo, Snapshot, Verdict, model_id},
    },
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
};

fn prepared(bars: &[DailyBar]) -> (FactorFrame, Dataset) {
    prepared_by(bars, &DatasetRule::of("R1"))
}

fn prepared_by(bars: &[DailyBar], rule: &DatasetRule) -> (FactorFrame, Dataset) {
    let panel = DailyPanel::from_bars(bars);
    let factors = factor::compute(&core_set(), &panel).expect("factors");
    let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
    let dataset = build(&factors, &labels, rule).expect("a dataset");
    (factors, dataset)
}

fn trees() -> Learner {
    let params = BoostedTreesParams { rounds: 20, learning_rate: 0.2, ..BoostedTreesParams::default() };
    Learner::BoostedTrees(params)
}

fn bits(scores: &[f64]) -> Vec<u64> {
    scores.iter().map(|score| score.to_bits()).collect()
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
fn same_dataset_and_seed_give_the_same_bytes_on_any_number_of_threads() {
    for learner in [Learner::default(), trees()] {
        let digest = |threads| {
            let (_, dataset) = prepared_by(&random_bars(10, 150), &DatasetRule::of("R1").for_learner(&learner));
            let effort = Effort { seed: Seed(1), threads };
            train_with(&dataset, &learner, effort).expect("trained").digest().expect("sound")
        };
        let one = digest(Some(1));
        assert_eq!([digest(Some(1)), digest(Some(2)), digest(None)], [one; 3], "{}", learner.name());
    }
}

#[test]
fn scores_are_the_predictions_of_the_dataset_s_rows_whatever_the_processors() {
    let fill = |with| Processor::Fill { with };
    let lists: [&[Processor]; 5] = [
        &Processor::DEFAULT,
        &[],
        &[fill(FillWith::Median), Processor::RankByDay],
        &[Processor::WinsoriseMad { deviations: 3.0 }, Processor::ZscoreByDay, fill(FillWith::Zero)],
        &[Processor::WinsoriseQuantile { tail: 0.05 }, Processor::RankByDay, Processor::ZscoreTrain],
    ];
    for processors in lists {
        for learner in [Learner::default(), trees()] {
            let rule = DatasetRule { processors: processors.to_vec(), ..DatasetRule::of("R1") };
            let (factors, dataset) = prepared_by(&random_bars(10, 150), &rule.for_learner(&learner));
            let learner = match learner {
                Learner::ElasticNet(params) => Learner::ElasticNet(ElasticNetParams { penalty: 1e-3, ..params }),
                boosted @ Learner::BoostedTrees(_) => boosted,
            };
            let trained = train(&dataset, &learner, Seed(1)).expect("trained");
            let scores = predict_scores(&trained.model, &factors).expect("scored");
            assert_eq!(scores.len(), 10 * 150);
            let all = 0..dataset.keys.len();
            let of_rows = scores_of_rows(&scores, &factors, &dataset, all.clone());
            assert_eq!(bits(&of_rows), bits(&predict_rows(&trained.model, &dataset, all)), "{processors:?}");
            assert!(of_rows.iter().all(|score| score.is_finite()), "{processors:?}");
            let unknown = |cell: &usize| factors.columns.iter().all(|column| column[*cell].is_nan());
            let absent: Vec<usize> = (0..scores.len()).filter(unknown).collect();
            assert!(!absent.is_empty() && absent.iter().all(|cell| scores[*cell].is_nan()), "{processors:?}");
        }
    }
}

#[test]
fn trees_keep_rows_with_gaps_and_fill_keeps_them_for_the_line() {
    let rows = |rule: DatasetRule| prepared_by(&random_bars(10, 150), &rule).1.keys.len();
    let whole = rows(DatasetRule::of("R1"));
    let with_gaps = rows(DatasetRule::of("R1").for_learner(&trees()));
    let fill = vec![Processor::ZscoreTrain, Processor::Fill { with: FillWith::Zero }];
    assert!(with_gaps > whole, "{with_gaps} {whole}");
    assert_eq!(rows(DatasetRule { processors: fill, ..DatasetRule::of("R1") }), with_gaps);
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
    let verdict = zoo.judge("job", &rule, &trained, &dataset, &factors).expect("no champion yet");
    assert!(verdict.gate.passed && verdict.current.is_none(), "{verdict:?}");
    let as_of = *factors.dates.last().expect("some");
    let id = model_id(as_of, "train-0001").expect("an id");
    zoo.publish(&Snapshot::of("job", &id, &trained, (&dataset, &factors), verdict.gate, as_of).expect("named"))
        .expect("published");
    let at = jiff::Timestamp::UNIX_EPOCH;
    let decision = Decision { action: Action::Gate, at, by: "test".into(), reason: None };
    zoo.promote("job", &id, &decision).expect("promoted");
    let champion = zoo.load_current("job").expect("sound");
    let own = predict_scores(&trained.model, &factors).expect("scored");
    assert_eq!(bits(&champion.scores(&factors).expect("scored")), bits(&own));

    // A model of noise is far below the champion on the same rows.
    let mut noise = trained.clone();
    let Form::Linear { coefficients, .. } = &mut noise.model.form else { panic!("an elastic net") };
    for coefficient in coefficients {
        *coefficient = -*coefficient;
    }
    noise.metrics = evaluate(&noise.model, &dataset, dataset.parts.valid.clone());
    let lenient = GateRule { min_ic: -1.0, min_rank_ic: -1.0, ..rule };
    let Verdict { gate, current } = zoo.judge("job", &lenient, &noise, &dataset, &factors).expect("judged");
    assert!(!gate.passed && gate.reasons[0].contains("below the current model"), "{gate:?}");
    assert_eq!(current, Some((id, as_of)));

    // Trees, made from rows with gaps and by other processors, meet the line on the rows that both score.
    let rule_of_trees = DatasetRule { processors: vec![Processor::RankByDay], ..DatasetRule::of("R1") };
    let (_, mut rows) = prepared_by(&bars, &rule_of_trees.for_learner(&trees()));
    let planted = |key: &(Symbol, Date)| {
        let column = factors.column(&rows.feature_names[1]).expect("there");
        let symbol = factors.symbols.binary_search(&key.0).expect("there");
        column[symbol * factors.dates.len() + factors.dates.binary_search(&key.1).expect("there")]
    };
    let label: Vec<f64> = rows.keys.iter().map(planted).map(|value| if value.is_nan() { 0.0 } else { value }).collect();
    rows.label = label;
    let challenger = train(&rows, &trees(), Seed::DEFAULT).expect("trained");
    let judged = |rule: &GateRule| zoo.judge("job", rule, &challenger, &rows, &factors).expect("judged").gate;
    assert!(judged(&GateRule { champion_tolerance: 0.3, ..rule }).passed);
    let strict = judged(&GateRule { champion_tolerance: 0.0, ..rule });
    assert!(!strict.passed && strict.reasons[0].contains("below the current model's 0.99"), "{strict:?}");

    let mut edited = factors.clone();
    for digest in edited.definitions.values_mut() {
        *digest = Digest::of("another expression");
    }
    let error = champion.scores(&edited).expect_err("other factors under the same names");
    assert!(error.to_string().contains("another definition of F_gap_open, "), "{error}");
    let other = factor::compute(&FactorSet { lookback: 10, ..core_set() }, &DailyPanel::from_bars(&bars));
    let error = champion.scores(&other.expect("computed")).expect_err("another window");
    assert_eq!(error.exit(), Exit::Config, "{error}");
}
