//! The manual as papers that are written from the features: the runbook of one workspace, the standing
//! procedure, the checklist, and the map from every numbered step and box to its scenarios. Writes text;
//! runs nothing and touches no file.

mod place;
mod runbook;
mod step;
mod war;

use std::fmt::Write as _;

use cucumber::gherkin::{self, StepType};

use super::{Spec, check::scenarios, checklist::BOXES, recorder::file_of};
use crate::{
    record::{DrillRecord, ScenarioRecord},
    text::Language,
};

pub use place::ManualPlace;
pub use step::{MANUAL_STEPS, ManualStep};

/// One of the papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// What to type from an empty machine to the rollback, and what one must see.
    Runbook,
    /// The standing procedure of the war drill.
    Procedure,
    /// The boxes of chapter 5 with their evidence.
    Checklist,
    /// Every numbered step and box with its commands and scenarios.
    Map,
}

/// What the papers are written from.
#[derive(Debug, Clone, Copy)]
pub struct Manual<'m> {
    /// The workspace.
    pub place: &'m ManualPlace,
    /// Its commands.
    pub spec: &'m Spec,
    /// The features.
    pub features: &'m [gherkin::Feature],
    /// What ran; without it the papers hold no outcome and no time.
    pub record: Option<&'m DrillRecord>,
    /// The language of all but commands and sentences of the features.
    pub language: Language,
}

/// A scenario that shows a step or box.
struct Proof<'m> {
    file: String,
    scenario: &'m gherkin::Scenario,
    ran: Option<&'m ScenarioRecord>,
}

impl Proof<'_> {
    /// Returns what one must see: what the scenario expects, each thing once; up to where it takes the fault
    /// back where the reader has not come to that yet.
    fn expectations(&self, before_recovery: bool) -> Vec<String> {
        let mut said = Vec::new();
        let is_recovery = |value: &str| value.contains("rolled back") || value.contains("is undone");
        let steps = self.scenario.steps.iter().take_while(|step| !(before_recovery && is_recovery(&step.value)));
        for step in steps.filter(|step| step.ty == StepType::Then) {
            let rows = step.table.iter().flat_map(|table| &table.rows).filter_map(|row| match row.as_slice() {
                [] => None,
                [word] => Some(format!("`{}`", word.trim())),
                [word, rest @ ..] => Some(format!("`{}` {}", word.trim(), rest.join(" "))),
            });
            let rows: Vec<String> = rows.collect();
            let line = if rows.is_empty() { step.value.clone() } else { format!("{} {}", step.value, rows.join(", ")) };
            if !said.contains(&line) {
                said.push(line);
            }
        }
        said
    }

    fn name(&self) -> String {
        format!("{}: {}", self.file, self.scenario.name)
    }

    /// Returns how the scenario ended, in a few words; empty where nothing ran.
    fn outcome(&self) -> String {
        self.ran.map_or_else(String::new, |ran| format!(" ({}, {:.1} s)", ran.outcome.name(), ran.seconds))
    }
}

impl Manual<'_> {
    /// Returns a paper as Markdown.
    #[must_use]
    pub fn write(&self, paper: Paper) -> String {
        match paper {
            Paper::Runbook => runbook::write(self),
            Paper::Procedure => war::procedure(self),
            Paper::Checklist => war::checklist(self),
            Paper::Map => self.map(),
        }
    }

    /// Returns the steps and boxes that no scenario shows, and the tags that name none of them.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let steps = MANUAL_STEPS.iter().map(|step| format!("manual-{}", step.id));
        let boxes = BOXES.iter().map(|(id, ..)| format!("box-{id}"));
        let rows: Vec<String> = steps.chain(boxes).collect();
        let unshown = rows.iter().filter(|tag| self.proofs(tag).is_empty());
        let mut gaps: Vec<String> = unshown.map(|tag| format!("no scenario is tagged @{tag}")).collect();
        for feature in self.features {
            for scenario in scenarios(feature) {
                let tags = feature.tags.iter().chain(&scenario.tags);
                let numbered = tags.filter(|tag| tag.starts_with("manual-") || tag.starts_with("box-"));
                // A chapter's tag covers every step below it, so that it need not be one itself.
                let is_row = |tag: &str| {
                    rows.iter().any(|row| row == tag || row.starts_with(&format!("{tag}."))) || tag == "manual-5"
                };
                let strange = numbered.filter(|tag| !is_row(tag));
                gaps.extend(strange.map(|tag| format!("'{}': @{tag} is no step of the manual", scenario.name)));
            }
        }
        gaps.sort();
        gaps.dedup();
        gaps
    }

    /// Returns the steps and boxes that the record shows no green scenario of, or a red one.
    #[must_use]
    pub fn unshown(&self) -> Vec<String> {
        let strict = self.record.is_some_and(|record| record.strict);
        let steps = MANUAL_STEPS.iter().map(|step| format!("manual-{}", step.id));
        let boxes = BOXES.iter().map(|(id, ..)| format!("box-{id}"));
        let is_unshown = |tag: &String| {
            let proofs = self.proofs(tag);
            let ran = || proofs.iter().filter_map(|proof| proof.ran);
            !ran().any(|ran| ran.outcome.is_green()) || ran().any(|ran| ran.outcome.is_red(strict))
        };
        steps.chain(boxes).filter(is_unshown).collect()
    }

    /// Returns the scenarios with the tag; where there are none, those of the nearest chapter above it.
    fn proofs(&self, tag: &str) -> Vec<Proof<'_>> {
        let mut tag = tag;
        loop {
            let found = self.tagged(tag);
            match tag.rsplit_once('.') {
                Some((above, _)) if found.is_empty() && above.contains('.') => tag = above,
                _ => return found,
            }
        }
    }

    fn tagged(&self, tag: &str) -> Vec<Proof<'_>> {
        let of = |feature: &'_ gherkin::Feature| file_of(feature);
        let tagged =
            self.features.iter().flat_map(|feature| scenarios(feature).map(move |scenario| (feature, scenario)));
        let tagged =
            tagged.filter(|(feature, scenario)| feature.tags.iter().chain(&scenario.tags).any(|found| found == tag));
        tagged
            .map(|(feature, scenario)| {
                let file = of(feature);
                let ran = self.record.and_then(|record| {
                    record.scenarios.iter().find(|ran| ran.name == scenario.name && ran.file == file)
                });
                Proof { file, scenario, ran }
            })
            .collect()
    }

    /// Returns a command of `drill.toml` as a person types it in the workspace.
    fn command_line(&self, name: &str) -> Option<String> {
        let mut words = Vec::new();
        let mut arguments = self.spec.commands.get(name)?.iter().peekable();
        while let Some(word) = arguments.next() {
            match word.as_str() {
                "--workspace" => {
                    arguments.next();
                }
                // The drill gives each environment ports of its own, and bars of the past their own morning; a person
                // has the ports of the config, and today.
                "{set}" | "{as_of}" => {}
                "env" if words.is_empty() => {}
                "{executable}" => words.push("lighthunter".to_owned()),
                word => words.push(
                    word.replace("{repo}", ".")
                        .replace("{market}", &self.place.market)
                        .replace("{input}", &self.place.market)
                        .replace("{executable}", "lighthunter")
                        .replace("{experiment}", "EXPERIMENT"),
                ),
            }
        }
        Some(words.join(" "))
    }

    fn said(&self, english: &'static str, chinese: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    fn map(&self) -> String {
        let mut text = format!("# {}\n\n", self.said("The manual and its scenarios", "手册与场景对照"));
        let intro = self.said(
            "Every numbered step of the manual and every box of its chapter 5, with what is typed and the scenarios that \
             show it. `lighthunter drill manual --page map` writes this page; a test holds it against the features.",
            "手册的每个编号步骤与第 5 章的每个勾选项、对应的命令与证明它的场景。本页由 `lighthunter drill manual --page map` 写出，并有测试保证不漂移。",
        );
        let _ = write!(text, "{intro}\n\n");
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |\n|---|---|---|---|",
            self.said("step", "步骤"),
            self.said("what", "内容"),
            self.said("command", "命令"),
            self.said("scenarios", "场景")
        );
        for step in MANUAL_STEPS {
            let commands: Vec<String> = step.lines(self).iter().map(|line| format!("`{line}`")).collect();
            let title = self.said(step.title, step.title_zh);
            self.row(&mut text, step.id, title, &commands.join("<br>"), &format!("manual-{}", step.id));
        }
        for (id, english, chinese) in BOXES {
            let steps: Vec<String> =
                step::of_box(id).iter().map(|step| format!("{} {step}", self.said("see", "见"))).collect();
            let title = self.said(english, chinese);
            self.row(&mut text, &format!("5, box {id}"), title, &steps.join("<br>"), &format!("box-{id}"));
        }
        text
    }

    fn row(&self, text: &mut String, id: &str, title: &str, commands: &str, tag: &str) {
        let proofs: Vec<String> =
            self.proofs(tag).iter().map(|proof| format!("{}{}", proof.name(), proof.outcome())).collect();
        let _ = writeln!(text, "| {id} | {} | {} | {} |", cell(title), cell(commands), cell(&proofs.join("<br>")));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
