//! The pages of drills: the newest in a table, and one with its scenarios and the way to its report.

use super::{
    View,
    table::{self, Cell},
    words::{NONE, instant, maybe, ratio},
};
use crate::{
    hud::state::{DrillFacts, DrillScenario},
    record::Verdict,
    text::Phrase,
};

/// Writes the page of all.
pub(in crate::hud::web) fn drills(view: &View<'_>) -> String {
    view.page("/drills", view.say(Phrase::Drills), |main, view| {
        view.write_fact(main, Phrase::Drills, &view.facts.drills.summary);
        let heads = [
            (view.say(Phrase::Drill), false),
            (view.say(Phrase::Verdict), false),
            (view.say(Phrase::Scenarios), true),
            (view.say(Phrase::Seconds), true),
            (view.say(Phrase::Started), false),
            (view.say(Phrase::Target), false),
        ];
        let rows: Vec<Vec<Cell>> = view.facts.drills.value.iter().map(|drill| row(view, drill)).collect();
        if !rows.is_empty() {
            table::write(main, view.say(Phrase::Drills), &heads, rows);
        }
    })
}

fn row(view: &View<'_>, drill: &DrillFacts) -> Vec<Cell> {
    let passed = drill.scenarios.iter().filter(|scenario| scenario.outcome == "Passed").count();
    vec![
        Cell::link(&view.link(&format!("/drills/{}", drill.id)), &drill.id),
        Cell::text(verdict(view, drill)),
        Cell::number(format!("{passed} / {}", drill.scenarios.len())),
        Cell::number(format!("{:.1}", drill.seconds)),
        Cell::text(instant(drill.started_at)),
        Cell::text(drill.target.clone()),
    ]
}

fn verdict(view: &View<'_>, drill: &DrillFacts) -> String {
    let verdict = match drill.verdict {
        Verdict::Ready => view.say(Phrase::Ready),
        Verdict::NotReady => view.say(Phrase::NotReady),
    };
    if drill.control { format!("{verdict} ({})", view.say(Phrase::ControlRun)) } else { verdict.to_owned() }
}

/// Writes the page of one; none where there is no such drill among the newest.
pub(in crate::hud::web) fn drill(view: &View<'_>, id: &str) -> Option<String> {
    let found = view.facts.drills.value.iter().find(|drill| drill.id == id)?;
    let page = view.page("/drills", &found.id, |main, view| {
        main.leaf("h1", &[], &format!("{} {}", view.say(Phrase::Drill), found.id));
        let commit = found.commit.get(..12).unwrap_or(&found.commit);
        let facts = [
            (Phrase::Verdict, verdict(view, found)),
            (Phrase::Started, instant(found.started_at)),
            (Phrase::Seconds, format!("{:.1}", found.seconds)),
            (Phrase::Target, found.target.clone()),
            (Phrase::Commit, commit.to_owned()),
        ];
        main.tag("dl", &[("class", "figures small")], |list| {
            for (phrase, value) in &facts {
                list.tag("div", &[], |pair| {
                    pair.leaf("dt", &[], view.say(*phrase)).leaf("dd", &[], value);
                });
            }
        });
        main.tag("p", &[], |line| {
            if found.has_report {
                let href = format!("/drills/{}/report.html", found.id);
                line.leaf("a", &[("href", &href)], view.say(Phrase::OpenReport));
            } else {
                line.text(view.say(Phrase::NoReport));
            }
        });
        let heads = [
            (view.say(Phrase::Scenario), false),
            (view.say(Phrase::Outcome), false),
            (view.say(Phrase::ToDetect), true),
            (view.say(Phrase::ToRecover), true),
        ];
        let row = |scenario: &DrillScenario| {
            vec![
                Cell::text(scenario.name.clone()),
                Cell::text(if scenario.outcome.is_empty() { NONE } else { &scenario.outcome }),
                Cell::number(maybe(scenario.seconds_to_detect, ratio)),
                Cell::number(maybe(scenario.seconds_to_recover, ratio)),
            ]
        };
        table::write(main, view.say(Phrase::Scenarios), &heads, found.scenarios.iter().map(row).collect());
    });
    Some(page)
}
