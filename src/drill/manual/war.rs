//! The papers of the war drill: the standing procedure and the checklist of chapter 5.

use std::fmt::Write as _;

use super::{Manual, Proof, step};
use crate::{drill::checklist::BOXES, record::ScenarioRecord};

/// The sections of chapter 5, by the first figure of their boxes.
const SECTIONS: [(&str, &str, &str); 5] = [
    ("1", "Environment", "环境准备"),
    ("2", "First full run", "第一次完整跑通"),
    ("3", "Break it", "故障注入"),
    ("4", "Take it back", "回滚"),
    ("5", "Review", "复盘"),
];

pub(super) fn procedure(manual: &Manual<'_>) -> String {
    let budgets = &manual.spec.deadlines;
    let mut text =
        format!("# {}\n\n", manual.said("WAR SOP: the war drill, step by step", "WAR SOP：战备演练标准流程"));
    let _ = write!(
        text,
        "{}\n\n```bash\ncd {}\nbash scripts/war_drill.sh             # {}\n```\n\n",
        manual.said(
            "Written by `lighthunter drill manual --page sop` from the features. One command does everything below in \
             environments of its own; the steps say what it does, and what to type to do it by hand.",
            "由 `lighthunter drill manual --page sop` 根据场景写出。一条命令在自己的环境中完成下列全部步骤；各步骤说明它做了什么，以及手工执行时敲什么。",
        ),
        manual.place.root,
        manual.said("exit code 0 Ready, 1 NotReady, 20 nothing ran", "退出码：0 就绪，1 未就绪，20 什么都没跑")
    );
    for (number, title, title_zh) in SECTIONS {
        let _ = write!(text, "## {number}. {}\n\n", manual.said(title, title_zh));
        for (id, english, chinese) in BOXES.iter().filter(|(id, ..)| id.starts_with(number)) {
            let _ = writeln!(
                text,
                "{}. **{}**",
                id.trim_start_matches(&format!("{number}.")),
                manual.said(english, chinese)
            );
            for line in typed(manual, id) {
                let _ = writeln!(text, "   - `{line}`");
            }
            let proofs = manual.proofs(&format!("box-{id}"));
            if let Some(proof) = proofs.first() {
                let shown = manual.said("shown by", "证明场景");
                let _ = writeln!(text, "   - {shown}: {}{}", proof.name(), proof.outcome());
            }
        }
        text.push('\n');
    }
    let _ = write!(
        text,
        "## {}\n\n{}\n\n",
        manual.said("When it goes wrong", "出错时"),
        manual.said(
            "A drill that was killed is undone from its journal: `lighthunter drill run --resume ID`. Red outcomes are \
             explained in drill.md; environments of red scenarios are kept, and the report names them. A command is \
             killed with all its children at its deadline:",
            "被杀死的演练由日志恢复：`lighthunter drill run --resume ID`。红色结果的含义见 drill.md；红色场景的环境会保留，报告中有路径。命令到期即连同子进程一起杀死：",
        )
    );
    let _ = writeln!(text, "| {} | s |\n|---|---|", manual.said("command", "命令"));
    for (name, seconds) in budgets.iter().filter(|(name, _)| manual.spec.commands.contains_key(*name)) {
        let _ = writeln!(text, "| {name} | {seconds} |");
    }
    text
}

pub(super) fn checklist(manual: &Manual<'_>) -> String {
    let mut text = format!("# {}\n\n", manual.said("WAR CHECKLIST", "WAR CHECKLIST：战备演练勾选表"));
    let _ = writeln!(
        text,
        "{}",
        manual.said(
            "The boxes of the manual's chapter 5. `lighthunter drill manual --page checklist` ticks them from the last drill \
             of the workspace and links the evidence; below are the scenarios that must be green for a tick.",
            "手册第 5 章的勾选项。`lighthunter drill manual --page checklist` 按本工作区最近一次演练打勾并链接证据；下列场景全绿才打勾。",
        )
    );
    if let Some(record) = manual.record {
        let _ = write!(text, "\n{}: {}, {}.\n", manual.said("Drill", "演练"), record.id, record.verdict_reason);
    }
    for (number, title, title_zh) in SECTIONS {
        let _ = write!(text, "\n## {number}. {}\n\n", manual.said(title, title_zh));
        for (id, english, chinese) in BOXES.iter().filter(|(id, ..)| id.starts_with(number)) {
            let proofs = manual.proofs(&format!("box-{id}"));
            let mark = if is_ticked(manual, &proofs) { "x" } else { " " };
            let _ = writeln!(text, "- [{mark}] **{id}** {}", manual.said(english, chinese));
            for proof in &proofs {
                let _ = writeln!(text, "  - {}{}{}", proof.name(), proof.outcome(), evidence(manual, proof.ran));
            }
        }
    }
    text
}

/// A box is ticked when a scenario of it is green and none is red.
fn is_ticked(manual: &Manual<'_>, proofs: &[Proof<'_>]) -> bool {
    let Some(record) = manual.record else { return false };
    let ran = || proofs.iter().filter_map(|proof| proof.ran);
    ran().any(|ran| ran.outcome.is_green()) && !ran().any(|ran| ran.outcome.is_red(record.strict))
}

fn evidence(manual: &Manual<'_>, ran: Option<&ScenarioRecord>) -> String {
    let (Some(record), Some(first)) = (manual.record, ran.and_then(|ran| ran.evidence.first())) else {
        return String::new();
    };
    let folder = first.rsplit_once('/').map_or(first.as_str(), |(folder, _)| folder);
    format!(", [{}](reports/drills/{}/{folder}/)", manual.said("evidence", "证据"), record.id)
}

fn typed(manual: &Manual<'_>, id: &str) -> Vec<String> {
    let steps = super::MANUAL_STEPS.iter().filter(|step| step::of_box(id).contains(&step.id));
    let mut lines: Vec<String> = Vec::new();
    for line in steps.flat_map(|step| step.lines(manual)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
