//! The page of models: which is in force for each job, and what its gate said.

use super::{
    View,
    table::{self, Cell},
    words::{NONE, maybe},
};
use crate::{chart::Markup, hud::state::ModelFacts, text::Phrase};

/// Writes the page.
pub(in crate::hud::web) fn models(view: &View<'_>) -> String {
    view.page("/models", view.say(Phrase::Models), |main, view| {
        view.write_fact(main, Phrase::Models, &view.facts.models.summary);
        for model in &view.facts.models.value {
            write_model(main, view, model);
        }
    })
}

fn write_model(main: &mut Markup, view: &View<'_>, model: &ModelFacts) {
    main.leaf("h2", &[], &model.job);
    let none = || NONE.to_owned();
    let gate = match model.gate_passed {
        Some(true) => view.say(Phrase::GatePassed),
        Some(false) => view.say(Phrase::GateRefused),
        None => NONE,
    };
    let figures = [
        (Phrase::Current, model.current.clone().unwrap_or_else(none)),
        (Phrase::Previous, model.previous.clone().unwrap_or_else(none)),
        (Phrase::Gate, gate.to_owned()),
        (Phrase::TrainedFor, model.as_of.map_or_else(none, |date| date.to_string())),
        (Phrase::ChosenBy, model.chosen_by.clone().unwrap_or_else(none)),
        (Phrase::Kept, model.kept.to_string()),
    ];
    main.tag("dl", &[("class", "figures small")], |list| {
        for (phrase, value) in &figures {
            list.tag("div", &[], |pair| {
                pair.leaf("dt", &[], view.say(*phrase)).leaf("dd", &[], value);
            });
        }
    });
    for words in model.error.iter().chain(&model.gate_reasons) {
        main.leaf("p", &[("class", "fact fail")], words);
    }
    if !model.metrics.is_empty() {
        let heads = [(view.say(Phrase::Metric), false), (view.say(Phrase::Value), true)];
        let row = |(name, value): (&String, &Option<f64>)| {
            vec![Cell::text(name.clone()), Cell::number(maybe(*value, |value| format!("{value:.6}")))]
        };
        table::write(main, view.say(Phrase::Metrics), &heads, model.metrics.iter().map(row).collect());
    }
}
