//! The runbook of one workspace: chapter by chapter what to type, what one must see, and what showed it.

use std::fmt::Write as _;

use super::{MANUAL_STEPS, Manual, ManualStep, Proof};

/// The chapters: number, title, and what each is for.
const CHAPTERS: [(&str, &str, &str, &str, &str); 4] = [
    (
        "1",
        "From an empty machine",
        "从空环境拉起",
        "Stop at the first step that does not show what it must: a half-working machine is not taken into a drill.",
        "任何一步没有出现应有的现象就停下：不要把半瘫痪的环境拉去跑战役。",
    ),
    (
        "2",
        "One full run",
        "跑一轮完整 NightOps / DayOps / 仿真",
        "From a cold start to one whole result.",
        "从冷启动跑到一轮完整结果。",
    ),
    (
        "3",
        "Make it fail",
        "制造一次失败",
        "Two failures that can be repeated and taken back. `lighthunter drill faults` lists more.",
        "两个可重复、可恢复的失败场景；更多见 `lighthunter drill faults`。",
    ),
    (
        "4",
        "Take it back",
        "回滚：Git + 配置 + 模型快照",
        "A rollback counts only with its proof: the state equals the baseline's, and the same run gives the same result.",
        "回滚以证明为准：状态与基线一致，且重跑得到相同结果。",
    ),
];

pub(super) fn write(manual: &Manual<'_>) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "# {}\n\n{}\n\n",
        manual.said("LightHunter: from an empty machine, and back after a failure", "LightHunter · 从空环境拉起 + 故障回滚演练手册"),
        manual.said(
            "This runbook is written by `lighthunter drill manual` from the features that drill this workspace: what to \
             type, what one must see, and which scenario shows it. The sentences under \"You must see\" are the features' own.",
            "本手册由 `lighthunter drill manual` 根据演练本工作区的场景写出：要敲的命令、必须看到的现象、以及证明它的场景。“必须看到”下的句子即场景原文。",
        )
    );
    facts(manual, &mut text);
    for (chapter, title, title_zh, why, why_zh) in CHAPTERS {
        let _ = write!(text, "## {chapter}. {}\n\n{}\n\n", manual.said(title, title_zh), manual.said(why, why_zh));
        let steps: Vec<&ManualStep> = MANUAL_STEPS.iter().filter(|step| step.id.starts_with(chapter)).collect();
        for (index, step) in steps.iter().enumerate() {
            section(manual, step, steps.get(index + 1).copied(), &mut text);
        }
    }
    let _ = write!(
        text,
        "## 5. {}\n\n{}\n\n```bash\nbash scripts/war_drill.sh\n```\n",
        manual.said("All of it in one command", "一条命令完成整套演练"),
        manual.said(
            "The war drill does all of this in environments of its own, breaks nothing here, and writes the report. \
             See WAR_SOP.md and WAR_CHECKLIST.md.",
            "战备演练在自己的环境中完成以上全部步骤，不触碰本工作区，并写出报告。见 WAR_SOP.md 与 WAR_CHECKLIST.md。",
        )
    );
    text
}

fn facts(manual: &Manual<'_>, text: &mut String) {
    let place = manual.place;
    let _ =
        writeln!(text, "| {} | {} |\n|---|---|", manual.said("this workspace", "本工作区"), manual.said("is", "值"));
    let model = place.model.clone().unwrap_or_else(|| manual.said("none yet", "尚无").to_owned());
    let own = [
        ("root", "根目录", place.root.clone()),
        ("baseline", "基线", place.baseline_tag.clone()),
        ("stable config", "稳定配置", place.config_tag.clone()),
        ("model in force", "当前模型", model),
    ];
    for (name, name_zh, value) in own.iter().chain(&place.facts) {
        let _ = writeln!(text, "| {} | `{value}` |", manual.said(name, name_zh));
    }
    if let Some(record) = manual.record {
        let name = manual.said("last drill", "最近一次演练");
        let _ = writeln!(text, "| {name} | {}: {}, {:.0} s |", record.id, record.verdict, record.seconds);
    }
    text.push('\n');
}

/// Writes one step. What several steps in a row lead to is said after the last of them.
fn section(manual: &Manual<'_>, step: &ManualStep, next: Option<&ManualStep>, text: &mut String) {
    let _ = write!(text, "### {} {}\n\n", step.id, manual.said(step.title, step.title_zh));
    let _ = write!(text, "```bash\n{}\n```\n\n", step.lines(manual).join("\n"));
    let proofs = manual.proofs(&format!("manual-{}", step.id));
    let following = next.map(|next| manual.proofs(&format!("manual-{}", next.id))).unwrap_or_default();
    let leads_on = |first: &Proof<'_>| following.first().is_some_and(|next| next.name() == first.name());
    if let Some(first) = proofs.first().filter(|first| !leads_on(first)) {
        let _ = write!(text, "{}\n\n", manual.said("You must see:", "必须看到："));
        for line in first.expectations(step.id.starts_with('3')) {
            let _ = writeln!(text, "- {line}");
        }
        text.push('\n');
    }
    let names: Vec<String> =
        proofs.iter().map(|proof| format!("*{}*{}", proof.scenario.name, proof.outcome())).collect();
    let _ = write!(text, "{} {}.\n\n", manual.said("Shown by", "证明场景："), names.join("; "));
}
