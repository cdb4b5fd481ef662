//! What a reader needs to trust the numbers: notes, stages, and where they come from.

use super::Word;
use crate::{
    chart::Markup,
    ops::{backtest::BacktestReport, night_ops::status_words},
    store::StageStatus,
    text::{Language, Note},
};

pub(super) fn write_notes(page: &mut Markup, report: &BacktestReport, language: Language) {
    let recovered = report.run.recovered.iter().map(|line| Note::new(Word::MendedBefore, [line]).say(language));
    let overrides = report.run.overrides.iter().map(|line| Note::new(Word::SetForRun, [line]).say(language));
    let lines: Vec<String> =
        report.notes.iter().map(|note| note.say(language)).chain(recovered).chain(overrides).collect();
    if lines.is_empty() {
        return;
    }
    page.leaf("h2", &[], Word::Notes.say(language));
    page.tag("ul", &[("class", "notes")], |list| {
        for note in &lines {
            list.leaf("li", &[], note);
        }
    });
}

pub(super) fn write_stages(page: &mut Markup, report: &BacktestReport, language: Language) {
    page.leaf("h2", &[], Word::Stages.say(language));
    page.tag("table", &[("class", "stages")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (words, class) in [
                    (Word::Stage, ""),
                    (Word::Status, ""),
                    (Word::RowsOut, "number"),
                    (Word::Seconds, "number"),
                    (Word::Found, ""),
                ] {
                    row.leaf("th", &[("class", class)], words.say(language));
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for stage in &report.run.steps {
                let words = status_words(stage.status, language);
                let class = if stage.status == StageStatus::Failed { "bad" } else { "" };
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], stage.name.say(language));
                    row.leaf("td", &[("class", class)], words);
                    row.leaf("td", &[("class", "number")], &stage.rows_out.to_string());
                    row.leaf("td", &[("class", "number")], &format!("{:.2}", stage.seconds));
                    row.leaf("td", &[], &stage.reason.say(language));
                });
            }
        });
    });
}

pub(super) fn write_about(page: &mut Markup, report: &BacktestReport, language: Language) {
    let run = &report.run;
    let none = || Word::None.say(language).to_owned();
    let started = run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let started = Note::new(Word::StartedAt, [&started, &format!("{:.1}", run.seconds)]).say(language);
    let facts = [
        (Word::Run, run.run_id.clone()),
        (Word::Experiment, report.experiment_id.clone().unwrap_or_else(none)),
        (Word::ModelName, report.model_id.clone().unwrap_or_else(none)),
        (Word::Started, started),
        (Word::Commit, run.git_commit.clone()),
        (Word::ConfigDigest, run.config_digest.to_string()),
        (Word::InputDigest, run.input_digest.map_or_else(none, |digest| digest.to_string())),
        (Word::BacktestDigest, report.digest.map_or_else(none, |digest| digest.to_string())),
        (Word::RunDigest, run.result_digest.map_or_else(none, |digest| digest.to_string())),
    ];
    page.leaf("h2", &[], Word::Origin.say(language));
    page.tag("dl", &[("class", "about")], |list| {
        for (name, value) in &facts {
            list.leaf("dt", &[], name.say(language));
            list.leaf("dd", &[], value);
        }
    });
}
