//! The numbered steps of the manual's chapters 1 to 4 as data: title, and what is typed.

use super::Manual;

/// One numbered step of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManualStep {
    /// Chapter, section and step, such as `3.1.2`.
    pub id: &'static str,
    /// What is done.
    pub title: &'static str,
    /// The same in Chinese.
    pub title_zh: &'static str,
    /// What is typed.
    pub(super) typed: &'static [Typed],
}

/// One line to type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// A command of `drill.toml`.
    Command(&'static str),
    /// A line as it is; `{root}`, `{baseline}` and `{config}` are filled in, so that it can be typed as it stands.
    Line(&'static str),
}

use Typed::{Command as C, Line as L};

impl ManualStep {
    /// Returns the lines to type in the workspace of `manual`.
    pub(super) fn lines(&self, manual: &Manual<'_>) -> Vec<String> {
        let line = |typed: &Typed| match typed {
            C(name) => manual.command_line(name),
            L(line) => Some(
                line.replace("{root}", &manual.place.typed_root())
                    .replace("{baseline}", manual.place.baseline())
                    .replace("{config}", manual.place.stable_config()),
            ),
        };
        self.typed.iter().filter_map(line).collect()
    }
}

const fn step(id: &'static str, title: &'static str, title_zh: &'static str, typed: &'static [Typed]) -> ManualStep {
    ManualStep { id, title, title_zh, typed }
}

/// Every numbered step of chapters 1 to 4, in order.
pub const MANUAL_STEPS: &[ManualStep] = &[
    step(
        "1.1",
        "Clone the repository, or make one by `lighthunter init ORIGIN`; look at its state, work on a branch of the drill's own",
        "克隆代码仓库（还没有就用 `lighthunter init ORIGIN` 建一个），确认工作区干净，建立演练分支",
        &[L("git clone ORIGIN {root} && cd {root}"), L("git status"), L("git checkout -b war-drill-$(date +%Y%m%d)")],
    ),
    // The doctor wants the directories, which bootstrap makes; a second bootstrap changes nothing.
    step("1.2", "Check the machine and the libraries", "检查机器与依赖", &[C("bootstrap"), C("doctor")]),
    step(
        "1.3.1",
        "Make and check the configuration",
        "准备并检查 config/system_config.json",
        &[C("bootstrap"), L("lighthunter config check")],
    ),
    step("1.3.2", "Make the fixed directories", "初始化目录", &[C("bootstrap")]),
    step(
        "1.3.3",
        "Look at the jobs: night_ops_full, day_ops_morning, nightly_regression",
        "检查任务文件：night_ops_full、day_ops_morning、nightly_regression",
        &[L("lighthunter scheduler list")],
    ),
    step(
        "1.4",
        "Smoke test; one that fails is mended before anything else",
        "环境自检；失败先修复再继续",
        &[C("smoke")],
    ),
    step("2.1", "A full NightOps", "跑一轮 NightOps", &[C("night")]),
    step("2.2", "DayOps before the exchange opens", "跑一轮 DayOps（盘前体检）", &[C("day")]),
    step("2.3.1", "The end-to-end backtest", "跑一次端到端回测", &[C("backtest")]),
    step("2.3.2", "The intraday simulation", "跑一次日内仿真", &[C("simulate")]),
    step(
        "2.3.3",
        "Dashboard, monitor and HUD, each in a terminal of its own",
        "命令行 Dashboard、监控与 Web HUD（各占一个终端）",
        &[C("monitor"), C("hud"), C("dashboard")],
    ),
    step("3.1.1", "Failure A: the tree is clean before it", "失败场景 A：先保证工作树干净", &[L("git status")]),
    step(
        "3.1.2",
        "Break the path of DuckDB: storage.ts.duckdb_path names a directory that does not exist",
        "修改配置制造错误：storage.ts.duckdb_path 指向不存在的目录",
        &[L(
            "sed -i 's#\"duckdb_path\": \"data/#\"duckdb_path\": \"data/__invalid_path__/#' config/system_config.json",
        )],
    ),
    step("3.1.3", "Run NightOps, which must fail with grace", "执行 NightOps，必须优雅失败", &[C("night")]),
    step(
        "3.1.4",
        "Look at log, metrics, monitor and HUD; then undo the edit (chapter 4 does it with proof)",
        "观察日志、指标、监控与 HUD；然后撤销修改（带证明的回滚见第 4 章）",
        &[
            L("tail -n 5 logs/ops/night_ops.log"),
            L("tail -n 1 logs/monitor/metrics.jsonl"),
            L("lighthunter hud --once"),
            L("git checkout -- config"),
        ],
    ),
    step(
        "3.2.1",
        "Failure B: a weight above 1 in strategy/portfolio.luau",
        "失败场景 B：把 strategy/portfolio.luau 的某个权重改成大于 1",
        &[L("sed -i 's/u1 = [0-9.]*/u1 = 1.7/' strategy/portfolio.luau")],
    ),
    step("3.2.2", "Run the backtest or the simulation", "运行回测或日内仿真", &[C("backtest"), C("simulate")]),
    step(
        "3.2.3",
        "Look at the failed experiment, the log and the metrics; then undo the edit",
        "观察失败的实验、日志与指标；然后撤销修改",
        &[
            L("lighthunter experiments list"),
            L("tail -n 5 logs/ops/backtest.log"),
            L("tail -n 1 logs/monitor/metrics.jsonl"),
            L("git checkout -- strategy"),
        ],
    ),
    step(
        "4.1.1",
        "Make a baseline of a state that is known to be good",
        "建立可回滚的基线",
        &[L("git status"), L("git log -1"), L("lighthunter baseline create")],
    ),
    step(
        "4.1.2",
        "Take the code back",
        "发生故障后的代码恢复",
        &[
            L("git status"),
            L("git diff"),
            L("lighthunter rollback --to {baseline} --only code"),
            L("lighthunter baseline verify {baseline}"),
        ],
    ),
    step(
        "4.2.1",
        "Keep the configuration in git, each change a commit; `baseline create` has tagged the stable version",
        "配置纳入 Git，每次调整单独提交；稳定版本的 tag 已由 `baseline create` 打好",
        &[
            L("git tag --list 'war-config-stable-*'"),
            L("sed -i 's/\"strict\": false/\"strict\": true/' config/system_config.json"),
            L("git commit -am \"tune: DayOps is strict\""),
        ],
    ),
    step(
        "4.2.2",
        "Take the configuration back",
        "出问题后的配置回滚",
        &[
            L("git diff {config} -- config"),
            L("lighthunter rollback --to {baseline} --only config"),
            C("schedule"),
            L("git log -1"),
        ],
    ),
    step(
        "4.3.1",
        "How models are kept: one directory each, `current` points at the one in force",
        "模型目录结构：每个模型一个目录，current 指向正在使用的模型",
        &[L("lighthunter models list"), L("lighthunter models current")],
    ),
    step(
        "4.3.2",
        "Find that a new model is worse, and point `current` back at the stable one",
        "发现新模型劣化，把 current 指回稳定模型",
        &[
            C("night_worse"),
            L("lighthunter models current"),
            C("walk_forward"),
            L("lighthunter rollback --to {baseline} --only model"),
            C("backtest"),
        ],
    ),
];

/// Returns the steps that a box of chapter 5 asks for.
pub(super) fn of_box(id: &str) -> &'static [&'static str] {
    match id {
        "1.1" | "1.2" => &["1.1"],
        "1.3" => &["1.2"],
        "1.4" => &["1.3.1", "1.3.2", "1.3.3"],
        "1.5" => &["1.4"],
        "2.1" => &["2.1"],
        "2.2" => &["2.2"],
        "2.3" => &["2.3.1", "2.3.2"],
        "2.4" => &["2.3.3"],
        "3.1" => &["3.1.1", "3.1.2", "3.1.3"],
        "3.2" => &["3.1.4", "3.2.1", "3.2.2", "3.2.3"],
        "4.1" => &["4.1.1", "4.1.2"],
        "4.2" => &["4.2.1", "4.2.2"],
        "4.3" => &["4.3.1", "4.3.2"],
        "4.4" => &["2.1", "2.2", "2.3.1"],
        _ => &[],
    }
}
