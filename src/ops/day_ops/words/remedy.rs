//! What to type about what DayOps finds: an imperative sentence each.

use crate::text::phrases;

phrases! {
    /// What to do.
    pub(in crate::ops::day_ops) enum Remedy {
        CheckFirst => "Do what the check {} asks for, then `lighthunter day-ops`.",
            "先按检查项「{}」的提示处理，再运行 `lighthunter day-ops`。";
        NightAgain => "Run `lighthunter night-ops`, then `lighthunter day-ops`.",
            "先运行 `lighthunter night-ops`，再运行 `lighthunter day-ops`。";
        NightWait => "Wait for it to end (logs/ops/night_ops.log), then `lighthunter day-ops`.",
            "等它结束（日志 logs/ops/night_ops.log），再运行 `lighthunter day-ops`。";
        Wait => "Wait for it to end, then `lighthunter day-ops`.", "等它结束，再运行 `lighthunter day-ops`。";
        NightResume => "Run `lighthunter night-ops --resume`, then `lighthunter day-ops`.",
            "先运行 `lighthunter night-ops --resume` 续跑，再运行 `lighthunter day-ops`。";
        NightFull => "Run `lighthunter night-ops --mode full`.", "运行 `lighthunter night-ops --mode full`。";
        NightOnly => "Run `lighthunter night-ops`.", "运行 `lighthunter night-ops`。";
        NightCompare => "Run `lighthunter data check`, then `lighthunter night-ops`: equal inputs must give an equal digest.",
            "先运行 `lighthunter data check`，再运行 `lighthunter night-ops`：相同的输入必须得到相同的摘要。";
        DataStatus => "Run `lighthunter data status` and do what it says.", "运行 `lighthunter data status`，按提示处理。";
        DataMended => "Run `lighthunter data status`, find out what changed the files, then `lighthunter night-ops`.",
            "运行 `lighthunter data status`，查清是谁改动了文件，再运行 `lighthunter night-ops`。";
        Collect => "Bring the bars (`lighthunter data import DIR`), then run `lighthunter night-ops`.",
            "先补齐行情（`lighthunter data import DIR`），再运行 `lighthunter night-ops`。";
        Examine => "Run `lighthunter data check`, correct the source, then `lighthunter night-ops`.",
            "运行 `lighthunter data check`，修正数据源，再运行 `lighthunter night-ops`。";
        CollectSource => "Run `lighthunter data collect --source {}` and do what it says; until then its rows are as old as that.",
            "运行 `lighthunter data collect --source {}` 并按提示处理；在此之前它的数据只到那一天。";
        MoreHistory => "Bring more history: `lighthunter data import DIR`.",
            "补充更长的历史行情：`lighthunter data import DIR`。";
        ModelVerify => "Run `lighthunter models verify`, then `lighthunter models previous`.",
            "先运行 `lighthunter models verify`，再用 `lighthunter models previous` 退回上一个模型。";
        ModelOlder => "Pin an older model (alpha.model_id), or run `lighthunter models previous`.",
            "用 alpha.model_id 固定一个更早的模型，或运行 `lighthunter models previous`。";
        ModelTrain => "Run `lighthunter night-ops --mode train`.", "运行 `lighthunter night-ops --mode train` 重新训练。";
        ModelRetrain => "Run `lighthunter night-ops --mode train`, then compare with `lighthunter models list`.",
            "运行 `lighthunter night-ops --mode train` 重新训练，再用 `lighthunter models list` 比较。";
        ModelPrevious => "Run `lighthunter models previous`, or keep it knowing why.",
            "运行 `lighthunter models previous` 退回；若要保留，请清楚理由。";
        ModelList => "Run `lighthunter models list`.", "运行 `lighthunter models list` 查看。";
        ModelUse => "Run `lighthunter models use {}`.", "运行 `lighthunter models use {}`。";
        ModelUseSaid => "Run `lighthunter models use {}`, which says so.", "运行 `lighthunter models use {}`，它会留下记录。";
        ModelUnpin => "Set alpha.model_id to null, which takes the model in force.",
            "把 alpha.model_id 设为 null，改用生效模型。";
        EditRisk => "Set it in config/system_config.json, run `lighthunter config check`, and commit it.",
            "在 config/system_config.json 中修改，运行 `lighthunter config check` 后提交。";
        EditScript => "Correct the script and commit it, then `lighthunter day-ops`.",
            "改好脚本并提交，再运行 `lighthunter day-ops`。";
        RiskShow => "Run `lighthunter risk show`.", "运行 `lighthunter risk show` 查看。";
        RiskRelease => "Find out why, then `lighthunter risk release {} --reason TEXT`.",
            "查清原因后运行 `lighthunter risk release {} --reason 原因` 解除。";
        AskDate => "Ask for `lighthunter day-ops --as-of {}`.", "改用 `lighthunter day-ops --as-of {}`。";
        Calendar => "Add the year that the exchanges have published to `data_sources.market.closures` of config/system_config.json (docs/scheduler.md), or update LightHunter.",
            "把交易所公布的休市安排写入 config/system_config.json 的 `data_sources.market.closures`（见 docs/scheduler.md），或升级 LightHunter。";
        EnableJob => "Enable the job in config/jobs.yaml, run `lighthunter config check`, commit it, and see `lighthunter scheduler next`.",
            "在 config/jobs.yaml 中启用任务，运行 `lighthunter config check` 并提交，再用 `lighthunter scheduler next` 核对。";
        StartScheduler => "Start `lighthunter scheduler run`, or disable the jobs in config/jobs.yaml and run them by hand.",
            "启动 `lighthunter scheduler run`；若打算手工运行，请在 config/jobs.yaml 中停用这些任务。";
        RestartScheduler => "End process {} and start `lighthunter scheduler run`; look at logs/ops/scheduler.log.",
            "结束进程 {}，重新启动 `lighthunter scheduler run`，并查看 logs/ops/scheduler.log。";
        RunMissed => "Run `lighthunter scheduler run-once {}`, then `lighthunter day-ops`.",
            "运行 `lighthunter scheduler run-once {}` 补跑，再运行 `lighthunter day-ops`。";
        Mount => "Check that the workspace's disk is mounted (`df -h .`).", "确认工作区所在磁盘已挂载（`df -h .`）。";
        MakeRoom => "Make room (`du -sh data logs reports experiments`), or move the workspace to a larger disk.",
            "清理空间（`du -sh data logs reports experiments`），或把工作区移到更大的磁盘。";
        SetClock => "Set the clock: `timedatectl set-ntp true`.", "校准系统时钟：`timedatectl set-ntp true`。";
        InstallAnew => "Install LightHunter anew: its time zone data are part of the program.",
            "重新安装 LightHunter：时区数据随程序一起发布。";
        ComeEarlier => "Run DayOps before 09:15 (`lighthunter scheduler next`), or trade knowing that it came late.",
            "盘前体检请安排在 9:15 之前（`lighthunter scheduler next`）；若继续交易，请知悉体检已迟到。";
        Commit => "Look at it (`git diff`), then commit it (`git commit -a`) or take it back (`git restore config strategy`).",
            "先看改动（`git diff`），再提交（`git commit -a`）或撤回（`git restore config strategy`）。";
        MakeRepository => "Run `git init`, then `git add config strategy` and `git commit`.",
            "运行 `git init`，再执行 `git add config strategy` 和 `git commit`。";
        WithoutSets => "Run `lighthunter day-ops` without --set, as the day will trade.",
            "去掉 --set 再运行 `lighthunter day-ops`，与当日实际交易的配置保持一致。";
        FreePort => "Stop that process (`ss -ltnp sport = :{}`), or set another {}.",
            "停掉占用的进程（`ss -ltnp sport = :{}`），或换一个 {}。";
        RiskReports => "Look at `lighthunter risk show` and the newest reports/simulation_*.md.",
            "查看 `lighthunter risk show` 和最新的 reports/simulation_*.md。";
        StartMonitor => "Start the monitor anew: `lighthunter monitor`.", "重新启动监控：`lighthunter monitor`。";
        MonitorOnce => "Start the monitor (`lighthunter monitor --once`): it writes the state anew.",
            "运行 `lighthunter monitor --once`，重新生成监控状态。";
        ComponentLog => "Look at logs/ops/{}.log, then run it again.", "查看 logs/ops/{}.log，然后重新运行。";
    }
}
