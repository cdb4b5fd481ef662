//! The page of operations: the last night stage by stage, the last check, the monitor, the config.

use super::{
    View,
    table::{self, Cell},
    words::{NONE, badge, count, instant},
};
use crate::{chart::Markup, text::Phrase};

/// Writes the page.
pub(in crate::hud::web) fn operations(view: &View<'_>) -> String {
    view.page("/operations", view.say(Phrase::Operations), |main, view| {
        main.leaf("h1", &[], view.say(Phrase::Operations));
        view.write_heading(main, Phrase::NightOps);
        view.write_summary(main, &view.facts.night_ops.summary);
        write_stages(main, view);
        view.write_heading(main, Phrase::DayOps);
        view.write_summary(main, &view.facts.day_ops.summary);
        write_checks(main, view);
        view.write_heading(main, Phrase::Monitor);
        view.write_summary(main, &view.facts.monitor.summary);
        write_components(main, view);
        view.write_heading(main, Phrase::Config);
        view.write_summary(main, &view.facts.config.summary);
        let config = &view.facts.config.value;
        main.tag("ul", &[], |list| {
            for line in config.mistakes.iter().chain(&config.warnings) {
                list.leaf("li", &[], line);
            }
        });
    })
}

fn write_stages(main: &mut Markup, view: &View<'_>) {
    let Some(night) = &view.facts.night_ops.value else { return };
    let run = format!("{} · {} · {}", night.run_id, night.status, instant(night.started_at));
    main.leaf("p", &[("class", "quiet")], &run);
    let heads = [
        (view.say(Phrase::Stage), false),
        (view.say(Phrase::Status), false),
        (view.say(Phrase::RowsOut), true),
        (view.say(Phrase::Seconds), true),
        (view.say(Phrase::Remark), false),
    ];
    let row = |stage: &crate::hud::state::StageFacts| {
        vec![
            Cell::text(stage.name.clone()),
            Cell::text(stage.status),
            Cell::number(count(stage.rows_out)),
            Cell::number(format!("{:.2}", stage.seconds)),
            Cell::text(stage.reason.clone()),
        ]
    };
    table::write(main, view.say(Phrase::NightOps), &heads, night.stages.iter().map(row).collect());
}

fn write_checks(main: &mut Markup, view: &View<'_>) {
    let Some(day) = view.facts.day_ops.value.as_ref().filter(|day| !day.items.is_empty()) else { return };
    let heads = [Phrase::Check, Phrase::Status, Phrase::Remark, Phrase::Remedy].map(|phrase| (view.say(phrase), false));
    let row = |item: &crate::hud::state::DayOpsItem| {
        vec![
            Cell::text(item.name.clone()),
            Cell::Part(badge(item.grade, view.language)),
            Cell::text(item.found.clone()),
            Cell::text(item.remedy.clone().unwrap_or_else(|| NONE.into())),
        ]
    };
    table::write(main, view.say(Phrase::DayOps), &heads, day.items.iter().map(row).collect());
}

fn write_components(main: &mut Markup, view: &View<'_>) {
    let Some(monitor) = view.facts.monitor.value.as_ref().filter(|monitor| !monitor.components.is_empty()) else {
        return;
    };
    let heads = [
        (view.say(Phrase::Component), false),
        (view.say(Phrase::Runs), true),
        (view.say(Phrase::Errors), true),
        (view.say(Phrase::Heartbeat), false),
        (view.say(Phrase::LastError), false),
    ];
    let row = |component: &crate::hud::state::ComponentFacts| {
        let last = match (component.last_error_at, &component.last_error) {
            (Some(at), Some(words)) => format!("{}: {words}", instant(at)),
            _ => NONE.to_owned(),
        };
        vec![
            Cell::text(component.component.clone()),
            Cell::number(count(component.runs_total)),
            Cell::number(count(component.errors_total)),
            Cell::text(component.heartbeat.map_or_else(|| NONE.into(), instant)),
            Cell::text(last),
        ]
    };
    table::write(main, view.say(Phrase::Components), &heads, monitor.components.iter().map(row).collect());
}
