//! What a reader needs to trust the numbers: notes, stages, and where they come from.

use crate::{chart::Markup, ops::backtest::BacktestReport, store::StageStatus};

pub(super) fn write_notes(page: &mut Markup, report: &BacktestReport) {
    let recovered = report.run.recovered.iter().map(|line| format!("mended before the run: {line}"));
    let overrides = report.run.overrides.iter().map(|line| format!("set for this run only: {line}"));
    let lines: Vec<String> = report.notes.iter().cloned().chain(recovered).chain(overrides).collect();
    if lines.is_empty() {
        return;
    }
    page.leaf("h2", &[], "Notes");
    page.tag("ul", &[("class", "notes")], |list| {
        for note in &lines {
            list.leaf("li", &[], note);
        }
    });
}

pub(super) fn write_stages(page: &mut Markup, report: &BacktestReport) {
    page.leaf("h2", &[], "Stages");
    page.tag("table", &[("class", "stages")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (words, class) in [
                    ("stage", ""),
                    ("status", ""),
                    ("rows out", "number"),
                    ("seconds", "number"),
                    ("what it found", ""),
                ] {
                    row.leaf("th", &[("class", class)], words);
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for stage in &report.run.steps {
                let (words, class) = match stage.status {
                    StageStatus::Done => ("done", ""),
                    StageStatus::Skipped => ("skipped", ""),
                    StageStatus::Failed => ("FAILED", "bad"),
                };
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], stage.name.name());
                    row.leaf("td", &[("class", class)], words);
                    row.leaf("td", &[("class", "number")], &stage.rows_out.to_string());
                    row.leaf("td", &[("class", "number")], &format!("{:.2}", stage.seconds));
                    row.leaf("td", &[], &stage.reason);
                });
            }
        });
    });
}

pub(super) fn write_about(page: &mut Markup, report: &BacktestReport) {
    let run = &report.run;
    let none = || "none".to_owned();
    let facts = [
        ("run", run.run_id.clone()),
        ("experiment", report.experiment_id.clone().unwrap_or_else(none)),
        ("model", report.model_id.clone().unwrap_or_else(none)),
        ("started", format!("{}, took {:.1} s", run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"), run.seconds)),
        ("commit", run.git_commit.clone()),
        ("config digest", run.config_digest.to_string()),
        ("input digest", run.input_digest.map_or_else(none, |digest| digest.to_string())),
        ("backtest digest", report.digest.map_or_else(none, |digest| digest.to_string())),
        ("run digest", run.result_digest.map_or_else(none, |digest| digest.to_string())),
    ];
    page.leaf("h2", &[], "Where it comes from");
    page.tag("dl", &[("class", "about")], |list| {
        for (name, value) in &facts {
            list.leaf("dt", &[], name);
            list.leaf("dd", &[], value);
        }
    });
}
