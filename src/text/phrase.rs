//! The sentences of pages and panels. A `{}` stands for the next value, `{0}` for the first.

use super::phrases;

phrases! {
    /// A sentence or a word that people read on a page or a panel.
    #[expect(missing_docs, reason = "each one is its own text")]
    pub enum Phrase {
        // Grades.
        Ok => "ok", "正常";
        Unknown => "unknown", "未知";
        Stale => "stale", "过期";
        Warning => "warning", "警告";
        Fail => "fail", "失败";
        // Why a fact has its grade.
        CannotRead => "cannot be read: {}", "无法读取：{}";
        ReportBroken => "a newer report cannot be read: {}", "有一份更新的报告无法读取：{}";
        BadLines => "{} lines are damaged and left out", "{} 行已损坏，未计入";
        SessionsBehind => "{} sessions behind {}", "落后 {} 个交易日（最新为 {}）";
        DaysOld => "{} days old", "已过 {} 天";
        AgeUnknown => "the trading calendar does not reach today, so its age is not known", "交易日历未覆盖今天，无法判断是否过期";
        NoNightOps => "no night has run yet", "夜间流水线尚未运行过";
        NoDayOps => "no check before the opening yet", "尚未做过盘前体检";
        NoAccounts => "no session has been traded yet", "尚无交易记录";
        NoTrading => "nothing has been traded yet", "尚无交易";
        NoExperiments => "no experiment yet", "尚无实验";
        NoModel => "no model is in force for {}", "{} 没有生效的模型";
        NoData => "nothing is imported yet", "尚未导入数据";
        NoDrills => "no drill has run here yet", "尚未演练";
        NoMonitor => "no monitor has run: start `lighthunter monitor`", "监控未启动：运行 `lighthunter monitor`";
        RunningSince => "a run is under way since {}", "任务运行中，开始于 {}";
        RunInterrupted => "its process died in the middle of the run", "进程在运行中途终止";
        RunFailed => "the run failed: {}", "运行失败：{}";
        StageFailed => "stage {} failed: {}", "阶段 {} 失败：{}";
        CheckFound => "{}: {}", "{}：{}";
        DrawdownAtLimit => "drawdown {} at its limit of {}", "回撤 {} 已达上限 {}";
        KillSwitchInForce => "the kill switch stops {}", "熔断生效：{}";
        AlertsRaised => "{} alerts in the newest session", "最近交易日有 {} 条告警";
        ExperimentFailed => "the newest experiment failed: {}", "最近的实验失败：{}";
        CurvesMissing => "{} curves cannot be read", "{} 条曲线无法读取";
        ModelUnsound => "the model of {} cannot be used: {}", "{} 的模型不可用：{}";
        GateOverruled => "the model in force for {} was refused by its gate", "{} 的生效模型未通过准入门槛";
        NotExamined => "the guardian has not examined it yet", "数据守护尚未检查";
        BadRows => "{} rows with a hard finding", "{} 行存在严重问题";
        SourceBehind => "source {}: newest {}, {} sessions behind {}", "数据源 {}：最新为 {}，落后 {} 个交易日（应到 {}）";
        SourceLeftAlone => "source {} is left alone until {}: {}", "数据源 {} 暂停访问至 {}：{}";
        BadRowsBeyondGate => "{} of the rows are bad, the gate allows {}", "坏行占比 {}，门槛为 {}";
        FileMissing => "{} is not there ({})", "{} 不存在（{}）";
        DrillNotReady => "drill {} is not ready: {}", "演练 {} 未就绪：{}";
        OnlyControlRuns => "only control runs, nothing was broken on purpose", "只有对照运行，没有注入故障";
        MonitorEnded => "the monitor was stopped", "监控已停止";
        MonitorSilent => "the monitor gives no sign of life: process {} was killed or hangs", "监控无心跳：进程 {} 被终止或卡死";
        MonitorBlind => "the monitor is blind: {}", "监控失明：{}";
        EventsMissed => "{} events were missed", "丢失 {} 个事件";
        ConfigMistakes => "{} mistakes: the next run will refuse to start", "{} 处错误：下一次运行将被拒绝";
        ConfigWarnings => "{} warnings", "{} 条警告";
        SchedulerSilent => "the scheduler does not run: start `lighthunter scheduler run`", "调度器未运行：运行 `lighthunter scheduler run`";
        JobFailed => "{} failed at {}: {}", "{} 于 {} 失败：{}";
        JobInterrupted => "{} was interrupted at {}", "{} 于 {} 中断";
        JobDegraded => "{} ended at {} with a part of it down", "{} 于 {} 降级结束";
        JobOverdue => "{} was due at {} and has not started", "{} 应于 {} 启动，尚未启动";
        StartsPassedOver => "{}: {} starts passed over, the last at {}: {}", "{}：跳过 {} 次启动，最后一次 {}：{}";
        // The pages.
        Overview => "Overview", "总览";
        Operations => "Operations", "运行";
        AllInOrder => "All in order", "一切正常";
        NotAllKnown => "Nothing is wrong, not all is known", "未见异常，部分状态未知";
        SomethingIsStale => "Something is stale", "有内容已过期";
        SomeoneShouldLook => "Someone should look", "需要关注";
        SomethingIsBroken => "Something is broken", "有故障";
        Accounts => "Accounts", "账户";
        Account => "Account", "账户";
        Risk => "Risk", "风险";
        NightOps => "NightOps", "夜间流水线";
        DayOps => "DayOps", "盘前体检";
        Schedule => "Schedule", "计划任务";
        NextStart => "Next start", "下次启动";
        LastRun => "Last run", "上次运行";
        Due => "Due", "应启动";
        SwitchedOff => "off", "停用";
        NotRunYet => "not run yet", "尚未运行";
        Scheduler => "Scheduler", "调度器";
        Running => "running", "运行中";
        Succeeded => "success", "成功";
        Failed => "failed", "出错";
        Interrupted => "interrupted", "中断";
        Stopped => "ended", "已结束";
        Silent => "silent", "无响应";
        NeverStarted => "never started", "从未启动";
        Degraded => "degraded", "降级";
        Done => "done", "完成";
        Skipped => "skipped", "跳过";
        NotRunning => "not running", "未运行";
        Age => "Age", "距今";
        Experiments => "Experiments", "实验";
        Experiment => "Experiment", "实验";
        Models => "Models", "模型";
        Data => "Data", "数据";
        Drills => "Drills", "演练";
        Drill => "Drill", "演练";
        Monitor => "Monitor", "监控";
        Config => "Config", "配置";
        Keys => "q quit   ? help   l language   r look now   j/k scroll", "q 退出   ? 帮助   l 语言   r 刷新   j/k 滚动";
        KeyQuit => "quit", "退出";
        KeyHelp => "this help", "帮助";
        KeyLanguage => "English or Chinese", "中文或英文";
        KeyLook => "look now", "立即刷新";
        KeyLine => "scroll by a line", "滚动一行";
        KeyPage => "scroll by a page", "滚动一页";
        KeyEnds => "to the top, to the end", "到开头，到结尾";
        Help => "Keys and signs", "按键与符号";
        SkipToContent => "Skip to content", "跳到正文";
        Pages => "Pages", "页面";
        AsOf => "as of {}", "截至 {}";
        SecondsAgo => "{} s ago", "{} 秒前";
        MinutesAgo => "{} min ago", "{} 分钟前";
        HoursAgo => "{} h ago", "{} 小时前";
        DaysAgo => "{} d ago", "{} 天前";
        NoAge => "no date", "无时间";
        ConnectionLost => "No word from the server: what you see is old.", "与服务器失去联系：所见内容已过期。";
        LookIsOld => "The page's own look at the workspace hangs: what you see is old.", "页面的数据采集已停滞：所见内容已过期。";
        PanelIsOld => "Old: the look at the workspace hangs", "已过期：数据采集停滞";
        NotFound => "There is no such page.", "没有这个页面。";
        BackToOverview => "Back to the overview", "返回总览";
        // Words of the pages.
        Worth => "Net asset value", "净值";
        Cash => "Cash", "现金";
        Drawdown => "Drawdown", "回撤";
        DrawdownOfDay => "Drawdown of the day", "日内回撤";
        Peak => "Peak", "峰值";
        Exposure => "Exposure", "仓位";
        LargestWeight => "Largest weight", "最大权重";
        Positions => "Positions", "持仓";
        Symbol => "Symbol", "代码";
        Shares => "Shares", "股数";
        Sellable => "Sellable", "可卖";
        Price => "Price", "价格";
        Cost => "Cost", "成本";
        Value => "Value", "市值";
        Weight => "Weight", "权重";
        KillSwitches => "Kill switches", "熔断";
        Alerts => "Alerts", "告警";
        InForce => "in force", "生效中";
        Released => "released", "已解除";
        When => "When", "时间";
        Level => "Level", "级别";
        Message => "Message", "内容";
        None => "none", "无";
        Session => "Session", "交易日";
        Check => "Check", "检查";
        Stage => "Stage", "阶段";
        Status => "Status", "状态";
        RowsOut => "Rows out", "输出行数";
        Seconds => "Seconds", "秒";
        Remark => "Remark", "说明";
        Remedy => "What to do", "处理办法";
        Model => "Model", "模型";
        Kind => "Kind", "类型";
        Return => "Return", "收益";
        Sharpe => "Sharpe", "夏普";
        InformationCoefficient => "IC", "IC";
        RankInformationCoefficient => "Rank IC", "Rank IC";
        Ended => "Ended", "结束";
        Metrics => "Metrics", "指标";
        Metric => "Metric", "指标";
        Figure => "Figure", "数值";
        // Kinds of experiments, by their names in records.
        KindTrain => "train", "训练";
        KindBacktest => "backtest", "回测";
        KindWalkForward => "walk_forward", "滚动验证";
        KindSimulation => "simulation", "模拟交易";
        KindMatrix => "matrix", "实验矩阵";
        Curve => "Net asset value over time", "净值曲线";
        NoCurve => "It did not trade, so there is no curve.", "该实验没有交易，因此没有曲线。";
        Job => "Job", "任务";
        Current => "In force", "生效";
        Previous => "Before it", "上一个";
        Kept => "Kept", "保留";
        Gate => "Gate", "准入";
        GatePassed => "passed", "通过";
        GateRefused => "refused", "拒绝";
        ChosenBy => "Put in force by", "生效来源";
        TrainedFor => "Trained for", "训练截至";
        Table => "Table", "表";
        Rows => "Rows", "行数";
        Days => "Days", "天数";
        First => "First", "最早";
        Newest => "Newest", "最新";
        RowsOfNewest => "Rows of the newest", "最新日行数";
        Findings => "Findings", "问题";
        Rule => "Rule", "规则";
        Count => "Count", "数量";
        Quarantine => "Put aside", "隔离";
        Reason => "Reason", "原因";
        Verdict => "Verdict", "结论";
        Ready => "Ready", "就绪";
        NotReady => "Not ready", "未就绪";
        Scenarios => "Scenarios", "场景";
        Scenario => "Scenario", "场景";
        Outcome => "Outcome", "结果";
        ToDetect => "To detect, s", "发现，秒";
        ToRecover => "To recover, s", "恢复，秒";
        Report => "Report", "报告";
        OpenReport => "Open the report", "打开报告";
        NoReport => "Its report is not there.", "报告不存在。";
        ControlRun => "control run", "对照运行";
        Target => "Target", "目标";
        Started => "Started", "开始";
        Components => "Components", "组件";
        Component => "Component", "组件";
        Runs => "Runs", "运行";
        Errors => "Errors", "错误";
        LastError => "Last error", "最近错误";
        Heartbeat => "Sign of life", "心跳";
        Daemon => "Daemon", "守护进程";
        Events => "Events", "事件";
        Mistakes => "Mistakes", "错误";
        Digest => "Digest", "摘要";
        Environment => "Environment", "环境";
        Seed => "Seed", "种子";
        Commit => "Commit", "提交";
        Source => "Source", "来源";
        Details => "Details", "详情";
    }
}

#[cfg(test)]
mod tests {
    use super::Phrase;
    use crate::text::assert_sound;

    #[test]
    fn table_is_sound() {
        // A coefficient has the same name everywhere, and a list has no words.
        assert_sound::<Phrase>(&["InformationCoefficient", "RankInformationCoefficient", "CheckFound"]);
    }
}
