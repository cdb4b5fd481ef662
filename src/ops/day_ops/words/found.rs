//! What the checks of DayOps find, with places for the figures.

use crate::text::phrases;

phrases! {
    /// What a check has found.
    pub(in crate::ops::day_ops) enum Found {
        // Any check.
        NotLookedAt => "not looked at: {}", "未检查：{}";
        NothingLookedAt => "nothing was looked at", "没有检查到任何内容";
        AndMore => "{} and {} more", "{} 等，另有 {} 项";
        LedgerClosed => "the ledger does not open", "台账打不开";
        // The last night.
        NoNight => "the ledger has no NightOps up to the session {}", "台账中没有截至 {} 的夜间流水线";
        NightRunning => "NightOps {} of {} is still running, since {}", "{1} 的夜间流水线 {0} 仍在运行，开始于 {2}";
        NightInterrupted => "NightOps {} of {} was interrupted: its process died",
            "{1} 的夜间流水线 {0} 中断：进程已不在";
        NightFailed => "NightOps {} of {} failed with {}: {}", "{1} 的夜间流水线 {0} 失败（{2}）：{3}";
        ExitCode => "exit code {}", "退出码 {}";
        NoExitCode => "no exit code", "无退出码";
        NoError => "no error was recorded", "没有记录错误信息";
        FailedAfterGood => "{}; before it {} of the same session succeeded", "{}；此前同一交易日的 {} 已成功";
        NightOld => "the last good NightOps is of {}, {} sessions before {} (ops.day_ops.max_night_ops_age_sessions: {})",
            "最近一次成功的夜间流水线是 {0} 的，比 {2} 早 {1} 个交易日（ops.day_ops.max_night_ops_age_sessions: {3}）";
        NightNewest => "{} succeeded for {}, the newest completed session", "{} 已成功，对应最近收盘的交易日 {}";
        NightPartial => "the night was partial: {} of {} stages did not run: {}",
            "夜间流水线不完整，{1} 个阶段中有 {0} 个没有执行：{2}";
        NightWhole => "all {} stages done, result digest {}", "{} 个阶段全部完成，结果摘要 {}";
        NightWithoutDigest => "{} succeeded without a result digest", "{} 成功，却没有结果摘要";
        NightDiffers => "{} and {} have the same run key and different result digests",
            "{} 与 {} 的运行键相同，结果摘要却不同";
        // Stores and bars.
        StoresMended => "opening the stores had to mend {} things: {}", "打开存储时修复了 {} 处：{}";
        StoresAgree => "the stores hold what the ledger acknowledges; {} daily rows of {}",
            "存储与台账一致，{1} 的日线共 {0} 行";
        ParquetGap => "the Parquet file of {} holds {} rows, the ledger acknowledges {}",
            "{} 的 Parquet 文件有 {} 行，台账登记的是 {} 行";
        NoBars => "there is no daily bar of the {} sessions up to {}", "截至 {1} 的 {0} 个交易日没有任何日线";
        NoBarsOfSession => "there is no daily bar of {}", "{} 没有日线";
        BarsEnd => "the daily bars end on {}, {} sessions before {}", "日线只到 {0}，比 {2} 落后 {1} 个交易日";
        BarsReach => "the daily bars reach {}; none of the {} sessions before is missing",
            "日线已更新到 {}，此前 {} 个交易日无缺失";
        SessionsWithoutBars => "{} sessions have no daily bar: {}", "{} 个交易日缺日线：{}";
        NothingToCompare => "{} symbols on {}, and no session before it to compare with",
            "{1} 有 {0} 只股票，此前没有可比的交易日";
        Volume => "{} rows of {} symbols on {}, {} % of the median {} of the {} sessions before",
            "{2} 共 {1} 只股票、{0} 行，为此前 {5} 个交易日中位数（{4} 只）的 {3}%";
        HardRows => "{} of {} rows of {} have a hard finding ({} %, data_guardian.max_bad_row_share {} %): {}",
            "{2} 的 {1} 行中有 {0} 行存在严重问题（占 {3}%，data_guardian.max_bad_row_share 为 {4}%）：{5}";
        StandStill => "{} symbols trade at the same four prices since {} sessions or more: {}",
            "{} 只股票的开高低收至少 {} 个交易日没有变化：{}";
        NoHardRows => "no hard finding in {} rows of {}, no series stands still",
            "{1} 的 {0} 行没有严重问题，也没有价格停滞的股票";
        // The upstream sources.
        NoSources => "no upstream source is enabled: bars come from files only", "没有启用网络数据源，行情只来自文件";
        SourceNever => "{} has delivered no {} yet; {}", "{} 还没有提供过 {}；{}";
        SourceBehind => "{} is stale: its newest {} are of {}, {} sessions before {}; {}",
            "{0} 的数据已过期：最新的 {1} 是 {2} 的，比 {4} 落后 {3} 个交易日；{5}";
        SourcePartly => "{} is stale in part: of {} symbols of {}, {} end before {}; {}",
            "{0} 的数据部分过期：{2} 共 {1} 只，其中 {3} 只未到 {4}；{5}";
        SourceSilent => "{} answers, but has no {} row of {}: its series stand still",
            "{0} 有应答，却没有 {2} 的 {1} 数据：它的序列停住了";
        SourceLeftAlone => "{} is left alone until {}, its circuit breaker is open: {}",
            "{} 暂停访问至 {}（熔断器打开）：{}";
        SourcesFresh => "{} upstream sources have delivered {}: {}", "{} 个数据源均已提供 {} 的数据：{}";
        AnsweredAt => "it last answered at {}", "最近一次应答在 {}";
        AnsweredNever => "it has never answered", "从未应答过";
        CountsUnread => "the request engine's counts cannot be read: {}", "无法读取请求引擎的计数：{}";
        // The model.
        ModelSawSession => "model {} was trained as of {}: it has seen the session {}",
            "模型 {} 的训练截至 {}，已经用到了 {} 的数据（未来函数）";
        ModelSound => "{}/{} is sound: {} factors, trained as of {}", "{}/{} 完好：{} 个因子，训练截至 {}";
        ModelFits => "label {} from {} factors, as the config has them", "标签 {}、{} 个因子，与配置一致";
        ModelUnmeasured => "too few sessions with a known label to measure; in training {}",
            "标签已知的交易日太少，暂不评估；训练时{}";
        RankIcUndefined => "no rank IC was defined", "没有算出 Rank IC";
        RankIc => "rank IC was {}", " Rank IC 为 {}";
        GateRefused => "model {} is in force though its gate refused it: {}", "模型 {} 未通过准入却仍在使用：{}";
        GatePassed => "model {} passed its gate and is in force since {}, by {}",
            "模型 {} 已通过准入，{} 起生效，由 {} 启用";
        ChooserUnknown => "models/{}/history.jsonl does not say who put {} in force",
            "models/{}/history.jsonl 没有记录 {} 是谁启用的";
        PinnedAlone => "alpha.model_id pins {}, and no model is in force to compare it with",
            "alpha.model_id 固定为 {}，但没有生效模型可供比较";
        PinnedAgainst => "pinned {} has rank IC {}, the model in force {} has {}",
            "固定的模型 {} 的 Rank IC 为 {}，生效模型 {} 为 {}";
        SkillRecent => "rank IC {} (standard error {}) over the {} sessions up to {}, {} in training",
            "截至 {3} 的 {2} 个交易日 Rank IC 为 {0}（标准误 {1}），训练时为 {4}";
        SkillLost => "the model has lost its skill: {}", "模型失效：{}";
        // Risk.
        DrawdownNever => "risk.max_dd_total is {}: the kill switch can never trip",
            "risk.max_dd_total 为 {}：永远不会触发熔断";
        DrawdownWide => "risk.max_dd_total is {}, above {}: most is lost before it trips",
            "risk.max_dd_total 为 {}，高于 {}：等到熔断，资金已亏掉大半";
        IntradayAboveTotal => "risk.max_dd_intraday {} is above risk.max_dd_total {}: buys are never halted first",
            "risk.max_dd_intraday（{}）高于 risk.max_dd_total（{}）：不会先停止买入就直接熔断";
        LimitWide => "{} is {}, above {}: {}", "{} 为 {}，高于 {}：{}";
        LeverageWide => "a cash account holds no more than it is worth", "现金账户的持仓不可能超过净值";
        CollarWide => "no price limit is wider, so it refuses nothing", "比任何板块的涨跌幅限制都宽，等于没有";
        TurnoverWide => "so it refuses nothing", "等于没有限制";
        OrderAboveCash => "risk.max_order_value {} is above the largest account's cash {}",
            "risk.max_order_value（{}）超过了最大账户的资金 {}";
        LimitsAre => "leverage {}, concentration {}, drawdown {} a session and {} in all, order {} CNY, collar {}, turnover {}",
            "杠杆 {}，个股集中度 {}，回撤日内 {}、累计 {}，单笔委托 {} 元，价格笼子 {}，换手 {}";
        AllBlack => "all {} symbols of risk.whitelist_symbols are black too: nothing may be bought",
            "risk.whitelist_symbols 的 {} 只股票全部在黑名单里：什么都买不了";
        BothLists => "{} symbols are on both lists of risk; they are not bought",
            "{} 只股票同时在白名单和黑名单里，按黑名单处理，不买入";
        StrategiesLoad => "{} strategies load with weights {}", "{} 个策略加载正常，权重 {}";
        KillSwitch => "the kill switch of account {} is tripped since {}: {}", "账户 {} 自 {} 起处于熔断：{}";
        KillSwitchStranger => "{}; the config has no such account", "{}；配置中没有这个账户";
        AccountsFree => "{} accounts, none is stopped", "{} 个账户，均未熔断";
        // The schedule.
        NotASession => "{} is no session; what is checked is {}, the next one", "{} 不是交易日，检查的是下一个交易日 {}";
        CalendarUnknown => "the trading calendar does not know {}, so jobs of trading days are not planned",
            "交易日历不含 {}，只在交易日运行的任务没有排期";
        NoNightJob => "no enabled job runs night-ops between the close of {} and the next open",
            "{} 收盘到下一次开盘之间，没有启用任何夜间流水线任务";
        NoDayOpsJob => "no enabled job runs day-ops on {}", "{} 没有启用任何盘前体检任务";
        Planned => "{} is a session ({}); planned: {}", "{} 是交易日（{}）；排期：{}";
        NothingPlanned => "nothing is planned", "无";
        Today => "today", "今天";
        AfterSimulated => "the one after the simulated market's newest", "模拟行情最新一天的下一个交易日";
        NotToday => "not today, {}", "今天是 {}";
        Missed => "{} was due at {} and did not run: {}", "{} 应在 {} 启动，却没有运行：{}";
        MissedSeveral => "{} missed {} starts between {} and {}: {}", "{} 在 {2} 至 {3} 之间错过 {1} 次启动：{4}";
        MissedUndecided => "nobody has looked at its schedule since {}", "{} 之后没有调度器处理过它的排期";
        SchedulerNever => "no scheduler is running, and none has ever run here: {} enabled jobs will not start",
            "调度器没有运行，也从未在这里运行过：{} 个已启用的任务都不会启动";
        SchedulerEnded => "no scheduler is running, the last one ended at {}: {} enabled jobs will not start",
            "调度器没有运行，上一个在 {} 退出：{} 个已启用的任务都不会启动";
        SchedulerDead => "no scheduler is running: process {} died, its last sign of life is of {}; {} enabled jobs will not start",
            "调度器没有运行：进程 {} 已消失，最后一次心跳在 {}；{} 个已启用的任务都不会启动";
        SchedulerHangs => "the scheduler hangs: process {} gives no sign of life since {}; {} enabled jobs may not start",
            "调度器卡死：进程 {} 自 {} 起没有心跳；{} 个已启用的任务可能不会启动";
        SchedulerUnread => "the scheduler's sign of life cannot be read: {}", "无法读取调度器的心跳：{}";
        SchedulerRuns => "the scheduler runs (process {}, since {})", "调度器运行中（进程 {}，始于 {}）";
        // The machine.
        DiskUnmeasured => "the disk of {} cannot be measured: {}", "无法读取 {} 所在磁盘的空间：{}";
        DiskFree => "{} free, ops.min_free_disk_bytes asks for {}", "可用空间 {}，ops.min_free_disk_bytes 要求 {}";
        ClockBehind => "it is {}, but the ledger has a run of {}: the clock is {} s behind it",
            "现在是 {}，台账中却有 {} 的运行：系统时钟慢了 {} 秒";
        ZoneWrong => "the time zone of the exchanges is {} at UTC{} h", "交易所时区被当成了 {}（UTC{} 小时）";
        MarketOpen => "it is {}: the market has been open since 09:15", "现在是 {}：9:15 已经开市";
        TimeIs => "it is {}", "现在是 {}";
        CalendarEnds => "the trading calendar ends on {}, {} sessions after {}",
            "交易日历只到 {0}，{2} 之后仅剩 {1} 个交易日";
        // The place.
        Uncommitted => "in force but not committed: {} files, {}", "已生效但没有提交的文件 {} 个：{}";
        Overridden => "overridden for this run only: {}", "只在本次运行中改写的配置：{}";
        Committed => "commit {}, config digest {}", "提交 {}，配置摘要 {}";
        PortTaken => "{} {} is taken by {}", "{} {} 被占用：{}";
        PortsFree => "{} of {} ports are free{}", "{1} 个端口中 {0} 个空闲{2}";
        PortsHeld => ", held by our own: {}", "，由本工作区的进程占用：{}";
        // What was reported.
        CriticalAlert => "account {} has a critical risk alert, score {}, {} alerts in all",
            "账户 {} 有严重风险告警，评分 {}，累计 {} 条";
        MonitorBlind => "the monitor does not see what it should: {}", "监控有盲区：{}";
        ComponentFailed => "the last operation of {} failed: {}", "{} 最近一次运行失败：{}";
        ErrorsOpen => "{} errors since the workspace was made, {} of them open",
            "建立工作区以来共 {} 次错误，其中 {} 次尚未处理";
    }
}
