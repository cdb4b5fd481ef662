//! The pages of experiments: the newest in a table, and one with its curve and every metric.

use super::{
    View,
    account::worth_and_fall,
    table::{self, Cell},
    words::{NONE, change, instant, kind_words, maybe, percent, ratio},
};
use crate::{
    chart::spark,
    hud::state::{ExperimentFacts, status_words},
    text::Phrase,
};

/// Writes the page of all.
pub(in crate::hud::web) fn experiments(view: &View<'_>) -> String {
    view.page("/experiments", view.say(Phrase::Experiments), |main, view| {
        view.write_fact(main, Phrase::Experiments, &view.facts.experiments.summary);
        let number = |phrase| (view.say(phrase), true);
        let word = |phrase| (view.say(phrase), false);
        let heads = [
            word(Phrase::Experiment),
            word(Phrase::Kind),
            word(Phrase::Status),
            word(Phrase::Session),
            number(Phrase::Return),
            number(Phrase::Sharpe),
            number(Phrase::Drawdown),
            number(Phrase::InformationCoefficient),
            word(Phrase::Curve),
        ];
        let row = |experiment: &ExperimentFacts| row(view, experiment);
        let rows: Vec<Vec<Cell>> = view.facts.experiments.value.iter().map(row).collect();
        if !rows.is_empty() {
            table::write(main, view.say(Phrase::Experiments), &heads, rows);
        }
    })
}

fn row(view: &View<'_>, experiment: &ExperimentFacts) -> Vec<Cell> {
    let metric = |name: &str| experiment.metrics.get(name).copied().flatten();
    let values: Vec<f64> = experiment.curve.iter().map(|point| point.nav).collect();
    let href = view.link(&format!("/experiments/{}", experiment.experiment_id));
    vec![
        Cell::link(&href, &experiment.experiment_id),
        Cell::text(kind_words(experiment.task_type, view.language)),
        Cell::text(status_words(experiment.status, view.language)),
        Cell::text(experiment.as_of.to_string()),
        Cell::number(maybe(metric("bt_ret_total"), change)),
        Cell::number(maybe(metric("bt_sharpe"), ratio)),
        Cell::number(maybe(metric("bt_max_dd"), percent)),
        Cell::number(maybe(metric("ic"), |value| format!("{value:.3}"))),
        Cell::Part(spark(view.say(Phrase::Curve), &values)),
    ]
}

/// Writes the page of one; none where there is no such experiment among the newest.
pub(in crate::hud::web) fn experiment(view: &View<'_>, id: &str) -> Option<String> {
    let found = view.facts.experiments.value.iter().find(|experiment| experiment.experiment_id == id)?;
    let page = view.page("/experiments", &found.experiment_id, |main, view| {
        main.leaf("h1", &[], &found.experiment_id);
        let none = || NONE.to_owned();
        let figures = [
            (Phrase::Kind, kind_words(found.task_type, view.language)),
            (Phrase::Status, status_words(found.status, view.language).to_owned()),
            (Phrase::Session, found.as_of.to_string()),
            (Phrase::Ended, instant(found.ts)),
            (Phrase::Seconds, format!("{:.2}", found.seconds)),
            (Phrase::Job, found.job.clone()),
            (Phrase::Model, found.model_id.clone().unwrap_or_else(none)),
            (Phrase::Seed, found.seed.to_string()),
            (Phrase::Commit, found.git_commit.get(..12).unwrap_or(&found.git_commit).to_owned()),
            (
                Phrase::Digest,
                found
                    .result_digest
                    .as_deref()
                    .map_or_else(none, |digest| digest.get(..12).unwrap_or(digest).to_owned()),
            ),
        ];
        main.tag("dl", &[("class", "figures small")], |list| {
            for (phrase, value) in &figures {
                list.tag("div", &[], |pair| {
                    pair.leaf("dt", &[], view.say(*phrase)).leaf("dd", &[], value);
                });
            }
        });
        if let Some(error) = found.error.as_ref().or(found.curve_error.as_ref()) {
            main.leaf("p", &[("class", "fact fail")], error);
        }
        if let Some(report) = &found.report {
            main.tag("p", &[], |line| {
                line.leaf("a", &[("href", &format!("/reports/{report}"))], view.say(Phrase::OpenReport));
            });
        }
        view.write_heading(main, Phrase::Curve);
        if found.curve.len() < 2 {
            main.leaf("p", &[("class", "quiet")], view.say(Phrase::NoCurve));
        }
        main.part(&worth_and_fall(view, &found.curve));
        view.write_heading(main, Phrase::Metrics);
        let heads = [(view.say(Phrase::Metric), false), (view.say(Phrase::Figure), true)];
        let row = |(name, value): (&String, &Option<f64>)| {
            vec![Cell::text(name.clone()), Cell::number(maybe(*value, |value| format!("{value:.6}")))]
        };
        table::write(main, view.say(Phrase::Metrics), &heads, found.metrics.iter().map(row).collect());
    });
    Some(page)
}
