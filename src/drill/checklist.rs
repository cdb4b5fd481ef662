//! The checklist of the manual's chapter 5: each box with the scenarios that cover it by their tag
//! `@box-SECTION.BOX`.

use crate::record::{ChecklistItem, Phase, ScenarioRecord};

/// Every box: id, in English, as the manual has it.
pub(super) const BOXES: [(&str, &str, &str); 18] = [
    ("1.1", "Make or clear a clean environment", "新建或清理一台干净环境（容器/虚拟机更好）"),
    ("1.2", "Clone the repository and switch to the drill's branch", "克隆仓库 + 切换到演练分支"),
    ("1.3", "Create the virtual environment and install the dependencies", "创建虚拟环境并安装依赖"),
    ("1.4", "Initialise configuration and directories", "初始化配置与目录"),
    ("1.5", "The smoke test passes", "跑 Smoke Test 通过"),
    ("2.1", "NightOps in full mode succeeds", "`python -m ops.night_ops --mode full` 成功"),
    ("2.2", "DayOps succeeds", "`python -m ops.day_ops` 成功"),
    ("2.3", "The end-to-end backtest succeeds", "`python examples/run_end_to_end_backtest.py` 成功"),
    ("2.4", "HUD and monitor show the data flow and the experiment's result", "HUD/Monitor 能看到数据流与实验结果"),
    (
        "3.1",
        "Break the configuration or the strategy so that the next run must fail",
        "修改配置（如 DuckDB 路径）或策略逻辑，确保下次 NightOps / 回测必然失败",
    ),
    (
        "3.2",
        "Record the failure's logs and how the system behaves",
        "记录故障日志与系统行为（MonitorDaemon、HUD、日志文件等）",
    ),
    ("4.1", "Take the code back to the baseline with git", "使用 Git 将代码恢复到基线（`war-baseline-YYYYMMDD`）"),
    (
        "4.2",
        "Take system_config.json and jobs.yaml back to the stable version",
        "使用 Git/配置回滚 `system_config.json` / `jobs.yaml` 到稳定版本",
    ),
    ("4.3", "Point the model's `current` at the stable model", "将模型 `current` 指回稳定模型"),
    (
        "4.4",
        "Run NightOps, DayOps and backtest again and see the expected state",
        "再跑一轮 NightOps / DayOps / 回测，确认系统恢复到预期状态",
    ),
    ("5.1", "Record times, problems and what should be automated", "记录本次演练的耗时、出现的问题、需要自动化的环节"),
    ("5.2", "Turn frequent manual steps into scripts", "将高频手工步骤固化成脚本（例如 `scripts/war_drill.sh`）"),
    ("5.3", "Bring the documents up to date", "更新文档（WAR_SOP / WAR_CHECKLIST / ARCHITECTURE）以反映最新流程"),
];

/// The box that the record of a drill ticks by itself, once it holds times of detection and recovery.
const RECORDED: &str = "5.1";

/// Ticks each box that a green scenario covered and no red one did.
#[must_use]
pub(super) fn checklist(scenarios: &[ScenarioRecord], strict: bool) -> Vec<ChecklistItem> {
    let timed = |wanted| scenarios.iter().flat_map(|scenario| &scenario.phases).any(|phase| phase.phase == wanted);
    let item = |(id, text, text_zh): &(&str, &str, &str)| {
        let tag = format!("box-{id}");
        let covering: Vec<&ScenarioRecord> = scenarios.iter().filter(|scenario| scenario.tags.contains(&tag)).collect();
        let green = covering.iter().any(|scenario| scenario.outcome.is_green());
        let red = covering.iter().any(|scenario| scenario.outcome.is_red(strict));
        let is_recorded = *id == RECORDED && [Phase::Detect, Phase::Recover].into_iter().all(timed);
        let evidence = if is_recorded { vec!["record.json".into(), "report.md".into()] } else { Vec::new() };
        ChecklistItem {
            id: (*id).into(),
            text: (*text).into(),
            text_zh: (*text_zh).into(),
            ticked: (green && !red) || is_recorded,
            scenarios: covering.iter().map(|scenario| scenario.name.clone()).collect(),
            evidence,
        }
    };
    BOXES.iter().map(item).collect()
}

/// Says whether `tag` names a box that the manual does not have.
#[must_use]
pub(super) fn is_unknown_box(tag: &str) -> bool {
    tag.strip_prefix("box-").is_some_and(|id| !BOXES.iter().any(|(known, ..)| *known == id))
}
