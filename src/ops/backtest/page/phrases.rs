//! The sentences of the page, in every language. Names of metrics as CONTRACT has them, of reasons and of
//! limits are codes, the same in all.

use crate::text::phrases;

phrases! {
    /// A sentence of the page.
    pub(in crate::ops) enum Word {
        // The verdict.
        Kind => "LightHunter backtest", "LightHunter 回测";
        TotalReturn => "Return {}", "收益 {}";
        Failed => "FAILED", "失败";
        FillsAndWindow => "{}{} fills{}", "{}成交 {} 笔{}";
        WindowAfter => ", {}", "，{}";
        NoError => "it ended without an error of its own", "运行终止，但没有留下错误信息";
        ExitCode => "{} (exit code {})", "{}（退出码 {}）";
        NoModel => "no model", "没有模型";
        Model => "model {}", "模型 {}";
        Facts => "{} - as of {}{}", "{} · 截至 {}{}";
        OneNote => " - 1 note below", " · 下附说明 1 条";
        SeveralNotes => " - {} notes below", " · 下附说明 {} 条";
        BenchmarkMissing => "no benchmark for these sessions, ", "这段时间没有基准，";
        Ahead => "{} ahead of the CSI 300, ", "跑赢沪深 300 {}，";
        Behind => "{} behind the CSI 300, ", "跑输沪深 300 {}，";
        Points => "{} points", "{} 个百分点";
        Window => "{} sessions from {} to {}", "{1} 至 {2} 共 {0} 个交易日";
        AgainstBenchmark => "against the CSI 300", "相对沪深 300";
        NoData => "no data", "无数据";
        NotDefined => "not defined", "无定义";
        // The curves.
        CurveTitle => "Equity and drawdown", "净值与回撤";
        NavCaption => "Net asset value at the close, CNY", "收盘净值（元）";
        DrawdownCaption => "Drawdown from the highest value so far", "相对历史高点的回撤";
        CurveLabel => "Net asset value and drawdown, {}", "净值与回撤，{}";
        ThisBacktest => "this backtest", "本次回测";
        SameCapital => "the same capital in the CSI 300", "同样资金买入沪深 300";
        NoBenchmark => "Without a benchmark: the stores do not have the CSI 300 (000300.SH) on every session traded.",
            "未做基准比较：存储中的沪深 300（000300.SH）没有覆盖全部交易日。";
        Csi300 => "CSI 300", "沪深 300";
        // The metrics.
        Metrics => "Metrics", "绩效指标";
        Metric => "metric", "指标";
        Value => "value", "数值";
        WhatItIs => "what it is", "含义";
        RetTotal => "return", "累计收益";
        RetTotalIs => "what the account gained from first to last session, after all costs",
            "首个到最后一个交易日的收益，已扣除全部费用";
        RetAnn => "return a year", "年化收益";
        RetAnnIs => "the same rate kept up for a year of sessions, performance.trading_days of them",
            "按一年的交易日数（performance.trading_days）折算";
        VolAnn => "volatility a year", "年化波动率";
        VolAnnIs => "standard deviation of daily returns, for a year", "日收益标准差，折算成年";
        Sharpe => "Sharpe ratio", "夏普比率";
        SharpeIs => "mean over deviation of daily returns above the risk-free rate, for a year",
            "日超额收益（相对无风险利率）的均值除以标准差，折算成年";
        Sortino => "Sortino ratio", "索提诺比率";
        SortinoIs => "as Sharpe, over the deviation of losses only", "与夏普相同，分母只计下行波动";
        Calmar => "Calmar ratio", "卡玛比率";
        CalmarIs => "return a year over the deepest drawdown", "年化收益除以最大回撤";
        MaxDd => "deepest drawdown", "最大回撤";
        MaxDdIs => "largest fall from the highest value so far, the starting capital included",
            "相对历史最高净值的最大跌幅，期初资金计入";
        MaxDdDays => "longest drawdown", "最长回撤";
        MaxDdDaysIs => "most sessions in a row below the highest value so far", "连续低于前高的最多交易日数";
        WinRate => "sessions with a gain", "日胜率";
        WinRateIs => "of the sessions that gained or lost", "盈利交易日占有盈亏交易日的比例";
        AvgWin => "mean gain", "平均日盈利";
        AvgWinIs => "mean return of the sessions that gained", "盈利交易日的平均收益";
        AvgLoss => "mean loss", "平均日亏损";
        AvgLossIs => "mean return of the sessions that lost", "亏损交易日的平均收益";
        ProfitFactor => "gains over losses", "盈亏比";
        ProfitFactorIs => "sum of daily gains over sum of daily losses", "日盈利之和除以日亏损之和";
        Turnover => "turnover a session", "日均换手";
        TurnoverIs => "half of what was bought and sold, over the value the session before",
            "买卖金额之和的一半，除以前一交易日净值";
        Fills => "fills", "成交笔数";
        FillsAre => "executions, in part or whole", "部分成交也计入";
        Alpha => "alpha a year", "年化阿尔法";
        AlphaIs => "return that the benchmark's moves do not explain", "基准涨跌解释不了的收益";
        Beta => "beta", "贝塔";
        BetaIs => "how far the account moves where the benchmark moves by one", "基准变动 1% 时账户变动的百分比";
        InformationRatio => "information ratio", "信息比率";
        InformationRatioIs => "mean over deviation of the daily return above the benchmark's, for a year",
            "日超额收益（相对基准）的均值除以标准差，折算成年";
        Ic => "IC", "IC";
        IcIs => "mean of the sessions' correlation of score and label", "打分与标签的逐日截面相关系数的均值";
        RankIc => "rank IC", "Rank IC";
        RankIcIs => "the same of their ranks", "同上，按排名计算";
        Icir => "ICIR", "ICIR";
        IcirIs => "mean over deviation of the sessions' IC, not for a year", "逐日 IC 的均值除以标准差，不年化";
        HitRate => "hit rate", "方向胜率";
        HitRateIs => "pairs of score and label on the same side of zero", "打分与标签同号的比例";
        // Years and months.
        Years => "Returns by year", "分年收益";
        YearBars => "Return of each calendar year", "各自然年收益";
        NoYear => "No year has a return: no session was traded.", "没有任何年份有收益：没有交易过。";
        Year => "year", "年份";
        Sessions => "sessions", "交易日";
        Volatility => "volatility", "波动率";
        SharpeShort => "Sharpe", "夏普";
        Drawdown => "drawdown", "回撤";
        Gains => "gains", "胜率";
        Months => "Returns by month, percent", "分月收益（%）";
        Whole => "whole", "全年";
        NotTraded => "no session was traded", "没有交易";
        OverSessions => "{} {}: {} over {} sessions", "{1} 年{0}：{2}，{3} 个交易日";
        // What the scores were worth.
        Scores => "What the scores were worth", "打分的预测能力";
        NoPairs => "No session before a traded one is in the panel, so no score has a label.",
            "面板中没有交易日之前的数据，因此没有任何打分对应标签。";
        IcByMonth => "IC by month", "分月 IC";
        IcByMonthIs => "Mean of the sessions' IC, by calendar month", "逐日 IC 按自然月平均";
        NoMonth => "No month has an IC: no session has two pairs of score and label that differ.",
            "没有任何月份有 IC：没有一个交易日有两组不同的打分与标签。";
        Pairs => "{} pairs of score and label, {} to {}.{} The label learned is {}; the forward return is that of the next {}, close to close.",
            "{1} 至 {2} 共 {0} 组打分与标签。{3}模型学习的标签是 {4}；远期收益取其后 {5}，收盘到收盘。";
        Untradable => " {} more are left out: the next open could not be bought.", "另有 {} 组因次日开盘无法买入而剔除。";
        OneSession => "session", "1 个交易日";
        SeveralSessions => "{} sessions", "{} 个交易日";
        IcLabel => "IC, with the label", "IC（对标签）";
        RankIcLabel => "rank IC, with the label", "Rank IC（对标签）";
        IcReturn => "IC, with the forward return", "IC（对远期收益）";
        RankIcReturn => "rank IC, with the forward return", "Rank IC（对远期收益）";
        Spread => "best less worst fifth", "多空收益（最高组减最低组）";
        OfSessions => "of the sessions", "逐日统计";
        Mean => "mean", "均值";
        Deviation => "deviation", "标准差";
        MeanOverDeviation => "mean / deviation", "均值／标准差";
        StudentT => "t", "t 值";
        AboveZero => "above zero", "为正占比";
        Fifths => "Forward return by fifth of the scores", "打分五分组的远期收益";
        FifthsAre => "Mean forward return of each fifth of the scores, the lowest scores first",
            "按打分从低到高分为五组，各组的平均远期收益";
        Lowest => "1 (lowest)", "1（最低）";
        Best => "{} (best)", "{}（最高）";
        MeanForward => "mean forward return", "平均远期收益";
        NoFifths => "No session has as many scores as fifths.", "没有一个交易日的打分数够分成五组。";
        NotAllFifths => "not all fifths have a return", "并非每组都有收益";
        AllRise => "every fifth earned more than the one below (monotonicity 1.00)", "各组收益逐级上升（单调性 1.00）";
        NotAllRise => "the fifths do not all rise (monotonicity {}; 1 would be every step up)",
            "各组收益并非逐级上升（单调性 {}，1 表示逐级上升）";
        FifthsLead => "Best less worst fifth: {} a session on average; {}. Mean share of the best fifth that is new from one session to the next: {}.",
            "最高组减最低组：日均 {}；{}。最高组的日均换入比例：{}。";
        // Trading.
        Costs => "Turnover and costs", "换手与费用";
        CostsLead => "{} traded in {} buys and {} sells over {} sessions, {} of the account a session. All of it cost {}: {} of the starting capital, {} basis points of what was traded.",
            "{3} 个交易日共成交 {0}（买入 {1} 笔，卖出 {2} 笔），日均换手 {4}。费用合计 {5}，占期初资金 {6}，合成交额的 {7} 个基点。";
        NothingTraded => "Nothing was traded.", "没有任何成交。";
        Cost => "cost", "费用";
        Cny => "CNY", "元";
        OfCapital => "of the capital", "占期初资金";
        Commission => "commission", "佣金";
        StampDuty => "stamp duty", "印花税";
        TransferFee => "transfer fee", "过户费";
        Slippage => "slippage", "滑点";
        AllCosts => "all costs", "费用合计";
        Dividends => "dividends received", "现金分红";
        Refusals => "What was not traded as wished", "未按意向成交的部分";
        Unfilled => "orders that filled nothing", "未成交委托";
        Partly => "orders that filled in part", "部分成交委托";
        Limited => "wishes that a limit cut", "被限额削减的意向";
        AllFilled => "Every order filled whole.", "所有委托全部成交。";
        NoneRefused => "No order was refused.", "没有委托被拒绝。";
        Reason => "reason", "原因";
        // Where it comes from.
        Notes => "Notes", "说明";
        MendedBefore => "mended before the run: {}", "运行前修复：{}";
        SetForRun => "set for this run only: {}", "仅本次运行生效的配置：{}";
        Stages => "Stages", "阶段";
        Stage => "stage", "阶段";
        Status => "status", "状态";
        RowsOut => "rows out", "输出行数";
        Seconds => "seconds", "秒";
        Found => "what it found", "说明";
        None => "none", "无";
        Origin => "Where it comes from", "来源";
        Run => "run", "运行";
        Experiment => "experiment", "实验";
        ModelName => "model", "模型";
        Started => "started", "开始";
        StartedAt => "{}, took {} s", "{}，耗时 {} 秒";
        Commit => "commit", "提交";
        ConfigDigest => "config digest", "配置摘要";
        InputDigest => "input digest", "输入摘要";
        BacktestDigest => "backtest digest", "回测摘要";
        RunDigest => "run digest", "运行摘要";
        // What the command prints.
        Line => "Backtest of {}: {} sessions, {} trades, return {}, max drawdown {}, Sharpe {}.",
            "模型 {} 回测：{} 个交易日，成交 {} 笔，收益 {}，最大回撤 {}，夏普 {}。";
        // Months, in three letters.
        January => "Jan", "1 月";
        February => "Feb", "2 月";
        March => "Mar", "3 月";
        April => "Apr", "4 月";
        May => "May", "5 月";
        June => "Jun", "6 月";
        July => "Jul", "7 月";
        August => "Aug", "8 月";
        September => "Sep", "9 月";
        October => "Oct", "10 月";
        November => "Nov", "11 月";
        December => "Dec", "12 月";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn table_is_sound() {
        crate::text::assert_sound::<Word>(&["Ic", "RankIc", "Icir", "StudentT", "WindowAfter"]);
    }
}
