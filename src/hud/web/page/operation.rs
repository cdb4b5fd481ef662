//! The page of operations: the last night stage by stage, the last check, the monitor, the config.

use super::{
    View,
    table::{self, Cell},
    words::{NONE, badge, count, instant, moment},
};
use crate::{chart::Markup, hud::state::status_words, text::Phrase};

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
        view.write_heading(main, Phrase::Schedule);
        view.write_summary(main, &view.facts.schedule.summary);
        write_jobs(main, view);
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
    main.tag("p", &[("class", "quiet")], |line| {
        line.text(&format!("{} · {} · ", night.run_id, status_words(night.status, view.language)))
            .part(&view.aged(night.started_at));
    });
    let heads = [
        (view.say(Phrase::Stage), false),
        (view.say(Phrase::Status), false),
        (view.say(Phrase::RowsOut), true),
        (view.say(Phrase::Seconds), true),
        (view.say(Phrase::Remark), false),
    ];
    let row = |stage: &crate::hud::state::StageFacts| {
        vec![
            Cell::text(stage.name.say(view.language)),
            Cell::text(status_words(stage.status, view.language)),
            Cell::number(count(stage.rows_out)),
            Cell::number(format!("{:.2}", stage.seconds)),
            Cell::text(stage.reason.say(view.language)),
        ]
    };
    table::write(main, view.say(Phrase::NightOps), &heads, night.stages.iter().map(row).collect());
}

fn write_checks(main: &mut Markup, view: &View<'_>) {
    let Some(day) = view.facts.day_ops.value.as_ref().filter(|day| !day.items.is_empty()) else { return };
    let heads = [Phrase::Check, Phrase::Status, Phrase::Remark, Phrase::Remedy].map(|phrase| (view.say(phrase), false));
    let row = |item: &crate::hud::state::DayOpsItem| {
        vec![
            Cell::text(item.name.say(view.language)),
            Cell::Part(badge(item.grade, view.language)),
            Cell::text(item.found.say(view.language)),
            Cell::text(item.remedy.as_ref().map_or_else(|| NONE.into(), |remedy| remedy.say(view.language))),
        ]
    };
    table::write(main, view.say(Phrase::DayOps), &heads, day.items.iter().map(row).collect());
}

fn write_jobs(main: &mut Markup, view: &View<'_>) {
    let schedule = &view.facts.schedule.value;
    let daemon = if schedule.runs { Phrase::Running } else { Phrase::NotRunning };
    main.leaf("p", &[("class", "quiet")], &format!("{}: {}", view.say(Phrase::Scheduler), view.say(daemon)));
    let heads =
        [Phrase::Job, Phrase::Status, Phrase::LastRun, Phrase::Due, Phrase::NextStart, Phrase::When, Phrase::Remark];
    let row = |job: &crate::hud::state::JobFacts| {
        let last = job.last.as_ref();
        let state = match last {
            _ if !job.enabled => view.say(Phrase::SwitchedOff).to_owned(),
            Some(run) => status_words(run.status.word(), view.language).to_owned(),
            None => view.say(Phrase::NotRunYet).to_owned(),
        };
        let mut standing = badge(job.grade(), view.language);
        standing.text(" ").text(&state);
        vec![
            Cell::text(job.job.clone()),
            Cell::Part(standing),
            last.map_or_else(
                || Cell::text(NONE),
                |run| Cell::Part(view.aged(run.finished_at.unwrap_or(run.started_at))),
            ),
            Cell::text(last.map_or_else(|| NONE.into(), |run| moment(run.slot))),
            Cell::text(job.next.map_or_else(|| NONE.into(), moment)),
            Cell::text(job.schedule.clone()),
            Cell::text(last.and_then(|run| run.error.clone()).unwrap_or_else(|| job.description.clone())),
        ]
    };
    table::write(
        main,
        view.say(Phrase::Schedule),
        &heads.map(|phrase| (view.say(phrase), false)),
        schedule.jobs.iter().map(row).collect(),
    );
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
            component.heartbeat.map_or_else(|| Cell::text(NONE), |at| Cell::Part(view.aged(at))),
            Cell::text(last),
        ]
    };
    table::write(main, view.say(Phrase::Components), &heads, monitor.components.iter().map(row).collect());
}
